//! Endpoints that their engine does not know: taken away, seen twice.

use std::collections::BTreeMap;

use host::EndpointLink;
use model::endpoint_record::EndpointRecord;
use tokio::time::Instant;
use tracing::{info, warn};

use super::rounds::ROUND;
use super::{Driver, View};

impl Driver {
    /// Takes away endpoints that their engine does not know, whose link is in no container: seen so
    /// for a whole round.
    pub(super) async fn sweep(&self, seen: &mut BTreeMap<String, Instant>) {
        let Ok(view) = self.open().await else { return };
        let loose: Vec<_> = loose(&view).collect();
        let mut strays = BTreeMap::new();
        for record in &loose {
            let Ok(Some(network)) = self.host.engine_network(&record.network).await else {
                continue;
            };
            if !network.endpoints.contains_key(&record.endpoint) {
                let since = seen.get(&record.endpoint).copied().unwrap_or_else(Instant::now);
                strays.insert(record.endpoint.clone(), since);
            }
        }
        for record in loose {
            let since = strays.get(&record.endpoint);
            if since.is_some_and(|since| since.elapsed() >= ROUND) {
                match self.delete_endpoint(&record.network, &record.endpoint).await {
                    Ok(()) => info!("{record} was stray: its port is gone, its number kept"),
                    Err(error) => warn!("{record} is stray: {error}"),
                }
            }
        }
        *seen = strays;
    }
}

/// Those whose link is gone, or in no container.
pub(super) fn loose(view: &View) -> impl Iterator<Item = EndpointRecord> {
    let all = view.endpoint_ports().filter(|(_, _, record)| record.engine == crate::DOCKER);
    let loose = all.filter(|(_, port, _)| match view.endpoints.link_of(port) {
        EndpointLink::Gone => true,
        EndpointLink::Here { other_end_is_here, .. } => other_end_is_here,
        EndpointLink::Unknown(_) => false,
    });
    loose.map(|(_, _, record)| record)
}

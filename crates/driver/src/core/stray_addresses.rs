//! Addresses and pools that are given back because nothing has them any more: a dockerd that was killed
//! in the middle of a call says nothing of what it had asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use host::{ExternalIdsGuard, OpenVSwitchIds};
use model::address_pool::{Holder, Pool};
use tokio::time::Instant;
use tracing::{debug, info};

use super::addresses::{in_use, networks_of};
use super::rounds::ROUND;
use super::stray_endpoints::loose;
use super::{Driver, View};
use crate::DriverError;

/// Something of a pool that nothing seems to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stray {
    pool: String,
    /// The address, and since when it was in use; the pool itself if none.
    address: Option<(IpAddr, u64)>,
}

/// Since when each has been seen so.
pub(super) type FirstSeen = BTreeMap<Stray, Instant>;

impl Driver {
    /// Gives back what has been stray for a whole round.
    pub(super) async fn sweep_addresses(&self, seen: &mut FirstSeen) {
        if let Err(error) = self.try_sweep_addresses(seen).await {
            debug!("stray addresses are not looked for: {error}");
        }
    }

    async fn try_sweep_addresses(&self, seen: &mut FirstSeen) -> Result<(), DriverError> {
        let mut own = OpenVSwitchIds::of(&self.host).await?;
        // First what is written down, then who has it: what is asked for meanwhile changes the pool, and
        // nothing is done.
        let pools = in_use(&own.read().await?);
        let mut strays = FirstSeen::new();
        for pool in pools.values() {
            let found = match self.strays(pool).await {
                Ok(found) => found,
                Err(error) => {
                    debug!("{}: what is stray is not known: {error}", pool.record.subnet);
                    continue;
                }
            };
            let ripe = |stray: &&Stray| seen.get(*stray).is_some_and(|at| at.elapsed() >= ROUND);
            let (ripe, new): (Vec<_>, Vec<_>) = found.iter().partition(ripe);
            strays.extend(new.into_iter().map(|stray| {
                (stray.clone(), seen.get(stray).copied().unwrap_or_else(Instant::now))
            }));
            if ripe.is_empty() {
                continue;
            }
            let ips: Vec<_> = ripe.iter().filter_map(|stray| Some(stray.address?.0)).collect();
            let is_pool = ripe.iter().any(|stray| stray.address.is_none());
            let change = if is_pool { pool.release() } else { pool.give_back(&ips) };
            let what = if is_pool { "the pool is".to_owned() } else { format!("{ips:?} are") };
            let comment = format!("{}: {what} stray", pool.record.subnet);
            if own.change(&change, &ExternalIdsGuard::Includes(pool.rests_on()), &comment).await? {
                info!("{comment}, and free again");
            }
        }
        *seen = strays;
        Ok(())
    }

    /// What the engine does not know of a pool, and no container has.
    async fn strays(&self, pool: &Pool) -> Result<Vec<Stray>, DriverError> {
        let view = self.open().await?;
        let networks: Vec<_> = networks_of(&view, pool).map(|network| network.id).collect();
        let stray = |address| Stray { pool: pool.id.clone(), address };
        if networks.is_empty() {
            let known = self.host.engine_networks().await?;
            let has = |network: &host::EngineNetwork| network.subnets.contains(&pool.record.subnet);
            return Ok(if known.iter().any(has) { Vec::new() } else { vec![stray(None)] });
        }
        let mut held = on_ports(&view, &networks);
        for id in &networks {
            let Some(known) = self.host.engine_network(id).await? else { return Ok(Vec::new()) };
            held.extend(known.endpoints.into_values().flat_map(|endpoint| endpoint.addresses));
        }
        let own = pool.addresses.iter().filter(|(_, record)| record.holder == Holder::Container);
        let loose = own.filter(|(ip, _)| !held.contains(ip));
        Ok(loose.map(|(ip, record)| stray(Some((*ip, record.since)))).collect())
    }
}

/// The addresses of ports of these networks whose link is in a container.
fn on_ports(view: &View, networks: &[String]) -> BTreeSet<IpAddr> {
    let loose: BTreeSet<_> = loose(view).map(|record| record.endpoint).collect();
    let records = view.endpoint_ports().map(|(_, _, record)| record);
    let held = records
        .filter(|record| networks.contains(&record.network) && !loose.contains(&record.endpoint));
    held.flat_map(|record| record.addresses).map(|cidr| cidr.ip).collect()
}

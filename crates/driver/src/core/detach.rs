//! The end of an endpoint: its port, its veth; the number stays its owner's.

use std::time::Duration;

use host::EndpointVeth;
use model::endpoint_record::host_end;
use model::ids::short_if_id;
use model::plan::endpoint::detach;
use tracing::warn;

use super::{BOUND, Driver, TRIES, View};
use crate::DriverError;

/// So long what a call has done is undone at most.
pub(super) const UNDO: Duration = Duration::from_millis(500);

impl Driver {
    /// Takes an endpoint away; an unknown one is gone already.
    ///
    /// # Errors
    /// A source fails.
    pub async fn delete_endpoint(&self, network: &str, endpoint: &str) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(endpoint).await;
        let late =
            |_| Err(DriverError::new("the switch's database does not answer within 3 seconds"));
        let gone = tokio::time::timeout(BOUND, self.try_delete(network, endpoint)).await;
        gone.unwrap_or_else(late)
    }

    /// Undoes what a call has done that fails.
    pub(super) async fn take_away(&self, network: &str, endpoint: &str) -> Result<(), DriverError> {
        let late = |_| Err(DriverError::new("it could not be undone in time"));
        tokio::time::timeout(UNDO, self.try_delete(network, endpoint)).await.unwrap_or_else(late)
    }

    /// The same without a limit of its own.
    pub(super) async fn try_delete(
        &self,
        network: &str,
        endpoint: &str,
    ) -> Result<(), DriverError> {
        for _ in 0..TRIES {
            let mut view = self.open_endpoint(network, endpoint).await?;
            let Some((bridge, port, record)) = view.endpoint(network, endpoint) else {
                return self.delete_left(&mut view, network, endpoint).await;
            };
            let name = bridge.name.clone();
            let veth = view.endpoints.veth_of(port)?;
            let plan = detach(bridge, port, &record, veth.as_ref().map(EndpointVeth::deletion));
            match view.carry_out(&plan).await {
                Ok(()) => {
                    // The same where the database was told of the port before its link was whole.
                    view.endpoints.delete_unfinished(&host_end(network, endpoint))?;
                    let is_renamed = veth.is_none()
                        && !view.endpoints.marked_veths(network, endpoint)?.is_empty();
                    if is_renamed {
                        let mut view = self.open().await?;
                        self.delete_left(&mut view, network, endpoint).await?;
                    }
                    if !record.published.is_empty() {
                        self.stand_again().await;
                    }
                    return Ok(());
                }
                Err(error) if error.has_changed() => {}
                Err(error) => return Err(DriverError::from(error).about(&name)),
            }
        }
        Err(DriverError::new("its port changes all the time; try again"))
    }

    /// Deletes the veth that is left of an endpoint which has no port: of a driver that was killed before it made the
    /// port, or after it took that. `view` is of all ports. Podman's endpoints on several networks are all called as
    /// their container is.
    async fn delete_left(
        &self,
        view: &mut View,
        network: &str,
        endpoint: &str,
    ) -> Result<(), DriverError> {
        let host_end = host_end(network, endpoint);
        view.endpoints.delete_unfinished(&host_end)?;
        let marked = view.endpoints.marked_veths(network, endpoint)?;
        match EndpointVeth::left(&marked, &host_end, &view.bridges, view.system.as_deref()) {
            Ok(None) => Ok(()),
            Ok(Some(veth)) => {
                let delete = vec![veth.deletion().into()];
                Ok(view.carry_out(&super::network::plan("", delete)).await?)
            }
            Err(why) => {
                warn!("no link is deleted for endpoint {}: {why}", short_if_id(endpoint));
                Ok(())
            }
        }
    }
}

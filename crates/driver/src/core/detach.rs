//! The end of an endpoint: its port, its veth; the number stays its owner's.

use std::time::Duration;

use host::TargetNetns;
use model::endpoint_record::{alias_beginning, host_end};
use model::plan::endpoint::detach;

use super::{BOUND, Driver, TRIES};
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
                // A driver that was killed before it made the port. Podman's endpoints on several networks
                // are all called as their container is.
                let alias = alias_beginning(network, endpoint);
                return Ok(view.endpoints.delete_left(&host_end(network, endpoint), &alias)?);
            };
            let home = TargetNetns::own()?;
            let name = bridge.name.clone();
            let plan = detach(bridge, port, &record, home.id());
            match view.endpoints.carry_out(&plan, home).await {
                Ok(()) => {
                    // The same where the database was told of the port before its link was whole.
                    view.endpoints.delete_unfinished(&host_end(network, endpoint))?;
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
}

//! The hosts of the fleet, as one answer about it sees them.

use client::FleetClient;
use model::SourceError;
use report::v1::FleetHost;
use tokio::sync::OnceCell;

/// Read at most once, when they are first wanted: two lists could contradict each other within one answer.
pub(super) struct KnownHosts<'c> {
    pub(super) client: &'c FleetClient,
    read: OnceCell<Vec<FleetHost>>,
}

impl<'c> KnownHosts<'c> {
    /// Nothing is read yet.
    pub(super) fn of(client: &'c FleetClient) -> Self {
        Self { client, read: OnceCell::new() }
    }

    /// All of them.
    ///
    /// # Errors
    /// The daemon does not answer: it is asked again then.
    pub(super) async fn get(&self) -> Result<&[FleetHost], SourceError> {
        let ask = || self.client.get("/v1/fleet/hosts", &[]);
        self.read.get_or_try_init(ask).await.map(Vec::as_slice)
    }
}

//! What calls have made of which something is still to be learnt.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// An endpoint that a call has made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EndpointKey {
    /// Id of its network.
    pub(super) network: String,
    /// Its id.
    pub(super) endpoint: String,
}

impl EndpointKey {
    pub(super) fn new(network: &str, endpoint: &str) -> Self {
        Self { network: network.to_owned(), endpoint: endpoint.to_owned() }
    }
}

#[derive(Debug, Default)]
pub(super) struct NewEndpoints {
    notify: Notify,
    untaken: Mutex<PendingEndpoints>,
}

#[derive(Debug, Default)]
struct PendingEndpoints {
    endpoints: BTreeSet<EndpointKey>,
    has_network: bool,
}

impl NewEndpoints {
    /// An endpoint is ready: its engine knows whose it is, or will in a moment.
    pub(super) fn tell_endpoint(&self, network: &str, endpoint: &str) {
        self.tell(|untaken| {
            untaken.endpoints.insert(EndpointKey::new(network, endpoint));
        });
    }

    /// A network was made.
    pub(super) fn tell_network(&self) {
        self.tell(|untaken| untaken.has_network = true);
    }

    /// Ends when there is something to [`take`](Self::take).
    pub(super) async fn told(&self) {
        self.notify.notified().await;
    }

    /// The endpoints that were told of since, and whether a network was.
    pub(super) fn take(&self) -> (BTreeSet<EndpointKey>, bool) {
        let untaken = take(&mut *self.untaken.lock().unwrap_or_else(PoisonError::into_inner));
        (untaken.endpoints, untaken.has_network)
    }

    fn tell(&self, put: impl FnOnce(&mut PendingEndpoints)) {
        put(&mut self.untaken.lock().unwrap_or_else(PoisonError::into_inner));
        self.notify.notify_one();
    }
}

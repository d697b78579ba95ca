//! Until when a stream goes on that was let in by a token.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// What a request showed to be let in, as long as that is what lets in. Without a token there is nothing that
/// could change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Until(Option<watch::Receiver<Arc<str>>>);

impl Until {
    /// Another token is wanted than the one that `shown` has last seen.
    pub(crate) fn token_changes(shown: watch::Receiver<Arc<str>>) -> Self {
        Self(Some(shown))
    }

    /// Waits until a client has to show another token. Cancel safe.
    pub(crate) async fn is_over(&mut self) {
        if let Some(token) = &mut self.0
            && token.changed().await.is_ok()
        {
            return;
        }
        // Where the daemon ends, that is what ends its streams.
        pending::<()>().await;
    }
}

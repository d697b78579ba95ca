//! Asks a daemon (`docker ovs serve`) for its Snapshot: for callers that may ask the daemon, but not
//! the host itself.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod failure;
mod server;

use std::time::Duration;

use host::deadline::Deadline;
use host::read_recording_of_peer;
use model::switch::SwitchSource;
use model::{Snapshot, SourceError};

pub use server::Server;

/// The host as the daemon at `server` sees it now, asked by these sources to the switch.
///
/// # Errors
/// There is no daemon, it is not the one it should be or refuses the caller, it has not looked
/// yet, or it is silent for longer than `timeout`.
pub async fn snapshot(
    server: &Server,
    sources: &[SwitchSource],
    timeout: Duration,
) -> Result<Snapshot, SourceError> {
    let access = server.access(|name| std::env::var(name).ok())?;
    let what = format!("the daemon at {}", server.url);
    let http = access.client()?;
    let path = path(sources);
    let ask = async {
        let asked = http.bytes(&path).await;
        asked.map_err(|error| failure::source_error(&what, &error, &access))
    };
    let snapshot = Deadline::after(timeout).hold(|| what.clone(), ask).await?;
    read_recording_of_peer(&what, snapshot.bytes())
}

/// The sources are named only if there is more than what the daemon follows anyway.
fn path(sources: &[SwitchSource]) -> String {
    let asked: Vec<_> = sources.iter().map(|source| format!("source={source}")).collect();
    format!("/v1/snapshot?{}", asked.join("&"))
}

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
mod fleet;
#[doc(hidden)]
pub mod parsing;
mod server;

use std::time::Duration;

use host::deadline::Deadline;
use host::read_recording_of_peer;
use model::filter::Filter;
use model::switch::SwitchSource;
use model::{Snapshot, SourceError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use fleet::{FleetClient, FleetLines};
pub use server::Server;

/// The host as the daemon at `server` sees it now, or saw it at `at`, in milliseconds since the Unix
/// epoch; asked by these sources to the switch. Where a
/// daemon tells no labels (by TCP without a token) it has those that `filters` name.
///
/// # Errors
/// There is no daemon, it is not the one it should be or refuses the caller, it has not looked
/// yet, or it is silent for longer than `timeout`.
pub async fn snapshot(
    server: &Server,
    sources: &[SwitchSource],
    filters: &[Filter],
    at: Option<u64>,
    timeout: Duration,
) -> Result<Snapshot, SourceError> {
    let access = server.access(|name| std::env::var(name).ok())?;
    let what = server.called();
    let http = access.client()?;
    let labels = if access.is_public() { filters } else { &[] };
    let path = path(sources, labels, at);
    let ask = async {
        let asked = http.bytes(&path).await;
        asked.map_err(|error| failure::source_error(&what, &error, &access))
    };
    let snapshot = Deadline::after(timeout).hold(|| what.clone(), ask).await?;
    read_recording_of_peer(&what, snapshot.bytes())
}

/// The sources are named only if there is more than what the daemon follows anyway.
fn path(sources: &[SwitchSource], labels: &[Filter], at: Option<u64>) -> String {
    // What was kept was seen by the source that the daemon follows.
    let sources = sources.iter().filter(|_| at.is_none());
    let sources = sources.map(|source| format!("source={source}"));
    let at = at.map(|at| format!("at={at}"));
    let labels = labels.iter().filter_map(Filter::label).map(|(key, value)| {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let value = value.map(|value| format!("%3D{}", encoded(value)));
        format!("label={}{}", encoded(key), value.unwrap_or_default())
    });
    format!("/v1/snapshot?{}", sources.chain(at).chain(labels).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_asked_for_whatever_is_in_them() {
        let filters = ["label=a b=c&d=e#\u{e9}", "vlan=7", "label=tier"];
        let filters = filters.map(|text| text.parse().unwrap());
        let path = path(&[SwitchSource::Ovsdb], &filters, None);
        assert_eq!(path, "/v1/snapshot?source=ovsdb&label=a%20b%3Dc%26d%3De%23%C3%A9&label=tier");
        let then = super::path(&[SwitchSource::Ovsdb], &[], Some(7));
        assert_eq!(then, "/v1/snapshot?at=7");
    }
}

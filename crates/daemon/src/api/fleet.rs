//! The paths below /v1/fleet: what is known of all hosts of the fleet, and how old it is.

mod listed;

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use fleet::{Fleet, SharedEvent};
use futures_util::{Stream, stream};
use model::filter::Filter;
use model::who::WhoQuery;
use report::v1;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::events::respond;
use crate::api::params::{only, wanted};
use crate::daemon::Daemon;
use crate::http::answer::{json_answer, short_json};
use crate::http::error::ApiError;
use crate::http::extract::{NoQuery, Pairs, Path};
use crate::http::until::Until;
use crate::json::json;
use crate::places::Owner;
use crate::shared_texts::SharedTexts;
use listed::listed;

type Here = Extract<Arc<Daemon>>;

impl Daemon {
    /// The fleet that this host is of.
    pub(crate) fn fleet(&self) -> Result<Arc<Fleet>, ApiError> {
        let none = || {
            let why = "this daemon is of no fleet: docker ovs serve --etcd URL makes it of one";
            ApiError::new(StatusCode::NOT_FOUND, why)
        };
        self.fleet.clone().ok_or_else(none)
    }

    /// The same, where rows of other hosts are asked for.
    fn mirror(&self) -> Result<Arc<Fleet>, ApiError> {
        let fleet = self.fleet()?;
        if fleet.mirrors() {
            return Ok(fleet);
        }
        let why =
            "this daemon keeps no rows of other hosts (--fleet-mirror=off): ask one that does";
        Err(ApiError::new(StatusCode::NOT_FOUND, why))
    }
}

/// `GET /v1/fleet`.
pub(crate) async fn status(Extract(daemon): Here, _: NoQuery) -> Result<Response, ApiError> {
    Ok(short_json(&daemon.fleet()?.status()))
}

/// `GET /v1/fleet/hosts`.
pub(crate) async fn hosts(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    told(&daemon, owner, Fleet::hosts).await
}

/// `GET /v1/fleet/meshes`.
pub(crate) async fn meshes(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    told(&daemon, owner, Fleet::meshes).await
}

/// What `of` says of the fleet.
async fn told<T: Serialize + 'static>(
    daemon: &Daemon,
    owner: Owner,
    of: fn(&Fleet) -> T,
) -> Result<Response, ApiError> {
    let fleet = daemon.fleet()?;
    let work = daemon.requests.turn(owner).await;
    Ok(json_answer(work.text(move || Ok(json(&of(&fleet)))).await?))
}

/// `GET /v1/fleet/attachments[?host=][&container=][&bridge=][&vlan=][&status=]`.
pub(crate) async fn attachments(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    rows(&daemon, owner, pairs, |asked, fleet| asked.write(fleet, Some)).await
}

/// `GET /v1/fleet/ports`, narrowed as attachments are.
pub(crate) async fn ports(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    rows(&daemon, owner, pairs, |asked, fleet| {
        asked.write(fleet, |row| report::fleet_ports(&asked.filters, &row))
    })
    .await
}

/// What `write` makes of the rows that are asked for.
async fn rows(
    daemon: &Daemon,
    owner: Owner,
    pairs: Vec<(String, String)>,
    write: fn(&FleetRequest, &Fleet) -> Result<String, ApiError>,
) -> Result<Response, ApiError> {
    let fleet = daemon.mirror()?;
    let asked = FleetRequest::read(pairs)?;
    let most = asked.most(&fleet);
    let write = move || write(&asked, &fleet);
    Ok(json_answer(daemon.requests.long_text(owner, most, write).await?))
}

/// `GET /v1/fleet/who/{what}`.
pub(crate) async fn who(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Path(what): Path<String>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let fleet = daemon.mirror()?;
    let query = WhoQuery::from(what.as_str());
    if matches!(query, WhoQuery::Ifindex(_)) {
        return Err(ApiError::bad_request("an ifindex is of one host only: ask there"));
    }
    let work = daemon.requests.turn(owner).await;
    Ok(json_answer(work.text(move || Ok(json(&fleet.who(&query)))).await?))
}

/// Which rows are asked for.
pub(crate) struct FleetRequest {
    host: Option<String>,
    filters: Vec<Filter>,
}

impl FleetRequest {
    pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let (hosts, pairs): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(key, _)| key == "host");
        let host = only("host", hosts)?;
        if pairs.iter().any(|(key, _)| key == "all") {
            let why =
                "all= means nothing here: orphaned ports are among the rows, of State \"orphaned\"";
            return Err(ApiError::bad_request(why));
        }
        let filters = wanted(pairs)?.filters;
        if filters.iter().any(Filter::needs_labels) {
            return Err(ApiError::bad_request("labels are not told to other hosts"));
        }
        Ok(Self { host, filters })
    }

    /// How long the answer may be, in bytes: written out, a row is about three times what is kept of it.
    fn most(&self, fleet: &Fleet) -> usize {
        fleet.cost(self.host.as_deref()).saturating_mul(4).min(LONGEST)
    }

    /// The JSON of what `make` makes of each row that passes. One row is read at a time, as all of them
    /// read would be several times what is kept of them.
    ///
    /// # Errors
    /// All together are longer than [`LONGEST`].
    fn write<T: Serialize, I: IntoIterator<Item = T>>(
        &self,
        fleet: &Fleet,
        make: impl Fn(v1::FleetAttachment) -> I,
    ) -> Result<String, ApiError> {
        let rows = fleet.rows(self.host.as_deref());
        let mut filters = self.filters.clone();
        if filters.iter().any(|filter| filter.pair().0 == "container") {
            for row in rows.iter() {
                let called = (&*row.attachment.engine, &*row.attachment.container);
                filters = Filter::among(&filters, std::iter::once(called));
            }
        }
        let passing = rows.iter().filter(|row| report::passes(&filters, &row.attachment));
        listed(passing.flat_map(make), LONGEST)
    }
}

/// The longest list of rows, in bytes: our own client reads no longer one.
const LONGEST: usize = 64 << 20;
/// `GET /v1/fleet/events`: server-sent events, from now on. One called `reset` says that some were not
/// sent: who keeps rows has to list them again.
pub(crate) async fn events(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Extension(until): Extension<Until>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let events = daemon.mirror()?.events();
    let stopped = daemon.stopped.clone();
    Ok(respond(Reader { events, daemon, owner, stopped }.all(), until))
}

struct Reader {
    events: broadcast::Receiver<Arc<SharedEvent>>,
    daemon: Arc<Daemon>,
    owner: Owner,
    stopped: watch::Receiver<bool>,
}

impl Reader {
    fn all(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self, |mut reader| async move {
            let text = tokio::select! {
                text = next(&mut reader.events, &reader.daemon.events_shares, reader.owner) => text,
                _ = reader.stopped.wait_for(|stopped| *stopped) => None,
            };
            Some((text?, reader))
        })
    }
}

/// The next event, once the client has room for it; none where there are no more.
async fn next(
    events: &mut broadcast::Receiver<Arc<SharedEvent>>,
    shares: &SharedTexts,
    owner: Owner,
) -> Option<Bytes> {
    match events.recv().await {
        Ok(event) => {
            let text = Bytes::from_owner(event.text(written_event));
            Some(shares.turn(owner).await.hold(text).await.into_bytes())
        }
        Err(RecvError::Lagged(_)) => Some(Bytes::from_static(b"event: reset\ndata: {}\n\n")),
        Err(RecvError::Closed) => None,
    }
}

/// As all clients get it.
fn written_event(event: &v1::FleetEvent) -> String {
    format!("data: {}\n\n", json(event))
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    fn about(host: &str) -> Arc<SharedEvent> {
        Arc::new(SharedEvent::new(v1::FleetEvent {
            time: "2026-01-01T00:00:00.000Z".to_owned(),
            host: host.to_owned(),
            action: v1::FleetAction::Live,
            container: String::new(),
            interface: String::new(),
            bridge: None,
            ofport: None,
            attachment: None,
        }))
    }

    #[tokio::test]
    async fn what_many_clients_get_is_written_once() {
        let sender = broadcast::Sender::new(4);
        let shares = SharedTexts::default();
        let client = || {
            let reader = (sender.subscribe(), &shares);
            Box::pin(stream::unfold(reader, |(mut events, shares)| async move {
                let text = next(&mut events, shares, Owner::User(33)).await?;
                Some((text, (events, shares)))
            }))
        };
        let mut clients: Vec<_> = (0..3).map(|_| client()).collect();
        for host in ["a", "b"] {
            sender.send(about(host)).unwrap();
            let mut texts = Vec::new();
            for client in &mut clients {
                texts.push(client.next().await.unwrap());
            }
            let text = String::from_utf8(texts[0].to_vec()).unwrap();
            assert!(text.starts_with("data: {") && text.ends_with("}\n\n"), "{text}");
            assert!(text.contains(&format!("\"Host\":\"{host}\"")), "{text}");
            assert!(texts.iter().all(|other| other.as_ptr() == texts[0].as_ptr()), "{text}");
        }
        // One that comes later, and one that reads too slowly.
        let mut late = client();
        for host in ["c", "d", "e", "f", "g"] {
            sender.send(about(host)).unwrap();
        }
        assert_eq!(late.next().await.unwrap(), "event: reset\ndata: {}\n\n");
        let (one, other) = (late.next().await.unwrap(), clients[0].next().await.unwrap());
        assert_eq!(other, "event: reset\ndata: {}\n\n");
        assert_eq!(one.as_ptr(), clients[0].next().await.unwrap().as_ptr());
        drop(sender);
    }
}

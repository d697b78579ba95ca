//! The paths under /v1: the same JSON as the command line prints.

pub(crate) mod events;
pub(crate) mod fleet;
pub(crate) mod history;
pub(crate) mod params;
pub(crate) mod traffic;

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Extension, State as Extract};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use model::ids::OfPort;
use model::query::{self, QueryError};
use model::switch::SwitchSource;
use model::wiring::{Attachment, SwitchPort};
use model::{Snapshot, SourceErrorKind, Target};
use report::{list, v1};
use tokio::sync::oneshot;

use crate::api::params::{SnapshotOf, only, wanted};
use crate::daemon::Daemon;
use crate::http::access::Access;
use crate::http::answer::{json_answer, short_json};
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::http::extract::{NoQuery, Pairs, Path};
use crate::json::json;
use crate::places::Owner;
use crate::state::renderings::{Part, Rendered};
use crate::state::{Marks, State, left_out};
use crate::turns::CountedText;

type Here = Extract<Arc<Daemon>>;

/// The number of the last event that led to an answer, as an event's `id` has it: a stream that is
/// read from there on tells what comes after it.
pub(crate) const EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many rows a list leaves out, as [`left_out`] has it; a list of all has no such header.
pub(crate) const LEFT_OUT: HeaderName = HeaderName::from_static("left-out");

/// `GET /v1/attachments`. Unfiltered it is written once for each look.
pub(crate) async fn attachments(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    if !pairs.is_empty() {
        let wanted = wanted(pairs)?;
        let work = daemon.requests.turn(owner).await;
        let state = daemon.require_sources()?;
        query::filtered_vlans(&state.snapshot, &wanted.filters)?;
        query::filtered_bridges(&state.snapshot, &wanted.filters)?;
        let id = state.marks.event_id.clone();
        let (tell, told) = oneshot::channel();
        let text = work.text(move || {
            let left_out = report::left_out(&state.snapshot, &state.wiring, &wanted);
            // One who gave up is told nothing.
            let _ = tell.send(left_out);
            Ok(json(&list(&state.snapshot, &state.wiring, &wanted)))
        });
        let answer = whole(text.await?, id);
        return Ok(counted(answer, told.await.ok().and_then(left_out)));
    }
    let tag = daemon.require_sources()?.marks.tag.clone();
    if let Some(tag) = conditional::had(&headers, tag.as_ref()) {
        return Ok(conditional::not_modified(tag));
    }
    let tagged = |text, marks: Marks| {
        let mut answer = counted(whole(text, marks.event_id), marks.left_out);
        conditional::mark(&mut answer, marks.tag);
        answer
    };
    daemon.shared(Part::Attachments, owner, &headers, tagged).await
}

/// JSON of a look, with the event that led to it.
fn whole(json: CountedText, event_id: Option<HeaderValue>) -> Response {
    let mut answer = json_answer(json);
    answer.headers_mut().extend(event_id.map(|id| (EVENT_ID, id)));
    answer
}

/// The same, with how many rows it leaves out, if any.
fn counted(mut answer: Response, left_out: Option<HeaderValue>) -> Response {
    answer.headers_mut().extend(left_out.map(|told| (LEFT_OUT, told)));
    answer
}

/// `GET /v1/attachments/{container}`.
pub(crate) async fn attachments_of(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Path(container): Path<String>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let work = daemon.requests.turn(owner).await;
    let state = daemon.state()?;
    let rows = work.text(move || Ok(json(&rows_of(&state, &container, pairs)?)));
    Ok(json_answer(rows.await?))
}

/// The attachments of a container, or the one that is named behind it, on one bridge or on all.
fn rows_of(
    state: &State,
    container: &str,
    pairs: Vec<(String, String)>,
) -> Result<Vec<v1::Attachment>, ApiError> {
    let find = |target: &Target| query::subject(&state.snapshot, target);
    let (subject, interface) =
        query::named(container.into(), find).map_err(|error| match error {
            // What is written as a process and is none names nothing here.
            QueryError::SourceUnavailable(why)
                if why.kind == SourceErrorKind::Unusable && container.starts_with("pid:") =>
            {
                QueryError::no_such_container(container)
            }
            error => error,
        })?;
    let found = query::attachments(&state.snapshot, &state.wiring, subject)?;
    let found = found.into_iter().map(Cow::Borrowed).collect();
    let found = query::of_interface(found, interface, container)?;
    let bridge = only("bridge", pairs)?;
    let bridge = bridge.as_deref();
    if let Some(bridge) = bridge {
        query::bridge(&state.snapshot, bridge)?;
    }
    let rows = found.iter().map(|found| found.on_bridge(&state.wiring, bridge));
    let asked = |found: &Cow<'_, Attachment>| bridge.is_none_or(|name| found.is_on(name));
    Ok(rows.filter(asked).map(|found| v1::Attachment::of(&found, subject)).collect())
}

/// `GET /v1/bridges`.
pub(crate) async fn bridges(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let work = daemon.requests.turn(owner).await;
    let state = daemon.state()?;
    query::switch(&state.snapshot, SwitchSource::Ovsdb)?;
    let bridges = work.text(move || Ok(json(&v1::Bridge::all(&state.snapshot))));
    Ok(json_answer(bridges.await?))
}

/// `GET /v1/bridges/{bridge}/ports`.
pub(crate) async fn ports(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Path(bridge): Path<String>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let work = daemon.requests.turn(owner).await;
    let state = daemon.state()?;
    query::bridge(&state.snapshot, &bridge)?;
    let ports = work.text(move || {
        let here = state.wiring.ports.iter().filter(|row| row.is_on(&bridge));
        Ok(json(&here.map(v1::Port::from).collect::<Vec<_>>()))
    });
    Ok(json_answer(ports.await?))
}

/// `GET /v1/bridges/{bridge}/ports/{ofport}`.
pub(crate) async fn port(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Path((bridge, ofport)): Path<(String, String)>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let number = number(&ofport)?;
    let mut counting = daemon.counting(owner).await;
    let state = daemon.state()?;
    query::bridge(&state.snapshot, &bridge)?;
    let on = |row: &&SwitchPort| row.is_on(&bridge) && row.port.ofport.assigned() == Some(number);
    let row = state.wiring.ports.iter().find(on);
    let row = row.ok_or_else(|| ApiError::not_found(format!("no port {ofport} on {bridge}")))?;
    let counted = counting.statistics(Some(&row.port.iface)).await;
    let turn = counting.into_turn();
    let statistics = counted?.remove(&*row.port.iface).unwrap_or_default();
    let port = v1::CountedPort { port: v1::Port::from(row), statistics };
    drop(state);
    let work = daemon.requests.turn(owner).await;
    let text = work.text(move || {
        let text = json(&port);
        // Only now the client may have others counted.
        drop(turn);
        Ok(text)
    });
    Ok(json_answer(text.await?))
}

/// 1 to 65534 in digits, or `LOCAL`: what docs/openapi.json says.
fn number(text: &str) -> Result<OfPort, ApiError> {
    if text.eq_ignore_ascii_case("local") {
        return Ok(OfPort::LOCAL);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number =
        text.parse().ok().filter(|number| digits && (1..=OfPort::LOCAL.0).contains(number));
    let invalid =
        || ApiError::bad_request(format!("{text:?} is no OpenFlow port: use 1-65534 or LOCAL"));
    number.map(OfPort).ok_or_else(invalid)
}

/// `GET /v1/wiring`.
pub(crate) async fn wiring(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let share = daemon.shares.turn(owner).await;
    let Rendered { json, marks, .. } = daemon.rendered(Part::Reset).await?;
    Ok(whole(share.hold(json).await, marks.event_id))
}

/// `GET /v1/snapshot`: what is known, or with `source=` what these sources say now. Where it is not
/// known who asks, without what is for those only who may ask Docker.
pub(crate) async fn snapshot(
    Extract(daemon): Here,
    Extension(access): Extension<Access>,
    Extension(owner): Extension<Owner>,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let SnapshotOf { sources, labels, at } = SnapshotOf::read(&pairs)?;
    if let Some(at) = at {
        let write = move |then: Snapshot| match access {
            Access::Public => json(&model::public(&then, &labels)),
            Access::Private => json(&then),
        };
        return Ok(json_answer(history::of_then(&daemon, owner, at, write).await?));
    }
    let known = daemon.state()?;
    let is_known = sources.iter().all(|source| known.snapshot.switch.contains_key(source));
    let is_public = access == Access::Public;
    if is_known && (!is_public || labels.is_empty()) {
        let part = if is_public { Part::PublicSnapshot } else { Part::Snapshot };
        drop(known);
        return daemon.shared(part, owner, &headers, |text, _| json_answer(text)).await;
    }
    drop(known);
    let looked = if is_known { None } else { Some(daemon.look(sources, owner).await?) };
    let work = daemon.requests.turn(owner).await;
    let (turn, snapshot) = match looked {
        Some((turn, snapshot)) => (Some(turn), snapshot.into()),
        None => (None, daemon.state()?.snapshot.clone()),
    };
    let text = work.text(move || {
        let text = match access {
            Access::Public => json(&model::public(&snapshot, &labels)),
            Access::Private => json(&*snapshot),
        };
        // Only now the client may have another one.
        drop(turn);
        Ok(text)
    });
    Ok(json_answer(text.await?))
}

/// `GET /healthz`: 200 as soon as there was a first full look, 503 until then.
pub(crate) async fn health(Extract(daemon): Here, Extension(owner): Extension<Owner>) -> Response {
    let state = || daemon.published.now();
    let owed = || daemon.restores.owed();
    if let Some(text) = daemon.health.get(owner, state, owed, daemon.history.failure()).await {
        return json_answer(text);
    }
    let mut answer = short_json(&v1::Health::starting());
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use futures_util::FutureExt;
    use futures_util::future::{BoxFuture, join_all};
    use host::Origin;
    use model::Look;
    use tokio::sync::watch;

    use super::*;
    use crate::metrics::metrics;
    use crate::settings::Build;

    const CROWD: Owner = Owner::User(33);

    fn article() -> Snapshot {
        serde_json::from_str(include_str!("../../../cli/tests/scenes/article.json")).unwrap()
    }

    fn look(daemon: &Daemon) {
        let look = Look::new(article());
        let told = look.wiring.clone();
        drop(daemon.published.publish(look, told, Vec::new()));
    }

    /// Requests that wait for a turn of their client's.
    fn waiting(daemon: &Arc<Daemon>) -> Vec<BoxFuture<'static, Response>> {
        let (here, owner) = (|| Extract(daemon.clone()), || Extension(CROWD));
        let path = Path(("vlanswitch".to_owned(), "1".to_owned()));
        let port = port(here(), owner(), path, NoQuery);
        let ports = ports(here(), owner(), Path("vlanswitch".to_owned()), NoQuery);
        let pairs = Pairs(vec![("bridge".to_owned(), "vlanswitch".to_owned())]);
        let attachments = attachments(here(), owner(), HeaderMap::new(), pairs);
        let metrics = metrics(here(), owner());
        vec![
            port.map(IntoResponse::into_response).boxed(),
            ports.map(IntoResponse::into_response).boxed(),
            attachments.map(IntoResponse::into_response).boxed(),
            metrics.map(IntoResponse::into_response).boxed(),
        ]
    }

    #[tokio::test]
    async fn an_interface_may_stand_behind_its_container() {
        let (_stop, stopped) = watch::channel(false);
        let build = Build { version: "1", commit: "unknown", date: "unknown" };
        let origin = Origin::recorded(article());
        let daemon = Daemon::new(origin, "run".to_owned(), Vec::new(), None, stopped, build, None);
        look(&daemon);
        let state = daemon.state().unwrap();
        let whole = rows_of(&state, "firewall_ext", Vec::new()).unwrap();
        assert!(!whole.is_empty());
        for row in whole {
            let word = format!("firewall_ext:{}", row.interface);
            assert_eq!(rows_of(&state, &word, Vec::new()).unwrap(), [row], "{word}");
        }
        for word in ["firewall_ext:eth99", "pid:self", "nobody:eth0"] {
            let refused = rows_of(&state, word, Vec::new()).unwrap_err().into_response();
            assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{word}");
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_keeps_nothing_of_what_was_known() {
        let (_stop, stopped) = watch::channel(false);
        let build = Build { version: "1", commit: "unknown", date: "unknown" };
        let origin = Origin::recorded(article());
        let boot = "run".to_owned();
        let daemon = Daemon::new(origin, boot, Vec::new(), None, stopped, build, None);
        let daemon = Arc::new(daemon);
        look(&daemon);
        let busy = (daemon.counting(CROWD).await, daemon.requests.turn(CROWD).await);
        let mut crowd: Vec<_> = (0..20).flat_map(|_| waiting(&daemon)).collect();
        assert!(crowd.iter_mut().all(|one| one.now_or_never().is_none()));
        let then = Arc::downgrade(&daemon.state().unwrap());
        look(&daemon);
        assert!(then.upgrade().is_none());
        drop(busy);
        for answer in join_all(crowd).await {
            assert_eq!(answer.status(), StatusCode::OK);
        }
    }
}

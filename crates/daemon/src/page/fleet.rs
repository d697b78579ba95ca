//! The page of the fleet: which hosts there are, one of them in a picture, and a search over all. It needs
//! no script, but loads its style again if the browser gave that up.

use std::sync::Arc;

use ::fleet::Fleet;
use askama::Template;
use axum::extract::{Extension, State as Extract};
use axum::response::Response;
use model::moment::rfc3339;
use model::who::WhoQuery;
use report::graph::{Scene, clean, still};
use report::v1::{FleetHost, FleetMatch, FromHost, Liveness};

use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::http::extract::Pairs;
use crate::page::routes::html;
use crate::page::{AGAIN, FILES};
use crate::places::Owner;

/// So many that fit are shown.
const MAX_FOUND: usize = 200;

/// `GET /fleet[?host=NAME][&q=WORDS]`.
pub(crate) async fn page(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let fleet = daemon.fleet()?;
    let asked = |key: &str| {
        let given = pairs.iter().find(|(given, value)| given == key && !value.is_empty());
        given.map(|(_, value)| value.clone())
    };
    let (host, query) = (asked("host"), asked("q"));
    let work = daemon.requests.turn(owner).await;
    let text = work.text(move || Ok(written(&fleet, host.as_deref(), query.as_deref())));
    Ok(html(text.await?))
}

/// To write into a string never fails.
fn written(fleet: &Fleet, host: Option<&str>, query: Option<&str>) -> String {
    let status = fleet.status();
    let picture = host.filter(|_| fleet.mirrors()).map(|host| {
        let rows = fleet.attachments(Some(host));
        still(&Scene::of_fleet(host, &rows))
    });
    let found = query.filter(|_| fleet.mirrors()).map(|query| {
        let rows = fleet.who(&WhoQuery::from(query));
        FoundRows { count: rows.len(), rows: rows.iter().take(MAX_FOUND).map(Found::new).collect() }
    });
    let page = Page {
        again: AGAIN,
        folder: FILES.folder(),
        fleet: status.fleet,
        query: query.map(clean).unwrap_or_default(),
        taken: rfc3339(host::now()),
        reason: status.reason.as_deref().map(clean),
        attachments: status.attachments,
        hosts: fleet.hosts().iter().map(|row| Host::new(row, host)).collect(),
        found,
        picture,
    };
    page.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "fleet.html")]
struct Page {
    again: &'static str,
    folder: String,
    fleet: String,
    query: String,
    /// When this was written: no script brings it up to date.
    taken: String,
    reason: Option<String>,
    attachments: usize,
    hosts: Vec<Host>,
    found: Option<FoundRows>,
    /// SVG, the one part that is escaped where it is drawn.
    picture: Option<String>,
}

struct Host {
    name: String,
    stale: bool,
    state: String,
    rows: String,
    chosen: bool,
}

/// What a search found, of which the first [`MAX_FOUND`] are shown.
struct FoundRows {
    count: usize,
    rows: Vec<Found>,
}

struct Found {
    who: String,
    host: String,
    state: String,
    bridge: String,
    ofport: String,
    mac: String,
    addresses: String,
}

/// How old it is, in words.
fn age(from: &FromHost) -> String {
    match (&from.liveness, &from.stale_since) {
        (Liveness::Live, _) => "live".to_owned(),
        (Liveness::Stale, Some(since)) => format!("stale since {since}"),
        (Liveness::Stale, None) => "stale".to_owned(),
    }
}

impl Host {
    fn new(row: &FleetHost, chosen: Option<&str>) -> Self {
        Self {
            name: clean(&row.from.host),
            stale: row.from.liveness == Liveness::Stale,
            state: age(&row.from),
            rows: row.attachments.map(|rows| rows.to_string()).unwrap_or_default(),
            chosen: chosen == Some(&row.from.host),
        }
    }
}

impl Found {
    fn new(found: &FleetMatch) -> Self {
        let of = &found.row.attachment;
        let text = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
        Self {
            who: clean(&found.who),
            host: clean(&found.row.from.host),
            state: age(&found.row.from),
            bridge: text(&of.bridge),
            ofport: of.ofport.map_or_else(|| of.state.to_string(), |port| port.to_string()),
            mac: text(&of.mac),
            addresses: clean(&of.addresses.join(" ")),
        }
    }
}

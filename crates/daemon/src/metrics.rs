//! `GET /metrics`: the Prometheus text format, version 0.0.4.

mod fleet;
mod process;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, State as Extract};
use axum::response::Response;
use host::Counters;
use model::wiring::{Occupant, SwitchPort};
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use report::v1;

use crate::daemon::Daemon;
use crate::history::History;
use crate::http::answer::answer;
use crate::http::error::ApiError;
use crate::places::{Owner, Places};
use crate::restores::Restores;
use crate::settings::Build;
use crate::state::State;
use crate::timings::Timings;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The counters of a port: our name, the key in OVSDB, what it counts.
const COUNTED: [(&str, &str, &str); 8] = [
    ("receive_bytes", "rx_bytes", "Bytes received on a port"),
    ("receive_packets", "rx_packets", "Packets received on a port"),
    ("receive_drops", "rx_dropped", "Packets dropped on receipt by a port"),
    ("receive_errors", "rx_errors", "Receive errors of a port"),
    ("transmit_bytes", "tx_bytes", "Bytes sent by a port"),
    ("transmit_packets", "tx_packets", "Packets sent by a port"),
    ("transmit_drops", "tx_dropped", "Packets dropped by a port instead of being sent"),
    ("transmit_errors", "tx_errors", "Transmit errors of a port"),
];

/// `GET /metrics`.
pub(crate) async fn metrics(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
) -> Result<Response, ApiError> {
    daemon.state()?;
    let start = Instant::now();
    let mut counting = daemon.counting(owner).await;
    let counters = counting.statistics(None).await;
    let read = Read { took: start.elapsed(), counters: counters.ok() };
    let work = daemon.requests.turn(owner).await;
    let here = daemon.clone();
    let state = daemon.state()?;
    let text = work.text(move || Ok(write(&here, &state, &read).unwrap_or_default())).await?;
    Ok(answer(TEXT, text))
}

/// The counters, read for this scrape; none if the database did not answer in time.
struct Read {
    took: Duration,
    counters: Option<BTreeMap<String, Counters>>,
}

fn write(daemon: &Daemon, state: &State, read: &Read) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("docker_ovs");
    ports(&mut registry, state, read.counters.as_ref());
    vlans(&mut registry, state);
    attachments(&mut registry, state);
    sources(&mut registry, state, read);
    restores(&mut registry, &daemon.restores);
    history(&mut registry, &daemon.history);
    if let Some(known) = &daemon.fleet {
        fleet::register(&mut registry, known);
    }
    connections(&mut registry, &daemon.listeners);
    durations(&mut registry, &daemon.timings);
    build(&mut registry, daemon.build);
    let mut of_process = Registry::with_prefix("process");
    process::register(&mut of_process);
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    prometheus_text::encode(&mut text, &of_process)?;
    Ok(text)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
    commit: &'static str,
    date: &'static str,
}

fn build(registry: &mut Registry, Build { version, commit, date }: Build) {
    let family = Family::<BuildLabels, Gauge>::default();
    family.get_or_create(&BuildLabels { version, commit, date }).set(1);
    let help = "1, labelled with what docker ovs version tells of the daemon";
    registry.register("build_info", help, family);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OnPort {
    bridge: String,
    ofport: String,
    port: String,
    container: String,
    interface: String,
    engine: String,
}

impl OnPort {
    fn new(row: &SwitchPort) -> Self {
        let plugs = match &row.occupant {
            Occupant::Plugged { plugs } => plugs.as_slice(),
            _ => &[],
        };
        let tenants = || plugs.iter().flat_map(|plug| plug.tenants.iter());
        let mut engines: Vec<_> = tenants().map(|who| &*who.engine.0).collect();
        engines.sort_unstable();
        engines.dedup();
        let number = row.port.ofport.assigned();
        Self {
            bridge: row.bridge.to_string(),
            ofport: number.map(|number| number.to_string()).unwrap_or_default(),
            port: row.port.iface.to_string(),
            container: joined(tenants().map(|who| who.called())),
            interface: joined(plugs.iter().map(|plug| &*plug.interface)),
            engine: joined(engines.into_iter()),
        }
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join("+")
}

fn ports(registry: &mut Registry, state: &State, read: Option<&BTreeMap<String, Counters>>) {
    let Some(read) = read else { return };
    for (name, key, help) in COUNTED {
        let family = Family::<OnPort, Counter>::default();
        for row in &state.wiring.ports {
            let value = read.get(&*row.port.iface).and_then(|counters| counters.get(key));
            // A counter that a kind of port does not have is -1 or missing.
            let value = value.and_then(|value| u64::try_from(*value).ok());
            if let Some(value) = value {
                family.get_or_create(&OnPort::new(row)).inc_by(value);
            }
        }
        registry.register(format!("port_{name}"), help, family);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VlansOf {
    bridge: String,
    ofport: String,
    port: String,
    fake_bridge: String,
    mode: &'static str,
    vlan: String,
    trunks: String,
    cvlans: String,
}

/// The VLANs of each port, joined to its counters by bridge, number and name.
fn vlans(registry: &mut Registry, state: &State) {
    let family = Family::<VlansOf, Gauge>::default();
    for row in &state.wiring.ports {
        let Some(vlans) = row.vlans() else { continue };
        let OnPort { bridge, ofport, port, .. } = OnPort::new(row);
        let list =
            |tags: &[u16]| tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let of = VlansOf {
            bridge,
            ofport,
            port,
            fake_bridge: row.fake_bridge.as_ref().map(ToString::to_string).unwrap_or_default(),
            mode: vlans.mode.word(),
            vlan: vlans.tag.map(|tag| tag.to_string()).unwrap_or_default(),
            trunks: list(&vlans.trunks),
            cvlans: list(&vlans.cvlans),
        };
        family.get_or_create(&of).set(1);
    }
    registry.register("port_vlans", "1 for each port, labelled with its VLANs", family);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

fn attachments(registry: &mut Registry, state: &State) {
    let family = Family::<InState, Gauge>::default();
    for word in ["on", "pending", "failed", "several", "none", "unknown"] {
        family.get_or_create(&InState { state: word }).set(0);
    }
    for row in report::list(&state.snapshot, &state.wiring, &report::Wanted::default()) {
        family.get_or_create(&InState { state: row.state.word() }).inc();
    }
    registry.register("attachments", "Interfaces of containers and where they arrive", family);
    let orphans = Gauge::<i64>::default();
    let ports = state.wiring.ports.iter();
    let left = ports.filter(|row| row.occupant.is_orphaned()).count();
    orphans.set(i64::try_from(left).unwrap_or(i64::MAX));
    registry.register("orphaned_ports", "Ports whose link is gone", orphans);
    let looks = Counter::<u64>::default();
    looks.inc_by(state.looks);
    registry.register("looks", "Looks at the host since the start", looks);
    let events = Counter::<u64>::default();
    events.inc_by(state.last);
    registry.register("events", "Events told since the start", events);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceIn {
    source: String,
    state: &'static str,
}

fn sources(registry: &mut Registry, state: &State, read: &Read) {
    let family = Family::<SourceIn, Gauge>::default();
    for row in v1::sources(&state.snapshot) {
        for &state in v1::SourceState::ALL {
            let here = SourceIn { source: row.source.clone(), state: state.word() };
            family.get_or_create(&here).set(i64::from(row.state == state));
        }
    }
    let help = "1 for the state a source of facts is in, 0 for the others";
    registry.register("source_state", help, family);
    let up = Gauge::<i64>::default();
    up.set(i64::from(read.counters.is_some()));
    registry.register("statistics_up", "Whether the ports' counters could be read", up);
    let took = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    took.set(read.took.as_secs_f64());
    registry.register(
        "statistics_read_duration_seconds",
        "How long reading the counters took",
        took,
    );
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WithResult {
    result: &'static str,
}

fn restores(registry: &mut Registry, restores: &Restores) {
    let owed = Gauge::<i64>::default();
    owed.set(i64::try_from(restores.owed().count()).unwrap_or(i64::MAX));
    let help = "Interfaces that containers had before they started and have not got back yet";
    registry.register("owed_attachments", help, owed);
    let family = Family::<WithResult, Counter>::default();
    for (result, count) in restores.results() {
        family.get_or_create(&WithResult { result: result.word() }).inc_by(count);
    }
    registry.register("restores", "What became of attempts to make an interface again", family);
}

fn history(registry: &mut Registry, history: &History) {
    if history.settings.is_none() {
        return;
    }
    let is_kept = Gauge::<i64>::default();
    is_kept.set(i64::from(history.failure().is_none()));
    registry.register("history_kept", "Whether the journal could be written", is_kept);
    let pending = Gauge::<i64>::default();
    pending.set(i64::try_from(history.pending()).unwrap_or(i64::MAX));
    let help = "Looks at the host that are not in the journal on the disk yet";
    registry.register("history_pending_looks", help, pending);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AtListener {
    listener: String,
    kind: &'static str,
}

fn connections(registry: &mut Registry, listeners: &[(String, Arc<Places>)]) {
    let open = Family::<AtListener, Gauge>::default();
    let evicted = Counter::<u64>::default();
    for (listener, places) in listeners {
        let counts = places.counts();
        for (kind, count) in [("request", counts.requests), ("stream", counts.streams)] {
            let here = AtListener { listener: listener.clone(), kind };
            open.get_or_create(&here).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        evicted.inc_by(counts.evicted);
    }
    registry.register("connections", "Connections of clients, and those that are streams", open);
    let help = "Connections ended to make room for those of other clients";
    registry.register("connections_evicted", help, evicted);
}

fn durations(registry: &mut Registry, timings: &Timings) {
    let help = "How long whole looks took: the first one, and those that were asked for";
    registry.register("look_duration_seconds", help, timings.look.clone());
    let help = "How long relating the rows of a look took";
    registry.register("resolve_duration_seconds", help, timings.resolve.clone());
}

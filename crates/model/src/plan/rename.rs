//! A container that is called otherwise now: its records are written anew, so that no other one
//! that takes its old name takes its ports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::Name;
use crate::memory;
use crate::port_record::{PortRecord, ServiceSlot};
use crate::query;
use crate::snapshot::{Container, Snapshot};
use crate::switch::{Bridge, Port};
use crate::whereabouts::{ContainerIndex, Whereabouts, is_named_by};
use crate::wiring::{SwitchPort, Wiring};

use super::world::written_here;
use super::{OfPortRequests, ReplacePort, SwitchStep};

/// Records of our own that have an old name of their container: those of ports, and what bridges remember
/// without one.
pub fn renames(snapshot: &Snapshot, wiring: &Wiring) -> Vec<SwitchStep> {
    renames_where(snapshot, wiring, |_| true)
}

/// Those of one container but for `replaced`, which goes in the same plan: the database takes away what it
/// was seen to be.
pub(super) fn renames_of(
    snapshot: &Snapshot,
    wiring: &Wiring,
    container: &Container,
    replaced: &[&Port],
) -> Vec<SwitchStep> {
    renames_where(snapshot, wiring, |port| {
        port.external_ids.get("container_id").is_some_and(|id| **id == *container.id.0)
            && PortRecord::of(port).is_some_and(|one| is_named_by(snapshot, &one, container))
            && replaced.iter().all(|replaced| replaced.iface != port.iface)
    })
}

fn renames_where(
    snapshot: &Snapshot,
    wiring: &Wiring,
    is_meant: impl Fn(&Port) -> bool,
) -> Vec<SwitchStep> {
    let containers = ContainerIndex::of(snapshot);
    let called = |port: &Port| called_anew(snapshot, &containers, port);
    let rows = wiring.ports.iter().filter(|row| is_meant(&row.port));
    let rows = rows.filter_map(|row| rename(snapshot, wiring, row, called(&row.port)?));
    let mut steps: Vec<_> = rows.collect();
    // What a bridge remembers of a port is written anew with the port's record.
    let written = |step: &SwitchStep| match step {
        SwitchStep::Rewrite { bridge, memory, .. } => {
            memory.remember.keys().map(|key| (bridge.clone(), key.clone())).collect()
        }
        _ => Vec::new(),
    };
    let written: BTreeSet<(Name, String)> = steps.iter().flat_map(written).collect();
    for bridge in snapshot.ovsdb_bridges() {
        let is_written = |key: &str| written.contains(&(bridge.name.clone(), key.to_owned()));
        let kept = memory::of(bridge).filter(|(key, port)| is_meant(port) && !is_written(key));
        let kept = kept.filter_map(|(_, port)| rename_remembered(bridge, called(&port)?, &port));
        steps.extend(kept);
    }
    steps
}

/// What gives a port these `external_ids`.
fn rename(
    snapshot: &Snapshot,
    wiring: &Wiring,
    row: &SwitchPort,
    external_ids: BTreeMap<String, String>,
) -> Option<SwitchStep> {
    let bridge = query::bridge(snapshot, &row.bridge).ok()?.bridge;
    let port = Port { external_ids: external_ids.clone(), ..Port::clone(&row.port) };
    let port_to_remember = Some(&port).filter(|_| is_remembered_by(bridge, wiring, row));
    let memory = memory::change(bridge, &[], port_to_remember);
    let port = Arc::clone(&row.port);
    Some(SwitchStep::Rewrite {
        bridge: row.bridge.clone(),
        port,
        external_ids,
        ofport_request: None,
        expected_requesters: OfPortRequests::new(),
        memory,
    })
}

/// Whether what the bridge remembers under the key of a row is that row's: it names that one, or nothing is remembered
/// and no other row has the key.
fn is_remembered_by(bridge: &Bridge, wiring: &Wiring, row: &SwitchPort) -> bool {
    let key = |port: &Port| PortRecord::of(port).map(|record| memory::key(&record));
    let Some(own) = key(&row.port) else { return false };
    if let Some(kept) = memory::under(bridge, &own) {
        return kept.iface == row.port.iface;
    }
    let rows = wiring.ports.iter().filter(|other| other.bridge == row.bridge);
    rows.filter(|other| key(&other.port).as_ref() == Some(&own)).count() == 1
}

/// What has a bridge remember a port with these `external_ids`.
fn rename_remembered(
    bridge: &Bridge,
    external_ids: BTreeMap<String, String>,
    port: &Port,
) -> Option<SwitchStep> {
    let port = Port { external_ids, ..port.clone() };
    let memory = memory::change(bridge, &[], Some(&port));
    let bridge = bridge.name.clone();
    (!memory.is_empty())
        .then(|| SwitchStep::ReplacePort(ReplacePort { bridge, memory, ..ReplacePort::default() }))
}

/// The `external_ids` of a port with what its container is called now; none where the record says so
/// already, is of no use here, or is not ours.
fn called_anew(
    snapshot: &Snapshot,
    containers: &ContainerIndex<'_>,
    port: &Port,
) -> Option<BTreeMap<String, String>> {
    let record = PortRecord::of(port).filter(|record| record.ours)?;
    written_here(snapshot, record.system.as_deref()).ok()?;
    let Whereabouts::Known(container) = containers.whereabouts(&record) else { return None };
    (!is_called(&record, container)).then(|| renamed(port, &record, container))
}

fn is_called(record: &PortRecord, container: &Container) -> bool {
    container.name.is_empty()
        || (record.name.as_deref() == Some(&*container.name)
            && record.place == ServiceSlot::of(container))
}

/// What others wrote stays.
fn renamed(port: &Port, record: &PortRecord, container: &Container) -> BTreeMap<String, String> {
    let mut ids = port.external_ids.clone();
    ids.extend(record.clone().for_container(container).external_ids());
    ids
}

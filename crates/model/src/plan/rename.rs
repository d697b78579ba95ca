//! A container that is called otherwise now: its records are written anew, so that no other one
//! that takes its old name takes its ports.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::memory;
use crate::port_record::{PortRecord, ServiceSlot};
use crate::query;
use crate::snapshot::{Container, Snapshot};
use crate::switch::Port;
use crate::whereabouts::{Whereabouts, whereabouts};
use crate::wiring::{SwitchPort, Wiring};

use super::world::written_here;
use super::{OfPortRequests, SwitchStep};

/// Records of our own that have an old name of their container.
pub fn renames(snapshot: &Snapshot, wiring: &Wiring) -> Vec<SwitchStep> {
    wiring.ports.iter().filter_map(|row| rename(snapshot, row)).collect()
}

/// Those of one container but for `replaced`, a port that goes in the same plan: the database takes away
/// what it was seen to be.
pub(super) fn renames_of(
    snapshot: &Snapshot,
    wiring: &Wiring,
    container: &Container,
    replaced: Option<&Port>,
) -> Vec<SwitchStep> {
    let own = wiring.ports.iter().filter(|row| {
        row.port.external_ids.get("container_id").is_some_and(|id| **id == *container.id.0)
            && replaced.is_none_or(|replaced| replaced.iface != row.port.iface)
    });
    own.filter_map(|row| rename(snapshot, row)).collect()
}

fn rename(snapshot: &Snapshot, row: &SwitchPort) -> Option<SwitchStep> {
    let record = PortRecord::of(&row.port).filter(|record| record.ours)?;
    written_here(snapshot, record.system.as_deref()).ok()?;
    let Whereabouts::Known(container) = whereabouts(snapshot, &record) else { return None };
    if is_called(&record, container) {
        return None;
    }
    let external_ids = renamed(&row.port, &record, container);
    let bridge = query::bridge(snapshot, &row.bridge).ok()?.bridge;
    let port = Port { external_ids: external_ids.clone(), ..Port::clone(&row.port) };
    let memory = memory::change(bridge, &[], Some(&port));
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

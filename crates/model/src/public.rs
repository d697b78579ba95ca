//! What of a Snapshot may be told to those who may not ask its sources themselves: engines give
//! labels to their own group only, and databases `external_ids` to root.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Snapshot;
use crate::dialects;
use crate::filter::Filter;
use crate::port_record;
use crate::snapshot::{Container, Observed};

/// The Snapshot with those labels and `external_ids` only by which whose a port is can be told: the
/// same Wiring follows. Of other labels it has what `filters` name: a client that asks for a label by its
/// value knows it already, and one that asks for its key alone learns no value.
pub fn public(snapshot: &Snapshot, filters: &[Filter]) -> Snapshot {
    let mut told = snapshot.clone();
    for row in told.engines.values_mut().flat_map(Observed::rows_mut) {
        hide_labels(&mut row.labels, filters);
    }
    for other in &mut told.other_engines {
        let rows = other.containers.rows_mut().iter_mut();
        rows.for_each(|row: &mut Container| hide_labels(&mut row.labels, filters));
    }
    for bridge in told.switch.values_mut().flat_map(Observed::rows_mut) {
        hide_ids(&mut bridge.external_ids);
        let hides = |ids: &BTreeMap<String, String>| ids.keys().any(|key| !dialects::is_read(key));
        for port in &mut bridge.ports {
            if hides(&port.external_ids) || hides(&port.port_external_ids) {
                let port = Arc::make_mut(port);
                hide_ids(&mut port.external_ids);
                hide_ids(&mut port.port_external_ids);
            }
        }
    }
    told
}

fn hide_labels(labels: &mut BTreeMap<String, String>, filters: &[Filter]) {
    let asked: Vec<_> = filters.iter().filter_map(Filter::label).collect();
    labels.retain(|key, value| {
        let by_value = asked.contains(&(key, Some(value)));
        if port_record::is_own_label(key) || by_value {
            return true;
        }
        value.clear();
        asked.contains(&(key, None))
    });
}

fn hide_ids(ids: &mut BTreeMap<String, String>) {
    ids.retain(|key, _| dialects::is_read(key));
}

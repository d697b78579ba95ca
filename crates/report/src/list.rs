//! The list of attachments: what `docker ovs ls` shows and `/v1/attachments` answers.

use std::collections::HashMap;

use model::filter::{Facts, Filter, Filters};
use model::snapshot::Container;
use model::wiring::{Attachment, LastTenant, SwitchPort};
use model::{Snapshot, Wiring};

use crate::v1;

/// Which attachments are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those that pass all of these.
    pub filters: Vec<Filter>,
    /// Also orphaned ports: those whose link is gone.
    pub all: bool,
}

/// The attachments that are wanted, a row for each tenant, by name and index.
pub fn list(snapshot: &Snapshot, wiring: &Wiring, wanted: &Wanted) -> Vec<v1::Attachment> {
    let mut rows = living(snapshot, wiring, &wanted.filters);
    if wanted.all {
        rows.extend(orphaned(wiring, &wanted.filters));
    }
    rows.sort_by(|a, b| {
        (&a.container, a.ifindex, &a.port).cmp(&(&b.container, b.ifindex, &b.port))
    });
    rows
}

fn living(snapshot: &Snapshot, wiring: &Wiring, filters: &[Filter]) -> Vec<v1::Attachment> {
    let known = labelled(snapshot, filters);
    let all = wiring.attachments.iter();
    let tenancies = all.flat_map(|a| a.tenants.iter().map(move |who| (a, who)));
    let pass = |a: &Attachment, who: &model::wiring::ContainerRef| {
        Filters(filters).pass(a, who, known.get(&*who.id.0).copied())
    };
    tenancies
        .filter(|(a, who)| pass(a, who))
        .map(|(a, who)| v1::Attachment::new(a, Some(who)))
        .collect()
}

/// The containers by id, where a filter looks at labels; nothing else needs them.
fn labelled<'a>(snapshot: &'a Snapshot, filters: &[Filter]) -> HashMap<&'a str, &'a Container> {
    if !filters.iter().any(Filter::needs_labels) {
        return HashMap::new();
    }
    let all = snapshot.containers();
    all.map(|row| (&*row.id.0, row)).collect()
}

fn orphaned(wiring: &Wiring, filters: &[Filter]) -> Vec<v1::Attachment> {
    let ports = wiring.ports.iter();
    let orphans = ports.filter_map(|row| Some((row, row.occupant.last_tenant()?)));
    let passing = orphans.filter(|(row, last)| Filters(filters).agree(&facts(row, last)));
    passing.map(|(row, last)| v1::Attachment::orphaned(row, last)).collect()
}

fn facts<'a>(row: &'a SwitchPort, last: &'a LastTenant) -> Facts<'a> {
    let known = last.container.as_ref();
    Facts {
        name: known.map_or(&last.words, |known| &known.name),
        id: known.map_or(&last.words, |known| &known.id.0),
        bridge: Some(&row.bridge),
        vlan: row.port.tag,
        status: v1::State::Orphaned.word(),
        labels: None,
    }
}

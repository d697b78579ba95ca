//! The list of attachments: what `docker ovs ls` shows and `/v1/attachments` answers.

use std::collections::HashMap;

use model::filter::{Filter, FilterFields, Filters, Labels};
use model::ids::ContainerId;
use model::snapshot::{Container, EngineName};
use model::told::TENANTS;
use model::vlan::Vlans;
use model::wiring::{Attachment, PortRef};
use model::{Snapshot, Wiring};

use crate::v1;

/// Which attachments are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those on this bridge or fake bridge.
    pub bridge: Option<String>,
    /// Those that pass all of these.
    pub filters: Vec<Filter>,
    /// Also orphaned ports, those whose link is gone; those that a filter asks for in any case.
    pub all: bool,
}

impl Wanted {
    fn among(&self, snapshot: &Snapshot) -> Self {
        let filters = Filter::among(&self.filters, snapshot.containers_called());
        Self { filters, ..self.clone() }
    }

    fn has_orphans(&self) -> bool {
        self.all || self.filters.iter().any(Filter::wants_orphans)
    }

    /// Whether it is about some ports, and not about all.
    fn is_about_ports(&self) -> bool {
        self.bridge.is_some() || self.filters.iter().any(Filter::is_of_port)
    }

    /// The ports that it is about, in words, as `on br0 or br1 and in VLAN 20`; empty where it is about all.
    pub fn ports_in_words(&self) -> String {
        let filtered = |key: &str| -> Vec<_> {
            let pairs = self.filters.iter().map(Filter::pair);
            pairs.filter(|pair| pair.0 == key).map(|pair| pair.1).collect()
        };
        let bridges: Vec<_> =
            self.bridge.as_deref().into_iter().chain(filtered("bridge")).collect();
        let groups = [("on", bridges), ("in VLAN", filtered("vlan"))].into_iter();
        let groups = groups.filter(|(_, names)| !names.is_empty());
        let words = groups.map(|(how, names)| format!("{how} {}", names.join(" or ")));
        words.collect::<Vec<_>>().join(" and ")
    }
}

/// The attachments that are wanted, a row for each tenant, by name and index.
pub fn list(snapshot: &Snapshot, wiring: &Wiring, wanted: &Wanted) -> Vec<v1::Attachment> {
    let wanted = &wanted.among(snapshot);
    let is_wanted =
        |found: &Attachment| wanted.bridge.as_ref().is_none_or(|name| found.is_on(name));
    let (mut rows, _) = living(snapshot, wiring, wanted, is_wanted);
    if wanted.has_orphans() {
        rows.extend(orphaned(snapshot, wiring, wanted));
    }
    rows.sort_by(|a, b| {
        (&a.container, a.ifindex, &a.port).cmp(&(&b.container, b.ifindex, &b.port))
    });
    rows
}

/// How many rows a list leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Although they may be on a port that is wanted: on which one they are is unknown.
    pub undecided: usize,
    /// Although they are wanted: so many containers share their interfaces.
    pub crowded: usize,
}

/// How many rows the list leaves out.
pub fn left_out(snapshot: &Snapshot, wiring: &Wiring, wanted: &Wanted) -> LeftOut {
    // Without either there is nothing to leave out, and all rows would be made once more to know it.
    let has_crowd = wiring.attachments.iter().any(|found| found.tenants.len() > TENANTS);
    if !has_crowd && !wanted.is_about_ports() {
        return LeftOut::default();
    }
    let wanted = &wanted.among(snapshot);
    let is_wanted =
        |found: &Attachment| wanted.bridge.as_ref().is_none_or(|name| found.is_on(name));
    let crowded = if has_crowd { living(snapshot, wiring, wanted, is_wanted).1 } else { 0 };
    if !wanted.is_about_ports() {
        return LeftOut { undecided: 0, crowded };
    }
    let (of_port, others): (Vec<_>, Vec<_>) =
        wanted.filters.iter().cloned().partition(Filter::is_of_port);
    let anywhere = Wanted { filters: others, ..Wanted::default() };
    let is_left_out = |found: &Attachment| {
        found.may_be_anywhere() && !(is_wanted(found) && Filters(&of_port).pass_namespace(found))
    };
    let (undecided, _) = living(snapshot, wiring, &anywhere, is_left_out);
    LeftOut { undecided: undecided.len(), crowded }
}

/// Whether a port is on a bridge that the question is about.
fn is_asked(port: &PortRef, wanted: &Wanted) -> bool {
    let mut filtered = wanted.filters.iter().filter_map(Filter::bridge).peekable();
    wanted.bridge.as_ref().is_none_or(|bridge| port.is_on(bridge))
        && (filtered.peek().is_none() || filtered.any(|bridge| port.is_on(bridge)))
}

/// The rows, and how many others there are of links that more containers share than are told.
fn living(
    snapshot: &Snapshot,
    wiring: &Wiring,
    wanted: &Wanted,
    is_wanted: impl Fn(&Attachment) -> bool,
) -> (Vec<v1::Attachment>, usize) {
    let known = labelled(snapshot, &wanted.filters);
    let pass = |a: &Attachment, who: &model::wiring::ContainerRef| {
        Filters(&wanted.filters).pass(a, who, known.get(&(&who.engine, &who.id)).copied())
    };
    let mut rows = Vec::with_capacity(wiring.attachments.len());
    let mut crowded = 0;
    for found in &wiring.attachments {
        let found = found.narrowed_to(wiring, |port| is_asked(port, wanted));
        if !is_wanted(&found) {
            continue;
        }
        let mut tenants = found.tenants.iter().filter(|who| pass(&found, who));
        let told = tenants.by_ref().take(TENANTS);
        rows.extend(told.map(|who| v1::Attachment::new(&found, Some(who))));
        crowded += tenants.count();
    }
    (rows, crowded)
}

/// The containers by their engine and id, where a filter looks at labels; nothing else needs them.
fn labelled<'a>(
    snapshot: &'a Snapshot,
    filters: &[Filter],
) -> HashMap<(&'a EngineName, &'a ContainerId), &'a Container> {
    if !filters.iter().any(Filter::needs_labels) {
        return HashMap::new();
    }
    let all = snapshot.containers_by_engine();
    all.map(|(engine, row)| ((engine, &row.id), row)).collect()
}

fn orphaned(snapshot: &Snapshot, wiring: &Wiring, wanted: &Wanted) -> Vec<v1::Attachment> {
    let Wanted { filters, bridge, .. } = wanted;
    let known = labelled(snapshot, filters);
    let fields =
        |row| FilterFields::of_orphaned(row, |who| known.get(&(&who.engine, &who.id)).copied());
    let ports = wiring.ports.iter();
    let ports = ports.filter(|row| bridge.as_ref().is_none_or(|bridge| row.is_on(bridge)));
    let orphans = ports.filter_map(|row| Some((row, row.occupant.last_tenant()?)));
    let passing = orphans.filter(|(row, _)| Filters(filters).agree(&fields(row)));
    passing.map(|(row, last)| v1::Attachment::orphaned(row, last)).collect()
}

/// Keeps those of all rows that were told that pass all filters; labels they have none.
pub fn retain<R>(rows: &mut Vec<R>, filters: &[Filter], of: impl Fn(&R) -> &v1::Attachment) {
    let called = rows.iter().map(|row| (&*of(row).engine, &*of(row).container));
    let filters = Filter::among(filters, called);
    rows.retain(|row| passes(&filters, of(row)));
}

/// Whether a row that was told passes all filters, as [`Filter::among`] has them; labels it has none.
/// It passes at one of its ports.
pub fn passes(filters: &[Filter], row: &v1::Attachment) -> bool {
    let places = row.places();
    if places.is_empty() {
        return agrees(filters, row, None);
    }
    places.iter().any(|place| agrees(filters, row, Some(place)))
}

/// The ports of a row that passes all filters, which themselves pass those that are about ports.
pub fn fleet_ports(filters: &[Filter], row: &v1::FleetAttachment) -> Vec<v1::FleetPort> {
    let of_ports =
        filters.iter().filter(|filter| filter.bridge().is_some() || filter.needs_vlans());
    let of_ports: Vec<_> = of_ports.cloned().collect();
    row.ports(|place| agrees(&of_ports, &row.attachment, Some(place)))
}

fn agrees(filters: &[Filter], row: &v1::Attachment, place: Option<&v1::PortPlace>) -> bool {
    let vlans = place.and_then(|place| {
        Some(Vlans {
            mode: place.vlan_mode?.into(),
            tag: place.vlan,
            trunks: place.trunks.clone(),
            cvlans: place.cvlans.clone(),
        })
    });
    Filters(filters).agree(&FilterFields {
        name: &row.container,
        engine: Some(&row.engine),
        id: &row.id,
        interface: Some(&row.interface),
        bridge: place.map(|place| place.bridge.as_str()),
        fake_bridge: place.and_then(|place| place.fake_bridge.as_deref()),
        vlans,
        status: row.state.word(),
        labels: Labels::NoContainer,
    })
}

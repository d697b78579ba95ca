//! The switch's side: every port, and who is on it.

use std::sync::Arc;

use crate::endpoint_record::EndpointRecord;
use crate::evidence::Note;
use crate::ids::{Nsid, OfPort};
use crate::port_record::PortRecord;
use crate::snapshot::{Link, Scope};
use crate::switch::Port;
use crate::wiring::{Attachment, LastTenant, Occupant, Plug, SwitchPort};

use super::claims::Claims;
use super::entries::{PerPort, PortEntry, PortIx};
use super::group::OneOrMore;
use super::halves;
use super::index::Index;
use super::notes::port_notes;
use super::port_link::has_link;

pub(crate) const TUNNELS: [&str; 13] = [
    "bareudp",
    "erspan",
    "geneve",
    "gre",
    "gre64",
    "gtpu",
    "ip6erspan",
    "ip6gre",
    "ipsec_gre",
    "lisp",
    "srv6",
    "stt",
    "vxlan",
];

/// All ports, by bridge, then number.
pub(super) fn switch_ports(
    index: &Index<'_>,
    claims: &Claims<'_, '_>,
    occupancy: Occupancy,
) -> Vec<SwitchPort> {
    let row = |((ix, entry), (plugs, unproven)): ((PortIx, &PortEntry<'_>), (_, Vec<Note>))| {
        let mut notes = port_notes(index, entry);
        notes.extend(unproven);
        SwitchPort {
            bridge: entry.bridge.name.clone(),
            datapath_id: entry.bridge.datapath_id,
            fake_bridge: entry.fake_bridge(),
            port: with_dp_port(entry),
            ofports: entry.ofports,
            occupant: named(index, claims, ix, occupant(index, claims, ix, plugs)),
            notes,
        }
    };
    let all = index.ports.iter().zip(occupancy.0.into_values()).collect();
    halves::map(all, || (), |(), port| row(port))
}

/// Only the control socket knows the datapath port; a row that has nothing to learn is shared.
fn with_dp_port(entry: &PortEntry<'_>) -> Arc<Port> {
    if entry.dp_port == entry.port.dp_port {
        return Arc::clone(entry.port);
    }
    Arc::new(Port { dp_port: entry.dp_port, ..Port::clone(entry.port) })
}

/// The links on each port.
pub(super) struct Occupancy(PerPort<(OneOrMore<Plug>, Vec<Note>)>);

impl Occupancy {
    pub(super) fn new(index: &Index<'_>) -> Self {
        Self(PerPort::new(&index.ports))
    }

    pub(super) fn add(&mut self, index: &Index<'_>, port: PortIx, attachment: &Attachment) {
        let (plugs, notes) = self.0.get_mut(port);
        // What the plug rests on is uncertain of the port too; not what it rests on at another one.
        let is_here = |label: &str| *label == index.ports[port].label();
        let unproven = |note: &&Note| match note {
            Note::NotProven { port, .. } | Note::NamesAnother { port, .. } => is_here(port),
            _ => false,
        };
        notes.extend(attachment.notes.iter().filter(unproven).cloned());
        plugs.push(Plug {
            tenants: attachment.tenants.clone(),
            netns: attachment.netns,
            netns_names: attachment.netns_names.clone(),
            interface: attachment.link.name.clone(),
        });
    }
}

fn occupant(
    index: &Index<'_>,
    claims: &Claims<'_, '_>,
    ix: PortIx,
    plugs: OneOrMore<Plug>,
) -> Occupant {
    if !plugs.is_empty() {
        return Occupant::Plugged { plugs: plugs.into_vec() };
    }
    let entry = &index.ports[ix];
    match entry.port.kind.as_str() {
        _ if is_local(entry) => Occupant::Local,
        kind if has_link(kind) && index.foreign_switch().is_some() => {
            Occupant::Unknown { why: index.foreign_switch().unwrap_or_default() }
        }
        "patch" => patch(index, entry.port),
        kind if TUNNELS.contains(&kind) => Occupant::Tunnel { remote: remote(entry.port) },
        "system" | "afxdp" | "afxdp-nonpmd" => system(index, claims, ix),
        "" => without_kind(index, entry),
        "internal" | "tap" => made_by_the_switch(index, entry),
        kind => Occupant::Unknown { why: format!("a port of type {kind} has no kernel link") },
    }
}

/// Where the switch's links are not known, the container that a row names is all there is: no proof, but told.
fn named(index: &Index<'_>, claims: &Claims<'_, '_>, ix: PortIx, occupant: Occupant) -> Occupant {
    if index.switch_unknown().is_none() {
        return occupant;
    }
    match (occupant, last(index, claims, ix)) {
        (Occupant::Unknown { why }, Some(owner)) => {
            Occupant::Unknown { why: format!("{why}; its external_ids name {owner}") }
        }
        (occupant, _) => occupant,
    }
}

fn is_local(entry: &PortEntry<'_>) -> bool {
    entry.port.ofport.assigned() == Some(OfPort::LOCAL)
        || (entry.port.kind == "internal" && entry.port.iface == entry.bridge.name)
}

/// Two patch ports are joined where each names the other (ovs-vswitchd.conf.db(5), Interface `options:peer`).
fn patch(index: &Index<'_>, port: &Port) -> Occupant {
    let peer = port.options.get("peer").cloned().unwrap_or_default();
    let names_it_back = |entry: &&PortEntry<'_>| {
        entry.port.kind == "patch"
            && entry.port.options.get("peer").is_some_and(|back| *back == *port.iface)
    };
    let other = index.ports.named(&peer).iter().map(|ix| &index.ports[*ix]).find(names_it_back);
    Occupant::Patch { bridge: other.map(|entry| entry.bridge.name.clone()), peer }
}

fn remote(port: &Port) -> String {
    port.options.get("remote_ip").cloned().unwrap_or_else(|| "any".to_owned())
}

/// A system port's link lives in the switch's namespace; where it is proven to be in none, the
/// port is orphaned.
fn system(index: &Index<'_>, claims: &Claims<'_, '_>, ix: PortIx) -> Occupant {
    match (index.ports[ix].link, not_proven(index, &index.ports[ix])) {
        (Some(link), _) => living(index, link),
        (None, None) => Occupant::Orphaned { last: last(index, claims, ix) },
        (None, Some(why)) => Occupant::Unknown { why },
    }
}

/// Where no engine knows the container any more, by the name that `connect` wrote down.
fn last(index: &Index<'_>, claims: &Claims<'_, '_>, ix: PortIx) -> Option<LastTenant> {
    let last = claims.owner(ix)?;
    let port = index.ports[ix].port;
    let name = PortRecord::of(port).and_then(|record| record.name);
    let name = name.or_else(|| EndpointRecord::of(port)?.name);
    match (&last.container, name) {
        (None, Some(words)) => Some(LastTenant { words, ..last }),
        _ => Some(last),
    }
}

fn living(index: &Index<'_>, link: &Link) -> Occupant {
    let away = link.peer.and_then(|peer| peer.nsid);
    match away.filter(|_| link.is_paired()) {
        Some(nsid) => Occupant::Unknown { why: far_away(index, link, nsid) },
        None if link.is_paired() && link.peer.is_none() => {
            Occupant::Unknown { why: "the kernel does not name its other end".to_owned() }
        }
        None => Occupant::Host { link: link.kind.clone() },
    }
}

/// Why no container was found at the other end of a veth that leaves the switch's namespace.
fn far_away(index: &Index<'_>, link: &Link, nsid: Nsid) -> String {
    let here = index.switch_namespace();
    let there = here.and_then(|here| index.namespace(*here.nsids.get(&nsid)?));
    match there {
        None => format!("its other end is in a namespace {}", index.unread_because()),
        Some(there) if !there.is_read() => {
            "its other end is in a namespace that could not be read".to_owned()
        }
        Some(_) if index.ports.of_link(link.ifindex).len() > 1 => {
            "several ports have its link".to_owned()
        }
        Some(_) => "the link at its other end changed during the look".to_owned(),
    }
}

/// Not every switch source tells the kind of a port; without it a missing link proves nothing.
fn without_kind(index: &Index<'_>, entry: &PortEntry<'_>) -> Occupant {
    match entry.link {
        Some(link) => living(index, link),
        None => Occupant::Unknown { why: "this source does not tell its kind".to_owned() },
    }
}

/// The link of an internal port or a tap that is not here may live in any namespace: never orphaned.
fn made_by_the_switch(index: &Index<'_>, entry: &PortEntry<'_>) -> Occupant {
    match entry.link {
        Some(link) if entry.port.kind == "tap" => living(index, link),
        Some(_) => Occupant::Host { link: Some("internal".to_owned()) },
        None => Occupant::Unknown {
            why: not_proven(index, entry).unwrap_or_else(|| unplaced(entry.port)),
        },
    }
}

/// Why it is not known where the link of an internal port is. One that vswitchd could not open may
/// never have been made, as is one of Open vSwitch 4.0 whose name is too long for a link.
fn unplaced(port: &Port) -> String {
    let seen = port.error.as_ref().map_or_else(
        || "its link left the switch's namespace".to_owned(),
        |error| format!("vswitchd could not open it ({error})"),
    );
    format!("{seen}, and no link that was read is known to be it")
}

/// Why a link that was not found may be there all the same. Absence proves something only in a
/// whole look at a switch that is known, whose rows and links are both of now, and where the
/// index that vswitchd holds leads nowhere either.
fn not_proven(index: &Index<'_>, entry: &PortEntry<'_>) -> Option<String> {
    let old = || index.old_switch().map(|why| format!("its row is an old one: {why}"));
    let unread = || {
        let read = index.scope == Scope::Everything && index.switch_is_read();
        (!read).then(|| "the switch's namespace was not read".to_owned())
    };
    let unknown = index.switch_unknown().or_else(unread).or_else(old);
    unknown
        .or_else(|| index.unidentified())
        .or_else(|| entry.of_link.doubt.as_ref().map(|doubt| doubt.why.clone()))
        .or_else(|| index.ports.renaming(entry))
}

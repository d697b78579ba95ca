//! The switch's side: every port, and who is on it.

use std::sync::Arc;

use crate::ids::{Nsid, OfPort};
use crate::port_record::PortRecord;
use crate::snapshot::{Link, Scope};
use crate::switch::Port;
use crate::wiring::{Attachment, LastTenant, Occupant, Plug, SwitchPort};

use super::claims::Claims;
use super::entries::{PerPort, PortEntry, PortIx};
use super::group::OneOrMore;
use super::index::Index;
use super::notes::port_notes;

const TUNNELS: [&str; 13] = [
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
    let row = |((ix, entry), plugs): ((PortIx, &PortEntry<'_>), _)| SwitchPort {
        bridge: entry.bridge.name.clone(),
        datapath_id: entry.bridge.datapath_id,
        port: with_dp_port(entry),
        ofports: entry.ofports,
        occupant: occupant(index, claims, ix, plugs),
        notes: port_notes(index, entry),
    };
    index.ports.iter().zip(occupancy.0.into_values()).map(row).collect()
}

/// Only the control socket knows the datapath port; a row that has nothing to learn is shared.
fn with_dp_port(entry: &PortEntry<'_>) -> Arc<Port> {
    if entry.dp_port == entry.port.dp_port {
        return Arc::clone(entry.port);
    }
    Arc::new(Port { dp_port: entry.dp_port, ..Port::clone(entry.port) })
}

/// The links on each port.
pub(super) struct Occupancy(PerPort<OneOrMore<Plug>>);

impl Occupancy {
    pub(super) fn new(index: &Index<'_>) -> Self {
        Self(PerPort::new(&index.ports))
    }

    pub(super) fn add(&mut self, port: PortIx, attachment: &Attachment) {
        self.0.get_mut(port).push(Plug {
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
        "patch" => patch(index, entry.port),
        kind if TUNNELS.contains(&kind) => Occupant::Tunnel { remote: remote(entry.port) },
        "system" | "afxdp" | "tap" => system(index, claims, ix),
        "" => without_kind(index, entry),
        "internal" => internal(index, entry),
        kind => Occupant::Unknown { why: format!("a port of type {kind} has no kernel link") },
    }
}

fn is_local(entry: &PortEntry<'_>) -> bool {
    entry.port.ofport.assigned() == Some(OfPort::LOCAL)
        || (entry.port.kind == "internal" && entry.port.iface == entry.bridge.name)
}

fn patch(index: &Index<'_>, port: &Port) -> Occupant {
    let peer = port.options.get("peer").cloned().unwrap_or_default();
    let port = index.ports.named(&peer).first().map(|ix| &index.ports[*ix]);
    Occupant::Patch { bridge: port.map(|entry| entry.bridge.name.clone()), peer }
}

fn remote(port: &Port) -> String {
    port.options.get("remote_ip").cloned().unwrap_or_else(|| "any".to_owned())
}

/// The link of a system port bears its name; when a whole look finds none, the port is orphaned.
fn system(index: &Index<'_>, claims: &Claims<'_, '_>, ix: PortIx) -> Occupant {
    match index.ports[ix].link {
        Some(link) => living(index, link),
        None if can_tell(index) => Occupant::Orphaned { last: last(index, claims, ix) },
        None => unread(index),
    }
}

/// Where no engine knows the container any more, by the name that `connect` wrote down.
fn last(index: &Index<'_>, claims: &Claims<'_, '_>, ix: PortIx) -> Option<LastTenant> {
    let last = claims.owner(ix)?;
    let name = PortRecord::of(index.ports[ix].port).and_then(|record| record.name);
    match (&last.container, name) {
        (None, Some(words)) => Some(LastTenant { words, ..last }),
        _ => Some(last),
    }
}

fn living(index: &Index<'_>, link: &Link) -> Occupant {
    let away = link.peer.and_then(|peer| peer.nsid);
    match away.filter(|_| link.is_paired()) {
        Some(nsid) => Occupant::Unknown { why: far_away(index, nsid).to_owned() },
        None => Occupant::Host { link: link.kind.clone() },
    }
}

/// Why no container was found at the other end of a veth that leaves the switch's namespace.
fn far_away(index: &Index<'_>, nsid: Nsid) -> &'static str {
    let here = index.switch_namespace();
    let there = here.and_then(|here| index.namespace(*here.nsids.get(&nsid)?));
    match there {
        None => "its other end is in a namespace of no container",
        Some(there) if there.source_error.is_some() => {
            "its other end is in a namespace that could not be read"
        }
        Some(_) => "the link at its other end changed during the look",
    }
}

/// Not every switch source tells the kind of a port; without it a missing link proves nothing.
fn without_kind(index: &Index<'_>, entry: &PortEntry<'_>) -> Occupant {
    match entry.link {
        Some(link) => living(index, link),
        None => Occupant::Unknown { why: "this source does not tell its kind".to_owned() },
    }
}

/// An internal port without a link here may live in any namespace: never orphaned.
fn internal(index: &Index<'_>, entry: &PortEntry<'_>) -> Occupant {
    match entry.link {
        Some(_) => Occupant::Host { link: Some("internal".to_owned()) },
        None if can_tell(index) => Occupant::Unknown {
            why: "its link was moved to a namespace of no container".to_owned(),
        },
        None => unread(index),
    }
}

fn unread(index: &Index<'_>) -> Occupant {
    let why = index.switch_netns_error.unwrap_or("the switch's namespace was not read");
    Occupant::Unknown { why: why.to_owned() }
}

/// Absence proves something only after a whole look that succeeded.
fn can_tell(index: &Index<'_>) -> bool {
    let here = index.switch_namespace();
    index.scope == Scope::Everything
        && index.kernel_known
        && here.is_some_and(|ns| ns.source_error.is_none())
}

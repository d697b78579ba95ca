//! The switch's side: every port, and who is on it.

use std::sync::Arc;

use crate::ids::{Nsid, OfPort};
use crate::mark::Mark;
use crate::snapshot::{Link, Scope};
use crate::switch::Port;
use crate::wiring::{Attachment, LastTenant, Occupant, Plug, SwitchPort};

use super::index::{Facts, Few, Seat};

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

/// All ports, by bridge, then number; `plugs` has what is on each.
pub(super) fn ports(facts: &Facts<'_>, plugs: Plugs) -> Vec<SwitchPort> {
    let row = |((i, seat), plugs): ((usize, &Seat<'_>), Few<Plug>)| SwitchPort {
        bridge: seat.bridge.name.clone(),
        datapath_id: seat.bridge.datapath_id,
        port: with_dp_port(seat),
        routes: seat.routes,
        occupant: occupant(facts, i, plugs),
        notes: seat.doubts(facts),
    };
    facts.seats.iter().enumerate().zip(plugs.0).map(row).collect()
}

/// Only the control socket knows the datapath port; a row that has nothing to learn is shared.
fn with_dp_port(seat: &Seat<'_>) -> Arc<Port> {
    if seat.dp_port == seat.port.dp_port {
        return Arc::clone(seat.port);
    }
    Arc::new(Port { dp_port: seat.dp_port, ..Port::clone(seat.port) })
}

/// What is on each seat, in the order of the seats.
pub(super) struct Plugs(Vec<Few<Plug>>);

impl Plugs {
    pub(super) fn none(facts: &Facts<'_>) -> Self {
        Self(vec![Few::new(); facts.seats.len()])
    }

    pub(super) fn add(&mut self, seat: usize, attachment: &Attachment) {
        self.0[seat].push(Plug {
            tenants: attachment.tenants.clone(),
            netns: attachment.netns,
            interface: attachment.link.name.clone(),
        });
    }
}

fn occupant(facts: &Facts<'_>, index: usize, plugs: Few<Plug>) -> Occupant {
    if !plugs.is_empty() {
        return Occupant::Plugged { plugs: plugs.into_vec() };
    }
    let seat = &facts.seats[index];
    match seat.port.kind.as_str() {
        _ if is_local(seat) => Occupant::Local,
        "patch" => patch(facts, seat.port),
        kind if TUNNELS.contains(&kind) => Occupant::Tunnel { remote: remote(seat.port) },
        "system" | "afxdp" | "tap" => system(facts, index),
        "" => untold(facts, seat),
        "internal" => internal(facts, seat),
        kind => Occupant::Unknown { why: format!("a port of type {kind} has no kernel link") },
    }
}

fn is_local(seat: &Seat<'_>) -> bool {
    seat.port.ofport.assigned() == Some(OfPort::LOCAL)
        || (seat.port.kind == "internal" && seat.port.iface == seat.bridge.name)
}

fn patch(facts: &Facts<'_>, port: &Port) -> Occupant {
    let peer = port.options.get("peer").cloned().unwrap_or_default();
    let seat = facts.seats_named(&peer).first().map(|seat| &facts.seats[*seat]);
    Occupant::Patch { bridge: seat.map(|seat| seat.bridge.name.clone()), peer }
}

fn remote(port: &Port) -> String {
    port.options.get("remote_ip").cloned().unwrap_or_else(|| "any".to_owned())
}

/// The link of a system port bears its name; when a whole look finds none, the port is an orphan.
fn system(facts: &Facts<'_>, index: usize) -> Occupant {
    match facts.seats[index].link {
        Some(link) => living(facts, link),
        None if can_tell(facts) => Occupant::LeftBehind { last: last(facts, index) },
        None => unread(),
    }
}

/// Where no engine knows the container any more, by the name that we wrote down.
fn last(facts: &Facts<'_>, index: usize) -> Option<LastTenant> {
    let last = facts.claims.owner(index)?;
    let name = Mark::of(facts.seats[index].port).and_then(|mark| mark.name);
    match (&last.container, name) {
        (None, Some(words)) => Some(LastTenant { words, ..last }),
        _ => Some(last),
    }
}

fn living(facts: &Facts<'_>, link: &Link) -> Occupant {
    let away = link.peer.and_then(|peer| peer.nsid);
    match away.filter(|_| link.kind.as_deref() == Some("veth")) {
        Some(nsid) => Occupant::Unknown { why: far_away(facts, nsid).to_owned() },
        None => Occupant::Host { link: link.kind.clone() },
    }
}

/// Why nobody was found at the other end of a veth that leaves the switch's namespace.
fn far_away(facts: &Facts<'_>, nsid: Nsid) -> &'static str {
    let here = facts.switch_netns.and_then(|id| facts.namespace(id));
    let there = here.and_then(|here| facts.namespace(*here.nsids.get(&nsid)?));
    match there {
        None => "its other end is in a namespace of no container",
        Some(there) if there.trouble.is_some() => {
            "its other end is in a namespace that could not be read"
        }
        Some(_) => "the link at its other end changed during the look",
    }
}

/// Not every road tells the kind of a port; without it a missing link proves nothing.
fn untold(facts: &Facts<'_>, seat: &Seat<'_>) -> Occupant {
    match seat.link {
        Some(link) => living(facts, link),
        None => Occupant::Unknown { why: "this road does not tell its kind".to_owned() },
    }
}

/// An internal port without a link here may live in any namespace: never an orphan.
fn internal(facts: &Facts<'_>, seat: &Seat<'_>) -> Occupant {
    match seat.link {
        Some(_) => Occupant::Host { link: Some("internal".to_owned()) },
        None if can_tell(facts) => Occupant::Unknown {
            why: "its link was moved to a namespace of no container".to_owned(),
        },
        None => unread(),
    }
}

fn unread() -> Occupant {
    Occupant::Unknown { why: "the switch's namespace was not read".to_owned() }
}

/// Absence proves something only after a whole look that succeeded.
fn can_tell(facts: &Facts<'_>) -> bool {
    let here = facts.switch_netns.and_then(|id| facts.namespace(id));
    facts.scope == Scope::Everything
        && facts.kernel_known
        && here.is_some_and(|ns| ns.trouble.is_none())
}

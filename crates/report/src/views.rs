//! Which columns each kind of row is shown in.

use model::ids::OfPort;

use crate::format::{Column, View};
use crate::v1::{Attachment, Check, Explanation, Match, Port};

const INTERFACE: Column<Attachment> = ("INTERFACE", |row| row.interface.clone());
const BRIDGE: Column<Attachment> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const OFPORT: Column<Attachment> = ("OFPORT", ofport);
const MAC: Column<Attachment> = ("MAC", |row| dash(row.mac.as_ref()));
const VLAN: Column<Attachment> = ("VLAN", vlan);
const ADDRESSES: Column<Attachment> = ("ADDRESSES", |row| some(row.addresses.join(",")));
const HOST_INTERFACE: Column<Attachment> =
    ("HOST INTERFACE", |row| dash(row.host_interface.as_ref()));

const BARE_OFPORT: Column<Attachment> = ("", |row| number(row.ofport));
const BARE_MAC: Column<Attachment> = ("", |row| row.mac.clone().unwrap_or_default());
const BARE_BRIDGE: Column<Attachment> = ("", |row| row.bridge.clone().unwrap_or_default());

/// The interfaces of one container on one bridge: the article's three fields.
pub const PORT_ON_BRIDGE: View<Attachment> =
    View { table: PORT.table, csv: &[INTERFACE, BARE_OFPORT, BARE_MAC] };

/// The interfaces of one container on any bridge: the article's three fields and the bridge.
pub const PORT: View<Attachment> = View {
    table: &[INTERFACE, BRIDGE, OFPORT, MAC, VLAN, ADDRESSES, HOST_INTERFACE],
    csv: &[INTERFACE, BARE_OFPORT, BARE_MAC, BARE_BRIDGE],
};

const CONTAINER: Column<Attachment> = ("CONTAINER", |row| row.container.clone());
const SHORT_ID: Column<Attachment> = ("CONTAINER ID", |row| short(&row.id));
const FULL_ID: Column<Attachment> = ("CONTAINER ID", |row| row.id.clone());
const STATE: Column<Attachment> = ("STATE", |row| row.state.to_owned());
const BARE_VLAN: Column<Attachment> = ("", |row| number(row.vlan));
const BARE_ADDRESSES: Column<Attachment> = ("", |row| row.addresses.join(" "));
const BARE_HOST: Column<Attachment> = ("", |row| row.host_interface.clone().unwrap_or_default());

const LIST_CSV: &[Column<Attachment>] = &[
    CONTAINER,
    INTERFACE,
    BARE_BRIDGE,
    BARE_OFPORT,
    BARE_MAC,
    BARE_VLAN,
    BARE_ADDRESSES,
    BARE_HOST,
];

/// Every interface of the host's containers.
pub const LIST: View<Attachment> = View {
    table: &[SHORT_ID, CONTAINER, INTERFACE, BRIDGE, OFPORT, MAC, VLAN, ADDRESSES, HOST_INTERFACE],
    csv: LIST_CSV,
};

/// The same with full ids.
pub const LIST_NO_TRUNC: View<Attachment> = View {
    table: &[FULL_ID, CONTAINER, INTERFACE, BRIDGE, OFPORT, MAC, VLAN, ADDRESSES, HOST_INTERFACE],
    csv: LIST_CSV,
};

/// The same with those that were left behind.
pub const LIST_ALL: View<Attachment> = View {
    table: &[
        SHORT_ID,
        CONTAINER,
        INTERFACE,
        BRIDGE,
        OFPORT,
        STATE,
        MAC,
        VLAN,
        ADDRESSES,
        HOST_INTERFACE,
    ],
    csv: LIST_CSV,
};

const P_BRIDGE: Column<Port> = ("BRIDGE", |row| row.bridge.clone());
const P_OFPORT: Column<Port> = ("OFPORT", |row| port_number(row.ofport, row.state));
const P_REQUEST: Column<Port> =
    ("REQUESTED", |row| dash(row.ofport_request.map(|n| n.to_string()).as_ref()));
const P_DP: Column<Port> = ("DPPORT", |row| dash(row.dp_port.map(|n| n.to_string()).as_ref()));
const P_NAME: Column<Port> = ("PORT", |row| row.port.clone());
const P_KIND: Column<Port> = ("KIND", kind);
const P_VLAN: Column<Port> = ("VLAN", |row| vlans(row.vlan, &row.trunks));
const P_WHO: Column<Port> = ("WHO", |row| row.who.clone());

const P_CSV_OFPORT: Column<Port> = ("", |row| number(row.ofport));
const P_CSV_DP: Column<Port> = ("", |row| row.dp_port.map(|n| n.to_string()).unwrap_or_default());
const P_CSV_KIND: Column<Port> = ("", |row| row.kind.clone());
const P_CSV_VLAN: Column<Port> = ("", |row| number(row.vlan));

/// Every port of every bridge.
pub const PORTS: View<Port> = View {
    table: &[P_BRIDGE, P_OFPORT, P_REQUEST, P_DP, P_NAME, P_KIND, P_VLAN, P_WHO],
    csv: &[P_BRIDGE, P_CSV_OFPORT, P_CSV_DP, P_NAME, P_CSV_KIND, P_CSV_VLAN, P_WHO],
};

const M_WHO: Column<Match> = ("WHO", |row| row.who.clone());
const M_BRIDGE: Column<Match> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const M_OFPORT: Column<Match> = ("OFPORT", |row| dash(row.ofport.map(name_number).as_ref()));
const M_MAC: Column<Match> = ("MAC", |row| dash(row.mac.as_ref()));
const M_ADDRESSES: Column<Match> = ("ADDRESSES", |row| some(row.addresses.join(",")));
const M_HOST: Column<Match> = ("HOST INTERFACE", |row| dash(row.host_interface.as_ref()));
const M_BY: Column<Match> = ("MATCHED BY", |row| row.by.clone());
const M_CSV_BRIDGE: Column<Match> = ("", |row| row.bridge.clone().unwrap_or_default());
const M_CSV_OFPORT: Column<Match> = ("", |row| number(row.ofport));
const M_CSV_MAC: Column<Match> = ("", |row| row.mac.clone().unwrap_or_default());

/// Whoever a clue belongs to.
pub const WHO: View<Match> = View {
    table: &[M_WHO, M_BRIDGE, M_OFPORT, M_MAC, M_ADDRESSES, M_HOST, M_BY],
    csv: &[M_WHO, M_CSV_BRIDGE, M_CSV_OFPORT, M_CSV_MAC],
};

/// Only for JSON and templates: the table of an explanation is [`crate::explain`].
pub const EXPLANATION: View<Explanation> = View {
    table: &[("INTERFACE", |row| row.attachment.interface.clone())],
    csv: &[("", |row| row.attachment.interface.clone())],
};

const CHECK: Column<Check> = ("CHECK", |row| row.check.clone());
const VERDICT: Column<Check> = ("VERDICT", |row| row.verdict.clone());
const TARGET: Column<Check> = ("TARGET", |row| some(row.target.clone()));
const DETAIL: Column<Check> = ("DETAIL", |row| row.detail.clone());
const REMEDY: Column<Check> = ("WHAT TO DO", |row| row.remedy.clone());

/// A check-up.
pub const DOCTOR: View<Check> = View {
    table: &[CHECK, VERDICT, TARGET, DETAIL, REMEDY],
    csv: &[CHECK, VERDICT, TARGET, DETAIL, REMEDY],
};

fn dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".to_owned())
}

fn some(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn number(port: Option<u16>) -> String {
    port.map(|port| port.to_string()).unwrap_or_default()
}

/// The number, or the word for why there is none.
fn ofport(row: &Attachment) -> String {
    match (row.ofport, row.state) {
        (Some(port), _) => port.to_string(),
        (None, "none") => "-".to_owned(),
        (None, state) => state.to_owned(),
    }
}

fn vlan(row: &Attachment) -> String {
    vlans(row.vlan, &row.trunks)
}

fn vlans(tag: Option<u16>, trunks: &[u16]) -> String {
    let trunks: Vec<_> = trunks.iter().map(ToString::to_string).collect();
    match (tag, trunks.as_slice()) {
        (None, []) => "-".to_owned(),
        (Some(tag), []) => tag.to_string(),
        (None, _) => format!("trunk {}", trunks.join(",")),
        (Some(tag), _) => format!("{tag}, trunk {}", trunks.join(",")),
    }
}

fn short(id: &str) -> String {
    id.get(..12).unwrap_or(id).to_owned()
}

fn port_number(port: Option<u16>, state: &str) -> String {
    port.map_or_else(|| state.to_owned(), name_number)
}

/// As `ovs-ofctl` names it.
fn name_number(port: u16) -> String {
    if port == OfPort::LOCAL.0 { "LOCAL".to_owned() } else { port.to_string() }
}

/// The kind, with the other end of a patch or tunnel, or the bond.
fn kind(row: &Port) -> String {
    let more = row.remote.as_ref().or(row.bond.as_ref());
    let kind = if row.kind.is_empty() { "-" } else { &row.kind };
    more.map_or_else(|| kind.to_owned(), |more| format!("{kind} ({more})"))
}

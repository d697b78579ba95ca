//! Ports of a bridge.

use super::cells::{dash, name_number, number};
use crate::format::{Column, View};
use crate::v1::vlan::vlans;
use crate::v1::{Port, PortState};

const BRIDGE: Column<Port> = ("BRIDGE", |row| row.bridge.clone());
const OFPORT: Column<Port> = ("OFPORT", |row| port_number(row.ofport, row.state));
const REQUEST: Column<Port> =
    ("REQUESTED", |row| dash(row.ofport_request.map(|n| n.to_string()).as_ref()));
const DP: Column<Port> = ("DPPORT", |row| dash(row.dp_port.map(|n| n.to_string()).as_ref()));
const NAME: Column<Port> = ("PORT", |row| row.port.clone());
const KIND: Column<Port> = ("KIND", kind);
const VLAN: Column<Port> = ("VLAN", vlans);
const WHO: Column<Port> = ("WHO", |row| row.who.clone());

const BARE_OFPORT: Column<Port> = ("", |row| number(row.ofport));
const BARE_DP: Column<Port> = ("", |row| row.dp_port.map(|n| n.to_string()).unwrap_or_default());
const BARE_KIND: Column<Port> = ("", |row| row.kind.clone());
const BARE_VLAN: Column<Port> = ("", |row| number(row.vlan));

/// Every port of every bridge.
pub const PORTS: View<Port> = View {
    table: &[BRIDGE, OFPORT, REQUEST, DP, NAME, KIND, VLAN, WHO],
    csv: &[BRIDGE, BARE_OFPORT, BARE_DP, NAME, BARE_KIND, BARE_VLAN, WHO],
};

fn port_number(port: Option<u16>, state: PortState) -> String {
    port.map_or_else(|| state.to_string(), name_number)
}

/// The kind, with the other end of a patch or tunnel, or the bond.
fn kind(row: &Port) -> String {
    let more = row.peer.as_ref().or(row.remote_ip.as_ref()).or(row.bond.as_ref());
    let kind = if row.kind.is_empty() { "-" } else { &row.kind };
    more.map_or_else(|| kind.to_owned(), |more| format!("{kind} ({more})"))
}

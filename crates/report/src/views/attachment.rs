//! Interfaces of containers.

use model::ids::short_id;

use super::cells::{dash, number, some, unless_unknown};
use crate::format::{Column, View};
use crate::v1::vlan::vlans;
use crate::v1::{Attachment, State, Wire};

pub(super) const INTERFACE: Column<Attachment> = ("INTERFACE", |row| row.interface.clone());
pub(super) const BRIDGE: Column<Attachment> =
    ("BRIDGE", |row| unless_unknown(row.bridge.clone(), row.state));
pub(super) const OFPORT: Column<Attachment> = ("OFPORT", ofport);
pub(super) const MAC: Column<Attachment> = ("MAC", |row| dash(row.mac.as_ref()));
pub(super) const VLAN: Column<Attachment> = ("VLAN", vlan);
pub(super) const ADDRESSES: Column<Attachment> = ("ADDRESSES", |row| some(row.addresses.join(",")));
const HOST_INTERFACE: Column<Attachment> = ("HOST INTERFACE", host_interface);

const BARE_OFPORT: Column<Attachment> = ("", |row| number(row.ofport));
const BARE_MAC: Column<Attachment> = ("", |row| row.mac.clone().unwrap_or_default());
const BARE_BRIDGE: Column<Attachment> = ("", |row| row.bridge.clone().unwrap_or_default());

/// The interfaces of one container on one bridge: what the 2014 script prints.
pub const PORT_ON_BRIDGE: View<Attachment> =
    View { table: PORT.table, csv: &[INTERFACE, BARE_OFPORT, BARE_MAC] };

/// The interfaces of one container on any bridge: what the 2014 script prints, and the bridge.
pub const PORT: View<Attachment> = View {
    table: &[INTERFACE, BRIDGE, OFPORT, MAC, VLAN, ADDRESSES, HOST_INTERFACE],
    csv: &[INTERFACE, BARE_OFPORT, BARE_MAC, BARE_BRIDGE],
};

pub(super) const CONTAINER: Column<Attachment> = ("CONTAINER", |row| row.called.clone());
pub(super) const SHORT_ID: Column<Attachment> =
    ("CONTAINER ID", |row| short_id(&row.id).to_owned());
pub(super) const FULL_ID: Column<Attachment> = ("CONTAINER ID", |row| row.id.clone());
const STATE: Column<Attachment> = ("STATE", |row| row.state.to_string());
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
    STATE,
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

/// The same with orphaned ports.
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

/// The same with full ids.
pub const LIST_ALL_NO_TRUNC: View<Attachment> = View {
    table: &[
        FULL_ID,
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

/// The number, or the word for why there is none.
fn ofport(row: &Attachment) -> String {
    match (row.ofport, row.state) {
        (Some(port), _) => port.to_string(),
        (None, State::None) => "-".to_owned(),
        (None, state) => state.to_string(),
    }
}

fn vlan(row: &Attachment) -> String {
    match row.state {
        State::Unknown => row.state.to_string(),
        _ => vlans(row),
    }
}

/// The other end of a link that could not be followed may be anywhere.
fn host_interface(row: &Attachment) -> String {
    if row.wire == Some(Wire::Unresolved) {
        return unless_unknown(row.host_interface.clone(), row.state);
    }
    dash(row.host_interface.as_ref())
}

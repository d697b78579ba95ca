//! Which columns each kind of row is shown in.

use crate::format::{Column, View};
use crate::v1::{Attachment, Check};

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
    let trunks: Vec<_> = row.trunks.iter().map(ToString::to_string).collect();
    match (row.vlan, trunks.as_slice()) {
        (None, []) => "-".to_owned(),
        (Some(tag), []) => tag.to_string(),
        (None, _) => format!("trunk {}", trunks.join(",")),
        (Some(tag), _) => format!("{tag}, trunk {}", trunks.join(",")),
    }
}

//! The MAC table.

use super::cells::{dash, name_number, number, some};
use crate::format::{Column, View};
use crate::v1::FdbEntry;

const OFPORT: Column<FdbEntry> = ("OFPORT", |row| dash(row.ofport.map(name_number).as_ref()));
const VLAN: Column<FdbEntry> = ("VLAN", |row| row.vlan.to_string());
const MAC: Column<FdbEntry> = ("MAC", |row| row.mac.clone());
const AGE: Column<FdbEntry> = ("AGE", age);
const WHO: Column<FdbEntry> = ("SEEN AT", |row| dash(row.who.as_ref()));
const OWNER: Column<FdbEntry> = ("OWNER", |row| dash(row.owner.as_ref()));
const NOTES: Column<FdbEntry> = ("NOTES", |row| some(row.notes.join("; ")));
const BRIDGE: Column<FdbEntry> = ("", |row| row.bridge.clone());
const BARE_OFPORT: Column<FdbEntry> = ("", |row| number(row.ofport));
const BARE_WHO: Column<FdbEntry> = ("", |row| row.who.clone().unwrap_or_default());
const BARE_OWNER: Column<FdbEntry> = ("", |row| row.owner.clone().unwrap_or_default());

/// The MAC table of a bridge.
pub const FDB: View<FdbEntry> = View {
    table: &[OFPORT, VLAN, MAC, AGE, WHO, OWNER, NOTES],
    csv: &[BRIDGE, BARE_OFPORT, VLAN, MAC, AGE, BARE_WHO, BARE_OWNER],
};

fn age(row: &FdbEntry) -> String {
    row.age.map_or_else(|| "static".to_owned(), |seconds| seconds.to_string())
}

//! What is remembered, and what was left behind.

use super::cells::{dash, number, some};
use crate::format::{Column, View};
use crate::v1::{LeftBehind, Restored};

const CONTAINER: Column<Restored> = ("CONTAINER", |row| row.container.clone());
const INTERFACE: Column<Restored> = ("INTERFACE", |row| row.interface.clone());
const BRIDGE: Column<Restored> = ("BRIDGE", |row| row.bridge.clone());
const OFPORT: Column<Restored> = ("OFPORT", |row| some(number(row.ofport)));
const RESULT: Column<Restored> = ("RESULT", result);
const BARE_OFPORT: Column<Restored> = ("", |row| number(row.ofport));
const BARE_RESULT: Column<Restored> = ("", |row| row.result.to_string());

/// What became of each remembered attachment.
pub const RESTORE: View<Restored> = View {
    table: &[CONTAINER, INTERFACE, BRIDGE, OFPORT, RESULT],
    csv: &[CONTAINER, INTERFACE, BRIDGE, BARE_OFPORT, BARE_RESULT],
};

fn result(row: &Restored) -> String {
    match row.reason.as_str() {
        "" => row.result.to_string(),
        why => format!("{}: {why}", row.result),
    }
}

const LEFT_ON: Column<LeftBehind> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const LEFT_PORT: Column<LeftBehind> = ("PORT", |row| row.port.clone());
const LEFT_OFPORT: Column<LeftBehind> = ("OFPORT", |row| some(number(row.ofport)));
const LEFT_BY: Column<LeftBehind> = ("LEFT BEHIND BY", |row| dash(row.last.as_ref()));
const BARE_ON: Column<LeftBehind> = ("", |row| row.bridge.clone().unwrap_or_default());
const BARE_NUMBER: Column<LeftBehind> = ("", |row| number(row.ofport));
const BARE_BY: Column<LeftBehind> = ("", |row| row.last.clone().unwrap_or_default());

/// What was left behind.
pub const PRUNE: View<LeftBehind> = View {
    table: &[LEFT_ON, LEFT_PORT, LEFT_OFPORT, LEFT_BY],
    csv: &[BARE_ON, LEFT_PORT, BARE_NUMBER, BARE_BY],
};

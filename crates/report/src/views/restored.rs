//! What is remembered, and what is orphaned.

use super::cells::{dash, number, some};
use crate::format::{Column, View};
use crate::v1::{Orphan, Restored};

const CONTAINER: Column<Restored> = ("CONTAINER", |row| row.called.clone());
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

const ORPHAN_ON: Column<Orphan> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const ORPHAN_PORT: Column<Orphan> = ("PORT", |row| row.port.clone());
const ORPHAN_OFPORT: Column<Orphan> = ("OFPORT", |row| some(number(row.ofport)));
const LAST_TENANT: Column<Orphan> = ("LAST TENANT", |row| dash(row.last_tenant.as_ref()));
const BARE_ON: Column<Orphan> = ("", |row| row.bridge.clone().unwrap_or_default());
const BARE_NUMBER: Column<Orphan> = ("", |row| number(row.ofport));
const BARE_TENANT: Column<Orphan> = ("", |row| row.last_tenant.clone().unwrap_or_default());

/// What is orphaned.
pub const PRUNE: View<Orphan> = View {
    table: &[ORPHAN_ON, ORPHAN_PORT, ORPHAN_OFPORT, LAST_TENANT],
    csv: &[BARE_ON, ORPHAN_PORT, BARE_NUMBER, BARE_TENANT],
};

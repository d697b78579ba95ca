//! What changes.

use super::cells::{dash, number};
use crate::format::{Column, View};
use crate::v1::Event;

const TIME: Column<Event> = ("TIME", |row| row.time.clone());
const ACTION: Column<Event> = ("ACTION", |row| row.action.to_string());
const CONTAINER: Column<Event> = ("CONTAINER", |row| row.container.clone());
const INTERFACE: Column<Event> = ("INTERFACE", |row| row.interface.clone());
const BRIDGE: Column<Event> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const OFPORT: Column<Event> = ("OFPORT", |row| number(row.ofport));
const BARE_BRIDGE: Column<Event> = ("", |row| row.bridge.clone().unwrap_or_default());

/// Events, each a row.
pub const EVENTS: View<Event> = View {
    table: &[TIME, ACTION, CONTAINER, INTERFACE, BRIDGE, OFPORT],
    csv: &[TIME, ACTION, CONTAINER, INTERFACE, BARE_BRIDGE, OFPORT],
};

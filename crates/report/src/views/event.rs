//! What changes.

use super::cells::{dash, number};
use crate::format::{Column, View};
use crate::v1::Event;

const TIME: Column<Event> = ("TIME", |row| row.time.clone());
const ACTION: Column<Event> = ("ACTION", |row| row.action.to_string());
const CONTAINER: Column<Event> = ("CONTAINER", container);
const INTERFACE: Column<Event> = ("INTERFACE", |row| row.interface.clone());
const BRIDGE: Column<Event> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const OFPORT: Column<Event> = ("OFPORT", |row| number(row.ofport));
const BARE_BRIDGE: Column<Event> = ("", |row| row.bridge.clone().unwrap_or_default());

/// What the container is called; a namespace without one goes by its own name.
pub(crate) fn container(row: &Event) -> String {
    let called = row.attachment.as_ref().map(|attachment| &attachment.called);
    called.filter(|called| !called.is_empty()).unwrap_or(&row.container).clone()
}

/// Events, each a row.
pub const EVENTS: View<Event> = View {
    table: &[TIME, ACTION, CONTAINER, INTERFACE, BRIDGE, OFPORT],
    csv: &[TIME, ACTION, CONTAINER, INTERFACE, BARE_BRIDGE, OFPORT],
};

//! Flows.

use super::cells::dash;
use crate::format::{Column, View};
use crate::v1::{Flow, FlowChange, FlowField};

const TABLE: Column<Flow> = ("TABLE", |row| row.table.to_string());
const PRIORITY: Column<Flow> = ("PRIORITY", |row| row.priority.to_string());
const PACKETS: Column<Flow> = ("PACKETS", |row| row.packets.to_string());
const BYTES: Column<Flow> = ("BYTES", |row| row.bytes.to_string());
const STALE: Column<Flow> = ("STALE", |row| dash(row.stale.as_ref()));
const TEXT: Column<Flow> = ("FLOW", |row| row.text.clone());
const BRIDGE: Column<Flow> = ("", |row| row.bridge.clone());
const MATCH: Column<Flow> = ("", |row| matches(&row.matches));
const BARE_STALE: Column<Flow> = ("", |row| row.stale.clone().unwrap_or_default());

/// Flows, in columns; as `ovs-ofctl` prints them they are their texts.
pub const FLOWS: View<Flow> = View {
    table: &[TABLE, PRIORITY, PACKETS, BYTES, STALE, TEXT],
    csv: &[BRIDGE, TABLE, PRIORITY, MATCH, PACKETS, BYTES, BARE_STALE, TEXT],
};

const TIME: Column<FlowChange> = ("TIME", |row| row.time.clone());
const EVENT: Column<FlowChange> = ("EVENT", |row| row.event.to_string());
const PACKET_RATE: Column<FlowChange> =
    ("PACKETS/S", |row| format!("{:.1}", row.packets_per_second));
const BYTE_RATE: Column<FlowChange> = ("BYTES/S", |row| format!("{:.0}", row.bytes_per_second));
const FLOW: Column<FlowChange> = ("FLOW", |row| row.flow.text.clone());

/// What happens to flows.
pub const FLOW_CHANGES: View<FlowChange> = View {
    table: &[TIME, EVENT, PACKET_RATE, BYTE_RATE, FLOW],
    csv: &[TIME, EVENT, PACKET_RATE, BYTE_RATE, FLOW],
};

/// As ovs-fields(7) writes it.
fn matches(fields: &[FlowField]) -> String {
    let field = |field: &FlowField| {
        let mask = field.mask.as_ref().map(|mask| format!("/{mask}")).unwrap_or_default();
        let value = field.value.as_ref().map(|value| format!("={value}{mask}"));
        field.field.clone() + &value.unwrap_or_default()
    };
    fields.iter().map(field).collect::<Vec<_>>().join(",")
}

//! What would become of a packet.

use super::cells::some;
use crate::format::{Column, View};
use crate::v1::Trace;

const FROM: Column<Trace> = ("FROM", |row| row.source.who.clone());
const TO: Column<Trace> = ("TO", |row| row.destination.who.clone());
const OUTCOME: Column<Trace> = ("OUTCOME", |row| row.outcome.to_string());
const VERDICT: Column<Trace> = ("VERDICT", |row| row.verdict.clone());
const REASONS: Column<Trace> = ("REASONS", |row| some(row.reasons.join("; ")));

/// What would become of a packet.
pub const TRACE: View<Trace> = View {
    table: &[FROM, TO, OUTCOME, VERDICT, REASONS],
    csv: &[FROM, TO, OUTCOME, VERDICT, REASONS],
};

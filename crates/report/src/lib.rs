//! What people and programs read: v1 JSON, tables, CSV and Docker-style templates.
//!
//! [`v1`] is the one shape of every answer; the formats only lay it out.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod cell;
mod csv;
mod event;
mod explain;
mod format;
mod format_error;
pub mod graph;
mod labels;
mod list;
mod table;
mod template;
pub mod v1;
pub mod views;
mod whole;

pub use cell::{CELL, printable, printable_lines};
pub use event::event_line;
pub use explain::explain;
pub use format::{Column, Format, Stream, View, render, render_cells};
pub use format_error::FormatError;
pub use labels::{PortLabels, Unplaced};
pub use list::{LeftOut, Wanted, fleet_ports, left_out, list, passes, retain};
pub use table::Cells;
pub use template::Template;

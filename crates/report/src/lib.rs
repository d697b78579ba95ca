//! What people and programs read: v1 JSON, tables, CSV and Docker-style templates.
//!
//! [`v1`] is the one shape of every answer; the formats only lay it out.

mod cell;
mod csv;
mod event;
mod explain;
mod format;
pub mod graph;
mod list;
mod table;
mod template;
pub mod v1;
pub mod views;

pub use cell::printable;
pub use event::event_line;
pub use explain::explain;
pub use format::{Column, Format, FormatError, View, render};
pub use list::{Wanted, list};

//! Reads the text that Open vSwitch prints of flows: ovs-ofctl(8), ovs-appctl(8), ovs-vsctl(8)
//! and dpctl of ovs-vswitchd(8). No I/O; what is held is bounded, whatever the text.
//!
//! [`Scanner`] finds where ports stand, and [`Annotator`] says after each of them who is on it:
//! ```
//! use docker_ovs_flowtext::{Annotator, Labels, Style};
//! struct Web;
//! impl Labels for Web {
//!     fn of_port(&self, _: Option<&str>, port: &[u8]) -> Option<&str> {
//!         (port == b"3").then_some("web:eth0")
//!     }
//! }
//! let mut annotator = Annotator::new(Web, Style::default());
//! let mut out = Vec::new();
//! annotator.push(b"table=3, priority=3,in_port=3 actions=output:3\n", &mut out);
//! annotator.finish(&mut out);
//! assert_eq!(out, b"table=3, priority=3,in_port=3<web:eth0> actions=output:3<web:eth0>\n");
//! ```
//! [`Flow`], [`FdbEntry`] and [`Trace`] are those texts taken apart.
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

mod action;
mod address;
mod annotate;
mod conntrack;
mod datapath;
mod escapes;
mod fdb;
mod field;
mod flow;
mod header;
mod line;
mod meaning;
mod names;
mod passes;
mod place;
mod scan;
mod split;
mod trace;
mod word;
mod written;

pub use action::{Action, LONGEST_LIST, is_reserved};
pub use annotate::{Annotator, BadPattern, Labels, Pattern, Style};
pub use conntrack::{KeptField, Tracked};
pub use datapath::{DpAction, Output, Outputs, follow, is_output};
pub use fdb::{Age, FdbEntry, FdbStatistics, parse_fdb, parse_fdb_statistics};
pub use field::{Actual, covers, field};
pub use flow::{Flow, parse_flows};
pub use header::{Header, Message, VlanTag};
pub use names::{number, of_port_number, unquoted};
pub use place::{Found, Place};
pub use scan::Scanner;
pub use trace::{Pass, Rule, Trace, parse_trace};
pub use written::may_write;

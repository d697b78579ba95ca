//! Every parser of the project, fed with any bytes. `fuzz/` calls these functions with what
//! libFuzzer invents, the tests here with the corpora that are kept in `fuzz/corpus`, one folder for
//! each of [`TARGETS`].
//!
//! A function panics where the parser does, or where what follows from its result breaks a promise.
#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "that is how a promise that is broken is told"
)]

mod files;
mod look;
mod peers;
mod texts;
mod words;

pub use files::{journal, recording};
pub use look::snapshot;
pub use peers::{dpif_show, jsonrpc, netlink, openflow, ovsdb};
pub use texts::{annotate, flows};
pub use words::{template, words};

/// A parser fed with bytes.
pub type Target = fn(&[u8]);

/// All of them, each by the name of its folder in `fuzz/corpus` and its file in `fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Target); 12] = [
    ("annotate", annotate),
    ("dpif_show", dpif_show),
    ("flows", flows),
    ("journal", journal),
    ("jsonrpc", jsonrpc),
    ("netlink", netlink),
    ("openflow", openflow),
    ("ovsdb", ovsdb),
    ("recording", recording),
    ("snapshot", snapshot),
    ("template", template),
    ("words", words),
];

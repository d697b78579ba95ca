//! The v1 JSON, as printed by `--format json` and offered to templates. It only grows.
//!
//! Field names are Docker's kind, so that `{{.OFPort}}` and `"OFPort"` are the same thing.

mod attachment;
mod bridge;
mod check;
mod event;
mod explanation;
mod fdb;
mod fleet;
mod flow;
mod history;
mod matching;
mod port;
mod rates;
mod restored;
mod row;
#[cfg(feature = "schema")]
pub mod schema;
mod served;
mod source;
mod trace;
mod version;
pub(crate) mod vlan;
mod wiring;
mod words;

pub use attachment::{Attachment, PortPlace, Tenant};
pub use bridge::{Bridge, FakeBridge};
pub use check::Check;
pub use event::Event;
pub use explanation::{Explanation, Step};
pub use fdb::FdbEntry;
pub use fleet::{
    FleetAttachment, FleetEvent, FleetHost, FleetMatch, FleetPort, FleetStatus, FromHost, Mesh,
    MeshBlock, MeshMember,
};
pub use flow::{Flow, FlowAction, FlowChange, FlowField, FlowPort};
pub use history::{History, KnownSpan};
pub use matching::Match;
pub use port::{Port, PortLink};
pub use rates::PortRates;
pub use restored::{Orphan, Restored};
pub use row::{ROWS, Row};
pub use served::{CountedPort, Error, Health, HealthStatus, Owed};
pub use source::{Source, sources};
pub use trace::{Trace, TraceEnd, TraceOutput, TraceRule};
pub use version::Version;
pub use wiring::Wiring;
pub use words::{
    Action, Field, FleetAction, FlowEvent, Liveness, MatchedBy, Occupant, PortState, PruneKind,
    RestoreResult, SourceState, SourceWorld, State, StepName, TraceOutcome, Verdict, VlanMode,
    Wire,
};

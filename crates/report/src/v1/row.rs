//! Which objects are rows of `--format`.

use super::{
    Attachment, Check, Event, Explanation, FdbEntry, FleetAttachment, FleetEvent, FleetHost,
    FleetMatch, FleetPort, Flow, FlowChange, Match, Mesh, MeshBlock, Orphan, Port, PortRates,
    Restored, Trace, Version,
};

/// An object that a verb prints, and a template is given as its dot.
pub trait Row {
    /// Its name in docs/v1.schema.json.
    const NAME: &'static str;
}

macro_rules! rows {
    ($($row:ident),* $(,)?) => {
        $(impl Row for $row {
            const NAME: &'static str = stringify!($row);
        })*

        /// The names of all.
        pub const ROWS: &[&str] = &[$(stringify!($row)),*];
    };
}

rows![
    Attachment,
    Check,
    Event,
    Explanation,
    FdbEntry,
    FleetAttachment,
    FleetEvent,
    FleetHost,
    FleetMatch,
    FleetPort,
    Flow,
    FlowChange,
    Match,
    Mesh,
    MeshBlock,
    Orphan,
    Port,
    PortRates,
    Restored,
    Trace,
    Version,
];

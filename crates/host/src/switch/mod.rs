//! The switch: bridges with their ports, by each source there is.
//!
//! A new source is one more file beside [`openflow`] that gives [`model::switch::Bridge`] rows,
//! and one more line in [`sources`].

pub(crate) mod appctl;
mod commands;
pub(crate) mod openflow;
pub(crate) mod ovsdb;
mod sources;

pub use ::openflow::PortRoom;
pub use commands::{RecordedAnswers, SwitchCommand};
pub use openflow::{PortCounters, port_room};
pub use ovsdb::{
    Counters, ExternalIdsGuard, GatewayTurn, KnownMeshes, MeshOfBridge, OpenVSwitchIds, Tunnel,
    TunnelChange, TunnelSettings, own_address, tunnels_of,
};
pub(crate) use sources::{BySource, SwitchAnswer};

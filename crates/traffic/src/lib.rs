//! What a switch does with packets, told of containers: flows, MAC tables and traces, joined with the
//! Wiring. Pure, as the model is: what vswitchd printed and a look give the same answer always.
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

mod beneath;
mod end;
mod fdb;
mod first_state;
mod flow_parts;
mod flow_subject;
mod flows;
mod followed;
mod host_links;
mod learnt;
mod links_down;
mod packet;
mod passed_on;
mod port_word;
mod rewritten;
mod verdict;

pub use end::{End, EndError};
pub use fdb::{SeenMac, seen_macs};
pub use first_state::FirstState;
pub use flow_parts::FlowParts;
pub use flow_subject::{FlowSubject, Touched, touches};
pub use flows::{NamedPort, PortIn, named_ports, stale};
pub use followed::Followed;
pub use learnt::LearntTables;
pub use packet::{Direction, Packet, PacketError, PacketKind, addresses};
pub use verdict::{
    Answering, ByLocal, Hearer, Hearers, Holder, MOST_STATES, Outcome, PortOutput, ReplyPacket,
    ReturnedCopy, Verdict, hearers, judge,
};

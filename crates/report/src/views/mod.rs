//! Which columns each kind of row is shown in: one file for each.

mod attachment;
mod cells;
mod check;
pub(crate) mod event;
mod explanation;
mod fdb;
mod fleet;
mod flow;
mod matching;
mod port;
mod rates;
mod restored;
mod trace;
mod version;

pub use attachment::{LIST, LIST_ALL, LIST_ALL_NO_TRUNC, LIST_NO_TRUNC, PORT, PORT_ON_BRIDGE};
pub use check::DOCTOR;
pub use event::EVENTS;
pub use explanation::EXPLANATION;
pub use fdb::FDB;
pub use fleet::{
    FLEET, FLEET_EVENTS, FLEET_NO_TRUNC, FLEET_PORTS, FLEET_WHO, HOSTS, MESH_BLOCKS, MESH_TABLE,
    MESHES, MeshRow,
};
pub use flow::{FLOW_CHANGES, FLOWS};
pub use matching::WHO;
pub use port::PORTS;
pub use rates::TOP;
pub use restored::{PRUNE, RESTORE};
pub use trace::TRACE;
pub use version::BUILD;

//! The switch's database: [`read`] asks it, [`columns`] for what it has, [`rows`] makes bridges of its rows,
//! [`watch`] follows its tables, [`followed`] has them as they are now, [`change`] makes and removes ports,
//! [`mod@bridge`] bridges, [`configured`] waits until vswitchd has seen it, [`tunnels`] those between hosts,
//! [`gateway_turn`] whose turn it is at gateways, [`mesh`] which mesh a bridge is in; [`open_vswitch_ids`] what the switch's own
//! row has; [`session`] is a connection that is made anew where a call was given up.

mod bridge;
mod change;
mod columns;
mod configured;
mod followed;
mod gateway_turn;
mod mesh;
mod number;
mod open_vswitch_ids;
mod port_rows;
mod read;
pub(crate) mod rows;
mod select;
mod session;
mod statistics;
mod tables;
mod transaction;
mod tunnels;
pub(crate) mod watch;

pub(crate) use change::SwitchExecutor;
pub use gateway_turn::GatewayTurn;
pub use mesh::{KnownMeshes, MeshOfBridge, own_address};
pub use open_vswitch_ids::{ExternalIdsGuard, OpenVSwitchIds};
pub(crate) use read::{Answerer, Database, what};
pub use statistics::Counters;
pub use tunnels::{Tunnel, TunnelChange, TunnelSettings, tunnels_of};

//! The kernel: namespaces with their links, read from inside each.
//!
//! [`read`] decides what is read, [`again`] what is read once more, [`rows`] turns rtnetlink's rows into ours, [`offload`] adds what
//! ethtool knows of them, [`routes`] asks where a namespace sends a packet, [`send_settings`] what it writes into that, [`answers`] how one answers questions for MACs, [`intake`] whether one takes what comes in, [`pairs`] what namespaces call each other, [`around`] follows what lies between them, [`between`] finds those that are
//! on the way and no source named, [`mod@unread_ways`] asks of those that are not read whether they may be, [`endpoint_links`] which link a network driver's port is, [`endpoint_veth`] which veth goes with one, [`host_link`] is one by any name, [`paths`] those that ports name by a path, [`uses`] what rests on one that is to go, [`watch`] reads again
//! what [`notifications`] say has changed, on threads of [`crate::reader`], [`change`] makes them;
//! [`mod@inhabited`] tells which namespaces are being taken down, [`far_ends`] which ones ports' veths lead to.

mod again;
#[cfg(test)]
mod again_tests;
mod answers;
mod around;
mod between;
mod change;
mod endpoint_links;
mod endpoint_veth;
mod far_ends;
mod host_link;
mod inhabited;
mod intake;
mod link_reading;
mod named_mounts;
mod namespaces;
mod narrow;
mod notifications;
mod offload;
mod open_namespaces;
mod pairs;
mod paths;
mod read;
mod routes;
mod rows;
mod send_settings;
mod sockets;
pub mod switch_namespace;
mod unread_ways;
mod uses;
mod veth;
pub mod watch;

pub(crate) use again::read_switch_again;
pub use answers::AskedLink;
pub(crate) use change::KernelExecutor;
pub use endpoint_links::EndpointLink;
pub(crate) use endpoint_links::EndpointLinks;
pub use endpoint_veth::EndpointVeth;
pub(crate) use far_ends::{Inhabitants, PortLink, is_alone};
pub use host_link::HostLink;
pub(crate) use inhabited::{inhabited, processes};
pub(crate) use namespaces::{not_opened, open_named, own_namespace, source_error};
pub(crate) use narrow::{is_stood_on, needs_everything, read_narrow};
pub(crate) use notifications::open;
pub(crate) use open_namespaces::OpenNamespaces;
pub(crate) use paths::note_paths;
pub(crate) use read::{listen, read_alone, read_others, read_switch, read_whole};
pub(crate) use rows::id;
pub(crate) use sockets::{SocketOwner, SocketsAhead, read_packet_sockets};

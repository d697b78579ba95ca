//! The messages as bytes: pure functions, no socket.

mod error_message;
mod features;
mod fields;
mod header;
mod hello;
mod message;
mod multipart;
mod port;
mod port_stats;
mod request;

pub use error_message::OfError;
pub use features::Features;
pub use fields::Malformed;
pub use message::Message;
pub use port::{LOCAL, Port, name_on_wire};
pub use port_stats::PortStats;

pub(crate) use header::{ERROR, HELLO, Header};
pub(crate) use port::most_in_features;
pub(crate) use request::Request;

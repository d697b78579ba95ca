//! Docker's side: libnetwork's remote driver protocol (moby, `daemon/libnetwork/docs/remote.md`), over
//! HTTP at a unix socket.
//!
//! [`messages`] are its bodies, [`calls`] what each method does, [`server`] listens. [`ipam`] is the other
//! role of the same socket, which hands out addresses.

mod calls;
mod ipam;
mod messages;
#[doc(hidden)]
pub mod parsing;
mod server;
mod socket;

pub use calls::{CallReply, answer};
pub use server::serve;
pub use socket::DEFAULT_SOCKET;

//! What every source that speaks HTTP stands on: one client, one TLS set-up, one kind of address.

mod endpoint;
mod http;
mod tls;

pub use endpoint::Endpoint;
pub use http::{Http, HttpError, Lines, TlsOptions};
pub(crate) use http::{LineBuffer, words};
pub use tls::{Tls, trusted_authorities};

//! HTTP, for the JSON and the page alike: listeners, access, connections, errors.

pub(crate) mod access;
pub(crate) mod answer;
mod auth;
pub(crate) mod conditional;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod extract;
mod fair;
mod guard;
pub(crate) mod listener;
mod malformed;
pub(crate) mod parsing;
pub(crate) mod socket;
mod throttle;
mod tls;
pub(crate) mod until;

//! HTTP, whatever is asked: listeners, who may come in, connections, paths, errors.

mod auth;
pub(crate) mod connections;
pub(crate) mod error;
pub(crate) mod listener;
pub(crate) mod routes;
mod socket;
mod tls;

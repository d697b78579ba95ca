//! Docker: [`address`] finds its socket, [`read`] asks for containers, [`mod@engine`] puts them
//! together.

pub(crate) mod address;
mod engine;
mod networks;
pub(super) mod parsing;
mod read;
mod relatives;

use std::sync::Arc;

use model::SourceError;

use super::Engine;
use super::kinds::EngineKind;
use crate::transport::Endpoint;
use read::Docker;

/// dockerd(8), and what speaks as it does.
pub(crate) const KIND: EngineKind = EngineKind {
    name: "docker",
    places: &["/var/run/docker.sock", "/run/docker.sock"],
    of_users: &["docker.sock"],
    programs: &["dockerd"],
    open,
};

fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    Ok(open_at(address::parse(address)?))
}

/// The engine that listens there.
pub(super) fn open_at(endpoint: Endpoint) -> Arc<dyn Engine> {
    Arc::new(Docker::at(endpoint))
}

//! Docker: [`address`] finds its socket, [`read`] asks for containers, [`watch`] follows
//! events, [`mod@engine`] puts them together.

pub(crate) mod address;
mod engine;
mod read;
mod relatives;
mod watch;

use std::path::Path;
use std::sync::Arc;

use model::SourceError;

use super::Engine;
use crate::transport::Endpoint;
use address::EngineOptions;
use read::Docker;

/// The engine that these options and the environment name.
pub(super) fn open(options: &EngineOptions) -> Result<Arc<dyn Engine>, SourceError> {
    let endpoint = options.address(|name| std::env::var(name).ok())?;
    Ok(Arc::new(Docker::at(endpoint)))
}

/// The engine that listens at this socket.
pub(super) fn at(socket: &Path) -> Arc<dyn Engine> {
    Arc::new(Docker::at(Endpoint::Unix(socket.to_owned())))
}

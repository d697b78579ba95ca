//! Podman, by its own API, libpod: what is served to Docker's clients tells neither pods nor their
//! infra containers. [`read`] asks for containers, [`mod@engine`] is what is made of that.

mod engine;
pub(super) mod parsing;
mod read;

use std::sync::Arc;

use model::SourceError;

use super::Engine;
use super::kinds::{EngineKind, socket_path};
use crate::transport::Endpoint;
use read::Podman;

/// podman-system-service(1).
pub(crate) const KIND: EngineKind = EngineKind {
    name: "podman",
    places: &["/run/podman/podman.sock"],
    of_users: &["podman/podman.sock"],
    programs: &["podman"],
    open,
};

fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = socket_path(&KIND, "Podman", address)?;
    Ok(Arc::new(Podman::at(Endpoint::Unix(path))))
}

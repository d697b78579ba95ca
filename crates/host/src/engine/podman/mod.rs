//! Podman, by its own API, libpod: what is served to Docker's clients tells neither pods nor their
//! infra containers. [`read`] asks for containers, [`mod@engine`] is what is made of that.

mod engine;
mod read;

use std::sync::Arc;

use model::SourceError;
use model::SourceErrorKind;

use super::Engine;
use super::kinds::EngineKind;
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

/// `unix://PATH`, `unix:PATH` or the path alone: by a network its processes would be another
/// machine's.
fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = address.strip_prefix("unix://").or_else(|| address.strip_prefix("unix:"));
    let path = path.unwrap_or(address);
    if !path.starts_with('/') {
        let what = format!("Podman at {address}");
        return Err(SourceError::new(SourceErrorKind::Unusable, what, "it is no path of a socket")
            .hint("write podman=/run/podman/podman.sock"));
    }
    Ok(Arc::new(Podman::at(Endpoint::Unix(path.into()))))
}

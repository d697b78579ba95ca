//! containerd's own containers, as nerdctl and ctr(8) make them: [`messages`] are its own, [`rows`]
//! makes rows of them, [`read`] asks, [`watch`] follows, [`mod@engine`] puts them together.
//!
//! Its namespaces have nothing to do with the kernel's: each is a set of containers. Those of Docker
//! (`moby`) and of Kubernetes (`k8s.io`) are other engines'.

mod engine;
mod messages;
pub(super) mod parsing;
mod read;
mod rows;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use model::SourceError;

use super::Engine;
use super::kinds::{EngineKind, socket_path};
use read::Containerd;

/// What there is to know of it before one is asked. At the same socket it may speak CRI, too.
pub(super) const KIND: EngineKind = EngineKind {
    name: "containerd",
    places: &["/run/containerd/containerd.sock"],
    of_users: &[],
    programs: &["containerd"],
    open,
};

fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = socket_path(&KIND, "containerd", address)?;
    Ok(Arc::new(Containerd::at(path)))
}

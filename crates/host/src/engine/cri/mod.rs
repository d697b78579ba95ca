//! containerd and CRI-O by the Container Runtime Interface of Kubernetes: [`messages`] are its own,
//! [`rows`] makes rows of them, [`read`] asks, [`watch`] follows, [`mod@engine`] puts them together.

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
use read::Cri;

/// What there is to know of it before one is asked. Sockets are those of containerd, of the one that
/// k3s brings, and of CRI-O.
pub(super) const KIND: EngineKind = EngineKind {
    name: "cri",
    places: &[
        "/run/containerd/containerd.sock",
        "/run/k3s/containerd/containerd.sock",
        "/run/crio/crio.sock",
    ],
    of_users: &[],
    programs: &["containerd", "crio"],
    open,
};

fn open(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = socket_path(&KIND, "CRI", address)?;
    Ok(Arc::new(Cri::at(path)))
}

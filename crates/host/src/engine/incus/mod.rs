//! Incus, and LXD, of which it came: one API, at sockets of their own. [`read`] asks for instances,
//! [`mod@engine`] is what is made of that. Virtual machines have no network namespace, and are not
//! listed.

mod engine;
pub(super) mod parsing;
mod read;

use std::sync::Arc;

use model::SourceError;

use super::Engine;
use super::kinds::{EngineKind, socket_path};
use crate::engine::rest::Hints;
use crate::transport::Endpoint;
use read::{Incus, Server};

/// incusd; `INCUS_DIR` or what systemd listens at for it.
pub(super) const INCUS: EngineKind = EngineKind {
    name: "incus",
    places: &["/var/lib/incus/unix.socket", "/run/incus/unix.socket"],
    of_users: &[],
    programs: &["incusd"],
    open: open_incus,
};

/// lxd, from a package or as a snap.
pub(super) const LXD: EngineKind = EngineKind {
    name: "lxd",
    places: &["/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"],
    of_users: &[],
    programs: &["lxd"],
    open: open_lxd,
};

const OF_INCUS: Server = Server {
    kind: &INCUS,
    name: "Incus",
    hints: Hints {
        missing: "systemctl start incus; --engine incus=PATH names another socket",
        denied: "root may use it, and the group incus-admin",
    },
};

const OF_LXD: Server = Server {
    kind: &LXD,
    name: "LXD",
    hints: Hints {
        missing: "systemctl start lxd, or snap start lxd; --engine lxd=PATH names another socket",
        denied: "root may use it, and the group lxd",
    },
};

fn open_incus(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    open(OF_INCUS, address)
}

fn open_lxd(address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    open(OF_LXD, address)
}

fn open(server: Server, address: &str) -> Result<Arc<dyn Engine>, SourceError> {
    let path = socket_path(server.kind, server.name, address)?;
    Ok(Arc::new(Incus::at(server, Endpoint::Unix(path))))
}

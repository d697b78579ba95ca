//! The socket: the service manager's (sd_listen_fds(3)), or one of our own.

use std::fs;
use std::path::Path;

use host::activation;
use host::unix_socket::{Socket, SocketUse};
use model::SourceError;

/// Where Docker looks for the driver `ovs` (moby, `pkg/plugins/discovery.go`).
pub const DEFAULT_SOCKET: &str = "/run/docker/plugins/ovs.sock";

/// Only root may use it: who can call it changes the switch.
const SOCKET: SocketUse = SocketUse {
    usual: DEFAULT_SOCKET,
    mode: 0o600,
    if_taken: "one driver is enough for its name; --socket names another place",
    if_refused: "run as root; --socket names another place",
};

/// Takes what the service manager passes on, or listens at `path`, whose folder is made.
///
/// # Errors
/// A driver listens there, something else is there, or the folder refuses.
pub(super) async fn open(path: &Path) -> Result<Socket, SourceError> {
    let failed = |error| SOCKET.refused(path, &error);
    if let Some(listener) = activation::passed_on().map_err(failed)? {
        return Socket::passed_on(listener, path, SOCKET);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    Socket::listen(path, SOCKET).await
}

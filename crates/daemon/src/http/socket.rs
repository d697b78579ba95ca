//! The unix socket of the daemon.

use host::unix_socket::SocketUse;

/// Where the daemon listens unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/docker-ovs.sock";

/// Root and the socket's group may use it, but not run it.
pub(crate) const SOCKET: SocketUse = SocketUse {
    usual: DEFAULT_SOCKET,
    mode: 0o660,
    if_taken: "one daemon is enough for a host; --socket names another place",
    if_refused: "--socket names another place; its folder must exist",
};

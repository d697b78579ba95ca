//! Which process listens at a socket.

use std::io;
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::net::UnixStream;

/// The process that listens at the unix socket `path` (`SO_PEERCRED` of unix(7)); 0 for one in a PID
/// namespace that this program does not see. Waits for nothing, and says nothing to that process.
/// To be called in a tokio runtime.
///
/// # Errors
/// As connecting fails; [`io::ErrorKind::WouldBlock`] where too many others wait there.
pub(crate) fn listener(path: &Path) -> io::Result<u32> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    pid_of(&UnixStream::from_std(socket.into())?)
}

/// The process at the other end; 0 as [`listener`] has it.
pub(crate) fn pid_of(stream: &UnixStream) -> io::Result<u32> {
    // rustix's own call takes a PID of 0 for impossible.
    let pid = stream.peer_cred()?.pid().unwrap_or(0);
    Ok(u32::try_from(pid).unwrap_or(0))
}

//! The socket that the service manager has bound for this process (sd_listen_fds(3)).

use std::io;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;

/// The one unix socket that was passed on; none where there is none, or it was another process'.
///
/// # Errors
/// There are several, or it is a socket of another kind: who may ask at such a one has not been said.
pub fn passed_on() -> io::Result<Option<UnixListener>> {
    let mut passed_on = ListenFd::from_env();
    match passed_on.len() {
        0 => Ok(None),
        1 => passed_on.take_unix_listener(0),
        count => Err(io::Error::other(format!("the service manager passes on {count} sockets"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `systemd-socket-activate` does it for a whole daemon, in the tests of the program.
    #[test]
    fn without_a_service_manager_nothing_is_passed_on() {
        assert!(passed_on().unwrap().is_none());
    }
}

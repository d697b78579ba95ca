//! Where a database server is: ovsdb(7), "Active connection methods".

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The port of a database server that is given without one (IANA: `ovsdb`).
pub const DEFAULT_PORT: u16 = 6640;

/// An active connection method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    /// `unix:FILE`, a Unix domain socket.
    Unix(PathBuf),
    /// `tcp:IP:PORT`, plain TCP.
    Tcp(SocketAddr),
    /// `ssl:IP:PORT`, TLS over TCP.
    Ssl(SocketAddr),
}

/// A text that names no server we can connect to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} names no database server: {reason}", jsonrpc::excerpt(.text))]
pub struct InvalidRemote {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Remote {
    /// Puts a relative `unix:` path into `rundir`, as the OVS tools do.
    pub fn in_rundir(self, rundir: &Path) -> Self {
        match self {
            Self::Unix(path) => Self::Unix(rundir.join(path)),
            other => other,
        }
    }
}

impl FromStr for Remote {
    type Err = InvalidRemote;

    fn from_str(text: &str) -> Result<Self, InvalidRemote> {
        parse(text).map_err(|reason| InvalidRemote { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Remote, String> {
    let (method, rest) = address::split_method(text, &["unix", "tcp", "ssl"])?;
    match method {
        "unix" => Ok(Remote::Unix(rest.into())),
        "tcp" => Ok(Remote::Tcp(address::parse(rest, DEFAULT_PORT)?)),
        _ => Ok(Remote::Ssl(address::parse(rest, DEFAULT_PORT)?)),
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Ssl(address) => write!(f, "ssl:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Remote;

    #[test]
    fn what_is_displayed_is_what_was_meant() {
        for (given, shown) in [
            ("unix:/run/ovs/db.sock", "unix:/run/ovs/db.sock"),
            ("unix:a b:c", "unix:a b:c"),
            ("tcp:10.0.0.1", "tcp:10.0.0.1:6640"),
            ("ssl:[::1]", "ssl:[::1]:6640"),
        ] {
            let remote: Remote = given.parse().unwrap();
            assert_eq!(remote.to_string(), shown);
            assert_eq!(shown.parse(), Ok(remote));
        }
    }

    #[test]
    fn a_relative_socket_is_in_the_rundir() {
        let place = |text: &str| text.parse::<Remote>().unwrap().in_rundir("/run/ovs".as_ref());
        assert_eq!(place("unix:db.sock").to_string(), "unix:/run/ovs/db.sock");
        assert_eq!(place("unix:/db.sock").to_string(), "unix:/db.sock");
    }
}

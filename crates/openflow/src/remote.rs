//! Where a switch is: ovsdb(7), "Active connection methods", as ovs-ofctl(8) uses them.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::excerpt::quoted;

/// The port of a switch that is given without one (IANA: `openflow`).
pub const DEFAULT_PORT: u16 = 6653;

/// An active connection method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    /// `unix:FILE`, a Unix domain socket.
    Unix(PathBuf),
    /// `tcp:IP:PORT`, plain TCP.
    Tcp(SocketAddr),
}

/// A text that names no switch we can connect to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} names no switch: {reason}", quoted(.text))]
pub struct InvalidRemote {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Remote {
    /// The socket at which ovs-vswitchd(8) serves `bridge` with no controller set up.
    pub fn mgmt(rundir: &Path, bridge: &str) -> Self {
        Self::Unix(rundir.join(format!("{bridge}.mgmt")))
    }
}

impl FromStr for Remote {
    type Err = InvalidRemote;

    fn from_str(text: &str) -> Result<Self, InvalidRemote> {
        parse(text).map_err(|reason| InvalidRemote { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Remote, String> {
    let (method, rest) = address::split_method(text, &["unix", "tcp"])?;
    match method {
        "unix" => Ok(Remote::Unix(rest.into())),
        _ => Ok(Remote::Tcp(address::parse(rest, DEFAULT_PORT)?)),
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Remote;

    #[test]
    fn what_is_displayed_is_what_was_meant() {
        for (given, shown) in [
            ("unix:/run/ovs/br0.mgmt", "unix:/run/ovs/br0.mgmt"),
            ("unix:a b:c", "unix:a b:c"),
            ("tcp:10.0.0.1", "tcp:10.0.0.1:6653"),
            ("tcp:[::1]", "tcp:[::1]:6653"),
        ] {
            let remote: Remote = given.parse().unwrap();
            assert_eq!(remote.to_string(), shown);
            assert_eq!(shown.parse(), Ok(remote));
        }
    }

    #[test]
    fn the_text_is_repeated_escaped_and_cut() {
        let error = format!("\u{1b}[31m{}", "x".repeat(1 << 20)).parse::<Remote>().unwrap_err();
        assert!(error.to_string().starts_with("\"\\u{1b}[31mxx"), "{error}");
        assert!(error.to_string().len() < 300);
    }

    #[test]
    fn a_bridge_is_served_in_the_rundir() {
        let remote = Remote::mgmt("/run/ovs".as_ref(), "br0");
        assert_eq!(remote.to_string(), "unix:/run/ovs/br0.mgmt");
    }
}

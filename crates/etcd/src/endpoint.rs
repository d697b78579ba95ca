//! Where a member of the cluster is, and what TLS needs.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Error;

/// Where etcd listens for clients unless told otherwise.
const DEFAULT_PORT: u16 = 2379;

/// The address of a member: `http://IP[:PORT]` or `https://IP[:PORT]`. Names are not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub at: SocketAddr,
    /// Whether it is spoken to by TLS.
    pub tls: bool,
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unusable = |why: &str| Error::Unusable {
            what: text.to_owned(),
            why: format!("{why}; write https://192.0.2.1:2379"),
        };
        let (tls, place) = match text.split_once("://") {
            Some(("https", place)) => (true, place),
            Some(("http", place)) => (false, place),
            _ => return Err(unusable("it names no member of etcd")),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        let at = address::parse(place, DEFAULT_PORT).map_err(unusable)?;
        Ok(Self { at, tls })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.at)
    }
}

/// The files of TLS, all PEM. They are read at each connection, so that renewed ones are used without
/// a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authorities that may have signed the members' certificates.
    pub authorities: PathBuf,
    /// The caller's own certificate and its key: its common name is the user of etcd.
    pub own: Option<(PathBuf, PathBuf)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_by_its_address() {
        for (text, meant) in [
            ("https://192.0.2.1", "https://192.0.2.1:2379"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
            ("https://[2001:db8::1]:2", "https://[2001:db8::1]:2"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), meant);
        }
        for bad in
            ["", "192.0.2.1:2379", "ftp://192.0.2.1", "https://etcd.example:2379", "https://"]
        {
            let error = bad.parse::<Endpoint>().unwrap_err();
            assert!(error.to_string().contains("https://192.0.2.1:2379"), "{bad}: {error}");
        }
    }
}

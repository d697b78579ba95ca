//! A daemon that is behind TLS and a token.

use std::os::unix::fs::PermissionsExt;

use super::{Served, refuses};
use lab::{Authority, Signed};

pub(crate) const TOKEN: &str = "0123456789abcdef";

/// A daemon behind TLS on loopback, the authority that signed for it, and the right token.
pub(crate) struct Behind {
    pub(crate) daemon: Served,
    pub(crate) url: String,
    pub(crate) authority: Authority,
    pub(crate) signed: Signed,
    pub(crate) token: String,
}

impl Behind {
    /// One whose certificate is made out to `names`.
    pub(crate) fn named(names: &[&str]) -> Self {
        Self::showing(|authority| authority.sign(names))
    }

    pub(crate) fn showing(sign: impl Fn(&Authority) -> Signed) -> Self {
        let authority = Authority::new();
        let token = authority.write("token", &format!("{TOKEN}\n"));
        let signed = sign(&authority);
        let daemon = Served::start(&locks(&signed, &token, "127.0.0.1:0"));
        let url = format!("https://{}", daemon.tcp());
        Self { daemon, url, authority, signed, token }
    }

    /// The options of a client that has all that is needed.
    pub(crate) fn keys(&self) -> [String; 6] {
        ["--server", &self.url, "--tls-ca", &self.authority.cert(), "--token-file", &self.token]
            .map(str::to_owned)
    }

    /// The plan_error of a client that trusts the right authority and passes `more`.
    pub(crate) fn says_to(&self, more: &[&str]) -> String {
        let ca = self.authority.cert();
        refuses(&[&["ls", "--server", &self.url, "--tls-ca", &ca][..], more].concat())
    }
}

pub(crate) fn locks<'a>(signed: &'a Signed, token: &'a str, listen: &'a str) -> [&'a str; 8] {
    let Signed { cert, key } = signed;
    ["--listen", listen, "--tls-cert", cert, "--tls-key", key, "--token-file", token]
}

/// A file that only its owner can read.
pub(crate) fn write_secret(path: &str, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

//! Where a daemon is, and which certificates and token go with it.

use std::net::SocketAddr;
use std::path::PathBuf;

use host::token;
use host::transport::{Endpoint, Http, Tls, TlsOptions};
use model::{SourceError, SourceErrorKind};
use rustls::pki_types::ServerName;

/// Where a daemon listens unless told otherwise.
const DEFAULT_PORT: u16 = 9653;

/// What a user may say about a daemon to ask. Only `https:` takes more than the address.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// `--server`: `unix://PATH`, `http://IP[:PORT]` or `https://IP[:PORT]`.
    pub url: String,
    /// Whether the environment names it, [`Server::VARIABLE`].
    pub is_from_env: bool,
    /// `--token-file`: what is in it is shown to the daemon; `DOCKER_OVS_TOKEN_FILE` if none.
    pub token: Option<PathBuf>,
    /// `--tls-ca`: PEM, the authorities that may sign; `DOCKER_OVS_TLS_CA` if none, and without
    /// that the system's own.
    pub authorities: Option<PathBuf>,
    /// `--tls-server-name`: the name in the certificate, if it is not the address.
    pub name: Option<String>,
}

/// How a daemon is reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Access {
    Plain(Endpoint),
    Tls { at: SocketAddr, name: ServerName<'static>, files: TlsFiles },
}

/// The files that TLS needs; the system's authorities where none are named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TlsFiles {
    pub(super) token: Option<PathBuf>,
    pub(super) authorities: Option<PathBuf>,
}

impl Server {
    /// The variable that names a daemon, for callers that may not ask the host itself, or need not.
    pub const VARIABLE: &'static str = "DOCKER_OVS_SERVER";

    /// As its user named it.
    fn named(&self) -> String {
        let option = if self.is_from_env { Self::VARIABLE } else { "--server" };
        format!("{option} {}", self.url)
    }

    /// What it is called in messages.
    pub(super) fn called(&self) -> String {
        let by = if self.is_from_env {
            format!(", which {} names", Self::VARIABLE)
        } else {
            String::new()
        };
        format!("the daemon at {}{by}", self.url)
    }

    /// What these words mean. The environment speaks of TLS only: it may be set for good,
    /// whatever is asked.
    pub(super) fn access(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Access, SourceError> {
        match self.url.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => {
                self.plain(Endpoint::Unix(path.into()))
            }
            Some(("http", place)) => self.plain(Endpoint::Tcp(self.address(place)?)),
            Some(("https", place)) => self.tls(place, env),
            _ => Err(self.unusable("names no daemon")),
        }
    }

    fn plain(&self, endpoint: Endpoint) -> Result<Access, SourceError> {
        match self.given() {
            None => Ok(Access::Plain(endpoint)),
            Some(option) => {
                let what = format!("{option} with {}", self.named());
                Err(SourceError::new(SourceErrorKind::Unusable, what, "it is for https:// only").hint(
                    "leave it out, or ask by https://: nothing else keeps a token secret, and the \
                     unix socket wants none",
                ))
            }
        }
    }

    /// An option beside the address.
    fn given(&self) -> Option<&'static str> {
        let given = [
            ("--token-file", self.token.is_some()),
            ("--tls-ca", self.authorities.is_some()),
            ("--tls-server-name", self.name.is_some()),
        ];
        given.into_iter().find_map(|(option, given)| given.then_some(option))
    }

    fn tls(
        &self,
        place: &str,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Access, SourceError> {
        let at = self.address(place)?;
        let name = self.made_out_to(place, at)?;
        let from = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let token = self.token.clone().or_else(|| from("DOCKER_OVS_TOKEN_FILE"));
        let authorities = self.authorities.clone().or_else(|| from("DOCKER_OVS_TLS_CA"));
        Ok(Access::Tls { at, name, files: TlsFiles { token, authorities } })
    }

    /// The name that the certificate must have: what the user wrote, not what it came to.
    fn made_out_to(&self, place: &str, at: SocketAddr) -> Result<ServerName<'static>, SourceError> {
        let local = || place.starts_with("localhost").then(|| "localhost".to_owned());
        match self.name.clone().or_else(local) {
            None => Ok(ServerName::IpAddress(at.ip().into())),
            Some(name) => ServerName::try_from(name.clone()).map_err(|_| {
                let what = format!("--tls-server-name {name}");
                SourceError::new(SourceErrorKind::Unusable, what, "this is no name of a server")
                    .hint("write a DNS name or an IP address that is in its certificate")
            }),
        }
    }

    fn address(&self, place: &str) -> Result<SocketAddr, SourceError> {
        let place = place.strip_suffix('/').unwrap_or(place);
        address::parse(place, DEFAULT_PORT).map_err(|reason| self.unusable(reason))
    }

    fn unusable(&self, why: &str) -> SourceError {
        SourceError::new(SourceErrorKind::Unusable, self.named(), why).hint(
            "write unix:///run/docker-ovs.sock, http://127.0.0.1:9653 or https://192.0.2.1:9653; \
             --tls-server-name takes the name in a certificate",
        )
    }
}

impl Access {
    /// A client that has read its files, and not connected yet.
    pub(super) fn client(&self) -> Result<Http, SourceError> {
        match self {
            Self::Plain(endpoint) => Ok(Http::new(endpoint.clone())),
            Self::Tls { at, name, files } => {
                let token = files.token.as_deref().map(token).transpose()?;
                let tls = Tls::new(files.authorities.as_deref(), name.clone())?;
                Ok(Http::with_tls(*at, TlsOptions { tls, token }))
            }
        }
    }

    /// Whether the daemon cannot know who asks.
    pub(super) fn is_public(&self) -> bool {
        matches!(self, Self::Plain(Endpoint::Tcp(_)))
    }

    /// The files of TLS, if it is spoken.
    pub(super) fn files(&self) -> Option<&TlsFiles> {
        match self {
            Self::Plain(_) => None,
            Self::Tls { files, .. } => Some(files),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn access(url: &str) -> Result<Access, SourceError> {
        Server { url: url.into(), ..Server::default() }.access(none)
    }

    #[test]
    fn a_daemon_is_named_by_its_socket_or_its_address() {
        assert_eq!(
            access("unix:///run/d.sock"),
            Ok(Access::Plain(Endpoint::Unix("/run/d.sock".into())))
        );
        for (url, meant) in [
            ("http://127.0.0.1:9653", "127.0.0.1:9653"),
            ("http://localhost:9653/", "127.0.0.1:9653"),
            ("http://localhost", "127.0.0.1:9653"),
            ("http://192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(
                access(url),
                Ok(Access::Plain(Endpoint::Tcp(meant.parse().unwrap()))),
                "{url}"
            );
        }
        for (url, meant, named) in [
            ("https://192.0.2.1", "192.0.2.1:9653", "192.0.2.1"),
            ("https://192.0.2.1:1/", "192.0.2.1:1", "192.0.2.1"),
            ("https://[2001:db8::1]", "[2001:db8::1]:9653", "2001:db8::1"),
            ("https://[2001:db8::1]:1", "[2001:db8::1]:1", "2001:db8::1"),
            ("https://localhost", "127.0.0.1:9653", "localhost"),
            ("https://localhost:1", "127.0.0.1:1", "localhost"),
        ] {
            let Ok(Access::Tls { at, name, files }) = access(url) else { panic!("{url}") };
            assert_eq!((at.to_string().as_str(), &*name.to_str()), (meant, named));
            assert_eq!(files, TlsFiles { token: None, authorities: None });
        }
    }

    #[test]
    fn what_names_no_daemon_is_said() {
        for bad in ["", "unix://", "unix://d.sock", "127.0.0.1:1", "HTTPS://127.0.0.1", "ssl:1"] {
            assert!(access(bad).unwrap_err().why.contains("names no daemon"), "{bad}");
        }
        for place in [
            "",
            "d:1",
            "d.example",
            "localhost.example",
            "localhost:",
            "192.0.2.1:",
            "192.0.2.1:65536",
            "::1",
            "2001:db8::1:9653",
            "[::1",
            "192.0.2.1/v1",
            "me@192.0.2.1",
            "//",
        ] {
            for scheme in ["http", "https"] {
                let source_error = access(&format!("{scheme}://{place}")).unwrap_err();
                assert!(source_error.hint.contains("write unix:"), "{place}: {source_error}");
            }
        }
    }

    #[test]
    fn what_is_for_tls_is_refused_without() {
        for url in ["unix:///run/d.sock", "http://127.0.0.1:1", "http://192.0.2.1:1"] {
            let plain = Server { url: url.into(), ..Server::default() };
            for (option, server) in [
                ("--token-file", Server { token: Some("t".into()), ..plain.clone() }),
                ("--tls-ca", Server { authorities: Some("a".into()), ..plain.clone() }),
                ("--tls-server-name", Server { name: Some("n".into()), ..plain.clone() }),
            ] {
                let said = server.access(none).unwrap_err().to_string();
                assert!(said.contains(option) && said.contains("https:// only"), "{said}");
            }
            // What is set for good is no reason not to answer, and goes nowhere.
            assert!(matches!(plain.access(|name| Some(name.to_owned())), Ok(Access::Plain(_))));
        }
    }

    #[test]
    fn the_options_beat_the_environment_and_an_empty_variable_is_none() {
        let server = Server { url: "https://192.0.2.1".into(), ..Server::default() };
        let keys = |server: &Server, value: &str| match server.access(|_| Some(value.to_owned())) {
            Ok(Access::Tls { files, .. }) => files,
            other => panic!("{other:?}"),
        };
        let both =
            |path: &str| TlsFiles { token: Some(path.into()), authorities: Some(path.into()) };
        assert_eq!(keys(&server, "/e"), both("/e"));
        assert_eq!(keys(&server, "").token, None);
        let given = Server { token: Some("/o".into()), authorities: Some("/o".into()), ..server };
        assert_eq!(keys(&given, "/e"), both("/o"));
    }

    #[test]
    fn a_certificate_may_be_made_out_to_a_name() {
        let named = |name: &str| {
            let url = "https://192.0.2.1".into();
            Server { url, name: Some(name.into()), ..Server::default() }.access(none)
        };
        let Ok(Access::Tls { name, .. }) = named("switch.example") else { panic!() };
        assert_eq!(name.to_str(), "switch.example");
        assert!(named("no name").unwrap_err().what.contains("--tls-server-name"));
    }
}

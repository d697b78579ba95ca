//! Which daemon is asked instead of the host.

use std::path::{Path, PathBuf};

use clap::Args;
use client::Server;

use crate::outcome::CliError;

/// A daemon, and what `https:` needs.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or
    /// https://IP[:PORT] [env: DOCKER_OVS_SERVER]
    #[arg(long, global = true, value_name = "URL", conflicts_with_all = ["from", "host", "context", "engines", "db", "openflow"])]
    server: Option<String>,
    /// File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]
    // serve takes it, too: there it has the token that the daemon wants.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Authorities that may have signed its certificate, instead of the system's
    /// [env: DOCKER_OVS_TLS_CA]
    #[arg(long, global = true, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Name its certificate is made out to, if not to the address
    #[arg(long, global = true, value_name = "NAME")]
    tls_server_name: Option<String>,
}

impl ServerArgs {
    /// The daemon to ask, if one is named: by the option, or else by the environment where that counts,
    /// `or_env`. `serves` where the verb is `serve`, which has a token of its own.
    ///
    /// # Errors
    /// An option about a daemon, and none is named.
    pub fn named(&self, serves: bool, or_env: bool) -> Result<Option<Server>, CliError> {
        let variable =
            || std::env::var(Server::VARIABLE).ok().filter(|url| or_env && !url.is_empty());
        let Some(url) = self.server.clone().or_else(variable) else {
            return self.nothing_else(serves).map(|()| None);
        };
        Ok(Some(Server {
            url,
            is_from_env: self.server.is_none(),
            token: self.token_file.clone(),
            authorities: self.tls_ca.clone(),
            name: self.tls_server_name.clone(),
        }))
    }

    /// What names a daemon: the option, or, where the environment counts, `or_env`, the variable, which has
    /// one that may be of another machine.
    pub fn names_another(&self, or_env: bool) -> Option<&'static str> {
        let elsewhere = |url: &String| or_env && !url.is_empty() && !url.starts_with("unix:");
        match &self.server {
            Some(_) => Some("--server"),
            None => {
                std::env::var(Server::VARIABLE).ok().filter(elsewhere).map(|_| Server::VARIABLE)
            }
        }
    }

    /// The file with a token: the one that a daemon wants, of whichever side this is.
    pub fn token_file(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    fn nothing_else(&self, serves: bool) -> Result<(), CliError> {
        let given = [
            ("--token-file", self.token_file.is_some() && !serves),
            ("--tls-ca", self.tls_ca.is_some()),
            ("--tls-server-name", self.tls_server_name.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => Err(CliError::new(format!("{option}: no daemon is asked"))
                .hint("it goes with --server https://IP[:PORT]")),
        }
    }
}

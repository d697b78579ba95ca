//! Where the engine is: `-H`, `DOCKER_HOST`, or the current Docker context.

use std::path::{Path, PathBuf};

use model::{SourceError, SourceErrorKind};
use serde::Deserialize;

use crate::transport::Endpoint;

/// Where Docker listens unless told otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// The port of `tcp:` without TLS.
const DEFAULT_PORT: u16 = 2375;

/// What the command line says about the engine.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// `-H`, `--host`.
    pub host: Option<String>,
    /// `-c`, `--context`.
    pub context: Option<String>,
    /// `--config`: Docker's configuration folder.
    pub config: Option<PathBuf>,
}

/// Where Docker is to be asked.
#[derive(Clone, Debug)]
pub(crate) struct DockerAddress {
    pub(crate) endpoint: Endpoint,
    /// Whether an option, a variable or a context says so: then its absence is an error.
    pub(crate) is_named: bool,
}

impl EngineOptions {
    /// Finds the address in Docker's own order: `--host`, `--context`, `DOCKER_HOST`,
    /// `DOCKER_CONTEXT`, `currentContext` of config.json, the default socket
    /// (docker(1), "Docker contexts").
    ///
    /// # Errors
    /// [`SourceErrorKind::Unusable`] for a context that does not exist, or an address that
    /// is not on this machine.
    pub fn address(&self, env: impl Fn(&str) -> Option<String>) -> Result<Endpoint, SourceError> {
        self.place(env).map(|place| place.endpoint)
    }

    /// The same, and whether anything says so.
    pub(crate) fn place(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<DockerAddress, SourceError> {
        let named = |endpoint| DockerAddress { endpoint, is_named: true };
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        if let Some(host) = &self.host {
            return parse(host).map(named);
        }
        let folder = self.config.clone().or_else(|| config_folder(&env));
        let context_name = self.context.clone();
        if context_name.is_none()
            && let Some(host) = env("DOCKER_HOST")
        {
            return parse(&host).map(named);
        }
        let context_name = context_name.or_else(|| env("DOCKER_CONTEXT"));
        match context_name.or_else(|| current_context(folder.as_deref()?)) {
            Some(name) if name != "default" => context(folder.as_deref(), &name).map(named),
            _ => Ok(DockerAddress {
                endpoint: Endpoint::Unix(DEFAULT_SOCKET.into()),
                is_named: false,
            }),
        }
    }

    /// The names of the contexts that can be used: those whose engine is on this machine, and `default`.
    pub fn contexts(&self, env: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let folder = self.config.clone().or_else(|| config_folder(&env));
        let all = folder.iter().flat_map(|folder| contexts_in(folder));
        let usable = all.filter(|(_, host)| parse(host).is_ok()).map(|(name, _)| name);
        let mut names: Vec<_> = usable.chain(["default".to_owned()]).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn config_folder(env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = || Some(PathBuf::from(env("HOME")?).join(".docker"));
    env("DOCKER_CONFIG").map(PathBuf::from).or_else(home)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    current_context: Option<String>,
}

fn current_context(folder: &Path) -> Option<String> {
    let text = files::read(&folder.join("config.json")).ok()?;
    let config: Config = serde_json::from_slice(&text).ok()?;
    config.current_context.filter(|name| !name.is_empty())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    name: String,
    endpoints: ContextEndpoints,
}

#[derive(Deserialize)]
struct ContextEndpoints {
    docker: ContextEndpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEndpoint {
    host: String,
}

/// The name of each context, and where its engine is. Contexts are folders named by a digest; each says its name in
/// meta.json.
fn contexts_in(folder: &Path) -> impl Iterator<Item = (String, String)> {
    let metas = std::fs::read_dir(folder.join("contexts").join("meta"));
    metas.into_iter().flatten().flatten().filter_map(|entry| {
        let text = files::read(&entry.path().join("meta.json")).ok()?;
        host_in(&text)
    })
}

fn context(folder: Option<&Path>, wanted: &str) -> Result<Endpoint, SourceError> {
    let missing = || {
        SourceError::new(
            SourceErrorKind::Unusable,
            format!("Docker context {wanted}"),
            "there is none",
        )
        .hint("docker context ls lists the contexts there are")
    };
    let mut all = contexts_in(folder.ok_or_else(missing)?);
    let (_, host) = all.find(|(name, _)| name == wanted).ok_or_else(missing)?;
    parse(&host)
}

/// The name of the context whose meta.json this is, and where its engine is.
pub(super) fn host_in(meta: &[u8]) -> Option<(String, String)> {
    let meta: Meta = serde_json::from_slice(meta).ok()?;
    Some((meta.name, meta.endpoints.docker.host))
}

/// The address that stands in an option, a variable or a context.
pub(super) fn parse(text: &str) -> Result<Endpoint, SourceError> {
    if let Some(path) = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")) {
        let path = if path.is_empty() { DEFAULT_SOCKET } else { path };
        return Ok(Endpoint::Unix(path.into()));
    }
    if text.starts_with('/') {
        return Ok(Endpoint::Unix(text.into()));
    }
    match text.strip_prefix("tcp://") {
        Some(place) => local(text, place.trim_end_matches('/')),
        // What has no scheme is TCP to Docker (docker/cli, opts/hosts.go).
        None if !text.contains("://") => local(text, text.trim_end_matches('/')),
        None => Err(unusable(text, "only unix:// and tcp:// to this machine can be used")),
    }
}

fn local(text: &str, place: &str) -> Result<Endpoint, SourceError> {
    match address::parse(place, DEFAULT_PORT) {
        Ok(at) if at.ip().is_loopback() => Ok(Endpoint::Tcp(at)),
        Ok(_) => Err(unusable(
            text,
            "the engine is on another machine: its process ids mean nothing here",
        )),
        Err(reason) => Err(unusable(text, reason)),
    }
}

fn unusable(text: &str, why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unusable, format!("Docker at {text}"), why)
        .hint("run docker-ovs on the machine that runs the containers")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &EngineOptions, env: &[(&str, &str)]) -> Result<String, String> {
        let look = |name: &str| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        options
            .address(look)
            .map(|at| at.to_string())
            .map_err(|source_error| source_error.to_string())
    }

    #[test]
    fn the_flag_beats_the_environment_and_an_empty_variable_is_none() {
        let options =
            EngineOptions { host: Some("unix:///a.sock".into()), ..EngineOptions::default() };
        assert_eq!(of(&options, &[("DOCKER_HOST", "unix:///b")]).unwrap(), "unix:///a.sock");
        let none = EngineOptions::default();
        assert_eq!(of(&none, &[("DOCKER_HOST", "unix:///b")]).unwrap(), "unix:///b");
        assert_eq!(of(&none, &[("DOCKER_HOST", "")]).unwrap(), "unix:///var/run/docker.sock");
    }

    #[test]
    fn only_this_machine_will_do() {
        for far in ["tcp://192.0.2.1:2375", "ssh://me@far", "tcp://far:2375", "npipe:////./x"] {
            assert!(parse(far).is_err(), "{far}");
        }
        for near in ["127.0.0.1:2375", "localhost:2375", "localhost"] {
            assert_eq!(parse(near).unwrap().to_string(), "tcp://127.0.0.1:2375", "{near}");
        }
        assert!(parse("192.0.2.1:2375").is_err() && parse("far:2375").is_err());
        assert_eq!(parse("tcp://localhost").unwrap().to_string(), "tcp://127.0.0.1:2375");
        assert_eq!(parse("tcp://[::1]:99").unwrap().to_string(), "tcp://[::1]:99");
    }

    #[test]
    fn a_context_is_found_by_the_name_in_its_meta_file() {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder.path().join("contexts/meta/0123abcd");
        std::fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"lab","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///lab.sock","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"currentContext":"lab"}"#).unwrap();
        let config = Some(folder.path().to_owned());
        let options = EngineOptions { config: config.clone(), ..EngineOptions::default() };
        assert_eq!(of(&options, &[]).unwrap(), "unix:///lab.sock");
        // One of another machine cannot be used.
        let far = folder.path().join("contexts/meta/4567cdef");
        std::fs::create_dir_all(&far).unwrap();
        let text = r#"{"Name":"far","Endpoints":{"docker":{"Host":"ssh://far"}}}"#;
        std::fs::write(far.join("meta.json"), text).unwrap();
        assert_eq!(options.contexts(|_| None), ["default", "lab"]);
        assert_eq!(
            of(&options, &[("DOCKER_CONTEXT", "default")]).unwrap(),
            "unix:///var/run/docker.sock"
        );
        assert_eq!(of(&options, &[("DOCKER_HOST", "unix:///b")]).unwrap(), "unix:///b");
        let other = EngineOptions { context: Some("gone".into()), config, host: None };
        assert!(of(&other, &[]).unwrap_err().contains("gone"));
    }
}

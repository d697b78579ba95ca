//! The Docker Engine API, also as Podman serves it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use model::ids::ContainerId;
use model::snapshot::Container;
use model::{Trouble, TroubleKind, query};
use serde::Deserialize;

use super::Found;
use super::address::Address;
use super::events::{Events, Said};
use super::http::{Http, HttpError};
use crate::deadline::{late, within};
use crate::failure;

/// Inspections under way at once: the daemon gains little beyond its cores.
pub(crate) const IN_FLIGHT: usize = 8;

/// An engine may owe the answer about one container for long: while it starts it, for as long as
/// that takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of one engine. It asks without a version in the path, as for the newest that the
/// daemon knows: what is read below has been the same in all of them.
#[derive(Clone)]
pub(crate) struct Docker {
    http: Arc<Http>,
}

impl Docker {
    pub(crate) fn at(address: &Address) -> Self {
        Self { http: Arc::new(Http::new(address.clone())) }
    }

    pub(crate) fn what(&self) -> String {
        format!("Docker at {}", self.http.address())
    }

    /// The API version the daemon speaks, and its own version.
    pub(crate) async fn version(&self) -> Result<String, Trouble> {
        let version: Version = self.get("/version").await?;
        Ok(format!("{}, API {}", version.version, version.api_version))
    }

    /// One container by name or id; none when the daemon knows no single such container.
    pub(crate) async fn inspect(&self, wanted: &str) -> Result<Option<Found>, Trouble> {
        let wanted = query::without_slash(wanted);
        if !can_name_a_container(wanted) {
            return Ok(None);
        }
        match self.http.get(&format!("/containers/{wanted}/json")).await {
            Ok(answer) => Ok(Some(found(answer))),
            Err(error) if is_no_single_container(&error) => Ok(None),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    /// All containers, stopped ones too, without their processes.
    pub(crate) async fn list(&self) -> Result<Vec<Found>, Trouble> {
        let rows: Vec<Summary> = self.get("/containers/json?all=true").await?;
        Ok(rows.into_iter().map(listed).collect())
    }

    /// One container as it is now. If the answer is late, as it is `known`, or at least listed,
    /// with that for the reason why its namespace is not to be had.
    pub(crate) async fn inspect_soon(
        &self,
        id: &ContainerId,
        known: Option<Found>,
    ) -> Result<Option<Found>, Trouble> {
        if let Ok(in_time) = within(PATIENCE, self.inspect(&id.0)).await {
            return in_time;
        }
        let late = late(format!("{}, asked about {}", self.what(), id.short()), PATIENCE);
        let known = match known {
            None => self.list().await?.into_iter().find(|found| found.row.id == *id),
            known => known,
        };
        Ok(known.map(|Found { row, sandbox }| {
            let row = Container { netns_trouble: Some(late), ..row };
            Found { row, sandbox }
        }))
    }

    /// All containers; those that run with their processes.
    pub(crate) async fn all(&self) -> Result<Vec<Found>, Trouble> {
        let inspected = stream::iter(self.list().await?).map(|found| async move {
            if !may_have_a_process(&found.row.state) {
                return Ok(Some(found));
            }
            let id = found.row.id.clone();
            self.inspect_soon(&id, Some(found)).await
        });
        let rows: Vec<_> = inspected.buffered(IN_FLIGHT).try_collect().await?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// What happens to containers from now on.
    pub(crate) async fn events(&self) -> Result<Events, Trouble> {
        Events::of(&self.http).await.map_err(|error| self.trouble(&error))
    }

    /// Waits until something happened to a container, and gives its id if that can change what
    /// is seen of it. Cancel safe.
    pub(crate) async fn next_event(
        &self,
        events: &mut Events,
    ) -> Result<Option<ContainerId>, Trouble> {
        let ended = || Trouble::new(TroubleKind::Gone, self.what(), "its stream of events ended");
        let said = events.next().await.map_err(|error| self.trouble(&error))?;
        said.map(Said::about).ok_or_else(ended)
    }

    /// Waits until the daemon has said that it lives: any answer does.
    pub(crate) async fn ping(&self) -> Result<(), Trouble> {
        match self.http.bytes("/_ping").await {
            Ok(_) | Err(HttpError::Refused { .. }) => Ok(()),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    /// The other containers in the network namespace of `row`, told by `--network container:ID`.
    pub(crate) async fn relatives(&self, row: &Container) -> Result<Vec<Found>, Trouble> {
        let root = row.network_mode.strip_prefix("container:").unwrap_or(&row.id.0).to_owned();
        let joined = format!("container:{root}");
        let mut relatives = Vec::new();
        for other in self.list().await? {
            let shares = *other.row.id.0 == *root || other.row.network_mode == joined;
            if shares && other.row.id != row.id {
                relatives.extend(self.inspect(&other.row.id.0).await?);
            }
        }
        Ok(relatives)
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.http.get(path).await.map_err(|error| self.trouble(&error))
    }

    fn trouble(&self, error: &HttpError) -> Trouble {
        trouble(self.http.address(), error)
    }
}

/// No such container, or several whose ids begin so; for the latter engines differ in status.
fn is_no_single_container(error: &HttpError) -> bool {
    let HttpError::Refused { status, message } = error else { return false };
    *status == 404 || message.contains("Multiple IDs") || message.contains("more than one")
}

/// Docker's own rule is `[a-zA-Z0-9][a-zA-Z0-9_.-]*`; anything else would change the URL.
fn can_name_a_container(wanted: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    wanted.bytes().all(inside) && wanted.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Podman calls a container `created` although its process and namespace are there.
fn may_have_a_process(state: &str) -> bool {
    !matches!(state, "exited" | "dead")
}

/// `GET /version`, as far as it is used.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    version: String,
    api_version: String,
}

/// `GET /containers/{id}/json`, as far as it is used. Engines write null for what is empty.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    name: Option<String>,
    state: Option<State>,
    host_config: Option<HostConfig>,
    config: Option<Config>,
    network_settings: Option<NetworkSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: Option<String>,
    pid: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    network_mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    sandbox_key: Option<String>,
}

/// One of `GET /containers/json`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    id: String,
    names: Option<Vec<String>>,
    state: Option<String>,
    host_config: Option<HostConfig>,
    labels: Option<BTreeMap<String, String>>,
}

fn found(answer: Inspected) -> Found {
    let (status, pid) = answer.state.map_or((None, None), |state| (state.status, state.pid));
    let row = Container {
        id: ContainerId(answer.id.into()),
        name: answer.name.unwrap_or_default().trim_start_matches('/').into(),
        state: status.unwrap_or_default(),
        pid: pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0),
        netns: None,
        netns_trouble: None,
        network_mode: network_mode(answer.host_config),
        labels: answer.config.and_then(|config| config.labels).unwrap_or_default(),
    };
    let sandbox = answer.network_settings.and_then(|net| net.sandbox_key);
    Found { row, sandbox: sandbox.filter(|key| !key.is_empty()).map(PathBuf::from) }
}

fn network_mode(config: Option<HostConfig>) -> String {
    config.and_then(|config| config.network_mode).unwrap_or_default()
}

fn listed(summary: Summary) -> Found {
    let names = summary.names.unwrap_or_default();
    let row = Container {
        id: ContainerId(summary.id.into()),
        name: own_name(&names).into(),
        state: summary.state.unwrap_or_default(),
        pid: None,
        netns: None,
        netns_trouble: None,
        network_mode: network_mode(summary.host_config),
        labels: summary.labels.unwrap_or_default(),
    };
    Found { row, sandbox: None }
}

/// Legacy links add names such as `/other/alias`; the container's own has one slash.
fn own_name(names: &[String]) -> &str {
    let bare = |name: &String| !name.trim_start_matches('/').contains('/');
    names.iter().find(|name| bare(name)).map_or("", |name| name.trim_start_matches('/'))
}

fn trouble(address: &Address, error: &HttpError) -> Trouble {
    let what = format!("Docker at {address}");
    match error {
        HttpError::Connect(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Trouble::new(TroubleKind::Unreachable, what, "there is no such socket")
                .remedy("is dockerd running? -H or DOCKER_HOST names another socket")
        }
        HttpError::Broken(error) if error.is_incomplete_message() => {
            Trouble::new(TroubleKind::Gone, what, "it closed the connection")
        }
        HttpError::Refused { status: 403, message } => {
            Trouble::new(TroubleKind::Denied, what, message)
                .remedy("a socket proxy must allow GET on /containers")
        }
        _ => failure::of_chain(what, error, "the group docker may use it, or root"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_would_change_the_url_name_no_container() {
        for word in ["", "../info", "a/b", "a?all=1", "-x", ".", "a b", "ü"] {
            assert!(!can_name_a_container(word), "{word:?}");
        }
        assert!(can_name_a_container("web_1.test-2"));
    }

    #[test]
    fn a_link_alias_is_not_the_name() {
        let names = ["/proxy/db".to_owned(), "/db".to_owned()];
        assert_eq!(own_name(&names), "db");
    }
}

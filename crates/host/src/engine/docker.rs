//! The Docker Engine API, also as Podman serves it.

use std::path::PathBuf;

use bollard::Docker as Api;
use bollard::errors::Error as ApiError;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};
use model::ids::ContainerId;
use model::snapshot::Container;
use model::{Trouble, TroubleKind};

use super::Found;
use super::address::Address;
use crate::failure;

/// Inspections under way at once: the daemon gains little beyond its cores.
pub(crate) const IN_FLIGHT: usize = 8;

/// A client of one engine. Making it does no I/O beyond looking whether the socket exists.
#[derive(Clone, Debug)]
pub(crate) struct Docker {
    api: Api,
    address: Address,
}

impl Docker {
    pub(crate) fn at(address: &Address, timeout: std::time::Duration) -> Result<Self, Trouble> {
        // Bollard wants whole seconds, and keeps its own watch: ours is the one that counts.
        let seconds = timeout.as_secs().saturating_add(1);
        let version = bollard::API_DEFAULT_VERSION;
        let api = match address {
            Address::Unix(path) => {
                Api::connect_with_unix(&path.to_string_lossy(), seconds, version)
            }
            Address::Tcp(at) => Api::connect_with_http(&at.to_string(), seconds, version),
        };
        let api = api.map_err(|error| trouble(address, &error))?;
        Ok(Self { api, address: address.clone() })
    }

    pub(crate) fn what(&self) -> String {
        format!("Docker at {}", self.address)
    }

    /// The API version the daemon speaks, and its own version.
    pub(crate) async fn version(&self) -> Result<String, Trouble> {
        let version = self.api.version().await.map_err(|error| self.trouble(&error))?;
        let daemon = version.version.unwrap_or_default();
        Ok(format!("{daemon}, API {}", version.api_version.unwrap_or_default()))
    }

    /// One container by name or id; none when the daemon knows no single such container.
    pub(crate) async fn inspect(&self, wanted: &str) -> Result<Option<Found>, Trouble> {
        if !can_name_a_container(wanted) {
            return Ok(None);
        }
        match self.api.inspect_container(wanted, None).await {
            Ok(answer) => Ok(found(answer)),
            Err(error) if is_no_single_container(&error) => Ok(None),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    /// All containers, stopped ones too, without their processes.
    pub(crate) async fn list(&self) -> Result<Vec<Found>, Trouble> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let answer = self.api.list_containers(Some(options)).await;
        let rows = answer.map_err(|error| self.trouble(&error))?;
        Ok(rows.into_iter().filter_map(listed).collect())
    }

    /// All containers; those that run with their processes.
    pub(crate) async fn all(&self) -> Result<Vec<Found>, Trouble> {
        let inspected = stream::iter(self.list().await?).map(|found| async move {
            if !may_have_a_process(&found.row.state) {
                return Ok(Some(found));
            }
            self.inspect(&found.row.id.0).await
        });
        let rows: Vec<_> = inspected.buffered(IN_FLIGHT).try_collect().await?;
        Ok(rows.into_iter().flatten().collect())
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

    fn trouble(&self, error: &ApiError) -> Trouble {
        trouble(&self.address, error)
    }
}

/// No such container, or several whose ids begin so; for the latter engines differ in status.
fn is_no_single_container(error: &ApiError) -> bool {
    let ApiError::DockerResponseServerError { status_code, message } = error else { return false };
    *status_code == 404 || message.contains("Multiple IDs") || message.contains("more than one")
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

fn found(answer: ContainerInspectResponse) -> Option<Found> {
    let state = answer.state.unwrap_or_default();
    let pid = state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
    let host = answer.host_config.unwrap_or_default();
    let labels = answer.config.and_then(|config| config.labels).unwrap_or_default();
    let sandbox = answer.network_settings.and_then(|net| net.sandbox_key);
    let row = Container {
        id: ContainerId(answer.id?.into()),
        name: answer.name.unwrap_or_default().trim_start_matches('/').into(),
        state: state.status.map(|status| status.to_string()).unwrap_or_default(),
        pid,
        netns: None,
        netns_trouble: None,
        network_mode: host.network_mode.unwrap_or_default(),
        labels: labels.into_iter().collect(),
    };
    Some(Found { row, sandbox: sandbox.filter(|key| !key.is_empty()).map(PathBuf::from) })
}

fn listed(summary: ContainerSummary) -> Option<Found> {
    let host = summary.host_config.unwrap_or_default();
    let names = summary.names.unwrap_or_default();
    let row = Container {
        id: ContainerId(summary.id?.into()),
        name: own_name(&names).into(),
        state: summary.state.map(|state| state.to_string()).unwrap_or_default(),
        pid: None,
        netns: None,
        netns_trouble: None,
        network_mode: host.network_mode.unwrap_or_default(),
        labels: summary.labels.unwrap_or_default().into_iter().collect(),
    };
    Some(Found { row, sandbox: None })
}

/// Legacy links add names such as `/other/alias`; the container's own has one slash.
fn own_name(names: &[String]) -> &str {
    let bare = |name: &String| !name.trim_start_matches('/').contains('/');
    names.iter().find(|name| bare(name)).map_or("", |name| name.trim_start_matches('/'))
}

fn trouble(address: &Address, error: &ApiError) -> Trouble {
    let what = format!("Docker at {address}");
    match error {
        ApiError::SocketNotFoundError(_) => {
            Trouble::new(TroubleKind::Unreachable, what, "there is no such socket")
                .remedy("is dockerd running? -H or DOCKER_HOST names another socket")
        }
        ApiError::RequestTimeoutError => Trouble::new(TroubleKind::TimedOut, what, "no answer"),
        ApiError::DockerResponseServerError { status_code: 403, message } => {
            Trouble::new(TroubleKind::Denied, what, message)
                .remedy("a socket proxy must allow GET on /containers")
        }
        ApiError::JsonDataError { .. } | ApiError::JsonSerdeError { .. } => {
            Trouble::new(TroubleKind::Garbled, what, error)
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

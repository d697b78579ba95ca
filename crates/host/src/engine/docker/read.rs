//! The Docker Engine API, also as Podman serves it.

use std::collections::BTreeMap;

use model::SourceError;
use model::ids::{ContainerId, name};
use model::snapshot::Container;
use serde::Deserialize;

use crate::engine::inspected::{HostConfig, network_mode};
use crate::engine::rest::{Hints, Rest};
use crate::engine::{EngineContainer, Peer};
use crate::identity::store;
use crate::transport::Endpoint;

const HINTS: Hints = Hints {
    missing: "is dockerd running? -H or DOCKER_HOST names another socket",
    denied: "the group docker may use it, or root",
};

/// A client of one engine. It asks without a version in the path, as for the newest that the
/// daemon knows: what is read below has been the same in all of them.
pub(super) struct Docker(pub(super) Rest);

impl Docker {
    pub(super) fn at(endpoint: Endpoint) -> Self {
        Self(Rest::new("Docker", endpoint, HINTS))
    }

    pub(super) async fn summaries(&self) -> Result<Vec<Summary>, SourceError> {
        self.0.get("/containers/json?all=true").await
    }

    /// Whether an engine refused `wanted` for being the beginning of several ids: engines differ in
    /// status and words, and so the list of containers says it.
    pub(super) async fn is_ambiguous(&self, wanted: &str) -> bool {
        self.summaries().await.is_ok_and(|rows| is_ambiguous(wanted, &rows))
    }
}

/// Whether `wanted` begins the ids of several containers and is the name or the id of none.
fn is_ambiguous(wanted: &str, rows: &[Summary]) -> bool {
    let is_own = |row: &Summary| row.id == wanted || own_name(row.names()) == wanted;
    let begun = rows.iter().filter(|row| row.id.starts_with(wanted)).count();
    begun > 1 && !rows.iter().any(is_own)
}

/// `GET /version`, as far as it is used.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Version {
    pub(super) version: String,
    pub(super) api_version: String,
}

/// `GET /info`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Info {
    #[serde(rename = "ID")]
    id: Option<String>,
    docker_root_dir: Option<String>,
    /// Podman's alone.
    buildah_version: Option<String>,
}

impl Info {
    /// `ID` alone tells no engine from another: the dockerds of one host have it from one `key.json`, from which
    /// newer ones copy it to where each keeps its containers; that tells them apart. Podman makes another `ID` up
    /// for each answer: there the place is all that lasts.
    pub(super) fn lasting_id(self, peer: Peer, address: &str) -> Option<String> {
        let given = |word: &String| !word.is_empty();
        let root = self.docker_root_dir.filter(given)?;
        let kind = match self.buildah_version {
            Some(_) => "podman".to_owned(),
            None => self.id.filter(given)?,
        };
        Some(store::id(&kind, &root, peer, address))
    }
}

/// One of `GET /containers/json`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summary {
    id: String,
    names: Option<Vec<String>>,
    state: Option<String>,
    host_config: Option<HostConfig>,
    labels: Option<BTreeMap<String, String>>,
}

impl Summary {
    fn names(&self) -> &[String] {
        self.names.as_deref().unwrap_or_default()
    }
}

pub(super) fn listed(summary: Summary) -> EngineContainer {
    let own_name = name(own_name(summary.names()));
    let row = Container {
        network_mode: network_mode(summary.host_config),
        labels: summary.labels.unwrap_or_default(),
        ..Container::new(
            ContainerId(name(&summary.id)),
            own_name,
            summary.state.unwrap_or_default(),
        )
    };
    EngineContainer { row, sandbox: None }
}

/// Legacy links add names such as `/other/alias`; the container's own has one slash.
fn own_name(names: &[String]) -> &str {
    let bare = |name: &String| !name.trim_start_matches('/').contains('/');
    names.iter().find(|name| bare(name)).map_or("", |name| name.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting_id(answer: &str) -> Option<String> {
        serde_json::from_str::<Info>(answer).unwrap().lasting_id(Peer::Files, "")
    }

    #[test]
    fn dockerds_with_one_id_are_told_apart_by_where_they_keep_their_containers() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            let root = folder.path().join(name);
            std::fs::create_dir(&root).unwrap();
            let root = root.display();
            let id = lasting_id(&format!(r#"{{"ID":"ABCD:EFGH","DockerRootDir":"{root}"}}"#));
            assert_eq!(id, Some(format!("ABCD:EFGH:{root}")));
            id
        };
        assert_ne!(of("one"), of("two"));
        let root = folder.path().display();
        let podman = format!(r#"{{"ID":"X","DockerRootDir":"{root}","BuildahVersion":"1"}}"#);
        assert_eq!(lasting_id(&podman), Some(format!("podman:{root}")));
        // What does not tell both is no engine that is known again.
        for answer in [
            "{}",
            r#"{"ID":"ABCD"}"#,
            r#"{"DockerRootDir":"/"}"#,
            r#"{"ID":"","DockerRootDir":"/"}"#,
            r#"{"ID":"ABCD","DockerRootDir":""}"#,
        ] {
            assert_eq!(lasting_id(answer), None, "{answer}");
        }
        let gone = r#"{"ID":"ABCD","DockerRootDir":"/none/such"}"#;
        assert_eq!(lasting_id(gone).as_deref(), Some("ABCD:/none/such@unknown"));
    }

    #[test]
    fn a_link_alias_is_not_the_name() {
        let names = ["/proxy/db".to_owned(), "/db".to_owned()];
        assert_eq!(own_name(&names), "db");
    }
}

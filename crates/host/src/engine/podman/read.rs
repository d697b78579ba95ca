//! libpod's API, as far as it is used (podman, `pkg/api/server`).

use std::collections::BTreeMap;

use model::SourceError;
use model::ids::{ContainerId, name};
use model::snapshot::Container;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::engine::EngineContainer;
use crate::engine::inspected::{HELD_OF_ONE, Inspected, process};
use crate::engine::rest::{Hints, Rest};
use crate::transport::{Endpoint, HttpError};

const HINTS: Hints = Hints {
    missing: "systemctl start podman.socket; --engine podman=PATH names another socket",
    denied: "root may use it, or the user whose Podman it is",
};

/// The end of the name of what holds a pod's namespaces.
const INFRA: &str = "-infra$";

/// A client of one Podman. Each of 4.0 and later takes the version in the path for the newest that
/// the caller knows.
pub(super) struct Podman(pub(super) Rest);

impl Podman {
    pub(super) fn at(endpoint: Endpoint) -> Self {
        Self(Rest::new("Podman", endpoint, HINTS))
    }

    /// A container by name, id or the beginning of one; none where that is none, or several.
    pub(super) async fn container(&self, wanted: &str) -> Result<Option<Inspected>, SourceError> {
        self.one("containers", wanted).await
    }

    /// A pod, likewise. Pods and containers share one register of names.
    pub(super) async fn pod(&self, wanted: &str) -> Result<Option<Pod>, SourceError> {
        self.one("pods", wanted).await
    }

    async fn one<T: DeserializeOwned>(
        &self,
        of: &str,
        wanted: &str,
    ) -> Result<Option<T>, SourceError> {
        let path = format!("/v5.0.0/libpod/{of}/{wanted}/json");
        match self.0.http.get_within(&path, HELD_OF_ONE).await {
            Ok(answer) => Ok(Some(answer)),
            Err(HttpError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(self.0.source_error(&error)),
        }
    }

    /// All containers, those that hold a pod's namespaces among them.
    pub(super) async fn all(&self) -> Result<Vec<Listed>, SourceError> {
        self.0.get("/v5.0.0/libpod/containers/json?all=true").await
    }

    /// The same of those whose names one of these parts is in. What holds a pod's namespaces is called
    /// after the pod's id, and so is always among them. Podman has the names at hand and asks for what
    /// else there is to tell of each container, for the better part of a millisecond.
    pub(super) async fn all_with(&self, parts: &[String]) -> Result<Vec<Listed>, SourceError> {
        // Only what may be a name is asked for, and of that a dot alone means something to RE2.
        let parts: Vec<_> = parts.iter().map(|part| part.replace('.', "\\.")).collect();
        let filters = json!({ "name": [format!("{}|{INFRA}", parts.join("|"))] }).to_string();
        let filters = utf8_percent_encode(&filters, NON_ALPHANUMERIC);
        self.0.get(&format!("/v5.0.0/libpod/containers/json?all=true&filters={filters}")).await
    }

    pub(super) async fn info(&self) -> Result<Info, SourceError> {
        self.0.get("/v5.0.0/libpod/info").await
    }
}

/// `GET /libpod/info`.
#[derive(Deserialize)]
pub(super) struct Info {
    pub(super) host: HostInfo,
    pub(super) store: StoreInfo,
    pub(super) version: VersionInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HostInfo {
    /// `file`, `journald` or `none` (containers.conf(5), `events_logger`).
    #[serde(default)]
    pub(super) event_logger: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreInfo {
    #[serde(default)]
    pub(super) graph_root: String,
}

#[derive(Deserialize)]
pub(super) struct VersionInfo {
    #[serde(rename = "Version", default)]
    pub(super) version: String,
}

/// `GET /libpod/pods/{name}/json`.
#[derive(Deserialize)]
pub(super) struct Pod {
    #[serde(rename = "Name", default)]
    pub(super) name: String,
    /// The container that holds its namespaces, if it has one.
    #[serde(rename = "InfraContainerID", default)]
    pub(super) infra: String,
}

/// One of `GET /libpod/containers/json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    id: String,
    names: Option<Vec<String>>,
    pod_name: Option<String>,
    #[serde(default)]
    is_infra: bool,
    state: Option<String>,
    pid: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
}

impl Listed {
    /// The row, with its process. How its network was made is not listed.
    pub(super) fn found(self) -> EngineContainer {
        let own = self.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        let pod = self.pod_name.filter(|pod| self.is_infra && !pod.is_empty());
        let row = Container {
            pid: process(self.pid),
            labels: self.labels.unwrap_or_default(),
            ..Container::new(
                ContainerId(name(&self.id)),
                name(&pod.unwrap_or(own)),
                self.state.unwrap_or_default(),
            )
        };
        EngineContainer { row, sandbox: None }
    }
}

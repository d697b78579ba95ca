//! One container as the Docker Engine API and libpod tell it, which is the same but for pods.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::ids::{ContainerId, name};
use model::snapshot::Container;
use serde::Deserialize;

use super::EngineContainer;

/// What is held of one container, in bytes: its labels above all.
pub(super) const HELD_OF_ONE: usize = 4 << 20;

/// `GET /containers/{id}/json`, as far as it is used. Engines write null for what is empty.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Inspected {
    id: String,
    name: Option<String>,
    /// The id of its pod: libpod's alone.
    pub(super) pod: Option<String>,
    /// Whether it holds that pod's namespaces: libpod's alone.
    #[serde(default)]
    pub(super) is_infra: bool,
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
pub(super) struct HostConfig {
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

impl Inspected {
    /// The row, and the engine's handle on the namespace. That of a container that has stopped is an
    /// old one; Podman has one only of a namespace that it made itself and gave a network to.
    pub(crate) fn found(self) -> EngineContainer {
        let (status, pid) = self.state.map_or((None, None), |state| (state.status, state.pid));
        // Docker's has a slash before it.
        let own = name(self.name.unwrap_or_default().trim_start_matches('/'));
        let row = Container {
            pid: process(pid),
            network_mode: network_mode(self.host_config),
            labels: self.config.and_then(|config| config.labels).unwrap_or_default(),
            ..Container::new(ContainerId(name(&self.id)), own, status.unwrap_or_default())
        };
        let sandbox = self.network_settings.and_then(|net| net.sandbox_key);
        let sandbox = sandbox.filter(|key| !key.is_empty() && row.pid.is_some());
        EngineContainer { row, sandbox: sandbox.map(PathBuf::from) }
    }
}

pub(super) fn network_mode(config: Option<HostConfig>) -> String {
    config.and_then(|config| config.network_mode).unwrap_or_default()
}

/// The first process; engines write 0 for none.
pub(super) fn process(pid: Option<i64>) -> Option<u32> {
    pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0)
}

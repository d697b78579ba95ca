//! Pods and their containers as rows.
//!
//! A pod is a row of its own, `NAMESPACE/POD`: its sandbox has the network. Its containers,
//! `NAMESPACE/POD/CONTAINER`, are in that one's. What has ended is never started again, and another
//! one takes its place: then it is no row any more, as if it were removed; the kubelet
//! keeps it for its logs. Until then it goes by its name and its id, `NAMESPACE/POD@0123456789ab`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use model::ids::{ContainerId, Name, name};
use model::snapshot::Container;
use serde::Deserialize;

use super::messages::{PodContainer, PodSandbox, PodSandboxMetadata, PodSandboxStatusResponse};
use crate::engine::EngineContainer;
use crate::engine::oci::{Network, Spec, handle};

/// `PodSandboxState`: 0 is ready.
const READY: i32 = 0;
/// `ContainerState`.
const STATES: [&str; 3] = ["created", "running", "exited"];
/// `NamespaceMode`: that of the node.
const OF_NODE: i32 = 2;

/// What is held of what a runtime says of one sandbox or container beyond the interface's fields,
/// in bytes.
const HELD_OF_ONE: usize = 4 << 20;

/// A pod as its containers need it. It is the same as long as the sandbox lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pod {
    /// `NAMESPACE/POD`.
    pub(super) name: String,
    /// The file that is its network namespace.
    pub(super) netns: Option<PathBuf>,
    /// Whether it shares the node's network.
    pub(super) on_host_network: bool,
}

/// What the runtimes add to a status: `info` is a JSON text, containerd's and CRI-O's alike.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    pid: i64,
    runtime_spec: Option<Spec>,
    sandbox_metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "NetNSPath")]
    netns_path: String,
}

impl Info {
    /// Where it cannot be read, nothing is known of it: runtimes differ in what else it holds.
    fn of(info: &BTreeMap<String, String>) -> Self {
        let text = info.get("info").map_or("", String::as_str);
        bounded::from_str(text, HELD_OF_ONE).unwrap_or_default()
    }

    fn pid(&self) -> Option<u32> {
        u32::try_from(self.pid).ok().filter(|pid| *pid != 0)
    }

    fn netns(self) -> Option<PathBuf> {
        let of_metadata = self.sandbox_metadata.and_then(|metadata| handle(metadata.netns_path));
        of_metadata.or_else(|| match self.runtime_spec?.network() {
            Network::At(path) => Some(path),
            Network::Host | Network::Other => None,
        })
    }
}

/// The first process that a runtime tells of a container.
pub(super) fn pid_in(info: &BTreeMap<String, String>) -> Option<u32> {
    Info::of(info).pid()
}

pub(super) fn pod_name(metadata: Option<&PodSandboxMetadata>) -> String {
    metadata.map(|it| format!("{}/{}", it.namespace, it.name)).unwrap_or_default()
}

/// A sandbox as it is listed: without what only its status tells.
pub(super) fn listed_pod(sandbox: PodSandbox) -> EngineContainer {
    let ready = sandbox.state == READY;
    let own = pod_name(sandbox.metadata.as_ref());
    let row = Container {
        name: called(&own, &sandbox.id, ready),
        state: if ready { "running" } else { "exited" }.to_owned(),
        labels: sandbox.labels,
        ..bare(&sandbox.id)
    };
    EngineContainer { row, sandbox: None }
}

/// A container as it is listed, of a pod that is called `pod`.
pub(super) fn listed_container(container: PodContainer, pod: &str) -> EngineContainer {
    let state = usize::try_from(container.state).ok().and_then(|state| STATES.get(state).copied());
    let own = container.metadata.map(|metadata| metadata.name).unwrap_or_default();
    let own = format!("{pod}/{own}");
    let row = Container {
        name: called(&own, &container.id, state != Some("exited")),
        state: state.unwrap_or("unknown").to_owned(),
        network_mode: format!("container:{}", container.pod_sandbox_id),
        labels: container.labels,
        ..bare(&container.id)
    };
    EngineContainer { row, sandbox: None }
}

/// A sandbox with its process and its namespace; none where its status says nothing.
pub(super) fn inspected_pod(answer: PodSandboxStatusResponse) -> Option<(EngineContainer, Pod)> {
    let info = Info::of(&answer.info);
    let status = answer.status?;
    let linux = status.linux.and_then(|linux| linux.namespaces);
    let network = linux.and_then(|spaces| spaces.options).map(|options| options.network);
    let pod = Pod {
        name: pod_name(status.metadata.as_ref()),
        on_host_network: network == Some(OF_NODE),
        netns: None,
    };
    let sandbox = PodSandbox {
        id: status.id,
        metadata: status.metadata,
        state: status.state,
        labels: status.labels,
    };
    let alive = sandbox.state == READY;
    let EngineContainer { row, .. } = listed_pod(sandbox);
    let pid = info.pid().filter(|_| alive);
    let mode = if pod.on_host_network { "host" } else { "" };
    let netns = info.netns().filter(|_| alive && !pod.on_host_network);
    let row = Container { pid, network_mode: mode.to_owned(), ..row };
    Some((EngineContainer { row, sandbox: netns.clone() }, Pod { netns, ..pod }))
}

/// A listed container with its process, in the namespace of its pod.
pub(super) fn inspected_container(
    found: EngineContainer,
    pid: Option<u32>,
    pod: Pod,
) -> EngineContainer {
    let EngineContainer { row, .. } = found;
    let mode = if pod.on_host_network { "host".to_owned() } else { row.network_mode };
    // Without a process there is nothing in the namespace that is its own.
    let sandbox = pod.netns.filter(|_| pid.is_some());
    EngineContainer { row: Container { pid, network_mode: mode, ..row }, sandbox }
}

/// The id of the sandbox that a row is, or is in; none of one on the node's network.
pub(super) fn sandbox_of(row: &Container) -> Option<&str> {
    match row.network_mode.strip_prefix("container:") {
        Some(sandbox) => Some(sandbox),
        None if row.on_host_network() => None,
        None => Some(&row.id.0),
    }
}

/// Leaves out what has ended where another one has its place.
pub(super) fn without_replaced(rows: &mut Vec<EngineContainer>) {
    let living = rows.iter().filter(|found| !has_ended(&found.row));
    let living: BTreeSet<Name> = living.map(|found| found.row.name.clone()).collect();
    rows.retain(|found| {
        let own = found.row.name.rsplit_once('@').filter(|_| has_ended(&found.row));
        own.is_none_or(|(own, _)| !living.contains(own))
    });
}

/// Whether it is neither started nor to be started.
pub(super) fn has_ended(row: &Container) -> bool {
    row.state == "exited"
}

fn called(own: &str, id: &str, alive: bool) -> Name {
    if alive {
        return name(own);
    }
    let short = id.get(..12).unwrap_or(id);
    name(&format!("{own}@{short}"))
}

fn bare(id: &str) -> Container {
    Container::new(ContainerId(name(id)), Name::from(""), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(json: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("info".to_owned(), json.to_owned())])
    }

    fn netns(json: &str) -> Option<PathBuf> {
        Info::of(&info(json)).netns()
    }

    #[test]
    fn the_namespace_is_a_file_that_the_runtime_made() {
        let spec = |path: &str| {
            format!(
                r#"{{"pid":0,"runtimeSpec":{{"linux":{{"namespaces":[{{"type":"pid"}},{{"type":"network","path":"{path}"}}]}}}}}}"#
            )
        };
        let made = "/var/run/netns/cni-1";
        assert_eq!(netns(&spec(made)), Some(made.into()));
        assert_eq!(netns(&spec("/proc/77/ns/net")), None, "the number may be another process's");
        assert_eq!(netns(&spec("")), None);
        let both = r#"{"sandboxMetadata":{"NetNSPath":"/run/netns/a"},"runtimeSpec":{"linux":{"namespaces":[{"type":"network","path":"/run/netns/b"}]}}}"#;
        assert_eq!(netns(both), Some("/run/netns/a".into()));
        assert_eq!((netns("{}"), netns("not JSON"), netns("")), (None, None, None));
    }

    #[test]
    fn a_pid_of_nothing_is_none() {
        for (json, pid) in [(r#"{"pid":7}"#, Some(7)), (r#"{"pid":0}"#, None), ("{}", None)] {
            assert_eq!(pid_in(&info(json)), pid, "{json}");
        }
    }

    #[test]
    fn what_has_ended_leaves_its_name_to_the_next_one() {
        let metadata = PodSandboxMetadata { name: "web".into(), namespace: "default".into() };
        let pod = |state| {
            let metadata = Some(metadata.clone());
            PodSandbox { id: "ab".repeat(32), metadata, state, labels: BTreeMap::new() }
        };
        assert_eq!(&*listed_pod(pod(0)).row.name, "default/web");
        assert_eq!(&*listed_pod(pod(1)).row.name, "default/web@abababababab");
        let names = |states: &[i32]| -> Vec<String> {
            let mut rows: Vec<_> = states.iter().map(|state| listed_pod(pod(*state))).collect();
            without_replaced(&mut rows);
            rows.iter().map(|found| found.row.name.to_string()).collect()
        };
        assert_eq!(names(&[1, 0]), ["default/web"]);
        assert_eq!(names(&[1]), ["default/web@abababababab"]);
    }
}

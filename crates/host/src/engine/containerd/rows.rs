//! containerd's containers as rows.

use model::ids::{ContainerId, name};
use model::snapshot::Container;

use super::messages::{StoredContainer, Task};
use crate::engine::oci::{Network, Spec};
use crate::engine::{EngineContainer, is_full_id};
use crate::identity::cgroup::cgroup_is_of;

/// The namespace whose containers are called by their names alone.
const USUAL: &str = "default";
/// What nerdctl calls a container.
const NAME: &str = "nerdctl/name";
/// `Status` of a task.
const STATES: [&str; 6] = ["unknown", "created", "running", "stopped", "paused", "paused"];
/// What is held of a specification, in bytes.
const HELD: usize = 1 << 20;

/// A container of `namespace`, with its task where it has one.
pub(super) fn found(
    namespace: &str,
    stored: StoredContainer,
    task: Option<&Task>,
) -> EngineContainer {
    let network = network_of(&stored);
    let own = stored.labels.get(NAME).filter(|own| !own.is_empty()).unwrap_or(&stored.id);
    let own = if namespace == USUAL { own.clone() } else { format!("{namespace}/{own}") };
    let state = task.and_then(|task| STATES.get(usize::try_from(task.status).ok()?).copied());
    let alive = state.is_some_and(|state| state != "stopped");
    let row = Container {
        pid: task.map(|task| task.pid).filter(|pid| *pid != 0 && alive),
        network_mode: if network == Network::Host { "host" } else { "" }.to_owned(),
        labels: stored.labels,
        ..Container::new(
            id(namespace, &stored.id),
            name(&own),
            state.unwrap_or("stopped").to_owned(),
        )
    };
    // Without a process nothing in a namespace is its own.
    let sandbox = match network {
        Network::At(path) if row.pid.is_some() => Some(path),
        _ => None,
    };
    EngineContainer { row, sandbox }
}

fn network_of(stored: &StoredContainer) -> Network {
    let spec = stored.spec.as_ref().map_or(&[][..], |spec| &spec.value);
    let spec: Spec = bounded::from_slice(spec, HELD).unwrap_or_default();
    spec.network()
}

/// nerdctl makes ids as Docker does. Those of others are unique in their namespace only.
fn id(namespace: &str, own: &str) -> ContainerId {
    if is_full_id(own) {
        return ContainerId(name(own));
    }
    ContainerId(name(&format!("{own}@{namespace}")))
}

/// A task, by the container that it is of.
pub(super) fn by_container(task: Task) -> (String, Task) {
    let of = if task.container_id.is_empty() { &task.id } else { &task.container_id };
    (of.clone(), task)
}

/// Whether cgroups are the container's: they end in its full id, or in `NAMESPACE/ID`, as runc names
/// them where nothing else is said.
pub(super) fn cgroups_are_of(row: &Container, cgroups: &str) -> bool {
    let Some((own, namespace)) = row.id.0.rsplit_once('@') else {
        return cgroup_is_of(cgroups, &row.id.0);
    };
    let group = format!("/{namespace}/{own}");
    let paths = cgroups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut used = paths.filter(|path| *path != "/").peekable();
    let is_its = |path: &str| {
        path.match_indices(&group).any(|(at, _)| {
            path.get(at + group.len()..)
                .is_some_and(|more| more.is_empty() || more.starts_with('/'))
        })
    };
    used.peek().is_some() && used.all(is_its)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::containerd::messages::Any;

    fn stored(id: &str, label: Option<&str>, namespaces: &str) -> StoredContainer {
        let spec = format!(r#"{{"ociVersion":"1.0.2","linux":{{"namespaces":{namespaces}}}}}"#);
        let labels = label.map(|own| (NAME.to_owned(), own.to_owned())).into_iter().collect();
        StoredContainer { id: id.to_owned(), labels, spec: Some(Any { value: spec.into() }) }
    }

    fn task(status: i32) -> Task {
        Task { pid: 7, status, ..Task::default() }
    }

    #[test]
    fn a_container_is_called_as_nerdctl_calls_it() {
        let named = |namespace, label| {
            let found = found(namespace, stored("c1", label, "[]"), None);
            (found.row.name.to_string(), found.row.id.0.to_string())
        };
        assert_eq!(named("default", Some("web")), ("web".into(), "c1@default".into()));
        assert_eq!(named("default", None), ("c1".into(), "c1@default".into()));
        assert_eq!(named("build", Some("web")), ("build/web".into(), "c1@build".into()));
        let full = "ab".repeat(32);
        assert_eq!(&*found("default", stored(&full, None, "[]"), None).row.id.0, full);
    }

    #[test]
    fn it_has_a_process_while_its_task_lives() {
        let row = |task: Option<Task>| found("default", stored("c", None, "[]"), task.as_ref()).row;
        assert_eq!((row(None).pid, row(None).state.as_str()), (None, "stopped"));
        assert_eq!(row(Some(task(2))).pid, Some(7));
        assert_eq!(row(Some(task(4))).state, "paused");
        assert_eq!(row(Some(task(3))).pid, None);
    }

    #[test]
    fn without_a_network_namespace_it_is_on_the_hosts_network() {
        let of = |spaces: &str| found("default", stored("c", None, spaces), Some(&task(2)));
        assert!(of(r#"[{"type":"pid"}]"#).row.on_host_network());
        assert!(!of(r#"[{"type":"network"}]"#).row.on_host_network());
        let path = |path: &str| of(&format!(r#"[{{"type":"network","path":"{path}"}}]"#)).sandbox;
        assert_eq!(path("/run/netns/x"), Some("/run/netns/x".into()));
        assert_eq!(path("/proc/77/ns/net"), None);
        let unread = StoredContainer { spec: None, ..stored("c", None, "[]") };
        assert!(!found("default", unread, None).row.on_host_network(), "that is not known");
    }

    #[test]
    fn a_cgroup_is_of_the_container_in_its_namespace() {
        let row = found("default", stored("web", None, "[]"), None).row;
        for its in ["0::/default/web", "9:pids:/default/web\n0::/", "0::/a.slice/default/web/x"] {
            assert!(cgroups_are_of(&row, its), "{its}");
        }
        for not in ["0::/", "", "0::/default/web2", "0::/other/web", "4:pids:/x\n0::/default/web"] {
            assert!(!cgroups_are_of(&row, not), "{not}");
        }
    }
}

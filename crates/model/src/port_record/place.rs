//! The place of a container in something that makes it again under another name and id: a Compose
//! project, a Swarm service. What takes the place takes over the interfaces.

use std::collections::BTreeMap;

use crate::snapshot::Container;

/// The keys of a record, and Compose's labels.
const COMPOSE: [(&str, &str); 3] = [
    ("compose-project", "com.docker.compose.project"),
    ("compose-service", "com.docker.compose.service"),
    ("compose-number", "com.docker.compose.container-number"),
];
/// The keys of a record: the service's name, and the slot of the task in it.
const SWARM: [&str; 2] = ["swarm-service", "swarm-slot"];

/// Compose's label of a container that was run beside a service's own, by `compose run`: it has their other
/// labels, and not their place.
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// Swarm's labels: the service's name, and the task's.
const SWARM_LABELS: [&str; 2] = ["com.docker.swarm.service.name", "com.docker.swarm.task.name"];

/// The labels by which a container is known again that was made anew.
pub(crate) fn is_own_label(label: &str) -> bool {
    label == ONE_OFF
        || SWARM_LABELS.contains(&label)
        || COMPOSE.iter().any(|(_, known)| *known == label)
}

/// Where a container stands; nothing of what it has no part in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSlot {
    /// Compose's project, service and number of the container.
    pub compose: Option<[String; 3]>,
    /// Swarm's service and slot: a number, or the node's id in a global service.
    pub swarm: Option<[String; 2]>,
}

impl ServiceSlot {
    /// By the labels that Compose and Swarm give their containers.
    pub fn of(container: &Container) -> Self {
        let label = |key: &str| container.labels.get(key).cloned();
        let [project, service, number] = COMPOSE.map(|(_, key)| label(key));
        let is_one_off = label(ONE_OFF).is_some_and(|is| is.eq_ignore_ascii_case("true"));
        let compose = project.zip(service).zip(number).filter(|_| !is_one_off);
        Self {
            compose: compose.map(|((project, service), number)| [project, service, number]),
            swarm: swarm(container),
        }
    }

    /// As a record names it, where `own` reads a key of ours.
    pub(super) fn read(own: impl Fn(&str) -> Option<String>) -> Self {
        let [project, service, number] = COMPOSE.map(|(key, _)| own(key));
        let [name, slot] = SWARM.map(&own);
        let compose = project.zip(service).zip(number);
        Self {
            compose: compose.map(|((project, service), number)| [project, service, number]),
            swarm: name.zip(slot).map(|(name, slot)| [name, slot]),
        }
    }

    /// The keys to be written, without their prefix.
    pub(super) fn keys(&self) -> BTreeMap<&'static str, &String> {
        let compose = self.compose.iter().flatten();
        let compose = COMPOSE.iter().map(|(key, _)| *key).zip(compose);
        compose.chain(SWARM.into_iter().zip(self.swarm.iter().flatten())).collect()
    }

    /// Whether both are one place, and any place at all.
    pub fn is_same(&self, other: &Self) -> bool {
        let same_compose = self.compose.is_some() && self.compose == other.compose;
        same_compose || (self.swarm.is_some() && self.swarm == other.swarm)
    }
}

/// Swarm calls a task `SERVICE.SLOT.TASK`, or `SERVICE.NODE.TASK` in a global service
/// (`naming.Task`, swarmkit).
fn swarm(container: &Container) -> Option<[String; 2]> {
    let [service, task] = SWARM_LABELS.map(|label| container.labels.get(label));
    let (service, task) = service.zip(task)?;
    let (slot, _) = task.strip_prefix(service.as_str())?.strip_prefix('.')?.split_once('.')?;
    (!slot.is_empty()).then(|| [service.clone(), slot.to_owned()])
}

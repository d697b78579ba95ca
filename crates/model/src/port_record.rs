//! What a port's `external_ids` remember of an attachment: enough to make it again.
//!
//! The database is the only memory. Keys of our own begin with [`PREFIX`]; `container_id` and
//! `container_iface` are ovs-docker's (ovs-docker, in Open vSwitch's utilities), so that
//! either program understands the other's ports.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use crate::ids::{Mac, short_if_id};
use crate::snapshot::{Cidr, Container};
use crate::switch::Port;

/// What the keys of our own begin with.
pub const PREFIX: &str = "docker-ovs.";
/// What the alias of a link begins with that we made.
pub const ALIAS: &str = "docker-ovs ";

const COMPOSE: [(&str, &str); 3] = [
    ("compose-project", "com.docker.compose.project"),
    ("compose-service", "com.docker.compose.service"),
    ("compose-number", "com.docker.compose.container-number"),
];

/// The keys of our own, without [`PREFIX`].
pub(crate) const OWN_KEYS: [&str; 9] = [
    "compose-project",
    "compose-service",
    "compose-number",
    "name",
    "mac",
    "ip",
    "gateway",
    "mtu",
    "created",
];

/// The labels by which a container is known again that was made anew.
pub(crate) fn is_own_label(label: &str) -> bool {
    COMPOSE.iter().any(|(_, known)| *known == label)
}

/// An attachment as the database remembers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortRecord {
    /// The container as its row names it; its full id where we wrote it.
    pub container: String,
    /// Name of the interface inside.
    pub interface: String,
    /// Whether we wrote it.
    pub ours: bool,
    /// Name of the container.
    pub name: Option<String>,
    /// Compose's project, service and number of the container; empty without Compose.
    pub compose: Vec<String>,
    /// Hardware address of the interface inside.
    pub mac: Option<Mac>,
    /// Its addresses.
    pub addresses: Vec<Cidr>,
    /// Gateways of its default routes.
    pub gateways: Vec<IpAddr>,
    /// Its MTU in bytes.
    pub mtu: Option<u32>,
    /// When it was made, in seconds since the Unix epoch.
    pub created: Option<u64>,
}

impl PortRecord {
    /// What the row of `port` remembers, if it is ours or ovs-docker's.
    pub fn of(port: &Port) -> Option<Self> {
        let ids = &port.external_ids;
        let text = |key: &str| ids.get(key).filter(|text| !text.is_empty()).cloned();
        let own = |key: &str| text(&format!("{PREFIX}{key}"));
        let compose: Vec<_> = COMPOSE.iter().map_while(|(key, _)| own(key)).collect();
        Some(Self {
            container: text("container_id")?,
            interface: text("container_iface")?,
            ours: ids.keys().any(|key| key.starts_with(PREFIX)),
            name: own("name"),
            compose: if compose.len() == COMPOSE.len() { compose } else { Vec::new() },
            mac: parsed(own("mac")),
            addresses: list(own("ip").as_ref()),
            gateways: list(own("gateway").as_ref()),
            mtu: parsed(own("mtu")),
            created: parsed(own("created")),
        })
    }

    /// The same for another container, or for the same one under another name.
    pub fn for_container(self, container: &Container) -> Self {
        Self {
            container: container.id.0.to_string(),
            name: Some(container.name.to_string()),
            compose: compose_of(container),
            ours: true,
            ..self
        }
    }

    /// The keys to be written.
    pub fn external_ids(&self) -> BTreeMap<String, String> {
        let own = |key: &str| format!("{PREFIX}{key}");
        let mut ids = BTreeMap::from([
            ("container_id".to_owned(), self.container.clone()),
            ("container_iface".to_owned(), self.interface.clone()),
        ]);
        let compose = COMPOSE.iter().zip(&self.compose).map(|((key, _), value)| (*key, value));
        ids.extend(compose.map(|(key, value)| (own(key), value.clone())));
        let rest = [
            ("name", self.name.clone()),
            ("mac", self.mac.map(|mac| mac.to_string())),
            ("ip", joined(&self.addresses)),
            ("gateway", joined(&self.gateways)),
            ("mtu", self.mtu.map(|mtu| mtu.to_string())),
            ("created", self.created.map(|created| created.to_string())),
        ];
        ids.extend(rest.into_iter().filter_map(|(key, value)| Some((own(key), value?))));
        ids
    }

    /// The container that it is about: by id, by the name it had, by its place in a Compose
    /// project, in this order. One that was made again has the name or the place.
    pub fn owner<'a>(&self, containers: &[&'a Container]) -> Option<&'a Container> {
        let find = |fits: &dyn Fn(&Container) -> bool| {
            let mut found = containers.iter().filter(|row| fits(row));
            found.next().filter(|_| found.next().is_none()).copied()
        };
        let words = self.container.as_str();
        find(&|row| *row.id.0 == *words)
            .or_else(|| find(&|row| !self.ours && *row.name == *words))
            .or_else(|| find(&|row| !self.ours && row.id.0.starts_with(words)))
            .or_else(|| find(&|row| self.name.as_deref() == Some(&*row.name)))
            .or_else(|| find(&|row| !self.compose.is_empty() && compose_of(row) == self.compose))
    }

    /// Whether `words` may mean its container.
    pub fn matches(&self, words: &str) -> bool {
        let id = !words.is_empty() && self.container.starts_with(words);
        id || self.name.as_deref() == Some(words)
    }

    /// How its container is called: by name where that is known, else as in the row.
    pub fn owner_name(&self) -> &str {
        self.name.as_deref().unwrap_or(short_if_id(&self.container))
    }

    /// The alias of the link on the host's side.
    pub fn alias(&self, bridge: &str) -> String {
        format!("{ALIAS}{}/{} on {bridge}", self.container, self.interface)
    }
}

/// What the alias of a link says, that [`PortRecord::alias`] wrote: container, interface, bridge.
pub(crate) fn alias_says(alias: &str) -> Option<(&str, &str, &str)> {
    let (container, rest) = alias.strip_prefix(ALIAS)?.split_once('/')?;
    let (interface, bridge) = rest.split_once(" on ")?;
    Some((container, interface, bridge))
}

fn compose_of(container: &Container) -> Vec<String> {
    let labels = COMPOSE.iter().map_while(|(_, label)| container.labels.get(*label)).cloned();
    let labels: Vec<_> = labels.collect();
    if labels.len() == COMPOSE.len() { labels } else { Vec::new() }
}

fn parsed<T: FromStr>(text: Option<String>) -> Option<T> {
    text?.parse().ok()
}

fn list<T: FromStr>(text: Option<&String>) -> Vec<T> {
    text.into_iter().flat_map(|text| text.split(',')).filter_map(|word| word.parse().ok()).collect()
}

fn joined<T: Display>(items: &[T]) -> Option<String> {
    let words: Vec<_> = items.iter().map(ToString::to_string).collect();
    (!words.is_empty()).then(|| words.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let record = PortRecord {
            container: "ab".repeat(32),
            interface: "eth1".into(),
            ours: true,
            name: Some("web".into()),
            compose: vec!["shop".into(), "web".into(), "1".into()],
            mac: "02:00:00:00:00:07".parse().ok(),
            addresses: vec!["192.0.2.7/24".parse().unwrap(), "2001:db8::7/64".parse().unwrap()],
            gateways: vec!["192.0.2.1".parse().unwrap()],
            mtu: Some(1400),
            created: Some(1_700_000_000),
        };
        let port = Port { external_ids: record.external_ids(), ..Port::default() };
        assert_eq!(alias_says(&record.alias("br0")), Some((&*record.container, "eth1", "br0")));
        assert_eq!(PortRecord::of(&port), Some(record));
    }

    #[test]
    fn other_peoples_words_are_no_mark_and_odd_values_are_left_out() {
        assert_eq!(PortRecord::of(&Port::default()), None);
        let ids = [
            ("container_id", "web"),
            ("container_iface", "eth1"),
            ("docker-ovs.ip", "nonsense,192.0.2.7/24,192.0.2.7/99"),
            ("docker-ovs.mtu", "-1"),
        ];
        let external_ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let record = PortRecord::of(&Port { external_ids, ..Port::default() }).unwrap();
        assert_eq!(record.addresses, ["192.0.2.7/24".parse().unwrap()]);
        assert_eq!((record.mtu, record.owner_name()), (None, "web"));
    }
}

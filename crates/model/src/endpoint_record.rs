//! What a port's `external_ids` record of an endpoint: an interface that a network driver made, for
//! a container whose engine asked for it (`docker network create -d ovs`).
//!
//! Unlike a [`PortRecord`](crate::port_record::PortRecord) it is not ours to make again: the engine
//! does, under another endpoint id, whenever the container starts. It has no `container_iface`, so
//! that nothing takes the one for the other.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use fnv::FnvHasher;

use crate::ids::{HOST_END, Mac, Name, short_id, short_if_id};
use crate::port_record::{ALIAS, Alias, PREFIX, short_system};
use crate::published::PublishedPort;
use crate::snapshot::Cidr;
use crate::switch::{Bridge, Port};

/// The keys of our own, without [`PREFIX`], that other records have not.
pub(crate) const OWN_KEYS: [&str; 6] =
    ["network", "network-name", "endpoint", "interface", "ofport-by", "published"];

/// The keys that every endpoint has, as they are written.
const NETWORK: &str = "docker-ovs.network";
const ENDPOINT: &str = "docker-ovs.endpoint";

/// The value of `ofport-by` where the user asked for the number.
const BY_OPTION: &str = "option";

/// An endpoint as the database records it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointRecord {
    /// Id of the engine's network.
    pub network: String,
    /// What the engine calls the network, once that is known.
    pub network_name: Option<String>,
    /// Id of the endpoint: with Docker another one at each start.
    pub endpoint: String,
    /// Kind of the engine: `docker`, `podman`.
    pub engine: String,
    /// Full id of the container, once that is known.
    pub container: Option<String>,
    /// Its name, once that is known.
    pub name: Option<String>,
    /// Name of the interface inside, where the engine or the user has said it. Docker before 29.8 does not
    /// take it.
    pub interface: Option<String>,
    /// Hardware address of the interface.
    pub mac: Option<Mac>,
    /// Its addresses.
    pub addresses: Vec<Cidr>,
    /// Its MTU in bytes.
    pub mtu: Option<u32>,
    /// Whether the user asked for the number, so that nothing changes it.
    pub is_number_asked_for: bool,
    /// The ports of the host that are for it.
    pub published: Vec<PublishedPort>,
    /// The database that it was written to: its system-id.
    pub system: Option<String>,
    /// When it was made, in seconds since the Unix epoch.
    pub created: Option<u64>,
}

impl EndpointRecord {
    /// What the row of `port` records. A copy of such a record says as much: what acts on an endpoint goes by
    /// [`made_for`](Self::made_for).
    pub fn of(port: &Port) -> Option<Self> {
        Self::read(&port.external_ids)
    }

    /// The endpoint that a network driver of ours made `port` for. A record is copied as easily as any key, to a
    /// patch port or to what another container has; the name follows from network and endpoint, and a database
    /// has each name but once.
    pub fn made_for(port: &Port) -> Option<Self> {
        // Most ports are no endpoint's.
        if port.kind != "system" || !port.iface.starts_with(HOST_END) {
            return None;
        }
        Self::of(port).filter(|record| port.iface == host_end(&record.network, &record.endpoint))
    }

    /// What `external_ids` record, wherever they are.
    pub fn read(ids: &BTreeMap<String, String>) -> Option<Self> {
        let text = |key: &str| ids.get(key).filter(|text| !text.is_empty()).cloned();
        let own = |key: &str| text(&format!("{PREFIX}{key}"));
        // Most ports are no endpoint, and every look reads all ports.
        let network = text(NETWORK)?;
        let endpoint = text(ENDPOINT)?;
        let ip = own("ip").unwrap_or_default();
        Some(Self {
            network,
            network_name: own("network-name"),
            endpoint,
            engine: own("engine").unwrap_or_default(),
            container: text("container_id"),
            name: own("name"),
            interface: own("interface"),
            mac: own("mac").and_then(|mac| mac.parse().ok()),
            addresses: ip.split(',').filter_map(|cidr| cidr.parse().ok()).collect(),
            mtu: own("mtu").and_then(|mtu| mtu.parse().ok()),
            is_number_asked_for: own("ofport-by").as_deref() == Some(BY_OPTION),
            published: own("published")
                .iter()
                .flat_map(|all| all.split(','))
                .filter_map(|one| one.parse().ok())
                .collect(),
            system: own("system"),
            created: own("created").and_then(|created| created.parse().ok()),
        })
    }

    /// The keys to be written.
    pub fn external_ids(&self) -> BTreeMap<String, String> {
        let ip: Vec<_> = self.addresses.iter().map(ToString::to_string).collect();
        let published: Vec<_> = self.published.iter().map(ToString::to_string).collect();
        let all = [
            ("network", Some(self.network.clone())),
            ("network-name", self.network_name.clone()),
            ("endpoint", Some(self.endpoint.clone())),
            ("engine", Some(self.engine.clone())),
            ("name", self.name.clone()),
            ("interface", self.interface.clone()),
            ("mac", self.mac.map(|mac| mac.to_string())),
            ("ip", (!ip.is_empty()).then(|| ip.join(","))),
            ("mtu", self.mtu.map(|mtu| mtu.to_string())),
            ("ofport-by", self.is_number_asked_for.then(|| BY_OPTION.to_owned())),
            ("published", (!published.is_empty()).then(|| published.join(","))),
            ("system", self.system.clone()),
            ("created", self.created.map(|created| created.to_string())),
        ];
        let own =
            all.into_iter().filter_map(|(key, value)| Some((format!("{PREFIX}{key}"), value?)));
        let container = self.container.iter().map(|id| ("container_id".to_owned(), id.clone()));
        own.chain(container).collect()
    }

    /// Whether both are of one endpoint.
    pub fn is(&self, network: &str, endpoint: &str) -> bool {
        self.network == network && self.endpoint == endpoint
    }

    /// What the network is called: by name where that is known, else by its short id.
    pub fn network_label(&self) -> &str {
        self.network_name.as_deref().unwrap_or(short_if_id(&self.network))
    }

    /// The alias of the link on the host's side ([`crate::port_record`]): in the place of the
    /// container is the endpoint, in that of the interface the network's short id.
    pub fn alias(&self, bridge: &str) -> String {
        let alias = Alias {
            container: &self.endpoint,
            interface: short_id(&self.network),
            bridge,
            system: self.system.as_deref().map(short_system),
            leaving: None,
        };
        alias.to_string()
    }
}

/// The endpoints that are on a bridge, each with the port that was [made for](EndpointRecord::made_for) it.
pub fn endpoints_of(bridge: &Bridge) -> impl Iterator<Item = (&Arc<Port>, EndpointRecord)> {
    bridge.ports.iter().filter_map(|port| Some((port, EndpointRecord::made_for(port)?)))
}

/// The host's end of an endpoint, and the port's name: the same at each try, so that what a driver that was killed
/// has left is found by its name alone, and that no other port is taken for it.
pub fn host_end(network: &str, endpoint: &str) -> Name {
    let mut hash = FnvHasher::default();
    hash.write(network.as_bytes());
    hash.write_u8(0xff);
    hash.write(endpoint.as_bytes());
    let mixed = hash.finish() ^ (hash.finish() >> 32);
    format!("{HOST_END}{:08x}", mixed & u64::from(u32::MAX)).into()
}

/// What the alias of an endpoint's link begins with, whatever was learnt of the endpoint since it was made.
pub fn alias_beginning(network: &str, endpoint: &str) -> String {
    format!("{ALIAS}{endpoint}/{} ", short_id(network))
}

/// Whose it is: the container's name, or the endpoint as long as that is not known.
impl fmt::Display for EndpointRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.container) {
            (Some(name), _) => f.write_str(name)?,
            (None, Some(id)) => f.write_str(short_id(id))?,
            (None, None) => write!(f, "endpoint {}", short_if_id(&self.endpoint))?,
        }
        write!(f, " on network {}", self.network_label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port_record::PortRecord;

    fn record() -> EndpointRecord {
        EndpointRecord {
            network: "d".repeat(64),
            network_name: Some("lan".into()),
            endpoint: "e".repeat(64),
            engine: "docker".into(),
            container: Some("c".repeat(64)),
            name: Some("web".into()),
            interface: Some("eth0".into()),
            mac: "02:00:00:00:00:07".parse().ok(),
            addresses: vec!["192.0.2.7/24".parse().unwrap(), "2001:db8::7/64".parse().unwrap()],
            mtu: Some(1400),
            is_number_asked_for: true,
            published: vec!["8080:80/tcp".parse().unwrap(), "[::1]:53:53/udp".parse().unwrap()],
            system: Some("0ef0ad27-60b7-45c0-b4ee-e0590285d115".into()),
            created: Some(1_700_000_000),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let port = Port { external_ids: record().external_ids(), ..Port::default() };
        assert_eq!(EndpointRecord::of(&port), Some(record()));
        let least = EndpointRecord {
            network: "n".into(),
            endpoint: "e".into(),
            engine: "podman".into(),
            ..EndpointRecord::default()
        };
        assert_eq!(EndpointRecord::read(&least.external_ids()), Some(least));
    }

    #[test]
    fn an_endpoint_is_no_attachment_of_ours_and_the_other_way_round() {
        let port = Port { external_ids: record().external_ids(), ..Port::default() };
        assert_eq!(PortRecord::of(&port), None);
        let ours = PortRecord {
            container: "c".repeat(64),
            interface: "eth0".into(),
            ours: true,
            ..PortRecord::default()
        };
        assert_eq!(EndpointRecord::read(&ours.external_ids()), None);
    }

    /// A clone of a row, or a program that writes the keys of one row to another, makes no endpoint.
    #[test]
    fn a_copy_of_its_record_is_no_endpoint() {
        let port = |iface: &str, kind: &str| Port {
            iface: iface.into(),
            kind: kind.into(),
            external_ids: record().external_ids(),
            ..Port::default()
        };
        let own = host_end(&record().network, &record().endpoint);
        assert_eq!(EndpointRecord::made_for(&port(&own, "system")), Some(record()));
        let others = ["patch", "vxlan", "internal", "dpdk"].map(|kind| port(&own, kind));
        let renamed = ["p0", "eth0", "dov-00000000"].map(|iface| port(iface, "system"));
        let copies = others.into_iter().chain(renamed);
        for copy in copies.clone() {
            assert_eq!(EndpointRecord::made_for(&copy), None, "{copy:?}");
        }
        let ports = copies.chain([port(&own, "system")]).map(Arc::new).collect();
        let bridge = Bridge { ports, ..Bridge::default() };
        let found: Vec<_> = endpoints_of(&bridge).map(|(port, _)| port.iface.clone()).collect();
        assert_eq!(found, [own]);
    }

    #[test]
    fn the_alias_of_its_link_is_known_by_its_beginning() {
        let (record, other) = (record(), "f".repeat(64));
        let alias = record.alias("br0");
        assert!(alias.starts_with(&alias_beginning(&record.network, &record.endpoint)), "{alias}");
        assert!(!alias.starts_with(&alias_beginning(&record.network, &other)));
        assert!(!alias.starts_with(&alias_beginning(&other, &record.endpoint)));
    }

    #[test]
    fn every_key_of_an_endpoint_is_known() {
        for key in record().external_ids().into_keys() {
            let own = key.strip_prefix(PREFIX);
            let known = own.is_some_and(|key| {
                OWN_KEYS.contains(&key) || crate::port_record::OWN_KEYS.contains(&key)
            });
            assert!(known || key == "container_id", "{key}");
        }
    }

    #[test]
    fn an_endpoint_without_a_name_is_told_by_its_ids() {
        let nameless = EndpointRecord { name: None, network_name: None, ..record() };
        assert_eq!(nameless.to_string(), "cccccccccccc on network dddddddddddd");
        assert_eq!(record().to_string(), "web on network lan");
    }
}

//! What netavark writes and reads (netavark, `src/network/types.rs`). What is not known is ignored, and
//! in a network's own JSON kept.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::ids::Mac;
use model::published::{Protocol, PublishedPort};
use model::snapshot::Cidr;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::DriverError;
use crate::core::{Endpoint, EndpointOwner, gateways};
use crate::given::{self, id};
use crate::network::{NetworkRecord, Subnet};

/// There are no more ports to be published, of all protocols that have any.
const MOST_PUBLISHED: usize = 3 << 16;

/// The kind of engine.
const PODMAN: &str = "podman";

/// A network, as far as it is used.
#[derive(Deserialize)]
struct Network {
    id: String,
    name: String,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
    #[serde(default)]
    subnets: Option<Vec<SubnetRow>>,
    #[serde(default)]
    internal: bool,
    #[serde(default, rename = "network_dns_servers")]
    dns_servers: Option<Vec<IpAddr>>,
}

/// What else a user may say of a network, by Podman's option: the field, the option, and why it is refused. What is
/// not here is Podman's own (`ipv6_enabled`, `dns_enabled`, `ipam_options`, `labels`, `created`).
const NOT_CARRIED_OUT: [(&str, &str, &str); 2] = [
    ("routes", "--route", "containers get no routes but to the gateway: -o gateway= names that"),
    ("network_interface", "--interface-name", "-o bridge= names the bridge"),
];

#[derive(Deserialize)]
struct SubnetRow {
    subnet: IpNet,
    #[serde(default)]
    gateway: Option<IpAddr>,
    /// The part of it that is handed out, if that is not all.
    #[serde(default)]
    lease_range: Option<Value>,
}

/// A network as the driver knows networks.
///
/// # Errors
/// It is none, or its id is none.
pub(super) fn network(value: &Value) -> Result<NetworkRecord, DriverError> {
    let bad = |error| DriverError::new(format!("the network is not what netavark writes: {error}"));
    let network = Network::deserialize(value).map_err(bad)?;
    let subnets = network.subnets.unwrap_or_default().into_iter();
    Ok(NetworkRecord {
        id: id(network.id, "the network's id")?,
        engine: PODMAN.to_owned(),
        engine_id: None,
        name: Some(network.name),
        options: network.options.unwrap_or_default(),
        subnets: subnets
            .map(|row| Subnet { pool: row.subnet, gateway: row.gateway, own_pool: false })
            .collect(),
        internal: network.internal,
        given: Vec::new(),
        is_begun: false,
    })
}

/// Refuses what is said of a network that is to be made, and would come to nothing.
///
/// # Errors
/// Each option that is, with what to do instead.
pub(super) fn require_carried_out(network: &Value) -> Result<(), DriverError> {
    let is_set = |field: &str| match network.get(field) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(rows)) => !rows.is_empty(),
        Some(_) => true,
    };
    let set = NOT_CARRIED_OUT.iter().filter(|(field, ..)| is_set(field));
    let why: Vec<_> = set.map(|(_, option, why)| format!("{option}: {why}")).collect();
    if why.is_empty() { Ok(()) } else { Err(DriverError::new(why.join("; "))) }
}

/// Which servers of DNS containers on a network are to ask.
///
/// # Errors
/// It is no network, or one of them is no address.
pub(super) fn dns_servers(network: &Value) -> Result<Vec<IpAddr>, DriverError> {
    let bad = |error| DriverError::new(format!("the network is not what netavark writes: {error}"));
    Ok(Network::deserialize(network).map_err(bad)?.dns_servers.unwrap_or_default())
}

/// Whether Podman is to give addresses, and was not told which.
pub(super) fn wants_subnet(network: &Value) -> bool {
    let empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
    let ipam = network.get("ipam_options").and_then(|options| options.get("driver"));
    let by_podman = matches!(ipam.and_then(Value::as_str), None | Some("" | "host-local"));
    by_podman && network.get("subnets").is_none_or(empty)
}

/// Whether Podman may hand out addresses of a network in a mesh: it knows of no other host, and would give
/// the same ones there.
///
/// # Errors
/// There is no subnet, or no part of one is this host's.
pub(super) fn check_addresses_in_mesh(network: &Value) -> Result<(), DriverError> {
    if wants_subnet(network) {
        return Err(DriverError::new(
            "a network in a mesh has the same --subnet on every host, and on each an --ip-range of it that no \
             other host has; --ipam-driver none gives no addresses",
        ));
    }
    let bad = |error| DriverError::new(format!("the network is not what netavark writes: {error}"));
    let subnets = Network::deserialize(network).map_err(bad)?.subnets.unwrap_or_default();
    let is_whole = |row: &&SubnetRow| row.lease_range.as_ref().is_none_or(Value::is_null);
    match subnets.iter().find(is_whole) {
        None => Ok(()),
        Some(row) => Err(DriverError::new(format!(
            "--subnet {} without --ip-range: Podman hands out its addresses on each host of the mesh from the \
             first one on; --ip-range names the part that this host hands out, and no other one",
            row.subnet
        ))),
    }
}

/// With a gateway only where this host is one: else the network is a switch.
pub(super) fn give_subnet(network: &mut Value, subnet: IpNet, with_gateway: bool) {
    if let Some(fields) = network.as_object_mut() {
        let row = match subnet.hosts().next().filter(|_| with_gateway) {
            Some(first) => json!({ "subnet": subnet.to_string(), "gateway": first }),
            None => json!({ "subnet": subnet.to_string() }),
        };
        fields.insert("subnets".to_owned(), json!([row]));
        let ipam = fields.entry("ipam_options").or_insert_with(|| json!({}));
        if let Some(options) = ipam.as_object_mut() {
            options.insert("driver".to_owned(), json!("host-local"));
        }
    }
}

/// What comes with `setup` and `teardown`.
#[derive(Deserialize)]
pub(super) struct Call {
    container_id: String,
    #[serde(default)]
    container_name: String,
    pub(super) network: Value,
    #[serde(default)]
    network_options: Option<NetworkOptions>,
    #[serde(default)]
    port_mappings: Option<Vec<PortMapping>>,
}

/// Published ports, one behind the other.
#[derive(Clone, Deserialize)]
struct PortMapping {
    #[serde(default)]
    host_ip: String,
    container_port: u16,
    host_port: u16,
    #[serde(default)]
    range: u16,
    /// Several, with commas between.
    #[serde(default)]
    protocol: String,
}

impl PortMapping {
    /// Adds them to `all`, of which there are no more than there can be: a range of ports is said in a few
    /// bytes.
    fn add_published(&self, all: &mut Vec<PublishedPort>) -> Result<(), DriverError> {
        let bad = |what: &str| DriverError::new(format!("port_mappings: {what}"));
        let host_ip = given::host_ip(&self.host_ip)?;
        let protocols = if self.protocol.is_empty() { "tcp" } else { &self.protocol };
        for word in protocols.split(',') {
            let none = || bad(&format!("{word} has no ports"));
            let protocol: Protocol = word.parse().map_err(|()| none())?;
            if all.len() + usize::from(self.range.max(1)) > MOST_PUBLISHED {
                return Err(bad("there are more than a host has ports"));
            }
            for more in 0..self.range.max(1) {
                let port = |first: u16| {
                    first.checked_add(more).ok_or_else(|| bad("it ends beyond port 65535"))
                };
                let (host_port, port) = (port(self.host_port)?, port(self.container_port)?);
                all.push(PublishedPort { host_ip, host_port, port, protocol });
            }
        }
        Ok(())
    }
}

#[derive(Clone, Default, Deserialize)]
struct NetworkOptions {
    #[serde(default)]
    interface_name: String,
    #[serde(default)]
    static_ips: Option<Vec<IpAddr>>,
    #[serde(default)]
    static_mac: Option<String>,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
}

impl Call {
    /// Ids of network and endpoint: a container has one interface on a network.
    ///
    /// # Errors
    /// They are none.
    pub(super) fn ids(&self) -> Result<(String, String), DriverError> {
        let network = self.network.get("id").and_then(Value::as_str).unwrap_or_default();
        let network = id(network.to_owned(), "the network's id")?;
        Ok((network, id(self.container_id.clone(), "container_id")?))
    }

    fn published(&self) -> Result<Vec<PublishedPort>, DriverError> {
        let mut all = Vec::new();
        for mapping in self.port_mappings.iter().flatten() {
            mapping.add_published(&mut all)?;
        }
        Ok(all)
    }

    /// # Errors
    /// An id, an address or a name that is none.
    pub(super) fn endpoint(&self, network: &NetworkRecord) -> Result<Endpoint, DriverError> {
        let options = self.network_options.clone().unwrap_or_default();
        let (network_id, endpoint) = self.ids()?;
        given::require_name(&self.container_name, "container_name")?;
        given::require_name(network.name.as_deref().unwrap_or_default(), "the network's name")?;
        let ips = options.static_ips.unwrap_or_default().into_iter();
        let mac = options.static_mac.filter(|text| !text.is_empty());
        let bad = |text: &String| DriverError::new(format!("{text} is no hardware address"));
        if options.interface_name.is_empty() {
            return Err(DriverError::new("network_options has no interface_name"));
        }
        Ok(Endpoint {
            network: network_id,
            id: endpoint,
            addresses: ips.map(|ip| with_prefix(ip, network)).collect::<Result<_, _>>()?,
            mac: mac.map(|text| text.parse().map_err(|_| bad(&text))).transpose()?,
            options: options.options.unwrap_or_default(),
            owner: Some(EndpointOwner {
                container: self.container_id.clone(),
                name: self.container_name.clone(),
            }),
            interface: Some(options.interface_name),
            published: self.published()?,
        })
    }
}

/// The answer to `setup`.
pub(super) fn answer(
    endpoint: &Endpoint,
    network: &NetworkRecord,
    mac: Mac,
    dns_servers: &[IpAddr],
) -> String {
    let gateways = gateways(network);
    let subnets = endpoint.addresses.iter().map(|cidr| {
        match gateways.iter().find(|ip| ip.is_ipv4() == cidr.ip.is_ipv4()) {
            Some(gateway) => json!({ "ipnet": cidr.to_string(), "gateway": gateway }),
            None => json!({ "ipnet": cidr.to_string() }),
        }
    });
    let interface =
        json!({ "mac_address": mac.to_string(), "subnets": subnets.collect::<Vec<_>>() });
    let name = endpoint.interface.as_deref().unwrap_or_default();
    json!({
        "interfaces": { name: interface }, "dns_server_ips": dns_servers, "dns_search_domains": []
    })
    .to_string()
}

/// An address with the prefix length of its subnet.
fn with_prefix(ip: IpAddr, network: &NetworkRecord) -> Result<Cidr, DriverError> {
    let pool = network.subnets.iter().map(|subnet| subnet.pool).find(|pool| pool.contains(&ip));
    let none = || DriverError::new(format!("{ip} is in no subnet of the network"));
    Ok(Cidr { ip, prefix: pool.ok_or_else(none)?.prefix_len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_subnet_is_chosen_only_where_podman_gives_addresses_and_has_none() {
        assert!(wants_subnet(&value("{}")));
        assert!(wants_subnet(&value(r#"{"subnets":[],"ipam_options":{"driver":""}}"#)));
        assert!(wants_subnet(&value(r#"{"ipam_options":{"driver":"host-local"}}"#)));
        assert!(!wants_subnet(&value(r#"{"ipam_options":{"driver":"none"}}"#)));
        assert!(!wants_subnet(&value(r#"{"subnets":[{"subnet":"192.0.2.0/24"}]}"#)));
        let mut network = value(r#"{"name":"lan","later":7}"#);
        give_subnet(&mut network, "192.0.2.0/24".parse().unwrap(), false);
        assert_eq!(network["subnets"][0]["subnet"], "192.0.2.0/24");
        assert_eq!(
            (&network["ipam_options"]["driver"], &network["later"]),
            (&json!("host-local"), &json!(7))
        );
    }

    #[test]
    fn a_call_is_read_with_the_prefix_of_its_subnet() {
        let call: Call = serde_json::from_str(
            r#"{"container_id":"abc","container_name":"web","port_mappings":null,
            "network":{"id":"def","name":"lan","driver":"ovs","subnets":[{"subnet":"192.0.2.0/25"}],
                       "options":{"bridge":"br0"},
                       "network_dns_servers":["192.0.2.53","2001:db8::53"]},
            "network_options":{"interface_name":"eth0","static_ips":["192.0.2.7"],"static_mac":"",
                               "options":{"ofport":"7"}}}"#,
        )
        .unwrap();
        let record = network(&call.network).unwrap();
        let endpoint = call.endpoint(&record).unwrap();
        assert_eq!(endpoint.addresses, ["192.0.2.7/25".parse().unwrap()]);
        assert_eq!(endpoint.options["ofport"], "7");
        assert_eq!(endpoint.published, []);
        let mac = "02:00:00:00:00:07".parse().unwrap();
        let answer = value(&answer(&endpoint, &record, mac, &dns_servers(&call.network).unwrap()));
        assert_eq!(answer["dns_server_ips"], json!(["192.0.2.53", "2001:db8::53"]));
        assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["ipnet"], "192.0.2.7/25");
        assert_eq!(answer["interfaces"]["eth0"]["mac_address"], "02:00:00:00:00:07");
    }

    #[test]
    fn what_would_come_to_nothing_is_refused_by_its_option() {
        let refused = |fields: &str| {
            let network = value(&format!("{{\"id\":\"abc\",\"name\":\"lan\"{fields}}}"));
            require_carried_out(&network).err().map(|error| error.to_string())
        };
        // As Podman writes a network of which nothing else was said.
        for fields in [
            "",
            r#","network_interface":"","routes":null,"created":"2026-01-01T00:00:00Z""#,
            r#","routes":[],"ipv6_enabled":false,"dns_enabled":true,"labels":{"a":"b"}"#,
            r#","network_dns_servers":["192.0.2.53"],"ipam_options":{"driver":"none"}"#,
        ] {
            assert_eq!(refused(fields), None, "{fields}");
        }
        let route = r#","routes":[{"destination":"10.9.0.0/16","gateway":"10.1.0.254"}]"#;
        let why = refused(route).unwrap();
        assert!(why.contains("--route: ") && !why.contains("--interface-name"), "{why}");
        let why = refused(&format!(r#"{route},"network_interface":"br1""#)).unwrap();
        assert!(why.contains("--route: ") && why.contains("; --interface-name: "), "{why}");
        assert!(
            dns_servers(&value(r#"{"id":"a","name":"x","network_dns_servers":["x"]}"#)).is_err()
        );
    }

    #[test]
    fn no_more_ports_are_published_than_there_are() {
        let call = |mappings: &str| {
            let text = format!(
                r#"{{"container_id":"abc","network":{{"id":"def","name":"lan"}},
                "network_options":{{"interface_name":"eth0"}},"port_mappings":[{mappings}]}}"#
            );
            serde_json::from_str::<Call>(&text).unwrap().published()
        };
        let all = |protocols: &str| {
            format!(
                r#"{{"host_port":1,"container_port":1,"range":65535,"protocol":"{protocols}"}}"#
            )
        };
        assert_eq!(call(&all("tcp,udp,sctp")).unwrap().len(), 3 * 65_535);
        for many in [all(&["tcp"; 1000].join(",")), [&*all("tcp"); 1000].join(",")] {
            assert!(call(&many).unwrap_err().to_string().contains("port_mappings"));
        }
        let short = r#"{"host_port":8080,"container_port":80}"#;
        assert_eq!(call(short).unwrap().len(), 1);
    }

    #[test]
    fn addresses_out_of_every_subnet_and_ids_that_are_none_are_refused() {
        let record = NetworkRecord { id: "n".into(), ..NetworkRecord::default() };
        assert!(with_prefix("192.0.2.7".parse().unwrap(), &record).is_err());
        assert!(network(&value(r#"{"id":"a/b","name":"x"}"#)).is_err());
        assert!(network(&value("7")).is_err());
    }
}

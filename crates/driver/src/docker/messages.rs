//! The bodies of requests and answers (moby, `daemon/libnetwork/drivers/remote/api`). What is not known
//! is ignored.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::plan::why_not_a_name;
use model::published::{Protocol, PublishedPort};
use model::snapshot::Cidr;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ipam;
use crate::DriverError;
use crate::core::{Endpoint, NetworkRequest};
use crate::given::{self, id};
use crate::network::Subnet;

/// The user's options of a network, in `Options` of `CreateNetwork`.
const GENERIC: &str = "com.docker.network.generic";
/// Whether nothing leaves the network.
const INTERNAL: &str = "com.docker.network.internal";
/// Published ports.
const PORT_MAP: &str = "com.docker.network.portmap";
/// What the interface inside is to be called: a driver that is a plugin has to say it at Join, which
/// Docker takes from version 29.8 on.
const IFNAME: &str = "com.docker.network.endpoint.ifname";
/// What options begin with that libnetwork itself carries out.
const OF_DOCKER: &str = "com.docker.";

pub(super) type Options = BTreeMap<String, Value>;

/// `CreateNetwork`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateNetwork {
    #[serde(rename = "NetworkID")]
    network: String,
    #[serde(default)]
    options: Option<Options>,
    #[serde(rename = "IPv4Data", default)]
    ipv4: Option<Vec<IpamData>>,
    #[serde(rename = "IPv6Data", default)]
    ipv6: Option<Vec<IpamData>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IpamData {
    #[serde(default)]
    address_space: String,
    #[serde(default)]
    pool: String,
    #[serde(default)]
    gateway: Option<String>,
}

impl CreateNetwork {
    /// # Errors
    /// An id, an option or an address that is none.
    pub(super) fn request(self) -> Result<NetworkRequest, DriverError> {
        let options = self.options.unwrap_or_default();
        let ranges = self.ipv4.into_iter().chain(self.ipv6).flatten();
        Ok(NetworkRequest {
            id: id(self.network, "NetworkID")?,
            engine: crate::DOCKER.to_owned(),
            engine_id: None,
            name: None,
            options: generic(&options)?,
            subnets: ranges
                .filter_map(|data| data.subnet().transpose())
                .collect::<Result<_, _>>()?,
            internal: options.get(INTERNAL).and_then(Value::as_bool).unwrap_or(false),
            given: Vec::new(),
            is_begun: false,
        })
    }
}

impl IpamData {
    /// The null IPAM driver gives the whole space, or nothing.
    fn subnet(&self) -> Result<Option<Subnet>, DriverError> {
        if self.pool.is_empty() {
            return Ok(None);
        }
        let bad =
            |text: &str| DriverError::new(format!("{text} is no address with a prefix length"));
        let pool: IpNet = self.pool.parse().map_err(|_| bad(&self.pool))?;
        let gateway = self.gateway.as_deref().filter(|text| !text.is_empty());
        let gateway: Option<IpAddr> =
            gateway.map(|text| cidr(text).map(|cidr| cidr.ip)).transpose()?;
        let own_pool = self.address_space == ipam::LOCAL;
        Ok((pool.prefix_len() > 0).then_some(Subnet { pool, gateway, own_pool }))
    }
}

/// The user's options of a network.
pub(super) fn generic(options: &Options) -> Result<BTreeMap<String, String>, DriverError> {
    match options.get(GENERIC) {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(generic)) => {
            generic.iter().map(|(key, value)| Ok((key.clone(), text(key, value)?))).collect()
        }
        Some(_) => Err(DriverError::new(format!("{GENERIC} is no map of options"))),
    }
}

fn text(key: &str, value: &Value) -> Result<String, DriverError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(DriverError::new(format!("the option {key} is no text"))),
    }
}

/// A method about a network alone.
#[derive(Deserialize)]
pub(super) struct NetworkIdRequest {
    #[serde(rename = "NetworkID")]
    network: String,
}

impl NetworkIdRequest {
    pub(super) fn id(self) -> Result<String, DriverError> {
        id(self.network, "NetworkID")
    }
}

/// `GwAllocCheck`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GwAllocCheck {
    #[serde(default)]
    pub(super) options: Option<Options>,
}

/// Its answer.
#[derive(Serialize)]
pub(super) struct SkipGateways {
    #[serde(rename = "SkipIPv4")]
    pub(super) ipv4: bool,
    #[serde(rename = "SkipIPv6")]
    pub(super) ipv6: bool,
}

/// `CreateEndpoint`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateEndpoint {
    #[serde(rename = "NetworkID")]
    network: String,
    #[serde(rename = "EndpointID")]
    endpoint: String,
    #[serde(default)]
    interface: Option<Interface>,
    #[serde(default)]
    options: Option<Options>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Interface {
    #[serde(default)]
    address: Option<String>,
    #[serde(rename = "AddressIPv6", default)]
    address_ipv6: Option<String>,
    #[serde(default)]
    mac_address: Option<String>,
}

impl CreateEndpoint {
    /// # Errors
    /// An id, an option or an address that is none.
    pub(super) fn request(self) -> Result<Endpoint, DriverError> {
        let Interface { address, address_ipv6, mac_address } = self.interface.unwrap_or_default();
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let addresses = [given(address), given(address_ipv6)].into_iter().flatten();
        let mac = given(mac_address);
        let bad = |text: &String| DriverError::new(format!("{text} is no hardware address"));
        let options = self.options.unwrap_or_default();
        let bindings = options.get(PORT_MAP).and_then(Value::as_array).into_iter().flatten();
        let mut published = bindings.map(published).collect::<Result<Vec<_>, _>>()?;
        // One that the user says twice is one.
        published.dedup();
        let own = options.iter().filter(|(key, _)| !key.starts_with(OF_DOCKER));
        Ok(Endpoint {
            network: id(self.network, "NetworkID")?,
            id: id(self.endpoint, "EndpointID")?,
            addresses: addresses.map(|text| cidr(&text)).collect::<Result<_, _>>()?,
            mac: mac.map(|text| text.parse().map_err(|_| bad(&text))).transpose()?,
            options: own
                .map(|(key, value)| Ok((key.clone(), text(key, value)?)))
                .collect::<Result<_, DriverError>>()?,
            owner: None,
            interface: options.get(IFNAME).map(interface).transpose()?,
            published,
        })
    }
}

/// The name that is asked for.
fn interface(value: &Value) -> Result<String, DriverError> {
    let name = text(IFNAME, value)?;
    match why_not_a_name(&name) {
        Some(why) => Err(DriverError::new(format!("{IFNAME}={name}: {why}"))),
        None => Ok(name),
    }
}

/// One published port (moby, `libnetwork/types.PortBinding`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortBinding {
    proto: u8,
    port: u16,
    #[serde(rename = "HostIP", default)]
    host_ip: Option<String>,
    #[serde(default)]
    host_port: u16,
    #[serde(default)]
    host_port_end: u16,
}

fn published(binding: &Value) -> Result<PublishedPort, DriverError> {
    let bad = |error| DriverError::new(format!("{PORT_MAP} has no published port: {error}"));
    let PortBinding { proto, port, host_ip, host_port, host_port_end } =
        PortBinding::deserialize(binding).map_err(bad)?;
    if host_port_end > host_port {
        let why =
            format!("-p {host_port}-{host_port_end}:{port}: one port of the host must be named");
        return Err(DriverError::new(why));
    }
    let protocol = match proto {
        6 => Protocol::Tcp,
        17 => Protocol::Udp,
        132 => Protocol::Sctp,
        other => return Err(DriverError::new(format!("protocol {other} has no ports"))),
    };
    let host_ip = given::host_ip(&host_ip.unwrap_or_default())?;
    Ok(PublishedPort { host_ip, host_port, port, protocol })
}

/// The answer: only what Docker has left empty.
#[derive(Serialize)]
pub(super) struct CreatedEndpoint {
    #[serde(rename = "Interface")]
    pub(super) interface: CreatedInterface,
}

#[derive(Serialize)]
pub(super) struct CreatedInterface {
    #[serde(rename = "MacAddress", skip_serializing_if = "Option::is_none")]
    pub(super) mac: Option<String>,
}

/// A method about an endpoint; `Join` has more, of which nothing is of use.
#[derive(Deserialize)]
pub(super) struct EndpointIdRequest {
    #[serde(rename = "NetworkID")]
    network: String,
    #[serde(rename = "EndpointID")]
    endpoint: String,
}

impl EndpointIdRequest {
    pub(super) fn ids(self) -> Result<(String, String), DriverError> {
        Ok((id(self.network, "NetworkID")?, id(self.endpoint, "EndpointID")?))
    }
}

/// The answer to `Join`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Joined {
    pub(super) interface_name: InterfaceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gateway: Option<String>,
    #[serde(rename = "GatewayIPv6", skip_serializing_if = "Option::is_none")]
    pub(super) gateway_ipv6: Option<String>,
    pub(super) disable_gateway_service: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InterfaceName {
    pub(super) src_name: String,
    pub(super) dst_prefix: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dst_name: Option<String>,
}

fn cidr(text: &str) -> Result<Cidr, DriverError> {
    text.parse().map_err(|_| DriverError::new(format!("{text} is no address with a prefix length")))
}

//! `GET /networks/ID` and `GET /networks`, as far as they are used: who has which endpoint with which
//! addresses, and the ranges that these are of (Docker Engine API, NetworkInspect and NetworkList).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use crate::engine::{EngineEndpoint, EngineNetwork};

/// What the key of an endpoint begins with that no container has joined yet (moby,
/// `daemon/network.go`).
const NOT_JOINED: &str = "ep-";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NetworkAnswer {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    /// By the container's id.
    containers: Option<BTreeMap<String, EndpointAnswer>>,
    #[serde(rename = "IPAM", default)]
    ipam: Option<IpamAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IpamAnswer {
    config: Option<Vec<RangeAnswer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RangeAnswer {
    #[serde(default)]
    subnet: String,
}

#[derive(Deserialize)]
struct EndpointAnswer {
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "EndpointID", default)]
    id: String,
    #[serde(rename = "IPv4Address", default)]
    ipv4: String,
    #[serde(rename = "IPv6Address", default)]
    ipv6: String,
}

impl EndpointAnswer {
    fn addresses(&self) -> Vec<IpAddr> {
        let all = [&self.ipv4, &self.ipv6].into_iter();
        all.filter_map(|text| text.split('/').next()?.parse().ok()).collect()
    }
}

impl From<NetworkAnswer> for EngineNetwork {
    fn from(answer: NetworkAnswer) -> Self {
        let all = answer.containers.unwrap_or_default().into_iter();
        let endpoints =
            all.filter(|(_, endpoint)| !endpoint.id.is_empty()).map(|(key, endpoint)| {
                let container = (!key.starts_with(NOT_JOINED)).then_some(key);
                let addresses = endpoint.addresses();
                (endpoint.id, EngineEndpoint { container, name: endpoint.name, addresses })
            });
        let ranges = answer.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let subnets = ranges.iter().filter_map(|range| range.subnet.parse::<IpNet>().ok());
        Self {
            id: answer.id,
            name: answer.name,
            endpoints: endpoints.collect(),
            subnets: subnets.map(|subnet| subnet.trunc()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_told_by_their_own_id() {
        let text = r#"{"Name":"lan","Id":"n","IPAM":{"Driver":"ovs","Config":[
            {"Subnet":"192.0.2.1/24"},{"Subnet":""},{}]},"Containers":{
            "ep-e1":{"Name":"web","EndpointID":"e1","MacAddress":"","IPv4Address":"192.0.2.2/24"},
            "c2":{"Name":"db","EndpointID":"e2"},
            "c3":{"Name":"odd"}}}"#;
        let network = EngineNetwork::from(serde_json::from_str::<NetworkAnswer>(text).unwrap());
        let has = |id: &str| network.endpoints.get(id).cloned();
        let addresses = vec!["192.0.2.2".parse().unwrap()];
        let web = EngineEndpoint { container: None, name: "web".into(), addresses };
        let container = Some("c2".into());
        let db = EngineEndpoint { container, name: "db".into(), addresses: Vec::new() };
        assert_eq!((has("e1"), has("e2")), (Some(web), Some(db)));
        assert_eq!((network.name.as_str(), network.endpoints.len()), ("lan", 2));
        assert_eq!(network.subnets, ["192.0.2.0/24".parse::<IpNet>().unwrap()]);
        let empty: NetworkAnswer = serde_json::from_str(r#"{"Containers":null}"#).unwrap();
        assert_eq!(EngineNetwork::from(empty), EngineNetwork::default());
    }
}

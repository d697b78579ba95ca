//! `GET /networks/ID`, as far as it is used: who has which endpoint (Docker Engine API, NetworkInspect).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::engine::{EngineEndpoint, EngineNetwork};

/// What the key of an endpoint begins with that no container has joined yet (moby,
/// `daemon/network.go`).
const NOT_JOINED: &str = "ep-";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NetworkAnswer {
    #[serde(default)]
    name: String,
    /// By the container's id.
    containers: Option<BTreeMap<String, EndpointAnswer>>,
}

#[derive(Deserialize)]
struct EndpointAnswer {
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "EndpointID", default)]
    id: String,
}

impl From<NetworkAnswer> for EngineNetwork {
    fn from(answer: NetworkAnswer) -> Self {
        let all = answer.containers.unwrap_or_default().into_iter();
        let endpoints =
            all.filter(|(_, endpoint)| !endpoint.id.is_empty()).map(|(key, endpoint)| {
                let container = (!key.starts_with(NOT_JOINED)).then_some(key);
                (endpoint.id, EngineEndpoint { container, name: endpoint.name })
            });
        Self { name: answer.name, endpoints: endpoints.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_told_by_their_own_id() {
        let text = r#"{"Name":"lan","Id":"n","Containers":{
            "ep-e1":{"Name":"web","EndpointID":"e1","MacAddress":"","IPv4Address":"192.0.2.2/24"},
            "c2":{"Name":"db","EndpointID":"e2"},
            "c3":{"Name":"odd"}}}"#;
        let network = EngineNetwork::from(serde_json::from_str::<NetworkAnswer>(text).unwrap());
        let has = |id: &str| network.endpoints.get(id).cloned();
        let web = EngineEndpoint { container: None, name: "web".into() };
        let db = EngineEndpoint { container: Some("c2".into()), name: "db".into() };
        assert_eq!((has("e1"), has("e2")), (Some(web), Some(db)));
        assert_eq!((network.name.as_str(), network.endpoints.len()), ("lan", 2));
        let empty: NetworkAnswer = serde_json::from_str(r#"{"Containers":null}"#).unwrap();
        assert_eq!(EngineNetwork::from(empty), EngineNetwork::default());
    }
}

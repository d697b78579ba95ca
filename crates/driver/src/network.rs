//! What is recorded of a network in `external_ids` of its bridge: the only state there is of it. An
//! engine says it once, when the network is made.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::memory::MemoryChange;
use model::plan::NewBridge;
use model::snapshot::Cidr;
use model::switch::Bridge;
use serde::{Deserialize, Serialize};

use crate::options::{NetworkOptions, OptionError};

/// What the keys of networks begin with.
const PREFIX: &str = "docker-ovs.network.";
/// The key of a bridge that we made: what it was made as.
const MADE: &str = "docker-ovs.bridge";

/// A range of addresses of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// The range.
    pub pool: IpNet,
    /// The address that is kept for its gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// Whether its addresses are those of a pool that the driver itself hands out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_pool: bool,
}

/// A network, as its engine told it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// Its id.
    #[serde(skip)]
    pub id: String,
    /// Kind of its engine.
    pub engine: String,
    /// The lasting id of the engine that has it, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
    /// Its name, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The user's options.
    pub options: BTreeMap<String, String>,
    /// Its ranges of addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<Subnet>,
    /// Whether nothing leaves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// The addresses that its gateway had not got before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Cidr>,
    /// Whether its making has begun and not come to its end: its engine was not told that it is made.
    #[serde(default, rename = "begun", skip_serializing_if = "std::ops::Not::not")]
    pub is_begun: bool,
}

impl NetworkRecord {
    /// The options, read.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn read_options(&self) -> Result<NetworkOptions, OptionError> {
        NetworkOptions::read(&self.options)
    }

    /// Whether both are the same network, told twice; what was learnt and given
    /// since does not count.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let bare = |record: &Self| Self {
            name: None,
            engine_id: None,
            given: Vec::new(),
            is_begun: false,
            ..record.clone()
        };
        bare(self) == bare(other)
    }

    /// Whether no engine has it: its making did not come to its end, and none was seen to have it.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.is_begun && self.engine_id.is_none()
    }

    /// The change of the bridge's `external_ids` that records it.
    pub(crate) fn kept_on(&self, bridge: Option<&Bridge>) -> MemoryChange {
        let key = format!("{PREFIX}{}", self.id);
        let Ok(value) = serde_json::to_string(self) else { return MemoryChange::default() };
        let before = bridge.and_then(|bridge| bridge.external_ids.get(&key).cloned());
        let forget = before.map(|value| (key.clone(), value)).into_iter().collect();
        MemoryChange { forget, remember: BTreeMap::from([(key, value)]) }
    }

    /// The change that forgets it.
    pub(crate) fn forgotten_on(&self, bridge: &Bridge) -> MemoryChange {
        let key = format!("{PREFIX}{}", self.id);
        let value = bridge.external_ids.get(&key).cloned();
        let forget = value.map(|value| (key, value)).into_iter().collect();
        MemoryChange { forget, remember: BTreeMap::new() }
    }
}

/// The networks that are recorded on a bridge; values that make no sense are left out.
pub(crate) fn of(bridge: &Bridge) -> impl Iterator<Item = NetworkRecord> {
    bridge.external_ids.iter().filter_map(|(key, value)| {
        let id = key.strip_prefix(PREFIX)?.to_owned();
        let record: NetworkRecord = serde_json::from_str(value).ok()?;
        Some(NetworkRecord { id, ..record })
    })
}

/// A network and its bridge.
pub(crate) fn find<'a>(bridges: &'a [Bridge], id: &str) -> Option<(&'a Bridge, NetworkRecord)> {
    bridges.iter().find_map(|bridge| Some((bridge, of(bridge).find(|record| record.id == id)?)))
}

/// What a bridge was made as, if we made it.
pub(crate) fn made(bridge: &Bridge) -> Option<NewBridge> {
    serde_json::from_str(bridge.external_ids.get(MADE)?).ok()
}

/// Whether a key of a bridge tells what it was made as.
pub(crate) fn is_of_making(key: &str) -> bool {
    key == MADE
}

/// The bridge that these options make.
pub(crate) fn new_bridge(options: &NetworkOptions) -> NewBridge {
    let mut bridge = NewBridge {
        name: options.bridge.as_str().into(),
        datapath_type: options
            .datapath_type
            .clone()
            .filter(|kind| kind != "system")
            .unwrap_or_default(),
        fail_mode: options.fail_mode.clone(),
        protocols: options.protocols.clone(),
        controllers: options.controllers.clone(),
        dpid: options.dpid.clone(),
        external_ids: BTreeMap::new(),
    };
    if let Ok(value) = serde_json::to_string(&bridge) {
        bridge.external_ids.insert(MADE.to_owned(), value);
    }
    bridge
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> NetworkRecord {
        NetworkRecord {
            id: "ab".repeat(32),
            engine: "docker".into(),
            engine_id: None,
            name: None,
            options: BTreeMap::from([("bridge".to_owned(), "br0".to_owned())]),
            subnets: vec![Subnet {
                pool: "192.0.2.0/24".parse().unwrap(),
                gateway: "192.0.2.1".parse().ok(),
                own_pool: false,
            }],
            internal: false,
            given: Vec::new(),
            is_begun: false,
        }
    }

    fn bridge() -> Bridge {
        Bridge { name: "br0".into(), ..Bridge::default() }
    }

    #[test]
    fn what_is_recorded_is_found_again_and_forgotten() {
        let mut bridge = bridge();
        record().kept_on(Some(&bridge)).apply(&mut bridge.external_ids);
        let named = NetworkRecord { name: Some("lan".into()), is_begun: true, ..record() };
        named.kept_on(Some(&bridge)).apply(&mut bridge.external_ids);
        let bridges = [bridge];
        let (found, again) = find(&bridges, &record().id).unwrap();
        assert!(again.is_same(&record()) && again == named);
        let mut ids = found.external_ids.clone();
        named.forgotten_on(found).apply(&mut ids);
        assert!(ids.is_empty());
    }

    #[test]
    fn nonsense_is_no_network() {
        let mut bridge = bridge();
        bridge.external_ids.insert(format!("{PREFIX}x"), "{".into());
        bridge.external_ids.insert("docker-ovs.memory.a/b".into(), "{}".into());
        assert_eq!(of(&bridge).count(), 0);
    }

    #[test]
    fn a_bridge_that_was_made_is_known_for_it() {
        let options = record().read_options().unwrap();
        let new = new_bridge(&NetworkOptions { fail_mode: Some("secure".into()), ..options });
        let external_ids = new.external_ids.clone();
        let again = made(&Bridge { external_ids, ..bridge() }).unwrap();
        assert_eq!(again, NewBridge { external_ids: BTreeMap::new(), ..new });
        assert_eq!(made(&bridge()), None);
    }
}

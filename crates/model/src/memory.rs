//! What is remembered of an attachment beside its port's row, in `external_ids` of the bridge's
//! row: it outlives the port, which `ovs-vsctl del-port` or another program's clean-up may take.
//!
//! One key for each interface of a container, `docker-ovs.memory.CONTAINER/INTERFACE`, whose value
//! is JSON, and names the port that it is of. Several ports may have one key, one after the other or at once: an
//! interface that was renamed inside leaves its name to another one. What is remembered is of the port that it
//! names alone ([`key_of`]). How many there are, and how large they are together, is bounded: the oldest go first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{Name, OfPort};
use crate::port_record::{self, PortRecord};
use crate::switch::{Bridge, Port};

/// What the keys begin with.
pub const PREFIX: &str = "docker-ovs.memory.";
/// At most so many are kept on one bridge.
pub const MAX_ENTRIES: usize = 1000;
/// Keys and values of one bridge have at most so many bytes together.
pub const LARGEST: usize = 512 << 10;

/// Keys of a bridge's `external_ids` that go and that come, each with its value: in one
/// transaction with a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryChange {
    /// What goes.
    pub forget: BTreeMap<String, String>,
    /// What comes.
    pub remember: BTreeMap<String, String>,
}

impl MemoryChange {
    /// What brings it back to where it was.
    #[must_use]
    pub fn reverse(&self) -> Self {
        Self { forget: self.remember.clone(), remember: self.forget.clone() }
    }

    /// Whether nothing goes and nothing comes.
    pub fn is_empty(&self) -> bool {
        self.forget.is_empty() && self.remember.is_empty()
    }

    /// The keys after it.
    pub fn apply(&self, ids: &mut BTreeMap<String, String>) {
        ids.retain(|key, _| !self.forget.contains_key(key));
        ids.extend(self.remember.clone());
    }
}

/// The value of a key.
#[derive(Serialize, Deserialize)]
struct Value {
    iface: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ofport: Option<OfPort>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trunks: Vec<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vlan_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cvlans: Vec<u16>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    protected: bool,
    /// Our own `external_ids` of the Interface row, without their prefix.
    ids: BTreeMap<String, String>,
}

/// The key and the value for a port, if its record is ours.
pub fn written(port: &Port) -> Option<(String, String)> {
    let record = PortRecord::of(port).filter(|record| record.ours)?;
    let own = |(key, value): (&String, &String)| {
        Some((key.strip_prefix(port_record::PREFIX)?.to_owned(), value.clone()))
    };
    let value = Value {
        iface: port.iface.clone(),
        ofport: port.ofport.assigned().or(port.ofport_request),
        tag: port.tag,
        trunks: port.trunks.clone(),
        vlan_mode: port.vlan_mode.clone(),
        cvlans: port.cvlans.clone(),
        protected: port.protected,
        ids: port.external_ids.iter().filter_map(own).collect(),
    };
    Some((key(&record), serde_json::to_string(&value).ok()?))
}

/// The key of an attachment.
pub fn key(record: &PortRecord) -> String {
    format!("{PREFIX}{}/{}", record.container, record.interface)
}

/// The key under which a bridge remembers this very port; none where it remembers no port under the key of its
/// record, or another one.
pub fn key_of(bridge: &Bridge, port: &Port) -> Option<String> {
    let key = key(&PortRecord::of(port)?);
    under(bridge, &key).filter(|kept| kept.iface == port.iface).map(|_| key)
}

/// The port that a bridge remembers under this key, as it was.
pub fn under(bridge: &Bridge, key: &str) -> Option<Port> {
    port(key, bridge.external_ids.get(key)?)
}

/// The ports that a bridge remembers, as they were; values that make no sense are left out.
pub fn of(bridge: &Bridge) -> impl Iterator<Item = (&str, Port)> {
    bridge.external_ids.iter().filter_map(|(key, value)| Some((&**key, port(key, value)?)))
}

fn port(key: &str, value: &str) -> Option<Port> {
    // No interface's name has a slash (`dev_valid_name`, net/core/dev.c); ids of containers may have some.
    let (container, interface) = key.strip_prefix(PREFIX)?.rsplit_once('/')?;
    let value: Value = serde_json::from_str(value).ok()?;
    let own = |(key, word)| (format!("{}{key}", port_record::PREFIX), word);
    let mut external_ids: BTreeMap<_, _> = value.ids.into_iter().map(own).collect();
    external_ids.insert("container_id".to_owned(), container.to_owned());
    external_ids.insert("container_iface".to_owned(), interface.to_owned());
    Some(Port {
        iface: value.iface,
        ofport_request: value.ofport,
        kind: "system".to_owned(),
        tag: value.tag,
        trunks: value.trunks,
        vlan_mode: value.vlan_mode,
        cvlans: value.cvlans,
        protected: value.protected,
        external_ids,
        ..Port::default()
    })
}

/// The change where `old` goes and `new` comes: what is too much goes with it.
pub fn change(bridge: &Bridge, old: &[String], new: Option<&Port>) -> MemoryChange {
    let remember: BTreeMap<_, _> = new.and_then(written).into_iter().collect();
    let goes = |key: &&String| old.contains(*key) || remember.contains_key(*key);
    let known = bridge.external_ids.iter().filter(|(key, _)| key.starts_with(PREFIX));
    let (gone, kept): (Vec<_>, Vec<_>) = known.partition(|(key, _)| goes(key));
    let mut forget: BTreeMap<_, _> = gone.into_iter().map(owned).collect();
    if !remember.is_empty() {
        forget.extend(too_much(kept, &remember));
    }
    MemoryChange { forget, remember }
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

/// The oldest of `kept` that have no room beside `new`.
fn too_much(
    mut kept: Vec<(&String, &String)>,
    new: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let size = |(key, value): &(&String, &String)| key.len() + value.len();
    let all: usize = kept.iter().map(size).chain(new.iter().map(|entry| size(&entry))).sum();
    if kept.len() + new.len() <= MAX_ENTRIES && all <= LARGEST {
        return Vec::new();
    }
    let created = |(key, value): &(&String, &String)| {
        port(key, value).and_then(|port| PortRecord::of(&port)?.created)
    };
    kept.sort_by_cached_key(|entry| std::cmp::Reverse(created(entry)));
    let mut room = LARGEST.saturating_sub(new.iter().map(|entry| size(&entry)).sum());
    let mut count = MAX_ENTRIES.saturating_sub(new.len());
    let mut full = false;
    let over = kept.into_iter().filter(|entry| {
        full = full || count == 0 || size(entry) > room;
        if !full {
            (count, room) = (count - 1, room - size(entry));
        }
        full
    });
    over.map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(n: u64) -> Port {
        let ids = [
            ("container_id", format!("{n:064x}")),
            ("container_iface", "eth0".to_owned()),
            ("docker-ovs.name", format!("c{n}")),
            ("docker-ovs.ip", "192.0.2.7/24".to_owned()),
            ("docker-ovs.created", n.to_string()),
        ];
        Port {
            iface: format!("dov-{n:08x}").into(),
            ofport_request: Some(OfPort(7)),
            kind: "system".to_owned(),
            tag: Some(10),
            trunks: vec![20, 30],
            vlan_mode: Some("dot1q-tunnel".to_owned()),
            cvlans: vec![100, 200],
            protected: true,
            external_ids: ids.map(|(key, value)| (key.to_owned(), value)).into(),
            ..Port::default()
        }
    }

    fn bridge() -> Bridge {
        serde_json::from_str(r#"{"name":"br0","datapath_id":null,"datapath":null,"ports":[]}"#)
            .unwrap()
    }

    #[test]
    fn what_is_remembered_is_the_port_as_it_was() {
        let mut bridge = bridge();
        bridge.external_ids.insert("bridge-id".to_owned(), "br0".to_owned());
        change(&bridge, &[], Some(&remembered(1))).apply(&mut bridge.external_ids);
        let all: Vec<_> = of(&bridge).map(|(_, port)| port).collect();
        assert_eq!(all, [remembered(1)]);
        let key = key(&PortRecord::of(&all[0]).unwrap());
        change(&bridge, &[key], None).apply(&mut bridge.external_ids);
        assert_eq!(bridge.external_ids.len(), 1, "what others wrote stays");
    }

    #[test]
    fn what_an_id_with_slashes_has_is_remembered_as_its() {
        for id in ["dev/c1@lxd", "a/b/c", "/", "c1@lxd"] {
            let mut bridge = bridge();
            let mut port = remembered(1);
            port.external_ids.insert("container_id".to_owned(), id.to_owned());
            change(&bridge, &[], Some(&port)).apply(&mut bridge.external_ids);
            let all: Vec<_> = of(&bridge).collect();
            assert_eq!(all, [(&*format!("{PREFIX}{id}/eth0"), port)], "{id}");
            let record = PortRecord::of(&all[0].1).unwrap();
            assert_eq!((&*record.container, &*record.interface), (id, "eth0"));
            assert_eq!(all[0].0, key(&record));
        }
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let mut bridge = bridge();
        let many = MAX_ENTRIES as u64;
        bridge.external_ids.extend((0..many).filter_map(|n| written(&remembered(n))));
        for n in many..many + 2 {
            change(&bridge, &[], Some(&remembered(n))).apply(&mut bridge.external_ids);
        }
        assert_eq!(of(&bridge).count(), MAX_ENTRIES);
        assert!(!bridge.external_ids.contains_key(&format!("{PREFIX}{:064x}/eth0", 1)));
        let last = change(&bridge, &[], Some(&remembered(9999)));
        assert_eq!((last.forget.len(), last.remember.len()), (1, 1));
        let before = bridge.external_ids.clone();
        last.apply(&mut bridge.external_ids);
        last.reverse().apply(&mut bridge.external_ids);
        assert_eq!(bridge.external_ids, before);
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read() {
        let mut bridge = bridge();
        let key = format!("{PREFIX}{}/eth0", "a".repeat(64));
        let value = r#"{"iface":"dov-00000001","ofport":7,"ids":{"name":"c1"}}"#;
        bridge.external_ids.insert(key, value.to_owned());
        let port = of(&bridge).next().unwrap().1;
        assert_eq!((port.ofport_request, port.protected), (Some(OfPort(7)), false));
        assert!(port.cvlans.is_empty());
        let written = written(&port).unwrap().1;
        assert_eq!(written, value, "and what is not set is not written");
    }

    #[test]
    fn odd_values_are_no_memory() {
        let mut bridge = bridge();
        for (key, value) in [("x", "{}"), ("a/eth0", "nonsense"), ("a/eth0/", "[1]")] {
            bridge.external_ids.insert(format!("{PREFIX}{key}"), value.to_owned());
        }
        assert_eq!(of(&bridge).count(), 0);
    }
}

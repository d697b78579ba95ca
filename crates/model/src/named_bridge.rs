//! The bridge that a word names: one of the switch's, or a fake bridge upon one.

use std::fmt;

use crate::ids::Name;
use crate::snapshot::Snapshot;
use crate::switch::{Bridge, FakeBridge, Port};
use crate::wiring::{PortRef, SwitchPort};

/// What a bridge's name means.
#[derive(Clone, Copy, Debug)]
pub struct NamedBridge<'a> {
    /// The bridge that has the ports.
    pub bridge: &'a Bridge,
    /// The fake bridge upon it, if one was named: its ports are those of its VLAN.
    pub fake: Option<&'a FakeBridge>,
}

impl<'a> NamedBridge<'a> {
    /// What `wanted` means: a bridge rather than a fake one.
    pub(crate) fn find(snapshot: &'a Snapshot, wanted: &str) -> Option<Self> {
        let fake = |bridge: &'a Bridge| {
            let fake = bridge.fake_bridges.iter().find(|fake| *fake.name == *wanted)?;
            Some(Self { bridge, fake: Some(fake) })
        };
        let real = snapshot.bridges().find(|bridge| *bridge.name == *wanted);
        let real = real.map(|bridge| Self { bridge, fake: None });
        real.or_else(|| snapshot.bridges().find_map(fake))
    }

    /// Whether what the bridge `at` remembers as `port` is one of its ports: a fake bridge's are those of its
    /// VLAN.
    pub(crate) fn has_remembered(&self, at: &str, port: &Port) -> bool {
        let in_vlan = |fake: &FakeBridge| port.tag == Some(fake.vlan);
        *self.bridge.name == *at && self.fake.is_none_or(in_vlan)
    }

    /// The name it was found by.
    pub fn name(&self) -> &'a Name {
        self.fake.map_or(&self.bridge.name, |fake| &fake.name)
    }
}

/// What a word is the name of that is no bridge of the switch's: no bridge can be called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotABridge<'a> {
    /// A fake bridge.
    Fake {
        /// The bridge that it is on.
        bridge: &'a Name,
        /// Its VLAN.
        vlan: u16,
    },
    /// A port.
    Port {
        /// The bridge that it is on.
        bridge: &'a Name,
    },
}

impl<'a> NotABridge<'a> {
    /// What `word` names; none where it is free, or the name of a bridge.
    pub fn find(bridges: &'a [Bridge], word: &str) -> Option<Self> {
        if bridges.iter().any(|bridge| *bridge.name == *word) {
            return None;
        }
        let fake = |of: &'a Bridge| {
            let fake = of.fake_bridges.iter().find(|fake| *fake.name == *word)?;
            Some(Self::Fake { bridge: &of.name, vlan: fake.vlan })
        };
        let is_called = |port: &Port| {
            *port.iface == *word
                || port.port_name.as_ref().is_some_and(|name| **name == *word)
                || port.bond.as_deref() == Some(word)
        };
        let port = |of: &'a Bridge| {
            let is_port = of.ports.iter().any(|port| is_called(port));
            is_port.then_some(Self::Port { bridge: &of.name })
        };
        bridges.iter().find_map(fake).or_else(|| bridges.iter().find_map(port))
    }
}

impl fmt::Display for NotABridge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fake { bridge, vlan } => write!(f, "VLAN {vlan} of {bridge}"),
            Self::Port { bridge } => write!(f, "a port of {bridge}"),
        }
    }
}

impl PortRef {
    /// Whether it is on the bridge or fake bridge of this name.
    pub fn is_on(&self, bridge: &str) -> bool {
        is_called(&self.bridge, self.fake_bridge.as_ref(), bridge)
    }
}

impl SwitchPort {
    /// Whether it is on the bridge or fake bridge of this name.
    pub fn is_on(&self, bridge: &str) -> bool {
        is_called(&self.bridge, self.fake_bridge.as_ref(), bridge)
    }
}

fn is_called(real: &Name, fake: Option<&Name>, wanted: &str) -> bool {
    **real == *wanted || fake.is_some_and(|fake| **fake == *wanted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_a_fake_bridge_or_a_port_is_called_is_no_bridge() {
        let port = |iface: &str| Arc::new(Port { iface: iface.into(), ..Port::default() });
        let bond = Port { bond: Some("bond0".to_owned()), ..Port::clone(&port("eth1")) };
        let bridges = [Bridge {
            name: "br0".into(),
            fake_bridges: vec![FakeBridge { name: "fake".into(), vlan: 10 }],
            ports: vec![port("br0"), port("fake"), port("eth0"), Arc::new(bond)],
            ..Bridge::default()
        }];
        let told = |word: &str| NotABridge::find(&bridges, word).map(|other| other.to_string());
        assert_eq!(told("fake").as_deref(), Some("VLAN 10 of br0"));
        for word in ["eth0", "eth1", "bond0"] {
            assert_eq!(told(word).as_deref(), Some("a port of br0"), "{word}");
        }
        for word in ["br0", "free"] {
            assert_eq!(told(word), None, "{word}");
        }
    }
}

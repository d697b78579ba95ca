//! The bridge that a word names: one of the switch's, or a fake bridge upon one.

use crate::ids::Name;
use crate::snapshot::Snapshot;
use crate::switch::{Bridge, FakeBridge};
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

    /// The name it was found by.
    pub fn name(&self) -> &'a Name {
        self.fake.map_or(&self.bridge.name, |fake| &fake.name)
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

//! A bridge.

use model::snapshot::Observed;
use model::{Snapshot, switch};
use serde::Serialize;

/// An OVS bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Bridge {
    /// Its name.
    pub bridge: String,
    /// Its datapath id, 16 hexadecimal digits.
    #[serde(rename = "DatapathID")]
    pub datapath_id: Option<String>,
    /// Datapath type: `system` or `netdev`, where known.
    pub datapath_type: Option<String>,
    /// How many ports it has.
    pub port_count: usize,
    /// Its VLANs that ovs-vsctl shows as bridges, by name.
    pub fake_bridges: Vec<FakeBridge>,
}

/// A VLAN of a bridge that ovs-vsctl shows as a bridge of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FakeBridge {
    /// Its name.
    pub bridge: String,
    /// Its VLAN.
    #[serde(rename = "VLAN")]
    pub vlan: u16,
}

impl Bridge {
    /// Every bridge, by name, as the best source on the switch's side tells.
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let source = snapshot.switch.values().find(|rows| rows.absence().is_none());
        let mut all: Vec<_> =
            source.map(Observed::rows).unwrap_or_default().iter().map(row).collect();
        all.sort_by(|a, b| a.bridge.cmp(&b.bridge));
        all
    }
}

fn fake(fake: &switch::FakeBridge) -> FakeBridge {
    FakeBridge { bridge: fake.name.to_string(), vlan: fake.vlan }
}

fn row(row: &switch::Bridge) -> Bridge {
    Bridge {
        bridge: row.name.to_string(),
        datapath_id: row.datapath_id.map(|id| id.to_string()),
        datapath_type: row.datapath.clone(),
        port_count: row.ports.len(),
        fake_bridges: row.fake_bridges.iter().map(fake).collect(),
    }
}

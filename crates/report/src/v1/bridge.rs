//! A bridge.

use model::snapshot::Observed;
use model::{Snapshot, switch};
use serde::Serialize;

/// An OVS bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bridge {
    /// Its name.
    pub bridge: String,
    /// Its datapath id, 16 hexadecimal digits.
    #[serde(rename = "DatapathID")]
    pub datapath_id: Option<String>,
    /// Datapath type: `system` or `netdev`, where known.
    pub datapath: Option<String>,
    /// How many ports it has.
    pub ports: usize,
}

impl Bridge {
    /// Every bridge, by name, as the best road to the switch that was open tells.
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let road = snapshot.switch.values().find(|rows| rows.absence().is_none());
        let mut all: Vec<_> =
            road.map(Observed::rows).unwrap_or_default().iter().map(row).collect();
        all.sort_by(|a, b| a.bridge.cmp(&b.bridge));
        all
    }
}

fn row(row: &switch::Bridge) -> Bridge {
    Bridge {
        bridge: row.name.to_string(),
        datapath_id: row.datapath_id.map(|id| id.to_string()),
        datapath: row.datapath.clone(),
        ports: row.ports.len(),
    }
}

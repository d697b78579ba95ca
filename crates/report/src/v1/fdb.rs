//! The MAC table of a bridge.

use serde::Serialize;
use traffic::SeenMac;

/// An address that a bridge has learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FdbEntry {
    /// The OVS bridge.
    pub bridge: String,
    /// The OpenFlow port that it came from; 65534 is LOCAL.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Name of that port's interface.
    pub port: Option<String>,
    /// Who is on that port.
    pub who: Option<String>,
    /// The VLAN; 0 for none.
    #[serde(rename = "VLAN")]
    pub vlan: u16,
    /// The address.
    #[serde(rename = "MAC")]
    pub mac: String,
    /// Seconds since a packet came from it; null for one that was put in by hand.
    pub age: Option<u32>,
    /// Whose address it is.
    pub owner: Option<String>,
    /// Whether it came from elsewhere than its owner's port.
    pub misplaced: bool,
    /// How often any address of the bridge came from another port than before.
    pub bridge_moves: Option<u64>,
    /// What is odd about it.
    pub notes: Vec<String>,
}

impl FdbEntry {
    /// The row of an address of `bridge`; `moves` is what the bridge counts.
    pub fn new(bridge: &str, moves: Option<u64>, seen: &SeenMac) -> Self {
        Self {
            bridge: bridge.to_owned(),
            ofport: seen.ofport.map(|port| port.0),
            port: seen.port.clone(),
            who: seen.who.clone(),
            vlan: seen.vlan,
            mac: seen.mac.to_string(),
            age: seen.age,
            owner: seen.owner.clone(),
            misplaced: seen.misplaced,
            bridge_moves: moves,
            notes: seen.notes.clone(),
        }
    }
}

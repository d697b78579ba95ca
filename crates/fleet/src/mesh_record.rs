//! A mesh as it stands in etcd.

use serde::{Deserialize, Serialize};

/// The largest key of a tunnel: a VNI has 24 bits.
pub const LARGEST_KEY: u32 = (1 << 24) - 1;

/// What the tunnels of a mesh are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Geneve (RFC 8926).
    #[default]
    Geneve,
    /// VXLAN (RFC 7348).
    Vxlan,
}

impl Kind {
    /// As Open vSwitch writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Geneve => "geneve",
            Self::Vxlan => "vxlan",
        }
    }

    /// Its UDP port unless told otherwise.
    pub fn dst_port(self) -> u16 {
        match self {
            Self::Geneve => 6081,
            Self::Vxlan => 4789,
        }
    }
}

/// A mesh as it stands in etcd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MeshRecord {
    /// What its tunnels are.
    #[serde(rename = "Type")]
    pub kind: Kind,
    /// Their key.
    pub key: u32,
    /// Their UDP port.
    pub dst_port: u16,
    /// The largest MTU in bytes of the interfaces on it; none for what the members' underlays leave.
    #[serde(rename = "MTU")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
}

impl MeshRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// Why it is of no use.
    pub fn read(value: &[u8]) -> Result<Self, String> {
        let record: Self = crate::host::read(value)?;
        if record.key == 0 || record.key > LARGEST_KEY || record.dst_port == 0 {
            return Err("a key or a port out of range".to_owned());
        }
        match record.mtu {
            Some(mtu) if !(68..=65_535).contains(&mtu) => Err("an MTU out of range".to_owned()),
            _ => Ok(record),
        }
    }
}

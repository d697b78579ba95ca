//! Which VLANs a new port carries (ovs-vswitchd.conf.db(5), Port `vlan_mode`).

use std::fmt;
use std::str::FromStr;

use super::PlanError;

/// How a port treats its `tag` and `trunks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VlanMode {
    /// Only `tag`, without a header.
    Access,
    /// `trunks`, or all; each with a header.
    Trunk,
    /// As a trunk, and `tag` too, with a header.
    NativeTagged,
    /// As a trunk, and `tag` too, without a header.
    NativeUntagged,
}

impl VlanMode {
    /// All of them, in Open vSwitch's order.
    pub const ALL: [Self; 4] =
        [Self::Access, Self::NativeTagged, Self::NativeUntagged, Self::Trunk];

    /// Open vSwitch's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Trunk => "trunk",
            Self::NativeTagged => "native-tagged",
            Self::NativeUntagged => "native-untagged",
        }
    }
}

impl fmt::Display for VlanMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for VlanMode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|mode| mode.word() == word);
        known.ok_or_else(|| format!("there are {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// The column `vlan_mode` of a new port. A tag and trunks together mean a native VLAN: without a
/// mode, Open vSwitch would ignore the trunks.
pub(super) fn mode(
    wanted: Option<VlanMode>,
    tag: Option<u16>,
    trunks: &[u16],
) -> Result<Option<VlanMode>, PlanError> {
    use VlanMode::{Access, NativeTagged, NativeUntagged, Trunk};
    let bad = |mode: VlanMode, why| Err(PlanError::BadVlans { mode: mode.word(), why });
    match wanted {
        None if tag.is_some() && !trunks.is_empty() => Ok(Some(NativeUntagged)),
        None => Ok(None),
        Some(Access) if tag.is_none() => bad(Access, "needs its VLAN: --vlan"),
        Some(Access) if !trunks.is_empty() => bad(Access, "is no trunk: --trunk does not fit"),
        Some(Trunk) if tag.is_some() => bad(Trunk, "has no VLAN of its own: --vlan does not fit"),
        Some(mode @ (NativeTagged | NativeUntagged)) if tag.is_none() => {
            bad(mode, "needs its native VLAN: --vlan")
        }
        Some(mode) => Ok(Some(mode)),
    }
}

//! Which VLANs a port carries, as Open vSwitch reads its columns (ovs-vswitchd.conf.db(5), Port;
//! `port_configure` in vswitchd/bridge.c and `bundle_set` in ofproto/ofproto-dpif.c).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::switch::Port;

/// The largest VLAN tag: 12 bits (IEEE 802.1Q).
pub const LAST_VLAN: u16 = 4095;

/// What a port does with VLAN tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VlanMode {
    /// It is in one VLAN, and packets bear no tag.
    Access,
    /// A trunk on which packets of the native VLAN bear a tag, too.
    NativeTagged,
    /// A trunk on which packets of the native VLAN bear none.
    NativeUntagged,
    /// Packets bear the tags of their VLANs.
    Trunk,
    /// Packets bear the customers' tags, and go on in one VLAN with a second tag (802.1ad).
    #[serde(rename = "dot1q-tunnel")]
    Dot1qTunnel,
}

impl VlanMode {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Access, Self::NativeTagged, Self::NativeUntagged, Self::Trunk, Self::Dot1qTunnel];

    /// The word of the column `vlan_mode`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::NativeTagged => "native-tagged",
            Self::NativeUntagged => "native-untagged",
            Self::Trunk => "trunk",
            Self::Dot1qTunnel => "dot1q-tunnel",
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

/// The VLANs of a port, with nothing in it that Open vSwitch takes no notice of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vlans {
    /// What the port does with tags.
    pub mode: VlanMode,
    /// The access VLAN, the native VLAN, or the VLAN of a tunnel; none for a trunk, and where a
    /// port of another mode has no `tag`, which Open vSwitch takes for VLAN 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<u16>,
    /// The VLANs that a trunk, native or not, carries beside `tag`; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trunks: Vec<u16>,
    /// The customers' VLANs that a tunnel takes in; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cvlans: Vec<u16>,
}

impl Port {
    /// The VLANs of a row of the database.
    pub fn vlans(&self) -> Vlans {
        let tag = self.tag.filter(|tag| *tag <= LAST_VLAN);
        let mode = match self.vlan_mode.as_deref() {
            // The schema allows no other word; vswitchd takes one for a trunk.
            Some(word) => VlanMode::ALL.into_iter().find(|mode| mode.word() == word),
            None => tag.map(|_| VlanMode::Access),
        };
        let mode = mode.unwrap_or(VlanMode::Trunk);
        let if_mode =
            |wanted: bool, list: &Vec<u16>| if wanted { list.clone() } else { Vec::new() };
        Vlans {
            mode,
            tag: tag.filter(|_| mode != VlanMode::Trunk),
            trunks: if_mode(mode.is_trunk(), &self.trunks),
            cvlans: if_mode(mode == VlanMode::Dot1qTunnel, &self.cvlans),
        }
    }
}

impl VlanMode {
    /// Whether it carries VLANs by the list of trunks.
    pub fn is_trunk(self) -> bool {
        matches!(self, Self::Trunk | Self::NativeTagged | Self::NativeUntagged)
    }
}

impl Vlans {
    /// Whether packets of this VLAN leave and enter by the port.
    pub fn carry(&self, vlan: u16) -> bool {
        let own = self.mode != VlanMode::Trunk && self.tag.unwrap_or(0) == vlan;
        let trunked = self.trunks.is_empty() || self.trunks.contains(&vlan);
        // Beside another native VLAN a trunk has no VLAN 0.
        let second_native = vlan == 0 && self.mode != VlanMode::Trunk;
        own || (self.mode.is_trunk() && trunked && !second_native)
    }

    /// Whether nothing was set: every VLAN passes as it is.
    pub fn is_plain(&self) -> bool {
        self.mode == VlanMode::Trunk && self.trunks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vlans(mode: Option<&str>, tag: Option<u16>, trunks: &[u16]) -> Vlans {
        let vlan_mode = mode.map(str::to_owned);
        Port { tag, trunks: trunks.to_vec(), vlan_mode, cvlans: vec![24], ..Port::default() }
            .vlans()
    }

    #[test]
    fn without_a_mode_the_tag_decides() {
        let access = vlans(None, Some(10), &[20, 30]);
        assert_eq!((access.mode, access.tag), (VlanMode::Access, Some(10)));
        assert!(access.trunks.is_empty() && access.cvlans.is_empty(), "they are ignored");
        assert!(access.carry(10) && !access.carry(20));
        let trunk = vlans(None, None, &[20]);
        assert_eq!(trunk.mode, VlanMode::Trunk);
        assert!(trunk.carry(20) && !trunk.carry(10));
        let plain = vlans(None, None, &[]);
        assert!(plain.is_plain() && plain.carry(0) && plain.carry(4095));
    }

    #[test]
    fn a_mode_says_what_tag_and_trunks_mean() {
        let trunk = vlans(Some("trunk"), Some(10), &[20]);
        assert!(trunk.tag.is_none() && trunk.carry(20) && !trunk.carry(10));
        for mode in ["native-tagged", "native-untagged"] {
            let native = vlans(Some(mode), Some(10), &[20]);
            assert!(native.carry(10) && native.carry(20) && !native.carry(30), "{mode}");
            let all = vlans(Some(mode), Some(10), &[]);
            assert!(all.carry(30) && !all.carry(0), "{mode}");
            assert!(vlans(Some(mode), None, &[20]).carry(0), "{mode}");
        }
        let tunnel = vlans(Some("dot1q-tunnel"), Some(100), &[7]);
        assert_eq!(tunnel.cvlans, [24]);
        assert!(tunnel.carry(100) && !tunnel.carry(24) && !tunnel.carry(7));
        assert!(vlans(Some("access"), None, &[]).carry(0), "an access port without a tag");
        assert_eq!(vlans(Some("of the future"), Some(1), &[]).mode, VlanMode::Trunk);
    }
}

//! The VLANs of a port.

use model::vlan;

use super::VlanMode;

impl From<vlan::VlanMode> for VlanMode {
    fn from(mode: vlan::VlanMode) -> Self {
        match mode {
            vlan::VlanMode::Access => Self::Access,
            vlan::VlanMode::NativeTagged => Self::NativeTagged,
            vlan::VlanMode::NativeUntagged => Self::NativeUntagged,
            vlan::VlanMode::Trunk => Self::Trunk,
            vlan::VlanMode::Dot1qTunnel => Self::Dot1qTunnel,
        }
    }
}

/// The fields that tell of VLANs, with nothing in them that Open vSwitch takes no notice of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VlanFields {
    pub(crate) vlan: Option<u16>,
    pub(crate) mode: Option<VlanMode>,
    pub(crate) trunks: Vec<u16>,
    pub(crate) cvlans: Vec<u16>,
}

impl From<Option<vlan::Vlans>> for VlanFields {
    fn from(vlans: Option<vlan::Vlans>) -> Self {
        let Some(vlans) = vlans else { return Self::default() };
        let mode = Some(VlanMode::from(vlans.mode));
        Self { vlan: vlans.tag, mode, trunks: vlans.trunks, cvlans: vlans.cvlans }
    }
}

impl From<VlanMode> for vlan::VlanMode {
    fn from(mode: VlanMode) -> Self {
        match mode {
            VlanMode::Access => Self::Access,
            VlanMode::NativeTagged => Self::NativeTagged,
            VlanMode::NativeUntagged => Self::NativeUntagged,
            VlanMode::Trunk => Self::Trunk,
            VlanMode::Dot1qTunnel => Self::Dot1qTunnel,
        }
    }
}

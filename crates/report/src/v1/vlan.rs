//! The VLANs of a port.

use model::vlan;

use super::{Attachment, FleetPort, Port, VlanMode};

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

/// The VLANs of a port; a dash where none is set, which lets all pass.
pub(crate) fn vlans(of: &impl HasVlans) -> String {
    let VlanFields { vlan, mode, trunks, cvlans } = of.vlan_fields();
    let tag = vlan.unwrap_or(0);
    let trunked = list(&trunks);
    match mode {
        None => "-".to_owned(),
        Some(VlanMode::Access) => tag.to_string(),
        Some(VlanMode::Trunk) if trunks.is_empty() => "-".to_owned(),
        Some(VlanMode::Trunk) => format!("trunk {trunked}"),
        Some(mode @ (VlanMode::NativeTagged | VlanMode::NativeUntagged)) => {
            format!("{mode} {tag}, trunk {trunked}")
        }
        Some(VlanMode::Dot1qTunnel) if cvlans.is_empty() => format!("dot1q-tunnel {tag}"),
        Some(VlanMode::Dot1qTunnel) => format!("dot1q-tunnel {tag}, cvlans {}", list(&cvlans)),
    }
}

fn list(tags: &[u16]) -> String {
    let tags: Vec<_> = tags.iter().map(ToString::to_string).collect();
    if tags.is_empty() { "all".to_owned() } else { tags.join(",") }
}

/// A row that tells of VLANs.
pub(crate) trait HasVlans {
    /// What it tells.
    fn vlan_fields(&self) -> VlanFields;
}

macro_rules! has_vlans {
    ($($row:ty),*) => {$(
        impl HasVlans for $row {
            fn vlan_fields(&self) -> VlanFields {
                let trunks = self.trunks.clone();
                let cvlans = self.cvlans.clone();
                VlanFields { vlan: self.vlan, mode: self.vlan_mode, trunks, cvlans }
            }
        }
    )*};
}

has_vlans!(Attachment, Port, FleetPort);

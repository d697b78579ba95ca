//! Which VLANs a new port carries (ovs-vswitchd.conf.db(5), Port `vlan_mode`).

use super::PlanError;
pub use crate::vlan::VlanMode;

/// The column `vlan_mode` of a new port. A tag and trunks together mean a native VLAN: without a
/// mode, Open vSwitch would ignore the trunks.
pub(super) fn mode(
    wanted: Option<VlanMode>,
    tag: Option<u16>,
    trunks: &[u16],
) -> Result<Option<VlanMode>, PlanError> {
    use VlanMode::{Access, Dot1qTunnel, NativeTagged, NativeUntagged, Trunk};
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
        Some(Dot1qTunnel) => bad(Dot1qTunnel, "needs more than this sets up: ovs-vsctl set port"),
        Some(mode) => Ok(Some(mode)),
    }
}

//! How a value is shown where it may be missing.

use model::ids::OfPort;

use crate::graph::Jack;
use crate::v1::vlan::VlanFields;
use crate::v1::{self, State, VlanMode};

pub(super) fn dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".to_owned())
}

/// A dash says that there is none, which an unknown place does not.
pub(super) fn unless_unknown(text: Option<String>, state: State) -> String {
    let none = if state == State::Unknown { state.word() } else { "-" };
    text.unwrap_or_else(|| none.to_owned())
}

pub(super) fn some(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

pub(super) fn number(port: Option<u16>) -> String {
    port.map(|port| port.to_string()).unwrap_or_default()
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

has_vlans!(v1::Attachment, v1::Port, v1::FleetPort, Jack);

/// As `ovs-ofctl` names it.
pub(super) fn name_number(port: u16) -> String {
    if port == OfPort::LOCAL.0 { "LOCAL".to_owned() } else { port.to_string() }
}

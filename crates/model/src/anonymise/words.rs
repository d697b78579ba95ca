//! Words of programs, which tell nothing of a host.

use crate::endpoint_record;
use crate::engine_commands::is_kind;
use crate::port_record::{self, PREFIX};
use crate::resolve::TUNNELS;
use crate::vlan::VlanMode;

/// States of containers (`State.Status` of the Docker Engine API, and Podman's).
pub(super) const STATES: [&str; 14] = [
    "",
    "configured",
    "created",
    "dead",
    "exited",
    "initialized",
    "paused",
    "removing",
    "restarting",
    "running",
    "stopped",
    "stopping",
    "unknown",
    "up",
];

/// Whether it is a kind of engines, or the program behind one that ids name: CRI-O is asked as `cri`.
pub(super) fn is_engine_kind(word: &str) -> bool {
    is_kind(word) || word == "cri-o"
}

/// `IFLA_INFO_KIND` of the kernel's own drivers.
pub(super) const LINK_KINDS: [&str; 38] = [
    "bareudp",
    "bond",
    "bridge",
    "can",
    "dummy",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "gtp",
    "hsr",
    "ifb",
    "ip6erspan",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ipip",
    "ipoib",
    "ipvlan",
    "ipvtap",
    "macsec",
    "macvlan",
    "macvtap",
    "netdevsim",
    "netkit",
    "nlmon",
    "openvswitch",
    "sit",
    "team",
    "tun",
    "vcan",
    "veth",
    "vlan",
    "vrf",
    "vti",
    "vxlan",
    "wireguard",
    "xfrm",
];

/// The column `vlan_mode`.
pub(super) const VLAN_MODES: [&str; 5] = [
    VlanMode::ALL[0].word(),
    VlanMode::ALL[1].word(),
    VlanMode::ALL[2].word(),
    VlanMode::ALL[3].word(),
    VlanMode::ALL[4].word(),
];

/// Types of interfaces that are no tunnels (ovs-vswitchd.conf.db(5), Interface `type`).
const PORT_KINDS: [&str; 11] = [
    "",
    "system",
    "internal",
    "tap",
    "patch",
    "afxdp",
    "afxdp-nonpmd",
    "dpdk",
    "dpdkr",
    "dpdkvhostuser",
    "dpdkvhostuserclient",
];

/// Keys of `options` that are read.
const OPTIONS: [&str; 4] = ["peer", "remote_ip", "local_ip", "key"];

/// Keys and labels whose value is a number: a place, a process id, a time, a VLAN or an MTU. Elsewhere digits may be
/// a name that was chosen.
const NUMBER_KEYS: [&str; 9] = [
    "com.docker.compose.container-number",
    "compose-number",
    "created",
    "key",
    "mtu",
    "numbered",
    "pipework.nspid",
    "pipework.vlan",
    "swarm-slot",
];

/// Whether the value of this key or label is a number.
pub(super) fn is_number_key(key: &str) -> bool {
    NUMBER_KEYS.contains(&key.strip_prefix(PREFIX).unwrap_or(key))
}

pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// `word`, if it is one of these.
pub(super) fn known_or(known: &[&str], word: &str, instead: &str) -> String {
    if known.contains(&word) { word } else { instead }.to_owned()
}

pub(super) fn port_kind(kind: &str) -> String {
    if TUNNELS.contains(&kind) { kind.to_owned() } else { known_or(&PORT_KINDS, kind, "other") }
}

/// Whether programs use this key of `options` or `external_ids`.
pub(super) fn known_key(key: &str) -> bool {
    let own = key.strip_prefix(PREFIX);
    let own = own.is_some_and(|key| {
        port_record::OWN_KEYS.contains(&key) || endpoint_record::OWN_KEYS.contains(&key)
    });
    own || OPTIONS.contains(&key) || crate::dialects::KEYS.contains(&key)
}

/// Whether containers are known again by this label.
pub(super) fn known_label(label: &str) -> bool {
    port_record::is_own_label(label)
}

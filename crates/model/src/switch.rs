//! The switch's rows: bridges and their ports, whichever source they came from.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{DatapathId, DpPort, Ifindex, Mac, Name, OfPort};

/// A switch source: one way to ask the switch. The order is the rank: the first
/// one present answers, the others confirm or contradict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchSource {
    /// The database, RFC 7047 and ovs-vswitchd.conf.db(5).
    Ovsdb,
    /// Port descriptions over OpenFlow, what `ovs-ofctl show` prints.
    OpenFlow,
    /// `dpif/show` on the control socket, ovs-vswitchd(8).
    #[serde(alias = "dpif")]
    Appctl,
}

impl SwitchSource {
    /// All sources, by rank.
    pub const ALL: [Self; 3] = [Self::Ovsdb, Self::OpenFlow, Self::Appctl];
}

impl fmt::Display for SwitchSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ovsdb => "ovsdb",
            Self::OpenFlow => "openflow",
            Self::Appctl => "appctl",
        })
    }
}

impl FromStr for SwitchSource {
    type Err = NoSuchSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|source| source.to_string() == text).ok_or(NoSuchSource)
    }
}

/// There is no switch source of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("source is {}", SwitchSource::ALL.map(|source| source.to_string()).join(" or "))]
pub struct NoSuchSource;

/// An OVS bridge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bridge {
    /// Its name.
    pub name: Name,
    /// Datapath id, where known.
    pub datapath_id: Option<DatapathId>,
    /// Datapath type: `system` or `netdev`, where known.
    pub datapath: Option<String>,
    /// Whether vswitchd segments packets and finishes checksums in its userspace datapath
    /// (`other_config:userspace-tso-enable` of Open_vSwitch); none where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userspace_tso: Option<bool>,
    /// What it does without a controller: `secure` or `standalone`; none where the column is empty, which is
    /// `standalone`, or was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_mode: Option<String>,
    /// Its fake bridges, by name; of other sources than the database none are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fake_bridges: Vec<FakeBridge>,
    /// `external_ids` of the Bridge row, where the whole database was read: what is remembered of
    /// attachments ([`crate::memory`]), of numbers ([`crate::numbers`]) and of networks is there. Only
    /// those keys that are our own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    /// Its ports; in a narrow look only those that were asked for.
    pub ports: Vec<Arc<Port>>,
}

/// A VLAN of a bridge that ovs-vsctl(8) shows as a bridge of its own (`add-br NAME PARENT VLAN`):
/// an internal port with `fake_bridge` set, and the ports whose `tag` is the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FakeBridge {
    /// Its name, which is its own port's too.
    pub name: Name,
    /// Its VLAN.
    pub vlan: u16,
}

impl Bridge {
    /// Whether checksums that a link leaves to its hardware stay unfinished: the userspace
    /// datapath reads system ports by packet sockets and passes on what it gets.
    pub fn leaves_checksums(&self) -> bool {
        let userspace = self.datapath.as_deref().is_some_and(|datapath| datapath != "system");
        userspace && self.userspace_tso != Some(true)
    }

    /// Those of its ports that vswitchd has a packet socket for, once it has opened them: system ports of
    /// the userspace datapath that have a number.
    pub fn ports_by_packet_socket(&self) -> impl Iterator<Item = &Arc<Port>> {
        self.ports.iter().filter(|port| self.has_packet_socket(port))
    }

    /// The same of one of them.
    pub fn has_packet_socket(&self, port: &Port) -> bool {
        let userspace = self.datapath.as_deref() == Some("netdev");
        userspace && port.kind == "system" && port.ofport.assigned().is_some()
    }

    /// Whether it, or a fake bridge upon it, is called so.
    pub fn is_called(&self, name: &str) -> bool {
        *self.name == *name || self.fake_bridges.iter().any(|fake| *fake.name == *name)
    }

    /// The fake bridges by their VLANs, as `ovs-vsctl port-to-br` tells them: by the column `tag`
    /// alone. Of several with one VLAN it is the first by name.
    pub(crate) fn fake_bridges_by_vlan(&self) -> BTreeMap<u16, &FakeBridge> {
        let mut fakes: Vec<_> = self.fake_bridges.iter().collect();
        fakes.sort();
        fakes.into_iter().rev().map(|fake| (fake.vlan, fake)).collect()
    }
}

/// What has a number on a bridge: an OVSDB Interface, joined to its bridge through its Port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Name of the Interface; for system interfaces the link's name in the switch's namespace.
    pub iface: Name,
    /// Its OpenFlow port.
    pub ofport: OfPortState,
    /// The number that was asked for (`ofport_request`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ofport_request: Option<OfPort>,
    /// Its datapath port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dp_port: Option<DpPort>,
    /// The link's index as OVS believes it; found by name, so of no meaning across namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ifindex: Option<Ifindex>,
    /// `mac_in_use`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// `mac`: the address that was configured for it. vswitchd gives it to an internal port's link,
    /// which keeps it wherever it is moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured_mac: Option<Mac>,
    /// Interface `type`; `system` for the empty one.
    pub kind: String,
    /// The column `tag`; what it means depends on the mode, see [`Port::vlans`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<u16>,
    /// The column `trunks`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trunks: Vec<u16>,
    /// The column `vlan_mode`; none where it is empty, and Open vSwitch chooses by `tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_mode: Option<String>,
    /// The column `cvlans`: the customers' VLANs of a `dot1q-tunnel`; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cvlans: Vec<u16>,
    /// The column `protected`: what comes in by it leaves by no other protected port.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// Whether BFD probes what it leads to (`enable` of the column `bfd`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bfd: bool,
    /// Name of the bond (the OVSDB Port) this is one member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bond: Option<String>,
    /// Name of the OVSDB Port, where that is no bond and called otherwise than its Interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_name: Option<Name>,
    /// `options`: `peer` of a patch port, `remote_ip` of a tunnel, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// `external_ids` of the Interface row.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    /// `external_ids` of the Port row.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub port_external_ids: BTreeMap<String, String>,
    /// `error`: why OVS could not open the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Which port of a bridge is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortKey {
    /// The one that has this OpenFlow number.
    Number(OfPort),
    /// The one whose interface is called so.
    Interface(String),
}

impl PortKey {
    /// Whether it is this port.
    pub fn is(&self, port: &Port) -> bool {
        match self {
            Self::Number(number) => port.ofport.assigned() == Some(*number),
            Self::Interface(name) => *port.iface == **name,
        }
    }
}

/// Key of [`Port::external_ids`] of a mesh's tunnel: the host of the fleet that it leads to.
pub const TUNNEL_HOST: &str = "docker-ovs.tunnel-host";

/// The life of a number (ovs-vswitchd.conf.db(5), Interface `ofport`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfPortState {
    /// A real number.
    Assigned(OfPort),
    /// The column is empty: vswitchd has not dealt with it yet.
    #[default]
    Pending,
    /// The column is -1: vswitchd could not make the port.
    Failed,
}

impl OfPortState {
    /// Reads the OVSDB column: `[]`, -1 or a number.
    pub fn from_column(value: Option<i64>) -> Self {
        match value {
            None => Self::Pending,
            Some(n) => match u16::try_from(n) {
                Ok(n) if n != 0 => Self::Assigned(OfPort(n)),
                _ => Self::Failed,
            },
        }
    }

    /// The number, if there is a real one.
    pub fn assigned(self) -> Option<OfPort> {
        match self {
            Self::Assigned(port) => Some(port),
            Self::Pending | Self::Failed => None,
        }
    }
}

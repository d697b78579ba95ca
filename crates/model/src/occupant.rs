//! The switch's side of the answer: every port, and who is on it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::OfPortBySource;
use crate::container_ref::{ContainerRef, label};
use crate::evidence::Note;
use crate::ids::{DatapathId, Name, NetnsId, short_if_id};
use crate::switch::{Port, SwitchSource};
use crate::told::{TENANTS, joined};
use crate::vlan::Vlans;

/// A port from the switch's side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwitchPort {
    /// The OVS bridge.
    pub bridge: Name,
    /// Its datapath id.
    pub datapath_id: Option<DatapathId>,
    /// The fake bridge it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fake_bridge: Option<Name>,
    /// The port's row.
    pub port: Arc<Port>,
    /// What each switch source says of its number.
    pub ofports: OfPortBySource,
    /// Who is on it.
    pub occupant: Occupant,
    /// What is uncertain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl SwitchPort {
    /// Its VLANs; none where the source of the row does not tell them.
    pub fn vlans(&self) -> Option<Vlans> {
        self.ofports.get(SwitchSource::Ovsdb).map(|_| self.port.vlans())
    }
}

/// Who is on a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Occupant {
    /// The bridge itself: its LOCAL port.
    Local,
    /// These links, in containers or other namespaces.
    Plugged {
        /// One row per link.
        plugs: Vec<Plug>,
    },
    /// A link of the host.
    Host {
        /// Its kind (`IFLA_INFO_KIND`); none for hardware.
        link: Option<String>,
    },
    /// The other end of a patch.
    Patch {
        /// Name of the peer port.
        peer: String,
        /// Its bridge, if there is such a patch port, and it names this one back.
        bridge: Option<Name>,
    },
    /// A tunnel.
    Tunnel {
        /// Its remote end.
        remote: String,
    },
    /// Orphaned: the link is gone, the row stayed.
    Orphaned {
        /// Who had it, by the row's `external_ids`.
        last: Option<LastTenant>,
    },
    /// It cannot be known.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl Occupant {
    /// Whether the port is orphaned: its link is gone, its row stayed.
    pub fn is_orphaned(&self) -> bool {
        matches!(self, Self::Orphaned { .. })
    }

    /// The links that are on the port.
    pub fn plugs(&self) -> &[Plug] {
        match self {
            Self::Plugged { plugs } => plugs,
            _ => &[],
        }
    }

    /// Who had an orphaned port, if its row says so.
    pub fn last_tenant(&self) -> Option<&LastTenant> {
        match self {
            Self::Orphaned { last } => last.as_ref(),
            _ => None,
        }
    }
}

/// Who had a port whose link is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTenant {
    /// In the words of the row: a name, an id, a path.
    pub words: String,
    /// The container these words fit, if an engine still knows it.
    pub container: Option<ContainerRef>,
    /// Name of the interface it was.
    pub interface: Option<String>,
}

impl fmt::Display for LastTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = short_if_id(&self.words);
        f.write_str(self.container.as_ref().map_or(words, |known| known.called()))?;
        self.interface.iter().try_for_each(|interface| write!(f, ":{interface}"))
    }
}

/// A link that is on a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plug {
    /// The containers that have it; none for a namespace without containers.
    pub tenants: Arc<[Arc<ContainerRef>]>,
    /// Its namespace.
    pub netns: NetnsId,
    /// The names of that under /run/netns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub netns_names: Vec<String>,
    /// Its name there.
    pub interface: Name,
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("the bridge itself"),
            Self::Plugged { plugs } => {
                let names: Vec<_> = plugs.iter().map(ToString::to_string).collect();
                f.write_str(&joined(&names, ", ", TENANTS))
            }
            Self::Host { link: Some(kind) } => write!(f, "host ({kind})"),
            Self::Host { link: None } => f.write_str("host"),
            Self::Patch { peer, bridge: Some(bridge) } => write!(f, "patch to {bridge} ({peer})"),
            Self::Patch { peer, bridge: None } if peer.is_empty() => {
                f.write_str("patch to no peer")
            }
            Self::Patch { peer, bridge: None } => {
                write!(f, "patch to {peer}, which does not name it back")
            }
            Self::Tunnel { remote } => write!(f, "tunnel to {remote}"),
            Self::Orphaned { last: Some(last) } => write!(f, "orphaned (was {last})"),
            Self::Orphaned { last: None } => f.write_str("orphaned"),
            Self::Unknown { why } => write!(f, "unknown: {why}"),
        }
    }
}

impl fmt::Display for Plug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let netns = self.netns.called(&self.netns_names);
        f.write_str(&label(&self.tenants, &self.interface, &netns))
    }
}

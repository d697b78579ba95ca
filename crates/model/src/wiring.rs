//! The answer: which interface is on which port, with the evidence for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::endpoint_record::EndpointRecord;
use crate::evidence::{Evidence, Note};
use crate::ids::{ContainerId, DatapathId, DpPort, Name, NetnsId, Nsid, OfPort, name};
use crate::snapshot::{EngineName, Link};
use crate::source_error::{SourceError, SourceErrorKind};
use crate::switch::{OfPortState, Port};
use crate::told::{TOLD, joined};
use crate::vlan::Vlans;

pub use crate::container_ref::ContainerRef;
use crate::container_ref::label;
pub use crate::occupant::{LastTenant, Occupant, Plug, SwitchPort};

/// All attachments and all ports of a host, related to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wiring {
    /// Host name of the machine that was looked at.
    pub host: String,
    /// When, in milliseconds since the Unix epoch.
    pub taken: u64,
    /// Container-side links, by namespace, then ifindex.
    pub attachments: Vec<Attachment>,
    /// Ports, by bridge, then number.
    pub ports: Vec<SwitchPort>,
    /// What could not be asked, or is old.
    pub source_errors: Vec<SourceError>,
    /// Where there may be more than this shows.
    #[serde(default, skip_serializing_if = "Unseen::is_nothing")]
    pub unseen: Unseen,
}

/// What a look did not see: that something is missing there proves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Unseen {
    /// The kernel did not answer at all, or told a part of what it has, or one container was asked about only.
    pub everything: bool,
    /// These engines never answered, or told a part of what they have.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub engines: BTreeSet<EngineName>,
    /// No switch source answered; what is told of the switch, if anything, is old or a part.
    pub switch: bool,
    /// There may be bridges and ports that no switch source told of.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ports: bool,
    /// These namespaces could not be read.
    pub namespaces: BTreeSet<NetnsId>,
    /// The namespaces of these containers could not be opened, or have not been read yet.
    pub containers: BTreeSet<ContainerId>,
}

impl Unseen {
    /// Whether the look saw all there is.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `attachment` might be there all the same.
    pub fn hides(&self, attachment: &Attachment) -> bool {
        self.everything
            || self.namespaces.contains(&attachment.netns)
            || attachment.tenants.iter().any(|tenant| self.hides_tenant(tenant))
    }

    /// Whether a container may be in a namespace that it was not seen in.
    pub(crate) fn hides_tenant(&self, tenant: &ContainerRef) -> bool {
        self.engines.contains(&tenant.engine) || self.containers.contains(&tenant.id)
    }

    /// Whether some containers may not have been seen, so that of what they have the namespace alone may be
    /// known.
    pub fn hides_containers(&self) -> bool {
        self.everything || !self.engines.is_empty()
    }
}

/// One container-side link and its way to a port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The containers in its namespace, by name; several share one, or none is known.
    pub tenants: Arc<[Arc<ContainerRef>]>,
    /// The namespace.
    pub netns: NetnsId,
    /// Its names under /run/netns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub netns_names: Vec<String>,
    /// The link inside.
    pub link: Arc<Link>,
    /// How it leaves the namespace.
    pub wire: Wire,
    /// Where it arrives.
    pub port: AttachmentState,
    /// Where it may arrive, if several ports fit equally well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<PortRef>,
    /// What each step found.
    pub evidence: Vec<Evidence>,
    /// What is uncertain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Wiring {
    /// The source that was silent for longer than is waited, if one was.
    pub fn timed_out(&self) -> Option<&SourceError> {
        self.source_errors.iter().find(|error| error.kind == SourceErrorKind::TimedOut)
    }
}

impl Attachment {
    /// In one word: `web:eth0`, or the interface and its namespace where no container is known.
    pub fn label(&self) -> String {
        let netns = self.netns.called(&self.netns_names);
        label(&self.tenants, &self.link.name, &netns)
    }

    /// The same of one of its containers alone; of all where that is none of them.
    pub fn label_of(&self, container: &ContainerId) -> String {
        let netns = self.netns.called(&self.netns_names);
        let one = self.tenants.iter().find(|tenant| tenant.id == *container);
        let tenants = one.map_or(&self.tenants[..], std::slice::from_ref);
        label(tenants, &self.link.name, &netns)
    }

    /// The ports that it is on, or, where it may be on one of several, those.
    pub fn ports(&self) -> &[PortRef] {
        if self.candidates.is_empty() { self.port.ports() } else { &self.candidates }
    }

    /// Whether it is on this bridge or fake bridge, or may be.
    pub fn is_on(&self, bridge: &str) -> bool {
        self.ports().iter().any(|port| port.is_on(bridge))
    }

    /// Whether it may be on any port, for all that is known. A link of a kind that leads nowhere is not meant.
    pub fn may_be_anywhere(&self) -> bool {
        matches!(self.port, AttachmentState::Unknown { .. }) && !self.is_dead_end()
    }

    /// Name of the link of the switch's namespace that its wire ends on, where it has one there.
    pub fn host_interface(&self) -> Option<&str> {
        let end = self.wire.end()?;
        let is_it = |evidence: &Evidence| match evidence {
            Evidence::VethPeer { name, elsewhere, .. }
            | Evidence::Lower { name, elsewhere, .. } => !elsewhere && **name == *end,
            _ => false,
        };
        self.evidence.iter().any(is_it).then_some(end)
    }

    /// What is uncertain about the answer. That no TCP passes is not: it is read and told where
    /// that was asked.
    pub fn uncertain(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| !matches!(note, Note::ChecksumOffload { .. }))
    }

    /// Whether the port rests on nothing but a name or an address that is alike: another link may be as like.
    pub fn rests_on_likeness(&self) -> bool {
        self.notes.iter().any(|note| matches!(note, Note::NotProven { .. }))
    }

    /// What a person should be told with the answer: why it cannot be known, and what is
    /// uncertain about it. Not that a link of a kind without another end leads nowhere: nearly
    /// every such link does, and its state says so.
    pub fn doubts(&self) -> Vec<String> {
        let why = match &self.port {
            AttachmentState::Unknown { why } if !self.is_dead_end() => Some(why.clone()),
            several => several.several(),
        };
        why.into_iter().chain(self.uncertain().map(ToString::to_string)).collect()
    }

    /// Whether nothing was found for a link of a kind that has neither a peer nor a parent, as
    /// tap, bridge, dummy, vrf and gretap. Hardware and internal ports are looked for by address.
    fn is_dead_end(&self) -> bool {
        let told = ["openvswitch", "bond", "team", "bridge"];
        let is_followed = self.link.is_paired() || self.link.has_parent();
        let kind = self.link.kind.as_deref();
        let fits = |note: &Note| matches!(note, Note::Contested { .. } | Note::Ambiguous { .. });
        let nothing = self.evidence.iter().all(|evidence| evidence.step() < 3)
            && !self.notes.iter().any(fits);
        nothing && !is_followed && kind.is_some_and(|kind| !told.contains(&kind))
    }
}

/// How a link leaves its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Wire {
    /// A veth pair.
    Veth {
        /// Name of the other end, in its own namespace.
        host_end: Name,
        /// That namespace.
        netns: NetnsId,
    },
    /// An internal port of the switch, moved here.
    Internal,
    /// A macvlan, ipvlan or vlan over another link, or a bond or team over its members.
    Parent {
        /// Name of the link beneath; of several the first that leads to a port.
        lower: Name,
        /// How that one goes on; none when it is a port itself.
        beneath: Option<Box<Wire>>,
    },
    /// A veth pair into a Linux bridge that has a port on the switch.
    LinuxBridge {
        /// Name of the veth's other end.
        host_end: Name,
        /// Name of the Linux bridge.
        bridge: Name,
        /// Name of the link that ties the Linux bridge to the switch.
        through: Name,
    },
    /// A veth into a namespace that was not read, but is not the switch's.
    Elsewhere {
        /// What this namespace calls it.
        nsid: Nsid,
    },
    /// The link lives in the switch's own namespace.
    Direct,
    /// The way could not be followed.
    Unresolved {
        /// Why.
        why: String,
    },
}

impl Wire {
    /// Name of the last link that is known of it, in whatever namespace that is.
    pub(crate) fn end(&self) -> Option<&str> {
        match self {
            Self::Veth { host_end, .. } | Self::LinuxBridge { host_end, .. } => Some(host_end),
            Self::Parent { lower, beneath: None } => Some(lower),
            Self::Parent { beneath: Some(wire), .. } => wire.end(),
            Self::Internal | Self::Elsewhere { .. } | Self::Direct | Self::Unresolved { .. } => {
                None
            }
        }
    }
}

/// Where an attachment arrives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum AttachmentState {
    /// On this port, with a real number.
    On(PortRef),
    /// On this port; vswitchd has not numbered it yet.
    Pending(PortRef),
    /// On this port, which vswitchd could not make.
    Failed(PortRef),
    /// On all of these ports: a bond or team, or what stands on one.
    Several {
        /// The ports of its members.
        ports: Vec<PortRef>,
    },
    /// On no port of any bridge.
    NotOnSwitch,
    /// It cannot be known.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl AttachmentState {
    /// The port, with or without a number.
    pub fn port(&self) -> Option<&PortRef> {
        match self {
            Self::On(port) | Self::Pending(port) | Self::Failed(port) => Some(port),
            Self::Several { .. } | Self::NotOnSwitch | Self::Unknown { .. } => None,
        }
    }

    /// All ports that it is on.
    pub fn ports(&self) -> &[PortRef] {
        match self {
            Self::On(port) | Self::Pending(port) | Self::Failed(port) => std::slice::from_ref(port),
            Self::Several { ports } => ports,
            Self::NotOnSwitch | Self::Unknown { .. } => &[],
        }
    }

    /// Why there is no one port, where there are several: each as `bridge/interface` with its number.
    pub fn several(&self) -> Option<String> {
        let Self::Several { ports } = self else { return None };
        let each = ports.iter().map(|p| format!("{}/{} ({})", p.bridge, p.iface, p.ofport));
        Some(format!("it is on several ports: {}", joined(&each.collect::<Vec<_>>(), ", ", TOLD)))
    }

    /// The number, if there is a real one.
    pub fn ofport(&self) -> Option<OfPort> {
        self.port().and_then(|port| port.ofport.assigned())
    }

    /// One word for it: `on`, `pending`, `failed`, `several`, `none` or `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::On(_) => "on",
            Self::Pending(_) => "pending",
            Self::Failed(_) => "failed",
            Self::Several { .. } => "several",
            Self::NotOnSwitch => "none",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// A port, as an attachment refers to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortRef {
    /// The OVS bridge.
    pub bridge: Name,
    /// Its datapath id.
    pub datapath_id: Option<DatapathId>,
    /// Name of the interface on it.
    pub iface: Name,
    /// Its OpenFlow port.
    pub ofport: OfPortState,
    /// The number that was asked for.
    pub ofport_request: Option<OfPort>,
    /// Its datapath port.
    pub dp_port: Option<DpPort>,
    /// Its VLANs; none where the source does not tell them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlans: Option<Vlans>,
    /// The fake bridge it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fake_bridge: Option<Name>,
    /// The bond it is a member of.
    pub bond: Option<String>,
    /// Name of the OVSDB Port, where that is no bond and called otherwise than its Interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_name: Option<Name>,
    /// The endpoint of a network driver that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Arc<EndpointRef>>,
    /// Why vswitchd could not make it.
    pub error: Option<String>,
}

/// An endpoint of a network driver, named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointRef {
    /// The engine's network, by name where that is known, else by its short id.
    pub network: Name,
    /// Its id.
    pub id: Name,
}

impl EndpointRef {
    /// The endpoint that a port is, by its record.
    pub fn of(port: &Port) -> Option<Arc<Self>> {
        let record = EndpointRecord::of(port)?;
        let network = name(record.network_label());
        Some(Arc::new(Self { network, id: name(&record.endpoint) }))
    }
}

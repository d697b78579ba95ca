//! The switch's steps: ports in its database, and their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{Name, OfPort};
use crate::memory::MemoryChange;
use crate::switch::Port;

/// Interfaces, on any bridge, and the OpenFlow port numbers they ask for (`ofport_request`).
pub type OfPortRequests = BTreeMap<Name, OfPort>;

/// Takes a port from a bridge, or puts one on it, or both at once: one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a request of its own")]
pub struct ReplacePort {
    /// The bridge.
    pub bridge: Name,
    /// What is taken away.
    pub remove: Option<Arc<Port>>,
    /// What is put in its place.
    pub add: Option<Arc<Port>>,
    /// Whether it keeps settings of the old one that plans know nothing of.
    pub keep_settings: bool,
    /// The interfaces that were seen to ask for the number of either port, the old one among
    /// them: if others ask for it meanwhile, nothing is done.
    pub expected_requesters: OfPortRequests,
    /// Whether what is taken away was made by this very plan: the row has changed since in ways
    /// that no look has told. Otherwise it must be as it was seen.
    pub is_undo: bool,
    /// Whether what is taken away has no link any more, which is checked once more before.
    pub link_is_gone: bool,
    /// Whether a port may have had the name of the new one before: vswitchd is to see that go first.
    /// A name that goes and comes back before vswitchd looks is to it one that never went, and on the
    /// userspace datapath such a port is deaf.
    pub name_returns: bool,
    /// What the bridge remembers and forgets with it.
    pub memory: MemoryChange,
    /// Of the bridge's `external_ids`, what must be as it was seen: if it is not, nothing is done.
    pub expected_ids: BTreeMap<String, String>,
    /// The interfaces that were seen to record the hardware address that the new one records
    /// ([`MAC`](crate::port_record::MAC)): if others do meanwhile, nothing is done. None where the plan does not
    /// rest on that.
    pub expected_mac_holders: Option<BTreeSet<Name>>,
}

impl ReplacePort {
    /// What brings the ports back to where they were.
    fn reverse(&self) -> Self {
        Self {
            bridge: self.bridge.clone(),
            remove: self.add.clone(),
            add: self.remove.clone(),
            keep_settings: true,
            expected_requesters: self.requesters_afterwards(),
            is_undo: !self.is_undo,
            link_is_gone: false,
            name_returns: false,
            memory: self.memory.reverse(),
            expected_ids: BTreeMap::new(),
            expected_mac_holders: None,
        }
    }

    /// Which interface asks for which number once this is done.
    fn requesters_afterwards(&self) -> OfPortRequests {
        let mut requests = self.expected_requesters.clone();
        requests.retain(|name, _| self.remove.as_ref().is_none_or(|port| port.iface != *name));
        let added = self.add.as_ref();
        requests.extend(added.and_then(|port| Some((port.iface.clone(), port.ofport_request?))));
        requests
    }
}

/// A bridge that is to be made; what is empty is left to Open vSwitch (ovs-vswitchd.conf.db(5), Bridge).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewBridge {
    /// Its name.
    pub name: Name,
    /// The column `datapath_type`.
    pub datapath_type: String,
    /// The column `fail_mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_mode: Option<String>,
    /// The column `protocols`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    /// The `target` of each of its controllers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controllers: Vec<String>,
    /// `other_config:datapath-id`, 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpid: Option<String>,
    /// Our own keys of `external_ids`.
    #[serde(skip)]
    pub external_ids: BTreeMap<String, String>,
}

/// What the switch's database is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum SwitchStep {
    /// Ports come and go.
    ReplacePort(ReplacePort),
    /// Waits until vswitchd has given the port a number, or failed to.
    Await {
        /// The bridge.
        bridge: Name,
        /// The interface.
        iface: Name,
        /// The number that it has, where it is to have another one.
        from: Option<OfPort>,
        /// The number that was asked for.
        wanted: Option<OfPort>,
        /// The port, where the number that it gets, or has got, is still to be remembered.
        remember: Option<Arc<Port>>,
    },
    /// Takes a port out of a bond; the bond goes with its last member. It has no undo.
    RemoveMember {
        /// The bridge.
        bridge: Name,
        /// The bond.
        bond: String,
        /// The member.
        port: Arc<Port>,
    },
    /// Makes a bridge.
    MakeBridge(NewBridge),
    /// Takes a bridge away that was made by us, if it still has just these ports, and its row says of
    /// ours what it was seen to.
    RemoveBridge {
        /// What was made, with our own keys as they are now.
        bridge: NewBridge,
        /// Names of its ports, its own among them; they go with it.
        ports: Vec<Name>,
    },
    /// Writes a port's record anew, as when its container has another name now.
    Rewrite {
        /// The bridge.
        bridge: Name,
        /// The port as it was seen.
        port: Arc<Port>,
        /// Its `external_ids` afterwards.
        external_ids: BTreeMap<String, String>,
        /// The number that it asks for from now on; none where that stays as it is.
        ofport_request: Option<OfPort>,
        /// The interfaces that were seen to ask for that number: if others do meanwhile, nothing is
        /// done.
        expected_requesters: OfPortRequests,
        /// What the bridge remembers of it.
        memory: MemoryChange,
    },
}

impl SwitchStep {
    /// What brings things back to where they were; none where nothing needs to be done.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::ReplacePort(ports) => Some(Self::ReplacePort(ports.reverse())),
            Self::Rewrite { bridge, port, external_ids, ofport_request, memory, .. } => {
                let now = Port { external_ids: external_ids.clone(), ..Port::clone(port) };
                let before = ofport_request.and(port.ofport_request);
                Some(Self::Rewrite {
                    bridge: bridge.clone(),
                    port: Arc::new(now),
                    external_ids: port.external_ids.clone(),
                    ofport_request: before,
                    expected_requesters: OfPortRequests::new(),
                    memory: memory.reverse(),
                })
            }
            Self::MakeBridge(bridge) => Some(Self::RemoveBridge {
                bridge: bridge.clone(),
                ports: vec![bridge.name.clone()],
            }),
            Self::Await { .. } | Self::RemoveMember { .. } | Self::RemoveBridge { .. } => None,
        }
    }
}

impl fmt::Display for SwitchStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReplacePort(ports) => ports.fmt(f),
            Self::Await { bridge, iface, .. } => {
                write!(f, "wait for the OpenFlow port of {iface} on {bridge}")
            }
            Self::RemoveMember { bridge, bond, port } => {
                write!(f, "remove {} from the bond {bond} of {bridge}", port.iface)
            }
            Self::MakeBridge(bridge) => write!(f, "make the bridge {}", bridge.name),
            Self::RemoveBridge { bridge, .. } => write!(f, "remove the bridge {}", bridge.name),
            Self::Rewrite { bridge, port, ofport_request, .. } => {
                write!(f, "write the record of {} on {bridge} anew", port.iface)?;
                ofport_request.iter().try_for_each(|ofport| write!(f, ", ofport {ofport}"))
            }
        }
    }
}

impl fmt::Display for ReplacePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bridge, remove, add, memory, .. } = self;
        match (remove, add) {
            (Some(old), None) => write!(f, "remove port {} from {bridge}", old.iface),
            (Some(old), Some(new)) => {
                write!(f, "replace port {} of {bridge} by {}", old.iface, new.iface)
            }
            (None, Some(new)) => write!(f, "add port {} to {bridge}", new.iface),
            (None, None) if !memory.remember.is_empty() => {
                write!(f, "write anew what {bridge} remembers of it")
            }
            (None, None) => write!(f, "forget what {bridge} remembers of it"),
        }?;
        let Some(new) = add else { return Ok(()) };
        new.ofport_request.iter().try_for_each(|ofport| write!(f, ", ofport {ofport}"))?;
        new.tag.iter().try_for_each(|tag| write!(f, ", vlan {tag}"))?;
        let trunks: Vec<_> = new.trunks.iter().map(ToString::to_string).collect();
        if !trunks.is_empty() {
            write!(f, ", trunk {}", trunks.join(","))?;
        }
        new.vlan_mode.iter().try_for_each(|mode| write!(f, ", vlan mode {mode}"))
    }
}

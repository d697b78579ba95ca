//! The switch's steps: ports in its database, and their numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::ids::{Name, OfPort};
use crate::memory::MemoryChange;
use crate::switch::Port;

/// Interfaces, on any bridge, and the OpenFlow port numbers they ask for (`ofport_request`).
pub type OfPortRequests = BTreeMap<Name, OfPort>;

/// Takes a port from a bridge, or puts one on it, or both at once: one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// What the bridge remembers and forgets with it.
    pub memory: MemoryChange,
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
            memory: self.memory.reverse(),
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
        /// The number that was asked for.
        wanted: Option<OfPort>,
        /// The port, where the number that it gets is still to be remembered.
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
    /// Writes a port's record anew, as when its container has another name now.
    Rewrite {
        /// The bridge.
        bridge: Name,
        /// The port as it was seen.
        port: Arc<Port>,
        /// Its `external_ids` afterwards.
        external_ids: BTreeMap<String, String>,
        /// What the bridge remembers of it.
        memory: MemoryChange,
    },
}

impl SwitchStep {
    /// What brings things back to where they were; none where nothing needs to be done.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::ReplacePort(ports) => Some(Self::ReplacePort(ports.reverse())),
            Self::Rewrite { bridge, port, external_ids, memory } => {
                let now = Port { external_ids: external_ids.clone(), ..Port::clone(port) };
                Some(Self::Rewrite {
                    bridge: bridge.clone(),
                    port: Arc::new(now),
                    external_ids: port.external_ids.clone(),
                    memory: memory.reverse(),
                })
            }
            Self::Await { .. } | Self::RemoveMember { .. } => None,
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
            Self::Rewrite { bridge, port, .. } => {
                write!(f, "write the record of {} on {bridge} anew", port.iface)
            }
        }
    }
}

impl fmt::Display for ReplacePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bridge, remove, add, .. } = self;
        match (remove, add) {
            (Some(old), None) => write!(f, "remove port {} from {bridge}", old.iface),
            (Some(old), Some(new)) => {
                write!(f, "replace port {} of {bridge} by {}", old.iface, new.iface)
            }
            (None, Some(new)) => write!(f, "add port {} to {bridge}", new.iface),
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

//! The switch's steps: ports in its database, and their numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::ids::{Name, OfPort};
use crate::switch::Port;

/// Interfaces, on any bridge, and the OpenFlow port numbers they ask for (`ofport_request`).
pub type OfPortRequests = BTreeMap<Name, OfPort>;

/// Takes a port from a bridge, or puts one on it, or both at once: one transaction.
#[derive(Clone, Debug, PartialEq)]
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
    },
}

impl SwitchStep {
    /// What brings things back to where they were; none where nothing needs to be done.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::ReplacePort(ports) => Some(Self::ReplacePort(ports.reverse())),
            Self::Await { .. } => None,
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
            (None, None) => write!(f, "leave {bridge} as it is"),
        }?;
        let Some(new) = add else { return Ok(()) };
        new.ofport_request.iter().try_for_each(|ofport| write!(f, ", ofport {ofport}"))?;
        new.tag.iter().try_for_each(|tag| write!(f, ", vlan {tag}"))?;
        let trunks: Vec<_> = new.trunks.iter().map(ToString::to_string).collect();
        if trunks.is_empty() { Ok(()) } else { write!(f, ", trunk {}", trunks.join(",")) }
    }
}

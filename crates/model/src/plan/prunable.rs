//! One thing that `prune` may remove, and whether two looks tell of the same.

use std::sync::Arc;

use crate::ids::Name;
use crate::switch::Port;

use super::Step;

/// Something that is orphaned.
#[derive(Clone, Debug, PartialEq)]
pub enum Prunable {
    /// A port without a link.
    Port {
        /// The port.
        port: Arc<Port>,
        /// Its bridge.
        bridge: Name,
        /// How it is removed.
        step: Step,
        /// Who had it, in words.
        last: Option<String>,
    },
    /// A veth of ours that is no port, as of a program that was killed.
    Link {
        /// Name of the link.
        name: Name,
        /// How it is deleted.
        step: Step,
        /// The bridge it was made for, by its alias.
        bridge: Option<Name>,
        /// Who it was made for, in words.
        last: Option<String>,
    },
    /// What a bridge remembers of a port that another program has taken.
    Memory {
        /// The port as it was.
        port: Arc<Port>,
        /// The bridge.
        bridge: Name,
        /// How it is forgotten.
        step: Step,
        /// Who had it, in words.
        last: Option<String>,
    },
}

/// What may be orphaned, and may be alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The bridge, where it has one.
    pub bridge: Option<Name>,
    /// Name of the port or link.
    pub what: Name,
    /// What cannot be told.
    pub why: String,
    /// Whether only its link's other end is in doubt: a namespace that the kernel is still taking
    /// down looks like one that was not read.
    pub may_settle: bool,
}

impl Prunable {
    /// How to remove it.
    pub fn removal(&self) -> Step {
        let (Self::Port { step, .. } | Self::Link { step, .. } | Self::Memory { step, .. }) = self;
        step.clone()
    }

    /// Name of the port or link.
    pub fn name(&self) -> &Name {
        match self {
            Self::Port { port, .. } | Self::Memory { port, .. } => &port.iface,
            Self::Link { name, .. } => name,
        }
    }

    /// Whether a doubt is about it.
    pub fn is_in(&self, doubt: &Undecided) -> bool {
        let same = *self.name() == doubt.what;
        match self {
            Self::Port { bridge, .. } | Self::Memory { bridge, .. } => {
                same && doubt.bridge.as_ref() == Some(bridge)
            }
            // Names of links are the switch's namespace's.
            Self::Link { .. } => same,
        }
    }

    /// Whether they are of one kind, name and bridge, whatever else they have.
    pub fn is_called_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port { bridge, .. }, Self::Port { bridge: at, .. })
            | (Self::Memory { bridge, .. }, Self::Memory { bridge: at, .. }) => {
                bridge == at && self.name() == other.name()
            }
            (Self::Link { .. }, Self::Link { .. }) => self.name() == other.name(),
            _ => false,
        }
    }

    /// Whether `self`, of an earlier look, and `other`, of a later one, are the same: a port whose row was not
    /// written again meanwhile.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port { bridge, port, .. }, Self::Port { bridge: at, port: then, .. })
            | (Self::Memory { bridge, port, .. }, Self::Memory { bridge: at, port: then, .. }) => {
                let same = port.iface == then.iface && port.external_ids == then.external_ids;
                // Its link has gone from the kernel first, and from the row a moment later.
                let index = then.ifindex.is_none() || port.ifindex == then.ifindex;
                bridge == at && same && index
            }
            (Self::Link { step, .. }, Self::Link { step: then, .. }) => step == then,
            _ => false,
        }
    }
}

//! How far a link was followed, and what was seen on the way.

use smallvec::SmallVec;

use crate::evidence::{Evidence, Note};
use crate::wiring::Wire;

use super::entries::PortIx;
use super::group::OneOrMore;

/// Nearly always the far end of a veth and the port's name.
pub(super) type Found = SmallVec<[Evidence; 2]>;

/// How far the way could be followed, and what was seen on it.
#[derive(Clone)]
pub(super) struct Trace {
    pub(super) wire: Wire,
    /// The ports it may end on, each once.
    pub(super) ports: OneOrMore<PortIx>,
    /// Whether it is on all of these ports, as a bond is on its members', not on one of them.
    pub(super) on_all: bool,
    /// Why it may lead on to where nothing was seen.
    pub(super) unseen: Option<String>,
    /// Whether `external_ids`, a name or an address told, where the kernel did not.
    pub(super) claimed: bool,
    pub(super) evidence: Found,
    pub(super) notes: Vec<Note>,
}

impl Trace {
    pub(super) fn new(wire: Wire, ports: OneOrMore<PortIx>, evidence: Found) -> Self {
        let on_all = false;
        let unseen = None;
        let claimed = false;
        Self { wire, ports, on_all, unseen, claimed, evidence, notes: Vec::new() }
    }

    /// The way ends here, and on no port.
    pub(super) fn ended(why: impl Into<String>) -> Self {
        Self::new(Wire::Unresolved { why: why.into() }, OneOrMore::new(), Found::new())
    }

    /// Nothing of the further way was seen.
    pub(super) fn unresolved(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { unseen: Some(why.clone()), ..Self::ended(why) }
    }

    /// Whether the kernel told the whole way, so that no other source counts.
    pub(super) fn is_followed(&self) -> bool {
        !self.claimed && (self.unseen.is_none() || !self.ports.is_empty())
    }
}

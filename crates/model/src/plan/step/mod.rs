//! The steps of a plan, and how each is undone.

mod kernel;
mod switch;

use std::fmt;

use crate::port_record::Alias;

pub use kernel::{KernelStep, Veth};
pub use switch::{NewBridge, OfPortRequests, ReplacePort, SwitchStep};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The kernel does it.
    Kernel(KernelStep),
    /// The switch does it.
    Switch(SwitchStep),
}

impl From<KernelStep> for Step {
    fn from(step: KernelStep) -> Self {
        Self::Kernel(step)
    }
}

impl From<SwitchStep> for Step {
    fn from(step: SwitchStep) -> Self {
        Self::Switch(step)
    }
}

impl From<ReplacePort> for Step {
    fn from(ports: ReplacePort) -> Self {
        Self::Switch(SwitchStep::ReplacePort(ports))
    }
}

impl Step {
    /// Whether this makes a veth, and `next` the port of its host's end: they may be taken right after
    /// each other, in either order. Not where the link gets its name only after it was made.
    pub fn goes_with(&self, next: &Self) -> bool {
        match (self, next) {
            (
                Self::Kernel(KernelStep::MakeVeth(veth)),
                Self::Switch(SwitchStep::ReplacePort(ReplacePort { add: Some(port), .. })),
            ) => port.iface == veth.host_end && veth.is_known(),
            _ => false,
        }
    }

    /// Whether it adds a port whose name another may have had ([`ReplacePort::name_returns`]).
    pub fn name_returns(&self) -> bool {
        matches!(self, Self::Switch(SwitchStep::ReplacePort(ports)) if ports.name_returns)
    }

    /// Whether this takes from a link the note that it is to be deleted.
    pub fn marks_as_staying(&self) -> bool {
        let Self::Kernel(KernelStep::SetAlias { from, to, .. }) = self else { return false };
        let is_leaving =
            |alias: &str| Alias::read(alias).is_some_and(|alias| alias.leaving.is_some());
        is_leaving(from) && !is_leaving(to)
    }

    /// What brings things back to where they were; none where nothing needs to be done, or
    /// nothing can.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::Kernel(step) => step.undo().map(Self::Kernel),
            Self::Switch(step) => step.undo().map(Self::Switch),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(step) => step.fmt(f),
            Self::Switch(step) => step.fmt(f),
        }
    }
}

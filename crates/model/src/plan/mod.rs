//! Acting is a plan of undoable steps: what is to be done is decided here, before anything
//! is touched, by looking at a Snapshot alone.
//!
//! A request becomes a [`Plan`] or a [`PlanError`] with its reason. The executor of a plan
//! undoes in reverse order what was done when a step fails.

mod connect;
mod disconnect;
pub mod endpoint;
mod error;
mod foreign;
mod name;
mod number;
mod once;
mod orphaned_veths;
mod other_use;
mod planner;
mod predecessor;
mod prunable;
mod prune;
mod remembered;
mod rename;
mod requesters;
mod restore;
mod step;
mod superseded;
mod unfinished;
mod upper_links;
mod usable;
mod vlan;
mod world;

pub use connect::{Connect, OfPortChoice, connect};
pub use disconnect::{Disconnect, disconnect};
pub use error::PlanError;
pub use name::why_not_a_name;
pub use prunable::{Prunable, Undecided};
pub use prune::{Prune, prune, undecided};
pub use remembered::{Remembered, RememberedKey, Restore, remembered};
pub use rename::renames;
pub use restore::{RestoreAction, restore};
pub use step::{KernelStep, NewBridge, OfPortRequests, ReplacePort, Step, SwitchStep, Veth};
pub use usable::{require_usable_addresses, require_usable_mac, require_usable_mtu};
pub use vlan::VlanMode;
pub use world::require_here;

use crate::ids::{Mac, Name, OfPort};
use crate::switch::Port;
use crate::wiring::ContainerRef;

/// The number from which on Open vSwitch hands out none by itself
/// (ovs-vswitchd.conf.db(5), Interface `ofport_request`).
pub const FIRST_FREE: u16 = 32768;
/// The last number that may be asked for.
pub const LAST: u16 = 65279;

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whose interface it is about.
    pub container: ContainerRef,
    /// Its name inside.
    pub interface: Name,
    /// The bridge.
    pub bridge: Name,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Plan {
    /// What the interface lacks that is there, in words; nothing where one is made anew.
    pub fn completion(&self) -> String {
        if self.steps.iter().any(|step| matches!(step, Step::Kernel(KernelStep::MakeVeth(_)))) {
            return String::new();
        }
        let steps: Vec<_> = self.steps.iter().map(ToString::to_string).collect();
        steps.join("; ")
    }

    /// Whether something is taken away that may be another's if things changed meanwhile.
    pub fn removes(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Kernel(step) => matches!(step, KernelStep::DeleteLink { .. }),
            Step::Switch(SwitchStep::ReplacePort(ports)) => ports.remove.is_some(),
            Step::Switch(step) => {
                matches!(step, SwitchStep::RemoveMember { .. } | SwitchStep::RemoveBridge { .. })
            }
        })
    }

    /// The port that is added, if one is.
    pub fn port(&self) -> Option<&Port> {
        self.steps.iter().find_map(|step| match step {
            Step::Switch(SwitchStep::ReplacePort(ports)) => ports.add.as_deref(),
            Step::Switch(_) | Step::Kernel(_) => None,
        })
    }

    /// The number that is asked for, if one is.
    pub fn ofport(&self) -> Option<OfPort> {
        self.steps.iter().find_map(|step| match step {
            Step::Switch(SwitchStep::ReplacePort(ports)) => ports.add.as_ref()?.ofport_request,
            Step::Switch(_) | Step::Kernel(_) => None,
        })
    }
}

/// What a plan cannot know by itself: names that are not in use, and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// A name for a link of the host.
    pub host_end: String,
    /// A hardware address.
    pub mac: Mac,
    /// Seconds since the Unix epoch.
    pub now: u64,
}

pub use crate::ids::HOST_END;
pub use name::without_generated;

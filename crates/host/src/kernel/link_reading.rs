//! What is said about the kernel's rows as a whole: which namespace is the switch's, when it was read, and by which
//! handles the namespaces of containers were looked for.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use model::SourceError;
use model::identity::SourceIdentity;
use model::ids::{NetnsId, Nsid};
use model::snapshot::{Container, Namespace, Peer};

use super::switch_namespace::{Handle, OtherNamespaces};

/// What is said about the kernel's rows as a whole.
#[derive(Clone, Debug, Default)]
pub struct LinkReading {
    /// The namespace that ovs-vswitchd lives in.
    pub switch: Option<NetnsId>,
    /// Which process that is, where it was asked.
    pub vswitchd: Option<SourceIdentity>,
    /// The number of the last request that was made before the switch's namespace was read.
    pub number: u64,
    /// By what the namespaces of containers were looked for: of what else is said to be in one of them
    /// nothing was read.
    pub homes: Arc<NamespaceHandles>,
}

/// Handles, each with the namespace that it is said to lead to.
pub type HandleSet = HashSet<(Handle, NetnsId)>;

/// Handles on the namespaces of containers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceHandles {
    /// All that were tried.
    pub asked: HandleSet,
    /// Those of them that led to none, although one of this number was read: it is another one.
    pub replaced: HandleSet,
}

impl NamespaceHandles {
    /// Takes what is known of one namespace from `known`.
    pub(super) fn keep(&mut self, known: &Self, netns: NetnsId) {
        let sets = [(&mut self.asked, &known.asked), (&mut self.replaced, &known.replaced)];
        for (set, known) in sets {
            set.retain(|(_, at)| *at != netns);
            set.extend(known.iter().filter(|(_, at)| *at == netns).cloned());
        }
    }
}

/// A reading of the namespaces of containers, and by what these were looked for.
#[derive(Debug)]
pub(super) struct Elsewhere {
    pub(super) rows: Vec<Namespace>,
    pub(super) nsids: BTreeMap<Nsid, NetnsId>,
    pub(super) unread_ways: BTreeSet<Peer>,
    pub(super) homes: NamespaceHandles,
    pub(super) unlisted: Option<SourceError>,
}

impl Elsewhere {
    pub(super) fn new(read: OtherNamespaces, asked: HandleSet) -> Self {
        let OtherNamespaces { rows, nsids, unread_ways, dead, unlisted } = read;
        let numbers: HashSet<_> = rows.iter().map(|row| row.id).collect();
        let replaced = dead.into_iter().filter(|(_, netns)| numbers.contains(netns)).collect();
        Self { rows, nsids, unread_ways, homes: NamespaceHandles { asked, replaced }, unlisted }
    }
}

impl LinkReading {
    /// Whether all namespaces that an engine says a container to be in were looked for since it said so, and
    /// none of them is one that got the number of another.
    pub(crate) fn covers(&self, row: &Container) -> bool {
        let NamespaceHandles { asked, replaced } = &*self.homes;
        let handles: Vec<_> = Handle::of(row).collect();
        let is_own = |netns| {
            let mut leading = handles.iter().filter(|(_, at)| *at == netns);
            leading.any(|home| !replaced.contains(home))
        };
        handles.iter().all(|home| asked.contains(home) && is_own(home.1))
    }
}

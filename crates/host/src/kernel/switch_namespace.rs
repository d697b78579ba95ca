//! What a watch needs of the namespace that ovs-vswitchd lives in.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::SourceError;
use model::identity::SourceIdentity;
use model::ids::{Ifindex, NetnsId, Nsid};
use model::snapshot::{Container, Namespace, Peer};
use netns::Netns;

/// The switch's namespace, held open, and what the kernel tells there.
pub trait SwitchNamespace: Send + Sync {
    /// Whether reading takes so long that it must not hold the reactor up.
    fn blocks(&self) -> bool {
        false
    }

    /// Which one it is.
    fn id(&self) -> NetnsId;

    /// Which process ovs-vswitchd was when it was opened; none where that was not asked.
    fn vswitchd(&self) -> Option<SourceIdentity> {
        None
    }

    /// Whether the same ovs-vswitchd still lives in it.
    ///
    /// # Errors
    /// It is not known any more which process that is.
    fn is_current(&self) -> Result<bool, SourceError>;

    /// Its links, without what it calls others.
    fn read(&self) -> Namespace;

    /// The same, if of what is `known` no other links than these have changed.
    fn read_changed(&self, known: Namespace, links: &BTreeSet<Ifindex>) -> Namespace;

    /// These namespaces, if their handles still lead there, and all that have a name.
    fn read_others(&self, homes: &[(Handle, NetnsId)]) -> OtherNamespaces;

    /// Waits until there is something to [`SwitchNamespace::take_notified`]. Cancel safe.
    fn notified(&self) -> BoxFuture<'_, ()>;

    /// What the kernel told since this was called last.
    fn take_notified(&self) -> Notified;
}

/// By what a namespace is opened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Handle {
    /// A process in it.
    Process(u32),
    /// A bind mount of it.
    File(PathBuf),
}

impl Handle {
    /// Opens what it leads to now.
    pub(crate) fn open(&self) -> Result<Netns, netns::Error> {
        match self {
            Self::Process(pid) => Netns::of_process(*pid),
            Self::File(path) => Netns::open(path),
        }
    }

    /// The handles on a container's namespaces.
    pub(crate) fn of(row: &Container) -> impl Iterator<Item = (Self, NetnsId)> {
        let process = row.pid.zip(row.netns).map(|(pid, netns)| (Self::Process(pid), netns));
        let left =
            row.sandbox.as_ref().map(|left| (Self::File(left.key.clone().into()), left.netns));
        process.into_iter().chain(left)
    }
}

/// Namespaces that hold containers or have a name, as they were read.
#[derive(Clone, Debug, Default)]
pub struct OtherNamespaces {
    /// A row for each of them.
    pub rows: Vec<Namespace>,
    /// What the switch's namespace calls them.
    pub nsids: BTreeMap<Nsid, NetnsId>,
    /// [`Namespace::unread_ways`] of the switch's namespace.
    pub unread_ways: BTreeSet<Peer>,
    /// The handles that led to none, or to another one than they were said to.
    pub dead: HashSet<(Handle, NetnsId)>,
    /// Why it is not known which have a name, what the switch's namespace calls them, or what is behind its links.
    pub unlisted: Option<SourceError>,
}

/// What notifications are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// What changed in the switch's own namespace.
    pub here: Changed,
    /// Whether anything did in another one.
    pub elsewhere: bool,
    /// Whether a packet socket may have been opened or closed in the switch's own.
    pub sockets: bool,
}

/// What may have changed in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// No other links than these.
    Links(BTreeSet<Ifindex>),
    /// Any of them.
    Anything,
}

impl Default for Changed {
    fn default() -> Self {
        Self::Links(BTreeSet::new())
    }
}

impl Changed {
    /// Whether nothing did.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn add(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::Links(links), Self::Links(more)) => links.extend(more),
            _ => *self = Self::Anything,
        }
    }
}

/// How the switch's namespace is opened, before anything in it is read.
pub type Open = dyn Fn() -> Result<Arc<dyn SwitchNamespace>, SourceError> + Send + Sync;

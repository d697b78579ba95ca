//! Containers, by every name that a program may have written down for them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::clashes::Clashes;
use crate::dialects::{Claim, NetnsPath, Owner};
use crate::ids::{NetnsId, is_short_id};
use crate::snapshot::{Container, EngineName, Snapshot};
use crate::wiring::{ContainerRef, LastTenant};

/// Containers by every name that a claim may use for them.
#[derive(Default)]
pub(super) struct ContainerIndex<'a> {
    clashes: Clashes<'a>,
    /// None where containers of several engines have the name.
    names: FxHashMap<&'a str, Option<IndexedContainer<'a>>>,
    ids: FxHashMap<&'a str, IndexedContainer<'a>>,
    pids: FxHashMap<u32, IndexedContainer<'a>>,
    /// Namespaces by their names under /run/netns, by the paths that the kernel was asked about,
    /// and by inode.
    named: FxHashMap<&'a str, NetnsId>,
    paths: FxHashMap<&'a str, NetnsId>,
    inodes: FxHashMap<u64, NetnsId>,
    /// In order, for words that are only the beginning of an id; made when first asked for.
    ordered_ids: OnceLock<BTreeMap<&'a str, IndexedContainer<'a>>>,
}

#[derive(Clone, Copy)]
struct IndexedContainer<'a> {
    engine: &'a EngineName,
    row: &'a Container,
}

impl<'a> ContainerIndex<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let all = || {
            snapshot.containers_by_engine().map(|(engine, row)| IndexedContainer { engine, row })
        };
        let rows = || snapshot.kernel.rows().iter();
        let mut names: FxHashMap<&str, Option<IndexedContainer<'_>>> = FxHashMap::default();
        for known in all() {
            let another = |other: &mut Option<IndexedContainer<'_>>| {
                *other = other.filter(|other| other.row.id == known.row.id);
            };
            names.entry(&*known.row.name).and_modify(another).or_insert(Some(known));
        }
        Self {
            clashes: Clashes::of(snapshot),
            names,
            named: rows().flat_map(|row| row.names.iter().map(|name| (&**name, row.id))).collect(),
            paths: rows().flat_map(|row| row.paths.iter().map(|path| (&**path, row.id))).collect(),
            inodes: rows().map(|row| (row.id.ino, row.id)).collect(),
            ids: all().map(|known| (&*known.row.id.0, known)).collect(),
            pids: all().filter_map(|known| Some((known.row.pid?, known))).collect(),
            ordered_ids: OnceLock::new(),
        }
    }

    /// The namespace a claim speaks of; none when its words fit no container, or several.
    pub(super) fn home(&self, claim: &Claim<'_>) -> Option<NetnsId> {
        match claim.owner? {
            Owner::Container(words) => self.container(words)?.row.netns,
            Owner::Pid(pid) => self.pids.get(&pid)?.row.netns,
            Owner::Netns(path) => self.at_path(path),
        }
    }

    /// The namespace that a path names: as the kernel says, where that was asked; else by the
    /// process or the name in it.
    fn at_path(&self, path: &str) -> Option<NetnsId> {
        if let Some(id) = self.paths.get(path) {
            return Some(*id);
        }
        match NetnsPath::of(path) {
            NetnsPath::Process(pid) => self.pids.get(&pid)?.row.netns,
            NetnsPath::Named(name) => self.named.get(name).copied(),
            NetnsPath::Inode(inode) => self.inodes.get(&inode).copied(),
            NetnsPath::Other => None,
        }
    }

    /// By full id, name, or an id prefix, where that fits only one: the maker of a
    /// container chooses its name, and it may look like another one's id.
    fn container(&self, words: &str) -> Option<IndexedContainer<'a>> {
        if words.is_empty() {
            return None;
        }
        if let Some(known) = self.ids.get(words) {
            return Some(*known);
        }
        let named = self.names.get(words);
        if let Some(named) = named.filter(|_| !is_short_id(words)) {
            return *named;
        }
        match (named, self.by_prefix(words)) {
            (Some(named), None) => *named,
            (Some(Some(named)), Some(other)) => (named.row.id == other.row.id).then_some(other),
            (Some(None), Some(_)) => None,
            (None, found) => found,
        }
    }

    /// What is shorter than the ids that `docker ps` shows may be a name that is gone: it tells none.
    fn by_prefix(&self, words: &str) -> Option<IndexedContainer<'a>> {
        if !is_short_id(words) {
            return None;
        }
        let ordered = self
            .ordered_ids
            .get_or_init(|| self.ids.iter().map(|(id, known)| (*id, *known)).collect());
        let mut fits = ordered.range(words..).take_while(|(id, _)| id.starts_with(words));
        let first = *fits.next()?.1;
        fits.next().is_none().then_some(first)
    }

    /// The container that a claim names, whether or not that container still runs.
    pub(super) fn last(&self, claim: &Claim<'_>) -> Option<LastTenant> {
        let (words, known) = match claim.owner? {
            Owner::Container(words) => (words.to_owned(), self.container(words)),
            Owner::Pid(pid) => (format!("process {pid}"), None),
            Owner::Netns(path) => (path.to_owned(), None),
        };
        let container = known.map(|IndexedContainer { engine, row }| ContainerRef {
            name: row.name.clone(),
            id: row.id.clone(),
            engine: engine.clone(),
            qualified: self.clashes.qualified(engine, row),
        });
        Some(LastTenant { words, container, interface: claim.interface.map(str::to_owned) })
    }
}

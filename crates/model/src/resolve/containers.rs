//! Containers, by every name that a program may have written down for them.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::clashes::Clashes;
use super::group::{OneOrMore, group};
use crate::dialects::{Claim, NetnsPath, Owner};
use crate::ids::{NetnsId, is_short_id};
use crate::one_container::{Run, is_told_twice, may_be_marked};
use crate::snapshot::{Container, Snapshot};
use crate::wiring::{ContainerRef, LastTenant};

/// Containers by every name that a claim may use for them.
#[derive(Default)]
pub(super) struct ContainerIndex<'a> {
    snapshot: Option<&'a Snapshot>,
    clashes: Clashes<'a>,
    /// None where containers of several engines have the name. What a user runs takes none, see below.
    names: FxHashMap<&'a str, Option<Run<'a>>>,
    /// Each with the engines that tell it. What a user runs has no port of the host's, and may be called anything.
    ids: FxHashMap<&'a str, OneOrMore<Run<'a>>>,
    pids: FxHashMap<u32, &'a Container>,
    /// Namespaces by their names under /run/netns, by the paths that the kernel was asked about,
    /// and by inode.
    named: FxHashMap<&'a str, NetnsId>,
    paths: FxHashMap<&'a str, NetnsId>,
    inodes: FxHashMap<u64, NetnsId>,
    /// In order, for words that are only the beginning of an id; made when first asked for.
    ordered_ids: OnceLock<BTreeSet<&'a str>>,
}

impl<'a> ContainerIndex<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let identities = &snapshot.identities;
        let all = || snapshot.containers_by_engine();
        let of_host = || all().filter(|(engine, _)| identities.refusal(engine).is_none());
        let of_users = || all().filter(|(engine, _)| identities.refusal(engine).is_some());
        let rows = || snapshot.kernel.rows().iter();
        let mut names: FxHashMap<&str, Option<Run<'_>>> = FxHashMap::default();
        for (engine, row) in of_host() {
            let is_same = |known: &Run<'_>| is_told_twice(identities, *known, (engine, row));
            let another = |other: &mut Option<Run<'_>>| *other = other.filter(is_same);
            names.entry(&*row.name).and_modify(another).or_insert(Some((engine, row)));
        }
        let by_pid = of_users().chain(of_host()).filter_map(|(_, row)| Some((row.pid?, row)));
        Self {
            snapshot: Some(snapshot),
            clashes: Clashes::of(snapshot),
            names,
            named: rows().flat_map(|row| row.names.iter().map(|name| (&**name, row.id))).collect(),
            paths: rows().flat_map(|row| row.paths.iter().map(|path| (&**path, row.id))).collect(),
            inodes: rows().map(|row| (row.id.ino, row.id)).collect(),
            ids: group(of_host().map(|run| (&*run.1.id.0, run))),
            pids: by_pid.collect(),
            ordered_ids: OnceLock::new(),
        }
    }

    /// The namespace a claim speaks of; none when its words fit no container, or several.
    pub(super) fn home(&self, claim: &Claim<'_>) -> Option<NetnsId> {
        match claim.owner? {
            Owner::Container(words) => self.container(words, claim.engine)?.1.netns,
            Owner::Pid(pid) => self.pids.get(&pid)?.netns,
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
            NetnsPath::Process(pid) => self.pids.get(&pid)?.netns,
            NetnsPath::Named(name) => self.named.get(name).copied(),
            NetnsPath::Inode(inode) => self.inodes.get(&inode).copied(),
            NetnsPath::Other => None,
        }
    }

    /// By full id, name, or an id prefix, where that fits only one: the maker of a
    /// container chooses its name, and it may look like another one's id.
    fn container(&self, words: &str, mark: Option<(&str, &str)>) -> Option<Run<'a>> {
        if words.is_empty() {
            return None;
        }
        if self.ids.contains_key(words) {
            return self.by_id(words, mark);
        }
        let named = self.names.get(words);
        if let Some(named) = named.filter(|_| !is_short_id(words)) {
            return *named;
        }
        match (named, self.by_prefix(words, mark)) {
            (Some(named), None) => *named,
            (Some(Some(named)), Some(other)) => (named.1.id == other.1.id).then_some(other),
            (Some(None), Some(_)) => None,
            (None, found) => found,
        }
    }

    /// Of the engines that tell a container of this id the one that is marked, if it is told by several that are
    /// not one.
    fn by_id(&self, id: &str, mark: Option<(&str, &str)>) -> Option<Run<'a>> {
        let snapshot = self.snapshot?;
        let all = self.ids.get(id)?.iter().copied();
        let fits: OneOrMore<_> = all.filter(|run| may_be_marked(snapshot, mark, *run)).collect();
        let first = *fits.first()?;
        let is_one = |run: &Run<'_>| is_told_twice(&snapshot.identities, first, *run);
        // One that is alive comes before what is told of it without its namespace.
        let living = || fits.iter().copied().find(|(_, row)| row.netns.is_some());
        fits.iter().all(is_one).then(|| living().unwrap_or(first))
    }

    /// What is shorter than the ids that `docker ps` shows may be a name that is gone: it tells none.
    fn by_prefix(&self, words: &str, mark: Option<(&str, &str)>) -> Option<Run<'a>> {
        if !is_short_id(words) {
            return None;
        }
        let ordered = self.ordered_ids.get_or_init(|| self.ids.keys().copied().collect());
        let mut fits = ordered.range(words..).take_while(|id| id.starts_with(words));
        let first = *fits.next()?;
        if fits.next().is_some() {
            return None;
        }
        self.by_id(first, mark)
    }

    /// The container that a claim names, whether or not that container still runs.
    pub(super) fn last(&self, claim: &Claim<'_>) -> Option<LastTenant> {
        let (words, known) = match claim.owner? {
            Owner::Container(words) => (words.to_owned(), self.container(words, claim.engine)),
            Owner::Pid(pid) => (format!("process {pid}"), None),
            Owner::Netns(path) => (path.to_owned(), None),
        };
        let container = known.map(|(engine, row)| ContainerRef {
            name: row.name.clone(),
            id: row.id.clone(),
            engine: engine.clone(),
            qualified: self.clashes.qualified(engine, row),
        });
        Some(LastTenant { words, container, interface: claim.interface.map(str::to_owned) })
    }
}

//! Containers, by every name that a program may have written down for them.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::dialects::{Claim, Owner};
use crate::ids::NetnsId;
use crate::snapshot::{Container, Engine, Namespace, Snapshot};
use crate::wiring::{ContainerRef, LastTenant};

use super::index::Index;

/// Containers by every name that a claim may use for them.
#[derive(Default)]
pub(super) struct ContainerIndex<'a> {
    names: FxHashMap<&'a str, Known<'a>>,
    ids: FxHashMap<&'a str, Known<'a>>,
    pids: FxHashMap<u32, Known<'a>>,
    /// In order, for words that are only the beginning of an id; made when first asked for.
    ordered_ids: OnceCell<BTreeMap<&'a str, Known<'a>>>,
}

#[derive(Clone, Copy)]
struct Known<'a> {
    engine: &'a Engine,
    row: &'a Container,
}

impl<'a> ContainerIndex<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let all = || snapshot.containers_by_engine().map(|(engine, row)| Known { engine, row });
        Self {
            names: all().map(|known| (&*known.row.name, known)).collect(),
            ids: all().map(|known| (&*known.row.id.0, known)).collect(),
            pids: all().filter_map(|known| Some((known.row.pid?, known))).collect(),
            ordered_ids: OnceCell::new(),
        }
    }

    /// The namespace a claim speaks of; none when its words fit no container, or several.
    pub(super) fn home(&self, index: &Index<'_>, claim: &Claim<'_>) -> Option<NetnsId> {
        match claim.owner? {
            Owner::Container(words) => self.container(words)?.row.netns,
            Owner::Pid(pid) => self.pids.get(&pid)?.row.netns,
            Owner::Netns(path) => {
                let name = path.rsplit('/').next()?;
                let known = |ns: &&Namespace| ns.names.iter().any(|n| n == name);
                index.namespaces().find(known).map(|ns| ns.id)
            }
        }
    }

    /// By name, full id, or an id prefix that fits only one.
    fn container(&self, words: &str) -> Option<Known<'a>> {
        if words.is_empty() {
            return None;
        }
        if let Some(named) = self.names.get(words).or_else(|| self.ids.get(words)) {
            return Some(*named);
        }
        let ordered = self
            .ordered_ids
            .get_or_init(|| self.ids.iter().map(|(id, known)| (*id, *known)).collect());
        let mut fits = ordered.range(words..).take_while(|(id, _)| id.starts_with(words));
        let first = *fits.next()?.1;
        fits.next().is_none().then_some(first)
    }

    /// Whom a claim names, whether or not that container still runs.
    pub(super) fn last(&self, claim: &Claim<'_>) -> Option<LastTenant> {
        let (words, known) = match claim.owner? {
            Owner::Container(words) => (words.to_owned(), self.container(words)),
            Owner::Pid(pid) => (format!("process {pid}"), None),
            Owner::Netns(path) => (path.to_owned(), None),
        };
        let container = known.map(|Known { engine, row }| ContainerRef {
            name: row.name.clone(),
            id: row.id.clone(),
            engine: engine.clone(),
        });
        Some(LastTenant { words, container, interface: claim.interface.map(str::to_owned) })
    }
}

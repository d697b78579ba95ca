//! What is different between two Snapshots, row by row.

mod keyed;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::Snapshot;
use model::ids::{ContainerId, Engine};
use model::snapshot::{Container, Namespace, Observed};
use model::switch::{Bridge, SwitchSource};
use serde::{Deserialize, Serialize};

pub(crate) use keyed::{Holder, Keyed};

/// What is different. Of what is not named nothing is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delta {
    /// All that is no row, and how each source is, where that is different: a Snapshot without rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<Box<Snapshot>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) engines: BTreeMap<Engine, Rows<ContainerId, Container>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) namespaces: Differences<Namespace>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) switch: BTreeMap<SwitchSource, Differences<Bridge>>,
}

/// Rows of a list that came or changed, and the keys of those that went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rows<K, T> {
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub(crate) put: Vec<T>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub(crate) gone: Vec<K>,
}

/// What is different in a row that has rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Within<K, T, L, U> {
    /// Which one.
    pub(crate) key: K,
    /// Itself without its rows, where that is different; none and `is_gone` where it went.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<T>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_gone: bool,
    /// Its rows.
    #[serde(default = "Rows::nothing", skip_serializing_if = "Rows::is_nothing")]
    pub(crate) rows: Rows<L, U>,
}

fn none<T>() -> Option<T> {
    None
}

impl<K, T> Rows<K, T> {
    fn nothing() -> Self {
        Self { put: Vec::new(), gone: Vec::new() }
    }

    fn is_nothing(&self) -> bool {
        self.put.is_empty() && self.gone.is_empty()
    }
}

impl Delta {
    /// What is different in `now`; none where that cannot be told by keys, as two rows of one list have
    /// the same.
    pub fn between(before: &Snapshot, now: &Snapshot) -> Option<Self> {
        let head = hollow(now);
        let head =
            (head != Snapshot { taken: now.taken, ..hollow(before) }).then(|| Box::new(head));
        let mut engines = BTreeMap::new();
        for engine in both(&before.engines, &now.engines) {
            let rows = of_list(rows(before.engines.get(engine)), rows(now.engines.get(engine)))?;
            if !rows.is_nothing() {
                engines.insert(engine.clone(), rows);
            }
        }
        let namespaces = of_holders(before.kernel.rows(), now.kernel.rows())?;
        let mut switch = BTreeMap::new();
        for source in both(&before.switch, &now.switch) {
            let rows = of_holders(rows(before.switch.get(source)), rows(now.switch.get(source)))?;
            if !rows.is_empty() {
                switch.insert(*source, rows);
            }
        }
        Some(Self { head, engines, namespaces, switch })
    }

    /// Whether nothing is different.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A Snapshot without rows, in which each source is as it was.
pub(crate) fn hollow(of: &Snapshot) -> Snapshot {
    Snapshot {
        version: of.version,
        host: of.host.clone(),
        taken: of.taken,
        scope: of.scope,
        switch_netns: of.switch_netns,
        engines: of.engines.iter().map(|(name, rows)| (name.clone(), emptied(rows))).collect(),
        named_engines: of.named_engines.clone(),
        identities: of.identities.clone(),
        other_engines: of.other_engines.clone(),
        kernel: emptied(&of.kernel),
        switch: of.switch.iter().map(|(source, rows)| (*source, emptied(rows))).collect(),
    }
}

fn emptied<T>(rows: &Observed<T>) -> Observed<T> {
    match rows {
        Observed::Fresh { .. } => Observed::Fresh { rows: Arc::default() },
        Observed::Stale { why, .. } => Observed::Stale { rows: Arc::default(), why: why.clone() },
        Observed::Absent { why } => Observed::Absent { why: why.clone() },
    }
}

fn rows<T>(of: Option<&Observed<T>>) -> &[T] {
    of.map_or(&[], Observed::rows)
}

fn both<'a, K: Ord, V>(before: &'a BTreeMap<K, V>, now: &'a BTreeMap<K, V>) -> BTreeSet<&'a K> {
    before.keys().chain(now.keys()).collect()
}

fn is_shared<T>(before: &[T], now: &[T]) -> bool {
    std::ptr::eq(before, now)
}

fn of_list<T: Keyed>(before: &[T], now: &[T]) -> Option<Rows<T::Key, T>> {
    let is_kept = |(was, is): (&T, &T)| was.key() == is.key() && was.is_same(is);
    let same = before.len() == now.len() && before.iter().zip(now).all(is_kept);
    if is_shared(before, now) || same {
        return Some(Rows::nothing());
    }
    let known: HashMap<_, _> = before.iter().map(|row| (row.key(), row)).collect();
    let there: HashMap<_, _> = now.iter().map(|row| (row.key(), row)).collect();
    if known.len() < before.len() || there.len() < now.len() {
        return None;
    }
    let is_new = |row: &&T| known.get(&row.key()).is_none_or(|was| !was.is_same(row));
    let put = now.iter().filter(is_new).cloned().collect();
    let gone = before.iter().map(Keyed::key).filter(|key| !there.contains_key(key)).collect();
    Some(Rows { put, gone })
}

/// What is different in rows that have rows.
pub(crate) type Differences<T> =
    Vec<Within<<T as Holder>::Key, T, <<T as Holder>::Row as Keyed>::Key, <T as Holder>::Row>>;

fn of_holders<T: Holder>(before: &[T], now: &[T]) -> Option<Differences<T>> {
    if is_shared(before, now) {
        return Some(Vec::new());
    }
    let known: HashMap<_, _> = before.iter().map(|row| (row.key(), row)).collect();
    let there: HashMap<_, _> = now.iter().map(|row| (row.key(), row)).collect();
    if known.len() < before.len() || there.len() < now.len() {
        return None;
    }
    let mut all = Vec::new();
    for row in now {
        let key = row.key();
        let was = known.get(&key);
        let rows = of_list(was.map_or(&[], |was| was.rows()), row.rows())?;
        let changed = was.is_none_or(|was| !was.is_same(row)).then(|| row.hollow());
        if changed.is_some() || !rows.is_nothing() {
            all.push(Within { key, row: changed, is_gone: false, rows });
        }
    }
    let gone = before.iter().map(Holder::key).filter(|key| !there.contains_key(key));
    all.extend(gone.map(|key| Within { key, row: None, is_gone: true, rows: Rows::nothing() }));
    Some(all)
}

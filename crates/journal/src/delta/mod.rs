//! What is different between two Snapshots, row by row.

mod keyed;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use model::Snapshot;
use model::ids::{ContainerId, EngineName};
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
    pub(crate) engines: BTreeMap<EngineName, RowChanges<ContainerId, Container>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) namespaces: Differences<Namespace>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) switch: BTreeMap<SwitchSource, Differences<Bridge>>,
}

/// Rows of a list that came or changed, and the keys of those that went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowChanges<K, T> {
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
    #[serde(default = "RowChanges::nothing", skip_serializing_if = "RowChanges::is_nothing")]
    pub(crate) rows: RowChanges<L, U>,
}

fn none<T>() -> Option<T> {
    None
}

impl<K, T> RowChanges<K, T> {
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
        if is_keyed(before) { Self::of_keyed(before, now) } else { None }
    }

    /// The same, where no two rows of a list have the same key in `before`. That is so of `now` then, if
    /// there is an answer.
    pub(crate) fn of_keyed(before: &Snapshot, now: &Snapshot) -> Option<Self> {
        let head = (!is_same_head(before, now)).then(|| Box::new(hollow(now)));
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

/// Whether no two rows of a list have the same key.
pub(crate) fn is_keyed(snapshot: &Snapshot) -> bool {
    let lists = snapshot.engines.values().all(|rows| is_list_keyed(rows.rows()));
    lists
        && are_holders_keyed(snapshot.kernel.rows())
        && snapshot.switch.values().all(|rows| are_holders_keyed(rows.rows()))
}

fn is_list_keyed<T: Keyed>(rows: &[T]) -> bool {
    rows.iter().map(Keyed::key).collect::<HashSet<_>>().len() == rows.len()
}

fn are_holders_keyed<T: Holder>(rows: &[T]) -> bool {
    let keys: HashSet<_> = rows.iter().map(Holder::key).collect();
    keys.len() == rows.len() && rows.iter().all(|row| is_list_keyed(row.rows()))
}

/// Whether all that is no row is the same, but for when it was taken; as of [`hollow`].
fn is_same_head(before: &Snapshot, now: &Snapshot) -> bool {
    let Snapshot {
        version,
        host,
        taken: _,
        scope,
        switch_netns,
        engines,
        named_engines,
        identities,
        other_engines,
        kernel,
        switch,
    } = before;
    (version, host, scope, switch_netns) == (&now.version, &now.host, &now.scope, &now.switch_netns)
        && (named_engines, identities) == (&now.named_engines, &now.identities)
        && *other_engines == now.other_engines
        && is_same_source(kernel, &now.kernel)
        && are_same_sources(engines, &now.engines)
        && are_same_sources(switch, &now.switch)
}

fn are_same_sources<K: Ord, T>(
    before: &BTreeMap<K, Observed<T>>,
    now: &BTreeMap<K, Observed<T>>,
) -> bool {
    let each = before.iter().zip(now);
    before.len() == now.len()
        && each.into_iter().all(|((was, rows), (is, now))| was == is && is_same_source(rows, now))
}

fn is_same_source<T>(before: &Observed<T>, now: &Observed<T>) -> bool {
    match (before, now) {
        (Observed::Fresh { .. }, Observed::Fresh { .. }) => true,
        (Observed::Partial { why, .. }, Observed::Partial { why: now, .. })
        | (Observed::Stale { why, .. }, Observed::Stale { why: now, .. })
        | (Observed::Absent { why }, Observed::Absent { why: now }) => why == now,
        _ => false,
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
        Observed::Partial { why, .. } => {
            Observed::Partial { rows: Arc::default(), why: why.clone() }
        }
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

/// Two lists without what both begin and end with: between two looks most rows stay where they were.
struct Trimmed<'a, T> {
    before: &'a [T],
    now: &'a [T],
    /// What both begin with, and what both end with.
    kept: [&'a [T]; 2],
}

fn trimmed<'a, T>(
    before: &'a [T],
    now: &'a [T],
    is_kept: impl Fn(&T, &T) -> bool,
) -> Trimmed<'a, T> {
    let first = before.iter().zip(now).take_while(|(was, is)| is_kept(was, is)).count();
    let (begins, now) = now.split_at(first);
    let (_, before) = before.split_at(first);
    let both = before.iter().rev().zip(now.iter().rev());
    let last = both.take_while(|(was, is)| is_kept(was, is)).count();
    let (now, ends) = now.split_at(now.len() - last);
    let (before, _) = before.split_at(before.len() - last);
    Trimmed { before, now, kept: [begins, ends] }
}

impl<'a, T> Trimmed<'a, T> {
    /// What is left of both, by key; none where two rows of `now` have the same. Of `before` it is known
    /// that none have, and so it is of what was kept.
    fn by_key<K: Eq + Hash + 'a>(
        &self,
        key: impl Fn(&'a T) -> &'a K,
    ) -> Option<[HashMap<&'a K, &'a T>; 2]> {
        let of = |rows: &'a [T]| rows.iter().map(|row| (key(row), row)).collect::<HashMap<_, _>>();
        let (known, there) = (of(self.before), of(self.now));
        let is_twice = there.len() < self.now.len() || {
            let new: Vec<_> = there.keys().filter(|key| !known.contains_key(*key)).collect();
            let mut kept = self.kept.into_iter().flatten().filter(|_| !new.is_empty());
            kept.any(|row| there.contains_key(key(row)))
        };
        (!is_twice).then_some([known, there])
    }
}

fn of_list<T: Keyed>(before: &[T], now: &[T]) -> Option<RowChanges<T::Key, T>> {
    if is_shared(before, now) {
        return Some(RowChanges::nothing());
    }
    let left = trimmed(before, now, |was, is| was.key() == is.key() && was.is_same(is));
    let [known, there] = left.by_key(Keyed::key)?;
    let is_new = |row: &&T| known.get(row.key()).is_none_or(|was| !was.is_same(row));
    let put = left.now.iter().filter(is_new).cloned().collect();
    let gone = left.before.iter().map(Keyed::key).filter(|key| !there.contains_key(key));
    Some(RowChanges { put, gone: gone.cloned().collect() })
}

/// What is different in rows that have rows.
pub(crate) type Differences<T> =
    Vec<Within<<T as Holder>::Key, T, <<T as Holder>::Row as Keyed>::Key, <T as Holder>::Row>>;

fn of_holders<T: Holder>(before: &[T], now: &[T]) -> Option<Differences<T>> {
    if is_shared(before, now) {
        return Some(Vec::new());
    }
    let left = trimmed(before, now, is_whole_same);
    let [known, there] = left.by_key(Holder::key)?;
    let mut all = Vec::new();
    for row in left.now {
        let was = known.get(row.key());
        let rows = of_list(was.map_or(&[], |was| was.rows()), row.rows())?;
        let changed = was.is_none_or(|was| !was.is_same(row)).then(|| row.hollow());
        if changed.is_some() || !rows.is_nothing() {
            all.push(Within { key: row.key().clone(), row: changed, is_gone: false, rows });
        }
    }
    let gone = left.before.iter().map(Holder::key).filter(|key| !there.contains_key(key)).cloned();
    all.extend(gone.map(|key| Within {
        key,
        row: None,
        is_gone: true,
        rows: RowChanges::nothing(),
    }));
    Some(all)
}

fn is_whole_same<T: Holder>(was: &T, is: &T) -> bool {
    let (before, now) = (was.rows(), is.rows());
    let mut rows = before.iter().zip(now);
    was.key() == is.key()
        && before.len() == now.len()
        && was.is_same(is)
        && (is_shared(before, now)
            || rows.all(|(was, is)| was.key() == is.key() && was.is_same(is)))
}

//! A Snapshot that is being brought from one moment to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Snapshot;
use model::ids::{ContainerId, EngineName};
use model::snapshot::{Container, Namespace, Observed};
use model::switch::{Bridge, SwitchSource};

use crate::delta::{Delta, Differences, Holder, Keyed, RowChanges, Within, hollow};

/// Rows by their keys, and what is known beside them.
#[derive(Clone, Debug)]
pub struct State {
    head: Snapshot,
    engines: BTreeMap<EngineName, BTreeMap<ContainerId, Container>>,
    namespaces: Held<Namespace>,
    switch: BTreeMap<SwitchSource, Held<Bridge>>,
    /// Of a list in which two rows have one key: that is kept as it is until a list without tells of it.
    whole: Option<Arc<Snapshot>>,
}

impl State {
    /// Where it begins.
    pub fn new(snapshot: Snapshot) -> Self {
        let engines = snapshot.engines.iter();
        let engines = engines.map(|(name, rows)| (name.clone(), by_key(rows.rows()))).collect();
        let namespaces = held(snapshot.kernel.rows());
        let switch =
            snapshot.switch.iter().map(|(source, rows)| (*source, held(rows.rows()))).collect();
        let head = hollow(&snapshot);
        Self { head, engines, namespaces, switch, whole: Some(Arc::new(snapshot)) }
    }

    /// Takes what changed until `at`, in milliseconds since the Unix epoch.
    pub fn apply(&mut self, delta: Delta, at: u64) {
        self.whole = None;
        if let Some(head) = delta.head {
            self.head = *head;
        }
        self.head.taken = at;
        for (engine, rows) in delta.engines {
            apply_list(self.engines.entry(engine).or_default(), rows);
        }
        apply_holders(&mut self.namespaces, delta.namespaces);
        for (source, rows) in delta.switch {
            apply_holders(self.switch.entry(source).or_default(), rows);
        }
    }

    /// The Snapshot of now. Rows are in the order of their keys.
    pub fn snapshot(&self) -> Snapshot {
        if let Some(whole) = &self.whole {
            return Snapshot::clone(whole);
        }
        let mut snapshot = self.head.clone();
        for (engine, rows) in &mut snapshot.engines {
            fill(rows, self.engines.get(engine).into_iter().flat_map(BTreeMap::values).cloned());
        }
        let namespaces = self.namespaces.values();
        fill(
            &mut snapshot.kernel,
            namespaces.map(|(namespace, links)| Namespace {
                links: links.values().cloned().collect(),
                ..namespace.clone()
            }),
        );
        for (source, rows) in &mut snapshot.switch {
            let bridges = self.switch.get(source).into_iter().flat_map(BTreeMap::values);
            fill(
                rows,
                bridges.map(|(bridge, ports)| Bridge {
                    ports: ports.values().cloned().collect(),
                    ..bridge.clone()
                }),
            );
        }
        snapshot
    }
}

/// What is absent has no rows.
fn fill<T>(rows: &mut Observed<T>, with: impl Iterator<Item = T>) {
    match rows {
        Observed::Fresh { rows }
        | Observed::Partial { rows, .. }
        | Observed::Stale { rows, .. } => {
            *rows = with.collect();
        }
        Observed::Absent { .. } => {}
    }
}

fn by_key<T: Keyed>(rows: &[T]) -> BTreeMap<T::Key, T> {
    rows.iter().map(|row| (row.key().clone(), row.clone())).collect()
}

type Held<T> = BTreeMap<
    <T as Holder>::Key,
    (T, BTreeMap<<<T as Holder>::Row as Keyed>::Key, <T as Holder>::Row>),
>;

fn held<T: Holder>(rows: &[T]) -> Held<T> {
    rows.iter().map(|row| (row.key().clone(), (row.hollow(), by_key(row.rows())))).collect()
}

fn apply_list<T: Keyed>(rows: &mut BTreeMap<T::Key, T>, changes: RowChanges<T::Key, T>) {
    for key in &changes.gone {
        rows.remove(key);
    }
    rows.extend(changes.put.into_iter().map(|row| (row.key().clone(), row)));
}

fn apply_holders<T: Holder>(all: &mut Held<T>, changes: Differences<T>) {
    for Within { key, row, is_gone, rows } in changes {
        if is_gone {
            all.remove(&key);
            continue;
        }
        let held = match (all.remove(&key), row) {
            (Some((_, held)), Some(row)) => Some((row, held)),
            (None, Some(row)) => Some((row, BTreeMap::new())),
            (held, None) => held,
        };
        // A change of what was never told of is none that could be applied.
        if let Some((row, mut held)) = held {
            apply_list(&mut held, rows);
            all.insert(key, (row, held));
        }
    }
}

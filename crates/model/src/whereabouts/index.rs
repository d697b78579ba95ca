//! The containers of a Snapshot, to be found by the words of many records.

use rustc_hash::FxHashMap;

use super::{Whereabouts, of_named};
use crate::one_container::Run;
use crate::port_record::PortRecord;
use crate::snapshot::Snapshot;

/// What tells the [`whereabouts`](super::whereabouts) of many records: the containers that the words of each may name
/// are looked up, where a record by itself is compared with all of them.
#[derive(Debug)]
pub struct ContainerIndex<'a> {
    snapshot: &'a Snapshot,
    /// All, in the order of the Snapshot.
    all: Vec<Run<'a>>,
    /// The place of each there, by its id.
    by_id: Vec<(&'a str, usize)>,
    /// The same by its name.
    by_name: FxHashMap<&'a str, Vec<usize>>,
}

impl<'a> ContainerIndex<'a> {
    /// That of all containers of a Snapshot.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let all: Vec<Run<'a>> = snapshot.containers_by_engine().collect();
        let places = || all.iter().enumerate().map(|(at, &(_, row))| (row, at));
        let mut by_id: Vec<(&str, usize)> = places().map(|(row, at)| (&*row.id.0, at)).collect();
        by_id.sort_unstable();
        let mut by_name: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (row, at) in places() {
            by_name.entry(&row.name).or_default().push(at);
        }
        Self { snapshot, all, by_id, by_name }
    }

    /// What [`whereabouts`](super::whereabouts) tells.
    pub fn whereabouts(&self, record: &PortRecord) -> Whereabouts<'a> {
        of_named(self.snapshot, record, &self.named(record))
    }

    /// The containers that [`PortRecord::names`], in the order of the Snapshot: by the whole id or its beginning, or by
    /// the name.
    fn named(&self, record: &PortRecord) -> Vec<Run<'a>> {
        let words = record.container.as_str();
        let first = self.by_id.partition_point(|(id, _)| *id < words);
        let begun = self.by_id.iter().skip(first).take_while(|(id, _)| id.starts_with(words));
        let called = self.by_name.get(words).into_iter().flatten();
        let mut places: Vec<usize> = begun.map(|(_, at)| *at).chain(called.copied()).collect();
        places.sort_unstable();
        places.dedup();
        let runs = places.into_iter().filter_map(|at| self.all.get(at).copied());
        runs.filter(|run| record.names(run.1)).collect()
    }
}

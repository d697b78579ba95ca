//! What is known of the other hosts: who lives, and their rows as they were told.
//!
//! What others tell is hostile until read: a value that cannot be read leaves the last good one, and is
//! counted; there is a bound on rows and bytes of one host, and of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::who::WhoQuery;
use report::v1::{Attachment, FromHost};
use rustc_hash::FxHashMap;

use crate::host::{HostRecord, Machine};
use crate::keys::Key;
use crate::local::{Local, MAX_ROWS};
use crate::mesh_record::MeshRecord;
use crate::refused::{RECORD, RefusedValues};
use crate::row::decode;
use crate::rows::{RawRow, RowSlots, cost};

/// So many hosts are kept.
const MAX_HOSTS: usize = 4_096;
/// What the rows of one host may [`cost`], in bytes.
const MAX_COST_OF_HOST: usize = 12 << 20;
/// Those of all other hosts: what they tell leaves this one its own.
const MAX_COST: usize = 256 << 20;
/// Why a row is not kept.
const MORE: &str = "more rows than are kept";
/// So many meshes are kept.
const MAX_MESHES: usize = 1_024;

/// Something that is different.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Appeared(RawRow),
    Changed(RawRow),
    Vanished(RawRow),
    Live(Arc<str>),
    Stale(Arc<str>),
}

/// What is known of one host.
#[derive(Debug, Default)]
pub(crate) struct HostState {
    pub(crate) record: Option<Arc<HostRecord>>,
    pub(crate) alive: Option<Machine>,
    /// Since when it is not alive, in milliseconds since the Unix epoch; none if it was not when it was
    /// met first.
    pub(crate) stale_since: Option<u64>,
    pub(crate) rows: FxHashMap<Box<str>, u32>,
    cost: usize,
    pub(crate) refused: RefusedValues,
    record_generation: u32,
    alive_generation: u32,
}

/// What is known of the fleet.
#[derive(Debug)]
pub struct Mirror {
    own: Arc<str>,
    /// Milliseconds since the Unix epoch, for stamps.
    clock: fn() -> u64,
    pub(crate) hosts: BTreeMap<Arc<str>, HostState>,
    pub(crate) meshes: BTreeMap<String, (MeshRecord, u32)>,
    rows: RowSlots,
    /// What the rows of other hosts may cost.
    max_cost: usize,
    generation: u32,
    /// Since when etcd is away, in milliseconds since the Unix epoch, and why.
    pub(crate) lost: Option<(Option<u64>, String)>,
}

impl Mirror {
    /// Of nothing yet, for the host `own`; `clock` makes stamps.
    pub fn new(own: &str, clock: fn() -> u64) -> Self {
        Self {
            own: own.into(),
            clock,
            hosts: BTreeMap::new(),
            meshes: BTreeMap::new(),
            rows: RowSlots::default(),
            max_cost: MAX_COST,
            generation: 0,
            lost: Some((None, "etcd was not reached yet".to_owned())),
        }
    }

    /// A list of all begins: what is not put until [`finish`](Self::finish) is gone.
    pub(crate) fn begin(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        for (_, host) in self.hosts.iter_mut().filter(|(name, _)| **name != self.own) {
            host.refused = RefusedValues::default();
        }
    }

    /// The list is whole, and is followed from now on.
    pub(crate) fn finish(&mut self) -> Vec<Change> {
        let now = self.generation;
        self.lost = None;
        self.meshes.retain(|_, (_, generation)| *generation == now);
        let gone: Vec<_> = self.hosts.iter().filter(|(name, _)| **name != self.own).collect();
        let gone = gone.into_iter().flat_map(|(name, host)| {
            let rows = &self.rows;
            let is_old = move |slot: &u32| rows.get(*slot).is_some_and(|row| row.generation != now);
            let ids = host.rows.iter().filter(move |(_, slot)| is_old(slot));
            ids.map(|(id, _)| (name.clone(), id.clone()))
        });
        let gone: Vec<_> = gone.collect();
        let mut changes: Vec<_> =
            gone.iter().filter_map(|(host, id)| self.remove_row(host, id)).collect();
        let at = (self.clock)();
        for (name, host) in self.hosts.iter_mut().filter(|(name, _)| **name != self.own) {
            if host.record_generation != now {
                host.record = None;
            }
            if host.alive.is_some() && host.alive_generation != now {
                (host.alive, host.stale_since) = (None, Some(at));
                changes.push(Change::Stale(name.clone()));
            }
        }
        self.drop_empty();
        changes
    }

    /// etcd is away.
    pub(crate) fn lose(&mut self, why: &str) {
        let since = match &self.lost {
            Some((since, _)) => *since,
            None => Some((self.clock)()),
        };
        self.lost = Some((since, why.to_owned()));
    }

    /// Takes a key of the fleet.
    pub(crate) fn put(&mut self, key: &Key<'_>, value: &[u8]) -> Option<Change> {
        match key {
            Key::Host(host) | Key::Alive(host) | Key::Row(host, _) if **host == *self.own => None,
            Key::Host(host) => self.put_record(host, value),
            Key::Alive(host) => self.put_alive(host, value),
            Key::Row(host, id) => self.put_row(host, id, value),
            Key::Mesh(mesh) => self.put_mesh(mesh, value),
            Key::Number(_) | Key::Block(..) | Key::BlockMachine(..) => None,
        }
    }

    /// A key of the fleet is gone.
    pub(crate) fn delete(&mut self, key: &Key<'_>) -> Option<Change> {
        match key {
            Key::Host(host) | Key::Alive(host) | Key::Row(host, _) if **host == *self.own => None,
            Key::Host(host) => {
                let state = self.hosts.get_mut(*host)?;
                state.record = None;
                state.refused.remove(RECORD);
                self.drop_empty();
                None
            }
            Key::Alive(host) => {
                let (name, _) = self.hosts.get_key_value(*host)?;
                let name = name.clone();
                let at = (self.clock)();
                let state = self.hosts.get_mut(*host)?;
                state.alive.take()?;
                state.stale_since = Some(at);
                Some(Change::Stale(name))
            }
            Key::Row(host, id) => {
                self.hosts.get_mut(*host)?.refused.remove(id);
                let gone = self.remove_row(host, id);
                self.drop_empty();
                gone
            }
            Key::Mesh(mesh) => {
                self.meshes.remove(*mesh);
                None
            }
            Key::Number(_) | Key::Block(..) | Key::BlockMachine(..) => None,
        }
    }

    /// What this host tells of itself: it is never stale here, and needs no etcd.
    pub(crate) fn set_own(&mut self, local: &Local, record: HostRecord) -> Vec<Change> {
        let own = self.own.clone();
        let missing = self.hosts.get(&own).map(|host| {
            let ids = host.rows.iter().filter(|(id, _)| !local.rows.contains_key(&***id));
            ids.map(|(id, slot)| (id.clone(), *slot)).collect::<Vec<_>>()
        });
        let is_gone = |slot| self.rows.get(slot).is_some_and(|row| !local.hidden.hides(&row.text));
        let missing = missing.unwrap_or_default().into_iter();
        let gone: Vec<_> = missing.filter(|(_, slot)| is_gone(*slot)).map(|(id, _)| id).collect();
        let mut changes: Vec<_> = gone.iter().filter_map(|id| self.remove_row(&own, id)).collect();
        for (id, text) in &local.rows {
            changes.extend(self.put_row(&own, id, text.as_bytes()));
        }
        if let Some(host) = self.host(&own) {
            if !local.hidden.all {
                host.refused.retain(|id| local.rows.contains_key(id));
            }
            host.record = Some(Arc::new(record));
        }
        changes
    }

    /// The number of this host; whether that is new.
    pub(crate) fn set_own_number(&mut self, number: u16) -> bool {
        let own = self.own.clone();
        let record = self.hosts.get_mut(&own).and_then(|host| host.record.as_mut());
        let Some(record) = record.filter(|record| record.number != Some(number)) else {
            return false;
        };
        Arc::make_mut(record).number = Some(number);
        true
    }

    fn put_mesh(&mut self, name: &str, value: &[u8]) -> Option<Change> {
        let generation = self.generation;
        let has_room = self.meshes.len() < MAX_MESHES || self.meshes.contains_key(name);
        match MeshRecord::read(value).ok().filter(|_| has_room) {
            Some(record) => {
                self.meshes.insert(name.to_owned(), (record, generation));
            }
            // The last good one stays.
            None => self.meshes.get_mut(name)?.1 = generation,
        }
        None
    }

    fn put_record(&mut self, name: &str, value: &[u8]) -> Option<Change> {
        let generation = self.generation;
        let host = self.host(name)?;
        host.record_generation = generation;
        match HostRecord::read(value) {
            Ok(record) => {
                host.record = Some(Arc::new(record));
                host.refused.remove(RECORD);
            }
            Err(why) => host.refused.add(RECORD, &why),
        }
        None
    }

    fn put_alive(&mut self, name: &str, value: &[u8]) -> Option<Change> {
        let generation = self.generation;
        let host = self.host(name)?;
        host.alive_generation = generation;
        let was = host.alive.take();
        // That it is there is what counts.
        host.alive = Some(Machine::read(value).unwrap_or_default());
        host.stale_since = None;
        let (name, _) = self.hosts.get_key_value(name)?;
        was.is_none().then(|| Change::Live(name.clone()))
    }

    fn put_row(&mut self, name: &str, id: &str, value: &[u8]) -> Option<Change> {
        let generation = self.generation;
        let is_own = *name == *self.own;
        let own = self.hosts.get(&self.own).map_or(0, |own| own.cost);
        let others = self.rows.cost() - own;
        let host = self.host(name)?;
        let known = host.rows.get(id).copied();
        // It takes the place of the one that is known.
        let old = known.and_then(|slot| self.rows.get(slot)).map_or(0, |row| row.cost);
        let host = self.hosts.get_mut(name)?;
        let has_room = |row: &Attachment| {
            let cost = cost(value, row);
            host.cost - old + cost <= MAX_COST_OF_HOST
                && (is_own || others - old + cost <= self.max_cost)
        };
        let has_place = known.is_some() || host.rows.len() < MAX_ROWS;
        let read = if has_place { decode(value) } else { Err(MORE.to_owned()) };
        let kept = read.and_then(|row| if has_room(&row) { Ok(row) } else { Err(MORE.to_owned()) });
        let row = match kept {
            Ok(row) => row,
            Err(why) => {
                host.refused.add(id, &why);
                if let Some(old) = known.and_then(|slot| self.rows.get_mut(slot)) {
                    old.generation = generation;
                }
                return None;
            }
        };
        host.refused.remove(id);
        // What was read is UTF-8.
        let text: Arc<str> = String::from_utf8_lossy(value).into();
        let host = self.hosts.get_key_value(name)?.0.clone();
        if let Some(slot) = known {
            let old = self.rows.get_mut(slot)?;
            old.generation = generation;
            if old.text == text {
                return None;
            }
            self.remove_row(name, id);
            return self.insert(host, id, text, &row).map(Change::Changed);
        }
        self.insert(host, id, text, &row).map(Change::Appeared)
    }

    fn insert(
        &mut self,
        host: Arc<str>,
        id: &str,
        text: Arc<str>,
        row: &Attachment,
    ) -> Option<RawRow> {
        let cost = cost(text.as_bytes(), row);
        let raw = RawRow { host: host.clone(), text, cost, generation: self.generation };
        let slot = self.rows.insert(raw.clone(), row)?;
        let state = self.hosts.entry(host).or_default();
        state.cost += raw.cost;
        state.rows.insert(id.into(), slot);
        Some(raw)
    }

    fn remove_row(&mut self, name: &str, id: &str) -> Option<Change> {
        let host = self.hosts.get_mut(name)?;
        let slot = host.rows.remove(id)?;
        let raw = self.rows.remove(slot)?;
        host.cost -= raw.cost;
        Some(Change::Vanished(raw))
    }

    /// The host, which is made unless there are too many.
    fn host(&mut self, name: &str) -> Option<&mut HostState> {
        if !self.hosts.contains_key(name) {
            if self.hosts.len() >= MAX_HOSTS {
                return None;
            }
            self.hosts.insert(name.into(), HostState::default());
        }
        self.hosts.get_mut(name)
    }

    /// Forgets hosts of which nothing is there any more.
    fn drop_empty(&mut self) {
        let own = self.own.clone();
        self.hosts.retain(|name, host| {
            *name == own || host.record.is_some() || host.alive.is_some() || !host.rows.is_empty()
        });
    }

    /// How many hosts, attachments and values of no use there are.
    pub fn counts(&self) -> (usize, usize, usize) {
        let refused = self.hosts.values().map(|host| host.refused.count()).sum();
        (self.hosts.len(), self.rows.len(), refused)
    }

    /// How old what is told of a host is.
    pub fn from(&self, name: &str) -> FromHost {
        let host = self.hosts.get(name);
        crate::hosts::from(name, *name == *self.own, host, self.lost.as_ref())
    }

    /// What the rows of `host`, or of all hosts, [`cost`], in bytes.
    pub(crate) fn cost(&self, host: Option<&str>) -> usize {
        match host {
            Some(host) => self.hosts.get(host).map_or(0, |host| host.cost),
            None => self.rows.cost(),
        }
    }

    /// All rows of `host`, or of all hosts, by host and id.
    pub fn rows(&self, host: Option<&str>) -> Vec<RawRow> {
        let wanted = |name: &&Arc<str>| host.is_none_or(|host| host == &***name);
        let hosts = self.hosts.iter().filter(|(name, _)| wanted(name));
        let mut all = Vec::new();
        for (_, state) in hosts {
            let mut slots: Vec<_> = state.rows.iter().collect();
            slots.sort_unstable();
            let rows = slots.into_iter().filter_map(|(_, slot)| self.rows.get(*slot));
            all.extend(rows.cloned());
        }
        all
    }

    /// The rows that may fit a query.
    pub fn candidates(&self, query: &WhoQuery) -> Vec<RawRow> {
        self.rows.candidates(query)
    }
}

#[cfg(test)]
mod tests;

//! What is known of the other hosts: their rows as they were told, found by address without reading all
//! of them.
//!
//! What others tell is hostile until read: a value that cannot be read leaves the last good one, and is
//! counted; there is a bound on rows and bytes of one host, and of all.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use model::ids::Mac;
use model::who::WhoQuery;
use report::v1::{Attachment, FleetAttachment, FromHost};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::host::{HostRecord, Machine};
use crate::keys::Key;
use crate::local::{Local, MOST_ROWS};
use crate::mesh::MeshRecord;
use crate::row::decode;

/// So many hosts are kept.
const MOST_HOSTS: usize = 4_096;
/// The rows of one host, in bytes of JSON.
const MOST_BYTES_OF_HOST: usize = 8 << 20;
/// Those of all hosts.
const MOST_BYTES: usize = 256 << 20;
/// So many meshes are kept.
const MOST_MESHES: usize = 1_024;

/// A row as it was told, and whose.
#[derive(Clone, Debug)]
pub struct RawRow {
    /// Which host's.
    pub host: Arc<str>,
    /// Its JSON; it was read once, so that it can be.
    pub text: Arc<str>,
    generation: u32,
}

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
    bytes: usize,
    /// How many of its values could not be read or kept since it was listed.
    pub(crate) refused: usize,
    /// Why the last one was not.
    pub(crate) refused_why: Option<String>,
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
    rows: Vec<Option<RawRow>>,
    free: Vec<u32>,
    /// Which rows have an address, by its hash; a hash of keys that nobody else knows.
    index: FxHashMap<u64, SmallVec<[u32; 2]>>,
    hasher: RandomState,
    bytes: usize,
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
            rows: Vec::new(),
            free: Vec::new(),
            index: FxHashMap::default(),
            hasher: RandomState::new(),
            bytes: 0,
            generation: 0,
            lost: Some((None, "etcd was not reached yet".to_owned())),
        }
    }

    /// A list of all begins: what is not put until [`finish`](Self::finish) is gone.
    pub(crate) fn begin(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        for host in self.hosts.values_mut() {
            (host.refused, host.refused_why) = (0, None);
        }
    }

    /// The list is whole, and is followed from now on.
    pub(crate) fn finish(&mut self) -> Vec<Change> {
        let now = self.generation;
        self.lost = None;
        self.meshes.retain(|_, (_, generation)| *generation == now);
        let gone: Vec<_> = self.hosts.iter().filter(|(name, _)| **name != self.own).collect();
        let old = |row: &RawRow| row.generation != now;
        let gone = gone.into_iter().flat_map(|(name, host)| {
            let rows = &self.rows;
            let is_old = move |slot: &u32| {
                rows.get(*slot as usize).and_then(Option::as_ref).is_some_and(old)
            };
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
            Key::Mesh(mesh) => {
                let generation = self.generation;
                let known = self.meshes.len() < MOST_MESHES || self.meshes.contains_key(*mesh);
                match MeshRecord::read(value).ok().filter(|_| known) {
                    Some(record) => {
                        self.meshes.insert((*mesh).to_owned(), (record, generation));
                    }
                    // The last good one stays.
                    None => {
                        if let Some((_, of)) = self.meshes.get_mut(*mesh) {
                            *of = generation;
                        }
                    }
                }
                None
            }
            Key::Number(_) => None,
        }
    }

    /// A key of the fleet is gone.
    pub(crate) fn delete(&mut self, key: &Key<'_>) -> Option<Change> {
        match key {
            Key::Host(host) | Key::Alive(host) | Key::Row(host, _) if **host == *self.own => None,
            Key::Host(host) => {
                self.hosts.get_mut(*host)?.record = None;
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
                let gone = self.remove_row(host, id);
                self.drop_empty();
                gone
            }
            Key::Mesh(mesh) => {
                self.meshes.remove(*mesh);
                None
            }
            Key::Number(_) => None,
        }
    }

    /// What this host tells of itself: it is never stale here, and needs no etcd.
    pub(crate) fn set_own(&mut self, local: &Local, record: HostRecord) -> Vec<Change> {
        let own = self.own.clone();
        let gone = self.host(&own).map(|host| {
            let ids = host.rows.keys().filter(|id| !local.rows.contains_key(&***id));
            ids.cloned().collect::<Vec<_>>()
        });
        let gone = gone.filter(|_| !local.partial).unwrap_or_default();
        let mut changes: Vec<_> = gone.iter().filter_map(|id| self.remove_row(&own, id)).collect();
        for (id, text) in &local.rows {
            changes.extend(self.put_row(&own, id, text.as_bytes()));
        }
        if let Some(host) = self.host(&own) {
            host.record = Some(Arc::new(record));
        }
        changes
    }

    fn put_record(&mut self, name: &str, value: &[u8]) -> Option<Change> {
        let generation = self.generation;
        let host = self.host(name)?;
        host.record_generation = generation;
        match HostRecord::read(value) {
            Ok(record) => host.record = Some(Arc::new(record)),
            Err(why) => host.refuse(why),
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
        let (generation, all) = (self.generation, self.bytes);
        let host = self.host(name)?;
        let known = host.rows.get(id).copied();
        let room = host.rows.len() < MOST_ROWS
            && host.bytes + value.len() <= MOST_BYTES_OF_HOST
            && all + value.len() <= MOST_BYTES;
        let read = if room || known.is_some() {
            decode(value)
        } else {
            Err("more rows than are kept".to_owned())
        };
        let row = match read {
            Ok(row) => row,
            Err(why) => {
                host.refuse(why);
                if let Some(Some(old)) = known.and_then(|slot| self.rows.get_mut(slot as usize)) {
                    old.generation = generation;
                }
                return None;
            }
        };
        // What was read is UTF-8.
        let text: Arc<str> = String::from_utf8_lossy(value).into();
        let host = self.hosts.get_key_value(name)?.0.clone();
        if let Some(slot) = known {
            let old = self.rows.get_mut(slot as usize)?.as_mut()?;
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
        let raw = RawRow { host: host.clone(), text, generation: self.generation };
        let slot = self.free.pop().or_else(|| {
            self.rows.push(None);
            u32::try_from(self.rows.len() - 1).ok()
        })?;
        for hash in self.hashes(row) {
            self.index.entry(hash).or_default().push(slot);
        }
        self.bytes += raw.text.len();
        let state = self.hosts.entry(host).or_default();
        state.bytes += raw.text.len();
        state.rows.insert(id.into(), slot);
        *self.rows.get_mut(slot as usize)? = Some(raw.clone());
        Some(raw)
    }

    fn remove_row(&mut self, name: &str, id: &str) -> Option<Change> {
        let host = self.hosts.get_mut(name)?;
        let slot = host.rows.remove(id)?;
        let raw = self.rows.get_mut(slot as usize)?.take()?;
        host.bytes -= raw.text.len();
        self.bytes -= raw.text.len();
        let row = decode(raw.text.as_bytes()).ok();
        for hash in row.iter().flat_map(|row| self.hashes(row)).collect::<Vec<_>>() {
            if let Some(slots) = self.index.get_mut(&hash) {
                slots.retain(|of| *of != slot);
                if slots.is_empty() {
                    self.index.remove(&hash);
                }
            }
        }
        self.free.push(slot);
        Some(Change::Vanished(raw))
    }

    /// The hashes of a row's addresses, each once.
    fn hashes(&self, row: &Attachment) -> Vec<u64> {
        let ips = row.addresses.iter().filter_map(|cidr| cidr.split('/').next()?.parse().ok());
        let macs = row.mac.iter().filter_map(|mac| mac.parse().ok());
        let ips = ips.map(|ip: IpAddr| self.hash_of_ip(ip));
        let mut hashes: Vec<_> = ips.chain(macs.map(|mac: Mac| self.hash_of_mac(mac))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    fn hash_of_ip(&self, ip: IpAddr) -> u64 {
        self.hasher.hash_one((0_u8, ip))
    }

    fn hash_of_mac(&self, mac: Mac) -> u64 {
        self.hasher.hash_one((1_u8, mac.to_string()))
    }

    /// The host, which is made unless there are too many.
    fn host(&mut self, name: &str) -> Option<&mut HostState> {
        if !self.hosts.contains_key(name) {
            if self.hosts.len() >= MOST_HOSTS {
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
        let refused = self.hosts.values().map(|host| host.refused).sum();
        (self.hosts.len(), self.rows.len() - self.free.len(), refused)
    }

    /// How old what is told of a host is.
    pub fn from(&self, name: &str) -> FromHost {
        let host = self.hosts.get(name);
        crate::hosts::from(name, *name == *self.own, host, self.lost.as_ref())
    }

    /// All rows of `host`, or of all hosts, by host and id.
    pub fn rows(&self, host: Option<&str>) -> Vec<RawRow> {
        let wanted = |name: &&Arc<str>| host.is_none_or(|host| host == &***name);
        let hosts = self.hosts.iter().filter(|(name, _)| wanted(name));
        let mut all = Vec::new();
        for (_, state) in hosts {
            let mut slots: Vec<_> = state.rows.iter().collect();
            slots.sort_unstable();
            let rows = slots.into_iter().filter_map(|(_, slot)| self.rows.get(*slot as usize));
            all.extend(rows.flatten().cloned());
        }
        all
    }

    /// The rows that may fit a query: by an address only those that have it; otherwise those in which
    /// the words stand.
    pub fn candidates(&self, query: &WhoQuery) -> Vec<RawRow> {
        let indexed = |hash: u64| {
            let slots = self.index.get(&hash).into_iter().flatten();
            let rows = slots.filter_map(|slot| self.rows.get(*slot as usize));
            rows.flatten().cloned().collect()
        };
        let standing = |words: &str| {
            let rows = self.rows.iter().flatten();
            rows.filter(|row| row.text.contains(words)).cloned().collect()
        };
        match query {
            WhoQuery::Ip(ip) => indexed(self.hash_of_ip(*ip)),
            WhoQuery::Mac(mac) => indexed(self.hash_of_mac(*mac)),
            WhoQuery::Ifindex(_) => Vec::new(),
            WhoQuery::Number(number) => standing(&format!("\"OFPort\":{number}")),
            WhoQuery::PortOf { ofport, .. } => standing(&format!("\"OFPort\":{}", ofport.0)),
            WhoQuery::Name(name) => standing(&serde_json::to_string(name).unwrap_or_default()),
        }
    }
}

impl HostState {
    fn refuse(&mut self, why: String) {
        self.refused += 1;
        self.refused_why = Some(why);
    }
}

impl RawRow {
    /// The row, read.
    pub fn read(&self, from: FromHost) -> Option<FleetAttachment> {
        let attachment = decode(self.text.as_bytes()).ok()?;
        Some(FleetAttachment { from, attachment })
    }
}

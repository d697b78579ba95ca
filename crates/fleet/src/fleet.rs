//! What the daemon's requests and tasks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::who::WhoQuery;
use report::v1::{
    FleetAction, FleetAttachment, FleetEvent, FleetHost, FleetMatch, FleetStatus, FromHost,
    Liveness, Mesh,
};
use tokio::sync::{broadcast, watch};

use crate::blocks::Claimant;
use crate::host::{HostRecord, Machine};
use crate::keys::{Key, Keys};
use crate::local::Local;
use crate::mesh::{Wanted, wanted};
use crate::mirror::{Change, Mirror};
use crate::row::decode;
use crate::rows::RawRow;
use crate::shared_event::SharedEvent;

/// So many events wait for a client that is slow.
const EVENTS: usize = 1_024;

/// What a user says about a fleet.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where etcd is.
    pub etcd: etcd::Settings,
    /// Name of the fleet.
    pub fleet: String,
    /// Name of this host in it.
    pub host: String,
    /// Whether the rows of other hosts are kept.
    pub mirror: bool,
    /// Which machine and run this is.
    pub machine: Machine,
    /// Release of this program.
    pub version: String,
    /// Milliseconds since the Unix epoch, for stamps on what is told.
    pub clock: fn() -> u64,
}

/// Whether the fleet is told of this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// It is.
    pub published: bool,
    /// Why it is not.
    pub why: Option<String>,
    /// The number of this host.
    pub number: Option<u16>,
    /// The lease by which this host is alive.
    pub(crate) lease: Option<i64>,
    /// Something was told since the last pause.
    pub(crate) has_told: bool,
}

/// The fleet as this host knows it.
#[derive(Debug)]
pub struct Fleet {
    name: String,
    host: String,
    mirrors: bool,
    machine: String,
    version: String,
    clock: fn() -> u64,
    keys: Keys,
    mirror: Mutex<Mirror>,
    condition: Mutex<Condition>,
    events: broadcast::Sender<Arc<SharedEvent>>,
    /// Counts what changed of hosts and meshes.
    changes: watch::Sender<u64>,
}

/// Attachments as they stand at one moment, which share what is kept of them.
#[derive(Debug)]
pub struct FleetRows {
    rows: Vec<RawRow>,
    from: Vec<FromHost>,
}

impl FleetRows {
    /// Reads one after the other: read they are several times as large.
    pub fn iter(&self) -> impl Iterator<Item = FleetAttachment> + '_ {
        read(&self.rows, &self.from)
    }
}

impl Fleet {
    /// Nothing is known yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            name: settings.fleet.clone(),
            host: settings.host.clone(),
            mirrors: settings.mirror,
            machine: settings.machine.machine.clone(),
            version: settings.version.clone(),
            clock: settings.clock,
            keys: Keys::new(&settings.fleet),
            mirror: Mutex::new(Mirror::new(&settings.host, settings.clock)),
            condition: Mutex::default(),
            events: broadcast::Sender::new(EVENTS),
            changes: watch::Sender::new(0),
        }
    }

    /// Name of this host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// This host, as what it claims is written down.
    pub fn claimant(&self) -> Claimant {
        Claimant { host: self.host.clone(), machine: self.machine.clone() }
    }

    /// Whether the rows of others are kept.
    pub fn mirrors(&self) -> bool {
        self.mirrors
    }

    /// The keys of the fleet.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// How this host stands to its fleet.
    pub fn status(&self) -> FleetStatus {
        let condition = self.condition();
        let mirror = self.mirror();
        let (hosts, attachments, unreadable) = mirror.counts();
        let (since, reason) = mirror.lost.clone().unzip();
        FleetStatus {
            fleet: self.name.clone(),
            host: self.host.clone(),
            liveness: if reason.is_some() { Liveness::Stale } else { Liveness::Live },
            stale_since: since.flatten().map(model::moment::rfc3339),
            reason,
            published: condition.published,
            unpublished_reason: condition.why,
            mirror: self.mirrors,
            hosts,
            attachments,
            unreadable,
        }
    }

    /// Every host.
    pub fn hosts(&self) -> Vec<FleetHost> {
        self.mirror().hosts(self.mirrors)
    }

    /// Every mesh.
    pub fn meshes(&self) -> Vec<Mesh> {
        self.mirror().meshes()
    }

    /// Every attachment of `host`, or of all hosts, as it stands now.
    pub fn rows(&self, host: Option<&str>) -> FleetRows {
        let mirror = self.mirror();
        let rows = mirror.rows(host);
        let from = ages(&mirror, &rows);
        FleetRows { rows, from }
    }

    /// The same, read.
    pub fn attachments(&self, host: Option<&str>) -> Vec<FleetAttachment> {
        self.rows(host).iter().collect()
    }

    /// What the rows of `host`, or of all hosts, cost in memory, in bytes.
    pub fn cost(&self, host: Option<&str>) -> usize {
        self.mirror().cost(host)
    }

    /// Every attachment that fits a query. A word that may be a name or a port is a port where no interface has that
    /// name; a container that is called so hides no port.
    pub fn who(&self, query: &WhoQuery) -> Vec<FleetMatch> {
        let Some(name) = query.as_name() else { return self.fitting(query) };
        let mut named = self.fitting(&name);
        named.retain(|found| !found.row.is_container(&name));
        if named.is_empty() { self.fitting(query) } else { named }
    }

    fn fitting(&self, query: &WhoQuery) -> Vec<FleetMatch> {
        let (rows, from) = {
            let mirror = self.mirror();
            let rows = mirror.candidates(query);
            let from = ages(&mirror, &rows);
            (rows, from)
        };
        let fitting = read(&rows, &from).filter_map(|row| {
            let matched_by = row.fits(query)?;
            Some(FleetMatch { matched_by, who: row.label(), row })
        });
        let mut fitting: Vec<_> = fitting.collect();
        fitting.sort_by(|a, b| (&a.row.from.host, &a.who).cmp(&(&b.row.from.host, &b.who)));
        fitting
    }

    /// What comes from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<SharedEvent>> {
        self.events.subscribe()
    }

    /// Is told when something of a host or a mesh is different.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Which tunnels this host is to have; none where what is known of others may be old, or nothing is.
    pub fn wanted_tunnels(&self) -> Option<Wanted> {
        let mirror = self.mirror();
        mirror.lost.is_none().then(|| wanted(&mirror, &self.host))
    }

    /// Name of the fleet.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The meshes, and the MTU in bytes that each carries where that is known; none where what is known may
    /// be old, or nothing is.
    pub fn known_meshes(&self) -> Option<std::collections::BTreeMap<String, Option<u32>>> {
        let mirror = self.mirror();
        let meshes = || mirror.meshes().into_iter().map(|mesh| (mesh.mesh, mesh.mtu)).collect();
        mirror.lost.is_none().then(meshes)
    }

    /// What this host is.
    pub fn set_local(&self, local: &Local) {
        let changes = {
            let mut mirror = self.mirror();
            // Under the lock, so that no number that is set meanwhile is lost.
            let record = self.record(local);
            mirror.set_own(local, record)
        };
        self.tell(changes, true);
    }

    /// This host has this number. What it is otherwise stays as it was told last.
    pub(crate) fn set_number(&self, number: u16) {
        self.set_condition(|condition| condition.number = Some(number));
        if self.mirror().set_own_number(number) {
            self.tell(Vec::new(), true);
        }
    }

    /// The record of this host.
    pub(crate) fn record(&self, local: &Local) -> HostRecord {
        local.record(&self.machine, &self.version, self.condition().number)
    }

    /// How publishing goes.
    pub fn condition(&self) -> Condition {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_condition(&self, change: impl FnOnce(&mut Condition)) {
        change(&mut self.condition.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn begin(&self) {
        self.mirror().begin();
    }

    pub(crate) fn finish(&self) {
        let changes = self.mirror().finish();
        self.tell(changes, true);
    }

    pub(crate) fn lose(&self, why: &str) {
        self.mirror().lose(why);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Takes rows of a list.
    pub(crate) fn take(&self, rows: &[etcd::KeyValue]) {
        let changes = {
            let mut mirror = self.mirror();
            let keys = rows.iter().filter_map(|row| Some((self.keys.read(&row.key)?, row)));
            keys.filter_map(|(key, row)| mirror.put(&key, &row.value)).collect()
        };
        self.tell(changes, false);
    }

    /// Takes changes.
    pub(crate) fn apply(&self, events: &[etcd::Event]) {
        let mut of_hosts = false;
        let changes = {
            let mut mirror = self.mirror();
            let mut changes = Vec::new();
            for event in events {
                let (etcd::Event::Put(etcd::KeyValue { key, .. })
                | etcd::Event::Deleted { key, .. }) = event;
                let Some(key) = self.keys.read(key) else { continue };
                of_hosts |= !matches!(key, Key::Row(..));
                changes.extend(match event {
                    etcd::Event::Put(row) => mirror.put(&key, &row.value),
                    etcd::Event::Deleted { .. } => mirror.delete(&key),
                });
            }
            changes
        };
        self.tell(changes, of_hosts);
    }

    fn tell(&self, changes: Vec<Change>, of_hosts: bool) {
        if of_hosts {
            self.changes.send_modify(|count| *count += 1);
        }
        if self.events.receiver_count() == 0 {
            return;
        }
        let time = model::moment::rfc3339((self.clock)());
        for change in changes {
            // Without a reader any more it is told to none.
            let _ = self.events.send(Arc::new(SharedEvent::new(event(time.clone(), change))));
        }
    }

    fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How old the rows of each of these hosts are.
fn ages(mirror: &Mirror, rows: &[RawRow]) -> Vec<FromHost> {
    let mut hosts: Vec<&str> = rows.iter().map(|row| &*row.host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts.into_iter().map(|host| mirror.from(host)).collect()
}

fn read<'r>(
    rows: &'r [RawRow],
    from: &'r [FromHost],
) -> impl Iterator<Item = FleetAttachment> + 'r {
    rows.iter().filter_map(|row| {
        let at = from.binary_search_by(|of| (*of.host).cmp(&row.host)).ok()?;
        row.read(from.get(at)?.clone())
    })
}

fn event(time: String, change: Change) -> FleetEvent {
    let (action, row, host) = match change {
        Change::Appeared(row) => (FleetAction::Appeared, Some(row.text), row.host),
        Change::Changed(row) => (FleetAction::Changed, Some(row.text), row.host),
        Change::Vanished(row) => (FleetAction::Vanished, Some(row.text), row.host),
        Change::Live(host) => (FleetAction::Live, None, host),
        Change::Stale(host) => (FleetAction::Stale, None, host),
    };
    let attachment = row.and_then(|text| decode(text.as_bytes()).ok());
    let of = attachment.as_ref();
    FleetEvent {
        time,
        host: host.to_string(),
        action,
        container: of.map(|row| row.called.clone()).unwrap_or_default(),
        interface: of.map(|row| row.interface.clone()).unwrap_or_default(),
        bridge: of.and_then(|row| row.bridge.clone()),
        ofport: of.and_then(|row| row.ofport),
        attachment,
    }
}

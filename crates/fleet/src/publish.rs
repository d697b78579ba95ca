//! Tells the fleet of this host: everything once, then what changes, collected for a moment.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use etcd::{Client, Error, Event, Op, Txn, Watcher};
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep, timeout};
use tracing::{info, warn};

use crate::backoff::SpreadBackoff;
use crate::claim::{self, NotClaimed, claim_name, claim_number};
use crate::fleet::Fleet;
use crate::host::{HostRecord, Machine};
use crate::keys::Key;
use crate::leases::Leases;
use crate::local::{Local, MAX_ROWS};
use crate::row::LONGEST;

/// What changes in this time is told together.
const COLLECTED: Duration = Duration::from_millis(100);
/// How often the sign of life is given: three times in its lease.
const SIGN_OF_LIFE: Duration = Duration::from_millis(6_500);
/// How often the leases of rows begin anew, in signs of life: about each 200 s of their 15 min.
const SIGNS_PER_LEASE: u32 = 30;
/// So many changes are made at once: etcd takes 128.
const BATCH: usize = 100;
/// So many rows are gone on with: a host has half of that, and those that it has no more.
const MAX_ADOPTED: usize = 2 * MAX_ROWS;
/// How long leaving may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
/// How soon a name that is taken is tried again.
const TAKEN_PAUSE: Duration = Duration::from_secs(5);

/// Publishes what `local` says, once it says something, until `stopped` is true; then this host is told to be silent at once, and
/// its rows stay until their lease ends.
pub async fn publish(
    etcd: Client,
    fleet: Arc<Fleet>,
    machine: Machine,
    local: watch::Receiver<Option<Arc<Local>>>,
    mut stopped: watch::Receiver<bool>,
) {
    let publisher = Publisher { etcd: etcd.clone(), fleet: fleet.clone(), machine, local };
    tokio::select! {
        () = publisher.run() => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    if let Some(lease) = fleet.condition().lease {
        let _ = timeout(LEAVE_TIMEOUT, etcd.revoke(lease)).await;
    }
}

struct Publisher {
    etcd: Client,
    fleet: Arc<Fleet>,
    machine: Machine,
    local: watch::Receiver<Option<Arc<Local>>>,
}

/// A row as it was written.
struct Written {
    text: String,
    lease: i64,
    revision: i64,
}

/// What stands in etcd of this host.
struct Session<'p> {
    publisher: &'p mut Publisher,
    lease: i64,
    leases: Leases,
    rows: BTreeMap<String, Written>,
    record: Option<HostRecord>,
}

impl Publisher {
    async fn run(mut self) {
        // Before the first look nothing is known, which is not that nothing is there.
        if self.local.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let (mut backoff, mut told) = (SpreadBackoff::default(), None);
        loop {
            let start = Instant::now();
            let (why, taken) = match self.session(&mut told).await {
                Err(NotClaimed::Etcd(error)) => (error.to_string(), false),
                Err(NotClaimed::Taken(why)) => (why, true),
                Ok(never) => match never {},
            };
            self.fleet.set_condition(|condition| {
                condition.published = false;
                condition.why = Some(why.clone());
            });
            if told.as_ref() != Some(&why) {
                warn!("the fleet is not told of this host: {why}");
                told = Some(why);
            }
            // An etcd that took something is only busy: what is left is told soon.
            let has_told = self.fleet.condition().has_told;
            self.fleet.set_condition(|condition| condition.has_told = false);
            if has_told || start.elapsed() > Duration::from_secs(30) {
                backoff.reset();
            }
            sleep(if taken { TAKEN_PAUSE } else { backoff.pause() }).await;
        }
    }

    async fn session(&mut self, told: &mut Option<String>) -> Result<Infallible, NotClaimed> {
        let lease = self.etcd.grant(claim::TTL).await?;
        let (keys, host) = (self.fleet.keys().clone(), self.fleet.host().to_owned());
        if let Err(why) = claim_name(&self.etcd, &keys, &host, &self.machine, lease).await {
            let _ = self.etcd.revoke(lease).await;
            return Err(why);
        }
        self.fleet.set_condition(|condition| condition.lease = Some(lease));
        let (leases, rows, record) = (Leases::default(), BTreeMap::new(), None);
        let mut session = Session { publisher: self, lease, leases, rows, record };
        let revision = session.adopt().await?;
        session.write().await?;
        let etcd = &session.publisher.etcd;
        let of_rows = etcd.watch(&keys.rows(&host), revision + 1).await?;
        let of_name = etcd.watch(&keys.alive(&host), revision + 1).await?;
        if told.take().is_some() {
            info!("the fleet is told of this host again");
        }
        session.follow(of_rows, of_name).await
    }
}

impl Session<'_> {
    /// Goes on with the rows that an earlier run wrote, as far as their leases live.
    async fn adopt(&mut self) -> Result<i64, Error> {
        let Publisher { etcd, fleet, .. } = &*self.publisher;
        let keys = fleet.keys();
        let mut pages = etcd.pages(&keys.rows(fleet.host()), 0);
        while let Some(page) = pages.next().await? {
            for row in page.rows {
                let id = match keys.read(&row.key) {
                    Some(Key::Row(_, id)) if self.rows.len() < MAX_ADOPTED => id.to_owned(),
                    // No run of this host has written it.
                    _ => {
                        etcd.delete(row.key).await?;
                        continue;
                    }
                };
                let kept = self.leases.adopt(etcd, row.lease).await?;
                let text = if kept && row.value.len() <= LONGEST {
                    String::from_utf8_lossy(&row.value).into_owned()
                } else {
                    String::new()
                };
                let written = Written { text, lease: row.lease, revision: row.mod_revision };
                self.rows.insert(id, written);
            }
        }
        let (record, _) = etcd.get(&keys.host(fleet.host())).await?;
        self.record = record.and_then(|row| HostRecord::read(&row.value).ok());
        if let Some(number) = self.record.as_ref().and_then(|record| record.number) {
            fleet.set_number(number);
        }
        Ok(pages.revision())
    }

    /// Writes what is different. However long that takes a busy etcd, signs of life are given meanwhile: a
    /// name that ends would have all of it begin anew.
    async fn write(&mut self) -> Result<(), NotClaimed> {
        let (etcd, lease) = (self.publisher.etcd.clone(), self.lease);
        let ends = async {
            loop {
                sleep(SIGN_OF_LIFE).await;
                // What else goes wrong the writing itself tells.
                if let Err(Error::LeaseGone) = etcd.keep_alive(lease).await {
                    return Error::LeaseGone;
                }
            }
        };
        tokio::select! {
            written = Box::pin(self.write_all()) => written,
            why = Box::pin(ends) => Err(why.into()),
        }
    }

    async fn write_all(&mut self) -> Result<(), NotClaimed> {
        let local = self.publisher.local.borrow_and_update().clone().unwrap_or_default();
        self.write_rows(&local).await?;
        if !local.meshes.is_empty() {
            let Publisher { etcd, fleet, .. } = &*self.publisher;
            let earlier = fleet.condition().number;
            let number = claim_number(etcd, fleet.keys(), fleet.host(), earlier).await?;
            // Its own meshes are followed by the newest look, which may be newer than what is told here.
            fleet.set_number(number);
        }
        let Publisher { etcd, fleet, .. } = &*self.publisher;
        let record = fleet.record(&local);
        if self.record.as_ref() != Some(&record) {
            let value = serde_json::to_vec(&record).unwrap_or_default();
            etcd.put(fleet.keys().host(fleet.host()), value, 0).await?;
            self.record = Some(record);
        }
        let left_out = (local.left_out > 0)
            .then(|| format!("{} attachments are too many or too long to be told", local.left_out));
        fleet.set_condition(|condition| {
            condition.published = true;
            condition.why = left_out;
        });
        Ok(())
    }

    async fn write_rows(&mut self, local: &Local) -> Result<(), Error> {
        let Publisher { etcd, fleet, .. } = &*self.publisher;
        let gone = self.rows.iter().filter(|(id, _)| !local.rows.contains_key(*id));
        let gone = gone.filter(|(_, row)| !local.hidden.hides(&row.text));
        let gone: Vec<_> = gone.map(|(id, _)| id.clone()).collect();
        let is_new = |id: &str, text: &str| self.rows.get(id).is_none_or(|row| row.text != text);
        let new = local.rows.iter().filter(|(id, text)| is_new(id, text));
        let new: Vec<_> = new.map(|(id, text)| (id.clone(), text.clone())).collect();
        let key = |id: &str| fleet.keys().row(fleet.host(), id);
        for ids in gone.chunks(BATCH) {
            let ops = ids.iter().map(|id| Op::Delete(key(id))).collect();
            etcd.txn(Txn { compare: Vec::new(), ops }).await?;
            for id in ids {
                let row = self.rows.remove(id);
                self.leases.give_back(row.map_or(0, |row| row.lease));
            }
        }
        for rows in new.chunks(BATCH) {
            let (mut ops, mut leases) = (Vec::new(), Vec::new());
            for (id, text) in rows {
                let known = self.rows.get(id).filter(|row| !row.text.is_empty());
                let lease = match known {
                    Some(row) => row.lease,
                    None => self.leases.take(etcd).await?,
                };
                leases.push(lease);
                ops.push(Op::Put { key: key(id), value: text.clone().into(), lease });
            }
            let revision = etcd.txn(Txn { compare: Vec::new(), ops }).await?.unwrap_or_default();
            fleet.set_condition(|condition| condition.has_told = true);
            for ((id, text), lease) in rows.iter().zip(leases) {
                let written = Written { text: text.clone(), lease, revision };
                self.rows.insert(id.clone(), written);
            }
        }
        Ok(())
    }

    /// Writes what changes, gives signs of life, and puts back what others take away.
    async fn follow(
        mut self,
        mut of_rows: Watcher,
        mut of_name: Watcher,
    ) -> Result<Infallible, NotClaimed> {
        let mut signs = interval(SIGN_OF_LIFE);
        signs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut count, mut owed) = (0_u32, false);
        loop {
            let changed = tokio::select! {
                changed = self.publisher.local.changed() => {
                    if changed.is_err() {
                        return Err(NotClaimed::Taken("this host is not looked at any more".to_owned()));
                    }
                    sleep(COLLECTED).await;
                    true
                }
                _ = signs.tick() => {
                    self.publisher.etcd.keep_alive(self.lease).await?;
                    count = count.wrapping_add(1);
                    if count.is_multiple_of(SIGNS_PER_LEASE) {
                        self.leases.keep_alive(&self.publisher.etcd).await?;
                    }
                    owed
                }
                batch = of_rows.next() => self.heed(&batch?.events),
                batch = of_name.next() => {
                    self.name_is_own(&batch?.events)?;
                    false
                }
            };
            if changed {
                owed = self.write_or_owe().await?;
            }
        }
    }

    /// Writes; whether etcd has no room, so that it is to be tried again: signs of life go on meanwhile.
    async fn write_or_owe(&mut self) -> Result<bool, NotClaimed> {
        match self.write().await {
            Err(NotClaimed::Etcd(error)) if error.is_no_space() => {
                let why = error.to_string();
                self.publisher.fleet.set_condition(|condition| {
                    condition.published = false;
                    condition.why = Some(why);
                });
                Ok(true)
            }
            done => done.map(|()| false),
        }
    }

    /// What others did to this host's rows; whether something is to be put back.
    fn heed(&mut self, events: &[Event]) -> bool {
        let mut changed = false;
        for event in events {
            let (key, revision, value) = match event {
                Event::Put(row) => (&row.key, row.mod_revision, Some(&row.value)),
                Event::Deleted { key, revision } => (key, *revision, None),
            };
            let keys = self.publisher.fleet.keys();
            let Some(Key::Row(_, id)) = keys.read(key) else { continue };
            match self.rows.get_mut(id) {
                Some(row) if revision > row.revision && value.is_none_or(|of| of != &row.text) => {
                    row.text.clear();
                    changed = true;
                }
                None if value.is_some() => {
                    // It is written by another, and goes with the next change.
                    let (text, lease) = (String::new(), 0);
                    self.rows.insert(id.to_owned(), Written { text, lease, revision });
                    changed = true;
                }
                _ => {}
            }
        }
        changed
    }

    /// Fails where the name is not this run's any more.
    fn name_is_own(&self, events: &[Event]) -> Result<(), NotClaimed> {
        let host = self.publisher.fleet.host();
        // The prefix fits longer names too.
        let own = self.publisher.fleet.keys().alive(host);
        for event in events {
            match event {
                Event::Deleted { key, .. } if *key == own => return Err(Error::LeaseGone.into()),
                Event::Put(row) if row.key == own => {
                    let holder = Machine::read(&row.value).unwrap_or_default();
                    if holder.run != self.publisher.machine.run {
                        let why = claim::why_not(host, &holder, &self.publisher.machine);
                        let why = why.unwrap_or_else(|| format!("the name {host} was taken over"));
                        return Err(NotClaimed::Taken(why));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

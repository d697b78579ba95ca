//! `--restore`: when a container that the database remembers starts, or one takes the place of such a
//! container, its attachments are made again on the same numbers.
//!
//! What is remembered, whose it is and what is missing of it is told by the same functions as for
//! `docker ovs restore`, and made again by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use host::{Done, Host, LastingDoubts, Restored};
use model::evidence::Note;
use model::ids::{ContainerId, Ifindex, Name, NetnsId};
use model::plan::{RememberedKey, Restore};
use model::port_record::PortRecord;
use model::wiring::Attachment;
use model::{Snapshot, Wiring};
use report::v1::{self, RestoreResult};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::daemon::Daemon;
use crate::state::State;

mod names;
mod needs;
mod owed;

use names::UnnotedNames;
use needs::{can_be_told, found, judged, running, shares_rows};
use owed::{OwedAttachment, Start};

/// After an attempt that a missing source has spoilt.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// What failed is tried again after twice as long each time, but not less often.
const RETRY_AT_LEAST: Duration = Duration::from_secs(10);
/// The same of what is in doubt, where only a change elsewhere makes it clear.
const ASK_AT_LEAST: Duration = Duration::from_secs(60);

/// Restores whatever starts, as long as the daemon runs, and tells what was done. What
/// started before the daemon did is restored too.
pub(crate) async fn keep_restoring(host: Host, daemon: Arc<Daemon>) {
    let mut changes = daemon.published.follow();
    let mut restorer = Restorer {
        host,
        daemon,
        known: BTreeMap::new(),
        judged: None,
        could_tell: false,
        names: UnnotedNames::default(),
        tried: BTreeSet::new(),
        failure: None,
        doubts: LastingDoubts::default(),
    };
    while woken(&mut changes, restorer.next()).await {
        let Some(state) = restorer.daemon.published.now() else { continue };
        restorer.look(&state).await;
    }
}

/// What is to be restored, each with the container that gets it.
type Wanted = BTreeMap<RememberedKey, ContainerId>;

/// What is known of what the database remembers.
struct Restorer {
    host: Host,
    daemon: Arc<Daemon>,
    known: BTreeMap<RememberedKey, OwedAttachment>,
    /// The look that `known` is of.
    judged: Option<Arc<Snapshot>>,
    /// Whether the last look could tell what is missing.
    could_tell: bool,
    names: UnnotedNames,
    tried: BTreeSet<(NetnsId, Ifindex)>,
    /// Why nothing could be tried, as it was told last.
    failure: Option<String>,
    /// What is not waited for again.
    doubts: LastingDoubts,
}

impl Restorer {
    /// What follows from a look.
    async fn look(&mut self, state: &State) {
        let could_tell = std::mem::replace(&mut self.could_tell, can_be_told(&state.snapshot));
        if !self.could_tell {
            // What was owed is owed still.
            return;
        }
        if !could_tell {
            // What was away is there again.
            self.known.values_mut().for_each(OwedAttachment::hurry);
        }
        self.names.note(&self.host, state).await;
        let mut wanted = self.due(state);
        self.tell_owed();
        wanted.extend(without_checksums(&state.found, &mut self.tried));
        if !wanted.is_empty() {
            self.restore(&wanted).await;
            self.tell_owed();
        }
    }

    /// When something is to be tried again. While nothing can be told, a change alone makes that
    /// different.
    fn next(&self) -> Option<Instant> {
        let owed = self.known.values().filter_map(OwedAttachment::next);
        owed.chain(self.names.next).min().filter(|_| self.could_tell)
    }

    /// What containers have to get back which they had before they started, each with its container.
    fn due(&mut self, state: &State) -> Wanted {
        let before = self.judged.replace(state.snapshot.clone());
        let is_first = before.is_none();
        let same = before.is_some_and(|before| shares_rows(&before, &state.snapshot));
        if same && self.known.values().all(|owed| owed.next().is_none()) {
            return Wanted::new();
        }
        let mut before = std::mem::take(&mut self.known);
        let mut wanted = Wanted::new();
        for (key, one, owner) in found(state) {
            if one.superseded.is_some()
                && let Some(owed) = self.known.get_mut(&key)
            {
                owed.hides_another();
                continue;
            }
            let known = before.remove(&key);
            let start = match &known {
                None if is_first => Start::First,
                None => Start::New,
                Some(owed)
                    if owed.is_older_than(&one)
                        || owed.is_of_another_port(&one, owner.as_ref()) =>
                {
                    Start::New
                }
                Some(_) => Start::Again,
            };
            let is_same = |owed: &OwedAttachment| start != Start::New && owed.is_of(owner.as_ref());
            let known = known.filter(is_same);
            let mut owed = known.unwrap_or_else(|| OwedAttachment::of(one.clone(), owner, start));
            if one.superseded.is_some() {
                owed.settle();
            }
            if let Some(id) = owed.may_be_due() {
                let (claim, why) = judged(state, &one);
                if owed.is_due(one, claim, why) {
                    wanted.insert(key.clone(), id);
                }
            } else {
                owed.sees(one);
            }
            self.known.insert(key, owed);
        }
        self.keep_out_of_sight(before, state);
        wanted
    }

    /// What is remembered no more may come into sight again while its container runs, as what a bridge
    /// remembers when the port that hid it goes: that is no start.
    fn keep_out_of_sight(&mut self, gone: BTreeMap<RememberedKey, OwedAttachment>, state: &State) {
        let running = running(&state.snapshot);
        for (key, mut owed) in gone.into_iter().filter(|(_, owed)| owed.is_of_one_of(&running)) {
            owed.settle();
            self.known.insert(key, owed);
        }
    }

    /// Those alone: what else was taken from the same containers by hand stays away.
    async fn restore(&mut self, wanted: &Wanted) {
        let request = request_of(wanted);
        match self.host.restore_despite(&request, &mut self.doubts).await {
            Ok(all) => {
                self.failure = None;
                let counted = all.iter().filter(|one| one.what.superseded.is_none());
                let done: BTreeMap<_, _> =
                    counted.filter_map(|one| Some((one.what.key()?, one))).collect();
                for (key, owed) in self.known.iter_mut().filter(|(key, _)| wanted.contains_key(key))
                {
                    owed.came_to(done.get(key).map(|one| &one.how));
                }
                for one in &all {
                    self.tell(one);
                }
            }
            Err(act_error) => {
                let asked = self.known.iter_mut().filter(|(key, _)| wanted.contains_key(key));
                for (_, owed) in asked.filter(|(_, owed)| owed.next().is_some()) {
                    owed.failed(&act_error);
                    self.daemon.restores.count(RestoreResult::Failed);
                }
                let why = act_error.to_string();
                if self.failure.as_ref() != Some(&why) {
                    let containers: BTreeSet<_> =
                        wanted.values().map(ToString::to_string).collect();
                    let containers: Vec<_> = containers.into_iter().collect();
                    error!("cannot restore {}: {why}", containers.join(", "));
                }
                self.failure = Some(why);
            }
        }
    }

    /// Counts what came of one, and tells it in so far as it is news.
    fn tell(&mut self, one: &Restored) {
        let row = v1_row(one);
        let Some(sentence) = row.sentence() else { return };
        self.daemon.restores.count(row.result);
        let owed = one.what.key().and_then(|key| self.known.get_mut(&key));
        if owed.is_some_and(|owed| !owed.is_news(&sentence)) {
            return;
        }
        match row.result {
            RestoreResult::Failed => error!("{sentence}"),
            RestoreResult::Skipped => warn!("{sentence}"),
            _ => info!("{sentence}"),
        }
    }

    /// Publishes what is owed, where that is something else than before.
    fn tell_owed(&self) {
        let mut rows: Vec<_> = self.known.values().filter_map(OwedAttachment::row).collect();
        rows.sort();
        self.daemon.restores.owe(rows, &self.daemon.published);
    }
}

/// Names no container: one that has vanished since the look would have the whole request refused.
fn request_of(wanted: &Wanted) -> Restore {
    Restore { containers: Vec::new(), only: Some(wanted.keys().cloned().collect()) }
}

/// Waits for a change, or until `next`; no more where no state is told.
async fn woken<T>(changes: &mut watch::Receiver<T>, next: Option<Instant>) -> bool {
    let Some(next) = next else { return changes.changed().await.is_ok() };
    tokio::select! {
        told = changes.changed() => told.is_ok(),
        () = sleep_until(next) => true,
    }
}

/// Those that have an interface of ours whose TCP and UDP do not arrive: an earlier version made
/// it, or the switch has changed since. Each link once: an offload that is turned on again by
/// hand is meant.
fn without_checksums(wiring: &Wiring, tried: &mut BTreeSet<(NetnsId, Ifindex)>) -> Wanted {
    let note = |note: &Note| matches!(note, Note::ChecksumOffload { .. });
    let lacking = wiring.attachments.iter().filter(|found| found.notes.iter().any(note));
    let lacking: Vec<_> = lacking.collect();
    if lacking.is_empty() && tried.is_empty() {
        return Wanted::new();
    }
    let rows = wiring.ports.iter().map(|row| ((&row.bridge, &row.port.iface), row));
    let rows: BTreeMap<_, _> = rows.collect();
    let own = |bridge: &Name, iface: &Name| {
        let row = rows.get(&(bridge, iface))?;
        let is_ours = PortRecord::of(&row.port)?.ours;
        RememberedKey::of(bridge, &row.port).filter(|_| is_ours)
    };
    let lacking = lacking.into_iter().filter_map(|attachment| {
        let port = attachment.port.port()?;
        Some((attachment, own(&port.bridge, &port.iface)?))
    });
    let key = |found: &Attachment| (found.netns, found.link.ifindex);
    let there: BTreeSet<_> = wiring.attachments.iter().map(key).collect();
    tried.retain(|link| there.contains(link));
    let new = lacking.filter(|(found, _)| tried.insert(key(found)));
    let of = |(found, key): (&Attachment, RememberedKey)| {
        let its = found.tenants.iter().find(|tenant| *tenant.id.0 == *key.container);
        let its = its.or(found.tenants.first())?.id.clone();
        Some((key, its))
    };
    new.filter_map(of).collect()
}

fn v1_row(one: &Restored) -> v1::Restored {
    match &one.how {
        Done::As(action) => v1::Restored::done(&one.what, action),
        Done::Failed(act_error) => v1::Restored::failed(&one.what, act_error),
    }
}

//! `--restore`: when a container that the database remembers starts, its attachments are made
//! again on the same numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use host::{Done, Host, Restored};
use model::evidence::Note;
use model::ids::{ContainerId, Ifindex, Name, NetnsId};
use model::plan::{Restore, SwitchStep, renames};
use model::port_record::PortRecord;
use model::wiring::Attachment;
use model::{Snapshot, Wiring};
use report::v1::{self, RestoreResult};
use tokio::sync::watch;
use tokio::time::sleep_until;
use tracing::{error, info, warn};

use crate::daemon::Daemon;
use crate::state::State;

mod owed;

use owed::{Claim, Owed};

/// After an attempt that a missing source has spoilt.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// What is in doubt is asked about again after twice as long each time, but not less often.
const RETRY_AT_LEAST: Duration = Duration::from_secs(60);

type RunningContainers = BTreeMap<ContainerId, Owed>;

/// Restores whatever starts, as long as the daemon runs, and tells what was done. What
/// started before the daemon did is restored too.
pub(crate) async fn keep_restoring(host: Host, daemon: Arc<Daemon>) {
    let mut changes = daemon.published.follow();
    let (mut running, mut tried) = (RunningContainers::new(), BTreeSet::new());
    let mut named = BTreeSet::new();
    while woken(&mut changes, &running).await {
        let Some(state) = daemon.published.now() else { continue };
        running = still_running(running, &state.snapshot);
        note_names(&host, &state, &mut named).await;
        let mut wanted = due(&state, &mut running);
        wanted.extend(without_checksums(&state.wiring, &mut tried));
        if wanted.is_empty() {
            continue;
        }
        let request = Restore { containers: wanted.iter().map(ToString::to_string).collect() };
        match host.restore(&request).await {
            Ok(all) => {
                for one in &all {
                    let owed = running.iter_mut().filter(|(id, _)| wanted.contains(id));
                    let mut owed = owed.filter(|(id, _)| is_of(&state, id, one));
                    let new = owed.next().is_none_or(|(_, owed)| owed.told(&told(one)));
                    if new {
                        tell(one);
                    }
                }
                let done = running.iter_mut().filter(|(id, _)| wanted.contains(id));
                done.for_each(|(id, owed)| {
                    let own = all.iter().filter(|one| is_of(&state, id, one));
                    owed.came_to(own.map(|one| &one.how));
                });
            }
            Err(act_error) => {
                error!("cannot restore {}: {act_error}", request.containers.join(", "));
                let missed = running.iter_mut().filter(|(id, _)| wanted.contains(id));
                missed.for_each(|(_, owed)| owed.try_again());
            }
        }
    }
}

/// Waits for a change, or until something is to be tried again; no more where no state is told.
async fn woken<T>(changes: &mut watch::Receiver<T>, running: &RunningContainers) -> bool {
    let next = running.values().filter_map(Owed::next).min();
    let Some(next) = next else { return changes.changed().await.is_ok() };
    tokio::select! {
        told = changes.changed() => told.is_ok(),
        () = sleep_until(next) => true,
    }
}

/// Those that run now, with what is known of them from before. A restarted container has another
/// first process.
fn still_running(mut before: RunningContainers, snapshot: &Snapshot) -> RunningContainers {
    let all = snapshot.containers();
    let alive = all.filter(|row| row.netns.is_some());
    let alive = alive.filter_map(|row| Some((row.id.clone(), row.pid?)));
    let container = |(id, pid): (ContainerId, u32)| {
        let same = before.remove(&id).filter(|owed| owed.pid() == pid);
        let owed = same.unwrap_or_else(|| Owed::of(pid));
        (id, owed)
    };
    alive.map(container).collect()
}

/// Those that have something to get back which they had before they started.
fn due(state: &State, running: &mut RunningContainers) -> BTreeSet<ContainerId> {
    let mut wanted = BTreeSet::new();
    for (id, owed) in running.iter_mut().filter(|(_, owed)| owed.next().is_some()) {
        let claim = Claim::of(state, id);
        if owed.is_due(claim) {
            wanted.insert(id.clone());
        }
    }
    wanted
}

fn is_of(state: &State, id: &ContainerId, one: &Restored) -> bool {
    let row = state.snapshot.container_by_id(id);
    row.is_some_and(|row| row.name == one.what.container)
}

/// Writes down what containers are called now; each name is tried once.
async fn note_names(host: &Host, state: &State, tried: &mut BTreeSet<(Name, String)>) {
    let wrong = renames(&state.snapshot, &state.wiring);
    let key = |step: &SwitchStep| match step {
        SwitchStep::Rewrite { port, external_ids, .. } => {
            Some((port.iface.clone(), external_ids.get("docker-ovs.name")?.clone()))
        }
        _ => None,
    };
    let new = wrong.iter().filter_map(key).filter(|key| tried.insert(key.clone())).count();
    if new == 0 {
        return;
    }
    if let Err(act_error) = host.note_names().await {
        warn!("new names of containers are not noted: {act_error}");
        tried.clear();
    }
}

/// Those that have an interface of ours whose TCP and UDP do not arrive: an earlier version made
/// it, or the switch has changed since. Each link once: an offload that is turned on again by
/// hand is meant.
fn without_checksums(
    wiring: &Wiring,
    tried: &mut BTreeSet<(NetnsId, Ifindex)>,
) -> BTreeSet<ContainerId> {
    let is_ours = |bridge: &Name, iface: &Name| {
        let mut rows = wiring.ports.iter();
        let row = rows.find(|row| row.bridge == *bridge && row.port.iface == *iface);
        row.and_then(|row| PortRecord::of(&row.port)).is_some_and(|record| record.ours)
    };
    let lacking = wiring.attachments.iter().filter(|attachment| {
        let note = |note: &Note| matches!(note, Note::ChecksumOffload { .. });
        let port = attachment.port.port();
        attachment.notes.iter().any(note)
            && port.is_some_and(|port| is_ours(&port.bridge, &port.iface))
    });
    let key = |found: &Attachment| (found.netns, found.link.ifindex);
    tried.retain(|link| wiring.attachments.iter().any(|found| key(found) == *link));
    let new = lacking.filter(|found| tried.insert(key(found)));
    new.flat_map(|found| &found.tenants).map(|tenant| tenant.id.clone()).collect()
}

/// The sentence that is told of one, whether or not it is worth a line.
fn told(one: &Restored) -> String {
    v1_row(one).sentence().unwrap_or_default()
}

fn v1_row(one: &Restored) -> v1::Restored {
    match &one.how {
        Done::As(action) => v1::Restored::done(&one.what, action),
        Done::Failed(act_error) => v1::Restored::failed(&one.what, act_error),
    }
}

/// Tells what is worth a line of it.
fn tell(one: &Restored) {
    let row = v1_row(one);
    let Some(sentence) = row.sentence() else { return };
    match row.result {
        RestoreResult::Failed => error!("{sentence}"),
        RestoreResult::Skipped => warn!("{sentence}"),
        _ => info!("{sentence}"),
    }
}

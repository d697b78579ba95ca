//! `--restore`: when a container that the database remembers starts, its attachments are made
//! again on the same numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use host::{Done, Host, Restored};
use model::evidence::Note;
use model::ids::{ContainerId, Ifindex, Name, NetnsId};
use model::plan::Restore;
use model::port_record::PortRecord;
use model::wiring::Attachment;
use model::{Snapshot, Wiring};
use report::v1::{self, RestoreResult};
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::daemon::Daemon;
use crate::state::State;

/// After an attempt that a missing source has spoilt.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// So long after a start what is left behind is taken for what the container had before. The
/// sources need not tell of its end and of its start in order.
const RESTORE_WINDOW: Duration = Duration::from_secs(10);

/// A container that runs.
#[derive(Clone, Copy, Debug)]
struct RunningContainer {
    /// Its first process: a restarted container has another.
    pid: u32,
    /// When that was seen first.
    since: Instant,
    restored: bool,
}

type RunningContainers = BTreeMap<ContainerId, RunningContainer>;

/// Restores whatever starts, as long as the daemon runs, and tells what was done. What
/// started before the daemon did is restored too.
pub(crate) async fn keep_restoring(host: Host, daemon: Arc<Daemon>) {
    let mut changes = daemon.published.follow();
    let (mut running, mut tried) = (RunningContainers::new(), BTreeSet::new());
    while changes.changed().await.is_ok() {
        let Some(state) = daemon.published.now() else { continue };
        running = still_running(&running, &state.snapshot);
        let mut robbed = robbed(&state, &running);
        robbed.extend(without_checksums(&state.wiring, &mut tried));
        if robbed.is_empty() {
            continue;
        }
        let request = Restore { containers: robbed.iter().map(ToString::to_string).collect() };
        match host.restore(&request).await {
            Ok(all) => {
                all.iter().for_each(tell);
                let done = running.iter_mut().filter(|(id, _)| robbed.contains(id));
                done.for_each(|(_, container)| container.restored = true);
            }
            Err(act_error) => {
                error!("cannot restore {}: {act_error}", request.containers.join(", "));
                sleep(RETRY_AFTER).await;
                changes.mark_changed();
            }
        }
    }
}

/// Those that run now, with what is known of them from before.
fn still_running(before: &RunningContainers, snapshot: &Snapshot) -> RunningContainers {
    let all = snapshot.containers();
    let alive = all.filter(|row| row.netns.is_some());
    let alive = alive.filter_map(|row| Some((row.id.clone(), row.pid?)));
    let container = |(id, pid): (ContainerId, u32)| {
        let same = before.get(&id).filter(|container| container.pid == pid).copied();
        (id, same.unwrap_or(RunningContainer { pid, since: Instant::now(), restored: false }))
    };
    alive.map(container).collect()
}

/// Those that have just started, while a port of theirs is without a link.
fn robbed(state: &State, running: &RunningContainers) -> BTreeSet<ContainerId> {
    let young = |id: &ContainerId| {
        running.get(id).is_some_and(|container| {
            !container.restored && container.since.elapsed() < RESTORE_WINDOW
        })
    };
    let ports = state.wiring.ports.iter();
    let owners = ports.filter_map(|port| port.occupant.last_tenant()?.container.as_ref());
    owners.map(|owner| owner.id.clone()).filter(young).collect()
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

/// Tells what is worth a line of it.
fn tell(one: &Restored) {
    let row = match &one.how {
        Done::As(action) => v1::Restored::done(&one.what, action),
        Done::Failed(act_error) => v1::Restored::failed(&one.what, act_error),
    };
    let Some(sentence) = row.sentence() else { return };
    match row.result {
        RestoreResult::Failed => error!("{sentence}"),
        RestoreResult::Skipped => warn!("{sentence}"),
        _ => info!("{sentence}"),
    }
}

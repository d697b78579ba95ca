//! The one task that keeps the state up to date.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use host::watch::PENDING_OFPORT_TIMEOUT;
use host::{Observe, Origin, Question};
use model::timeline::{self, Change, Timeline};
use model::wiring::Attachment;
use model::{Look, Snapshot};
use report::v1::{self, SourceState};
use sd_notify::NotifyState;
use tokio::task::yield_now;
use tokio::time::sleep_until;
use tracing::{info, warn};

use crate::daemon::Daemon;
use crate::json::json;
use crate::state::{Event, State};

/// Follows the host for ever, and tells the service manager when the first look has ended.
pub(crate) async fn follow(origin: Origin, daemon: Arc<Daemon>) {
    let mut publisher = Publisher::default();
    let Origin::Live(host) = &origin else {
        // What was recorded does not change.
        let snapshot = origin.observe(&Question::default()).await;
        drop(publisher.publish(&daemon, Arc::new(snapshot)));
        return ready();
    };
    let (start, mut watch) = (Instant::now(), host.watch());
    drop(publisher.publish(&daemon, watch.next().await));
    daemon.timings.looked(start.elapsed());
    ready();
    loop {
        let waits_until = publisher.waits_until;
        let no_ofport_yet = async {
            match waits_until {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        let before = tokio::select! {
            snapshot = watch.next() => publisher.publish(&daemon, snapshot),
            () = no_ofport_yet => publisher.stop_waiting(&daemon),
        };
        // Clients are told first.
        yield_now().await;
        drop(before);
    }
}

fn ready() {
    // Without a service manager this does nothing.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
}

/// What clients have been sent so far.
#[derive(Default)]
struct Publisher {
    timeline: Timeline,
    sources: Option<Vec<v1::Source>>,
    look: Option<Look>,
    /// Until when a number that is still to come is waited for.
    waits_until: Option<tokio::time::Instant>,
}

impl Publisher {
    /// What was known before is given back.
    fn publish(&mut self, daemon: &Daemon, snapshot: Arc<Snapshot>) -> Option<Arc<State>> {
        let start = Instant::now();
        let look = Look::new(snapshot);
        daemon.timings.resolved(start.elapsed());
        let is_first = self.sources.is_none();
        let changes = self.timeline.advance(&look.wiring, look.snapshot.taken);
        // What a daemon finds when it starts did not happen then.
        let kept = if is_first { Vec::new() } else { changes.clone() };
        daemon.history.push(look.snapshot.clone(), kept, look.snapshot.taken);
        let events = self.advance(&look.snapshot, &changes);
        let told = self.timeline.as_told(&look.wiring);
        self.waits_until = match (self.timeline.is_waiting(), self.waits_until) {
            (false, _) => None,
            (true, Some(due)) => Some(due),
            (true, None) => Some(tokio::time::Instant::now() + PENDING_OFPORT_TIMEOUT),
        };
        self.look = Some(look.clone());
        daemon.published.publish(look, told, events)
    }

    /// Tells of numbers that are still to come.
    fn stop_waiting(&mut self, daemon: &Daemon) -> Option<Arc<State>> {
        self.waits_until = None;
        let look = self.look.clone()?;
        let now = host::now();
        let events = self.timeline.stop_waiting(&look.wiring, now);
        daemon.history.push(look.snapshot.clone(), events.clone(), now);
        let told = self.timeline.as_told(&look.wiring);
        daemon.published.publish(look, told, events.iter().flat_map(self::events).collect())
    }

    /// What is new. The first look is no event: clients start with a state, not with events.
    fn advance(&mut self, snapshot: &Snapshot, events: &[timeline::Event]) -> Vec<Event> {
        let sources = v1::sources(snapshot);
        let before: Vec<_> = self.sources.iter().flatten().collect();
        let new = sources.iter().filter(|source| !before.contains(source));
        new.filter(|source| self.sources.is_some() || !is_fresh(source)).for_each(tell);
        if self.sources.is_none() {
            self.sources = Some(sources);
            return Vec::new();
        }
        let mut told: Vec<_> = events.iter().flat_map(self::events).collect();
        if self.sources.as_ref() != Some(&sources) {
            told.push(Event { name: Some("sources"), json: json(&sources) });
            self.sources = Some(sources);
        }
        told
    }
}

fn is_fresh(source: &v1::Source) -> bool {
    source.state == SourceState::Fresh
}

/// How a source is, when that is news.
fn tell(source: &v1::Source) {
    let v1::Source { source: name, state, reason, .. } = source;
    match reason {
        _ if is_fresh(source) => info!("{name} is {state}"),
        Some(why) => warn!("{name} is {state}: {why}"),
        None => warn!("{name} is {state}"),
    }
}

/// What clients are told of a change. Namespaces that no container has are no rows of
/// `/v1/attachments`: what is told of their links has a name of its own, so that who applies the
/// others knows those rows.
fn events(event: &timeline::Event) -> Vec<Event> {
    const NAMESPACE: Option<&str> = Some("namespace");
    let told = |name, change: Change| {
        let event = timeline::Event { at: event.at, change };
        Event { name, json: json(&v1::Event::from(&event)) }
    };
    let name = |of: &Attachment| if of.tenants.is_empty() { NAMESPACE } else { None };
    match &event.change {
        Change::Appeared(row) | Change::Vanished(row) => {
            vec![told(name(row), event.change.clone())]
        }
        Change::Changed { before, now, .. } if name(before) == name(now) => {
            vec![told(name(now), event.change.clone())]
        }
        Change::Changed { before, now, .. } => vec![
            told(name(before), Change::Vanished(before.clone())),
            told(name(now), Change::Appeared(now.clone())),
        ],
        Change::Orphaned(_) | Change::Cleared(_) => vec![told(None, event.change.clone())],
    }
}

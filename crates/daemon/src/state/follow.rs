//! The one task that keeps the state up to date.

use std::sync::Arc;
use std::time::Instant;

use host::{Observe, Origin, Question};
use model::timeline::{self, Timeline};
use model::{Look, Snapshot};
use report::v1::{self, SourceState};
use sd_notify::NotifyState;
use tracing::{info, warn};

use crate::daemon::Daemon;
use crate::state::{Event, json};

/// Follows the host for ever, and tells the service manager when the first look has ended.
pub(crate) async fn follow(origin: Origin, daemon: Arc<Daemon>) {
    let mut publisher = Publisher::default();
    let Origin::Live(host) = &origin else {
        // What was recorded does not change.
        let snapshot = origin.observe(&Question::default()).await;
        publish(&daemon, &mut publisher, Arc::new(snapshot));
        return ready();
    };
    let (start, mut watch) = (Instant::now(), host.watch());
    publish(&daemon, &mut publisher, watch.next().await);
    daemon.timings.looked(start.elapsed());
    ready();
    loop {
        publish(&daemon, &mut publisher, watch.next().await);
    }
}

fn ready() {
    // Without a service manager this does nothing.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
}

fn publish(daemon: &Daemon, publisher: &mut Publisher, snapshot: Arc<Snapshot>) {
    let start = Instant::now();
    let look = Look::new(snapshot);
    daemon.timings.resolved(start.elapsed());
    let events = publisher.advance(&look.snapshot, &look.wiring);
    daemon.published.publish(look, events);
}

/// What clients have been sent so far.
#[derive(Default)]
struct Publisher {
    timeline: Timeline,
    sources: Option<Vec<v1::Source>>,
}

impl Publisher {
    /// What is new. The first look is no event: clients start with a state, not with events.
    fn advance(&mut self, snapshot: &Snapshot, wiring: &model::Wiring) -> Vec<Event> {
        let events = self.timeline.advance(wiring, snapshot.taken);
        let sources = v1::sources(snapshot);
        let before: Vec<_> = self.sources.iter().flatten().collect();
        let new = sources.iter().filter(|source| !before.contains(source));
        new.filter(|source| self.sources.is_some() || !is_fresh(source)).for_each(tell);
        if self.sources.is_none() {
            self.sources = Some(sources);
            return Vec::new();
        }
        let mut told: Vec<_> = events.iter().map(event).collect();
        if self.sources.as_ref() != Some(&sources) {
            told.push(Event { name: Some("sources"), json: json(&sources).into() });
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

fn event(event: &timeline::Event) -> Event {
    Event { name: None, json: json(&v1::Event::from(event)).into() }
}

//! The one task that keeps the present up to date.

use std::sync::Arc;
use std::time::Instant;

use host::{Host, Question};
use model::timeline::{Event, Timeline};
use model::{Snapshot, resolve};
use report::v1;
use sd_notify::NotifyState;

use crate::daemon::Daemon;
use crate::state::{Look, News, json};

/// Follows the host for ever, and says to the service manager when the first look has ended.
pub(crate) async fn follow(host: Host, daemon: Arc<Daemon>) {
    let mut teller = Teller::default();
    if host.is_recorded() {
        // What was recorded does not change.
        publish(&daemon, &mut teller, Arc::new(host.look(&Question::default()).await));
        return ready();
    }
    let (start, mut watch) = (Instant::now(), host.watch());
    publish(&daemon, &mut teller, watch.next().await);
    daemon.pace.looked(start.elapsed());
    ready();
    loop {
        publish(&daemon, &mut teller, watch.next().await);
    }
}

fn ready() {
    // Without a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
}

fn publish(daemon: &Daemon, teller: &mut Teller, snapshot: Arc<Snapshot>) {
    let start = Instant::now();
    let wiring = Arc::new(resolve(&snapshot));
    daemon.pace.resolved(start.elapsed());
    let news = teller.advance(&snapshot, &wiring);
    daemon.live.publish(Look { snapshot, wiring }, news);
}

/// What was told so far.
#[derive(Default)]
struct Teller {
    timeline: Timeline,
    sources: Option<Vec<v1::Source>>,
}

impl Teller {
    /// What is new. The first look is none: nobody was told anything before.
    fn advance(&mut self, snapshot: &Snapshot, wiring: &model::Wiring) -> Vec<News> {
        let events = self.timeline.advance(wiring, snapshot.taken);
        let sources = v1::sources(snapshot);
        if self.sources.is_none() {
            self.sources = Some(sources);
            return Vec::new();
        }
        let mut news: Vec<_> = events.iter().map(event).collect();
        if self.sources.as_ref() != Some(&sources) {
            news.push(News { name: Some("sources"), json: json(&sources).into() });
            self.sources = Some(sources);
        }
        news
    }
}

fn event(event: &Event) -> News {
    News { name: None, json: json(&v1::Event::from(event)).into() }
}

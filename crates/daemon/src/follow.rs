//! The one task that keeps the present up to date.

use std::sync::Arc;
use std::time::Instant;

use host::{Observe, Origin, Question};
use model::timeline::{Event, Timeline};
use model::{Look, Snapshot};
use report::v1;
use sd_notify::NotifyState;

use crate::daemon::Daemon;
use crate::state::{News, json};

/// Follows the host for ever, and says to the service manager when the first look has ended.
pub(crate) async fn follow(origin: Origin, daemon: Arc<Daemon>) {
    let mut teller = Teller::default();
    let Origin::Live(host) = &origin else {
        // What was recorded does not change.
        let snapshot = origin.observe(&Question::default()).await;
        publish(&daemon, &mut teller, Arc::new(snapshot));
        return ready();
    };
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
    let look = Look::new(snapshot);
    daemon.pace.resolved(start.elapsed());
    let news = teller.advance(&look.snapshot, &look.wiring);
    daemon.live.publish(look, news);
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

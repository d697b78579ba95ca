//! Following an engine: events, silence, outages.

use std::sync::Arc;
use std::time::Duration;

use host::engine::{Engine, Event};
use host::watch::Watch;
use model::ids::ContainerId;
use model::snapshot::Container;
use model::{Observed, Snapshot, SourceErrorKind};
use tokio::time::{Instant, timeout};

use crate::fake_engine::FakeEngine;
use crate::rows::{container, host, kind, with_pid};

struct Followed {
    engine: Arc<FakeEngine>,
    watch: Watch,
    folder: tempfile::TempDir,
}

impl Followed {
    fn start() -> Self {
        let engine = FakeEngine::new("docker", vec![container("d1", "web")]);
        let (host, folder) = host(vec![Arc::clone(&engine) as Arc<dyn Engine>]);
        Self { engine, watch: host.watch(), folder }
    }

    /// The rows of the first look that is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Observed<Container>) -> bool) -> Arc<Snapshot> {
        let seen = async {
            loop {
                let snapshot = self.watch.next().await;
                if wanted(&snapshot.engines[&kind("docker")]) {
                    return snapshot;
                }
            }
        };
        let seen = timeout(Duration::from_secs(120), seen).await;
        assert!(self.folder.path().exists(), "the host keeps its folder");
        seen.expect("it is seen in time")
    }

    fn changed(&self, id: &str) {
        self.engine.tell(Event::Changed(ContainerId(id.into())));
    }
}

fn names(rows: &Observed<Container>) -> Vec<&str> {
    rows.rows().iter().map(|row| &*row.name).collect()
}

#[tokio::test(start_paused = true)]
async fn a_container_that_an_event_is_about_is_inspected_and_no_other() {
    let mut followed = Followed::start();
    followed.until(|rows| rows.is_fresh() && names(rows) == ["web"]).await;
    followed.engine.set(vec![container("d1", "web"), container("d2", "db")]);
    followed.changed("d2");
    followed.until(|rows| names(rows) == ["web", "db"]).await;
    assert_eq!(followed.engine.count("inspect d1"), 1);
    assert_eq!(followed.engine.count("list"), 1);
    followed.engine.set(vec![container("d2", "db")]);
    followed.changed("d1");
    followed.until(|rows| names(rows) == ["db"]).await;
}

#[tokio::test(start_paused = true)]
async fn containers_are_listed_again_where_events_were_dropped() {
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    followed.engine.set(vec![container("d2", "db")]);
    followed.engine.tell(Event::Missed);
    followed.until(|rows| names(rows) == ["db"]).await;
    assert_eq!(followed.engine.count("list"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_silent_engine_is_asked_whether_it_lives_and_is_stale_until_it_says_so() {
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    let start = Instant::now();
    followed.engine.hang(true);
    let stale = followed.until(|rows| !rows.is_fresh()).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let rows = &stale.engines[&kind("docker")];
    assert_eq!(names(rows), ["web"], "what was known is kept");
    assert_eq!(rows.source_error().unwrap().kind, SourceErrorKind::TimedOut);
    followed.engine.hang(false);
    followed.until(Observed::is_fresh).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_ends_is_stale_and_listed_anew_when_it_is_back() {
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    followed.engine.go_down();
    followed.until(|rows| !rows.is_fresh() && names(rows) == ["web"]).await;
    followed.engine.set(vec![container("d2", "db")]);
    followed.engine.come_up();
    followed.until(|rows| rows.is_fresh() && names(rows) == ["db"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_never_was_there_is_absent_and_comes() {
    let engine = FakeEngine::new("docker", vec![container("d1", "web")]);
    engine.go_down();
    let (host, folder) = host(vec![Arc::clone(&engine) as Arc<dyn Engine>]);
    let mut followed = Followed { engine, watch: host.watch(), folder };
    followed.until(|rows| rows.absence().is_some()).await;
    followed.engine.come_up();
    followed.until(|rows| rows.is_fresh() && names(rows) == ["web"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_the_engine_cannot_tell_of_ends_no_watch() {
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    followed.engine.set(vec![container("d1", "web"), container("d2", "db")]);
    followed.engine.refuses("d2", SourceErrorKind::Unusable);
    followed.changed("d2");
    followed.until(|rows| names(rows) == ["web", "db"]).await;
    followed.engine.set(vec![container("d1", "other"), container("d2", "db")]);
    followed.changed("d1");
    followed.until(|rows| names(rows) == ["other", "db"] && rows.is_fresh()).await;
    assert_eq!(followed.engine.count("events"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_late_is_asked_for_again() {
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    followed.engine.set(vec![container("d1", "web"), container("d2", "db")]);
    followed.engine.starts("d2", true);
    followed.changed("d2");
    let late = |rows: &Observed<Container>| {
        let row = rows.rows().iter().find(|row| &*row.name == "db");
        row.and_then(|row| row.netns_error.clone()).map(|source_error| source_error.kind)
    };
    followed.until(|rows| late(rows) == Some(SourceErrorKind::TimedOut)).await;
    followed.engine.starts("d2", false);
    followed.until(|rows| names(rows) == ["web", "db"] && late(rows).is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn what_an_engine_lists_and_cannot_tell_of_is_as_it_was_known() {
    let pid = std::process::id();
    let known = |rows: &Observed<Container>, why: SourceErrorKind| {
        let row = rows.rows().iter().find(|row| &*row.name == "web").unwrap();
        let kind = row.netns_error.as_ref().map(|error| error.kind);
        rows.is_fresh() && (row.pid, kind) == (Some(pid), Some(why))
    };
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    followed.engine.set(vec![with_pid(container("d1", "web"), pid)]);
    followed.changed("d1");
    // Nothing proves that the process is the container's.
    followed.until(|rows| known(rows, SourceErrorKind::Unusable)).await;
    followed.engine.starts("d1", true);
    followed.engine.tell(Event::Missed);
    followed.until(|rows| known(rows, SourceErrorKind::TimedOut)).await;
    // Nor when it was away meanwhile.
    followed.engine.refuses("d1", SourceErrorKind::Garbled);
    followed.engine.starts("d1", false);
    followed.engine.go_down();
    followed.until(|rows| !rows.is_fresh()).await;
    followed.engine.come_up();
    followed.until(|rows| known(rows, SourceErrorKind::Garbled)).await;
    // What it does not list is gone.
    followed.engine.set(vec![container("d2", "db")]);
    followed.engine.tell(Event::Missed);
    followed.until(|rows| names(rows) == ["db"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_together_with_an_answer_is_not_forgotten() {
    let mut followed = Followed::start();
    followed.until(Observed::is_fresh).await;
    followed.engine.starts("d1", true);
    followed.changed("d1");
    tokio::time::sleep(Duration::from_millis(10)).await;
    followed.engine.set(vec![container("d1", "web2"), container("d2", "db")]);
    followed.changed("d2");
    // The event is packet_sockets, and the answer comes before it is acted upon.
    tokio::task::yield_now().await;
    followed.engine.starts("d1", false);
    followed.until(|rows| names(rows) == ["web2", "db"]).await;
}

#[tokio::test(start_paused = true)]
async fn one_engine_that_is_away_keeps_no_other_back() {
    let docker = FakeEngine::new("docker", vec![container("d1", "web")]);
    let other = FakeEngine::new("other", vec![container("o1", "cache")]);
    other.go_down();
    let (host, _folder) = host(vec![Arc::clone(&docker) as Arc<dyn Engine>, other.clone()]);
    let mut watch = host.watch();
    let first = watch.next().await;
    assert_eq!(names(&first.engines[&kind("docker")]), ["web"]);
    assert!(first.engines[&kind("other")].absence().is_some());
    other.come_up();
    while !watch.next().await.engines[&kind("other")].is_fresh() {}
}

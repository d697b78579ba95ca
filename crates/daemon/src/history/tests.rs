use std::sync::mpsc::channel;
use std::time::Duration;

use journal::Past;
use tokio::sync::watch;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::advance;

use super::*;
use crate::places::Owner;

const ARTICLE: &str = include_str!("../../../cli/tests/scenes/article.json");
const LATER: &str = include_str!("../../../cli/tests/scenes/article-later.json");
/// When the first look was, in milliseconds since the Unix epoch.
const START: u64 = 1_700_000_000_000;

/// A history that is kept in a folder, and how long it was since the first look.
struct Kept {
    folder: tempfile::TempDir,
    history: Arc<History>,
    stop: watch::Sender<bool>,
    keeping: JoinHandle<()>,
    at: Duration,
}

impl Kept {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            HistorySettings { folder: folder.path().join("journal"), limits: Limits::default() };
        let history = Arc::new(History::new(Some(settings)));
        let (stop, stopped) = watch::channel(false);
        let keeping = tokio::spawn(keep(history.clone(), stopped));
        let mut kept = Self { folder, history, stop, keeping, at: Duration::ZERO };
        kept.look(ARTICLE).await;
        kept
    }

    fn now(&self) -> u64 {
        START + u64::try_from(self.at.as_millis()).unwrap()
    }

    /// A look at this moment, which is waited for until it is on the disk, or is none.
    async fn look(&mut self, scene: &str) {
        let now = self.now();
        let snapshot = Snapshot { taken: now, ..serde_json::from_str(scene).unwrap() };
        self.history.push(Arc::new(snapshot), Vec::new(), now);
        self.settle().await;
    }

    /// Time does not go by for those who are asked again and again.
    async fn settle(&self) {
        while self.history.pending() > 0 {
            yield_now().await;
        }
    }

    async fn after(&mut self, span: Duration) {
        self.at += span;
        // What was just written is followed by a pause, which must have begun.
        for _ in 0..10 {
            yield_now().await;
        }
        advance(span).await;
    }

    /// How long ago that is which is known last.
    fn age(&self) -> Duration {
        let folder = self.folder.path().join("journal");
        let past = Past::open(&folder, self.now()).unwrap();
        assert_eq!(past.known().len(), 1, "nothing was missed");
        Duration::from_millis(self.now() - past.ends().unwrap())
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.keeping.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn looks_without_a_difference_leave_nothing_unknown() {
    for often in [2, 20, 45, 59] {
        let mut kept = Kept::begin().await;
        for _ in 0..600 / often {
            kept.after(Duration::from_secs(often)).await;
            kept.look(ARTICLE).await;
            let age = kept.age();
            assert!(age <= Duration::from_secs(2), "every {often} s: {age:?} at {:?}", kept.at);
        }
        kept.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn looks_without_a_difference_among_others_leave_nothing_unknown() {
    let mut kept = Kept::begin().await;
    for scene in [LATER, LATER, LATER, ARTICLE, LATER, LATER, LATER, LATER, LATER, ARTICLE] {
        for _ in 0..2 {
            kept.after(Duration::from_secs(20)).await;
            kept.look(scene).await;
            assert!(kept.age() <= Duration::from_secs(2), "at {:?}", kept.at);
        }
    }
    kept.end().await;
}

#[tokio::test]
async fn what_is_read_does_not_keep_a_look_from_the_disk() {
    let mut kept = Kept::begin().await;
    let mut ends = Vec::new();
    let mut readers = Vec::new();
    for user in 0..100 {
        let (end, ended) = channel::<()>();
        ends.push(end);
        let history = kept.history.clone();
        readers.push(tokio::spawn(async move {
            let work = history.requests.turn(Owner::User(user)).await;
            work.run(move || Ok(ended.recv().is_err())).await
        }));
    }
    kept.at = Duration::from_secs(1);
    tokio::time::timeout(Duration::from_secs(30), kept.look(LATER)).await.expect("it is written");
    drop(ends);
    for reader in readers {
        let (_, ended) = reader.await.unwrap().unwrap();
        assert!(ended);
    }
    kept.end().await;
}

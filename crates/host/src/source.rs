//! A source that is watched: what it told last, and whether it still answers.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use model::{Observed, Trouble};
use tokio::sync::watch::Sender;
use tokio::time::{Instant, sleep};

use crate::deadline::{late, within};

/// After so long a silence a source is asked whether it lives,
pub(crate) const PROBE_AFTER: Duration = Duration::from_secs(2);
/// and what it told is stale if it has not said so after this.
const LIVENESS_TIMEOUT: Duration = Duration::from_secs(2);

/// The first pause before a source that failed is asked again; each one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// A source that answered for so long is asked again soon.
const STABLE_AFTER: Duration = Duration::from_secs(1);

/// What a source told last: nothing at first.
#[derive(Clone, Debug)]
pub(crate) struct Latest<T> {
    rows: Option<Arc<[T]>>,
    trouble: Option<Trouble>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self { rows: None, trouble: None }
    }
}

impl<T: Clone> Latest<T> {
    pub(crate) fn fresh(rows: Vec<T>) -> Self {
        Self { rows: Some(rows.into()), trouble: None }
    }

    /// Other rows; whether the source lives is not said by that.
    pub(crate) fn renew(&mut self, rows: Vec<T>) {
        self.rows = Some(rows.into());
    }

    /// The same rows, but old ones; whether that is news.
    pub(crate) fn mark_stale(&mut self, why: Trouble) -> bool {
        let news = self.trouble.as_ref() != Some(&why);
        self.trouble = Some(why);
        news
    }

    /// The same rows, and nothing newer to be had; whether that is news.
    fn mark_fresh(&mut self) -> bool {
        self.trouble.take().is_some()
    }

    /// Whether it has said anything, be it that it cannot.
    pub(crate) fn has_answered(&self) -> bool {
        self.rows.is_some() || self.trouble.is_some()
    }

    pub(crate) fn rows(&self) -> &[T] {
        self.rows.as_deref().unwrap_or_default()
    }

    pub(crate) fn observed(&self) -> Observed<T> {
        match (self.rows.clone(), self.trouble.clone()) {
            (Some(rows), None) => Observed::Fresh { rows },
            (Some(rows), Some(why)) => Observed::Stale { rows, why },
            (None, Some(why)) => Observed::Absent { why },
            (None, None) => Observed::Fresh { rows: Arc::default() },
        }
    }
}

/// Waits until a source that is silent has said that it lives. What it told is stale when that
/// takes long, but the source is not given up for it: one that is only slow would be asked for
/// everything again, and one that hangs goes on where it stopped.
pub(crate) async fn await_liveness<T: Clone>(
    told: &Sender<Latest<T>>,
    what: impl Fn() -> String,
    life: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    let mut life = pin!(life);
    if let Ok(life) = within(LIVENESS_TIMEOUT, &mut life).await {
        return life;
    }
    told.send_if_modified(|told| told.mark_stale(late(what(), LIVENESS_TIMEOUT)));
    life.await?;
    told.send_if_modified(Latest::mark_fresh);
    Ok(())
}

/// Runs a source for as long as its rows are received. `run` ends only when the source fails;
/// its rows are stale then, and it is run again after a pause. Start, reconnecting
/// and having missed something are one and the same.
pub(crate) async fn supervise<T, F>(told: Sender<Latest<T>>, run: F)
where
    T: Clone,
    F: AsyncFn(&Sender<Latest<T>>) -> Trouble,
{
    let mut pause = FIRST_PAUSE;
    while !told.is_closed() {
        let since = Instant::now();
        let why = run(&told).await;
        told.send_if_modified(|told| told.mark_stale(why));
        if since.elapsed() > STABLE_AFTER {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            () = told.closed() => return,
            () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

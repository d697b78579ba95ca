//! A source that is watched: what it told last, and whether it still talks.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use model::{Observed, Trouble};
use tokio::sync::watch::Sender;
use tokio::time::{Instant, sleep};

use crate::deadline::{late, within};

/// After so long a silence a source is asked whether it lives,
pub(super) const SILENCE: Duration = Duration::from_secs(2);
/// and what it told is stale if it has not said so after this.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first pause before a source that failed is asked again; each one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// A source that talked for so long is asked again soon.
const LONG_TALK: Duration = Duration::from_secs(1);

/// What a source told last: nothing at first.
#[derive(Clone, Debug)]
pub(super) struct Told<T> {
    rows: Option<Arc<[T]>>,
    trouble: Option<Trouble>,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self { rows: None, trouble: None }
    }
}

impl<T: Clone> Told<T> {
    pub(super) fn fresh(rows: Vec<T>) -> Self {
        Self { rows: Some(rows.into()), trouble: None }
    }

    /// Other rows; whether the source lives is not said by that.
    pub(super) fn renew(&mut self, rows: Vec<T>) {
        self.rows = Some(rows.into());
    }

    /// The same rows, but old ones; whether that is news.
    pub(super) fn grow_stale(&mut self, why: Trouble) -> bool {
        let news = self.trouble.as_ref() != Some(&why);
        self.trouble = Some(why);
        news
    }

    /// The same rows, and nothing newer to be had; whether that is news.
    fn be_fresh(&mut self) -> bool {
        self.trouble.take().is_some()
    }

    /// Whether it has said anything, be it that it cannot.
    pub(super) fn has_spoken(&self) -> bool {
        self.rows.is_some() || self.trouble.is_some()
    }

    pub(super) fn rows(&self) -> &[T] {
        self.rows.as_deref().unwrap_or_default()
    }

    pub(super) fn observed(&self) -> Observed<T> {
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
pub(super) async fn stay<T: Clone>(
    told: &Sender<Told<T>>,
    what: impl Fn() -> String,
    life: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    let mut life = pin!(life);
    if let Ok(life) = within(PATIENCE, &mut life).await {
        return life;
    }
    told.send_if_modified(|told| told.grow_stale(late(what(), PATIENCE)));
    life.await?;
    told.send_if_modified(Told::be_fresh);
    Ok(())
}

/// Lets a source talk for as long as somebody listens. `talk` ends only when it can no
/// longer; what it told is stale then, and it is asked again after a pause. Start, reconnecting
/// and having missed something are one and the same.
pub(super) async fn keep<T, F>(told: Sender<Told<T>>, talk: F)
where
    T: Clone,
    F: AsyncFn(&Sender<Told<T>>) -> Trouble,
{
    let mut pause = FIRST_PAUSE;
    while !told.is_closed() {
        let since = Instant::now();
        let why = talk(&told).await;
        tracing::debug!("{why}; asked again in {pause:?}");
        told.send_if_modified(|told| told.grow_stale(why));
        if since.elapsed() > LONG_TALK {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            () = told.closed() => return,
            () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

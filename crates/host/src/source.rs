//! A source that is watched: what it told last, and whether it still answers.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_ok;
use model::backoff::Backoff;
use model::identity::SourceIdentity;
use model::{Observed, SourceError};
use tokio::sync::watch::{Receiver, Sender};
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

/// What a source told last, nothing at first, and what it says about its rows as a whole.
#[derive(Clone, Debug)]
pub struct Latest<T, A = ()> {
    rows: Option<Arc<[T]>>,
    source_error: Option<SourceError>,
    /// Differs from what it was whenever the rows or the error do.
    version: u64,
    about: A,
}

/// Rows of a source that also says who it is, where that was asked.
pub type Answered<T> = Latest<T, Option<SourceIdentity>>;

/// Waits until one of them was published again; for ever if none will be. Cancel safe.
pub(crate) async fn any_changed<'r, T: 'r, A: 'r>(
    sources: impl Iterator<Item = &'r mut Receiver<Latest<T, A>>>,
) {
    let changed: Vec<_> = sources.map(|rows| Box::pin(rows.changed())).collect();
    if changed.is_empty() || select_ok(changed).await.is_err() {
        pending::<()>().await;
    }
}

impl<T, A: Default> Default for Latest<T, A> {
    fn default() -> Self {
        Self { rows: None, source_error: None, version: 0, about: A::default() }
    }
}

impl<T, A> Latest<T, A> {
    /// Rows that were just read; the source is well.
    pub fn set_fresh(&mut self, rows: Vec<T>) {
        self.source_error = None;
        self.renew(rows);
    }

    /// Other rows; whether the source lives is not said by that.
    pub fn renew(&mut self, rows: Vec<T>) {
        self.rows = Some(rows.into());
        self.version += 1;
    }

    /// The same rows, but old ones; whether that is new.
    pub fn mark_stale(&mut self, why: SourceError) -> bool {
        if self.source_error.as_ref() == Some(&why) {
            return false;
        }
        self.source_error = Some(why);
        self.version += 1;
        true
    }

    /// As before it told anything: what it had is gone; whether that is new.
    pub(crate) fn forget(&mut self) -> bool
    where
        A: Default,
    {
        let is_new = self.rows.take().is_some();
        self.about = A::default();
        self.version += u64::from(is_new);
        is_new
    }

    /// The same rows, and nothing newer to be had; whether that is new.
    fn mark_fresh(&mut self) -> bool {
        if self.source_error.take().is_none() {
            return false;
        }
        self.version += 1;
        true
    }

    /// Whether it has said anything, be it that it cannot.
    pub fn has_answered(&self) -> bool {
        self.rows.is_some() || self.source_error.is_some()
    }

    /// Whether it never told any rows.
    pub(crate) fn is_unread(&self) -> bool {
        self.rows.is_none()
    }

    /// The rows there are.
    pub fn rows(&self) -> &[T] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// Why the rows are not fresh.
    pub(crate) fn source_error(&self) -> Option<&SourceError> {
        self.source_error.as_ref()
    }

    /// Differs from what it was whenever the rows or the error do.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What the source says about its rows as a whole.
    pub fn about(&self) -> &A {
        &self.about
    }

    /// The same, to be changed; that is no new version.
    pub fn about_mut(&mut self) -> &mut A {
        &mut self.about
    }

    pub(crate) fn observed(&self) -> Observed<T> {
        match (self.rows.clone(), self.source_error.clone()) {
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
pub(crate) async fn await_liveness<T, A>(
    latest: &Sender<Latest<T, A>>,
    what: impl Fn() -> String,
    life: impl Future<Output = Result<(), SourceError>>,
) -> Result<(), SourceError> {
    let mut life = pin!(life);
    if let Ok(life) = within(LIVENESS_TIMEOUT, &mut life).await {
        return life;
    }
    latest.send_if_modified(|latest| latest.mark_stale(late(what(), LIVENESS_TIMEOUT)));
    life.await?;
    latest.send_if_modified(Latest::mark_fresh);
    Ok(())
}

/// Runs a source for as long as its rows are received. `run` ends only when the source fails;
/// its rows are stale then, and it is run again after a pause. Start, reconnecting
/// and having missed something are one and the same.
pub(crate) async fn supervise<T, A, F>(latest: Sender<Latest<T, A>>, run: F)
where
    F: AsyncFn(&Sender<Latest<T, A>>) -> SourceError,
{
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    while !latest.is_closed() {
        let since = Instant::now();
        let why = run(&latest).await;
        if since.elapsed() > STABLE_AFTER {
            backoff.reset();
        }
        let pause = backoff.pause();
        tracing::debug!("{why}; asked again in {pause:?}");
        latest.send_if_modified(|latest| latest.mark_stale(why));
        tokio::select! {
            () = latest.closed() => return,
            () = sleep(pause) => {}
        }
    }
}

//! What passes through each port: asked of the bridges at most once a second, for all clients
//! together, and only while one asks.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use host::{Host, Origin};
use livetraffic::{Sample, rates};
use model::{SourceError, Wiring};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::http::error::ApiError;
use crate::json::json;
use crate::pool::Pool;
use crate::state::Published;

/// So long all are given the same answer.
const FRESH: Duration = Duration::from_secs(1);

/// What is not asked for in this time is let go. Rates are never those of a longer time.
const KEPT: Duration = Duration::from_secs(10);

/// The last answer, and what it was made of.
#[derive(Debug, Default)]
pub(crate) struct Rates(Arc<Mutex<Slot>>);

#[derive(Debug, Default)]
struct Slot {
    last: Option<Arc<Sample>>,
    /// When it was known, and what it is.
    answer: Option<(Instant, Result<Bytes, SourceError>)>,
    used: Option<Instant>,
    /// Whether a task waits to let it go.
    watched: bool,
}

impl Rates {
    /// JSON of a [`report::v1::PortRates`] for each port that is known; of a recording there are none.
    ///
    /// # Errors
    /// Nothing is known yet, or no bridge answers.
    pub(crate) async fn get(
        &self,
        origin: &Origin,
        published: &Arc<Published>,
        pool: &Pool,
    ) -> Result<Bytes, ApiError> {
        published.now().ok_or_else(ApiError::not_ready)?;
        let Origin::Live(host) = origin else { return Ok(Bytes::from_static(b"[]")) };
        let mut slot = self.0.clone().lock_owned().await;
        slot.used = Some(Instant::now());
        if let Some((known, answer)) = &slot.answer
            && known.elapsed() < FRESH
        {
            return Ok(answer.clone()?);
        }
        // Only now: many may wait for the slot, and would keep what was known when they came.
        let state = published.now().ok_or_else(ApiError::not_ready)?;
        let host = host.clone();
        let wiring = state.wiring.clone();
        let pool = pool.clone();
        drop(state);
        // It goes on without the client that asked first: no other one need ask again.
        let counted = tokio::spawn(async move { count(slot, &host, wiring, &pool).await });
        counted.await.unwrap_or_else(|_| Err(ApiError::ended()))
    }
}

/// Counts, and holds the slot meanwhile, so that all who come are given this answer.
async fn count(
    mut slot: OwnedMutexGuard<Slot>,
    host: &Host,
    wiring: Arc<Wiring>,
    pool: &Pool,
) -> Result<Bytes, ApiError> {
    let answer = match Sample::take(host, &wiring, None).await.map(Arc::new) {
        Ok(sample) => {
            let last = slot.last.replace(sample.clone());
            let rows = move || json(&rates(&wiring, last.as_deref(), &sample));
            Ok(Bytes::from(pool.run(rows).await?))
        }
        Err(error) => Err(error),
    };
    // A bridge that is long in answering is not asked again by all who waited for it.
    slot.answer = Some((Instant::now(), answer.clone()));
    if !std::mem::replace(&mut slot.watched, true) {
        tokio::spawn(let_go(OwnedMutexGuard::mutex(&slot).clone()));
    }
    Ok(answer?)
}

async fn let_go(slot: Arc<Mutex<Slot>>) {
    let mut due = Instant::now() + KEPT;
    loop {
        sleep_until(due).await;
        let mut slot = slot.lock().await;
        match slot.used {
            Some(used) if used.elapsed() < KEPT => due = used + KEPT,
            _ => {
                *slot = Slot::default();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use host::Settings;

    use super::*;

    const ARTICLE: &str = include_str!("../../cli/tests/scenes/article.json");

    fn known() -> Arc<Published> {
        let published = Arc::new(Published::new("run".to_owned()));
        look(&published);
        published
    }

    fn look(published: &Published) {
        let look = model::Look::new(serde_json::from_str::<model::Snapshot>(ARTICLE).unwrap());
        let told = look.wiring.clone();
        drop(published.publish(look, told, Vec::new()));
    }

    /// The OpenFlow socket of a bridge that takes connections and says nothing.
    fn silent(rundir: &Path, bridge: &str) -> UnixListener {
        let listener = UnixListener::bind(rundir.join(format!("{bridge}.mgmt"))).unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    }

    /// How many connections came since the last time.
    fn calls(listener: &UnixListener) -> usize {
        std::iter::from_fn(|| listener.accept().ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_ask_cost_one_question_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let bridges = ["kiwipycon", "vandervecken", "vlanswitch"].map(|b| silent(folder.path(), b));
        let mut settings = Settings::from_env();
        settings.engines = vec!["none".to_owned()];
        settings.rundir = folder.path().to_owned();
        let origin = Origin::Live(Host::open(&settings).unwrap());
        let (rates, known, pool) = (Rates::default(), known(), Pool::default());
        let ask = || rates.get(&origin, &known, &pool);
        let told = join_all((0..50).map(|_| ask())).await;
        assert!(told.iter().all(Result::is_err), "no bridge said a word");
        assert_eq!(bridges.each_ref().map(calls), [1; 3]);
        tokio::time::advance(FRESH / 2).await;
        assert!(ask().await.is_err());
        assert_eq!(bridges.each_ref().map(calls), [0; 3]);
        tokio::time::advance(FRESH).await;
        assert!(ask().await.is_err());
        assert_eq!(bridges.each_ref().map(calls), [1; 3]);
        // When none asks, none is asked, and nothing is kept.
        tokio::time::sleep(KEPT * 3).await;
        assert_eq!(bridges.each_ref().map(calls), [0; 3]);
        assert!(rates.0.lock().await.answer.is_none());
    }

    #[tokio::test]
    async fn a_recording_has_no_rates() {
        let snapshot = serde_json::from_str(ARTICLE).unwrap();
        let origin = Origin::recorded(snapshot);
        let told = Rates::default().get(&origin, &known(), &Pool::default()).await;
        assert_eq!(told.unwrap(), "[]");
    }

    #[tokio::test]
    async fn who_waits_keeps_nothing_of_what_was_known() {
        let mut settings = Settings::from_env();
        settings.engines = vec!["none".to_owned()];
        let origin = Origin::Live(Host::open(&settings).unwrap());
        let (rates, known, pool) = (Rates::default(), known(), Pool::default());
        let slot = rates.0.clone().lock_owned().await;
        let mut crowd: Vec<_> =
            (0..50).map(|_| rates.get(&origin, &known, &pool).boxed()).collect();
        assert!(crowd.iter_mut().all(|one| one.now_or_never().is_none()));
        let then = Arc::downgrade(&known.now().unwrap().wiring);
        look(&known);
        assert!(then.upgrade().is_none());
        drop((crowd, slot));
    }
}

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
use crate::pool::Pool;
use crate::state::json;

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
    /// When it was asked for, and what came of it.
    answer: Option<(Instant, Result<Bytes, SourceError>)>,
    used: Option<Instant>,
    /// Whether a task waits to let it go.
    watched: bool,
}

impl Rates {
    /// JSON of a [`report::v1::PortRates`] for each port of `wiring`; of a recording there are none.
    ///
    /// # Errors
    /// No bridge answers.
    pub(crate) async fn get(
        &self,
        origin: &Origin,
        wiring: Arc<Wiring>,
        pool: &Pool,
    ) -> Result<Bytes, ApiError> {
        let Origin::Live(host) = origin else { return Ok(Bytes::from_static(b"[]")) };
        let mut slot = self.0.clone().lock_owned().await;
        slot.used = Some(Instant::now());
        if let Some((asked, answer)) = &slot.answer
            && asked.elapsed() < FRESH
        {
            return Ok(answer.clone()?);
        }
        let (host, pool) = (host.clone(), pool.clone());
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
    let asked = Instant::now();
    let answer = match Sample::take(host, &wiring, None).await.map(Arc::new) {
        Ok(sample) => {
            let last = slot.last.replace(sample.clone());
            let rows = move || json(&rates(&wiring, last.as_deref(), &sample));
            Ok(Bytes::from(pool.run(rows).await?))
        }
        Err(error) => Err(error),
    };
    slot.answer = Some((asked, answer.clone()));
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

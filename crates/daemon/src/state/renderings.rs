//! What is written once for all that ask: the page, the lists, the snapshot. None of it depends on
//! the request.
//!
//! Each part is written at most once at a time and once for each look, in the pool, and shared by
//! all answers. A client that gives up stops nothing. What is not asked for again is let go.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use report::graph::{Fit, Scene};
use report::{Wanted, list, v1};
use tokio::sync::{Mutex, OnceCell, OwnedMutexGuard};
use tokio::time::{Instant, sleep_until};

use super::{Marks, Published, State};
use crate::http::encoding;
use crate::http::error::ApiError;
use crate::json::json;
use crate::page;
use crate::pool::Pool;

/// A part that is not asked for in this time is let go.
const KEPT: Duration = Duration::from_secs(10);

/// What can be written once for all.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// Every attachment as v1 JSON.
    Attachments,
    /// The event `reset` with the v1 wiring.
    Reset,
    /// The Snapshot as JSON.
    Snapshot,
    /// The same without what is for those only who may ask Docker: [`model::public`].
    PublicSnapshot,
    /// The page.
    Page,
    /// The part of the page that changes, in the size that a window has room for.
    Figure(Fit),
}

/// Parts of which there is one alone.
const PARTS: usize = 5;

/// So many sizes of the picture are shared; beyond that each is written anew.
const SIZES: usize = 6;

/// A text, packed: once it was asked for so.
type Packed = Arc<OnceCell<Bytes>>;

/// A part as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    pub(crate) text: Bytes,
    packed: Packed,
    /// Where the JSON of a [`Part::Reset`] is in it.
    pub(crate) json: Bytes,
    /// Of which look: [`State::looks`].
    looks: u64,
    /// The number of the last event that led to it.
    pub(crate) last: u64,
    pub(crate) marks: Marks,
}

#[derive(Debug, Default)]
struct Slot {
    kept: Option<(Rendered, Instant)>,
    /// Whether a task waits to let it go.
    watched: bool,
}

/// All parts, each as it was written last.
#[derive(Debug, Default)]
pub(crate) struct Renderings {
    parts: [Arc<Mutex<Slot>>; PARTS],
    /// By size, the one that was asked for last at the end.
    figures: std::sync::Mutex<Vec<(Fit, Arc<Mutex<Slot>>)>>,
}

impl Renderings {
    /// The part as of the newest look; at least as new as when it was asked for.
    ///
    /// # Errors
    /// There was no look yet.
    pub(crate) async fn get(
        &self,
        part: Part,
        published: &Arc<Published>,
        pool: &Pool,
    ) -> Result<Rendered, ApiError> {
        let now = |state: &Arc<State>| (state.looks, state.last);
        let wanted = published.now().as_ref().map(now).ok_or_else(ApiError::not_ready)?;
        let mut slot = self.slot(part).lock_owned().await;
        if let Some((kept, used)) = &mut slot.kept
            && (kept.looks, kept.last) >= wanted
        {
            *used = Instant::now();
            return Ok(kept.clone());
        }
        let published = published.clone();
        let pool = pool.clone();
        // Not by the thread that writes: what that leaves beside a text, and another thread frees, keeps the
        // memory around it from going back to the system.
        let packed = Packed::default();
        // It goes on without the client that asked first: others wait for it.
        let written = tokio::spawn(async move {
            // Those who waited meanwhile want a newer one.
            let state = published.now().ok_or_else(ApiError::not_ready)?;
            let boot = published.boot.clone();
            let rendered = pool.run(move || part.write(&state, &boot, packed)).await?;
            keep(slot, rendered.clone());
            Ok(rendered)
        });
        written.await.unwrap_or_else(|_| Err(ApiError::ended()))
    }
}

impl Renderings {
    fn slot(&self, part: Part) -> Arc<Mutex<Slot>> {
        let [attachments, reset, snapshot, public, page] = &self.parts;
        let slot = match part {
            Part::Attachments => attachments,
            Part::Reset => reset,
            Part::Snapshot => snapshot,
            Part::PublicSnapshot => public,
            Part::Page => page,
            Part::Figure(fit) => return self.figure(fit),
        };
        slot.clone()
    }

    /// The slot for a size; the one that was not asked for the longest gives way to a new one.
    fn figure(&self, fit: Fit) -> Arc<Mutex<Slot>> {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = figures.iter().position(|(other, _)| *other == fit);
        let figure = known.map_or_else(|| (fit, Arc::default()), |at| figures.remove(at));
        if figures.len() >= SIZES {
            figures.remove(0);
        }
        let slot = figure.1.clone();
        figures.push(figure);
        slot
    }
}

/// Keeps it for as long as it is asked for.
fn keep(mut slot: OwnedMutexGuard<Slot>, rendered: Rendered) {
    slot.kept = Some((rendered, Instant::now()));
    if !std::mem::replace(&mut slot.watched, true) {
        tokio::spawn(let_go(Arc::downgrade(OwnedMutexGuard::mutex(&slot))));
    }
}

/// Does not keep a slot that has given way to another one.
async fn let_go(slot: Weak<Mutex<Slot>>) {
    let mut due = Instant::now() + KEPT;
    loop {
        sleep_until(due).await;
        let Some(slot) = slot.upgrade() else { return };
        let mut slot = slot.lock().await;
        match &slot.kept {
            Some((_, used)) if used.elapsed() < KEPT => due = *used + KEPT,
            _ => {
                *slot = Slot::default();
                return;
            }
        }
    }
}

impl Part {
    fn write(self, state: &State, boot: &str, packed: Packed) -> Rendered {
        let (snapshot, wiring) = (&state.snapshot, &state.wiring);
        let scene = |fit| Scene::fitted(wiring, None, fit);
        let text = match self {
            Self::Attachments => return attachments(state, packed),
            Self::Reset => return reset(state, boot, packed),
            Self::Snapshot => json(&**snapshot),
            Self::PublicSnapshot => json(&model::public(snapshot, &[])),
            Self::Page => page::page(&scene(page::FIRST), &v1::sources(snapshot)),
            Self::Figure(fit) => page::fragment(&scene(fit), &v1::sources(snapshot)),
        };
        let (text, json) = (bytes(text), Bytes::new());
        Rendered::new(text, json, packed, state)
    }
}

/// The list of all attachments, marked with what it leaves out.
fn attachments(state: &State, packed: Packed) -> Rendered {
    let (snapshot, wiring, wanted) = (&state.snapshot, &state.wiring, Wanted::default());
    let text = bytes(json(&list(snapshot, wiring, &wanted)));
    let mut rendered = Rendered::new(text, Bytes::new(), packed, state);
    rendered.marks.left_out = super::left_out(report::left_out(snapshot, wiring, &wanted));
    rendered
}

/// The event, in one piece of memory with its JSON.
fn reset(state: &State, boot: &str, packed: Packed) -> Rendered {
    let mut text = format!("event: reset\nid: {boot}-{}\ndata: ", state.last);
    let start = text.len();
    text.push_str(&json(&v1::Wiring::new(&state.snapshot, &state.wiring)));
    let end = text.len();
    text.push_str("\n\n");
    let text = bytes(text);
    let json = text.slice(start..end);
    Rendered::new(text, json, packed, state)
}

impl Rendered {
    fn new(text: Bytes, json: Bytes, packed: Packed, state: &State) -> Self {
        let State { looks, last, .. } = *state;
        Self { text, packed, json, looks, last, marks: state.marks.clone() }
    }

    /// The text, as a client takes it; and whether that is packed.
    ///
    /// # Errors
    /// As [`Pool::run`].
    pub(crate) async fn body(
        &self,
        headers: &HeaderMap,
        pool: &Pool,
    ) -> Result<(Bytes, bool), ApiError> {
        if self.text.len() < encoding::LEAST || !encoding::takes_gzip(headers) {
            return Ok((self.text.clone(), false));
        }
        let text = self.text.clone();
        let pack = || pool.run(move || Bytes::from(encoding::gzip(&text)));
        Ok((self.packed.get_or_try_init(pack).await?.clone(), true))
    }
}

/// Without the room to grow.
fn bytes(text: String) -> Bytes {
    Bytes::from(text.into_boxed_str().into_boxed_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_sizes_of_the_picture_are_kept() {
        let all = Renderings::default();
        let slot = |width| all.slot(Part::Figure(Fit { width: Some(width), ..Fit::default() }));
        let first = slot(1);
        for width in 2..=u32::try_from(SIZES).unwrap() {
            assert!(!Arc::ptr_eq(&first, &slot(width)));
            assert!(Arc::ptr_eq(&first, &slot(1)), "what is asked for stays");
        }
        let second = slot(2);
        for width in 10..100 {
            slot(width);
        }
        assert!(!Arc::ptr_eq(&second, &slot(2)));
        assert_eq!(all.figures.lock().unwrap().len(), SIZES);
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_sizes_of_the_picture_few_are_kept_as_written() {
        let snapshot = serde_json::from_str(include_str!("../../../cli/tests/scenes/article.json"));
        let look = model::Look::new(Arc::new(snapshot.unwrap()));
        let published = Arc::new(Published::new("a".to_owned()));
        let told = look.wiring.clone();
        drop(published.publish(look, told, Vec::new()));
        let (all, pool) = (Renderings::default(), Pool::default());
        let mut slots = Vec::new();
        for round in 0..3 {
            for width in (256..4096).step_by(128) {
                let part = Part::Figure(Fit { width: Some(width), ..Fit::default() });
                slots.push(Arc::downgrade(&all.slot(part)));
                let one = all.get(part, &published, &pool).await.unwrap();
                assert!(!one.text.is_empty());
                let kept = slots.iter().filter_map(Weak::upgrade);
                let kept =
                    kept.filter(|slot| slot.try_lock().is_ok_and(|slot| slot.kept.is_some()));
                assert!(kept.count() <= SIZES, "{width} in round {round}");
            }
        }
        tokio::time::sleep(KEPT * 3).await;
        let kept: Vec<_> =
            all.figures.lock().unwrap().iter().map(|(_, slot)| slot.clone()).collect();
        for slot in kept {
            assert!(slot.lock().await.kept.is_none(), "what is not asked for is let go");
        }
    }
}

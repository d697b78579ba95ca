//! Texts that are written once for all, on their way to clients. Each look makes new ones, and the former ones last
//! until they are taken: so a client is held to what it has not taken of them. A text counts once for it,
//! however many of its requests it answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use axum::body::Bytes;
use tokio::sync::Semaphore;

use crate::places::Owner;
use crate::turns::{CountedText, Room, Turn, Turns};

/// Texts of one kind, which a client asks for one after the other.
#[derive(Debug)]
pub(crate) struct SharedTexts {
    turns: Turns,
    given: Given,
}

/// What is on its way, by client and by where it is in memory.
type Given = Arc<Mutex<BTreeMap<Key, Weak<HeldText>>>>;

type Key = (Owner, usize);

impl Default for SharedTexts {
    /// No client waits for another one's turn.
    fn default() -> Self {
        Self { turns: Turns::new(Semaphore::MAX_PERMITS), given: Given::default() }
    }
}

impl SharedTexts {
    /// Waits for the turn of a client, in which it takes the newest text there is. Cancel safe.
    pub(crate) async fn turn(&self, owner: Owner) -> TextTurn {
        TextTurn { turn: self.turns.take(owner).await, owner, given: self.given.clone() }
    }
}

/// A client's turn.
#[derive(Debug)]
pub(crate) struct TextTurn {
    turn: Turn,
    owner: Owner,
    given: Given,
}

impl TextTurn {
    /// The text for this client, once there is room for it beside what it has not taken.
    pub(crate) async fn hold(self, text: Bytes) -> CountedText {
        let Self { turn, owner, given } = self;
        let key = (owner, text.as_ptr().addr());
        let known = || lock(&given).get(&key).and_then(Weak::upgrade);
        if let Some(held) = known() {
            return CountedText::new(SharedBody(held));
        }
        let room = turn.room(text.len()).await;
        let held = Arc::new(HeldText { text, room, key, given: given.clone() });
        lock(&given).insert(key, Arc::downgrade(&held));
        CountedText::new(SharedBody(held))
    }
}

/// What is locked is whole between any two statements.
fn lock(given: &Given) -> MutexGuard<'_, BTreeMap<Key, Weak<HeldText>>> {
    given.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A text, and the room that it takes of a client's.
#[derive(Debug)]
struct HeldText {
    text: Bytes,
    room: Room,
    key: Key,
    given: Given,
}

impl Drop for HeldText {
    fn drop(&mut self) {
        // The text is still where it is, so that no other one has this key.
        lock(&self.given).remove(&self.key);
    }
}

/// One of the answers that have it.
struct SharedBody(Arc<HeldText>);

impl AsRef<[u8]> for SharedBody {
    fn as_ref(&self) -> &[u8] {
        &self.0.text
    }
}

impl AsRef<Room> for SharedBody {
    fn as_ref(&self) -> &Room {
        &self.0.room
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const CROWD: Owner = Owner::User(33);
    const MIB: usize = 1 << 20;
    /// Longer than anything takes that comes about.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    fn look() -> Bytes {
        Bytes::from(vec![b'x'; 20 * MIB])
    }

    async fn given(shares: &SharedTexts, owner: Owner, text: &Bytes) -> Bytes {
        let hold = async { shares.turn(owner).await.hold(text.clone()).await };
        timeout(LONG, hold).await.unwrap().into_bytes()
    }

    #[tokio::test]
    async fn a_crowd_that_takes_nothing_of_one_look_is_held_to_it_once() {
        let (shares, first) = (SharedTexts::default(), look());
        let mut held = Vec::new();
        for _ in 0..500 {
            held.push(given(&shares, CROWD, &first).await);
        }
        assert!(held.iter().all(|text| text.as_ptr() == first.as_ptr()), "none is copied");
    }

    #[tokio::test]
    async fn what_a_client_has_not_taken_of_former_looks_keeps_it_waiting_alone() {
        let (shares, first, second) = (SharedTexts::default(), look(), look());
        let mut held =
            vec![given(&shares, CROWD, &first).await, given(&shares, CROWD, &first).await];
        let next = async { shares.turn(CROWD).await.hold(second.clone()).await };
        let mut next = std::pin::pin!(next);
        assert!(timeout(SHORT, &mut next).await.is_err());
        assert_eq!(given(&shares, Owner::User(0), &second).await.len(), 20 * MIB);
        held.pop();
        assert!(timeout(SHORT, &mut next).await.is_err(), "one of them is not taken");
        held.pop();
        assert_eq!(timeout(LONG, next).await.unwrap().into_bytes().len(), 20 * MIB);
    }

    #[tokio::test]
    async fn nothing_is_kept_of_what_was_taken() {
        let shares = SharedTexts::default();
        for _ in 0..100 {
            drop(given(&shares, CROWD, &look()).await);
        }
        assert!(lock(&shares.given).is_empty());
    }
}

//! Work for one request alone, as opposed to what is written once for all that ask.
//!
//! It has threads of its own, and each client one turn at a time: what all share waits for no client, and no
//! client for a crowd of another's. An answer is written by these threads, and is held against its client until
//! that has taken it. A handler that takes what is known for such work takes it in its turn, so that no more than
//! one moment of it is kept for each client; one that waits for something else takes it after that.

use axum::body::Bytes;

use crate::http::error::ApiError;
use crate::places::Owner;
use crate::pool::{MAX_THREADS, Pool};
use crate::turns::{CountedText, Room, Turn, Turns};

/// The threads, and who is next.
#[derive(Debug)]
pub(crate) struct Requests {
    pool: Pool,
    turns: Turns,
}

impl Default for Requests {
    fn default() -> Self {
        Self { pool: Pool::default(), turns: Turns::new(MAX_THREADS) }
    }
}

impl Requests {
    /// Waits for the turn of a client. Cancel safe.
    pub(crate) async fn turn(&self, owner: Owner) -> Work {
        Work { turn: self.turns.take(owner).await, pool: self.pool.clone() }
    }
}

impl Requests {
    /// The text of at most so many bytes that `write` makes, which is not begun before there is room for it.
    ///
    /// # Errors
    /// As `write`, and as [`Pool::run`].
    pub(crate) async fn long_text<F>(
        &self,
        owner: Owner,
        most: usize,
        write: F,
    ) -> Result<CountedText, ApiError>
    where
        F: FnOnce() -> Result<String, ApiError> + Send + 'static,
    {
        let (turn, room) = self.turns.take_with_room(owner, most).await;
        let work = Work { turn, pool: self.pool.clone() };
        // The room stays with the work, which goes on where the client does not.
        let (_turn, (text, mut room)) = work.run(move || Ok((write()?, room))).await?;
        room.keep(text.len());
        let text = Bytes::from(text.into_boxed_str().into_boxed_bytes());
        Ok(CountedText::new(Held { text, room }))
    }
}

/// A client's turn to have something done.
#[derive(Debug)]
pub(crate) struct Work {
    turn: Turn,
    pool: Pool,
}

impl Work {
    /// The text that `write` makes, which takes room of its client's until the answer has gone.
    ///
    /// # Errors
    /// As `write`, and as [`Pool::run`].
    pub(crate) async fn text<F>(self, write: F) -> Result<CountedText, ApiError>
    where
        F: FnOnce() -> Result<String, ApiError> + Send + 'static,
    {
        let write = || write().map(|text| Bytes::from(text.into_boxed_str().into_boxed_bytes()));
        let (turn, text) = self.run(write).await?;
        Ok(hold(turn, text).await)
    }

    /// A text that others may have too, counted as if it was made for this client.
    pub(crate) async fn hold(self, text: Bytes) -> CountedText {
        hold(self.turn, text).await
    }

    /// What `work` comes to, and the turn, which lasts at least as long as the work, whether or not the client
    /// waits for it still.
    ///
    /// # Errors
    /// As `work`, and as [`Pool::run`].
    pub(crate) async fn run<T, F>(self, work: F) -> Result<(Turn, T), ApiError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, ApiError> + Send + 'static,
    {
        let Self { turn, pool } = self;
        pool.run(move || work().map(|done| (turn, done))).await?
    }
}

async fn hold(turn: Turn, text: Bytes) -> CountedText {
    let room = turn.room(text.len()).await;
    CountedText::new(Held { text, room })
}

/// A text, and the room that it takes.
struct Held {
    text: Bytes,
    room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl AsRef<Room> for Held {
    fn as_ref(&self) -> &Room {
        &self.room
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Arc, Weak};
    use std::time::Duration;

    use tokio::task::{JoinHandle, yield_now};
    use tokio::time::timeout;

    use super::*;

    const CROWD: Owner = Owner::User(33);
    const MIB: usize = 1 << 20;
    /// Longer than anything takes that comes about.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    /// Work of a client's that lasts until its end is dropped.
    fn busy(requests: &Arc<Requests>, owner: Owner) -> (Sender<()>, JoinHandle<bool>) {
        let (end, ended) = channel();
        let requests = requests.clone();
        let work = async move { requests.turn(owner).await.run(move || Ok(ended.recv())).await };
        (end, tokio::spawn(async move { work.await.is_ok() }))
    }

    async fn is_answered(requests: &Requests, owner: Owner) -> bool {
        let text = async { requests.turn(owner).await.text(|| Ok("known".to_owned())).await };
        timeout(LONG, text).await.unwrap().is_ok()
    }

    #[tokio::test]
    async fn a_crowd_of_one_client_keeps_no_other_one_waiting() {
        let requests = Arc::new(Requests::default());
        let crowd: Vec<_> = (0..250).map(|_| busy(&requests, CROWD)).collect();
        yield_now().await;
        for other in [Owner::User(0), Owner::Address([192, 0, 2, 1].into()), Owner::Unknown] {
            assert!(is_answered(&requests, other).await, "{other:?}");
        }
        assert!(timeout(SHORT, requests.turn(CROWD)).await.is_err());
        drop(crowd);
        assert!(is_answered(&requests, CROWD).await);
    }

    #[tokio::test]
    async fn a_client_that_asks_and_goes_has_one_thing_done_at_once() {
        let requests = Arc::new(Requests::default());
        let known: Arc<str> = "what is known".into();
        let (begin, has_begun) = channel();
        let (end, ended) = channel::<()>();
        let turn = requests.turn(CROWD).await;
        let work = move || Ok((begin.send(()).is_ok(), ended.recv().is_err()));
        let first = tokio::spawn(async move { turn.run(work).await.is_ok() });
        // What has not begun is let go with its client.
        while has_begun.try_recv().is_err() {
            yield_now().await;
        }
        first.abort();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..250 {
            let (requests, done, known) = (requests.clone(), done.clone(), known.clone());
            let one = tokio::spawn(async move {
                let work = requests.turn(CROWD).await;
                // It is taken in the turn.
                let known = known.to_string();
                work.run(move || Ok((known, done.fetch_add(1, Ordering::Relaxed)))).await.is_ok()
            });
            yield_now().await;
            one.abort();
        }
        assert!(is_answered(&requests, Owner::User(0)).await);
        drop(end);
        assert!(is_answered(&requests, CROWD).await);
        assert_eq!((done.load(Ordering::Relaxed), Arc::strong_count(&known)), (0, 1));
    }

    #[tokio::test]
    async fn what_one_client_does_not_take_is_bounded_and_keeps_no_other_one_waiting() {
        let requests = Requests::default();
        let text = |owner| {
            let requests = &requests;
            async move {
                let write = || Ok("x".repeat(10 * MIB));
                let text = timeout(LONG, requests.turn(owner).await.text(write)).await;
                text.unwrap().unwrap().into_bytes()
            }
        };
        let mut held = vec![text(CROWD).await, text(CROWD).await, text(CROWD).await];
        {
            let fourth = text(CROWD);
            let mut fourth = std::pin::pin!(fourth);
            assert!(timeout(SHORT * 10, &mut fourth).await.is_err());
            for _ in 0..3 {
                assert_eq!(text(Owner::User(0)).await.len(), 10 * MIB, "others go on");
            }
            held.truncate(2);
            assert_eq!(fourth.await.len(), 10 * MIB);
        }
        drop(held);
        assert!(is_answered(&requests, CROWD).await);
    }

    #[tokio::test]
    async fn an_answer_larger_than_all_room_is_given_alone() {
        let requests = Requests::default();
        let write = || Ok("x".repeat(100 * MIB));
        let whole = requests.turn(CROWD).await.text(write).await.unwrap().into_bytes();
        // A part of it keeps all of it.
        let part = whole.slice(1..2);
        drop(whole);
        let next = requests.turn(CROWD).await.text(|| Ok("next".to_owned()));
        let mut next = std::pin::pin!(next);
        assert!(timeout(SHORT, &mut next).await.is_err());
        drop(part);
        assert_eq!(timeout(LONG, next).await.unwrap().unwrap().into_bytes(), "next");
    }

    struct Shared(Arc<Vec<u8>>);

    impl AsRef<[u8]> for Shared {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    #[tokio::test]
    async fn what_is_shared_is_let_go_with_the_last_answer() {
        let requests = Requests::default();
        let owned = Arc::new(vec![b'x'; 20 * MIB]);
        let kept: Weak<_> = Arc::downgrade(&owned);
        let text = Bytes::from_owner(Shared(owned));
        let first = requests.turn(CROWD).await.hold(text.clone()).await;
        let second = requests.turn(CROWD).await.hold(text);
        let mut second = std::pin::pin!(second);
        assert!(timeout(SHORT, &mut second).await.is_err(), "both count");
        drop(first);
        drop(timeout(LONG, second).await.unwrap());
        assert!(kept.upgrade().is_none());
    }
}

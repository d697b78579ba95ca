//! Who may have the host asked for them next, or something written. A crowd of one client's waits for
//! itself: no client has more than one turn at once, and of those that wait the next one is another client's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::places::Owner;

/// So much that was written for one client's requests alone may be on its way to it, in KiB.
const ROOM: usize = 32 << 10;

/// So many turns at once, at most one of them for each client. Copies share them.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    clients: Clients,
}

type Clients = Arc<Mutex<BTreeMap<Owner, Client>>>;

/// A client that has a turn or waits for one, or has not taken what it was answered.
#[derive(Debug)]
struct Client {
    turn: Arc<Semaphore>,
    room: Arc<Semaphore>,
    /// So many of its requests.
    requests: usize,
}

impl Turns {
    pub(crate) fn new(most: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(most)), clients: Clients::default() }
    }

    /// Waits for a turn, which lasts until it is dropped. Cancel safe.
    pub(crate) async fn take(&self, owner: Owner) -> Turn {
        let (request, turn, room) = self.wait(owner);
        // Of each client one request at most stands in the common queue. Neither semaphore is ever closed.
        let own = turn.acquire_owned().await.ok();
        let common = self.all.clone().acquire_owned().await.ok();
        Turn { common, _own: own, room, request }
    }

    /// The same, once the client has taken so much that there is room for so many bytes, as for
    /// [`Turn::room`]: for what must not be written before. Other clients do not wait for it.
    pub(crate) async fn take_with_room(&self, owner: Owner, bytes: usize) -> (Turn, Room) {
        let (request, turn, room) = self.wait(owner);
        let (held, ..) = self.wait(owner);
        let own = turn.acquire_owned().await.ok();
        let taken = acquire(room.clone(), bytes).await;
        let common = self.all.clone().acquire_owned().await.ok();
        (Turn { common, _own: own, room, request }, Room { taken, _request: held })
    }

    fn wait(&self, owner: Owner) -> (Request, Arc<Semaphore>, Arc<Semaphore>) {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let new = || Client { turn: semaphore(1), room: semaphore(ROOM), requests: 0 };
        let mut clients = lock(&self.clients);
        let client = clients.entry(owner).or_insert_with(new);
        client.requests += 1;
        let request = Request { clients: self.clients.clone(), owner };
        (request, client.turn.clone(), client.room.clone())
    }
}

/// What is locked is whole between any two statements.
fn lock(clients: &Clients) -> MutexGuard<'_, BTreeMap<Owner, Client>> {
    clients.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A turn; its parts end in this order.
#[derive(Debug)]
pub(crate) struct Turn {
    common: Option<OwnedSemaphorePermit>,
    _own: Option<OwnedSemaphorePermit>,
    room: Arc<Semaphore>,
    request: Request,
}

impl Turn {
    /// Lets other clients have their turns. Its own client's next one comes when this one is dropped.
    pub(crate) fn make_way(&mut self) {
        self.common = None;
    }

    /// Ends the turn, and waits until the client has taken so much that there is room for so many bytes: for
    /// what is larger than all there is, once it has taken everything. Its next turn comes after that,
    /// and other clients do not wait for it.
    pub(crate) async fn room(mut self, bytes: usize) -> Room {
        self.make_way();
        Room { taken: acquire(self.room, bytes).await, _request: self.request }
    }
}

/// Waits for room for so many bytes, or for all there is.
async fn acquire(room: Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let all = bytes.div_ceil(1024).min(ROOM);
    room.acquire_many_owned(u32::try_from(all).unwrap_or(u32::MAX)).await.ok()
}

/// Room for an answer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    taken: Option<OwnedSemaphorePermit>,
    _request: Request,
}

impl Room {
    /// Gives back what an answer of so many bytes does not take.
    pub(crate) fn keep(&mut self, bytes: usize) {
        if let Some(taken) = &mut self.taken {
            let more = taken.num_permits().saturating_sub(bytes.div_ceil(1024));
            drop(taken.split(more));
        }
    }
}

/// The text of an answer, or a part of it, which takes room of its client's until that has taken it.
#[derive(Clone, Debug)]
pub(crate) struct CountedText(Bytes);

impl CountedText {
    /// A text that ends together with the room that it has.
    pub(crate) fn new<T>(held: T) -> Self
    where
        T: AsRef<[u8]> + AsRef<Room> + Send + 'static,
    {
        Self(Bytes::from_owner(held))
    }

    /// To be given to the client.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// A request that has its turn or waits for it, or whose answer was not taken.
#[derive(Debug)]
struct Request {
    clients: Clients,
    owner: Owner,
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut clients = lock(&self.clients);
        if let Some(client) = clients.get_mut(&self.owner) {
            client.requests -= 1;
            if client.requests == 0 {
                clients.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Waker};

    use super::*;

    const CROWD: Owner = Owner::User(33);

    type Waiting<'a> = Pin<Box<dyn Future<Output = Turn> + 'a>>;

    /// What comes of it at once.
    fn now(turn: &mut Waiting<'_>) -> Option<Turn> {
        match turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(turn) => Some(turn),
            std::task::Poll::Pending => None,
        }
    }

    fn crowd(turns: &Turns, owner: Owner) -> Vec<Waiting<'_>> {
        (0..250).map(|_| Box::pin(turns.take(owner)) as Waiting<'_>).collect()
    }

    #[test]
    fn one_client_of_many_requests_leaves_a_turn_to_every_other_one() {
        let turns = Turns::new(2);
        let mut crowd = crowd(&turns, CROWD);
        let had: Vec<_> = crowd.iter_mut().map(now).collect();
        assert_eq!(had.iter().flatten().count(), 1, "one at once");
        for other in [Owner::User(0), Owner::Address([192, 0, 2, 1].into()), Owner::Unknown] {
            let mut turn: Waiting<'_> = Box::pin(turns.take(other));
            assert!(now(&mut turn).is_some(), "{other:?}");
        }
    }

    #[test]
    fn the_next_turn_is_another_clients() {
        let turns = Turns::new(2);
        let mut had: Vec<Turn> = Vec::new();
        let mut waiting = Vec::new();
        for owner in [CROWD, Owner::User(34)] {
            for mut turn in crowd(&turns, owner) {
                match now(&mut turn) {
                    Some(turn) => had.push(turn),
                    None => waiting.push(turn),
                }
            }
        }
        assert_eq!(had.len(), 2);
        let mut root: Waiting<'_> = Box::pin(turns.take(Owner::User(0)));
        assert!(now(&mut root).is_none(), "both are taken");
        had.pop();
        assert_eq!(
            waiting.iter_mut().filter_map(now).count(),
            0,
            "root came before their next ones"
        );
        assert!(now(&mut root).is_some());
    }

    #[test]
    fn one_that_makes_way_keeps_its_own_client_waiting_alone() {
        let turns = Turns::new(2);
        let mut had: Vec<Turn> = Vec::new();
        let mut next = Vec::new();
        for owner in [CROWD, Owner::User(34)] {
            for mut turn in crowd(&turns, owner).into_iter().take(2) {
                match now(&mut turn) {
                    Some(turn) => had.push(turn),
                    None => next.push(turn),
                }
            }
        }
        let mut root: Waiting<'_> = Box::pin(turns.take(Owner::User(0)));
        assert!(now(&mut root).is_none(), "both are taken");
        had.iter_mut().for_each(Turn::make_way);
        assert!(now(&mut root).is_some());
        assert_eq!(next.iter_mut().filter_map(now).count(), 0);
        had.clear();
        assert_eq!(next.iter_mut().filter_map(now).count(), 2);
    }

    #[tokio::test]
    async fn what_is_long_is_not_begun_before_there_is_room() {
        let turns = Turns::new(2);
        let untaken = turns.take(CROWD).await.room(1024).await;
        let mut long = Box::pin(turns.take_with_room(CROWD, usize::MAX));
        let mut context = Context::from_waker(Waker::noop());
        assert!(long.as_mut().poll(&mut context).is_pending(), "an answer was not taken");
        // It is in no other client's way.
        let others = (turns.take(Owner::User(0)).await, turns.take(Owner::User(1)).await);
        drop((others, untaken));
        assert!(long.as_mut().poll(&mut context).is_ready());
    }

    #[tokio::test]
    async fn what_is_shorter_than_it_might_be_leaves_room() {
        let turns = Turns::new(2);
        let (turn, mut short) = turns.take_with_room(CROWD, usize::MAX).await;
        drop(turn);
        let mut next = Box::pin(turns.take_with_room(CROWD, (ROOM - 1) << 10));
        let mut context = Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending(), "all room is taken");
        short.keep(200);
        let std::task::Poll::Ready((turn, rest)) = next.as_mut().poll(&mut context) else {
            panic!("an answer of 200 bytes takes more than its own room")
        };
        drop((turn, rest));
        // It keeps what it takes, and gets no more where it is longer.
        short.keep(usize::MAX);
        let mut all = Box::pin(turns.take_with_room(Owner::User(0), usize::MAX));
        assert!(all.as_mut().poll(&mut context).is_ready(), "another client's");
        let mut all = Box::pin(turns.take_with_room(CROWD, usize::MAX));
        assert!(all.as_mut().poll(&mut context).is_pending());
        drop(short);
        assert!(all.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn who_has_gone_is_not_remembered() {
        let turns = Turns::new(2);
        let mut crowd = crowd(&turns, CROWD);
        let had: Vec<_> = crowd.iter_mut().filter_map(now).collect();
        assert_eq!(lock(&turns.clients).len(), 1);
        drop(crowd);
        drop(had);
        assert_eq!(lock(&turns.clients).len(), 0);
        let mut next: Waiting<'_> = Box::pin(turns.take(CROWD));
        assert!(now(&mut next).is_some());
    }
}

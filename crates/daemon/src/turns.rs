//! Who may have the host asked for them next. A crowd of one client's waits for itself: no client has
//! more than one turn at once, and of those that wait the next one is another client's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::http::places::Owner;

/// So many turns at once, at most one of them for each client.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Semaphore,
    clients: Mutex<BTreeMap<Owner, Client>>,
}

/// A client that has a turn or waits for one.
#[derive(Debug)]
struct Client {
    turn: Arc<Semaphore>,
    /// So many of its requests.
    requests: usize,
}

impl Turns {
    pub(crate) fn new(most: usize) -> Self {
        Self { all: Semaphore::new(most), clients: Mutex::default() }
    }

    /// Waits for a turn, which lasts until it is dropped. Cancel safe.
    pub(crate) async fn take(&self, owner: Owner) -> Turn<'_> {
        let (request, turn) = self.wait(owner);
        // Of each client one request at most stands in the common queue. Neither semaphore is ever closed.
        let own = turn.acquire_owned().await.ok();
        let common = self.all.acquire().await.ok();
        Turn { _common: common, _own: own, _request: request }
    }

    fn wait(&self, owner: Owner) -> (Request<'_>, Arc<Semaphore>) {
        let new = || Client { turn: Arc::new(Semaphore::new(1)), requests: 0 };
        let mut clients = self.lock();
        let client = clients.entry(owner).or_insert_with(new);
        client.requests += 1;
        (Request { turns: self, owner }, client.turn.clone())
    }

    /// What is locked is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Owner, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn; its parts end in this order.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _common: Option<SemaphorePermit<'a>>,
    _own: Option<OwnedSemaphorePermit>,
    _request: Request<'a>,
}

/// A request that has its turn or waits for it.
#[derive(Debug)]
struct Request<'a> {
    turns: &'a Turns,
    owner: Owner,
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let mut clients = self.turns.lock();
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

    type Waiting<'a> = Pin<Box<dyn Future<Output = Turn<'a>> + 'a>>;

    /// What comes of it at once.
    fn now<'a>(turn: &mut Waiting<'a>) -> Option<Turn<'a>> {
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
        let mut had: Vec<Turn<'_>> = Vec::new();
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
    fn who_has_gone_is_not_remembered() {
        let turns = Turns::new(2);
        let mut crowd = crowd(&turns, CROWD);
        let had: Vec<_> = crowd.iter_mut().filter_map(now).collect();
        assert_eq!(turns.lock().len(), 1);
        drop(crowd);
        drop(had);
        assert_eq!(turns.lock().len(), 0);
        let mut next: Waiting<'_> = Box::pin(turns.take(CROWD));
        assert!(now(&mut next).is_some());
    }
}

//! Who has how many of a listener's places, and which connection ends when there are too many.
//!
//! A client is never kept waiting for a place. When there are too many connections, the owner
//! with the most of them gives one up: the one that has been idle the longest, also of several
//! owners that have as many. So a crowd of one owner's crowds out only itself. Streams of events are
//! counted apart from requests, as they last.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// The user or address that a connection is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A user of this machine: by the unix socket, or over loopback.
    User(u32),
    /// Another machine; of IPv6, its network of 64 bits, which is one subscriber's.
    Address(IpAddr),
    /// The kernel does not say.
    Unknown,
}

impl Owner {
    /// The machine at this address.
    pub(crate) fn machine(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(ip) => {
                let network = u128::from(ip) & (u128::MAX << 64);
                Self::Address(IpAddr::V6(network.into()))
            }
            ip @ IpAddr::V4(_) => Self::Address(ip),
        }
    }
}

/// The places of one listener.
#[derive(Debug)]
pub(crate) struct Places {
    /// So many connections that are no streams, and so many that are.
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    connections: BTreeMap<u64, Connection>,
    evicted: u64,
}

#[derive(Debug)]
struct Connection {
    owner: Owner,
    activity: Activity,
    since: Instant,
    end: Arc<Notify>,
}

/// What a connection is for at present. The order is that in which they are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Activity {
    Idle,
    Request,
    Stream,
}

/// How many connections there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: usize,
    pub(crate) streams: usize,
    /// Those that were ended to make room, since the start.
    pub(crate) evicted: u64,
}

impl Places {
    /// Room for `most` connections, and for as many streams.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A place for a new connection; another one may have to end for it.
    pub(crate) fn take(self: &Arc<Self>, owner: Owner) -> ConnectionSlot {
        let end = Arc::new(Notify::new());
        let mut taken = self.lock();
        let id = taken.next;
        taken.next += 1;
        let since = Instant::now();
        let connection = Connection { owner, activity: Activity::Idle, since, end: end.clone() };
        taken.connections.insert(id, connection);
        taken.make_room(self.most, false);
        ConnectionSlot { places: self.clone(), id, end }
    }

    /// How many there are now.
    pub(crate) fn counts(&self) -> Counts {
        let taken = self.lock();
        let streams = taken.of(true).count();
        Counts { requests: taken.connections.len() - streams, streams, evicted: taken.evicted }
    }

    fn set(&self, id: u64, activity: Activity) {
        let mut taken = self.lock();
        let Some(connection) = taken.connections.get_mut(&id) else { return };
        let before = std::mem::replace(&mut connection.activity, activity);
        connection.since = Instant::now();
        // Every request comes by here: connections are counted only when one changes sides.
        let is_stream = activity == Activity::Stream;
        if is_stream != (before == Activity::Stream) {
            taken.make_room(self.most, is_stream);
        }
    }

    /// What is locked is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn of(&self, streams: bool) -> impl Iterator<Item = (&u64, &Connection)> {
        let is_stream = |connection: &Connection| connection.activity == Activity::Stream;
        self.connections.iter().filter(move |(_, connection)| is_stream(connection) == streams)
    }

    fn make_room(&mut self, most: usize, streams: bool) {
        if self.of(streams).count() <= most {
            return;
        }
        let mut by_owner: BTreeMap<Owner, usize> = BTreeMap::new();
        for (_, connection) in self.of(streams) {
            *by_owner.entry(connection.owner).or_default() += 1;
        }
        let largest = by_owner.values().max();
        let of_a_crowd = |connection: &Connection| by_owner.get(&connection.owner) == largest;
        let theirs = self.of(streams).filter(|(_, connection)| of_a_crowd(connection));
        let longest =
            theirs.min_by_key(|(id, connection)| (connection.activity, connection.since, **id));
        if let Some(id) = longest.map(|(id, _)| *id)
            && let Some(connection) = self.connections.remove(&id)
        {
            self.evicted += 1;
            connection.end.notify_one();
        }
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    places: Arc<Places>,
    id: u64,
    end: Arc<Notify>,
}

impl ConnectionSlot {
    /// A request has come.
    pub(crate) fn begin_request(&self) {
        self.places.set(self.id, Activity::Request);
    }

    /// Its answer is on the way; a stream has no end.
    pub(crate) fn end_request(&self, stream: bool) {
        self.places.set(self.id, if stream { Activity::Stream } else { Activity::Idle });
    }

    /// Ends when the place is needed by another owner.
    pub(crate) async fn evicted(&self) {
        self.end.notified().await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.places.lock().connections.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, timeout};

    use super::*;

    async fn is_evicted(place: &ConnectionSlot) -> bool {
        timeout(Duration::ZERO, place.evicted()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_owner_with_the_most_places_gives_up_the_longest_idle() {
        let places = Places::new(4);
        let other = places.take(Owner::User(1000));
        let mut crowd = Vec::new();
        for _ in 0..3 {
            advance(Duration::from_secs(1)).await;
            crowd.push(places.take(Owner::User(33)));
        }
        crowd[0].begin_request();
        let newcomer = places.take(Owner::Address([192, 0, 2, 1].into()));
        assert!(is_evicted(&crowd[1]).await, "it is idle, and longer than the third");
        for stays in [&other, &crowd[0], &crowd[2], &newcomer] {
            assert!(!is_evicted(stays).await);
        }
        let counts = Counts { requests: 4, streams: 0, evicted: 1 };
        assert_eq!(places.counts(), counts);
        drop((crowd, newcomer, other));
        assert_eq!(places.counts().requests, 0);
    }

    /// Owners in the order in which they are told apart, and in the other one.
    fn owners() -> [Vec<Owner>; 2] {
        let users = [0, 33, 1000].map(Owner::User);
        let machines =
            [[192, 0, 2, 1], [203, 0, 113, 9]].map(|ip| Owner::Address(IpAddr::from(ip)));
        let all: Vec<_> = users.into_iter().chain(machines).chain([Owner::Unknown]).collect();
        let turned = all.iter().rev().copied().collect();
        [all, turned]
    }

    #[tokio::test(start_paused = true)]
    async fn of_owners_with_as_many_places_the_longest_idle_is_given_up() {
        for owners in owners() {
            let places = Places::new(owners.len() - 1);
            let mut all = Vec::new();
            for owner in owners {
                advance(Duration::from_secs(1)).await;
                all.push(places.take(owner));
            }
            assert!(is_evicted(&all[0]).await, "it is idle the longest");
            for stays in &all[1..] {
                assert!(!is_evicted(stays).await, "also who came last");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_owners_with_as_many_streams_the_oldest_is_given_up() {
        for owners in owners() {
            let places = Places::new(owners.len() - 1);
            let mut all = Vec::new();
            for owner in owners {
                let place = places.take(owner);
                place.begin_request();
                place.end_request(true);
                all.push(place);
            }
            assert!(is_evicted(&all[0]).await);
            for stays in &all[1..] {
                assert!(!is_evicted(stays).await, "also the one that has just begun");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_works_stays_where_an_owner_with_as_many_places_has_an_idle_one() {
        for owners in owners() {
            let [first, second, third, ..] = owners[..] else { panic!("there are more") };
            let places = Places::new(4);
            let busy = [places.take(first), places.take(first)];
            busy.iter().for_each(ConnectionSlot::begin_request);
            advance(Duration::from_secs(1)).await;
            let idle = [places.take(second), places.take(second)];
            let new = places.take(third);
            assert!(is_evicted(&idle[0]).await);
            for stays in busy.iter().chain([&idle[1], &new]) {
                assert!(!is_evicted(stays).await);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_without_an_idle_connection_gives_up_the_oldest_request() {
        let places = Places::new(2);
        let crowd: Vec<_> = (0..2).map(|_| places.take(Owner::User(33))).collect();
        crowd.iter().for_each(ConnectionSlot::begin_request);
        let other = places.take(Owner::User(0));
        assert!(is_evicted(&crowd[0]).await);
        assert!(!is_evicted(&crowd[1]).await && !is_evicted(&other).await);
    }

    #[tokio::test(start_paused = true)]
    async fn streams_take_no_places_of_requests() {
        let places = Places::new(2);
        let streams: Vec<_> = (0..3).map(|_| places.take(Owner::User(33))).collect();
        let one = |i: usize| {
            streams[i].begin_request();
            streams[i].end_request(true);
        };
        assert!(is_evicted(&streams[0]).await, "the third came while none was a stream yet");
        one(1);
        one(2);
        let requests: Vec<_> = (0..2).map(|_| places.take(Owner::User(33))).collect();
        assert_eq!(places.counts(), Counts { requests: 2, streams: 2, evicted: 1 });
        let late = places.take(Owner::User(33));
        assert!(is_evicted(&requests[0]).await);
        assert!(!is_evicted(&streams[1]).await && !is_evicted(&streams[2]).await);
        late.begin_request();
        late.end_request(true);
        assert!(is_evicted(&streams[1]).await, "the stream that began first");
    }

    #[test]
    fn a_subscriber_of_ipv6_has_more_addresses_than_one() {
        let owner = |ip: &str| Owner::machine(ip.parse().unwrap());
        assert_eq!(owner("2001:db8::1"), owner("2001:db8::ffff"));
        assert_ne!(owner("2001:db8::1"), owner("2001:db8:0:1::1"));
        assert_eq!(owner("::ffff:192.0.2.1"), owner("192.0.2.1"));
    }
}

//! Work that takes long, off the thread that follows the host and serves clients.
//!
//! At most [`MAX_THREADS`] threads, which are started when there is work and end when there is none for a
//! while. Where the system gives no thread, the work is done where it is asked for. What its caller does not
//! wait for any more is not begun; what one client's requests ask for goes by [`crate::requests`], which has
//! them wait for each other before they come here.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::http::error::ApiError;

/// One may be long at work, the other not.
pub(crate) const MAX_THREADS: usize = 2;
/// A thread ends after so long without work.
const IDLE: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce() + Send>;

/// The threads, and what they are to do. Copies share both.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    threads: usize,
    idle: usize,
}

impl Pool {
    /// What `work` comes to.
    ///
    /// # Errors
    /// It panicked, in a build in which a panic is not the end.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.0.give(Box::new(move || {
            // The client may have gone, before it is begun or meanwhile.
            if !tell.is_closed() {
                let _ = tell.send(work());
            }
        }));
        told.await.map_err(|_| ApiError::ended())
    }
}

impl Shared {
    fn give(self: &Arc<Self>, work: Work) {
        let mut queue = self.lock();
        queue.work.push_back(work);
        if queue.idle >= queue.work.len() || queue.threads >= MAX_THREADS {
            self.more.notify_one();
            return;
        }
        queue.threads += 1;
        drop(queue);
        let shared = self.clone();
        let thread = thread::Builder::new().name("docker-ovs pool".to_owned());
        if thread.spawn(move || shared.work()).is_err() {
            let mut queue = self.lock();
            queue.threads -= 1;
            // Others will come to it, if there are any.
            let own = if queue.threads == 0 { queue.work.pop_back() } else { None };
            drop(queue);
            if let Some(work) = own {
                work();
            }
        }
    }

    /// A thread, from start to end.
    fn work(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(work) = queue.work.pop_front() {
                drop(queue);
                // Who waits for it is told that it came to nothing.
                let _ = catch_unwind(AssertUnwindSafe(work));
                queue = self.lock();
                continue;
            }
            queue.idle += 1;
            let waited = self.more.wait_timeout_while(queue, IDLE, |queue| queue.work.is_empty());
            let (after, _) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = after;
            queue.idle -= 1;
            if queue.work.is_empty() {
                queue.threads -= 1;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_by_a_few_threads_that_are_not_the_callers() {
        let pool = Pool::default();
        let own = thread::current().id();
        let work = |n: u32| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.run(move || (n, thread::current().id())).await })
        };
        let all: Vec<_> = (0..50).map(work).collect();
        let mut threads = std::collections::HashSet::new();
        for (n, one) in (0..).zip(all) {
            let (done, thread) = one.await.unwrap().unwrap();
            assert_eq!(done, n);
            threads.insert(thread);
        }
        assert!(threads.len() <= MAX_THREADS && !threads.contains(&own));
        assert!(pool.0.lock().threads <= MAX_THREADS);
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_stops_nothing() {
        let pool = Pool::default();
        let (begun, is_begun) = std::sync::mpsc::channel();
        let (_never, wait) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || (begun.send(()), wait.recv())).await.is_ok() }
        });
        tokio::task::yield_now().await;
        is_begun.recv().unwrap();
        first.abort();
        assert!(pool.run(|| true).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_not_waited_for_any_more_is_not_begun() {
        let pool = Pool::default();
        let (begun, is_begun) = std::sync::mpsc::channel();
        let mut ends = Vec::new();
        let mut busy = Vec::new();
        for _ in 0..MAX_THREADS {
            let (end, ended) = std::sync::mpsc::channel::<()>();
            ends.push(end);
            let (pool, begun) = (pool.clone(), begun.clone());
            let work = move || (begun.send(()).is_ok(), ended.recv().is_err());
            busy.push(tokio::spawn(async move { pool.run(work).await }));
        }
        tokio::task::yield_now().await;
        for _ in &busy {
            is_begun.recv().unwrap();
        }
        let done = Arc::new(Mutex::new(Vec::new()));
        let work = |n: u32| {
            let (pool, done) = (pool.clone(), done.clone());
            tokio::spawn(async move { pool.run(move || done.lock().unwrap().push(n)).await })
        };
        let all: Vec<_> = (0..100).map(work).collect();
        while pool.0.lock().work.len() < all.len() {
            tokio::task::yield_now().await;
        }
        let gone = all.iter().step_by(2);
        gone.clone().for_each(tokio::task::JoinHandle::abort);
        while !gone.clone().all(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        drop(ends);
        for one in all {
            let _ = one.await;
        }
        pool.run(|| ()).await.unwrap();
        assert!(done.lock().unwrap().iter().copied().eq((0..100).filter(|n| n % 2 == 1)));
    }
}

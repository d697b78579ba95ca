//! A thread with a reactor of its own for what goes through the whole host: looks, plans, and what is judged of a
//! look. The thread that follows the host and serves clients goes on meanwhile, however many containers there are.
//!
//! A look is no mere wait: it visits namespace after namespace, reads long answers and relates them. None of that lets
//! another task of the same thread have its turn before it is done.

use std::io;
use std::sync::mpsc::channel;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

use crate::http::error::ApiError;

/// What ps(1) and debuggers show, at most 15 bytes.
const NAME: &str = "docker-ovs look";
/// Bytes of its stack, as many as a first thread usually has (`RLIMIT_STACK`), on which the verbs look.
const STACK: usize = 8 << 20;

/// The thread. Copies share it.
#[derive(Clone, Debug)]
pub(crate) struct LookThread {
    handle: Handle,
    /// True when it is to end; what receives it is the thread's, and ends with it.
    stop: watch::Sender<bool>,
}

impl LookThread {
    /// Makes the thread, from inside a runtime. Where there is none to be had, what it would do is done by that
    /// runtime, which is told.
    pub(crate) fn start() -> Self {
        let (stop, stopped) = watch::channel(false);
        let handle = make(stopped).unwrap_or_else(|error| {
            warn!("looks hold up clients: no thread of their own can be started: {error}");
            Handle::current()
        });
        Self { handle, stop }
    }

    /// What `work` comes to. It is broken off where that is not waited for any more, as at any other wait.
    ///
    /// # Errors
    /// The thread has ended, or `work` panicked, in a build in which a panic is not the end.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        // With the set ends what is in it.
        let mut set = JoinSet::new();
        set.spawn_on(work, &self.handle);
        match set.join_next().await {
            Some(Ok(done)) => Ok(done),
            Some(Err(_)) | None => Err(ApiError::ended()),
        }
    }

    /// Begins `work`, which goes on until the thread ends.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(work));
    }

    /// Ends the thread, and waits until it has: what it is just at is done, and whatever waits is broken off.
    pub(crate) async fn end(&self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}

/// Makes the thread, which ends when `stopped` is true.
///
/// # Errors
/// No thread is to be had (`EAGAIN` of pthread_create(3)), or no descriptors for its reactor.
fn make(mut stopped: watch::Receiver<bool>) -> io::Result<Handle> {
    let (tell, told) = channel();
    let run = move || {
        // Here: a runtime cannot be dropped by a thread that is inside of another one.
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(tell.send(Err(error))),
        };
        if tell.send(Ok(runtime.handle().clone())).is_ok() {
            drop(runtime.block_on(stopped.wait_for(|stop| *stop)));
        }
        // With all that waits, before its end is told.
        drop(runtime);
        drop(stopped);
    };
    thread::Builder::new().name(NAME.to_owned()).stack_size(STACK).spawn(run)?;
    told.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::task::yield_now;

    use super::*;

    /// Longer than any test waits for.
    const LONG: Duration = Duration::from_secs(60);

    /// Work that never ends, and what tells that it was dropped.
    fn endless() -> (impl Future<Output = ()> + Send + 'static, watch::Receiver<()>) {
        let (held, dropped) = watch::channel(());
        let work = async move {
            pending::<()>().await;
            drop(held);
        };
        (work, dropped)
    }

    #[tokio::test]
    async fn what_is_long_at_work_there_holds_up_nothing_here() {
        let looks = LookThread::start();
        let (go_on, wait) = channel();
        let long = looks.run(async move { wait.recv_timeout(LONG).is_ok() });
        let here = async {
            yield_now().await;
            go_on.send(()).is_ok()
        };
        let (long, here) = tokio::join!(long, here);
        assert!(long.unwrap() && here);
    }

    #[tokio::test]
    async fn what_is_not_waited_for_any_more_ends() {
        let looks = LookThread::start();
        let (work, mut dropped) = endless();
        let mut waiting = Box::pin(looks.run(work));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        assert!(dropped.changed().await.is_err());
    }

    #[tokio::test]
    async fn with_the_thread_ends_all_that_waits_there() {
        let looks = LookThread::start();
        let (work, mut dropped) = endless();
        looks.spawn(work);
        looks.end().await;
        assert!(dropped.changed().now_or_never().is_some_and(|told| told.is_err()));
        assert!(looks.run(async {}).await.is_err(), "nothing is begun any more");
    }
}

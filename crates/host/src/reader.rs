//! Threads on which namespaces, folders and /proc are read while the reactor goes on. A reading blocks,
//! and a pool that makes its threads when they are needed panics where there is none to be had: these
//! are made once, at the start of a source, which fails if they cannot be made.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use model::{SourceError, SourceErrorKind};
use tokio::sync::oneshot;

/// The stack of a thread, in bytes: it has some nested calls, and no large value on it.
const STACK: usize = 512 * 1024;

/// What a thread is asked to do.
type Job = Box<dyn FnOnce() + Send>;

/// Reads one thing after another, on a thread of its own unless that takes no time. The thread ends
/// with the last of what it was asked for, once the reader is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    thread: Option<Sender<Job>>,
}

/// What was asked for, once it is read; an error if the thread has ended instead.
pub(crate) type Reading<T> = oneshot::Receiver<T>;

impl Reader {
    /// Makes the thread, where reading `blocks`; `name` is what ps(1) and debuggers show, at most 15
    /// bytes.
    ///
    /// # Errors
    /// No thread is to be had (`EAGAIN` of pthread_create(3)), or no memory for its stack.
    pub(crate) fn start(name: &str, blocks: bool) -> Result<Self, SourceError> {
        if !blocks {
            return Ok(Self { thread: None });
        }
        let (jobs, asked) = channel::<Job>();
        let work = move || asked.into_iter().for_each(|job| job());
        let thread = thread::Builder::new().stack_size(STACK).name(name.to_owned());
        match thread.spawn(work) {
            Ok(_) => Ok(Self { thread: Some(jobs) }),
            Err(error) => Err(no_thread(name, &error)),
        }
    }

    /// Reads something, after what was asked for before.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Reading<T> {
        let (done, reading) = oneshot::channel();
        let job = move || drop(done.send(read()));
        match &self.thread {
            // Of a thread that has ended nothing is expected: the reading says so.
            Some(jobs) => drop(jobs.send(Box::new(job))),
            None => job(),
        }
        reading
    }
}

/// What a reading brings.
///
/// # Errors
/// What it fails with, or that its thread has ended instead.
pub(crate) async fn done<T>(
    what: String,
    reading: Reading<Result<T, SourceError>>,
) -> Result<T, SourceError> {
    let ended = |_| SourceError::new(SourceErrorKind::Unreachable, what, "its thread has ended");
    reading.await.map_err(ended)?
}

fn no_thread(name: &str, error: &io::Error) -> SourceError {
    let why = format!("it cannot be started: {error}");
    SourceError::new(SourceErrorKind::Unreachable, format!("the thread {name}"), why)
        .hint("pids.max of its cgroup, ulimit -u and kernel.threads-max limit threads")
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[tokio::test]
    async fn one_thing_is_read_after_another_on_the_same_thread() {
        let reader = Reader::start("reader", true).unwrap();
        let name = || std::thread::current().name().map(str::to_owned);
        let first = reader.read(move || (1, name()));
        let second = reader.read(move || (2, name()));
        let expected = |n| Ok((n, Some("reader".to_owned())));
        assert_eq!((second.await, first.await), (expected(2), expected(1)));
    }

    #[tokio::test]
    async fn a_reading_that_breaks_off_is_told_and_so_are_all_after_it() {
        let reader = Reader::start("reader", true).unwrap();
        let broken = reader.read(|| -> u8 { panic!("as a defect would") });
        assert!(broken.await.is_err());
        assert!(reader.read(|| 1).await.is_err());
    }

    #[tokio::test]
    async fn what_does_not_block_is_read_at_once() {
        let mut reading = Reader::start("reader", false).unwrap().read(|| 1);
        assert_eq!(reading.try_recv(), Ok(1));
    }
}

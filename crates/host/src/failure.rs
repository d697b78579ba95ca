//! Turns the errors of sockets into words a person can act on.

use std::error::Error;
use std::io;

use model::{SourceError, SourceErrorKind};
use rustix::io::Errno;

/// A failure of `what`, judged by the I/O error at the bottom of `error`'s chain, if any.
/// `may` says who has the privilege, should that be the reason.
pub fn of_chain(what: String, error: &(dyn Error + 'static), may: &str) -> SourceError {
    match root(error) {
        Some(root) => of_io(what, root, may),
        None => SourceError::new(SourceErrorKind::Garbled, what, error),
    }
}

fn root<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    error.downcast_ref().or_else(|| root(error.source()?))
}

/// A failure of `what` by an I/O error.
pub fn of_io(what: String, error: &io::Error, may: &str) -> SourceError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            SourceError::new(SourceErrorKind::Denied, what, "permission denied").hint(may)
        }
        io::ErrorKind::NotFound => {
            SourceError::new(SourceErrorKind::Unreachable, what, "it does not exist")
                .hint("is the daemon running?")
        }
        io::ErrorKind::ConnectionRefused => {
            SourceError::new(SourceErrorKind::Unreachable, what, "connection refused")
                .hint("is the daemon running?")
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            SourceError::new(SourceErrorKind::TimedOut, what, "no answer")
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => {
            SourceError::new(SourceErrorKind::Gone, what, "it closed the connection")
        }
        _ if is_of_this_system(error) => SourceError::new(SourceErrorKind::Exhausted, what, error),
        _ => SourceError::new(SourceErrorKind::Unreachable, what, error),
    }
}

/// Whether the system refused what it takes to ask anything at all, which says nothing of a server.
pub(crate) fn is_of_this_system(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS))
        || error.kind() == io::ErrorKind::OutOfMemory
}

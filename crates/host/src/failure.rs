//! Turns the errors of sockets into words a person can act on.

use std::error::Error;
use std::io;
use std::path::Path;

use model::{SourceError, SourceErrorKind};
use rustix::io::Errno;
use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities};

/// A failure of `what`, judged by the I/O error at the bottom of `error`'s chain, if any.
/// `may` says who has the privilege, should that be the reason.
pub fn of_chain(what: String, error: &(dyn Error + 'static), may: &str) -> SourceError {
    match root(error) {
        Some(root) => of_io(what, root, may),
        None => SourceError::new(SourceErrorKind::Garbled, what, error),
    }
}

/// The same of what the kernel is asked about network namespaces.
pub(crate) fn of_netns(what: String, error: &netns::Error) -> SourceError {
    of_chain(what, error, "run as root, or with CAP_SYS_ADMIN and CAP_SYS_PTRACE")
}

/// The same of a socket of Open vSwitch, or of the folder of its sockets, at `path`. Root is refused there as well where it
/// has no `CAP_DAC_OVERRIDE`, as in the units of docker-ovs, and Open vSwitch runs as a user of its own.
pub(crate) fn of_switch(
    what: String,
    error: &(dyn Error + 'static),
    path: Option<&Path>,
    may: &str,
) -> SourceError {
    let source_error = of_chain(what, error, may);
    match path.filter(|_| source_error.kind == SourceErrorKind::Denied) {
        Some(path) => source_error.hint(access(path, may)),
        None => source_error,
    }
}

/// Who may use what is at `path`: `may`, unless that is root and this program is root.
pub(crate) fn access(path: &Path, may: &str) -> String {
    let has_override = |sets: CapabilitySets| sets.effective.contains(CapabilitySet::DAC_OVERRIDE);
    if !geteuid().is_root() || capabilities(None).is_ok_and(has_override) {
        return may.to_owned();
    }
    lacks_override(path)
}

/// A group would not do: the umask of Open vSwitch's own units leaves the group of a socket no right to connect.
fn lacks_override(path: &Path) -> String {
    format!(
        "root has no CAP_DAC_OVERRIDE here: CapabilityBoundingSet=CAP_DAC_OVERRIDE in a drop-in of the unit opens {}",
        path.display()
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_use_a_socket_is_told_as_it_is_for_this_program() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("db.sock");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let told = of_switch("it".to_owned(), &denied, Some(&socket), "root may use it").hint;
        let has_override = capabilities(None)
            .is_ok_and(|sets| sets.effective.contains(CapabilitySet::DAC_OVERRIDE));
        let expected = if geteuid().is_root() && !has_override {
            lacks_override(&socket)
        } else {
            "root may use it".to_owned()
        };
        assert_eq!(told, expected);
        assert!(lacks_override(&socket).contains("CapabilityBoundingSet=CAP_DAC_OVERRIDE "));
        let gone = io::Error::from(io::ErrorKind::NotFound);
        let told = of_switch("it".to_owned(), &gone, Some(&socket), "root may use it").hint;
        assert_eq!(told, "is the daemon running?");
    }

    #[test]
    fn each_failure_of_a_socket_is_of_a_kind() {
        use SourceErrorKind::{Denied, Exhausted, Garbled, Gone, TimedOut, Unreachable};
        for (errno, kind) in [
            (Errno::ACCESS, Denied),
            (Errno::NOENT, Unreachable),
            (Errno::CONNREFUSED, Unreachable),
            (Errno::HOSTUNREACH, Unreachable),
            (Errno::AGAIN, TimedOut),
            (Errno::TIMEDOUT, TimedOut),
            (Errno::CONNRESET, Gone),
            (Errno::PIPE, Gone),
            (Errno::MFILE, Exhausted),
            (Errno::NOMEM, Exhausted),
            (Errno::NOBUFS, Exhausted),
        ] {
            let error = io::Error::from(errno);
            assert_eq!(of_chain("it".to_owned(), &error, "root may").kind, kind, "{errno:?}");
        }
        let other = of_chain("it".to_owned(), &std::fmt::Error, "root may");
        assert_eq!(other.kind, Garbled, "no socket has failed");
    }
}

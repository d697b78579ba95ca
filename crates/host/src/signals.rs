//! The signals by which a program that serves is to end.

use std::io;

use model::{SourceError, SourceErrorKind};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Those of signal(7) that end a process by default and that others send, but for SIGHUP, whose meaning is the
/// program's. From now on none of them ends it at once; nor does what the kernel sends one that writes beyond its
/// limit (setrlimit(2), `RLIMIT_FSIZE`): a file that may not grow is one that cannot be written.
///
/// # Errors
/// [`SourceErrorKind::Unusable`]: the system refuses.
pub fn ending() -> Result<Vec<Signal>, SourceError> {
    let ends = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::quit(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
        SignalKind::alarm(),
    ];
    // It stays caught once nothing listens.
    let too_large = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    drop(signal(too_large).map_err(refused)?);
    ends.into_iter().map(signal).collect::<Result<_, _>>().map_err(refused)
}

/// SIGHUP, which ends the process no more.
///
/// # Errors
/// [`SourceErrorKind::Unusable`]: the system refuses.
pub fn hangup() -> Result<Signal, SourceError> {
    signal(SignalKind::hangup()).map_err(refused)
}

fn refused(error: io::Error) -> SourceError {
    SourceError::new(SourceErrorKind::Unusable, "signals", error)
}

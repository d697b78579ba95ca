//! A journal that nothing writes any more.

use std::io::ErrorKind;
use std::path::Path;

use docker_ovs_journal::{Limits, Recorder, Unread};

/// Opens it. A process that another test starts holds the lock for
/// a moment too, between fork(2) and exec(2).
pub(crate) fn opened(folder: &Path, limits: Limits) -> (Recorder, Option<Unread>) {
    let mut found = Recorder::open(folder, limits);
    lab::wait_until("the journal is free", || {
        let is_held = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        if is_held {
            found = Recorder::open(folder, limits);
        }
        !is_held
    });
    found.unwrap()
}

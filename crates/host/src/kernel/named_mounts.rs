//! Names of namespaces. They are bind mounts under /run/netns, of which no socket tells; the table of mounts
//! does.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use netns::Identity;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Which namespaces have which names.
type Names = BTreeMap<String, Identity>;

/// Tells when a name is given or taken.
pub(super) struct NamedMounts {
    /// Each change of it is an event of priority (proc_pid_mountinfo(5)), whichever mount that is about.
    table: AsyncFd<File>,
    known: Mutex<Names>,
}

impl NamedMounts {
    /// None where the table of mounts cannot be had: then names are read with the links.
    pub(super) fn watch() -> Option<Self> {
        let table = File::open("/proc/self/mountinfo").ok()?;
        #[allow(deprecated, reason = "its successor is unsafe; a File owns its descriptor")]
        let table = AsyncFd::with_interest(table, Interest::PRIORITY).ok()?;
        Some(Self { table, known: Mutex::new(names().unwrap_or_default()) })
    }

    /// Waits until something was mounted or unmounted. Cancel safe.
    pub(super) async fn changed(&self) {
        let _ = self.table.ready(Interest::PRIORITY).await;
    }

    /// Whether since this was called last some name came, went, or became another namespace's: each container
    /// that starts mounts a good many things, and most of them are no names.
    pub(super) fn take_changed(&self) -> bool {
        let Some(Ok(mut ready)) = self.table.ready(Interest::PRIORITY).now_or_never() else {
            return false;
        };
        // Before the names are read: what is mounted after that wakes us again.
        ready.clear_ready();
        // Which there are now is not known: what reads them tells.
        let Some(now) = names() else { return true };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = *known != now;
        *known = now;
        is_other
    }
}

/// None where that could not be told.
fn names() -> Option<Names> {
    let all = netns::named().ok()?.into_iter();
    Some(all.filter_map(|(name, path)| Some((name, netns::identity_of(&path)?))).collect())
}

//! The switch's namespace itself, and what the kernel tells of changes by: two sockets, and the table of mounts.

use std::collections::BTreeSet;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::identity::SourceIdentity;
use model::ids::{Ifindex, NetnsId};
use model::snapshot::Namespace;
use model::{SourceError, SourceErrorKind};
use netns::{Drained, LinkWatch, Netns};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::named_mounts::NamedMounts;
use super::switch_namespace::{Changed, Handle, Notified, OtherNamespaces, SwitchNamespace};
use crate::identity::vswitchd::identify;
use crate::kernel::{self, SocketOwner};

/// The namespace that ovs-vswitchd lives in now; its PID file and its socket are in `rundir`.
pub(crate) fn open(rundir: &Path) -> Result<Arc<dyn SwitchNamespace>, SourceError> {
    Ok(Arc::new(Notifications::open(rundir)?))
}

/// Where notifications come from.
struct Notifications {
    rundir: PathBuf,
    vswitchd: SourceIdentity,
    switch: Netns,
    sockets: SocketOwner,
    own: AsyncFd<LinkWatch>,
    /// Those of all namespaces, those of `own` too; none where the kernel does not let us.
    all: Option<AsyncFd<LinkWatch>>,
    names: Option<NamedMounts>,
}

impl Notifications {
    fn open(rundir: &Path) -> Result<Self, SourceError> {
        let identified = identify(rundir).map_err(|unidentified| unidentified.why)?;
        let vswitchd = identified.identity();
        let switch = identified.netns;
        let own = kernel::listen(&switch, false)?;
        let all = kernel::listen(&switch, true).ok();
        #[allow(deprecated, reason = "its successor is unsafe; a LinkWatch owns its descriptor")]
        let asleep = |watch| {
            AsyncFd::with_interest(watch, Interest::READABLE).map_err(|error| {
                SourceError::new(SourceErrorKind::Unreachable, "changes of links", error)
            })
        };
        let own = asleep(own)?;
        let all = all.map(asleep).transpose()?;
        let sockets = SocketOwner::of(vswitchd.pid);
        let names = NamedMounts::watch();
        Ok(Self { rundir: rundir.to_owned(), vswitchd, switch, sockets, own, all, names })
    }

    async fn wait(&self) {
        let own = self.own.readable();
        let all = async {
            match &self.all {
                Some(all) => all.readable().await.map(|_| ()),
                None => pending().await,
            }
        };
        let names = async {
            match &self.names {
                Some(names) => names.changed().await,
                None => pending().await,
            }
        };
        // A socket that fails is as good as a notification: reading will tell.
        tokio::select! {
            _ = own => {}
            _ = all => {}
            () = names => {}
        }
    }
}

impl SwitchNamespace for Notifications {
    fn blocks(&self) -> bool {
        true
    }

    fn id(&self) -> NetnsId {
        kernel::id(&self.switch)
    }

    fn vswitchd(&self) -> Option<SourceIdentity> {
        Some(self.vswitchd.clone())
    }

    fn is_current(&self) -> Result<bool, SourceError> {
        let now = identify(&self.rundir).map_err(|unidentified| unidentified.why)?;
        let same = now.netns.identity() == self.switch.identity();
        Ok(same && now.identity() == self.vswitchd)
    }

    fn read(&self) -> Namespace {
        kernel::read_switch(&self.switch, &self.sockets)
    }

    fn read_changed(&self, known: Namespace, links: &BTreeSet<Ifindex>) -> Namespace {
        kernel::read_switch_again(&self.switch, &self.sockets, known, links)
    }

    fn read_others(&self, homes: &[(Handle, NetnsId)]) -> OtherNamespaces {
        kernel::read_others(homes, &self.switch)
    }

    fn notified(&self) -> BoxFuture<'_, ()> {
        self.wait().boxed()
    }

    /// The socket of all namespaces hears more than the switch's own namespace if others have news too.
    fn take_notified(&self) -> Notified {
        let own = drain(&self.own);
        let all = self.all.as_ref().map(drain);
        let lost = own.lost || all.as_ref().is_some_and(|all| all.lost);
        let named = self.names.as_ref().is_some_and(NamedMounts::take_changed);
        let elsewhere =
            named || lost || all.map_or(own.changes > 0, |all| all.changes > own.changes);
        let here = match own.others {
            0 if !lost => Changed::Links(own.links.into_iter().map(Ifindex).collect()),
            _ => Changed::Anything,
        };
        Notified { here, elsewhere, sockets: own.promiscuity > 0 }
    }
}

fn drain(watch: &AsyncFd<LinkWatch>) -> Drained {
    // Taken before the last read, so that what comes after it wakes us again.
    let ready = watch.readable().now_or_never();
    let drained = watch.get_ref().drain();
    if let Some(Ok(mut ready)) = ready {
        ready.clear_ready();
    }
    drained.unwrap_or(Drained { lost: true, ..Drained::default() })
}

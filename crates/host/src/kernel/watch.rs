//! The kernel, watched. It only hints; what changed is read again, and no more than that: a
//! hint from the switch's own namespace costs one dump, one from elsewhere all the others.

use std::collections::{BTreeMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use model::ids::{Ifindex, Name, NetnsId, Nsid};
use model::snapshot::{Container, Namespace};
use model::{Observed, Trouble, TroubleKind};
use netns::{Drained, LinkWatch, Netns};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Host;
use crate::kernel;

/// The pause before what could not be read is tried again: no hint says that it can be.
const RETRY: Duration = Duration::from_secs(1);

/// What the kernel told last, and what may have changed since.
pub(crate) struct Links {
    host: Host,
    hints: Result<Hints, Trouble>,
    here: Result<Namespace, Trouble>,
    nsids: BTreeMap<Nsid, NetnsId>,
    homes: Vec<Namespace>,
    reading: Option<JoinHandle<Homes>>,
    /// What was read of them, until the switch's namespace was read after it: links have two
    /// ends.
    fresh: Option<Homes>,
    /// Namespaces changed while they were being read.
    dirty: bool,
    /// Some of them could not be read.
    failed: bool,
    /// All of it as it was shown, until it changes.
    shown: Option<Observed<Namespace>>,
}

/// Where hints come from.
struct Hints {
    switch: Arc<Netns>,
    own: AsyncFd<LinkWatch>,
    /// Everybody's, those of `own` too; none where the kernel does not let us.
    all: Option<AsyncFd<LinkWatch>>,
}

/// Namespaces that hold containers or have a name, and what the switch's calls them.
type Homes = (Vec<Namespace>, BTreeMap<Nsid, NetnsId>);

/// What a hint is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) here: bool,
    pub(crate) elsewhere: bool,
}

impl Links {
    /// Listens before anything is read.
    pub(crate) fn new(host: &Host) -> Self {
        let hints = Hints::open(host);
        let unread = Trouble::new(TroubleKind::Gone, "the kernel", "it was not read yet");
        let here = Err(hints.as_ref().err().cloned().unwrap_or(unread));
        let nsids = BTreeMap::new();
        let (homes, dirty, failed) = (Vec::new(), true, false);
        let (host, reading, fresh, shown) = (host.clone(), None, None, None);
        Self { host, hints, here, nsids, homes, reading, fresh, dirty, failed, shown }
    }

    /// Waits for a hint, or for the end of a reading that is under way. Cancel safe.
    pub(crate) async fn news(&mut self) -> News {
        let again = self.failed || self.hints.is_err();
        let Self { hints, reading, .. } = self;
        let read = async {
            match reading {
                Some(reading) => reading.await,
                None => pending().await,
            }
        };
        let hint = async {
            match hints {
                Ok(hints) => hints.wait().await,
                Err(_) => pending().await,
            }
        };
        let retry = async { if again { sleep(RETRY).await } else { pending().await } };
        tokio::select! {
            biased;
            read = read => News::Read(read.ok()),
            () = hint => News::Hint,
            () = retry => News::Hint,
        }
    }

    /// What is hinted at right now, or is to be tried again.
    pub(crate) fn hint(&self) -> Hint {
        let blind = Hint { here: true, elsewhere: true };
        let hint = self.hints.as_ref().map_or(blind, Hints::take);
        Hint { elsewhere: hint.elsewhere || self.failed, ..hint }
    }

    /// Whether namespaces are being read.
    pub(crate) fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Notes that the namespaces of containers are to be read again.
    pub(crate) fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Starts to read the namespaces of these containers, unless that is under way already:
    /// then they are read once more after that.
    pub(crate) fn read_elsewhere(&mut self, containers: &[Container]) {
        let Ok(hints) = &self.hints else { return };
        if self.reading.is_some() || !self.dirty {
            return;
        }
        self.dirty = false;
        let homes = containers.iter().filter_map(|row| Some((row.pid?, row.netns?)));
        let (homes, switch) = (homes.collect::<Vec<_>>(), Arc::clone(&hints.switch));
        self.reading = Some(tokio::task::spawn_blocking(move || kernel::homes(&homes, &switch)));
    }

    /// Keeps what was read elsewhere until the switch's namespace is read.
    pub(crate) fn hold(&mut self, homes: Option<Homes>) {
        self.reading = None;
        self.failed = homes.is_none();
        self.fresh = homes;
    }

    /// Takes over what was read elsewhere. Where that failed, what was known is kept, and tried
    /// again.
    fn take(&mut self, (mut homes, nsids): Homes) {
        self.failed = homes.iter().any(|home| home.trouble.is_some());
        for home in homes.iter_mut().filter(|home| home.trouble.is_some()) {
            if let Some(known) = self.homes.iter().find(|known| known.id == home.id) {
                home.clone_from(known);
            }
        }
        (self.homes, self.nsids, self.shown) = (homes, nsids, None);
    }

    /// Reads the switch's own namespace again; whether that, or what was read elsewhere before,
    /// changed anything. Where a link that leads elsewhere came or went, so did its other end,
    /// told of or not. Cancel safe.
    pub(crate) async fn read_here(&mut self, when: When) -> bool {
        let rundir = self.host.rundir.clone();
        let moved = kernel::switch_namespace(&rundir).is_ok_and(|switch| {
            let same = |hints: &Hints| hints.switch.identity() == switch.identity();
            !self.hints.as_ref().is_ok_and(same)
        });
        if moved {
            self.hints = Hints::open(&self.host);
            self.dirty = true;
        }
        let here = match &self.hints {
            Ok(hints) => {
                let switch = Arc::clone(&hints.switch);
                let read = tokio::task::spawn_blocking(move || kernel::alone(&switch)).await;
                read.map_err(|error| Trouble::new(TroubleKind::Gone, "the kernel", error))
            }
            Err(trouble) => Err(trouble.clone()),
        };
        let fresh = self.fresh.take().map(|homes| self.take(homes)).is_some();
        let unread = here.as_ref().is_ok_and(|here| here.trouble.is_some());
        if (unread && self.here.is_ok()) || self.here == here {
            return fresh;
        }
        if cross_netns_links(&self.here) != cross_netns_links(&here) {
            self.dirty = true;
            if when == When::Alone && !fresh {
                return false;
            }
        }
        (self.here, self.shown) = (here, None);
        true
    }

    /// The names of links that the switch's namespace had.
    pub(crate) fn names_here(&self) -> HashSet<&Name> {
        self.here.iter().flat_map(|here| &here.links).map(|link| &link.name).collect()
    }

    pub(crate) fn switch(&self) -> Option<NetnsId> {
        self.hints.as_ref().ok().map(|hints| kernel::id(&hints.switch))
    }

    pub(crate) fn observed(&mut self) -> Observed<Namespace> {
        let shown = self.shown.take().unwrap_or_else(|| self.all());
        self.shown.insert(shown).clone()
    }

    fn all(&self) -> Observed<Namespace> {
        let here = match &self.here {
            Ok(here) => here,
            Err(why) => return Observed::Absent { why: why.clone() },
        };
        let here = Namespace { nsids: self.nsids.clone(), ..here.clone() };
        let others = self.homes.iter().filter(|home| home.id != here.id).cloned();
        Observed::Fresh { rows: others.chain([here.clone()]).collect() }
    }
}

/// The links of a namespace whose other end is in another one.
fn cross_netns_links(read: &Result<Namespace, Trouble>) -> Vec<Ifindex> {
    let links = read.iter().flat_map(|namespace| &namespace.links);
    let out = links.filter(|link| link.peer.is_some_and(|peer| peer.nsid.is_some()));
    out.map(|link| link.ifindex).collect()
}

/// When what was read of the switch's namespace counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// As soon as it is read.
    AtOnce,
    /// Unless it has to do with what is elsewhere: then both are read once more, together.
    Alone,
}

/// What there is to do.
pub(crate) enum News {
    /// Something changed.
    Hint,
    /// Namespaces were read, or that came to nothing.
    Read(Option<Homes>),
}

impl Hints {
    fn open(host: &Host) -> Result<Self, Trouble> {
        let switch = kernel::switch_namespace(&host.rundir)?;
        let own = kernel::listen(&switch, false)?;
        let all = kernel::listen(&switch, true).ok();
        #[allow(deprecated, reason = "its successor is unsafe; a LinkWatch owns its descriptor")]
        let asleep = |watch| {
            AsyncFd::with_interest(watch, Interest::READABLE)
                .map_err(|error| Trouble::new(TroubleKind::Unreachable, "changes of links", error))
        };
        Ok(Self { switch: Arc::new(switch), own: asleep(own)?, all: all.map(asleep).transpose()? })
    }

    async fn wait(&self) {
        let own = self.own.readable();
        let all = async {
            match &self.all {
                Some(all) => all.readable().await.map(|_| ()),
                None => pending().await,
            }
        };
        // A socket that fails is as good as a hint: reading will tell.
        tokio::select! {
            _ = own => {}
            _ = all => {}
        }
    }

    /// Whoever hears all hears more than the switch's own namespace if others have news too.
    fn take(&self) -> Hint {
        let own = drain(&self.own);
        let all = self.all.as_ref().map(drain);
        let lost = own.lost || all.is_some_and(|all| all.lost);
        Hint {
            here: own.changes > 0 || lost,
            elsewhere: lost || all.map_or(own.changes > 0, |all| all.changes > own.changes),
        }
    }
}

fn drain(watch: &AsyncFd<LinkWatch>) -> Drained {
    // Taken before the last read, so that what comes after it wakes us again.
    let ready = watch.readable().now_or_never();
    let drained = watch.get_ref().drain();
    if let Some(Ok(mut ready)) = ready {
        ready.clear_ready();
    }
    drained.unwrap_or(Drained { changes: 0, lost: true })
}

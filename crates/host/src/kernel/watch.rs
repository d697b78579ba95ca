//! The kernel, watched. It only notifies; what changed is read again, and no more than that: a
//! notification from the switch's own namespace has the links read that it names, one from elsewhere
//! all the others. What packet sockets listen to is read a little later than it is told: vswitchd has a
//! port's number to tell of at that moment.
//!
//! Links have two ends, so what was read elsewhere counts only once the switch's namespace was read
//! after it: what leads somewhere is never newer than what it leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use model::ids::{Ifindex, NetnsId, Nsid};
use model::snapshot::{Namespace, Peer};
use model::{SourceError, SourceErrorKind};
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::{Instant, sleep};

use super::link_reading::Elsewhere;
pub use super::link_reading::{HandleSet, LinkReading, NamespaceHandles};
use super::switch_namespace::{Changed, Handle, Open, OtherNamespaces, SwitchNamespace};
use crate::deadline::until;
use crate::engine_feeds::EngineFeeds;
use crate::reader::{Reader, Reading};
use crate::source::Latest;

/// The pause before what could not be read is tried again: no notification says that it can be.
const RETRY: Duration = Duration::from_secs(1);

/// How long after a hint packet sockets are read, unless something else has them read before.
const SOCKETS_AFTER: Duration = Duration::from_millis(20);

/// What a Watch asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkRequest {
    /// That the switch's namespace be read; it is numbered from 1 on.
    pub number: u64,
    /// The last of these numbers by which all of its links were asked for, rather than packet
    /// sockets alone.
    pub whole: u64,
}

type Publish = Sender<Latest<Namespace, LinkReading>>;

/// Publishes all namespaces, and again after each change, until the switch's cannot be opened.
/// `containers` are what the engines publish: the namespaces of these are read. Each new number
/// of `requests` has the switch's namespace read once more.
pub async fn run(
    open: &Open,
    containers: EngineFeeds,
    requests: Receiver<LinkRequest>,
    latest: &Publish,
) -> SourceError {
    let Err(source_error) = follow(open, containers, requests, latest).await;
    source_error
}

async fn follow(
    open: &Open,
    mut containers: EngineFeeds,
    mut requests: Receiver<LinkRequest>,
    latest: &Publish,
) -> Result<Infallible, SourceError> {
    // Listens before anything is read.
    let mut links = LinkState::open(open)?;
    containers.all_answered().await;
    // Those that were found later are read of as they answer: this may not be the first start.
    containers.add_found();
    let mut number = requests.borrow_and_update().number;
    links.read_everything(&mut containers).await?;
    links.publish(number, true, latest);
    loop {
        let changed = tokio::select! {
            biased;
            Ok(()) = requests.changed() => {
                // Taken before the reading begins: only that counts which is read after it.
                let asked = *requests.borrow_and_update();
                if asked.whole > number {
                    links.unread = Changed::Anything;
                }
                number = asked.number;
                links.note_notified();
                let changed = links.read_here(SwitchRead::AtOnce).await?;
                links.publish(number, changed, latest);
                false
            }
            () = containers.changed() => {
                links.dirty = true;
                false
            }
            event = links.event() => match event {
                KernelEvent::Notified if links.note_notified() => links.read_here(SwitchRead::Alone).await?,
                KernelEvent::Notified => false,
                KernelEvent::SocketsDue => links.read_here(SwitchRead::Alone).await?,
                KernelEvent::Read(read) => {
                    links.hold(read)?;
                    links.read_here(SwitchRead::Alone).await?
                }
            },
        };
        if changed {
            links.publish(number, true, latest);
        }
        links.read_elsewhere(&mut containers);
    }
}

/// What the kernel told last, and what may have changed since.
struct LinkState<'o> {
    open: &'o Open,
    switch: Arc<dyn SwitchNamespace>,
    /// Reads the switch's namespace, which what is read elsewhere does not hold up.
    here_reader: Reader,
    elsewhere_reader: Reader,
    here: Option<Namespace>,
    /// What has changed in it since.
    unread: Changed,
    /// When its packet sockets are to be read, one of which may have been opened or closed.
    sockets_due: Option<Instant>,
    nsids: BTreeMap<Nsid, NetnsId>,
    /// What the kernel says of namespaces that were not read.
    unread_ways: BTreeSet<Peer>,
    elsewhere: Vec<Namespace>,
    /// By what they were looked for.
    homes: Arc<NamespaceHandles>,
    reading: Option<(Reading<OtherNamespaces>, HandleSet)>,
    /// What was read of them, until the switch's namespace was read after it.
    fresh: Option<Elsewhere>,
    /// Why which namespaces have a name, or what the switch's calls them, was not told by the last reading.
    unlisted: Option<SourceError>,
    /// Namespaces changed that were not read since, or while they were being read.
    dirty: bool,
    /// Some of them could not be read.
    failed: bool,
}

/// What there is to do.
enum KernelEvent {
    /// Something changed.
    Notified,
    /// Packet sockets are to be read.
    SocketsDue,
    /// Namespaces were read, or that came to nothing.
    Read(Option<OtherNamespaces>),
}

impl<'o> LinkState<'o> {
    fn open(open: &'o Open) -> Result<Self, SourceError> {
        let switch = open()?;
        Ok(Self {
            open,
            here_reader: Reader::start("links-here", switch.blocks())?,
            elsewhere_reader: Reader::start("links-around", switch.blocks())?,
            switch,
            here: None,
            unread: Changed::Anything,
            sockets_due: None,
            nsids: BTreeMap::new(),
            unread_ways: BTreeSet::new(),
            elsewhere: Vec::new(),
            homes: Arc::default(),
            reading: None,
            fresh: None,
            unlisted: None,
            dirty: true,
            failed: false,
        })
    }

    /// The switch's namespace, all the others, and the switch's once more after them.
    async fn read_everything(&mut self, containers: &mut EngineFeeds) -> Result<(), SourceError> {
        self.read_here(SwitchRead::AtOnce).await?;
        self.read_elsewhere(containers);
        while self.reading.is_some() {
            match self.event().await {
                KernelEvent::Notified | KernelEvent::SocketsDue => {
                    self.note_notified();
                }
                KernelEvent::Read(read) => self.hold(read)?,
            }
        }
        self.read_here(SwitchRead::AtOnce).await?;
        self.read_elsewhere(containers);
        Ok(())
    }

    /// Waits for a notification, or for the end of a reading that is under way. Cancel safe.
    async fn event(&mut self) -> KernelEvent {
        let Self { switch, reading, failed, sockets_due, .. } = self;
        // The end of a reading elsewhere has the switch's namespace read, sockets too.
        let sockets_due = sockets_due.filter(|_| reading.is_none());
        let read = async {
            match reading {
                Some((reading, _)) => reading.await,
                None => pending().await,
            }
        };
        let retry = async { if *failed { sleep(RETRY).await } else { pending().await } };
        tokio::select! {
            biased;
            read = read => KernelEvent::Read(read.ok()),
            () = switch.notified() => KernelEvent::Notified,
            () = until(sockets_due) => KernelEvent::SocketsDue,
            () = retry => KernelEvent::Notified,
        }
    }

    /// Notes what is told right now, or is to be tried again; whether the switch's namespace
    /// is to be read alone. What is being read elsewhere is told together with what is here.
    fn note_notified(&mut self) -> bool {
        let notified = self.switch.take_notified();
        let elsewhere = notified.elsewhere || self.failed;
        self.dirty |= elsewhere;
        self.unread.add(notified.here);
        if notified.sockets {
            self.sockets_due.get_or_insert_with(|| Instant::now() + SOCKETS_AFTER);
        }
        !self.unread.is_nothing() && !elsewhere && self.reading.is_none()
    }

    /// Starts to read the namespaces of the containers, unless that is under way already: then
    /// they are read once more after that.
    fn read_elsewhere(&mut self, containers: &mut EngineFeeds) {
        if self.reading.is_some() || !self.dirty {
            return;
        }
        self.dirty = false;
        let mut handles = Vec::new();
        for (_, rows) in containers.all() {
            let rows = rows.borrow_and_update();
            handles.extend(rows.rows().iter().flat_map(Handle::of));
        }
        let switch = Arc::clone(&self.switch);
        let asked = handles.iter().cloned().collect();
        let reading = self.elsewhere_reader.read(move || switch.read_others(&handles));
        self.reading = Some((reading, asked));
    }

    /// Keeps what was read elsewhere until the switch's namespace is read.
    ///
    /// # Errors
    /// The thread that read it has ended, and nothing more comes from it: another one has to be started.
    fn hold(&mut self, read: Option<OtherNamespaces>) -> Result<(), SourceError> {
        let asked = self.reading.take().map(|(_, asked)| asked);
        let Some((read, asked)) = read.zip(asked) else {
            let why = "the thread that reads them has ended";
            return Err(SourceError::new(SourceErrorKind::Unreachable, "network namespaces", why));
        };
        self.fresh = Some(Elsewhere::new(read, asked));
        Ok(())
    }

    /// Takes over what was read elsewhere. Where that failed, what was known is kept, and tried
    /// again: it is of what it was read of.
    fn take(&mut self, fresh: Elsewhere) {
        let Elsewhere { mut rows, nsids, unread_ways, mut homes, unlisted } = fresh;
        self.failed = unlisted.is_some() || rows.iter().any(|row| row.source_error.is_some());
        for row in rows.iter_mut().filter(|row| row.source_error.is_some()) {
            if let Some(known) = self.elsewhere.iter().find(|known| known.id == row.id) {
                homes.keep(&self.homes, row.id);
                row.clone_from(known);
            }
        }
        if unlisted.is_some() {
            self.keep_named(&mut rows, &mut homes);
            self.nsids.extend(nsids);
            self.unread_ways.extend(unread_ways);
        } else {
            (self.nsids, self.unread_ways) = (nsids, unread_ways);
        }
        (self.elsewhere, self.homes, self.unlisted) = (rows, Arc::new(homes), unlisted);
    }

    /// Keeps the namespaces that had a name, and their names.
    fn keep_named(&self, rows: &mut Vec<Namespace>, homes: &mut NamespaceHandles) {
        for known in self.elsewhere.iter().filter(|known| !known.names.is_empty()) {
            if let Some(row) = rows.iter_mut().find(|row| row.id == known.id) {
                row.names.clone_from(&known.names);
            } else {
                homes.keep(&self.homes, known.id);
                rows.push(known.clone());
            }
        }
    }

    /// Reads the switch's own namespace again, what has changed in it or after a reading elsewhere all
    /// of it; whether that, or what was read elsewhere before,
    /// changed anything. Where a link that leads elsewhere came or went, so did its other end,
    /// told of or not.
    ///
    /// # Errors
    /// The switch's namespace cannot be opened or read, or is not known any more: what is known of it
    /// is old then.
    async fn read_here(&mut self, when: SwitchRead) -> Result<bool, SourceError> {
        if !self.switch.is_current()? {
            self.switch = (self.open)()?;
            self.dirty = true;
            self.unread = Changed::Anything;
        }
        self.sockets_due = None;
        let switch = Arc::clone(&self.switch);
        let unread = std::mem::take(&mut self.unread);
        let is_base = |known: &Namespace| known.source_error.is_none() && self.fresh.is_none();
        let known = self.here.clone().filter(is_base);
        let changed = unread.clone();
        let read = self.here_reader.read(move || match (known, changed) {
            (Some(known), Changed::Links(links)) => switch.read_changed(known, &links),
            (None, _) | (_, Changed::Anything) => switch.read(),
        });
        let read = read.await;
        let here =
            read.map_err(|error| SourceError::new(SourceErrorKind::Gone, "the kernel", error))?;
        if let (Some(why), true) = (&here.source_error, self.here.is_some()) {
            return Err(why.clone());
        }
        let fresh = self.fresh.take().map(|fresh| self.take(fresh)).is_some();
        self.failed |= here.source_error.is_some();
        if self.here.as_ref() == Some(&here) {
            return Ok(fresh);
        }
        if cross_netns_links(self.here.as_ref()) != cross_netns_links(Some(&here)) {
            self.dirty = true;
            if when == SwitchRead::Alone && !fresh {
                self.unread = unread;
                return Ok(false);
            }
        }
        self.here = Some(here);
        Ok(true)
    }

    /// A reading that was asked for counts as made, whether it brought anything new or not.
    fn publish(&self, number: u64, changed: bool, latest: &Publish) {
        let switch = Some(self.switch.id());
        let vswitchd = self.switch.vswitchd();
        let rows = changed.then(|| self.rows());
        latest.send_modify(|latest| {
            let homes = Arc::clone(&self.homes);
            *latest.about_mut() = LinkReading { switch, vswitchd, number, homes };
            if let Some(rows) = rows {
                latest.set_fresh(rows);
            }
        });
    }

    fn rows(&self) -> Vec<Namespace> {
        let here = self.here.iter().map(|here| {
            let nsids = self.nsids.clone();
            let unread_ways = self.unread_ways.clone();
            let source_error = here.source_error.as_ref().or(self.unlisted.as_ref()).cloned();
            Namespace { nsids, unread_ways, source_error, ..here.clone() }
        });
        let id = self.here.as_ref().map(|here| here.id);
        let others = self.elsewhere.iter().filter(|row| Some(row.id) != id).cloned();
        others.chain(here).collect()
    }
}

/// The links of a namespace whose other end is in another one.
fn cross_netns_links(read: Option<&Namespace>) -> Vec<Ifindex> {
    let links = read.into_iter().flat_map(|namespace| &namespace.links);
    let out = links.filter(|link| link.peer.is_some_and(|peer| peer.nsid.is_some()));
    out.map(|link| link.ifindex).collect()
}

/// When what was read of the switch's namespace counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SwitchRead {
    /// As soon as it is read.
    AtOnce,
    /// Unless it has to do with what is elsewhere: then both are read once more, together.
    Alone,
}

//! Watching: looking again whenever a source says that it is worthwhile.
//!
//! Each source is a task under [`supervise`] that publishes its rows: every container engine, the
//! switch, the kernel. They never meet here: what they published last is put side by side in a
//! Snapshot. What a Watch has to know beyond that is which of it was given already, and one
//! barrier:
//!
//! | state                       | what is published           | what [`Watch::next`] does |
//! |-----------------------------|-----------------------------|---------------------------|
//! | some source never answered  | anything                    | waits: the first look is a whole one |
//! | all given already           | nothing                     | waits |
//! | an engine that was found later never answered | anything  | what it does without that engine |
//! | a port has a new name that no link has | ports            | asks the kernel's task to read the switch's namespace, and waits for that reading |
//! | vswitchd has opened a link of the userspace datapath | ports | takes vswitchd to listen to the link, gives them all, and asks for its packet sockets a moment later |
//! | such a reading is awaited   | anything                    | waits until the kernel's task has published the number of that reading, or why it cannot read |
//! | that was only assumed in the look that was given last | the number of that reading | gives them all, whether or not rows changed |
//! | an engine tells of a container, or of another process of it | containers | gives them all, that container as unread |
//! | that container's namespaces were looked for since | links | gives them all, whether or not links changed |
//! | the links are as in that look, what was assumed counted | links | waits |
//! | vswitchd has not opened a port yet | nothing              | asks for its packet sockets again after a while: it opens them without a word |
//! | otherwise                   | rows, stale or fresh again  | gives them all |
//!
//! The barrier is there because vswitchd may tell of a port before the kernel tells of its link:
//! without it the port would look orphaned. The kernel's rows carry the number of the last
//! request that was made before they were read ([`LinkReading::number`]); nothing else orders one
//! source after another.
//!
//! Nothing waits for the links of a container. The kernel gives the number of a namespace that is gone
//! to the next one that is made, so that what was read under a number may be of another container than
//! the one that an engine names by now. The kernel's rows tell what they were read of
//! ([`LinkReading::homes`]): a container that is not among it is in no namespace yet
//! ([`Container::unread`]), and is hidden until it is.

mod barrier;
mod reread;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::identity::{Identities, SourceIdentity, World};
use model::ids::{ContainerId, NetnsId};
use model::snapshot::{Container, EngineName, Namespace, Observed, Scope};
use model::switch::{Bridge, SwitchSource};
use model::{Snapshot, SourceError, SourceErrorKind};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use self::barrier::Barrier;
use self::reread::{Reread, is_opening};
use crate::Host;
use crate::clock::now;
use crate::engine::known::Engines;
use crate::engine::{self, Configured};
use crate::engine_feeds::{EngineFeeds, Feed};
use crate::identity;
use crate::kernel;
use crate::kernel::watch::{LinkReading, LinkRequest};
use crate::look::{host_name, named};
use crate::source::{Answered, Latest, any_changed, supervise};
use crate::switch::ovsdb;

/// How often it is looked whether another engine is there: a few calls of stat(2).
const FIND_EVERY: Duration = Duration::from_secs(2);

/// So long a number that is still to come is waited for before it is told that it is.
pub const PENDING_OFPORT_TIMEOUT: Duration = Duration::from_secs(1);

/// Where a Watch hears of each source.
#[derive(Debug)]
pub struct Feeds {
    /// Containers, by engine.
    pub engines: EngineFeeds,
    /// Bridges with their ports.
    pub switch: Receiver<Answered<Bridge>>,
    /// Namespaces with their links.
    pub kernel: Receiver<Latest<Namespace, LinkReading>>,
    /// Requests that the switch's namespace be read.
    pub requests: Sender<LinkRequest>,
}

/// A host that is looked at again and again.
pub struct Watch {
    feeds: Feeds,
    named: BTreeSet<EngineName>,
    barrier: Barrier,
    reread: Reread,
    /// What was published when the last Snapshot was given.
    given: Versions,
    last: Option<Arc<Snapshot>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Host {
    /// Watches everything, from inside a tokio runtime, until the Watch is dropped.
    pub fn watch(&self) -> Watch {
        let mut tasks = Vec::new();
        let configured = self.engines.now();
        let named = named(&configured);
        let (found, all) = channel(Vec::new());
        let mut following = Following { timeout: self.timeout, found, tasks: JoinSet::new() };
        for engine in configured {
            following.follow(engine);
        }
        let engines = EngineFeeds::growing(all);
        tasks.push(tokio::spawn(following.find_more(self.engines.clone())));
        let (host, (publish, switch)) = (self.clone(), channel(Latest::default()));
        tasks.push(tokio::spawn(supervise(publish, async move |latest| {
            ovsdb::watch::run(&host, latest).await
        })));
        let containers = engines.clone();
        let (requests, requested) = channel(LinkRequest::default());
        let (rundir, (publish, kernel)) = (self.rundir.clone(), channel(Latest::default()));
        let open = move || kernel::open(&rundir);
        tasks.push(tokio::spawn(supervise(publish, async move |latest| {
            kernel::watch::run(&open, containers.clone(), requested.clone(), latest).await
        })));
        let feeds = Feeds { engines, switch, kernel, requests };
        let mut watch = Watch::of(feeds);
        (watch.named, watch.tasks) = (named, tasks);
        watch
    }
}

/// The engines that are followed, each by a task of its own.
struct Following {
    timeout: Duration,
    /// Where each is heard of.
    found: Sender<Vec<Feed>>,
    tasks: JoinSet<()>,
}

impl Following {
    fn follow(&mut self, configured: Configured) {
        let (publish, rows) = channel(Latest::default());
        let name = configured.name.clone();
        let timeout = self.timeout;
        self.tasks.spawn(supervise(publish, async move |latest| {
            engine::watch::run(&configured, timeout, latest).await
        }));
        self.found.send_modify(|found| found.push((name, rows)));
    }

    /// Follows what is found later too: an engine may be installed, or a user log in.
    async fn find_more(mut self, engines: Engines) {
        while engines.may_grow() {
            sleep(FIND_EVERY).await;
            let known = self.found.borrow().len();
            engines.now().into_iter().skip(known).for_each(|engine| self.follow(engine));
        }
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Watch {
    /// A Watch of what these feeds bring.
    pub fn of(feeds: Feeds) -> Self {
        let named = BTreeSet::new();
        let barrier = Barrier::default();
        let (reread, given) = (Reread::default(), Versions::default());
        Self { feeds, named, barrier, reread, given, last: None, tasks: Vec::new() }
    }

    /// A whole look at once, then another one whenever something may have changed, or a source
    /// fell silent or came back. Rows of a silent source are the last ones, and stale. Cancel
    /// safe.
    pub async fn next(&mut self) -> Arc<Snapshot> {
        loop {
            let mut latest = self.feeds.see();
            latest.leave_out_other_services(&self.named);
            if self.last.is_some() {
                latest.leave_out_silent_engines();
            }
            let passed = self.barrier.is_passed(&latest, &self.feeds.requests);
            let versions = latest.versions(self.barrier.disproved);
            if passed && latest.is_complete() && versions != self.given {
                let of_links = versions.others == self.given.others;
                self.given = versions;
                let snapshot = Arc::new(self.snapshot(&latest));
                self.reread.plan(is_opening(&snapshot));
                let last = self.last.replace(Arc::clone(&snapshot));
                let is_news = |last: Arc<Snapshot>| {
                    !has_same_links(&last, &snapshot) || !unread(&last).eq(unread(&snapshot))
                };
                if !of_links || last.is_none_or(is_news) {
                    return snapshot;
                }
            }
            tokio::select! {
                () = self.feeds.changed() => {}
                () = self.barrier.is_due() => self.barrier.ask(&self.feeds.requests),
                () = self.reread.is_due() => {
                    self.reread.postpone();
                    self.barrier.ask(&self.feeds.requests);
                }
            }
        }
    }

    fn snapshot(&mut self, latest: &Published) -> Snapshot {
        let engines = latest.engines.iter();
        let (switch_netns, identities) = latest.identities();
        let mut kernel = latest.kernel.observed();
        self.barrier.assume_packet_sockets(&mut kernel, switch_netns);
        kernel::note_paths(&mut kernel, latest.switch.rows().iter());
        Snapshot {
            version: Snapshot::VERSION,
            host: host_name(),
            taken: now(),
            scope: Scope::Everything,
            switch_netns,
            engines: engines.map(|(kind, rows)| (kind.clone(), latest.as_read(rows))).collect(),
            named_engines: self.named.clone(),
            identities,
            other_engines: Vec::new(),
            kernel,
            switch: [(SwitchSource::Ovsdb, latest.switch.observed())].into(),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Feeds {
    /// Takes what is published for seen. The rows are shared, not copied.
    fn see(&mut self) -> Published {
        let engines = self.engines.all();
        Published {
            engines: engines
                .map(|(kind, rows)| (kind.clone(), rows.borrow_and_update().clone()))
                .collect(),
            switch: self.switch.borrow_and_update().clone(),
            kernel: self.kernel.borrow_and_update().clone(),
        }
    }

    /// Waits until something was published that was not seen. Cancel safe.
    async fn changed(&mut self) {
        tokio::select! {
            () = self.engines.changed() => {}
            () = any_changed([&mut self.switch].into_iter()) => {}
            () = any_changed([&mut self.kernel].into_iter()) => {}
        }
    }
}

/// Which rows of each source a Snapshot is made of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Versions {
    /// Of the engines and the switch.
    others: Vec<u64>,
    kernel: u64,
    /// [`Barrier::disproved`].
    disproved: u64,
}

/// Whether the kernel's part of both is the same.
fn has_same_links(one: &Snapshot, other: &Snapshot) -> bool {
    one.kernel == other.kernel
        && one.switch_netns == other.switch_netns
        && one.identities == other.identities
}

/// The containers of whose namespaces nothing was read yet.
fn unread(snapshot: &Snapshot) -> impl Iterator<Item = &ContainerId> {
    snapshot.containers().filter(|row| row.unread).map(|row| &row.id)
}

/// What each source published last.
struct Published {
    engines: Vec<(EngineName, Answered<Container>)>,
    switch: Answered<Bridge>,
    kernel: Latest<Namespace, LinkReading>,
}

impl Published {
    /// As before they were found: nothing is known of what they have.
    fn leave_out_silent_engines(&mut self) {
        self.engines.retain(|(_, rows)| rows.has_answered());
    }

    /// What was found where an engine may listen, and is none, is no source.
    fn leave_out_other_services(&mut self, named: &BTreeSet<EngineName>) {
        let is_none = |why: &SourceError| why.kind == SourceErrorKind::NotServed;
        let is_engine = |(kind, rows): &(EngineName, Answered<Container>)| {
            // One that told of containers is an engine, which is out of order.
            named.contains(kind) || !rows.is_unread() || !rows.source_error().is_some_and(is_none)
        };
        self.engines.retain(is_engine);
    }

    fn versions(&self, disproved: u64) -> Versions {
        let engines = self.engines.iter().map(|(_, rows)| rows.version());
        let others = engines.chain([self.switch.version()]).collect();
        Versions { others, kernel: self.kernel.version(), disproved }
    }

    /// Containers, of whose namespaces those are left out that were not read of them.
    fn as_read(&self, rows: &Answered<Container>) -> Observed<Container> {
        let mut observed = rows.observed();
        let reading = self.kernel.about();
        // Where nothing was ever read nothing can be mistaken.
        if self.kernel.is_unread() || observed.rows().iter().all(|row| reading.covers(row)) {
            return observed;
        }
        for row in observed.rows_mut().iter_mut().filter(|row| !reading.covers(row)) {
            (row.netns, row.sandbox, row.unread) = (None, None, true);
        }
        observed
    }

    /// Who told all this, and the namespace of the switch, if that is the database's.
    fn identities(&self) -> (Option<NetnsId>, Identities) {
        let engines = self.engines.iter();
        let engines =
            engines.filter_map(|(kind, rows)| Some((kind.clone(), rows.about().clone()?)));
        let engines = engines.collect();
        let database = self.switch.about().clone();
        let LinkReading { switch, vswitchd, .. } = self.kernel.about();
        let other =
            database.as_ref().and_then(|database| identity::serves_another(&database.world));
        let (switch, vswitchd) = match other {
            None => (*switch, vswitchd.clone()),
            Some(why) => {
                let pid = vswitchd.as_ref().and_then(|vswitchd| vswitchd.pid);
                (None, Some(SourceIdentity::new(pid, World::Unknown { why })))
            }
        };
        (switch, Identities { vswitchd, database, engines })
    }

    /// Whether every source has said something, be it that it cannot.
    fn is_complete(&self) -> bool {
        self.engines.iter().all(|(_, rows)| rows.has_answered())
            && self.switch.has_answered()
            && self.kernel.has_answered()
    }
}

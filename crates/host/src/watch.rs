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
//! | a port has a new name that no link has | ports            | asks the kernel's task to read the switch's namespace, and waits for that reading |
//! | vswitchd has opened a link of the userspace datapath | ports | asks for its packet sockets, and takes vswitchd to listen to the link until it has come |
//! | such a reading is awaited   | anything                    | waits until the kernel's task has published the number of that reading, or why it cannot read |
//! | that was only assumed in the look that was given last | the number of that reading | gives them all, whether or not rows changed |
//! | the links are as in that look, what was assumed counted | links | waits |
//! | vswitchd has not opened a port yet | nothing              | asks for its packet sockets again after a while: it opens them without a word |
//! | otherwise                   | rows, stale or fresh again  | gives them all |
//!
//! The barrier is there because vswitchd may tell of a port before the kernel tells of its link:
//! without it the port would look orphaned. The kernel's rows carry the number of the last
//! request that was made before they were read ([`LinkReading::number`]); nothing else orders one
//! source after another.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use model::Snapshot;
use model::identity::{Identities, SourceIdentity, World};
use model::ids::{Name, NetnsId};
use model::snapshot::{Container, Engine as Kind, Namespace, Observed, Scope};
use model::switch::{Bridge, Port, SwitchSource};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Host;
use crate::clock::now;
use crate::engine::feeds::{EngineFeeds, Feed};
use crate::engine::known::Engines;
use crate::engine::{self, Configured};
use crate::identity;
use crate::kernel;
use crate::kernel::watch::{LinkReading, LinkRequest, any_changed};
use crate::look::{host_name, named};
use crate::source::{Answered, Latest, supervise};
use crate::switch::ovsdb;

/// How often it is looked whether another engine is there: a few calls of stat(2).
const FIND_EVERY: Duration = Duration::from_secs(2);

/// How soon the packet sockets of a vswitchd that starts are read again, and how often at least.
const FIRST_REREAD: Duration = Duration::from_millis(250);
const LAST_REREAD: Duration = Duration::from_secs(8);

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
    named: BTreeSet<Kind>,
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
        let (name, timeout) = (configured.name.clone(), self.timeout);
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
            let latest = self.feeds.see();
            let passed = self.barrier.is_passed(&latest, &self.feeds.requests);
            let versions = latest.versions(self.barrier.disproved);
            if passed && latest.is_complete() && versions != self.given {
                let of_links = versions.others == self.given.others;
                self.given = versions;
                let snapshot = Arc::new(self.snapshot(&latest));
                self.reread.plan(is_opening(&snapshot));
                let last = self.last.replace(Arc::clone(&snapshot));
                if !of_links || last.is_none_or(|last| !has_same_links(&last, &snapshot)) {
                    return snapshot;
                }
            }
            tokio::select! {
                () = self.feeds.changed() => {}
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
            engines: engines.map(|(kind, rows)| (kind.clone(), rows.observed())).collect(),
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

/// Whether vswitchd seems to have ports of the userspace datapath that it has not opened: more than have
/// lost their link since it did.
fn is_opening(snapshot: &Snapshot) -> bool {
    let Some(here) = snapshot.switch_namespace() else { return false };
    let links: HashMap<_, _> = here.links.iter().map(|link| (&link.name, link.ifindex)).collect();
    let is_unheard = |port: &&Arc<Port>| {
        let link = links.get(&port.iface);
        link.is_some_and(|link| here.is_listened_to(*link) == Some(false))
    };
    let unheard = opened_ports(snapshot.bridges()).filter(is_unheard).count();
    unheard > here.vswitchd_sockets.as_ref().map_or(0, |own| own.lost)
}

/// The ports that vswitchd opens a packet socket for.
fn opened_ports<'b>(
    bridges: impl Iterator<Item = &'b Bridge>,
) -> impl Iterator<Item = &'b Arc<Port>> {
    let userspace = bridges.filter(|row| row.datapath.as_deref() == Some("netdev"));
    let ports = userspace.flat_map(|row| &row.ports);
    ports.filter(|port| port.kind == "system" && port.ofport.assigned().is_some())
}

/// When the packet sockets are to be read again though nothing was told: nothing tells that vswitchd
/// has opened the ports that it found in its database when it started.
#[derive(Debug)]
struct Reread {
    due: Option<Instant>,
    /// After so long, which grows.
    pause: Duration,
}

impl Default for Reread {
    fn default() -> Self {
        Self { due: None, pause: FIRST_REREAD }
    }
}

impl Reread {
    fn plan(&mut self, is_opening: bool) {
        if !is_opening {
            *self = Self::default();
        } else if self.due.is_none() {
            self.postpone();
        }
    }

    /// The next one, if that is not called off by then.
    fn postpone(&mut self) {
        self.due = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LAST_REREAD);
    }

    /// Cancel safe.
    async fn is_due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => pending().await,
        }
    }
}

/// What each source published last.
struct Published {
    engines: Vec<(Kind, Answered<Container>)>,
    switch: Answered<Bridge>,
    kernel: Latest<Namespace, LinkReading>,
}

impl Published {
    fn versions(&self, disproved: u64) -> Versions {
        let engines = self.engines.iter().map(|(_, rows)| rows.version());
        let others = engines.chain([self.switch.version()]).collect();
        Versions { others, kernel: self.kernel.version(), disproved }
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
                (
                    None,
                    Some(SourceIdentity {
                        id: None,
                        pid,
                        user: None,
                        world: World::Unknown { why },
                    }),
                )
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

/// No port is shown as orphaned, or deaf, before links were read again.
#[derive(Debug, Default)]
struct Barrier {
    /// The reading that was asked for last; the first one is not asked for. One of all links is
    /// awaited.
    asked: LinkRequest,
    /// Names of ports that no link had when the version `checked` of the ports came.
    unknown: BTreeSet<Name>,
    checked: u64,
    /// The ports of the userspace datapath then.
    open: HashMap<Name, Arc<Port>>,
    /// Those that vswitchd has opened, or opened anew, since packet sockets were read.
    unconfirmed: BTreeSet<Name>,
    /// Whether a look was given in which one of these was only assumed to be listened to.
    is_assumed: bool,
    /// How often such a reading has come since, which may say otherwise.
    disproved: u64,
}

impl Barrier {
    /// Asks for a reading where a port has a name that none had before and that is not known as a
    /// link's, or may have another packet socket; whether the last one that is to be awaited has come.
    fn is_passed(&mut self, latest: &Published, requests: &Sender<LinkRequest>) -> bool {
        let Published { switch: ports, kernel: links, .. } = latest;
        if ports.version() != self.checked && links.has_answered() {
            let is_first = std::mem::replace(&mut self.checked, ports.version()) == 0;
            let unknown = unknown(ports, links);
            let opened = self.opened(ports);
            let is_awaited = !unknown.is_subset(&self.unknown);
            let is_unconfirmed = !opened.is_empty() && !is_first;
            if is_awaited || is_unconfirmed {
                if is_awaited {
                    self.asked.whole = self.asked.number + 1;
                }
                self.ask(requests);
            }
            self.unconfirmed.extend(opened.into_iter().filter(|_| is_unconfirmed));
            self.unknown = unknown;
        }
        let read = links.about().number;
        if read >= self.asked.number {
            self.unconfirmed.clear();
            self.disproved += u64::from(std::mem::take(&mut self.is_assumed));
        }
        // A kernel that cannot be read keeps nothing back.
        read >= self.asked.whole || links.source_error().is_some()
    }

    /// Asks for a reading.
    fn ask(&mut self, requests: &Sender<LinkRequest>) {
        self.asked.number += 1;
        requests.send_replace(self.asked);
    }

    /// The ports of the userspace datapath that are new or not what they were.
    fn opened(&mut self, ports: &Answered<Bridge>) -> Vec<Name> {
        let system = opened_ports(ports.rows().iter());
        let now: HashMap<_, _> =
            system.map(|port| (port.iface.clone(), Arc::clone(port))).collect();
        let before = std::mem::replace(&mut self.open, now);
        let is_same = |port: &Arc<Port>, known: &Arc<Port>| {
            Arc::ptr_eq(port, known) || (port.ofport, port.ifindex) == (known.ofport, known.ifindex)
        };
        let opened = self
            .open
            .iter()
            .filter(|(name, port)| !before.get(*name).is_some_and(|known| is_same(port, known)));
        opened.map(|(name, _)| name.clone()).collect()
    }

    /// What vswitchd has just opened it listens to, as far as is known.
    fn assume_packet_sockets(&mut self, kernel: &mut Observed<Namespace>, switch: Option<NetnsId>) {
        let here = |row: &Namespace| Some(row.id) == switch;
        let is_unconfirmed = |row: &Namespace| {
            let mut links = row.links.iter().filter(|link| self.unconfirmed.contains(&link.name));
            links.any(|link| row.is_listened_to(link.ifindex) == Some(false))
        };
        if self.unconfirmed.is_empty()
            || !kernel.rows().iter().any(|row| here(row) && is_unconfirmed(row))
        {
            return;
        }
        self.is_assumed = true;
        for row in kernel.rows_mut().iter_mut().filter(|row| here(row)) {
            let links = row.links.iter().filter(|link| self.unconfirmed.contains(&link.name));
            let links: Vec<_> = links.map(|link| link.ifindex).collect();
            let own = row.vswitchd_sockets.iter_mut().map(|own| &mut own.links);
            let all = row.packet_sockets.iter_mut().chain(own);
            all.for_each(|sockets| sockets.extend(&links));
        }
    }
}

/// The names of system ports that no link in the switch's namespace has.
fn unknown(ports: &Answered<Bridge>, links: &Latest<Namespace, LinkReading>) -> BTreeSet<Name> {
    let here = links.rows().iter().filter(|row| Some(row.id) == links.about().switch);
    let known: HashSet<_> = here.flat_map(|row| &row.links).map(|link| &link.name).collect();
    let ports = ports.rows().iter().flat_map(|bridge| &bridge.ports);
    let system = ports.filter(|port| port.kind == "system");
    system.map(|port| &port.iface).filter(|name| !known.contains(name)).cloned().collect()
}

//! Following the kernel: what is read again for which hint, and what is published when.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use host::engine_feeds::EngineFeeds;
use host::kernel::switch_namespace::{Changed, Handle, Notified, OtherNamespaces, SwitchNamespace};
use host::kernel::watch::{LinkReading, LinkRequest, run};
use host::source::{Answered, Latest};
use model::ids::{Ifindex, NetnsId, Nsid};
use model::snapshot::{Container, Link, Namespace, Peer};
use model::{SourceError, SourceErrorKind};
use tokio::sync::Notify;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::rows::{SWITCH, container, kind, namespace, with_pid};

const HOME: NetnsId = NetnsId { dev: 4, ino: 2 };

/// One that has a name.
const NAMED: NetnsId = NetnsId { dev: 4, ino: 77 };

/// What there is to be read, and how often it was.
struct Now {
    here: Namespace,
    others: Vec<Namespace>,
    told: Notified,
    moved: bool,
    read_here: usize,
    /// The links that were read again alone, each time.
    read_changed: Vec<Vec<u32>>,
    read_others: usize,
    /// The processes that the others were read of last.
    processes: Vec<u32>,
    /// Those of them that have ended.
    ended: Vec<u32>,
    /// Why it is not known which of the others have a name.
    unlisted: Option<SourceError>,
    /// What happens while the others are read next.
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

struct FakeNamespace {
    now: Mutex<Now>,
    /// The others are read by a thread, which ends at the reading of this number.
    breaks_at: Option<usize>,
    notified: Notify,
}

impl SwitchNamespace for FakeNamespace {
    fn blocks(&self) -> bool {
        self.breaks_at.is_some()
    }

    fn id(&self) -> NetnsId {
        SWITCH
    }

    fn is_current(&self) -> Result<bool, SourceError> {
        Ok(!self.now.lock().unwrap().moved)
    }

    fn read(&self) -> Namespace {
        let mut now = self.now.lock().unwrap();
        now.read_here += 1;
        now.here.clone()
    }

    fn read_changed(&self, known: Namespace, links: &BTreeSet<Ifindex>) -> Namespace {
        let mut now = self.now.lock().unwrap();
        now.read_changed.push(links.iter().map(|link| link.0).collect());
        let is_read = |link: &Arc<Link>| links.contains(&link.ifindex);
        let read = now.here.links.iter().filter(|link| is_read(link)).cloned();
        let kept = known.links.into_iter().filter(|link| !is_read(link));
        let mut links: Vec<_> = kept.chain(read).collect();
        links.sort_by_key(|link| link.ifindex);
        Namespace {
            links,
            packet_sockets: now.here.packet_sockets.clone(),
            vswitchd_sockets: now.here.vswitchd_sockets.clone(),
            ..known
        }
    }

    fn read_others(&self, homes: &[(Handle, NetnsId)]) -> OtherNamespaces {
        let reading = {
            let mut now = self.now.lock().unwrap();
            now.read_others += 1;
            now.read_others
        };
        assert_ne!(Some(reading), self.breaks_at, "as a defect would");
        let mut now = self.now.lock().unwrap();
        let pid = |(handle, _): &(Handle, NetnsId)| match handle {
            Handle::Process(pid) => Some(*pid),
            Handle::File(_) => None,
        };
        now.processes = homes.iter().filter_map(pid).collect();
        if let Some(meanwhile) = now.meanwhile.take() {
            meanwhile();
        }
        let (rows, nsids) = (now.others.clone(), BTreeMap::from([(Nsid(0), HOME)]));
        let is_dead = |home: &&_| pid(home).is_some_and(|pid| now.ended.contains(&pid));
        let dead = homes.iter().filter(is_dead).cloned().collect();
        let unlisted = now.unlisted.clone();
        OtherNamespaces { rows, nsids, dead, unlisted, ..OtherNamespaces::default() }
    }

    fn notified(&self) -> BoxFuture<'_, ()> {
        self.notified.notified().boxed()
    }

    fn take_notified(&self) -> Notified {
        std::mem::take(&mut self.now.lock().unwrap().told)
    }
}

struct Followed {
    kernel: Arc<FakeNamespace>,
    containers: Sender<Answered<Container>>,
    requests: Sender<LinkRequest>,
    rows: Receiver<Latest<Namespace, LinkReading>>,
    task: JoinHandle<SourceError>,
}

impl Followed {
    /// With an engine that has not answered yet.
    fn start() -> Self {
        let (containers, engine) = channel(Latest::default());
        Self::of(EngineFeeds::of(vec![(kind("docker"), engine)]), containers)
    }

    /// With these engines, of which the first one is told by `containers`.
    fn of(engines: EngineFeeds, containers: Sender<Answered<Container>>) -> Self {
        Self::breaking(engines, containers, None)
    }

    fn breaking(
        engines: EngineFeeds,
        containers: Sender<Answered<Container>>,
        breaks_at: Option<usize>,
    ) -> Self {
        let now = Now {
            here: namespace(&["veth1"]),
            others: vec![home(&["eth0"])],
            told: Notified::default(),
            moved: false,
            read_here: 0,
            read_changed: Vec::new(),
            read_others: 0,
            processes: Vec::new(),
            ended: Vec::new(),
            unlisted: None,
            meanwhile: None,
        };
        let kernel =
            Arc::new(FakeNamespace { now: Mutex::new(now), breaks_at, notified: Notify::new() });
        let (requests, requested) = channel(LinkRequest::default());
        let (publish, rows) = channel(Latest::default());
        let opened = Arc::clone(&kernel);
        let task = tokio::spawn(async move {
            let open = move || -> Result<Arc<dyn SwitchNamespace>, SourceError> {
                if opened.is_current()? {
                    return Ok(Arc::clone(&opened) as Arc<dyn SwitchNamespace>);
                }
                Err(SourceError::new(SourceErrorKind::Denied, "the namespace", "no"))
            };
            run(&open, engines, requested, &publish).await
        });
        Self { kernel, containers, requests, rows, task }
    }

    async fn begun() -> Self {
        let mut followed = Self::start();
        followed.runs(7);
        assert!(followed.published().await);
        followed
    }

    /// A container runs with this process.
    fn runs(&self, pid: u32) {
        runs(&self.containers, pid);
    }

    /// The processes by which [`HOME`] was looked for, as is published.
    fn looked_for_by(&self) -> Vec<Handle> {
        let rows = self.rows.borrow();
        let homes = rows.about().homes.asked.iter();
        homes.filter(|(_, home)| *home == HOME).map(|(handle, _)| handle.clone()).collect()
    }

    fn change(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.kernel.now.lock().unwrap());
    }

    fn notify(&self, here: bool, elsewhere: bool) {
        let here = if here { Changed::Anything } else { Changed::default() };
        self.notify_of(Notified { here, elsewhere, ..Notified::default() });
    }

    fn notify_of(&self, notified: Notified) {
        self.change(|now| now.told = notified);
        self.kernel.notified.notify_one();
    }

    /// Whether something is published without anything else happening.
    async fn published(&mut self) -> bool {
        timeout(Duration::from_secs(60), self.rows.changed())
            .await
            .is_ok_and(|changed| changed.is_ok())
    }

    /// How often the switch's namespace and the others were read.
    fn readings(&self) -> (usize, usize) {
        let now = self.kernel.now.lock().unwrap();
        (now.read_here, now.read_others)
    }

    /// The links that were read again alone, each time.
    fn read_changed(&self) -> Vec<Vec<u32>> {
        self.kernel.now.lock().unwrap().read_changed.clone()
    }

    /// These links of the switch's namespace changed.
    fn notify_links(&self, indices: &[u32]) {
        self.notify_of(Notified { here: links(indices), ..Notified::default() });
    }

    fn names(&self) -> Vec<Vec<String>> {
        let names = |row: &Namespace| row.links.iter().map(|link| link.name.to_string()).collect();
        self.rows.borrow().rows().iter().map(names).collect()
    }
}

fn runs(containers: &Sender<Answered<Container>>, pid: u32) {
    let mut row = with_pid(container("d1", "web"), pid).row;
    row.netns = Some(HOME);
    containers.send_modify(|latest| latest.set_fresh(vec![row]));
}

fn home(links: &[&str]) -> Namespace {
    Namespace { id: HOME, ..namespace(links) }
}

fn links(indices: &[u32]) -> Changed {
    Changed::Links(indices.iter().copied().map(Ifindex).collect())
}

/// A link whose other end is in another namespace.
fn with_far_end(mut row: Namespace) -> Namespace {
    let link = Arc::make_mut(row.links.last_mut().unwrap());
    link.peer = Some(Peer { ifindex: Ifindex(2), nsid: Some(Nsid(0)) });
    row
}

#[tokio::test(start_paused = true)]
async fn the_first_rows_wait_for_the_engines_and_have_both_sides() {
    let mut followed = Followed::start();
    assert!(!followed.published().await);
    followed.runs(7);
    assert!(followed.published().await);
    assert_eq!(followed.names(), [["eth0"], ["veth1"]]);
    assert_eq!(followed.kernel.now.lock().unwrap().processes, [7]);
    let latest = followed.rows.borrow().clone();
    assert_eq!(latest.about().switch, Some(SWITCH));
    assert_eq!(latest.rows()[1].nsids, BTreeMap::from([(Nsid(0), HOME)]));
    assert_eq!(followed.readings(), (2, 1), "the switch's is read after the others once more");
}

#[tokio::test(start_paused = true)]
async fn a_hint_from_the_switchs_namespace_costs_one_reading() {
    let mut followed = Followed::begun().await;
    followed.change(|now| now.here = namespace(&["veth1", "veth2"]));
    followed.notify(true, false);
    assert!(followed.published().await);
    assert_eq!(followed.names()[1], ["veth1", "veth2"]);
    assert_eq!(followed.readings(), (3, 1));
    followed.notify(true, false);
    assert!(!followed.published().await, "nothing changed");
}

#[tokio::test(start_paused = true)]
async fn a_hint_from_elsewhere_has_both_sides_read() {
    let mut followed = Followed::begun().await;
    followed.change(|now| now.others = vec![home(&["eth0", "eth1"])]);
    followed.notify(false, true);
    assert!(followed.published().await);
    assert_eq!(followed.names()[0], ["eth0", "eth1"]);
    assert_eq!(followed.readings(), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn namespaces_whose_names_cannot_be_listed_are_kept_and_asked_for_again() {
    let mut followed = Followed::start();
    let named = Namespace { names: vec!["blue".to_owned()], id: NAMED, ..namespace(&["lan0"]) };
    followed.change(|now| now.others.push(named));
    followed.runs(7);
    assert!(followed.published().await);
    assert_eq!(followed.names(), [["eth0"], ["lan0"], ["veth1"]]);
    followed.change(|now| {
        now.others.truncate(1);
        now.unlisted = Some(SourceError::new(SourceErrorKind::Exhausted, "names", "no room"));
    });
    followed.notify(false, true);
    assert!(followed.published().await);
    assert_eq!(followed.names(), [["eth0"], ["lan0"], ["veth1"]]);
    let doubtful = |followed: &Followed| -> Vec<NetnsId> {
        let latest = followed.rows.borrow().clone();
        let rows = latest.rows().iter().filter(|row| row.source_error.is_some());
        rows.map(|row| row.id).collect()
    };
    assert_eq!(doubtful(&followed), [SWITCH]);
    followed.change(|now| now.unlisted = None);
    assert!(followed.published().await, "they are asked for again");
    assert_eq!(followed.names(), [["eth0"], ["veth1"]]);
    assert!(doubtful(&followed).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_link_that_leads_elsewhere_is_published_with_its_other_end() {
    let mut followed = Followed::begun().await;
    followed.change(|now| {
        now.here = with_far_end(namespace(&["veth1", "veth2"]));
        now.others = vec![home(&["eth0", "eth1"])];
    });
    followed.notify(true, false);
    assert!(followed.published().await);
    assert_eq!(followed.names(), [["eth0", "eth1"], ["veth1", "veth2"]]);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_changed_has_the_namespaces_read() {
    let mut followed = Followed::begun().await;
    followed.change(|now| now.others = vec![home(&["eth9"])]);
    followed.runs(8);
    assert!(followed.published().await);
    assert_eq!(followed.names()[0], ["eth9"]);
    assert_eq!(followed.kernel.now.lock().unwrap().processes, [8]);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_was_asked_for_is_numbered_whether_it_brings_anything_or_not() {
    let mut followed = Followed::begun().await;
    assert_eq!(followed.rows.borrow().about().number, 0);
    followed.requests.send_replace(LinkRequest { number: 1, whole: 1 });
    assert!(followed.published().await);
    assert_eq!(followed.rows.borrow().about().number, 1);
    assert_eq!(followed.readings(), (3, 1));
    assert_eq!(followed.read_changed(), [[0; 0]; 0]);
}

#[tokio::test(start_paused = true)]
async fn only_the_links_that_changed_are_read_again() {
    let mut followed = Followed::begun().await;
    followed.change(|now| now.here = namespace(&["vethA", "vethB", "vethC"]));
    followed.notify_links(&[2]);
    assert!(followed.published().await);
    assert_eq!(followed.names()[1], ["veth1", "vethB"], "what was not told of was not read");
    followed.change(|now| now.here = namespace(&["vethA"]));
    followed.notify_links(&[1, 2]);
    assert!(followed.published().await);
    assert_eq!(followed.names()[1], ["vethA"]);
    assert_eq!((followed.readings(), followed.read_changed()), ((2, 1), vec![vec![2], vec![1, 2]]));
}

#[tokio::test(start_paused = true)]
async fn a_request_for_packet_sockets_has_no_more_links_read_than_have_changed() {
    let mut followed = Followed::begun().await;
    followed.requests.send_replace(LinkRequest { number: 1, whole: 0 });
    assert!(followed.published().await);
    followed.change(|now| {
        now.here = namespace(&["vethA"]);
        now.told = Notified { here: links(&[1]), ..Notified::default() };
    });
    followed.requests.send_replace(LinkRequest { number: 2, whole: 0 });
    assert!(followed.published().await);
    assert_eq!(followed.rows.borrow().about().number, 2);
    assert_eq!(followed.names()[1], ["vethA"], "what is told by now is read");
    assert_eq!((followed.readings(), followed.read_changed()), ((2, 1), vec![vec![], vec![1]]));
    // Requests of both kinds that are taken at once, and the other kind is the later one.
    followed.requests.send_replace(LinkRequest { number: 3, whole: 3 });
    followed.requests.send_replace(LinkRequest { number: 4, whole: 3 });
    assert!(followed.published().await);
    assert_eq!(followed.readings(), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn packet_sockets_are_read_a_moment_after_the_hint_unless_something_else_reads_them() {
    let mut followed = Followed::begun().await;
    let hint = || Notified { sockets: true, ..Notified::default() };
    followed.change(|now| now.here.packet_sockets = Some([Ifindex(1)].into()));
    followed.notify_of(hint());
    followed.notify_of(hint());
    assert!(timeout(Duration::from_millis(5), followed.rows.changed()).await.is_err(), "not yet");
    assert!(followed.published().await);
    assert_eq!(followed.read_changed(), [Vec::<u32>::new()], "once, and no links");
    assert!(!followed.published().await);
    followed.notify_of(hint());
    followed.requests.send_replace(LinkRequest { number: 1, whole: 0 });
    assert!(followed.published().await);
    assert!(!followed.published().await);
    assert_eq!(followed.read_changed().len(), 2, "the reading that was asked for is that one");
    // While the others are read, what ends that reading reads them.
    followed.notify_of(Notified { elsewhere: true, ..hint() });
    while followed.published().await {}
    assert_eq!((followed.readings(), followed.read_changed().len()), ((3, 2), 2));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_put_off_for_its_other_end_is_not_forgotten() {
    let mut followed = Followed::begun().await;
    followed.change(|now| {
        now.here = with_far_end(namespace(&["veth1", "veth2"]));
        now.others = vec![home(&["eth0", "eth1"])];
    });
    followed.notify_links(&[2]);
    // Before the other end is read, something else has this namespace read at once.
    followed.requests.send_replace(LinkRequest { number: 1, whole: 0 });
    while followed.rows.borrow().about().number < 1 {
        assert!(followed.published().await);
    }
    assert_eq!(followed.names()[1], ["veth1", "veth2"]);
    while followed.names()[0] != ["eth0", "eth1"] {
        assert!(followed.published().await);
    }
}

#[tokio::test(start_paused = true)]
async fn after_another_namespace_was_read_the_switchs_is_read_whole() {
    let mut followed = Followed::begun().await;
    followed.change(|now| now.here = namespace(&["vethA", "vethB"]));
    followed.notify_of(Notified { here: links(&[2]), elsewhere: true, sockets: false });
    assert!(followed.published().await);
    assert_eq!(followed.names()[1], ["vethA", "vethB"]);
    assert_eq!(followed.read_changed(), [[0; 0]; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_stays_as_it_was_and_is_tried_again() {
    let mut followed = Followed::begun().await;
    let source_error = Some(SourceError::new(SourceErrorKind::Denied, "it", "no"));
    let unread = Namespace { source_error: source_error.clone(), ..home(&[]) };
    followed.change(|now| now.others = vec![unread]);
    followed.notify(false, true);
    assert!(followed.published().await);
    assert_eq!(followed.names()[0], ["eth0"]);
    followed.change(|now| now.others = vec![home(&["eth1"])]);
    while followed.names()[0] != ["eth1"] {
        assert!(followed.published().await, "no notification says that it can be read again");
    }
    followed.change(|now| now.here = Namespace { source_error, ..namespace(&[]) });
    followed.notify(true, false);
    assert!(!followed.published().await);
    assert_eq!(followed.names()[1], ["veth1"]);
}

#[tokio::test]
async fn what_is_published_says_by_what_it_was_looked_for_when_its_reading_began() {
    let (containers, engine) = channel(Latest::default());
    let engines = EngineFeeds::of(vec![(kind("docker"), engine)]);
    // By a thread, which does not end.
    let mut followed = Followed::breaking(engines, containers, Some(0));
    followed.runs(7);
    assert!(followed.published().await);
    assert_eq!(followed.looked_for_by(), [Handle::Process(7)]);
    let containers = followed.containers.clone();
    followed.change(|now| {
        now.others = vec![home(&["eth1"])];
        now.meanwhile = Some(Box::new(move || runs(&containers, 9)));
    });
    followed.runs(8);
    assert!(followed.published().await);
    assert_eq!(followed.names()[0], ["eth1"]);
    // It reads once more, for what came meanwhile; on a busy machine that is published by now.
    if followed.looked_for_by() == [Handle::Process(8)] {
        assert!(followed.published().await);
    }
    assert_eq!(followed.looked_for_by(), [Handle::Process(9)]);
    // A reading of the switch's namespace alone says nothing else of the others.
    followed.requests.send_replace(LinkRequest { number: 1, whole: 1 });
    assert!(followed.published().await);
    assert_eq!(followed.looked_for_by(), [Handle::Process(9)]);
}

#[tokio::test(start_paused = true)]
async fn engines_that_were_found_before_it_starts_again_are_read_of_at_once() {
    let (docker, containers) = channel(Latest::default());
    let (found, all) = channel(vec![(kind("docker"), containers)]);
    let engines = EngineFeeds::growing(all);
    let (podman, containers) = channel(Latest::default());
    runs(&podman, 9);
    let (_silent, nothing) = channel(Latest::default());
    found.send_modify(|found| {
        found.extend([(kind("podman"), containers), (kind("lxc"), nothing)]);
    });
    let mut followed = Followed::of(engines, docker);
    followed.runs(7);
    assert!(followed.published().await, "one that is silent is not waited for");
    assert_eq!(followed.kernel.now.lock().unwrap().processes, [7, 9]);
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_kept_are_of_what_they_were_read_of() {
    let mut followed = Followed::begun().await;
    let why = SourceError::new(SourceErrorKind::Denied, "it", "no");
    let unread = Namespace { source_error: Some(why), ..home(&[]) };
    followed.change(|now| now.others = vec![unread]);
    followed.runs(8);
    assert!(followed.published().await);
    assert_eq!(followed.names()[0], ["eth0"]);
    assert_eq!(followed.looked_for_by(), [Handle::Process(7)], "8 may be in another one");
    followed.change(|now| now.others = vec![home(&["eth0"])]);
    while followed.looked_for_by() != [Handle::Process(8)] {
        assert!(followed.published().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_ended_is_not_where_its_namespaces_number_is_used_again() {
    let mut followed = Followed::begun().await;
    followed.change(|now| now.ended = vec![7]);
    followed.notify(false, true);
    assert!(followed.published().await);
    let replaced = |followed: &Followed| followed.rows.borrow().about().homes.replaced.clone();
    assert_eq!(replaced(&followed), HashSet::from([(Handle::Process(7), HOME)]));
    // What cannot be read is as it was known.
    let why = SourceError::new(SourceErrorKind::Denied, "it", "no");
    let unread = Namespace { source_error: Some(why), ..home(&[]) };
    followed.change(|now| (now.others, now.ended) = (vec![unread], Vec::new()));
    followed.notify(false, true);
    assert!(followed.published().await);
    assert_eq!(replaced(&followed).len(), 1);
    // Nothing has its number: it is gone.
    followed.change(|now| (now.others, now.ended) = (Vec::new(), vec![7]));
    followed.notify(false, true);
    while !replaced(&followed).is_empty() {
        assert!(followed.published().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_switch_whose_namespace_cannot_be_opened_any_more_ends_it() {
    let followed = Followed::begun().await;
    followed.change(|now| now.moved = true);
    followed.notify(true, false);
    let why = timeout(Duration::from_secs(60), followed.task).await.unwrap().unwrap();
    assert_eq!(why.kind, SourceErrorKind::Denied);
}

#[tokio::test]
async fn a_reading_that_breaks_off_ends_it_and_publishes_nothing() {
    let (containers, engine) = channel(Latest::default());
    let engines = || EngineFeeds::of(vec![(kind("docker"), engine.clone())]);
    let within = Duration::from_secs(30);
    let followed = Followed::breaking(engines(), containers.clone(), Some(1));
    followed.runs(7);
    let why = timeout(within, followed.task).await.unwrap().unwrap();
    assert_eq!(why.kind, SourceErrorKind::Unreachable);
    assert!(!followed.rows.borrow().has_answered(), "what was not read is not gone");
    // Later too.
    let mut followed = Followed::breaking(engines(), containers, Some(2));
    timeout(within, followed.rows.wait_for(Latest::has_answered)).await.unwrap().unwrap();
    followed.notify(false, true);
    timeout(within, &mut followed.task).await.unwrap().unwrap();
    assert_eq!(followed.names()[0], ["eth0"]);
}

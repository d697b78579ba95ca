//! What a Watch makes of what its sources publish: the state table of `watch.rs`, row by row.

use std::sync::Arc;
use std::time::Duration;

use host::engine_feeds::EngineFeeds;
use host::kernel::switch_namespace::Handle;
use host::kernel::watch::{LinkReading, LinkRequest, NamespaceHandles};
use host::source::{Answered, Latest};
use host::watch::{Feeds, Watch};
use model::ids::{Ifindex, NetnsId, OfPort};
use model::snapshot::{Container, Namespace, Observed};
use model::switch::{Bridge, OfPortState, SwitchSource};
use model::timeline::{Change, Timeline};
use model::{Snapshot, SourceError, SourceErrorKind, resolve};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::rows::{SWITCH, bridge, container, kind, namespace, with_pid};

/// The namespace of containers, by a number that is given away again.
const HOME: NetnsId = NetnsId { dev: 4, ino: 2 };

/// The other ends of a Watch's feeds.
struct Sources {
    engine: Sender<Answered<Container>>,
    switch: Sender<Answered<Bridge>>,
    kernel: Sender<Latest<Namespace, LinkReading>>,
    requests: Receiver<LinkRequest>,
}

impl Sources {
    fn new() -> (Self, Watch) {
        let (engine, engines) = channel(Latest::default());
        Self::of(EngineFeeds::of(vec![(kind("docker"), engines)]), engine)
    }

    /// Of these engines, of which `engine` tells the first one's containers.
    fn of(engines: EngineFeeds, engine: Sender<Answered<Container>>) -> (Self, Watch) {
        let (switch, switches) = channel(Latest::default());
        let (kernel, kernels) = channel(Latest::default());
        let (requested, requests) = channel(LinkRequest::default());
        let watch =
            Watch::of(Feeds { engines, switch: switches, kernel: kernels, requests: requested });
        (Self { engine, switch, kernel, requests }, watch)
    }

    /// All of them, after the first look.
    async fn begun() -> (Self, Watch) {
        let (sources, mut watch) = Self::new();
        sources.containers(&["web"]);
        sources.ports(&["veth1"]);
        sources.links(&["veth1"], 0);
        watch.next().await;
        (sources, watch)
    }

    fn containers(&self, names: &[&str]) {
        let rows = names.iter().map(|name| container(name, name).row).collect();
        self.engine.send_modify(|latest| latest.set_fresh(rows));
    }

    fn ports(&self, names: &[&str]) {
        self.switch.send_modify(|latest| latest.set_fresh(vec![bridge(names)]));
    }

    fn links(&self, names: &[&str], number: u64) {
        self.kernel.send_modify(|latest| {
            *latest.about_mut() =
                LinkReading { switch: Some(SWITCH), number, ..LinkReading::default() };
            latest.set_fresh(vec![namespace(names)]);
        });
    }

    /// The number of the last reading that was asked for.
    fn requested(&self) -> u64 {
        self.requests.borrow().number
    }
}

/// The next Snapshot, if there is one without anything else happening.
async fn given(watch: &mut Watch) -> Option<Arc<Snapshot>> {
    timeout(Duration::from_secs(3600), watch.next()).await.ok()
}

fn source_error() -> SourceError {
    SourceError::new(SourceErrorKind::Gone, "it", "it went away")
}

#[tokio::test(start_paused = true)]
async fn the_first_look_waits_for_every_source() {
    let (sources, mut watch) = Sources::new();
    assert!(given(&mut watch).await.is_none());
    sources.containers(&["web"]);
    sources.ports(&["veth1"]);
    assert!(given(&mut watch).await.is_none());
    sources.links(&["veth1"], 0);
    let first = given(&mut watch).await.unwrap();
    assert_eq!(first.switch_netns, Some(SWITCH));
    assert_eq!(first.switch[&SwitchSource::Ovsdb].rows(), [bridge(&["veth1"])]);
    assert_eq!(sources.requested(), 0, "every port has its link");
    assert!(given(&mut watch).await.is_none(), "it is given once");
}

/// As a containerd without its plugin for Kubernetes, found by its place alone.
#[tokio::test(start_paused = true)]
async fn what_is_no_engine_is_no_source() {
    let (docker, told) = channel(Latest::default());
    let (cri, nothing) = channel(Latest::default());
    let engines = EngineFeeds::of(vec![(kind("docker"), told), (kind("cri"), nothing)]);
    let (sources, mut watch) = Sources::of(engines, docker);
    sources.containers(&["web"]);
    sources.ports(&["veth1"]);
    sources.links(&["veth1"], 0);
    let why = |kind| SourceError::new(kind, "CRI", "what listens there is something else");
    cri.send_modify(|latest| {
        latest.mark_stale(why(SourceErrorKind::NotServed));
    });
    let first = given(&mut watch).await.unwrap();
    assert_eq!(first.engines.keys().collect::<Vec<_>>(), [&kind("docker")]);
    // It becomes one, and then is out of order or away.
    cri.send_modify(|latest| latest.set_fresh(vec![container("pod", "pod").row]));
    assert_eq!(given(&mut watch).await.unwrap().engines.len(), 2);
    for is in [SourceErrorKind::NotServed, SourceErrorKind::Unreachable] {
        cri.send_modify(|latest| {
            latest.mark_stale(why(is));
        });
        let away = given(&mut watch).await.unwrap();
        assert!(matches!(away.engines[&kind("cri")], Observed::Stale { .. }), "{is:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_cannot_answer_has_answered() {
    let (sources, mut watch) = Sources::new();
    sources.engine.send_modify(|latest| {
        latest.mark_stale(source_error());
    });
    sources.ports(&["veth1"]);
    sources.links(&["veth1"], 0);
    let first = given(&mut watch).await.unwrap();
    assert_eq!(first.engines[&kind("docker")].absence(), Some(&source_error()));
}

#[tokio::test(start_paused = true)]
async fn what_two_sources_publish_at_once_is_one_look() {
    let (sources, mut watch) = Sources::begun().await;
    sources.containers(&["web", "db"]);
    sources.ports(&[]);
    let both = given(&mut watch).await.unwrap();
    assert_eq!(both.engines[&kind("docker")].rows().len(), 2);
    assert_eq!(both.switch[&SwitchSource::Ovsdb].rows(), [bridge(&[])]);
    assert!(given(&mut watch).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_new_port_is_held_back_until_links_were_read_again() {
    let (sources, mut watch) = Sources::begun().await;
    sources.ports(&["veth1", "veth2"]);
    assert!(given(&mut watch).await.is_none());
    assert_eq!(sources.requested(), 1);
    // Neither news of others nor a reading from before lets it pass.
    sources.containers(&["web", "db"]);
    sources.links(&["veth1"], 0);
    assert!(given(&mut watch).await.is_none());
    sources.links(&["veth1", "veth2"], 1);
    let next = given(&mut watch).await.unwrap();
    assert_eq!(next.kernel.rows(), [namespace(&["veth1", "veth2"])]);
    assert_eq!(next.engines[&kind("docker")].rows().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_stays_without_a_link_is_asked_about_once() {
    let (sources, mut watch) = Sources::begun().await;
    sources.ports(&["veth1", "gone"]);
    assert!(given(&mut watch).await.is_none());
    // The reading brought nothing new: its number alone says that it was made.
    sources.kernel.send_modify(|latest| latest.about_mut().number = 1);
    given(&mut watch).await.unwrap();
    sources.ports(&["gone"]);
    given(&mut watch).await.unwrap();
    assert_eq!(sources.requested(), 1);
    sources.ports(&["gone", "gone2"]);
    assert!(given(&mut watch).await.is_none());
    assert_eq!(sources.requested(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_kernel_that_cannot_be_read_keeps_no_port_back() {
    let (sources, mut watch) = Sources::begun().await;
    sources.ports(&["veth1", "veth2"]);
    assert!(given(&mut watch).await.is_none());
    sources.kernel.send_modify(|latest| {
        latest.mark_stale(source_error());
    });
    let next = given(&mut watch).await.unwrap();
    assert_eq!(next.kernel.source_error(), Some(&source_error()));
    assert_eq!(next.kernel.rows(), [namespace(&["veth1"])], "what was read is kept");
}

#[tokio::test(start_paused = true)]
async fn the_same_trouble_again_is_nothing_new() {
    let (sources, mut watch) = Sources::begun().await;
    let record = || sources.switch.send_if_modified(|latest| latest.mark_stale(source_error()));
    record();
    assert!(given(&mut watch).await.is_some());
    record();
    assert!(given(&mut watch).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_given_up_loses_nothing() {
    let (sources, mut watch) = Sources::begun().await;
    sources.ports(&["veth1", "veth2"]);
    assert!(given(&mut watch).await.is_none(), "given up behind the barrier");
    sources.links(&["veth1", "veth2"], sources.requested());
    assert!(given(&mut watch).await.is_some());
    sources.containers(&[]);
    assert!(given(&mut watch).await.unwrap().engines[&kind("docker")].rows().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sources_that_have_ended_are_waited_for_in_peace() {
    let (sources, mut watch) = Sources::begun().await;
    drop(sources);
    assert!(given(&mut watch).await.is_none());
}

/// `veth1` on a bridge of the userspace datapath, under this number.
fn userspace(number: u16) -> Bridge {
    let mut row = bridge(&["veth1"]);
    row.datapath = Some("netdev".to_owned());
    Arc::make_mut(&mut row.ports[0]).ofport = OfPortState::Assigned(OfPort(number));
    row
}

fn packet_socket_links(snapshot: &Snapshot) -> bool {
    let sockets = snapshot.kernel.rows()[0].packet_sockets.as_ref();
    sockets.is_some_and(|sockets| sockets.contains(&Ifindex(1)))
}

#[tokio::test(start_paused = true)]
async fn a_port_that_vswitchd_has_opened_is_taken_for_heard_until_that_is_read() {
    let (sources, mut watch) = Sources::new();
    sources.containers(&["web"]);
    let publish = |number| {
        sources.switch.send_modify(|latest| latest.set_fresh(vec![userspace(number)]));
    };
    publish(1);
    let silent = Namespace { packet_sockets: Some([].into()), ..namespace(&["veth1"]) };
    sources.links(&["veth1"], 0);
    sources.kernel.send_modify(|latest| latest.set_fresh(vec![silent]));
    assert!(!packet_socket_links(&given(&mut watch).await.unwrap()));
    assert_eq!(sources.requested(), 0, "that is known already");
    publish(2);
    assert!(packet_socket_links(&given(&mut watch).await.unwrap()), "nothing is held back for it");
    assert_eq!(sources.requested(), 0, "what is given is told first");
    assert!(given(&mut watch).await.is_none());
    assert_eq!(*sources.requests.borrow(), LinkRequest { number: 1, whole: 0 }, "no links");
    // The reading brought nothing new, which is news all the same.
    sources.kernel.send_modify(|latest| latest.about_mut().number = 1);
    assert!(!packet_socket_links(&given(&mut watch).await.unwrap()));
    publish(2);
    assert!(!packet_socket_links(&given(&mut watch).await.unwrap()), "it was not opened again");
    assert_eq!(sources.requested(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_says_what_was_assumed_is_no_news() {
    let (sources, mut watch) = Sources::begun().await;
    let packet_sockets = |links: &[u32], number| {
        let links = Some(links.iter().copied().map(Ifindex).collect());
        let row = Namespace { packet_sockets: links, ..namespace(&["veth1"]) };
        sources.kernel.send_modify(|latest| {
            latest.about_mut().number = number;
            latest.set_fresh(vec![row]);
        });
    };
    packet_sockets(&[], 0);
    given(&mut watch).await.unwrap();
    sources.switch.send_modify(|latest| latest.set_fresh(vec![userspace(2)]));
    assert!(packet_socket_links(&given(&mut watch).await.unwrap()));
    packet_sockets(&[1], 0);
    assert!(given(&mut watch).await.is_none(), "the notification's reading");
    assert_eq!(sources.requested(), 1);
    packet_sockets(&[1], 1);
    assert!(given(&mut watch).await.is_none(), "the one that was asked for");
    packet_sockets(&[], 1);
    assert!(!packet_socket_links(&given(&mut watch).await.unwrap()), "it was closed");
}

/// A container in [`HOME`], of this name and with this process.
fn running(name: &str, pid: u32) -> Container {
    Container { netns: Some(HOME), ..with_pid(container(name, name), pid).row }
}

/// A Watch, and what is told of its looks.
struct Told {
    sources: Sources,
    watch: Watch,
    timeline: Timeline,
}

impl Told {
    /// Of a host on which these run.
    async fn begun(rows: &[Container], processes: &[u32]) -> Self {
        let (sources, watch) = Sources::new();
        let mut told = Self { sources, watch, timeline: Timeline::new() };
        told.sources.ports(&["veth1"]);
        told.engine(rows);
        told.kernel(processes, Some(&["eth0"]));
        let appeared: Vec<_> = rows.iter().map(|row| &*row.name).collect();
        assert_eq!(told.events().await, [format!("appeared {}:eth0", appeared.join("+"))]);
        told
    }

    fn engine(&self, rows: &[Container]) {
        self.sources.engine.send_modify(|latest| latest.set_fresh(rows.to_vec()));
    }

    /// A reading that looked for [`HOME`] by these processes, and found these links or nothing.
    fn kernel(&self, processes: &[u32], home: Option<&[&str]>) {
        self.kernel_without(&[], processes, home);
    }

    /// The same, where some of these processes have ended.
    fn kernel_without(&self, ended: &[u32], processes: &[u32], home: Option<&[&str]>) {
        let of = |pids: &[u32]| pids.iter().map(|pid| (Handle::Process(*pid), HOME)).collect();
        let homes = NamespaceHandles { asked: of(processes), replaced: of(ended) };
        let home = home.map(|links| Namespace { id: HOME, ..namespace(links) });
        self.sources.kernel.send_modify(|latest| {
            *latest.about_mut() = LinkReading {
                switch: Some(SWITCH),
                homes: Arc::new(homes),
                ..LinkReading::default()
            };
            latest.set_fresh(home.into_iter().chain([namespace(&["veth1"])]).collect());
        });
    }

    /// What the looks by now tell.
    async fn events(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(snapshot) = given(&mut self.watch).await {
            let wiring = Arc::new(resolve(&snapshot));
            told.extend(self.timeline.advance(&wiring, 0).into_iter().map(
                |event| match event.change {
                    Change::Appeared(now) => format!("appeared {}", now.label()),
                    Change::Vanished(last) => format!("vanished {}", last.label()),
                    Change::Changed { now, .. } => format!("changed {}", now.label()),
                    other => format!("{other:?}"),
                },
            ));
            let answered = self.timeline.as_told(&wiring);
            let label = |one: &model::wiring::Attachment| one.label();
            let inhabited = answered.attachments.iter().filter(|one| !one.tenants.is_empty());
            let answered: Vec<_> = inhabited.map(label).collect();
            let known: Vec<_> = self.timeline.attachments().iter().map(label).collect();
            assert_eq!(answered, known, "a stream and an answer say the same");
        }
        told
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_whose_number_is_used_again_is_not_what_was_read_under_it() {
    let mut told = Told::begun(&[running("web", 7)], &[7]).await;
    told.engine(&[running("late", 8)]);
    assert_eq!(told.events().await, ["vanished web:eth0"], "what is there was web's");
    // The reading that began before the engine told of it.
    told.kernel(&[7], None);
    assert_eq!(told.events().await, [""; 0]);
    told.kernel(&[8], Some(&["eth0"]));
    assert_eq!(told.events().await, ["appeared late:eth0"]);
    told.kernel(&[8], None);
    assert_eq!(told.events().await, ["vanished late:eth0"], "it was looked for, and is gone");
}

/// An engine that was stopped tells on of containers that have ended.
#[tokio::test(start_paused = true)]
async fn a_container_that_has_ended_is_not_in_the_namespace_that_got_its_number() {
    let mut told = Told::begun(&[running("web", 7)], &[7]).await;
    told.engine(&[running("web", 7), running("late", 8)]);
    assert_eq!(told.events().await, [""; 0]);
    told.kernel_without(&[7], &[7, 8], Some(&["eth0"]));
    assert_eq!(told.events().await, ["changed late:eth0"], "it is not web's too");
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_says_nothing_new_has_looked_for_the_container_all_the_same() {
    let mut told = Told::begun(&[running("web", 7)], &[7]).await;
    // Another process of it, in a namespace of the same number with the same links.
    told.engine(&[running("web", 9)]);
    assert_eq!(told.events().await, [""; 0]);
    told.kernel(&[7], Some(&["eth0"]));
    assert_eq!(told.events().await, [""; 0]);
    told.kernel(&[9], Some(&["eth0"]));
    let snapshot = given(&mut told.watch).await.unwrap();
    let row = &snapshot.engines[&kind("docker")].rows()[0];
    assert_eq!((row.netns, row.unread), (Some(HOME), false));
}

#[tokio::test(start_paused = true)]
async fn a_container_whose_namespace_is_not_known_for_a_while_has_not_left_it() {
    let mut told = Told::begun(&[running("web", 7)], &[7]).await;
    let why = SourceError::new(SourceErrorKind::TimedOut, "it", "no answer");
    let late = Container { netns: None, netns_error: Some(why), ..running("web", 7) };
    told.engine(&[late]);
    told.kernel(&[], None);
    assert_eq!(told.events().await, [""; 0]);
    told.engine(&[running("web", 7)]);
    assert_eq!(told.events().await, [""; 0], "it was not among what was looked for");
    told.kernel(&[7], Some(&["eth0"]));
    assert_eq!(told.events().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn one_of_several_that_starts_again_stays_in_the_namespace_that_they_share() {
    let both = [running("a", 7), running("b", 8)];
    let mut told = Told::begun(&both, &[7, 8]).await;
    told.engine(&[running("a", 7), running("b", 9)]);
    assert_eq!(told.events().await, [""; 0]);
    told.kernel(&[7, 9], Some(&["eth0"]));
    assert_eq!(told.events().await, [""; 0]);
    told.engine(&[running("a", 7), running("b", 9), running("c", 10)]);
    assert_eq!(told.events().await, [""; 0]);
    told.kernel(&[7, 9, 10], Some(&["eth0"]));
    assert_eq!(told.events().await, ["changed a+b+c:eth0"]);
    told.engine(&[running("a", 7)]);
    assert_eq!(told.events().await, ["changed a:eth0"]);
}

#[tokio::test(start_paused = true)]
async fn a_kernel_that_was_never_read_leaves_no_namespace_out() {
    let (sources, mut watch) = Sources::new();
    sources.ports(&["veth1"]);
    sources.engine.send_modify(|latest| latest.set_fresh(vec![running("web", 7)]));
    sources.kernel.send_modify(|latest| {
        latest.mark_stale(source_error());
    });
    let first = given(&mut watch).await.unwrap();
    assert_eq!(first.engines[&kind("docker")].rows(), [running("web", 7)]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_found_later_keeps_no_look_back() {
    let (docker, containers) = channel(Latest::default());
    let (found, all) = channel(vec![(kind("docker"), containers)]);
    let (sources, mut watch) = Sources::of(EngineFeeds::growing(all), docker);
    sources.containers(&["web"]);
    sources.ports(&["veth1"]);
    sources.links(&["veth1"], 0);
    given(&mut watch).await.unwrap();
    let (podman, containers) = channel(Latest::default());
    let (lxc, machines) = channel(Latest::default());
    found.send_modify(|found| {
        found.extend([(kind("podman"), containers), (kind("lxc"), machines)]);
    });
    assert!(given(&mut watch).await.is_none(), "nothing is known of them");
    sources.containers(&["web", "db"]);
    let next = given(&mut watch).await.unwrap();
    assert_eq!(next.engines.keys().collect::<Vec<_>>(), [&kind("docker")]);
    lxc.send_modify(|latest: &mut Answered<Container>| {
        latest.mark_stale(source_error());
    });
    let next = given(&mut watch).await.unwrap();
    assert_eq!(next.engines[&kind("lxc")].absence(), Some(&source_error()));
    assert_eq!(next.engines.len(), 2);
    podman.send_modify(|latest: &mut Answered<Container>| latest.set_fresh(Vec::new()));
    let next = given(&mut watch).await.unwrap();
    assert!(next.engines[&kind("podman")].is_fresh());
    assert!(given(&mut watch).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_first_look_waits_for_what_was_found_by_then() {
    let (docker, containers) = channel(Latest::default());
    let (podman, more) = channel(Latest::default());
    let (_found, all) = channel(vec![(kind("docker"), containers), (kind("podman"), more)]);
    let (sources, mut watch) = Sources::of(EngineFeeds::growing(all), docker);
    sources.containers(&["web"]);
    sources.ports(&["veth1"]);
    sources.links(&["veth1"], 0);
    assert!(given(&mut watch).await.is_none());
    podman.send_modify(|latest: &mut Answered<Container>| latest.set_fresh(Vec::new()));
    assert_eq!(given(&mut watch).await.unwrap().engines.len(), 2);
}

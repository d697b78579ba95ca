//! What is asked of the real kernel about one link, in namespaces of the test's own: who is at a port, and what becomes
//! of packets.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use host::{AskedLink, AskedPort, Host, PortHolder, Question};
use model::Snapshot;
use model::ids::{Ifindex, Mac, NetnsId, OfPort};
use model::route::{
    AnswerSettings, Asking, Cast, IntakeQuestion, KeptBy, Route, RouteOut, RouteQuestion, RuleKeys,
    SendSettings, Transport,
};
use model::switch::PortKey;
use tempfile::TempDir;

use crate::fake_database::FakeDatabase;
use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::{Process, is_inside_alone};
use crate::rows::host;

/// The index that the fake database has for every interface.
const HELD: &str = "7";
const UP0: Ifindex = Ifindex(7);
const TCP: u8 = 6;

fn ip(words: &[&str]) {
    lab::run("ip", words);
}

fn ip_of(process: &Process, words: &[&str]) {
    let pid = process.id().to_string();
    lab::run("nsenter", &[&["--target", &pid, "--net", "ip"], words].concat());
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The network namespace of a process, `self` for this one.
fn netns_of(process: &str) -> NetnsId {
    let file = fs::metadata(format!("/proc/{process}/ns/net")).unwrap();
    NetnsId { dev: file.dev(), ino: file.ino() }
}

/// Has a process be in the cgroup of the container of this id, as far as /proc tells; of no container where it is no id.
fn put_into_container(process: &Process, id: &str) {
    let pid = process.id();
    let file = format!("/run/cgroup-of-{pid}");
    fs::write(&file, format!("0::/system.slice/docker-{id}.scope\n")).unwrap();
    lab::run("mount", &["--bind", &file, &format!("/proc/{pid}/cgroup")]);
}

/// A host with the bridge br0 and vswitchd in the test's own namespace.
struct Scene {
    host: Host,
    database: FakeDatabase,
    _vswitchd: FakeVswitchd,
    _folder: TempDir,
}

impl Scene {
    fn with_ports(ports: &[(&str, Option<u16>)]) -> Self {
        let (host, folder) = host(Vec::new());
        let database = FakeDatabase::listen(folder.path());
        database.bridge("br0", ports);
        let vswitchd = FakeVswitchd::start(folder.path());
        Self { host, database, _vswitchd: vswitchd, _folder: folder }
    }

    async fn holders(&self, port: PortKey) -> Option<Vec<PortHolder>> {
        let asked = AskedPort { bridge: "br0".to_owned(), port };
        self.host.port_holders(&[asked]).await.unwrap()
    }

    /// Who is at `up0`.
    async fn at_up0(&self) -> Option<Vec<PortHolder>> {
        self.holders(PortKey::Interface("up0".to_owned())).await
    }
}

#[tokio::test]
async fn the_container_at_a_port_is_that_of_all_processes_behind_it() {
    let test = "asked_kernel::the_container_at_a_port_is_that_of_all_processes_behind_it";
    if !is_inside_alone(test) {
        return;
    }
    let home = Process::start();
    let pid = home.id().to_string();
    let veth = ["type", "veth", "peer", "name", "eth0", "netns", &pid];
    ip(&[&["link", "add", "up0", "index", HELD], &veth[..]].concat());
    let scene = Scene::with_ports(&[("up0", Some(7)), ("gone0", Some(8))]);
    put_into_container(&home, "none");
    assert_eq!(scene.at_up0().await, None, "it is in no container's cgroup");
    let id = "1a".repeat(32);
    put_into_container(&home, &id);
    let held = Some(vec![PortHolder::Container { id, netns: netns_of(&pid) }]);
    assert_eq!(scene.at_up0().await, held);
    assert_eq!(scene.holders(PortKey::Number(OfPort(7))).await, held);
    assert_eq!(scene.holders(PortKey::Number(OfPort(8))).await, None, "its link is gone");
    assert_eq!(scene.holders(PortKey::Number(OfPort(9))).await, None, "there is no such port");
    // What arrives there goes on.
    ip_of(&home, &["link", "add", "lb0", "type", "bridge"]);
    ip_of(&home, &["link", "set", "eth0", "master", "lb0"]);
    assert_eq!(scene.at_up0().await, None, "it is enslaved inside");
    ip_of(&home, &["link", "set", "eth0", "nomaster"]);
    assert_eq!(scene.at_up0().await, held);
    ip_of(&home, &["link", "add", "link", "eth0", "name", "mv0", "type", "macvlan"]);
    assert_eq!(scene.at_up0().await, None, "a link stands on it inside");
    ip_of(&home, &["link", "del", "mv0"]);
    // Or comes there from elsewhere.
    ip(&["link", "add", "lb1", "type", "bridge"]);
    ip(&["link", "set", "up0", "master", "lb1"]);
    assert_eq!(scene.at_up0().await, None, "it is enslaved where the switch is");
    ip(&["link", "set", "up0", "nomaster"]);
    assert_eq!(scene.at_up0().await, held);
    ip(&["link", "set", "up0", "name", "up1"]);
    assert_eq!(scene.at_up0().await, None, "the held link is called otherwise");
}

#[tokio::test]
async fn this_host_is_at_a_bridges_own_port_where_nothing_else_leads_there() {
    let test = "asked_kernel::this_host_is_at_a_bridges_own_port_where_nothing_else_leads_there";
    if !is_inside_alone(test) {
        return;
    }
    let home = Process::start();
    let scene = Scene::with_ports(&[("br0", Some(65_534))]);
    scene.database.make_internal("br0", 65_534);
    let own = || PortKey::Number(OfPort::LOCAL);
    assert_eq!(scene.holders(own()).await, None, "it has no link");
    ip(&["link", "add", "br0", "index", HELD, "type", "veth", "peer", "name", "x0"]);
    assert_eq!(scene.holders(own()).await, Some(vec![PortHolder::Host]));
    let by_name = PortKey::Interface("br0".to_owned());
    assert_eq!(scene.holders(by_name).await, Some(vec![PortHolder::Host]));
    ip(&["link", "add", "link", "br0", "name", "mv0", "type", "macvlan"]);
    assert_eq!(scene.holders(own()).await, None, "a link stands on it");
    ip(&["link", "set", "mv0", "netns", &home.id().to_string()]);
    assert_eq!(scene.holders(own()).await, None, "a link of another namespace stands on it");
    ip_of(&home, &["link", "del", "mv0"]);
    assert_eq!(scene.holders(own()).await, Some(vec![PortHolder::Host]));
}

/// The test's own namespace with up0, which has the address 10.9.0.1/24 and leads to `home`.
struct Packets {
    scene: Scene,
    snapshot: Snapshot,
    own: NetnsId,
    _home: Process,
}

/// Writes a setting of IPv4 of the test's own namespace.
fn set(setting: &str, value: &str) {
    fs::write(format!("/proc/sys/net/ipv4/{setting}"), value).unwrap();
}

/// The same of up0 and of all links: the machine's own may have come with the namespace.
fn set_of_links(setting: &str, value: &str) {
    for link in ["up0", "all"] {
        set(&format!("conf/{link}/{setting}"), value);
    }
}

impl Packets {
    async fn new() -> Self {
        let home = Process::start();
        let pid = home.id().to_string();
        let veth = ["type", "veth", "peer", "name", "eth0", "netns", &pid];
        ip(&[&["link", "add", "up0", "index", HELD], &veth[..]].concat());
        let settings = ["arp_announce", "arp_filter", "arp_ignore", "proxy_arp", "proxy_arp_pvlan"];
        for setting in settings.into_iter().chain(["rp_filter", "forwarding"]) {
            set_of_links(setting, "0");
        }
        ip_of(&home, &["link", "set", "eth0", "up"]);
        ip(&["link", "set", "lo", "up"]);
        ip(&["address", "add", "10.9.0.1/24", "dev", "up0"]);
        ip(&["link", "set", "up0", "up"]);
        let scene = Scene::with_ports(&[("up0", Some(7))]);
        let snapshot = scene.host.look(&Question::default()).await;
        let own = netns_of("self");
        assert_eq!(snapshot.switch_netns, Some(own));
        Self { scene, snapshot, own, _home: home }
    }

    fn asked(&self, asked: &RouteQuestion) -> (Route, RuleKeys) {
        self.scene.host.route(&self.snapshot, self.own, asked).unwrap()
    }

    fn route(&self, to: &str) -> Route {
        self.asked(&question(to, None)).0
    }

    fn out(&self, to: &str) -> RouteOut {
        match self.route(to) {
            Route::Out(out) => out,
            other => panic!("{to}: {other:?}"),
        }
    }

    /// Whether what comes from there by up0 is taken.
    fn is_taken(&self, from: &str, to: &str) -> Option<bool> {
        let asked = IntakeQuestion { by: UP0, from: address(from), to: address(to) };
        self.scene.host.is_taken(&self.snapshot, self.own, &asked)
    }

    /// How a question that comes by `name` is answered.
    fn answers(&self, name: &str, has_address: bool, target: &str) -> Option<AnswerSettings> {
        let link = AskedLink { netns: self.own, name, has_address };
        let told = self.scene.host.answer_settings(&self.snapshot, &[link], address(target));
        assert_eq!(told.len(), 1);
        told[0]
    }

    fn is_silent(&self, name: &str, target: &str) -> bool {
        self.scene.host.is_silent(&self.snapshot, name, address(target))
    }
}

fn question(to: &str, transport: Option<Transport>) -> RouteQuestion {
    RouteQuestion { to: address(to), from: None, by: None, transport }
}

/// A namespace that there is not.
const NOWHERE: NetnsId = NetnsId { dev: 0, ino: 0 };

#[tokio::test]
async fn the_kernel_tells_what_it_does_with_a_packet_that_is_sent() {
    if !is_inside_alone("asked_kernel::the_kernel_tells_what_it_does_with_a_packet_that_is_sent") {
        return;
    }
    let packets = Packets::new().await;
    assert_eq!(packets.route("10.9.0.1"), Route::Local);
    let is_refused = |to: &str, for_what: &str| match packets.route(to) {
        Route::Refused { why } => assert!(why.contains(for_what), "{to}: {why}"),
        other => panic!("{to}: {other:?}"),
    };
    is_refused("192.0.2.1", "no route leads there");
    ip(&["route", "add", "default", "via", "10.9.0.254"]);
    ip(&["route", "add", "blackhole", "198.51.100.0/25"]);
    ip(&["route", "add", "unreachable", "198.51.100.128/25"]);
    ip(&["route", "add", "prohibit", "203.0.113.0/24"]);
    is_refused("198.51.100.1", "blackhole");
    is_refused("198.51.100.129", "unreachable");
    is_refused("203.0.113.1", "prohibit");
    let near = packets.out("10.9.0.7");
    let told = (near.ifindex, near.gateway, near.source, near.cast, near.neighbor);
    assert_eq!(told, (UP0, None, Some(address("10.9.0.1")), Cast::Unicast, None));
    let mac = ["lladdr", "02:00:00:00:00:07", "dev", "up0", "nud", "permanent"];
    ip(&[&["neighbor", "add", "10.9.0.7"], &mac[..]].concat());
    assert_eq!(packets.out("10.9.0.7").neighbor, Some(Mac([2, 0, 0, 0, 0, 7])));
    assert_eq!(packets.out("192.0.2.1").gateway, Some(address("10.9.0.254")));
    assert_eq!(packets.out("10.9.0.255").cast, Cast::Broadcast);
    assert_eq!(packets.out("224.0.0.5").cast, Cast::Multicast);
    let nowhere = packets.scene.host.route(&packets.snapshot, NOWHERE, &question("::1", None));
    assert_eq!(nowhere.unwrap_err().kind, model::SourceErrorKind::Gone);
}

#[tokio::test]
async fn the_kernel_tells_what_it_writes_into_a_packet() {
    if !is_inside_alone("asked_kernel::the_kernel_tells_what_it_writes_into_a_packet") {
        return;
    }
    let packets = Packets::new().await;
    set("ip_default_ttl", "77");
    set("tcp_ecn", "1");
    let (mcast, app) = ("neigh/up0/mcast_solicit", "neigh/up0/app_solicit");
    // Not every kernel shows these in a user namespace.
    let shows_solicits = Path::new("/proc/sys/net/ipv4").join(mcast).exists();
    if shows_solicits {
        set(mcast, "3");
        set(app, "0");
    }
    let usual = SendSettings { hops: Some(77), ..SendSettings::default() };
    assert_eq!(packets.out("10.9.0.7").sending, usual);
    let of_tcp = || question("10.9.0.7", Some(Transport { protocol: TCP, ports: None }));
    let (told, keys) = packets.asked(&of_tcp());
    let Route::Out(out) = &told else { panic!("{told:?}") };
    assert_eq!(out.sending, SendSettings { asks_ecn: true, ..usual });
    assert_eq!(keys, RuleKeys::default());
    ip(&["rule", "add", "dport", "80", "lookup", "main"]);
    assert_eq!(packets.asked(&of_tcp()).1, RuleKeys { port_dst: true, ..RuleKeys::default() });
    let asks = |asking| SendSettings { asking, ..usual };
    set("conf/up0/arp_announce", "2");
    assert_eq!(packets.out("10.9.0.7").sending, asks(Asking::MaybeAsAnother));
    if shows_solicits {
        set(mcast, "0");
        assert_eq!(packets.out("10.9.0.7").sending, asks(Asking::Never));
    }
    let mac = ["lladdr", "02:00:00:00:00:07", "dev", "up0", "nud", "permanent"];
    ip(&[&["neighbor", "add", "10.9.0.7"], &mac[..]].concat());
    assert_eq!(packets.out("10.9.0.7").sending, usual, "nothing is asked");
}

#[tokio::test]
async fn the_kernel_tells_whether_it_takes_what_comes_in() {
    if !is_inside_alone("asked_kernel::the_kernel_tells_whether_it_takes_what_comes_in") {
        return;
    }
    let packets = Packets::new().await;
    assert_eq!(packets.is_taken("10.9.0.7", "10.9.0.1"), Some(true));
    assert_eq!(packets.is_taken("10.9.0.7", "10.9.0.255"), Some(true), "it is for all");
    assert_eq!(packets.is_taken("127.0.0.1", "10.9.0.1"), Some(false), "none comes from there");
    ip(&["route", "add", "default", "via", "10.9.0.254"]);
    assert_eq!(packets.is_taken("10.9.0.7", "192.0.2.1"), Some(false), "it does not forward");
    set("conf/up0/forwarding", "1");
    assert_eq!(packets.is_taken("10.9.0.7", "192.0.2.1"), Some(false), "it is sent on");
    let asked = |by| IntakeQuestion { by, from: address("10.9.0.7"), to: address("10.9.0.1") };
    let is_taken = |netns, by| packets.scene.host.is_taken(&packets.snapshot, netns, &asked(by));
    assert_eq!(is_taken(packets.own, Ifindex(99)), None, "there is no such link");
    assert_eq!(is_taken(NOWHERE, UP0), None);
}

#[tokio::test]
async fn the_kernel_tells_how_it_answers_questions_for_macs() {
    if !is_inside_alone("asked_kernel::the_kernel_tells_how_it_answers_questions_for_macs") {
        return;
    }
    let packets = Packets::new().await;
    let usual = AnswerSettings::default();
    let own = || packets.answers("up0", true, "10.9.0.1").unwrap();
    assert_eq!(own(), usual);
    set("conf/all/arp_ignore", "1");
    assert_eq!(own(), AnswerSettings { arp_ignore: 1, ..usual });
    set("conf/up0/arp_filter", "1");
    assert_eq!(own(), AnswerSettings { arp_ignore: 1, by_route: true, ..usual });
    // What it does not have it answers for as a proxy, where it forwards.
    let other = || packets.answers("up0", false, "192.0.2.1").unwrap();
    set("conf/up0/proxy_arp", "1");
    assert_eq!(other(), usual);
    set("conf/up0/forwarding", "1");
    assert_eq!(other(), AnswerSettings { proxies_between: true, ..usual });
    set("conf/up0/proxy_arp_pvlan", "1");
    let proxies = AnswerSettings { proxies_between: true, proxies_within: true, ..usual };
    assert_eq!(other(), proxies);
    ip(&["route", "add", "local", "192.0.2.0/24", "dev", "lo"]);
    let by_route =
        AnswerSettings { arp_ignore: 1, by_route: true, kept_by: KeptBy::Route, ..proxies };
    assert_eq!(other(), by_route);
    assert_eq!(packets.answers("none0", true, "10.9.0.1"), None, "there is no such link");
    let elsewhere = AskedLink { netns: NOWHERE, name: "up0", has_address: true };
    let target = address("10.9.0.1");
    let told = packets.scene.host.answer_settings(&packets.snapshot, &[elsewhere], target);
    assert_eq!(told.first(), Some(&None));
}

#[tokio::test]
async fn a_bridges_own_link_is_silent_where_nothing_there_answers() {
    if !is_inside_alone("asked_kernel::a_bridges_own_link_is_silent_where_nothing_there_answers") {
        return;
    }
    let packets = Packets::new().await;
    assert!(!packets.is_silent("none0", "10.9.0.9"), "there is no such link");
    assert!(!packets.is_silent("up0", "10.9.0.9"), "it is none of the switch's");
    // Its device may be root's alone.
    let tap = ["tuntap", "add", "dev", "br0", "mode", "tap"];
    if !lab::program("ip").args(tap).status().unwrap().success() {
        return;
    }
    set("conf/br0/forwarding", "0");
    assert!(packets.is_silent("br0", "10.9.0.1"), "it is down");
    ip(&["link", "set", "br0", "up"]);
    assert!(packets.is_silent("br0", "10.9.0.9"));
    assert!(!packets.is_silent("br0", "10.9.0.1"), "the namespace has the address");
    set("conf/br0/forwarding", "1");
    set("conf/br0/proxy_arp", "1");
    assert!(!packets.is_silent("br0", "10.9.0.9"), "it answers for others");
    set("conf/br0/forwarding", "0");
    ip(&["link", "add", "link", "br0", "name", "mv0", "type", "macvlan"]);
    assert!(!packets.is_silent("br0", "10.9.0.9"), "a link stands on it");
}

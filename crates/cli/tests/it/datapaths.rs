//! What differs between Open vSwitch's two datapaths, measured on each that is here, and what
//! docs/datapaths.md says of it.
//!
//! `BLESS=1 cargo test -p docker-ovs --test it datapaths` writes what is measured into the page.

use std::fmt::Write;
use std::path::PathBuf;

use lab::{
    Bridge, Datapath, Home, Link, Netns, Plug, Plugged, carries, run, try_run, unique,
    wait_for_answer, wait_until,
};

use crate::tool::lists;

type Fact = (&'static str, fn(Datapath) -> String);

const FACTS: [Fact; 9] = [
    ("`ovs-appctl dpif/show` calls it", name),
    ("kind of the link that is an internal port", internal),
    ("master of a link that is a port", master),
    ("a macvlan over a link that is a port", macvlan),
    ("a Linux bridge as a port", linux_bridge),
    ("TCP from a veth as the kernel makes it", tcp),
    ("a packet longer than the MTU of the port's link", longer),
    ("`ofport` of a port whose link is gone", gone),
    ("what `docker ovs ports` calls it", occupant),
];

fn name(datapath: Datapath) -> String {
    let (bridge, shown) = (Bridge::on(datapath), run("ovs-appctl", &["dpif/show"]));
    // Bridges are below the datapath that they have a part in.
    let mut owner = "";
    for line in shown.lines() {
        if !line.starts_with(' ') {
            owner = line;
        } else if line.trim() == format!("{}:", bridge.name()) {
            break;
        }
    }
    format!("`{}`", owner.split(':').next().unwrap())
}

fn detail(link: &str) -> serde_json::Value {
    let said = run("ip", &["-json", "-details", "link", "show", "dev", link]);
    serde_json::from_str::<serde_json::Value>(&said).unwrap()[0].take()
}

fn internal(datapath: Datapath) -> String {
    let bridge = Bridge::on(datapath);
    format!("`{}`", detail(bridge.name())["linkinfo"]["info_kind"].as_str().unwrap())
}

fn master(datapath: Datapath) -> String {
    let (bridge, link) = (Bridge::on(datapath), Link::add(&["type", "veth"]));
    bridge.add(link.name(), &[]);
    let master = detail(link.name())["master"].as_str().map(|name| format!("`{name}`"));
    master.unwrap_or_else(|| "none".to_owned())
}

fn macvlan(datapath: Datapath) -> String {
    let (bridge, link, name) = (Bridge::on(datapath), Link::add(&["type", "veth"]), unique("m"));
    bridge.add(link.name(), &[]);
    let made = try_run("ip", &["link", "add", "link", link.name(), &name, "type", "macvlan"]);
    let _ = try_run("ip", &["link", "del", &name]);
    match made {
        Ok(_) => "can be made".to_owned(),
        Err(why) => format!("refused: {}", why.rsplit(": ").next().unwrap()),
    }
}

fn linux_bridge(datapath: Datapath) -> String {
    let (bridge, link) = (Bridge::on(datapath), Link::add(&["type", "bridge"]));
    let _ = try_run("ovs-vsctl", &["add-port", bridge.name(), link.name()]);
    let number = run("ovs-vsctl", &["get", "Interface", link.name(), "ofport"]);
    if number == "-1" { "refused: `ofport` is -1" } else { "has a number" }.to_owned()
}

/// Two namespaces on one bridge, which answer each other.
struct Pair {
    datapath: Datapath,
    bridge: Bridge,
    left: Netns,
    right: Netns,
    _left: Plugged,
    plug: Plugged,
}

impl Pair {
    fn new(datapath: Datapath) -> Self {
        let (bridge, left, right) = (Bridge::on(datapath), Netns::new(), Netns::new());
        let at = |ip| Plug { ip: Some(ip), ..Plug::default() };
        let plugged = Plugged::new(&left, "eth0", &bridge, at("10.85.1.1/24"));
        let plug = Plugged::new(&right, "eth0", &bridge, at("10.85.1.2/24"));
        wait_for_answer(&left, "10.85.1.2");
        Self { datapath, bridge, left, right, _left: plugged, plug }
    }

    fn column(&self, column: &str) -> String {
        run("ovs-vsctl", &["get", "Interface", self.plug.host_end(), column])
    }

    /// Deletes the link under the right one's port. In the kernel vswitchd is told; in userspace its
    /// row may stay as it was for ever, or until the next change.
    fn lose(&self) {
        run("ip", &["link", "del", self.plug.host_end()]);
        if self.datapath == Datapath::Kernel {
            wait_until("vswitchd misses the link", || self.column("ofport") == "-1");
        }
    }
}

fn tcp(datapath: Datapath) -> String {
    let pair = Pair::new(datapath);
    let arrives = carries(&pair.left, &pair.right, "10.85.1.2").is_ok();
    if arrives { "arrives" } else { "is lost: its checksum is unfinished" }.to_owned()
}

/// One that the sender's MTU lets pass in one piece.
fn longer(datapath: Datapath) -> String {
    let pair = Pair::new(datapath);
    run("ip", &["link", "set", pair.plug.host_end(), "mtu", "1400"]);
    pair.right.ip(&["link", "set", "eth0", "mtu", "1400"]);
    let answered = |size| {
        let ping = ["ping", "-c1", "-W2", "-s", size, "10.85.1.2"];
        pair.left.busybox(&ping).unwrap().status.success()
    };
    assert!(answered("1300"));
    if answered("1450") { "arrives" } else { "is lost" }.to_owned()
}

fn gone(datapath: Datapath) -> String {
    let pair = Pair::new(datapath);
    pair.lose();
    let error = pair.column("error");
    let said = if error == "[]" { "no error" } else { "an error" };
    if pair.column("ofport") == "-1" { format!("-1, {said}") } else { format!("stays, {said}") }
}

fn occupant(datapath: Datapath) -> String {
    let pair = Pair::new(datapath);
    pair.lose();
    let told = lists(&["ports", pair.bridge.name(), "--format", "{{.Port}} {{.Occupant}}"]);
    let row = told.lines().find_map(|line| line.strip_prefix(pair.plug.host_end()));
    row.unwrap_or_else(|| panic!("{told}")).trim().to_owned()
}

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/datapaths.md")
}

#[test]
fn the_page_says_what_is_measured() {
    lab::need!(Lab);
    let text = std::fs::read_to_string(page()).unwrap();
    let (before, table) = text.split_once("|---|---|---|\n").expect("the page has a table");
    let known = |what: &str, column: usize| {
        let row = table.lines().find(|line| line.starts_with(&format!("| {what} |")))?;
        Some(row.split('|').nth(column)?.trim().to_owned())
    };
    let mut told = String::new();
    for (what, measure) in FACTS {
        let here = Datapath::here();
        let cell = |datapath: Datapath, column: usize| {
            let measured = here.contains(&datapath).then(|| measure(datapath));
            measured.or_else(|| known(what, column)).unwrap_or_default()
        };
        let (kernel, userspace) = (cell(Datapath::Kernel, 2), cell(Datapath::Userspace, 3));
        writeln!(told, "| {what} | {kernel} | {userspace} |").unwrap();
    }
    let now = format!("{before}|---|---|---|\n{told}");
    println!("{told}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page(), &now).unwrap();
    } else {
        assert_eq!(now, text, "BLESS=1 writes what is measured");
    }
}

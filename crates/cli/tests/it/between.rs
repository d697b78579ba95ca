//! Ways to the switch that lead through namespaces between, and links that stand on a port's link:
//! answered as packets go.
#![allow(clippy::disallowed_methods, reason = "a test starts a program in a namespace of its own")]

use std::fs;
use std::os::fd::AsRawFd;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use lab::{Bridge, Container, Home, Link, Netns, Plug, Plugged, run, try_run, unique, wait_until};

use crate::tool::{docker_ovs, lists};

/// A network namespace without a name, held by a process of this test's.
pub(crate) struct Nameless(Child);

impl Nameless {
    pub(crate) fn new() -> Self {
        let mut sleep = lab::program("unshare");
        sleep.args(["--net", "sleep", "600"]).stdout(Stdio::null());
        let nameless = Self(sleep.spawn().unwrap());
        let netns = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        wait_until("it has a namespace of its own", || netns(&nameless.pid()) != netns("self"));
        nameless
    }

    pub(crate) fn pid(&self) -> String {
        self.0.id().to_string()
    }

    pub(crate) fn ip(&self, words: &[&str]) {
        run("nsenter", &[&["--target", &self.pid(), "--net", "ip"], words].concat());
    }
}

impl Drop for Nameless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a look at the container alone says of an interface, and a look at everything.
pub(crate) fn told(container: &Container, interface: &str) -> [String; 2] {
    let of = |rows: String| {
        let row = rows.lines().find_map(|row| row.strip_prefix(&format!("{interface} ")));
        row.unwrap_or_else(|| panic!("{interface}: {rows}")).trim_end().to_owned()
    };
    let format = "{{.Interface}} {{.State}} {{.OFPort}}";
    let narrow = docker_ovs(&["port", container.name(), "--format", format]).stdout;
    let filter = format!("container={}", container.name());
    [of(narrow), of(lists(&["ls", "--filter", &filter, "--format", format]))]
}

pub(crate) fn both(answer: &str) -> [String; 2] {
    [answer.to_owned(), answer.to_owned()]
}

#[test]
fn what_stands_on_another_containers_interface_is_on_that_ones_port() {
    lab::need!(Docker);
    let (bridge, owner) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&owner, "eth0", &bridge, Plug::default());
    let on = both(&format!("on {}", plugged.ofport()));
    let kinds: [&[&str]; 5] = [
        &["type", "macvlan", "mode", "bridge"],
        &["type", "macvlan", "mode", "private"],
        &["type", "macvtap"],
        &["type", "vlan", "id", "9"],
        &["type", "macsec"],
    ];
    for kind in kinds {
        let (other, name) = (Container::run(), unique("m"));
        let add = ["link", "add", "link", "eth0", "name", &name];
        let pid = owner.pid();
        let made = [&["--target", &pid, "--net", "ip"], &add[..], kind].concat();
        if let Err(why) = try_run("nsenter", &made) {
            println!("{kind:?}: this kernel has none: {why}");
            continue;
        }
        owner.ip(&["link", "set", &name, "netns", &other.netns()]);
        assert_eq!(told(&other, &name), on, "{kind:?}");
        // Once more on top of that, in a third container.
        let (third, above) = (Container::run(), unique("m"));
        other.ip(&["link", "add", "link", &name, "name", &above, "type", "macvlan"]);
        other.ip(&["link", "set", &above, "netns", &third.netns()]);
        assert_eq!(told(&third, &above), on, "{kind:?}");
    }
    let ports = lists(&["ports", bridge.name(), "--format", "{{.Port}} {{.Occupant}}"]);
    assert!(ports.contains(&format!("{} container", plugged.host_end())), "{ports}");
}

/// Held by a process alone: no engine has it, and it has no name.
#[test]
fn a_nameless_namespace_is_on_the_way_as_any_other() {
    lab::need!(Docker);
    let (bridge, between) = (Bridge::new(), Nameless::new());
    let (end, bridged, stacked) = (unique("v"), Container::run(), Container::run());
    let peer = ["type", "veth", "peer", "name", "up0", "netns", &between.pid()];
    let _uplink = Link::named(&end, &peer);
    let number = bridge.add(&end, &[]);
    between.ip(&["link", "add", "lb0", "type", "bridge"]);
    between.ip(&["link", "set", "up0", "master", "lb0", "up"]);
    let there = bridged.netns();
    let peer = ["type", "veth", "peer", "name", "eth0", "netns", &there];
    between.ip(&[&["link", "add", "in0"], &peer[..]].concat());
    assert_eq!(told(&bridged, "eth0"), both("none"), "in0 is enslaved to nothing yet");
    between.ip(&["link", "set", "in0", "master", "lb0", "up"]);
    let on = both(&format!("on {number}"));
    assert_eq!(told(&bridged, "eth0"), on);
    between.ip(&["link", "add", "link", "lb0", "name", "mv0", "type", "macvlan"]);
    between.ip(&["link", "set", "mv0", "netns", &stacked.netns()]);
    assert_eq!(told(&stacked, "mv0"), on);
    // Of bridges that other tests take down meanwhile it says that on stderr.
    let explained = docker_ovs(&["explain", stacked.name()]);
    assert!(explained.code == 0 && explained.stdout.contains("lb0"), "{explained:?}");
    run("ovs-vsctl", &["del-port", &end]);
}

/// Neither an engine, nor a name, nor a process leads there: a file that is mounted does, and what
/// is but held open is not found.
#[test]
fn a_way_through_a_namespace_that_nothing_leads_to_is_unknown() {
    lab::need!(Docker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("netns");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    run("unshare", &[&format!("--net={file}"), "true"]);
    let held = fs::File::open(file).unwrap();
    let net = format!("--net=/proc/{}/fd/{}", std::process::id(), held.as_raw_fd());
    let ip = |words: &[&str]| run("nsenter", &[&[net.as_str(), "ip"], words].concat());
    let (veth, macvlan, bridged) = (Container::run(), Container::run(), Container::run());
    ip(&["link", "add", "in0", "type", "veth", "peer", "name", "eth0", "netns", &veth.netns()]);
    ip(&["link", "add", "link", "in0", "name", "eth0", "type", "macvlan"]);
    ip(&["link", "set", "eth0", "netns", &macvlan.netns()]);
    // By a Linux bridge of the host that is joined to one there.
    let (linux, member) = (Link::add(&["type", "bridge"]), unique("l"));
    let peer = ["type", "veth", "peer", "name", "eth0", "netns", &bridged.netns()];
    let end = Link::add(&peer);
    ip(&["link", "add", "vb", "type", "veth", "peer", "name", &member, "netns", &lab::here()]);
    for name in [end.name(), &member] {
        run("ip", &["link", "set", name, "master", linux.name(), "up"]);
    }
    ip(&["link", "add", "brf", "type", "bridge"]);
    ip(&["link", "set", "vb", "master", "brf"]);
    let all = || [told(&veth, "eth0"), told(&macvlan, "eth0"), told(&bridged, "eth0")];
    let mounted = all();
    run("umount", &["--lazy", file]);
    assert_eq!(mounted, [both("none"), both("none"), both("none")]);
    assert_eq!(all(), [both("unknown"), both("unknown"), both("unknown")]);
    ip(&["link", "set", "vb", "nomaster"]);
    assert_eq!(told(&bridged, "eth0"), both("none"), "it ends there");
}

/// Whether what `home` sends by an interface comes into the bridge. Each time it asks for another
/// address: the kernel goes on asking for the last one, and asks no more for one that it gave up.
fn met(bridge: &Bridge, home: &impl Home, interface: &str) -> bool {
    static ASKED: AtomicU8 = AtomicU8::new(10);
    let target = format!("198.18.9.{}", ASKED.fetch_add(1, Ordering::Relaxed));
    home.ip(&["link", "set", interface, "up"]);
    home.ip(&["address", "replace", "198.18.9.1/24", "dev", interface]);
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    lab::flow(bridge, &format!("arp,arp_tpa={target},actions=drop"));
    home.busybox(&["ping", "-c1", "-W1", &target]).unwrap();
    let flows = run("ovs-ofctl", &["dump-flows", bridge.name()]);
    flows.lines().any(|line| line.contains("arp_tpa") && !line.contains("n_packets=0,"))
}

/// A link of the host that was added as a port takes what comes in by it. What stands on it sends
/// by it: out of the host, past the switch.
#[test]
fn what_stands_on_a_system_port_is_past_the_switch_and_on_an_internal_one_is_on_it() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    // The other end of this one would be the network.
    let (nic, outside) = (unique("v"), Netns::new());
    let peer = ["type", "veth", "peer", "name", "wire0", "netns", outside.name()];
    let _nic = Link::named(&nic, &peer);
    outside.ip(&["link", "set", "wire0", "up"]);
    bridge.add(&nic, &[]);
    let internal = unique("n");
    let number = bridge.add(&internal, &["--", "set", "interface", &internal, "type=internal"]);
    run("ip", &["link", "set", &internal, "up"]);
    let kinds: [&[&str]; 3] =
        [&["type", "macvlan", "mode", "bridge"], &["type", "vlan", "id", "9"], &["type", "ipvlan"]];
    for kind in kinds {
        for (lower, on) in [(&nic, false), (&internal, true)] {
            let (container, name) = (Container::run(), unique("m"));
            let add = ["link", "add", "link", lower, "name", &name];
            if let Err(why) = try_run("ip", &[&add[..], kind].concat()) {
                println!("{kind:?} on {lower}: not here: {why}");
                continue;
            }
            run("ip", &["link", "set", &name, "netns", &container.netns()]);
            let answer = if on { format!("on {number}") } else { "none".to_owned() };
            let [narrow, whole] = told(&container, &name);
            // A look at the container alone does not go on to the other end of the nic.
            assert!(narrow == answer || (!on && narrow == "unknown"), "{kind:?}: {narrow}");
            assert_eq!(whole, answer, "{kind:?}");
            let vlan = kind[1] == "vlan";
            assert!(vlan || met(&bridge, &container, &name) == on, "{kind:?} on {lower}");
            let explained = docker_ovs(&["explain", container.name()]).stdout;
            assert_eq!(explained.contains("past the switch"), !on, "{explained}");
        }
    }
    run("ovs-vsctl", &["del-port", &nic]);
}

/// Frames that a Linux bridge sends by a member go where that leads, a port or not.
#[test]
fn a_member_of_a_linux_bridge_that_is_a_system_port_too_ties_it_to_no_switch() {
    lab::need!(Docker);
    if !lab::has_userspace_datapath() {
        return;
    }
    let (bridge, container, linux) =
        (Bridge::new(), Container::run(), Link::add(&["type", "bridge"]));
    let (end, nic) = (unique("v"), Link::add(&["type", "veth"]));
    let peer = ["type", "veth", "peer", "name", "eth0", "netns", &container.netns()];
    let end = Link::named(&end, &peer);
    bridge.add(nic.name(), &[]);
    for member in [&end, &nic] {
        run("ip", &["link", "set", member.name(), "master", linux.name(), "up"]);
    }
    assert!(!met(&bridge, &container, "eth0"));
    assert_eq!(told(&container, "eth0"), both("none"));
    // The Linux bridge itself as a port takes all that its members get.
    let number = bridge.add(linux.name(), &[]);
    run("ip", &["link", "set", linux.name(), "up"]);
    assert_eq!(told(&container, "eth0"), both(&format!("on {number}")));
    assert!(met(&bridge, &container, "eth0"));
    for port in [nic.name(), linux.name()] {
        run("ovs-vsctl", &["del-port", port]);
    }
}

/// An internal port that was moved is no link of the host's that has been given its name since.
#[test]
fn a_stranger_under_the_name_of_a_moved_internal_port_is_not_on_it() {
    lab::need!(Docker);
    let (bridge, owner, stranger) = (Bridge::new(), Container::run(), Container::run());
    let name = unique("i");
    let mac = "mac=\"02:0a:0a:0a:0b:01\"";
    let number = bridge.add(&name, &["--", "set", "interface", &name, "type=internal", mac]);
    run("ip", &["link", "set", &name, "netns", &owner.netns()]);
    owner.ip(&["link", "set", &name, "name", "eth0"]);
    owner.ip(&["link", "set", "eth0", "up"]);
    assert_eq!(told(&owner, "eth0"), both(&format!("on {number}")));
    let peer = ["type", "veth", "peer", "name", "eth0", "netns", &stranger.netns()];
    let _link = Link::named(&name, &peer);
    let index = run("cat", &[&format!("/sys/class/net/{name}/ifindex")]);
    let known = || run("ovs-vsctl", &["get", "interface", &name, "ifindex"]) == index;
    // By its name vswitchd takes it for the port's, and still serves the first one.
    lab::comes_true(known);
    assert!(met(&bridge, &owner, "eth0"));
    assert!(!met(&bridge, &stranger, "eth0"));
    assert_eq!(told(&stranger, "eth0"), both("none"));
    assert_eq!(told(&owner, "eth0"), both(&format!("on {number}")));
    let plan = lists(&["prune", "--all", "--dry-run", "--bridge", bridge.name()]);
    assert!(!plan.contains(&name), "{plan}");
}

#[test]
fn a_linux_bridge_that_is_joined_to_another_containers_leads_on_there() {
    lab::need!(Docker);
    let (bridge, asked, between) = (Bridge::new(), Container::run(), Container::run());
    let linux = Link::add(&["type", "bridge"]);
    let on_it = |home: &Container, inner: &str| {
        let words = ["type", "veth", "peer", "name", inner, "netns", &home.netns()];
        let link = Link::add(&words);
        run("ip", &["link", "set", link.name(), "master", linux.name()]);
        home.ip(&["link", "set", inner, "up"]);
        link
    };
    let _own = on_it(&asked, "eth0");
    let _other = on_it(&between, "m0");
    let plugged = Plugged::new(&between, "u0", &bridge, Plug::default());
    assert_eq!(told(&asked, "eth0"), both("none"), "nothing joins them there");
    between.ip(&["link", "add", "inner", "type", "bridge"]);
    between.ip(&["link", "set", "m0", "master", "inner"]);
    assert_eq!(told(&asked, "eth0"), both("none"), "that leads nowhere");
    between.ip(&["link", "set", "u0", "master", "inner"]);
    assert_eq!(told(&asked, "eth0"), both(&format!("on {}", plugged.ofport())));
    between.ip(&["link", "set", "m0", "nomaster"]);
    assert_eq!(told(&asked, "eth0"), both("none"));
}

/// What stands on the end of a way may be in a namespace that neither the container nor the switch is in.
#[test]
fn a_way_that_goes_on_in_another_namespace_is_not_none() {
    lab::need!(Docker);
    let (bridge, container, far) = (Bridge::new(), Container::run(), Nameless::new());
    let end = unique("h");
    let peer = ["type", "veth", "peer", "name", "eth9", "netns", &container.netns()];
    let _end = Link::named(&end, &peer);
    run("ip", &["link", "set", &end, "up"]);
    assert_eq!(told(&container, "eth9"), both("none"));
    for kind in [&["type", "macvlan"][..], &["type", "vlan", "id", "9"], &["type", "ipvlan"]] {
        let upper = unique("u");
        let add = ["link", "add", "link", &end, "name", &upper];
        if let Err(why) = try_run("ip", &[&add[..], kind].concat()) {
            println!("{kind:?}: not here: {why}");
            continue;
        }
        run("ip", &["link", "set", &upper, "netns", &far.pid()]);
        far.ip(&["link", "set", &upper, "name", "up0"]);
        far.ip(&["link", "add", "lb0", "type", "bridge"]);
        let port = unique("p");
        let peer = ["type", "veth", "peer", "name", "in0", "netns", &far.pid()];
        let plugged = Link::named(&port, &peer);
        far.ip(&["link", "set", "in0", "master", "lb0"]);
        // An ipvlan takes no master.
        let _ = try_run(
            "nsenter",
            &["--target", &far.pid(), "--net", "ip", "link", "set", "up0", "master", "lb0"],
        );
        bridge.add(&port, &[]);
        let [narrow, whole] = told(&container, "eth9");
        assert_eq!(narrow, whole, "{kind:?}");
        run("ovs-vsctl", &["del-port", &port]);
        drop(plugged);
        far.ip(&["link", "del", "lb0"]);
        far.ip(&["link", "del", "up0"]);
        assert_eq!(told(&container, "eth9"), both("none"), "{kind:?}");
    }
}

//! What a test makes is gone when it ends, however it ends. Each test here is alone: the names
//! that it looks for begin like those of all others.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use docker_ovs_lab::{Bridge, Container, Link, Netns, Plug, Plugged, prefix, run, unique};

/// All of this process that is there: each kind that the lab can make, and its name.
fn made() -> BTreeSet<(&'static str, String)> {
    let lists = [
        ("bridge", run("ovs-vsctl", &["list-br"])),
        ("port", run("ovs-vsctl", &["--bare", "--columns=name", "list", "Port"])),
        ("link", run("ip", &["-brief", "link"])),
        ("namespace", run("ip", &["netns", "list"])),
        ("container", run("docker", &["ps", "--all", "--format", "{{.Names}}"])),
    ];
    let named = |(kind, list): &(&'static str, String)| {
        let names = list.lines().filter_map(|line| line.split([' ', '@']).next());
        let own = names.filter(|name| name.starts_with(&prefix()));
        own.map(|name| (*kind, name.to_owned())).collect::<Vec<_>>()
    };
    lists.iter().flat_map(named).collect()
}

/// Runs a test that must fail and leave nothing; says why it failed.
fn fails_cleanly(test: impl FnOnce()) -> String {
    let before = made();
    let why = catch_unwind(AssertUnwindSafe(test)).expect_err("the test fails");
    assert_eq!(made(), before);
    let words = why.downcast_ref::<&str>().map(|why| (*why).to_owned());
    words.or_else(|| why.downcast_ref().cloned()).expect("it fails with words")
}

#[test]
fn a_test_that_fails_leaves_nothing_behind() {
    docker_ovs_lab::alone!(Docker);
    let why = fails_cleanly(|| {
        let before = made();
        let (bridge, container, netns) = (Bridge::new(), Container::run(), Netns::new());
        let link = Link::add(&["type", "veth"]);
        let first = Plugged::new(&container, "eth0", &bridge, Plug::default());
        let second = Plugged::new(&netns, "eth0", &bridge, Plug::default());
        assert_ne!(first.ofport(), second.ofport());
        let expected = [
            ("bridge", bridge.name()),
            ("container", container.name()),
            ("namespace", netns.name()),
            // A bridge is a port of its own, and that port a link.
            ("port", bridge.name()),
            ("port", first.host_end()),
            ("port", second.host_end()),
            ("link", bridge.name()),
            ("link", link.name()),
            ("link", first.host_end()),
            ("link", second.host_end()),
        ];
        let expected = expected.map(|(kind, name)| (kind, name.to_owned()));
        assert_eq!(made().difference(&before).cloned().collect::<BTreeSet<_>>(), expected.into());
        panic!("the test fails here");
    });
    assert_eq!(why, "the test fails here");
}

#[test]
fn a_container_that_cannot_start_is_removed() {
    docker_ovs_lab::alone!(Docker);
    let why = fails_cleanly(|| {
        Container::run_with(&["--network", "none", "--entrypoint", "/no/such/program"]);
    });
    assert!(why.contains("/no/such/program"), "{why}");
}

#[test]
fn a_link_that_cannot_be_up_is_removed() {
    docker_ovs_lab::alone!(Docker);
    // It stays meanwhile: with it, all links on top of it would vanish.
    let lower = Link::add(&["type", "veth"]);
    let address = format!("/sys/class/net/{}/address", lower.name());
    let address = std::fs::read_to_string(address).unwrap();
    // The kernel makes one with its lower link's address, but does not let it up.
    let words = ["link", lower.name(), "address", address.trim_end(), "type", "macvlan"];
    let why = fails_cleanly(|| drop(Link::add(&words)));
    assert!(why.starts_with("ip link set"), "{why}");
}

#[test]
fn a_plug_whose_address_is_nonsense_is_pulled() {
    docker_ovs_lab::alone!(Docker);
    // Others hold the bridge and the namespace: only the plug's own guard can clean up.
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let plug = Plug { ip: Some("nonsense"), ..Plug::default() };
    let why = fails_cleanly(|| drop(Plugged::new(&netns, "eth0", &bridge, plug)));
    assert!(why.contains("address add nonsense"), "{why}");
}

#[test]
fn what_others_made_is_left_alone() {
    docker_ovs_lab::alone!(Docker);
    let (bridge, link) = (Bridge::new(), Link::add(&["type", "veth"]));
    let why = fails_cleanly(|| drop(Bridge::named(bridge.name())));
    assert!(why.contains("already"), "{why}");
    let veth = ["type", "veth", "peer", "name", &unique("i")];
    let why = fails_cleanly(|| drop(Link::named(link.name(), &veth)));
    assert!(why.contains("already"), "{why}");
}

//! A trace between ports is one between what is at them, and looks at no other containers.

use lab::{Container, Link, run};

use super::scene::Scene;
use crate::tool::docker_ovs;

/// A trace of a packet that is sent to all: whether it looked at the whole host, and what it says.
fn traced(from: &str, to: &str) -> (bool, String) {
    let ran = docker_ovs(&["trace", from, to, "--raw", "arp,arp_op=1", "-D"]);
    let all = ran.stderr.contains("looked at Everything");
    (all, format!("{}{}", ran.stdout.lines().next().unwrap_or_default(), ran.code))
}

/// What that says where it looked at the two ends alone. What other tests make and remove at that moment may keep it
/// from that.
fn told_by_ends(from: &str, to: &str) -> String {
    let mut sentence = String::new();
    lab::wait_until(&format!("the trace from {from} to {to} looks at these alone"), || {
        let (all, said) = traced(from, to);
        sentence = said;
        !all
    });
    sentence
}

/// The same as a look at the whole host says it.
fn told_by_all(from: &str, to: &str) -> String {
    let sentence = "{{.Source.Who}} to {{.Destination.Who}}: {{.Verdict}}";
    let ran = docker_ovs(&["trace", from, to, "--raw", "arp,arp_op=1", "--format", sentence, "-D"]);
    assert!(ran.stderr.contains("looked at Everything"), "{ran:?}");
    format!("{}{}", ran.stdout.lines().next().unwrap_or_default(), ran.code)
}

#[test]
fn a_trace_to_a_bridges_own_port_looks_at_no_other_container() {
    lab::need!(Docker);
    let scene = Scene::new();
    let name = scene.near.name();
    let (one, own) = (format!("{name}:{}", scene.hosts[0].ofport), format!("{name}:LOCAL"));
    run("ip", &["link", "set", name, "up"]);
    for (from, to) in [(&one, &own), (&own, &one), (&one, &format!("{name}:{name}"))] {
        assert_eq!(told_by_ends(from, to), told_by_all(from, to));
    }
    // It is sent there, and not taken: what is told of others may count then.
    run("ip", &["link", "set", name, "down"]);
    assert_eq!(traced(&one, &own), (true, told_by_all(&one, &own)));
    run("ip", &["link", "set", name, "up"]);
    // What arrives there goes on by a Linux bridge.
    let linux = Link::add(&["type", "bridge"]);
    run("ip", &["link", "set", name, "master", linux.name()]);
    assert_eq!(traced(&one, &own), (true, told_by_all(&one, &own)));
    run("ip", &["link", "set", name, "nomaster"]);
    assert_eq!(told_by_ends(&one, &own), told_by_all(&one, &own));
}

#[test]
fn a_trace_between_ports_looks_at_the_containers_there_alone() {
    lab::need!(Docker);
    let scene = Scene::new();
    let [a, b, ..] = scene.hosts.as_slice() else { panic!("there are five") };
    let at = |port: &str| format!("{}:{port}", scene.near.name());
    let (one, other) = (at(&a.ofport), at(&b.ofport));
    for (from, to) in
        [(&*one, &*other), (&*at(&a.port), &*at(&b.port)), (a.name(), &*other), (&*one, b.name())]
    {
        assert_eq!(told_by_ends(from, to), told_by_all(from, to));
    }
    // One that there is not, and what is no bridge.
    for to in [at("65000"), format!("{}:eth0", b.name())] {
        assert_eq!(traced(&one, &to), (true, told_by_all(&one, &to)), "{to}");
    }
    // Two containers are at one port: both are told.
    let beside = Container::run_with(&["--network", &format!("container:{}", a.name())]);
    let (all, said) = traced(&one, &other);
    assert!(all && said.contains(beside.name()), "{said}");
    assert_eq!(said, told_by_all(&one, &other));
    // What arrives there goes on.
    drop(beside);
    let pid = b.container.pid().clone();
    let inside = |words: &[&str]| {
        run("nsenter", &[&["--target", &*pid, "--net", "ip", "link"][..], words].concat())
    };
    inside(&["add", "brx", "type", "bridge"]);
    inside(&["set", "eth0", "master", "brx"]);
    let (all, said) = traced(&other, &one);
    assert!(all, "{said}");
    assert_eq!(said, told_by_all(&other, &one));
}

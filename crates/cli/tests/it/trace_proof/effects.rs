//! A trace changes nothing: no count of a flow, no flow that `learn()` would add, no MAC that a bridge learns, and no
//! connection.

use lab::{run, wait_until};

use super::scene::Scene;
use crate::tool::docker_ovs;

/// No other test has this zone of conntrack.
const ZONE: &str = "zone=1978";

/// The bridge's flows with their counts, those that it has learnt, its MAC table and its connections, without ages.
fn state(scene: &Scene) -> [Vec<String>; 4] {
    let bridge = scene.near.name();
    let without_age = |line: &str| -> String {
        let words = line.split(", ").filter(|word| {
            !word.trim_start().starts_with("duration=") && !word.starts_with("idle_age=")
        });
        words.collect::<Vec<_>>().join(", ")
    };
    let dump = run("ovs-ofctl", &["-O", "OpenFlow13", "dump-flows", bridge]);
    // What containers say unasked meets none of these.
    let is_own = |line: &&str| line.contains("table=") && !line.contains("priority=65535");
    let own = dump.lines().filter(is_own).map(without_age);
    let (learnt, written) = own.partition(|line| line.contains(", table=3, "));
    let table = run("ovs-appctl", &["fdb/show", bridge]);
    let macs = table.lines().skip(1).map(|line| {
        let columns: Vec<_> = line.split_whitespace().take(3).collect();
        columns.join(" ")
    });
    let connections = run("ovs-appctl", &["dpctl/dump-conntrack"]);
    let connections = connections.lines().filter(|line| line.contains(ZONE)).map(str::to_owned);
    [written, learnt, macs.collect(), connections.collect()]
}

#[test]
fn a_trace_changes_nothing() {
    lab::need!(Docker);
    let scene = Scene::new();
    let [from, to] = [&scene.hosts[0], &scene.hosts[1]];
    scene.clear();
    // Nothing else is taken, so that what containers say unasked teaches no MAC.
    scene.flow(&format!(
        "priority=5,udp,udp_dst=53,actions=learn(table=3,priority=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],\
         output:NXM_OF_IN_PORT[]),ct(commit,{ZONE},table=1)"
    ));
    scene.flow("table=1,priority=5,udp,actions=NORMAL");
    run("ovs-appctl", &["revalidator/wait"]);
    run("ovs-appctl", &["fdb/flush", scene.near.name()]);
    let before = state(&scene);
    let is_empty = before.iter().map(Vec::is_empty).collect::<Vec<_>>();
    assert_eq!(is_empty, [false, true, true, true], "{before:?}");
    for more in [&[][..], &["--verbose"], &["--both"], &["--format", "json"]] {
        let told = docker_ovs(&[&["trace", from.name(), to.name(), "--udp", "53"], more].concat());
        assert!(!told.stdout.is_empty(), "{more:?}: {told:?}");
    }
    // Counts are those of the datapath's flows once they are gone through.
    run("ovs-appctl", &["revalidator/wait"]);
    assert_eq!(state(&scene), before);
    // The datagram itself changes all of it.
    assert!(from.reaches(to, &scene.hosts[4], 0));
    wait_until("a datagram changes counts, learnt flows, MACs and connections", || {
        let now = state(&scene);
        now.iter().zip(&before).all(|(now, before)| now != before)
    });
}

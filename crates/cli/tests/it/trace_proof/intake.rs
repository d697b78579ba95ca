//! What the kernel of the destination takes, and the one of the sender asks for, by their routes and settings.

use lab::{Bridge, Container, Home, run, single_ping};

use crate::tool::{docker_ovs, says};

/// A kernel that has no route to an address of its own, or to which the sender's is one of its own, takes nothing; one that
/// is set to ask for no MAC sends nothing.
#[test]
fn what_a_kernel_does_not_take_or_ask_for_is_not_delivered() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [a, b] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.80.6.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    run("ovs-ofctl", &["add-flow", bridge.name(), "priority=0,actions=NORMAL"]);
    let target = "10.80.6.2";
    let set = |container: &Container, line: &str| {
        run("nsenter", &["-t", &container.pid(), "-n", "sh", "-c", line]);
    };
    let own = "10.80.6.2 dev eth0 table local";
    let (away, back) = (format!("ip route del local {own}"), format!("ip route add local {own}"));
    let asks = |times: u8| format!("echo {times} > /proc/sys/net/ipv4/neigh/eth0/mcast_solicit");
    let (never, usually) = (asks(0), asks(3));
    for (at, done, undone, expected, why) in [
        (&b, &*away, &*back, 2, "takes nothing from 10.80.6.1 for 10.80.6.2"),
        (
            &b,
            "ip route add local 10.80.6.1/32 dev lo",
            "ip route del local 10.80.6.1/32 dev lo table local",
            2,
            "takes nothing from 10.80.6.1",
        ),
        (&a, &*never, &*usually, 1, "asks for none (`mcast_solicit`)"),
    ] {
        for (line, passes) in [(done, false), (undone, true)] {
            set(at, line);
            for container in [&a, &b] {
                container.ip(&["neigh", "flush", "all"]);
            }
            let words = ["trace", a.name(), b.name(), "--format", "{{.Outcome}}: {{.Verdict}}"];
            let ran = docker_ovs(&words);
            let is_told = if passes {
                ran.code == 0
            } else {
                ran.code == expected && ran.stdout.contains(why)
            };
            let answered = single_ping(&a, target, passes);
            assert!(answered == passes && is_told, "{line}: {answered} {ran:?}");
        }
    }
}

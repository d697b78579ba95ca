//! What leaves this host by a link of it.

use lab::{Bridge, Container, Home, Link, run, single_ping, unique, wait_for_answer};

use crate::tool::{docker_ovs, says};

/// Both ends of the cable are links of the host, and one of them is the bridge's uplink.
#[test]
fn what_leaves_by_an_uplink_is_told_by_its_name() {
    lab::need!(Docker);
    let (bridge, far) = (Bridge::new(), unique("fa"));
    let uplink = Link::named(&unique("up"), &["type", "veth", "peer", "name", &far]);
    run("ip", &["link", "set", &far, "up"]);
    let number = bridge.add(uplink.name(), &[]);
    let [a, b] = [1, 2].map(|n| {
        let container = Container::run();
        let ip = format!("10.79.54.{n}/24");
        says(&["connect", bridge.name(), container.name(), "--ip", &ip, "--quiet"]);
        container
    });
    let told = |to: &str| docker_ovs(&["trace", a.name(), to]);
    let leaves = format!("leaves by the uplink {}", uplink.name());
    // Of what is outside it is not known whether it arrives.
    let mac = "02:00:00:00:54:09";
    let known = ["neigh", "replace", "10.79.54.9", "lladdr", mac, "dev", "eth0"];
    a.ip(&[&known[..], &["nud", "permanent"]].concat());
    run("ovs-appctl", &["fdb/add", bridge.name(), uplink.name(), "0", mac]);
    let ran = told("10.79.54.9");
    let why = format!("{leaves}; what becomes of it there is not known");
    assert!(ran.code == 2 && ran.stdout.contains(&why), "{ran:?}");
    // What is for a container here, and leaves, does not get there.
    wait_for_answer(&a, "10.79.54.2");
    assert_eq!(told(b.name()).code, 0);
    let port = says(&["port", a.name(), bridge.name(), "--quiet"]);
    let out = format!("priority=9,in_port={},actions=output:{number}", port.trim_end());
    lab::flow(&bridge, &out);
    let ran = told(b.name());
    assert!(ran.code == 1 && ran.stdout.contains(&leaves), "{ran:?}");
    assert!(!single_ping(&a, "10.79.54.2", false));
}

//! Pings, TCP and UDP go where the switch lets them go.

use std::panic::{AssertUnwindSafe, catch_unwind};

use docker_ovs_lab::{
    Bridge, Container, Netns, Plug, Plugged, assert_carries, carries, daemons, flow,
    has_checksum_offload, has_userspace_datapath, ping, set_checksum_offload, try_run,
    wait_for_answer,
};

fn at(ip: &str) -> Plug<'_> {
    Plug { ip: Some(ip), ..Plug::default() }
}

#[test]
fn a_ping_is_answered_until_a_flow_forbids_it() {
    docker_ovs_lab::need!(Docker);
    let (bridge, container, netns) = (Bridge::new(), Container::run(), Netns::new());
    let _left = Plugged::new(&container, "eth0", &bridge, at("10.77.0.1/24"));
    let _right = Plugged::new(&netns, "eth0", &bridge, at("10.77.0.2/24"));
    wait_for_answer(&container, "10.77.0.2");
    wait_for_answer(&netns, "10.77.0.1");
    assert!(!ping(&netns, "10.77.0.3"), "no interface has that address");
    assert!(!ping(&netns, "10.78.0.1"), "no route goes there");
    flow(&bridge, "priority=65535,icmp,actions=drop");
    assert!(!ping(&container, "10.77.0.2"));
    assert!(!ping(&netns, "10.77.0.1"));
}

#[test]
fn a_ping_that_cannot_be_sent_is_no_missing_answer() {
    docker_ovs_lab::need!(Docker);
    let container = Container::run();
    container.stop();
    let sent = catch_unwind(AssertUnwindSafe(|| ping(&container, "127.0.0.1")));
    let why = sent.expect_err("nothing is sent from a stopped container");
    let why = why.downcast_ref::<String>().unwrap();
    assert!(why.contains("is not running"), "{why}");
}

#[test]
fn a_container_starts_again_until_it_is_removed() {
    docker_ovs_lab::need!(Docker);
    let container = Container::run();
    let first = container.pid();
    container.restart();
    let second = container.pid();
    assert_ne!(first, second);
    container.stop();
    assert_eq!(container.pid(), "0");
    container.start();
    assert_ne!(container.pid(), "0");
    container.remove();
    assert!(try_run("docker", &["inspect", container.name()]).is_err());
}

/// Only asks: a mistake here must not restart anything.
#[test]
fn no_daemon_may_be_restarted_without_leave() {
    if std::env::var_os("DOCKER_OVS_TEST_RESTARTS").is_none() {
        assert!(!daemons::may_restart());
    }
}

#[test]
fn what_ping_does_not_tell_is_told_by_what_is_carried() {
    docker_ovs_lab::need!(Docker);
    let (bridge, container, netns) = (Bridge::new(), Container::run(), Netns::new());
    let _left = Plugged::new(&container, "eth0", &bridge, at("10.77.4.1/24"));
    let _right = Plugged::new(&netns, "eth0", &bridge, at("10.77.4.2/24"));
    wait_for_answer(&container, "10.77.4.2");
    assert!(has_checksum_offload(&container, "eth0") && has_checksum_offload(&netns, "eth0"));
    if has_userspace_datapath() {
        let lost = carries(&container, &netns, "10.77.4.2").unwrap_err();
        assert!(lost.contains("TCP to 10.77.4.2") && lost.contains("UDP to 10.77.4.2"), "{lost}");
    }
    set_checksum_offload(&container, "eth0", false);
    set_checksum_offload(&netns, "eth0", false);
    assert_carries(&container, &netns, &["10.77.4.2"]);
    flow(&bridge, "priority=65535,udp,actions=drop");
    let lost = carries(&container, &netns, "10.77.4.2").unwrap_err();
    assert!(lost.starts_with("UDP to 10.77.4.2"), "{lost}");
}

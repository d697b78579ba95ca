//! What a test makes is gone when it ends, however it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use docker_ovs_lab::{Bridge, Container, Netns, Plug, Plugged, Tier, ready, try_run};

#[test]
fn a_test_that_fails_leaves_nothing_behind() {
    if !ready(Tier::Docker) {
        return;
    }
    let mut names = Vec::new();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let (bridge, container, netns) = (Bridge::new(), Container::run(), Netns::new());
        let first = Plugged::new(&container, "eth0", &bridge, Plug::default());
        let second = Plugged::new(&netns, "eth0", &bridge, Plug::default());
        assert_ne!(first.ofport(), second.ofport());
        names =
            [bridge.name(), container.name(), netns.name(), first.host_end(), second.host_end()]
                .map(str::to_owned)
                .to_vec();
        panic!("the test fails here");
    }));
    assert!(failed.is_err());
    let [bridge, container, netns, first, second] = names.as_slice() else { panic!("{names:?}") };
    assert!(try_run("ovs-vsctl", &["br-exists", bridge]).is_err());
    assert!(try_run("docker", &["inspect", container]).is_err());
    assert!(try_run("ip", &["-netns", netns, "link"]).is_err());
    for link in [first, second] {
        assert!(try_run("ip", &["link", "show", link]).is_err(), "{link}");
        assert!(try_run("ovs-vsctl", &["get", "Interface", link, "name"]).is_err(), "{link}");
    }
}

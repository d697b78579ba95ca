//! A container's link is known by what it is, and not by what it is called: an endpoint whose link was
//! renamed, was moved, or lost its name to another one, keeps its port, its number and its address.

use lab::{Bridge, Container, Link, Netns, Network, Plugin, run, try_run};

use crate::driver::{driver, settled};

/// A network whose addresses the driver hands out, all of them in use but for one, and its container.
///
/// In the order in which they go: Docker removes a network only while its driver answers.
struct Scene {
    one: Container,
    network: Network,
    bridge: Bridge,
    driver: Plugin,
}

impl Scene {
    fn new(subnet: &str) -> Self {
        let (driver, bridge) = (driver(), Bridge::new());
        let words = ["--ipam-driver", driver.name(), "--subnet", subnet];
        let network = Network::create(driver.name(), bridge.name(), &words);
        let one = Container::run_with(&[
            "--network",
            &format!("name={},driver-opt=ofport=40001", network.name()),
        ]);
        settled(&one, bridge.name());
        Self { one, network, bridge, driver }
    }

    /// The host's end of the container's interface, which is the name of its port.
    fn port(&self) -> String {
        run("ovs-vsctl", &["list-ports", self.bridge.name()]).trim().to_owned()
    }

    /// Neither its number nor its address is another container's, and its port stays.
    fn keeps_what_it_has(&self, port: &str) {
        let ip = self.one.on_network("IPAddress");
        let network = self.network.name();
        let run_with = |words: &[&str]| {
            let name = lab::unique("c");
            let fixed = ["run", "--rm", "--name", &name];
            try_run("docker", &[&fixed[..], words, &[lab::IMAGE, "sleep", "0"]].concat())
        };
        let number = format!("name={network},driver-opt=ofport=40001");
        let refused = run_with(&["--network", &number]).unwrap_err();
        assert!(refused.contains("40001"), "{refused}");
        let refused = run_with(&["--network", network, "--ip", &ip]).unwrap_err();
        assert!(refused.contains(&format!("{ip} is in use by {}", self.one.name())), "{refused}");
        assert_eq!(self.port(), port);
    }
}

#[test]
fn a_renamed_link_is_its_containers_still_and_goes_with_it() {
    lab::need!(Docker);
    let scene = Scene::new("10.97.60.0/29");
    let (port, renamed) = (scene.port(), lab::unique("r"));
    run("ip", &["link", "set", &port, "down"]);
    run("ip", &["link", "set", &port, "name", &renamed]);
    scene.keeps_what_it_has(&port);
    let Scene { driver, bridge, network, one } = scene;
    drop(one);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
    assert!(try_run("ip", &["link", "show", "dev", &renamed]).is_err(), "the pair is left");
    drop((network, driver));
}

#[test]
fn a_link_that_has_its_name_beside_another_one_is_its_containers_still() {
    lab::need!(Docker);
    let scene = Scene::new("10.97.60.8/29");
    let (port, renamed) = (scene.port(), lab::unique("r"));
    run("ip", &["link", "set", &port, "down"]);
    run("ip", &["link", "set", &port, "name", &renamed]);
    run("ip", &["link", "property", "add", "dev", &renamed, "altname", &port]);
    scene.keeps_what_it_has(&port);
}

#[test]
fn a_link_that_took_its_name_is_left_alone() {
    lab::need!(Docker);
    let scene = Scene::new("10.97.60.16/29");
    let (port, renamed) = (scene.port(), lab::unique("r"));
    run("ip", &["link", "set", &port, "down"]);
    run("ip", &["link", "set", &port, "name", &renamed]);
    let foreign = Link::named(&port, &["type", "bridge"]);
    scene.keeps_what_it_has(&port);
    let Scene { driver, network, one, .. } = scene;
    drop(one);
    assert!(try_run("ip", &["link", "show", "dev", &renamed]).is_err(), "the pair is left");
    run("ip", &["link", "show", "dev", foreign.name()]);
    drop((network, driver));
}

#[test]
fn a_link_in_another_namespace_is_its_containers_still() {
    lab::need!(Docker);
    let scene = Scene::new("10.97.60.24/29");
    let (port, elsewhere) = (scene.port(), Netns::new());
    run("ip", &["link", "set", &port, "netns", elsewhere.name()]);
    scene.keeps_what_it_has(&port);
}

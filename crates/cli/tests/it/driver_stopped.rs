//! While there is no driver, everything but its own calls goes on, and afterwards it is as if nothing had been.

use lab::{Bridge, Container, Network, assert_carries, run, try_run};
use rustix::process::Signal;

use crate::driver::driver;
use crate::driver_killed::ports_are_those_of;
use crate::tool::{command, docker_ovs};

/// A network of Docker's own, removed with its guard.
struct OwnNetwork(String);

impl OwnNetwork {
    fn create() -> Self {
        let name = lab::unique("own");
        run("docker", &["network", "create", &name]);
        Self(name)
    }
}

impl Drop for OwnNetwork {
    fn drop(&mut self) {
        let _ = try_run("docker", &["network", "rm", &self.0]);
    }
}

#[test]
fn without_the_driver_what_runs_and_what_is_of_others_goes_on() {
    // Docker waits for the driver, and answers no one about the container meanwhile.
    lab::alone!(Docker);
    let (mut driver, bridge) = (driver(), Bridge::new());
    let network = Network::create(driver.name(), bridge.name(), &["--subnet", "10.97.74.0/24"]);
    let on = || Container::run_with(&["--network", network.name()]);
    let (one, two) = (on(), on());
    let number = || docker_ovs(&["port", "-q", one.name(), bridge.name()]).stdout;
    let all = [&one, &two].map(|container| container.id().to_owned());
    driver.wait_until_swept("all are known", || ports_are_those_of(&bridge, &all));
    let before = number();
    driver.end(Signal::KILL);
    assert_carries(&one, &two, &[&two.on_network("IPAddress")]);
    assert_eq!(number(), before);
    // Networks of Docker's own know nothing of it, also for a container that is on both.
    let own = OwnNetwork::create();
    run("docker", &["run", "--rm", "--network", &own.0, lab::IMAGE, "sleep", "0"]);
    run("docker", &["network", "connect", &own.0, one.name()]);
    run("docker", &["network", "disconnect", &own.0, one.name()]);
    drop(own);
    // Docker tries for 15 seconds, and says which plugin it did not reach.
    let words = ["run", "--rm", "--network", network.name(), lab::IMAGE, "sleep", "0"];
    let refused = try_run("docker", &words).unwrap_err();
    assert!(refused.contains(driver.name()), "{refused}");
    assert_carries(&one, &two, &[&two.on_network("IPAddress")]);
    driver.start_again(|words| command("docker-ovs", words));
    run("docker", &words);
    assert_eq!(number(), before);
    driver.wait_until_swept("there is what exists", || ports_are_those_of(&bridge, &all));
    assert_carries(&one, &two, &[&two.on_network("IPAddress")]);
}

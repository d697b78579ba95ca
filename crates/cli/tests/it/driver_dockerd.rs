//! The dockerd that calls the network driver is killed in the middle of calls, or ends while its containers
//! run on.
#![allow(clippy::disallowed_methods, reason = "a test starts threads, and kills after a time")]

use std::time::Duration;

use lab::{Bridge, InnerDocker, Plugin, run, try_run, wait_until};

use crate::driver_killed::{ports_are_those_of, recorded};
use crate::tool::command;

/// A dockerd of the test's own, a driver that asks it, and a bridge for its networks.
struct Scene {
    driver: Plugin,
    docker: InnerDocker,
    bridge: Bridge,
}

impl Scene {
    fn of(docker: InnerDocker) -> Self {
        let host = docker.host();
        let driver =
            Plugin::start(|words| command("docker-ovs", &[&["--host", &host], words].concat()));
        Self { driver, docker, bridge: Bridge::new() }
    }

    /// The words that create a network.
    fn creation(&self, network: &str, subnet: &str) -> Vec<String> {
        let option = format!("bridge={}", self.bridge.name());
        let words = [
            "network",
            "create",
            "-d",
            self.driver.name(),
            "-o",
            &option,
            "--subnet",
            subnet,
            network,
        ];
        words.map(str::to_owned).to_vec()
    }

    fn create(&self, network: &str, subnet: &str) {
        self.docker.docker(&words(&self.creation(network, subnet)));
    }
}

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[test]
fn a_dockerd_that_is_killed_within_its_calls_leaves_what_exists() {
    lab::alone!(Docker);
    let scene = Scene::of(InnerDocker::beside());
    let (bridge, docker, host) = (&scene.bridge, &scene.docker, scene.docker.host());
    scene.create("stays", "10.97.61.0/24");
    let on = |ids: &[&str]| {
        let words = ["--host", &host];
        try_run("docker", &[&words[..], ids].concat())
    };
    // Each is killed in the middle of what it does.
    let kill_within = |words: &[&str], delay: u64| {
        let words: Vec<String> =
            ["--host", &host].iter().chain(words).map(|word| (*word).to_owned()).collect();
        let call = std::thread::spawn(move || {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            try_run("docker", &words)
        });
        std::thread::sleep(Duration::from_millis(delay));
        docker.kill();
        let _ = call.join().unwrap();
    };
    let run_one = ["run", "--detach", "--network", "stays", "--name"];
    for round in 0..3 {
        let (name, delay) = (format!("c{round}"), 60 + 90 * round);
        kill_within(&[&run_one[..], &[&name, lab::IMAGE, "sleep", "86400"]].concat(), delay);
        let _ = on(&["rm", "--force", &name]);
        let other = format!("n{round}");
        let create = scene.creation(&other, "10.97.62.0/24");
        kill_within(&words(&create), 5 + 10 * round);
        kill_within(&["network", "rm", &other], 5 + 10 * round);
        let _ = on(&["network", "rm", &other]);
    }
    docker.docker(&[&run_one[..], &["last", lab::IMAGE, "sleep", "86400"]].concat());
    let id = docker.docker(&["inspect", "--format", "{{.Id}}", "last"]);
    scene.driver.wait_until_swept("there is what exists", || {
        ports_are_those_of(bridge, std::slice::from_ref(&id))
    });
    let stays = docker.docker(&["network", "inspect", "--format", "{{.Id}}", "stays"]);
    assert!(recorded(bridge).contains(&stays));
    docker.docker(&["rm", "--force", "last"]);
    scene.driver.wait_until_swept("there is nothing", || ports_are_those_of(bridge, &[]));
    docker.docker(&["network", "rm", "stays"]);
}

/// `--live-restore`: containers run on while there is no dockerd, and are the next one's.
#[test]
fn a_dockerd_with_live_restore_finds_its_containers_with_their_numbers_and_traffic() {
    lab::need!(Docker);
    let scene = Scene::of(InnerDocker::live_restoring());
    let (bridge, docker) = (&scene.bridge, &scene.docker);
    scene.create("lan", "10.97.63.0/24");
    let names = ["one", "two"];
    for name in names {
        let words = ["run", "--detach", "--network", "lan", "--name", name, lab::IMAGE];
        docker.docker(&[&words[..], &["sleep", "86400"]].concat());
    }
    let pids = names.map(|name| docker.outer_pid(name));
    let address = docker.docker(&[
        "inspect",
        "--format",
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        "two",
    ]);
    let numbers = || {
        names.map(|name| {
            let of = format!("external_ids:docker-ovs.name={name}");
            let on = format!(
                "external_ids:docker-ovs.network={}",
                docker.docker(&["network", "inspect", "--format", "{{.Id}}", "lan"])
            );
            run("ovs-vsctl", &["--bare", "--columns=ofport", "find", "interface", &of, &on])
        })
    };
    wait_until("both are known", || numbers().iter().all(|number| !number.is_empty()));
    let before = numbers();
    let one = Process(pids[0].clone());
    lab::wait_for_answer(&one, &address);
    docker.stop();
    for _ in 0..3 {
        assert!(lab::single_ping(&one, &address, true), "their traffic goes on");
    }
    docker.start_again();
    assert_eq!(pids, names.map(|name| docker.outer_pid(name)), "they ran on");
    assert!(lab::single_ping(&one, &address, true));
    assert_eq!(numbers(), before);
    docker.docker(&["restart", "--time", "0", "one"]);
    wait_until("it has its number", || numbers() == before);
    docker.docker(&["rm", "--force", "one", "two"]);
    scene.driver.wait_until_swept("there is nothing", || ports_are_those_of(bridge, &[]));
    docker.docker(&["network", "rm", "lan"]);
}

/// The namespace of a process.
struct Process(String);

impl lab::Home for Process {
    fn netns(&self) -> String {
        self.0.clone()
    }
}

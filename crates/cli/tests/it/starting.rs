//! A vswitchd that has opened no port yet: none of them is told to be broken, nothing is told to be done,
//! and what was true before is told again as soon as it is.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::process::{Child, Stdio};

use crate::acting::{output, start_waiting};
use crate::tool::{Ran, Served, docker_ovs, says};
use lab::{Container, Home, Switch, run, unique, wait_until};

/// What no port says that its vswitchd is about to open.
const DEAF: &str = "made again under its old name";

/// What each of them says instead.
const NOT_OPENED: &str = "does not listen to the link now";

/// A switch whose vswitchd was killed, and started again to wait for the lock of its database, which another
/// program holds: it has opened no port.
struct Starting {
    switch: Switch,
    bridge: String,
    lock: Option<Child>,
}

impl Starting {
    /// With these containers on it, each with an address.
    fn with(containers: &[&Container]) -> Self {
        let (switch, bridge) = (Switch::start(&[]), unique("b"));
        switch.add_bridge(&bridge, &[]);
        let scene = Self { switch, bridge, lock: None };
        for (container, ip) in containers.iter().zip(["192.0.2.7/24", "192.0.2.8/24"]) {
            let words = ["connect", &scene.bridge, container.name(), "--ip", ip];
            says(&[&words[..], &["--db", &scene.switch.remote()]].concat());
        }
        scene
    }

    fn restart(&mut self) {
        self.switch.kill_vswitchd();
        let log = self.switch.rundir().join("lock.said");
        let said = std::fs::File::create(&log).unwrap();
        let mut client = lab::program("ovsdb-client");
        client.args(["steal", &self.switch.remote(), "ovs_vswitchd"]);
        self.lock = Some(client.stdin(Stdio::null()).stdout(said).spawn().unwrap());
        wait_until("another program has its lock", || {
            std::fs::read_to_string(&log).unwrap().contains("true")
        });
        self.switch.start_vswitchd();
    }

    /// Lets it open its ports.
    fn go_on(&mut self) {
        if let Some(mut lock) = self.lock.take() {
            lock.kill().unwrap();
            lock.wait().unwrap();
        }
    }

    fn ask(&self, words: &[&str]) -> Ran {
        docker_ovs(&[words, &["--db", &self.switch.remote()]].concat())
    }

    fn explained(&self, container: &Container) -> String {
        self.ask(&["explain", container.name(), "--format", "json"]).stdout
    }
}

/// The words that restore a container, and tell what came of it.
fn restoring<'w>(container: &'w Container, db: &'w str, within: &'w str) -> [&'w str; 8] {
    let format = "{{.Result}} {{.Reason}}";
    ["restore", container.name(), "--db", db, "--timeout", within, "--format", format]
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.go_on();
    }
}

#[test]
fn a_port_that_is_not_opened_yet_is_not_told_to_be_deaf() {
    lab::need!(Docker);
    let (one, two) = (Container::run(), Container::run());
    let mut scene = Starting::with(&[&one, &two]);
    let asked = ["port", one.name(), "--format", "{{.OFPort}}"];
    let number = scene.ask(&asked).stdout;
    scene.restart();
    let told = scene.explained(&one);
    assert!(told.contains(NOT_OPENED) && !told.contains(DEAF), "{told}");
    let doctor =
        scene.ask(&["doctor", "--format", "{{.Check}} {{.Verdict}} {{.Detail}} {{.Hint}}"]);
    let ports = doctor.stdout.lines().find(|line| line.starts_with("ports ")).unwrap();
    assert!(ports.contains("2 not opened") && !ports.contains("del-port"), "{ports}");
    assert_eq!((scene.ask(&asked).code, scene.ask(&asked).stdout), (0, number));
    scene.go_on();
    wait_until("nothing is left to be said", || !scene.explained(&one).contains(NOT_OPENED));
}

#[test]
fn restore_waits_until_a_port_is_open() {
    lab::need!(Docker);
    let one = Container::run();
    let mut scene = Starting::with(&[&one]);
    scene.restart();
    let db = scene.switch.remote();
    let ran = docker_ovs(&restoring(&one, &db, "5s"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.starts_with("skipped not opened: "), "{ran:?}");
    let mut restore = start_waiting(&restoring(&one, &db, "60s"));
    scene.go_on();
    let ran = output(&mut restore);
    assert_eq!((ran.code, &*ran.stdout), (0, "present \n"), "{ran:?}");
}

#[test]
fn the_daemon_sees_that_a_port_was_opened_though_nothing_tells_it() {
    lab::need!(Docker);
    let (one, two) = (Container::run(), Container::run());
    let mut scene = Starting::with(&[&one, &two]);
    let daemon = Served::start(&["--listen", "none", "--db", &scene.switch.remote()]);
    let notes = || {
        let all = daemon.json("/v1/attachments").to_string();
        (all.contains(NOT_OPENED), all.contains(DEAF))
    };
    scene.restart();
    let mut was_deaf = false;
    wait_until("the daemon has looked at the one that starts", || {
        let (starts, deaf) = notes();
        was_deaf |= deaf;
        starts || deaf
    });
    scene.go_on();
    wait_until("it is told that they are open", || notes() == (false, false));
    assert!(!was_deaf);
}

/// The words of a program that listens to a link as `tcpdump -i` does, until its input ends.
const LISTENER: &str = "import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300)
s.bind((sys.argv[1], 0))
print('listens', flush=True)
sys.stdin.read()";

/// Another program's packet socket on this link of the switch's namespace.
fn listen(switch: &Switch, to: &str) -> Child {
    let mut command = switch.netns().enter();
    command.args(["python3", "-c", LISTENER, to]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert_eq!(line, "listens\n");
    child
}

#[test]
fn what_another_program_listens_to_says_nothing_of_vswitchd() {
    lab::need!(Docker);
    let (one, two) = (Container::run(), Container::run());
    let mut scene = Starting::with(&[&one, &two]);
    let port = scene.ask(&["port", one.name(), "--format", "{{.Port}}"]).stdout;
    let (port, here) = (port.trim_end(), scene.switch.netns().name().to_owned());
    // The link is made again under its old name: the port is deaf, even to one who looks by tcpdump.
    let again = || {
        run("ip", &["-n", &here, "link", "del", port]);
        wait_until("its other end is gone", || !one.ip(&["link"]).contains("eth0"));
        let far = unique("p");
        run("ip", &["-n", &here, "link", "add", port, "type", "veth", "peer", "name", &far]);
        run("ip", &["-n", &here, "link", "set", port, "up"]);
        run("ip", &["-n", &here, "link", "set", &far, "netns", &one.pid(), "name", "eth0"]);
        one.ip(&["link", "set", "eth0", "up"]);
    };
    again();
    assert!(scene.explained(&one).contains(DEAF), "{}", scene.explained(&one));
    let mut listener = listen(&scene.switch, port);
    assert!(scene.explained(&one).contains(DEAF), "{}", scene.explained(&one));
    assert!(!scene.explained(&two).contains(DEAF), "{}", scene.explained(&two));
    // That program's socket has lost its link, vswitchd's has not: it is about to open the port.
    again();
    scene.restart();
    assert!(!scene.explained(&one).contains(DEAF), "{}", scene.explained(&one));
    listener.kill().unwrap();
    listener.wait().unwrap();
    scene.go_on();
    wait_until("nothing is left to be said", || !scene.explained(&one).contains(NOT_OPENED));
}

//! A stream of events is a replica: `reset` and what follows, applied in order, is what the daemon
//! answers, at every moment.

use std::collections::BTreeMap;

use crate::tool::dice::Dice;
use crate::tool::picture::{parsed, text};
use crate::tool::replica::{Follower, Link, link, row};
use crate::tool::{Event, Served, lists, number};
use lab::{Container, Home, Switch, unique, wait_until};

/// A switch of the test's own, and a container with a veth whose other end is there.
struct Scene {
    switch: Switch,
    bridge: String,
    container: Container,
    end: String,
    daemon: Served,
}

impl Scene {
    fn new() -> Self {
        let (switch, bridge, container) = (Switch::start(&[]), unique("b"), Container::run());
        switch.add_bridge(&bridge, &[]);
        let words = ["--db", &switch.remote(), "--timeout", "5s"];
        let daemon = Served::start(&words);
        let mut scene = Self { switch, bridge, container, end: String::new(), daemon };
        scene.make_veth();
        scene
    }

    fn make_veth(&mut self) {
        self.end = unique("v");
        self.make_end();
    }

    fn make_end(&self) {
        let far = self.switch.netns().name();
        let peer = ["type", "veth", "peer", "name", &self.end, "netns", far];
        self.container.ip(&[&["link", "add", "eth0"][..], &peer].concat());
        self.switch.netns().ip(&["link", "set", &self.end, "up"]);
    }

    /// `ovs-vsctl` that waits for no vswitchd.
    fn vsctl(&self, words: &[&str]) {
        self.switch.vsctl(&[&["--no-wait"], words].concat());
    }

    fn is_about(&self, event: &Event, state: &str) -> bool {
        let row = &event.data["Attachment"];
        row["ID"] == self.container.id() && row["State"] == state
    }

    fn state(&self) -> String {
        let rows = self.daemon.json(&format!("/v1/attachments/{}", self.container.name()));
        let row = rows.as_array().unwrap().iter().find(|row| row["Interface"] == "eth0");
        row.map_or(String::new(), |row| text(row, "State").to_owned())
    }
}

/// A port that is deleted before vswitchd has given it a number.
#[test]
fn what_a_reset_tells_of_a_pending_port_is_taken_back() {
    lab::need!(Docker);
    let scene = Scene::new();
    wait_until("the interface is known", || scene.state() == "none");
    let mut first = Follower::new(&scene.daemon);
    scene.switch.hang_vswitchd(true);
    scene.vsctl(&["add-port", &scene.bridge, &scene.end]);
    let mut early = Follower::new(&scene.daemon);
    early.catch_up(&scene.daemon);
    // It lasts, so it is told.
    for follower in [&mut first, &mut early] {
        if text(&follower.replica.rows[&link_of(&scene)], "State") != "pending" {
            follower.find(&scene.daemon, |event| scene.is_about(event, "pending"));
        }
        follower.catch_up(&scene.daemon);
    }
    let mut late = Follower::new(&scene.daemon);
    assert_eq!(late.replica.rows[&link_of(&scene)]["State"], "pending");
    assert_eq!(scene.state(), "pending", "all say the same");
    scene.vsctl(&["del-port", &scene.end]);
    scene.switch.hang_vswitchd(false);
    for follower in [&mut first, &mut early, &mut late] {
        follower.find(&scene.daemon, |event| scene.is_about(event, "none"));
        follower.catch_up(&scene.daemon);
    }
    assert_eq!(scene.state(), "none");
}

fn link_of(scene: &Scene) -> Link {
    let rows = scene.daemon.json(&format!("/v1/attachments/{}", scene.container.name()));
    let rows = rows.as_array().unwrap();
    link(rows.iter().find(|row| row["Interface"] == "eth0").unwrap())
}

/// A port is orphaned, and the database hangs: a reset says what was told.
#[test]
fn a_reset_while_the_database_hangs_agrees_with_what_was_told() {
    lab::need!(Docker);
    let scene = Scene::new();
    scene.switch.vsctl(&["add-port", &scene.bridge, &scene.end]);
    wait_until("it is there", || scene.state() == "on");
    let mut before = Follower::new(&scene.daemon);
    scene.switch.hang_database(true);
    scene.container.restart();
    wait_until("it is shown", || scene.daemon.json("/healthz")["Status"] == "degraded");
    let mut meanwhile = Follower::new(&scene.daemon);
    for follower in [&mut before, &mut meanwhile] {
        follower.catch_up(&scene.daemon);
    }
    scene.switch.hang_database(false);
    let port = (scene.bridge.clone(), scene.end.clone());
    for follower in [&mut before, &mut meanwhile] {
        wait_until("it is told to be orphaned", || {
            follower.catch_up(&scene.daemon);
            follower.replica.orphans.contains_key(&port)
        });
    }
}

/// Chance: `DOCKER_OVS_TEST_STREAM` repeats a run, `DOCKER_OVS_TEST_STEPS` makes it longer.
#[test]
fn a_replica_is_right_after_each_event_whatever_happens() {
    lab::need!(Docker);
    let (mut scene, mut dice) = (Scene::new(), Dice::seeded("DOCKER_OVS_TEST_STREAM"));
    wait_until("the interface is known", || scene.state() == "none");
    let mut followers = vec![Follower::new(&scene.daemon)];
    for step in 0..number("DOCKER_OVS_TEST_STEPS", 40) {
        scene.does(&mut dice);
        if step % 5 == 0 {
            followers.push(Follower::new(&scene.daemon));
        }
        for follower in &mut followers {
            follower.catch_up(&scene.daemon);
        }
    }
    scene.is_well();
    let compared: usize = followers.iter().map(|follower| follower.compared).sum();
    println!("{compared} times compared");
    // In the end it is what a look of one's own sees.
    let (mut own, mut known) = (BTreeMap::new(), Vec::new());
    lab::comes_true(|| {
        let listed = parsed(&lists(&["ls", "--format", "json", "--db", &scene.switch.remote()]));
        let listed = listed.iter().filter(|row| row["ID"] == scene.container.id());
        own = listed.map(|found| (link(found), row(found))).collect();
        known.clear();
        for follower in &mut followers {
            follower.catch_up(&scene.daemon);
            let mut rows = follower.replica.rows.clone();
            rows.retain(|_, row| row["ID"] == scene.container.id());
            known.push(rows);
        }
        known.iter().all(|rows| *rows == own)
    });
    for rows in known {
        assert_eq!(rows, own, "a replica and a look");
    }
}

impl Scene {
    /// Something, by chance; what cannot be done then is left.
    fn does(&mut self, dice: &mut Dice) {
        let (end, bridge) = (self.end.clone(), self.bridge.clone());
        let inside = |words: &[&str]| {
            let pid = self.container.pid();
            let _ = lab::try_run("nsenter", &[&["-t", &pid, "-n", "ip"], words].concat());
        };
        let db = format!("--db={}", self.switch.remote());
        let vsctl = |words: &[&str]| {
            let _ = lab::try_run("ovs-vsctl", &[&[&*db, "--no-wait"], words].concat());
        };
        match dice.throw(13) {
            0 | 1 => vsctl(&["--may-exist", "add-port", &bridge, &end]),
            2 => vsctl(&["--if-exists", "del-port", &end]),
            3 => vsctl(&["set", "port", &end, &format!("tag={}", dice.throw(4000))]),
            4 => inside(&[
                "address",
                "add",
                &format!("10.9.0.{}/24", dice.throw(200)),
                "dev",
                "eth0",
            ]),
            5 => inside(&["address", "flush", "dev", "eth0"]),
            6 => inside(&["link", "set", "eth0", "mtu", &(1300 + dice.throw(100)).to_string()]),
            7 => self.switch.hang_vswitchd(dice.throw(2) == 0),
            8 => {
                self.container.restart();
                self.make_veth();
            }
            9 => {
                let name = unique("c");
                self.container.rename(&name);
            }
            10 => {
                // The same name again: deaf, until vswitchd is told anew.
                inside(&["link", "delete", "eth0"]);
                self.make_end();
            }
            11 => {
                self.switch.hang_vswitchd(false);
                self.switch.kill_database();
                self.switch.start_database();
            }
            _ => self.switch.hang_vswitchd(false),
        }
    }

    fn is_well(&self) {
        self.switch.hang_vswitchd(false);
        self.switch.vsctl(&["--may-exist", "add-port", &self.bridge, &self.end]);
        wait_until("the daemon is well", || self.daemon.json("/healthz")["Status"] == "ok");
    }
}

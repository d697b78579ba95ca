//! What is owed while the database or vswitchd is away.

use std::thread;

use crate::tool::{docker_ovs, says};
use lab::{Container, wait_until};
use serde_json::Value;

use super::scene::{Scene, WITHIN, nothing_is_owed, owed};

/// The processor time that a process has taken, in hundredths of a second: `utime` and `stime` of
/// proc_pid_stat(5).
fn processor_time(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let behind_name = stat.rsplit(')').next().unwrap().split_whitespace();
    behind_name.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[test]
fn what_cannot_be_tried_while_the_database_is_away_is_waited_for_in_peace() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    scene.restarts_while_database_hangs(&container, |daemon| {
        wait_until("it is owed", || !owed(daemon).is_empty());
        // The time of the next attempt passes.
        thread::sleep(3 * WITHIN);
        let spent = || {
            let before = processor_time(daemon.pid());
            thread::sleep(WITHIN);
            processor_time(daemon.pid()) - before
        };
        // Other containers come and go meanwhile, and are looked at.
        let mut each = Vec::new();
        let is_at_peace = (0..5).any(|_| {
            each.push(spent());
            each.last() < Some(&100)
        });
        assert!(is_at_peace, "{each:?} hundredths in {WITHIN:?} each");
    });
}

#[test]
fn a_database_that_hung_while_a_container_restarted_is_waited_for() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    scene.restarts_while_database_hangs(&container, |_| {});
}

/// It has the ports of the links that containers had when it was written.
#[test]
fn a_database_that_is_restored_from_a_backup_gets_the_ports_that_containers_are_on() {
    lab::need!(Docker);
    let (mut scene, container) = (Scene::new(), Container::run());
    let before = scene.connect(&container);
    let daemon = scene.serve();
    let file = scene.switch.rundir().join("conf.db");
    let backup = std::fs::read(&file).unwrap();
    container.restart();
    daemon.hears(&format!("restored {}:eth0", container.name()));
    scene.is_back(&container, &before);
    scene.switch.kill_database();
    std::fs::write(&file, backup).unwrap();
    scene.switch.start_database();
    scene.is_back(&container, &before);
    nothing_is_owed(&daemon);
}

#[test]
fn a_vswitchd_that_hung_while_a_container_restarted_is_waited_for() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let before = scene.connect(&container);
    let daemon = scene.serve();
    let mut events = daemon.events(None);
    scene.switch.hang_vswitchd(true);
    container.restart();
    let it = format!("{}:eth0 on {}", container.name(), scene.bridge);
    daemon.hears(&format!("{it} is owed: "));
    daemon.hears(&format!("cannot restore {it}"));
    let mut seen = Vec::new();
    wait_until("what it waits for is told", || {
        let rows = owed(&daemon);
        if seen.last() != Some(&rows) {
            println!("owed: {rows:?}");
            seen.push(rows);
        }
        owed(&daemon).iter().any(|row| {
            let reason = row["Reason"].as_str().unwrap();
            row["Container"] == container.name() && reason.contains("no number within")
        })
    });
    let row = &owed(&daemon)[0];
    assert_eq!((&row["Bridge"], &row["OFPort"]), (&scene.bridge.as_str().into(), &32768.into()));
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("docker_ovs_owed_attachments 1\n"), "{metrics}");
    let told = events.find(|event| event.name == "owed");
    assert_eq!(told.data[0]["ID"], container.id());
    let late = daemon.events(None).find(|event| event.name == "owed");
    assert_eq!((&late.data[0]["ID"], &*late.id), (&container.id().into(), ""));
    scene.switch.hang_vswitchd(false);
    scene.is_back(&container, &before);
    daemon.hears(&format!("restored {it}"));
    events.find(|event| event.name == "owed" && event.data == Value::Array(Vec::new()));
    nothing_is_owed(&daemon);
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("docker_ovs_restores_total{result=\"restored\"} 1\n"), "{metrics}");
}

/// As an upgrade of Open vSwitch does it.
#[test]
fn an_open_vswitch_that_is_replaced_while_containers_restart_is_waited_for() {
    lab::need!(Docker);
    let (mut scene, containers) = (Scene::new(), [Container::run(), Container::run()]);
    let before = scene.connect(&containers[0]);
    let words = ["connect", &scene.bridge, containers[1].name(), "--db", &scene.switch.remote()];
    says(&words);
    let daemon = scene.serve();
    scene.switch.kill_vswitchd();
    scene.switch.kill_database();
    wait_until("it is shown", || daemon.json("/healthz")["Status"] == "degraded");
    containers.iter().for_each(Container::restart);
    scene.switch.start_database();
    wait_until("the daemon sees the database", || {
        let sources = daemon.json("/healthz")["Sources"].clone();
        let ovsdb = |row: &Value| row["Source"] == "ovsdb" && row["State"] == "fresh";
        sources.as_array().unwrap().iter().any(ovsdb)
    });
    scene.switch.start_vswitchd();
    scene.is_back(&containers[0], &before);
    let other = ["port", containers[1].name(), &scene.bridge, "-q", "--db"];
    let remote = scene.switch.remote();
    wait_until("the other one is back", || {
        docker_ovs(&[&other[..], &[&*remote]].concat()).stdout == "32769\n"
    });
}

#[test]
fn a_daemon_that_starts_while_the_switch_is_away_restores_when_it_returns() {
    lab::need!(Docker);
    for away in 0..3 {
        let (mut scene, container) = (Scene::new(), Container::run());
        let before = scene.connect(&container);
        container.restart();
        match away {
            0 => scene.switch.hang_database(true),
            1 => scene.switch.kill_database(),
            _ => scene.switch.kill_vswitchd(),
        }
        let daemon = scene.serve();
        assert_eq!(daemon.json("/healthz")["Owed"], Value::Array(Vec::new()));
        match away {
            0 => scene.switch.hang_database(false),
            1 => scene.switch.start_database(),
            _ => scene.switch.start_vswitchd(),
        }
        scene.is_back(&container, &before);
    }
}

//! What `docker ovs serve` answers to programs, and what it does of itself.
#![allow(clippy::disallowed_methods, reason = "promtool is asked")]

use std::io::Write;
use std::process::Stdio;

use crate::tool::{Ran, Served, command, docker_ovs, refuses, says};
use lab::{Bridge, Container, Plug, Plugged};
use serde_json::Value;

#[test]
fn the_answers_are_those_of_the_command_line() {
    lab::need!(Docker);
    let (bridge, container) =
        (Bridge::new(), Container::run_with(&["--network", "none", "--label", "tier=web"]));
    let plug =
        Plugged::new(&container, "eth0", &bridge, Plug { port: &["tag=7"], ..Plug::default() });
    let daemon = Served::start(&[]);
    let (name, switch) = (container.name(), bridge.name());
    let lines = |words: &[&str]| -> Vec<Value> {
        says(words).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let of_container = lines(&["port", name, "--format", "json"]);
    assert_eq!(of_container.len(), 1);
    assert_eq!(daemon.json(&format!("/v1/attachments/{name}")), Value::from(of_container.clone()));
    for query in [
        format!("container={name}"),
        format!("bridge={switch}&status=on"),
        format!("bridge={switch}&vlan=7&label=tier%3Dweb"),
        format!("container={name}&container=nobody&all=1"),
    ] {
        let rows = daemon.json(&format!("/v1/attachments?{query}"));
        assert_eq!(rows, Value::from(of_container.clone()), "{query}");
    }
    let elsewhere = daemon.json(&format!("/v1/attachments?container={name}&vlan=8"));
    assert_eq!(elsewhere, Value::Array(Vec::new()));
    let port = format!("/v1/bridges/{switch}/ports/{}", plug.ofport());
    let port = daemon.json(&port);
    assert_eq!(port["Port"], plug.host_end());
    assert_eq!(port["Links"][0]["Tenants"][0]["Container"], name);
    assert!(port["Statistics"]["rx_bytes"].is_number(), "{port}");
    let local = daemon.json(&format!("/v1/bridges/{switch}/ports/local"));
    assert_eq!(local["Occupant"], "local");
    let bridges = daemon.json("/v1/bridges");
    let ours = bridges.as_array().unwrap().iter().find(|row| row["Bridge"] == switch).unwrap();
    assert_eq!(ours["PortCount"], 2);
}

#[test]
fn what_is_not_found_is_answered_in_json() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let daemon = Served::start(&[]);
    let on = |rest: &str| format!("/v1/bridges/{}/ports/{rest}", bridge.name());
    for (path, status) in [
        ("/nothing/here".to_owned(), 404),
        ("/v1/attachments/nobody".to_owned(), 404),
        ("/v1/attachments/nobody?colour=red".to_owned(), 404),
        ("/v1/attachments?colour=red".to_owned(), 400),
        ("/v1/attachments?all=perhaps".to_owned(), 400),
        ("/v1/bridges/nowhere/ports".to_owned(), 404),
        (on("77"), 404),
        (on("seven"), 400),
        (on("99999"), 400),
        ("/v1/snapshot?source=telepathy".to_owned(), 400),
        ("/v1/events?from=yesterday".to_owned(), 400),
    ] {
        let answer = daemon.get(&path);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let said: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(said["message"].as_str().is_some_and(|text| !text.is_empty()), "{path}: {said}");
    }
}

/// Of a host where links may be on several ports, and lead to others than they seem to.
#[test]
fn a_recorded_host_is_told_alike_by_verb_and_daemon() {
    for scene in ["tests/scenes/odd.json", "tests/scenes/hostile.json"] {
        let daemon = Served::start(&["--from", scene]);
        let ls = ["ls", "--all", "--partial", "--format", "json"];
        let of_scene = docker_ovs(&[&ls[..], &["--from", scene]].concat());
        assert!(of_scene.code == 0 && !of_scene.stdout.is_empty(), "{of_scene:?}");
        let of_daemon = docker_ovs(&[&ls[..], &["--server", &daemon.url()]].concat());
        assert_eq!((of_daemon.code, &of_daemon.stdout), (0, &of_scene.stdout), "{scene}");
        let rows: Vec<Value> =
            of_scene.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(daemon.json("/v1/attachments?all=true"), Value::from(rows), "{scene}");
    }
}

#[test]
fn asking_the_daemon_is_like_asking_the_host() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(
        &container,
        "eth0",
        &bridge,
        Plug { ip: Some("192.0.2.7/24"), ..Plug::default() },
    );
    let daemon = Served::start(&[]);
    let at_tcp = format!("http://{}", daemon.tcp());
    let (name, switch) = (container.name(), bridge.name());
    let query = format!("{switch}:{}", plug.ofport());
    for words in [
        &["port", name][..],
        &["port", name, switch, "--format", "csv"],
        &["port", name, "nosuchbridge"],
        &["port", "nobody"],
        &["port", name, "--source", "appctl"],
        &["ls", "--bridge", switch, "--format", "json"],
        &["ports", switch],
        &["who", &query],
        &["explain", name],
    ] {
        for server in [&daemon.url(), &at_tcp] {
            let asked = || docker_ovs(&[words, &["--server", server]].concat());
            // Other bridges of this host may come and go between the two.
            lab::wait_until(&format!("{words:?} say the same"), || {
                let (asked, direct) = (asked(), docker_ovs(words));
                (asked.code, asked.stdout) == (direct.code, direct.stdout)
            });
        }
    }
    let complaint = refuses(&["--server", "unix:///nowhere/d.sock", "ls"]);
    assert!(complaint.contains("the daemon at unix:///nowhere/d.sock"), "{complaint}");
    let complaint = refuses(&["--server", &daemon.url(), "doctor"]);
    assert!(complaint.contains("takes no --server"), "{complaint}");
}

/// It may be set for good: it counts for what only reads, and less than what is named on the command line.
#[test]
fn the_environment_may_name_the_daemon() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let daemon = Served::start(&[]);
    let (name, switch) = (container.name(), bridge.name());
    let with = |server: &str, words: &[&str]| -> Ran {
        command("docker-ovs", words).env("DOCKER_OVS_SERVER", server).output().unwrap().into()
    };
    let nowhere = "unix:///nowhere/d.sock";
    for words in
        [&["port", name, switch][..], &["explain", name, switch], &["ls", "--bridge", switch]]
    {
        // A container of another test that is late makes it another code.
        lab::wait_until(&format!("{words:?} are answered"), || docker_ovs(words).code == 0);
        for server in [&*daemon.url(), ""] {
            // Other things of this host may come and go between the two.
            lab::wait_until(&format!("{words:?} by {server} say the same"), || {
                with(server, words).stdout == docker_ovs(words).stdout
            });
        }
        let away = with(nowhere, words);
        let named = "the daemon at unix:///nowhere/d.sock, which DOCKER_OVS_SERVER names";
        assert!(away.code == 2 && away.stderr.contains(named), "{away:?}");
        for named in [&["--server", &daemon.url()][..], &["--engine", "docker"]] {
            lab::wait_until(&format!("{words:?} by {named:?} are answered"), || {
                let by_option = with(nowhere, &[words, named].concat());
                (by_option.code, &*by_option.stderr) == (0, "")
            });
        }
    }
    let scene = ["--from", "tests/scenes/article.json", "port", "firewall_ext", "-q"];
    assert_eq!(with(nowhere, &scene), docker_ovs(&scene));
    // What acts, or asks vswitchd itself, is not the daemon's to answer.
    let planned = ["connect", switch, name, "--interface", "eth9", "--dry-run", "-q"];
    assert_eq!(with(nowhere, &planned).code, docker_ovs(&planned).code);
    assert_eq!(with(nowhere, &["flows", switch]).code, 0);
    let nonsense = with("d.sock", &["ls"]);
    assert!(nonsense.stderr.contains("DOCKER_OVS_SERVER d.sock: names no daemon"), "{nonsense:?}");
}

#[test]
fn metrics_are_what_prometheus_expects() {
    lab::need!(Docker, Promtool);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let history = tempfile::tempdir().unwrap();
    let daemon = Served::start(&["--history-dir", history.path().to_str().unwrap()]);
    let metrics = daemon.get("/metrics");
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{}", metrics.head);
    let mut promtool = lab::program("promtool");
    let promtool = promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut promtool = promtool.stderr(Stdio::piped()).spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(metrics.body.as_bytes()).unwrap();
    let verdict = promtool.wait_with_output().unwrap();
    assert!(verdict.status.success() && verdict.stderr.is_empty(), "{verdict:?}");
    let labels = format!(
        "{{bridge=\"{}\",ofport=\"{}\",port=\"{}\",container=\"{}\",interface=\"eth0\",\
         engine=\"docker\"}} ",
        bridge.name(),
        plug.ofport(),
        plug.host_end(),
        container.name()
    );
    for counter in
        ["receive_bytes", "receive_packets", "transmit_bytes", "transmit_drops", "transmit_errors"]
    {
        let line = format!("docker_ovs_port_{counter}_total{labels}");
        assert!(metrics.body.contains(&line), "{line} is not in {}", metrics.body);
    }
    assert!(metrics.body.contains("docker_ovs_source_state{source=\"ovsdb\",state=\"fresh\"} 1\n"));
    let version =
        concat!("docker_ovs_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",commit=");
    assert!(metrics.body.contains(version), "{}", metrics.body);
    let (_, documented) = crate::docs::documented_of_fleet_and_others();
    assert_eq!(crate::docs::told_metrics(&metrics.body), documented);
}

#[test]
fn changes_are_sent_and_replayed_from_last_event_id() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let daemon = Served::start(&[]);
    let mut events = daemon.events(None);
    let reset = events.next();
    assert_eq!(reset.name, "reset");
    assert!(reset.data["Attachments"].is_array(), "{reset:?}");
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let told = events.find(|event| event.is_about(&container));
    assert_eq!(
        (told.name.as_str(), &told.data["Attachment"]["OFPort"]),
        ("", &plug.ofport().into())
    );
    // The connection breaks, and the client comes again.
    drop(events);
    let mut again = daemon.events(Some(&reset.id));
    let missed = again.find(|event| event.is_about(&container));
    assert_eq!(missed, told);
    let mut later = daemon.events(Some(&told.id));
    drop(plug);
    let gone = later.find(|event| event.data["Attachment"]["Container"] == container.name());
    assert_ne!(gone.id, told.id, "nothing is told twice");
}

#[test]
fn an_unknown_last_event_id_gets_a_reset() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let daemon = Served::start(&[]);
    let first = daemon.events(None).next();
    let number = first.id.rsplit_once('-').unwrap().1.to_owned();
    let boot = first.id.strip_suffix(&format!("-{number}")).unwrap().to_owned();
    for id in [&format!("another-{number}"), &format!("{boot}-999999999"), "nonsense", ""] {
        let reset = daemon.events(Some(id)).next();
        assert_eq!(reset.name, "reset", "{id:?}");
        let rows = reset.data["Attachments"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["Container"] == container.name()), "{id:?}");
    }
}

/// What the 2014 script was for: the number is there again without a hand.
#[test]
fn serve_restores_a_restarted_container_on_its_number() {
    lab::alone!(Docker);
    let (bridge, container, other) = (Bridge::new(), Container::run(), Container::run());
    let connect = |container: &Container, ip: &str| {
        let ipv6 = ip.replace("10.76.1.", "fd00:76:1::").replace("/24", "/64");
        let words = ["connect", bridge.name(), container.name(), "--ip", ip, "--ip", &ipv6];
        says(&[&words[..], &["--format", "{{.OFPort}}"]].concat())
    };
    let number = connect(&container, "10.76.1.1/24");
    connect(&other, "10.76.1.2/24");
    lab::wait_for_answer(&other, "10.76.1.1");
    lab::assert_carries(&other, &container, &["10.76.1.1", "fd00:76:1::1"]);
    let daemon = Served::start_restoring();
    let mut events = daemon.events(None);
    container.restart();
    daemon.hears(&format!("restored {}:eth0 on {}", container.name(), bridge.name()));
    let told = events
        .find(|event| event.is_about(&container) && event.data["Attachment"]["State"] == "on");
    assert_eq!(told.data["Attachment"]["OFPort"].to_string(), number.trim_end());
    lab::wait_for_answer(&other, "10.76.1.1");
    lab::assert_carries(&other, &container, &["10.76.1.1", "fd00:76:1::1"]);
}

#[test]
fn an_absent_engine_is_reported_and_followed_once_it_is_there() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let folder = tempfile::tempdir().unwrap();
    let engine = folder.path().join("docker.sock");
    let daemon = Served::start(&["-H", &format!("unix://{}", engine.display())]);
    let docker = |sources: &Value| {
        let all = sources.as_array().unwrap();
        all.iter().find(|row| row["Source"] == "docker").unwrap()["State"].clone()
    };
    let health = daemon.json("/healthz");
    assert_eq!(
        (&health["Status"], docker(&health["Sources"])),
        (&"degraded".into(), "absent".into())
    );
    let answer = daemon.get("/v1/attachments");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("Docker at unix:") && answer.body.contains("hint"), "{answer:?}");
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("docker_ovs_source_state{source=\"docker\",state=\"absent\"} 1\n"));
    // The switch is there all the same.
    let ports = daemon.json(&format!("/v1/bridges/{}/ports", bridge.name()));
    assert!(ports.as_array().unwrap().iter().any(|row| row["Port"] == plug.host_end()), "{ports}");
    let mut events = daemon.events(None);
    assert_eq!(events.next().name, "reset");
    std::os::unix::fs::symlink(lab::engine(), &engine).unwrap();
    let told = events.find(|event| event.name == "sources" && docker(&event.data) == "fresh");
    assert!(told.id.contains('-'));
    lab::wait_until("all is well", || daemon.json("/healthz")["Status"] == "ok");
    // Its links are heard of a moment later; until then there is no answer, and no wrong one.
    let of_container = format!("/v1/attachments/{}", container.name());
    let mut answer = daemon.get(&of_container);
    lab::wait_until("the links are read", || {
        answer = daemon.get(&of_container);
        answer.status != 503
    });
    let rows: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(rows[0]["OFPort"], plug.ofport());
}

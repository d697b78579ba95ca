//! `flows` and `fdb` on a real switch.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::time::{Duration, Instant};

use lab::{Bridge, Container, Switch, flow, run, unique, wait_for_answer, wait_until};
use serde_json::Value;

use crate::tool::live::Events;
use crate::tool::{docker_ovs, lists, refuses, says};

fn json(words: &[&str]) -> Vec<Value> {
    let ran = docker_ovs(&[words, &["--format", "json"]].concat());
    assert!(ran.code < 2, "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A bridge with two containers.
struct Scene {
    bridge: Bridge,
    web: Container,
    db: Container,
    ports: [String; 2],
}

impl Scene {
    fn new() -> Self {
        let (bridge, web, db) = (Bridge::new(), Container::run(), Container::run());
        let ports = [(&web, "10.80.1.1/24"), (&db, "10.80.1.2/24")].map(|(container, ip)| {
            says(&["connect", bridge.name(), container.name(), "--ip", ip, "-q"]).trim().to_owned()
        });
        Self { bridge, web, db, ports }
    }
}

/// What docs/flows.md shows of `trace`, with the names of this scene.
#[test]
fn the_trace_of_the_page_is_what_is_printed() {
    lab::need!(Docker);
    let Scene { bridge, web, db, .. } = &Scene::new();
    wait_for_answer(web, "10.80.1.2");
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    for rule in [
        "priority=1,arp,actions=NORMAL",
        "priority=1,ip,actions=resubmit(,1)",
        "table=1,priority=0,actions=NORMAL",
        "table=1,priority=5,tcp,tp_dst=5432,actions=drop",
    ] {
        flow(bridge, rule);
    }
    let page = std::fs::read_to_string("../../docs/flows.md").unwrap();
    let asked = "$ docker ovs trace web db --tcp 5432";
    let shown = page.lines().skip_while(|line| *line != asked).nth(1).unwrap();
    let ends = format!("{}:eth0 to {}:eth0", web.name(), db.name());
    let here = shown.replace("web:eth0 to db:eth0", &ends);
    let here = here.replace("of br0,", &format!("of {},", bridge.name()));
    let ran = docker_ovs(&["trace", web.name(), db.name(), "--tcp", "5432"]);
    assert_eq!((ran.code, ran.stdout.lines().next()), (1, Some(&*here)), "{ran:?}");
}

#[test]
fn flows_are_told_with_who_is_on_their_ports() {
    lab::need!(Docker);
    let Scene { bridge, web, db, ports: [one, two] } = &Scene::new();
    flow(
        bridge,
        &format!(
            "table=1,priority=7,cookie=0x1f,in_port={one},tcp,tp_dst=80,actions=clone(mod_vlan_vid:5,output:{two})"
        ),
    );
    flow(bridge, "priority=9,udp,nw_dst=10.80.1.0/25,actions=drop");
    flow(bridge, "priority=8,udp,nw_src=10.80.9.9,actions=drop");
    let text = says(&["flows", bridge.name()]);
    let line = format!("in_port={one}<{}:eth0>", web.name());
    assert!(
        text.contains(&line) && text.contains(&format!("output:{two}<{}:eth0>", db.name())),
        "{text}"
    );
    let rows = json(&["flows", bridge.name()]);
    let row = rows.iter().find(|row| row["Table"] == 1 && row["Priority"] == 7).unwrap();
    // Open vSwitch 3.1 does not tell it there.
    assert!(row["Cookie"].is_null() || row["Cookie"] == "0x1f", "{row}");
    assert_eq!(row["Match"][0]["Field"], "tcp");
    assert_eq!(row["Actions"][0]["Action"], "clone");
    assert_eq!(row["Actions"][0]["Actions"][1]["Arguments"], two.as_str());
    assert_eq!(row["Ports"][0]["Who"], format!("{}:eth0", web.name()));
    assert_eq!(row["Ports"][1]["Matched"], false);
    // What is looked up first comes first.
    let order: Vec<_> = rows
        .iter()
        .map(|row| (row["Table"].as_u64(), u64::MAX - row["Priority"].as_u64().unwrap()))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    // Those that a container's packets can meet.
    let of = |container: &Container| -> Vec<String> {
        let rows = json(&["flows", bridge.name(), container.name()]);
        rows.iter()
            .filter(|row| row["Table"] != 254)
            .map(|row| row["Priority"].to_string())
            .collect()
    };
    assert_eq!(of(web), ["9", "0", "7"]);
    assert_eq!(of(db), ["9", "0", "7"], "it gets what the first sends");
    assert!(refuses(&["flows", "no-such"]).contains("no-such"));
    let from = ["--from", "tests/scenes/article.json", "flows", "vlanswitch"];
    assert!(refuses(&from).contains("has no answer to bridge/dump-flows"));
}

#[test]
fn stale_flows_are_those_whose_port_is_gone() {
    lab::need!(Docker);
    let Scene { bridge, web, ports: [one, two], .. } = &Scene::new();
    flow(bridge, &format!("priority=5,in_port={one},actions=output:{two}"));
    let stale = || docker_ovs(&["flows", bridge.name(), "--stale"]);
    let ran = stale();
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
    flow(bridge, "priority=6,in_port=777,actions=drop");
    let ran = stale();
    assert!(ran.code == 0 && ran.stdout.contains("no port is 777"), "{ran:?}");
    web.stop();
    wait_until("the port is orphaned", || stale().stdout.contains("whose link is gone"));
    let rows = json(&["flows", bridge.name(), "--stale"]);
    assert!(rows.iter().all(|row| row["Stale"].is_string()), "{rows:?}");
}

/// The number of a container that has gone is another one's: flows that were made for the first one are older.
#[test]
fn flows_of_a_port_that_another_container_has_since_are_stale() {
    lab::need!(Docker);
    let Scene { bridge, web, db, ports: [one, _] } = &Scene::new();
    let rule = format!("priority=5,in_port={one},actions=drop");
    flow(bridge, &rule);
    let stale = || docker_ovs(&["flows", bridge.name(), "--stale"]).stdout;
    assert_eq!(stale(), "");
    says(&["disconnect", bridge.name(), web.name()]);
    wait_until("no port has the number", || stale().contains(&format!("no port is {one}")));
    // Records count whole seconds: the flow is to be so much older that it is told.
    let made = Instant::now();
    wait_until("the flow is some seconds older", || made.elapsed() > Duration::from_secs(5));
    says(&["connect", bridge.name(), db.name(), "-i", "eth1", "--ofport", one, "-q"]);
    let since = format!("port {one} is {}:eth1 only for ", db.name());
    wait_until("another one has the number since", || stale().contains(&since));
    // One that is made for it is not stale.
    flow(bridge, &rule.replace("priority=5", "priority=6"));
    let told = stale();
    assert!(told.contains("priority=5") && !told.contains("priority=6"), "{told}");
}

#[test]
fn changes_of_flows_are_told_with_rates() {
    lab::need!(Docker);
    let Scene { bridge, web, .. } = &Scene::new();
    let watch = Events::start_verb(&["flows", bridge.name(), "--watch", "--format", "json"]);
    let told = |event: &str| {
        let said = watch.said.lock().unwrap();
        said.iter().find(|line| line.contains(&format!("\"{event}\""))).cloned()
    };
    // It tells what is new since it began: until it has begun, that is told again.
    let mut n = 100;
    let mut added = None;
    wait_until("a flow that is added is told", || {
        n += 1;
        flow(bridge, &format!("priority={n},dl_type=0x88b5,actions=drop"));
        added = told("added");
        added.is_some()
    });
    let row: Value = serde_json::from_str(&added.unwrap()).unwrap();
    assert_eq!(
        (&row["Event"], &row["Flow"]["Match"][0]["Value"]),
        (&"added".into(), &"0x88b5".into())
    );
    run("ovs-ofctl", &["del-flows", bridge.name(), "dl_type=0x88b5"]);
    wait_until("that they are gone is told", || told("removed").is_some());
    wait_for_answer(web, "10.80.1.2");
    wait_until("what matches is told", || {
        let _ = lab::ping(web, "10.80.1.2");
        told("matched").is_some()
    });
}

/// While it is on no port, and on another one afterwards.
#[test]
fn a_container_is_followed_to_its_next_port() {
    lab::need!(Docker);
    let Scene { bridge, web, ports: [one, _], .. } = &Scene::new();
    let (bridge_name, name) = (bridge.name(), web.name());
    let watch = Events::start_verb(&["flows", bridge_name, name, "--watch", "--format", "json"]);
    let told = |event: &str, what: &str| {
        let said = watch.said.lock().unwrap();
        said.iter().any(|line| line.contains(&format!("\"{event}\"")) && line.contains(what))
    };
    let complained = |what: &str| watch.complained().iter().any(|line| line.contains(what));
    let mut n = 100;
    let mut add = |port: &str| {
        n += 1;
        flow(bridge, &format!("priority={n},in_port={port},dl_type=0x88b5,actions=drop"));
        told("added", &format!("in_port={port}"))
    };
    wait_until("a flow of its port is told", || add(one));
    says(&["disconnect", bridge_name, name]);
    wait_until("that it is on no port is told", || complained("is on no port"));
    run("ovs-ofctl", &["del-flows", bridge_name, "dl_type=0x88b5"]);
    wait_until("what is removed meanwhile is told", || told("removed", "0x88b5"));
    let again = ["connect", bridge_name, name, "--ip", "10.80.1.1/24", "--ofport", "77", "-q"];
    assert_eq!(says(&again).trim(), "77");
    wait_until("where it is now is told", || complained("is on port 77"));
    wait_until("a flow of that port is told", || add("77"));
}

#[test]
fn a_switch_that_is_started_again_is_waited_for() {
    lab::need!(Docker);
    let (mut switch, bridge) = (Switch::start(&[]), unique("br"));
    switch.add_bridge(&bridge, &[]);
    let db = switch.remote();
    let at = format!("unix:{}", switch.rundir().join(format!("{bridge}.mgmt")).display());
    let json = ["--format", "json"];
    let watch = ["--db", &db, "flows", &bridge, "--watch"];
    let watch = Events::start_verb(&[&watch[..], &json].concat());
    let top = ["--db", &db, "top", &bridge, "--batch", "-d", "300ms"];
    let top = Events::start_verb(&[&top[..], &json].concat());
    let told = |event: &str| {
        let said = watch.said.lock().unwrap();
        said.iter().any(|line| line.contains(&format!("\"{event}\"")))
    };
    let rows = || top.said.lock().unwrap().len();
    let mut n = 100;
    wait_until("a flow that is added is told", || {
        n += 1;
        run("ovs-ofctl", &["add-flow", &at, &format!("priority={n},dl_type=0x88b5,actions=drop")]);
        told("added")
    });
    wait_until("rates are told", || rows() > 0);
    switch.kill_vswitchd();
    let complaints = |verb: &Events| verb.complained.lock().unwrap().len();
    wait_until("both tell of it", || complaints(&watch) > 0 && complaints(&top) > 0);
    switch.start_vswitchd();
    wait_until("what is gone is told", || told("removed"));
    let before = rows();
    wait_until("rates are told again", || rows() > before);
}

#[test]
fn addresses_are_told_with_their_owners() {
    lab::need!(Docker);
    let Scene { bridge, web, db, ports: [one, two] } = &Scene::new();
    wait_for_answer(web, "10.80.1.2");
    let rows = || json(&["fdb", bridge.name()]);
    let mac = says(&["port", web.name(), "--format", "{{.MAC}}"]).trim().to_owned();
    let row = || rows().into_iter().find(|row| row["MAC"] == mac.as_str());
    wait_until("its address is learnt", || row().is_some());
    let found = row().unwrap();
    assert_eq!(found["OFPort"].to_string(), *one);
    assert_eq!(
        (&found["Owner"], &found["Misplaced"]),
        (&format!("{}:eth0", web.name()).into(), &false.into())
    );
    // The same address from another container's port.
    run("ovs-appctl", &["fdb/add", bridge.name(), db_port(bridge, two).as_str(), "0", &mac]);
    let found = row().unwrap();
    assert_eq!((&found["Misplaced"], found["OFPort"].to_string()), (&true.into(), two.clone()));
    let note = format!("it belongs to {}:eth0 on port {one} of {}", web.name(), bridge.name());
    assert_eq!(found["Notes"][0], note);
    assert_eq!(found["Who"], format!("{}:eth0", db.name()));
    let ran = docker_ovs(&["fdb", bridge.name(), "--misplaced"]);
    assert!(ran.code == 1 && ran.stdout.lines().count() == 2, "{ran:?}");
}

/// The name of the interface that has this number.
fn db_port(bridge: &Bridge, number: &str) -> String {
    let format = "{{.OFPort}} {{.Port}}";
    let ports = lists(&["ports", bridge.name(), "--format", format]);
    let line = ports.lines().find_map(|line| line.strip_prefix(&format!("{number} ")));
    line.unwrap().to_owned()
}

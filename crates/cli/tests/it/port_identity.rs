//! Ports whose links are not called as they are, and containers that would pass for another's.

use crate::tool::{docker_ovs, drop_in, lists, says};
use lab::{Bridge, Container, Home, Link, Netns, Plug, Plugged, ofport_of, run, try_run, unique};

/// A veth into `home`, whose host end is called `name`.
fn veth(home: &impl Home, name: &str) -> Link {
    let inner = ["type", "veth", "peer", "name", "eth0", "netns", &home.netns()];
    let link = Link::named(name, &inner);
    home.ip(&["link", "set", "eth0", "up"]);
    link
}

fn number_of(container: &Container, bridge: &Bridge) -> String {
    let ran = docker_ovs(&["port", container.name(), bridge.name(), "-q"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

/// What the switch's side says is on `port`.
fn who_is_on(bridge: &Bridge, port: &str) -> String {
    let rows = lists(&["ports", bridge.name(), "--format", "{{.Port}} {{.Who}}"]);
    let row = rows.lines().find_map(|row| row.strip_prefix(&format!("{port} ")));
    row.unwrap_or_else(|| panic!("{port}: {rows}")).to_owned()
}

#[test]
fn a_port_opened_by_an_alternative_name_is_the_links() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let link = veth(&container, &unique("v"));
    let alternative = unique("a");
    run("ip", &["link", "property", "add", "dev", link.name(), "altname", &alternative]);
    let ofport = bridge.add(&alternative, &[]);
    assert_eq!(number_of(&container, &bridge), format!("{ofport}\n"));
    let printed = drop_in(&[container.name(), bridge.name()]).stdout;
    assert!(printed.starts_with(&format!("eth0,{ofport},")), "{printed}");
    assert_eq!(who_is_on(&bridge, &alternative), format!("{}:eth0", container.name()));
    let plan = lists(&["prune", "-a", "--bridge", bridge.name(), "--dry-run"]);
    assert!(!plan.contains(&alternative), "{plan}");
}

#[test]
fn a_port_stays_its_links_when_that_is_renamed() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let old = veth(&container, &unique("v"));
    let ofport = bridge.add(old.name(), &[]);
    let new = unique("r");
    for words in [&["down"][..], &["name", &new]] {
        run("ip", &[&["link", "set", old.name()], words].concat());
    }
    run("ip", &["link", "set", &new, "up"]);
    assert_eq!(number_of(&container, &bridge), format!("{ofport}\n"));
    assert_eq!(who_is_on(&bridge, old.name()), format!("{}:eth0", container.name()));
    let note = docker_ovs(&["port", container.name(), bridge.name()]).stderr;
    assert!(
        note.contains(&format!("the link of port {} is called {new} now", old.name())),
        "{note}"
    );
    let plan = lists(&["prune", "-a", "--bridge", bridge.name(), "--dry-run"]);
    assert!(!plan.contains(old.name()), "{plan}");

    // Another link under the old name: vswitchd takes its index for the port's, and still
    // listens to the first one.
    if lab::has_userspace_datapath() {
        let other = Container::run();
        let _impostor = veth(&other, old.name());
        let known = || run("ovs-vsctl", &["get", "interface", old.name(), "ifindex"]);
        let impostor = run("cat", &[&format!("/sys/class/net/{}/ifindex", old.name())]);
        lab::wait_until("vswitchd holds it", || known() == impostor);
        let rows = lists(&["ls", "--format", "{{.Container}} {{.State}} {{.OFPort}}"]);
        let row = rows.lines().find(|row| row.starts_with(container.name())).unwrap();
        assert_eq!(row.trim_end(), format!("{} unknown", container.name()));
        // A look at it alone says no less, whichever way it is named.
        let path = format!("netns:/proc/{}/ns/net", container.pid());
        let pid = format!("pid:{}", container.pid());
        for word in [container.name(), &pid, &path] {
            let ran = docker_ovs(&["port", word, "--format", "{{.State}}"]);
            assert_eq!(ran.stdout, "unknown\n", "{word}: {ran:?}");
            let ran = docker_ovs(&["port", word, bridge.name(), "-q"]);
            assert!(ran.stdout.is_empty() && ran.stderr.contains("may listen to this"), "{ran:?}");
        }
        run("ovs-vsctl", &["del-port", old.name()]);
    }
    run("ip", &["link", "del", &new]);
}

#[test]
fn a_port_that_two_bridges_name_is_on_none_of_them_for_certain() {
    lab::need!(Docker);
    let (bridge, other, container) = (Bridge::new(), Bridge::new(), Container::run());
    let link = veth(&container, &unique("v"));
    bridge.add(link.name(), &[]);
    // vswitchd lists it on both, and has what comes in on one.
    let row = run("ovs-vsctl", &["get", "port", link.name(), "_uuid"]);
    let on_other = |verb| {
        run("ovs-vsctl", &["--no-wait", verb, "bridge", other.name(), "ports", &row]);
    };
    on_other("add");
    let ran = docker_ovs(&["port", container.name(), "-q"]);
    assert_eq!((ran.code, &*ran.stdout), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("ambiguous"), "{ran:?}");
    for bridge in [&bridge, &other] {
        let who = who_is_on(bridge, link.name());
        assert_eq!(who, "unknown: several ports have its link");
    }
    on_other("remove");
    number_of(&container, &bridge);
}

#[test]
fn an_internal_port_with_a_long_name_is_the_link_with_its_beginning() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let name = format!("{}-which-is-too-long", unique("i"));
    let add = ["add-port", bridge.name(), &name, "--", "set", "interface", &name, "type=internal"];
    // From Open vSwitch 4.0 on it is not cut for the link, which is not made then.
    if let Err(why) = try_run("ovs-vsctl", &add) {
        assert!(why.contains("File name too long"), "{why}");
        let who = who_is_on(&bridge, &name);
        assert!(who.starts_with("unknown: vswitchd could not open it"), "{who}");
        return;
    }
    let ofport = ofport_of(&name);
    assert_eq!(who_is_on(&bridge, &name), "host (internal)");
    let cut = &name[..15];
    run("ip", &["link", "set", cut, "netns", &container.netns()]);
    container.ip(&["link", "set", cut, "up"]);
    assert_eq!(number_of(&container, &bridge), format!("{ofport}\n"));
    let note = docker_ovs(&["port", container.name(), bridge.name()]).stderr;
    assert!(note.contains("alone"), "{note}");
}

#[test]
fn a_moved_and_renamed_internal_port_is_known_by_what_was_configured() {
    lab::need!(Docker);
    let (bridge, by_mac, by_path) = (Bridge::new(), Container::run(), Container::run());
    let mac = "02:0a:0a:0a:0a:01";
    let pid = by_path.pid();
    let claims = [
        format!("external_ids:contNetns=/proc/{pid}/task/{pid}/ns/net"),
        "external_ids:contIface=eth0".to_owned(),
    ];
    let (one, other) = (unique("i"), unique("i"));
    let set = ["--", "set", "interface", &one, "type=internal", &format!("mac=\"{mac}\"")];
    let first = bridge.add(&one, &set);
    let set = ["--", "set", "interface", &other, "type=internal", "--", "set", "port", &other];
    let second = bridge.add(&other, &[&set[..], &[&claims[0], &claims[1]]].concat());
    for (container, name) in [(&by_mac, &one), (&by_path, &other)] {
        run("ip", &["link", "set", name, "netns", &container.netns()]);
        container.ip(&["link", "set", name, "name", "eth0"]);
        container.ip(&["link", "set", "eth0", "up"]);
    }
    assert_eq!(number_of(&by_mac, &bridge), format!("{first}\n"));
    assert_eq!(number_of(&by_path, &bridge), format!("{second}\n"));
    assert_eq!(who_is_on(&bridge, &one), format!("{}:eth0", by_mac.name()));
    assert_eq!(who_is_on(&bridge, &other), format!("{}:eth0", by_path.name()));

    // Another container takes the first one's address: neither is believed.
    let thief = Container::run();
    thief.ip(&["tuntap", "add", "dev", "t0", "mode", "tap"]);
    thief.ip(&["link", "set", "t0", "address", mac]);
    let ran = docker_ovs(&["port", thief.name(), bridge.name(), "-q"]);
    let rows = lists(&["ls", "--format", "{{.Container}} {{.State}}"]);
    let state = |name: &str| rows.lines().find_map(|row| row.strip_prefix(&format!("{name} ")));
    assert_eq!(state(thief.name()), Some("unknown"), "{rows}");
    assert_eq!(state(by_mac.name()), Some("unknown"), "{rows}");
    assert_eq!(state(by_path.name()), Some("on"), "{rows} {ran:?}");
    // Nor where the namespace is named instead, which no engine need know.
    let apart = Netns::new();
    apart.ip(&["tuntap", "add", "dev", "t0", "mode", "tap"]);
    apart.ip(&["link", "set", "t0", "address", mac]);
    let named = format!("netns:{}", apart.name());
    let pids = [&thief, &by_mac].map(|container| format!("pid:{}", container.pid()));
    for word in [thief.name(), by_mac.name(), &pids[0], &pids[1], &named] {
        let ran = docker_ovs(&["port", word, bridge.name(), "-q"]);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{word}: {ran:?}");
        let ran = docker_ovs(&["port", word, "--format", "{{.State}}"]);
        assert!(ran.stdout.contains("unknown"), "{word}: {ran:?}");
    }
    let ran = docker_ovs(&["port", &format!("pid:{}", by_path.pid()), bridge.name(), "-q"]);
    assert_eq!(ran.stdout, format!("{second}\n"), "{ran:?}");
}

/// Connected by docker-ovs; the name of the port.
fn connected(container: &Container, bridge: &Bridge, interface: &str) -> String {
    let words = ["connect", bridge.name(), container.name(), "--interface", interface];
    let ran = docker_ovs(&[&words[..], &["--format", "{{.Port}}"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout.trim_end().to_owned()
}

fn rename(from: &str, to: &str) {
    run("ip", &["link", "set", from, "down", "name", to]);
    run("ip", &["link", "set", to, "up"]);
}

/// What a lookup by either look says of one interface: the narrow one, then the whole one.
fn notes(container: &Container, interface: &str) -> [String; 2] {
    let row = "{{.Container}} {{.Interface}} {{.Notes}}";
    let ask = |verb: &[&str]| {
        let rows = docker_ovs(&[verb, &["--format", row]].concat()).stdout;
        let wanted = format!("{} {interface} ", container.name());
        let row = rows.lines().find_map(|row| row.strip_prefix(&wanted).map(str::to_owned));
        row.unwrap_or_else(|| panic!("{wanted}: {rows}"))
    };
    [ask(&["port", container.name()]), ask(&["ls"])]
}

#[test]
fn a_port_whose_record_names_another_interface_says_so() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let (one, other) = (Container::run(), Container::run());
    let ports = [connected(&one, &bridge, "eth0"), connected(&other, &bridge, "eth0")];
    let twin = connected(&one, &bridge, "eth1");
    let clean = |of| notes(of, "eth0").iter().all(|notes| !notes.contains("was made for"));
    assert!(clean(&one) && clean(&other));

    // The links of two containers swap their names, and vswitchd goes by names.
    let spare = unique("r");
    rename(&ports[0], &spare);
    rename(&ports[1], &ports[0]);
    rename(&spare, &ports[1]);
    for (container, owner) in [(&one, &other), (&other, &one)] {
        for told in notes(container, "eth0") {
            let said = format!("was made for {}:eth0", owner.name());
            assert!(told.contains(&said), "{told}");
        }
    }
    for (port, owner) in [(&ports[0], &one), (&ports[1], &other)] {
        let refused =
            docker_ovs(&["disconnect", bridge.name(), owner.name(), "--interface", "eth0"]);
        assert_ne!(refused.code, 0, "{refused:?}");
        assert!(run("ovs-vsctl", &["list-ports", bridge.name()]).contains(port.as_str()));
    }
    rename(&ports[0], &spare);
    rename(&ports[1], &ports[0]);
    rename(&spare, &ports[1]);

    // Two interfaces of one container.
    rename(&ports[0], &spare);
    rename(&twin, &ports[0]);
    rename(&spare, &twin);
    for (interface, owner) in [("eth0", "eth1"), ("eth1", "eth0")] {
        for told in notes(&one, interface) {
            let said = format!("was made for {}:{owner}", one.name());
            assert!(told.contains(&said), "{interface}: {told}");
        }
    }

    // An interface that was given to another container, and one that has another name.
    let pid = one.pid();
    other.ip(&["link", "set", "eth0", "down", "name", "lan0"]);
    assert!(notes(&other, "lan0").iter().all(|notes| !notes.contains("was made for")));
    other.ip(&["link", "set", "lan0", "name", "moved", "netns", &pid]);
    let [_, told] = notes(&one, "moved");
    assert!(told.contains(&format!("was made for {}:eth0", other.name())), "{told}");
}

#[test]
fn a_port_with_a_living_link_is_nobody_elses_whatever_address_a_container_sets() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let (tap, mac) = (unique("t"), "02:aa:bb:cc:dd:01");
    run("ip", &["tuntap", "add", &tap, "mode", "tap"]);
    let claim = format!("external_ids:attached-mac=\"{mac}\"");
    bridge.add(&tap, &["--", "set", "interface", &tap, &claim]);
    for (name, words) in
        [("d0", &["type", "bridge"][..]), ("d2", &["type", "veth", "peer", "name", "d3"])]
    {
        container.ip(&[&["link", "add", name], words].concat());
        container.ip(&["link", "set", name, "address", mac]);
    }
    container.ip(&["tuntap", "add", "dev", "d4", "mode", "tap"]);
    container.ip(&["link", "set", "d4", "address", mac]);
    assert_eq!(who_is_on(&bridge, &tap), "host (tun)");
    let states = ["port", container.name(), "--format", "{{.Interface}} {{.State}} {{.OFPort}}"];
    let rows = docker_ovs(&states).stdout;
    assert!(rows.lines().count() >= 4, "{rows}");
    assert!(rows.lines().all(|row| !row.contains(" on")), "{rows}");
    run("ovs-vsctl", &["del-port", &tap]);
    run("ip", &["link", "del", &tap]);
}

#[test]
fn a_linux_bridge_of_another_namespace_is_on_the_way() {
    lab::need!(Docker);
    let (bridge, container, between) = (Bridge::new(), Container::run(), Netns::new());
    between.ip(&["link", "add", "lb0", "type", "bridge"]);
    between.ip(&["link", "set", "lb0", "up"]);
    let uplink = Plugged::new(&between, "up0", &bridge, Plug::default());
    between.ip(&["link", "set", "up0", "master", "lb0"]);
    between.ip(&["link", "add", "in0", "type", "veth", "peer", "name", "tmp0"]);
    between.ip(&["link", "set", "tmp0", "netns", &container.netns()]);
    container.ip(&["link", "set", "tmp0", "name", "eth0"]);
    let rows = || lists(&["ls", "--format", "{{.Container}} {{.State}} {{.OFPort}}"]);
    let state = || {
        let rows = rows();
        let row = rows.lines().find(|row| row.starts_with(container.name())).map(str::to_owned);
        row.unwrap_or_else(|| panic!("{rows}")).trim_end().to_owned()
    };
    assert_eq!(state(), format!("{} none", container.name()), "in0 is enslaved to nothing yet");
    between.ip(&["link", "set", "in0", "master", "lb0"]);
    assert_eq!(state(), format!("{} on {}", container.name(), uplink.ofport()));
    let alone = says(&["port", container.name(), "--format", "{{.OFPort}}"]);
    assert_eq!(alone, format!("{}\n", uplink.ofport()), "a look at the container alone");
}

#[test]
fn a_bridge_inside_a_container_is_on_the_port_of_its_member() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    container.ip(&["link", "add", "br0", "type", "bridge"]);
    container.ip(&["link", "set", "eth0", "master", "br0"]);
    container.ip(&["link", "add", "mv0", "link", "br0", "type", "macvlan"]);
    let rows = says(&["port", container.name(), "--format", "{{.Interface}} {{.OFPort}}"]);
    let mut rows: Vec<_> = rows.lines().collect();
    rows.sort_unstable();
    let ofport = plugged.ofport();
    let expected = ["br0", "eth0", "mv0"].map(|name| format!("{name} {ofport}"));
    assert_eq!(rows, expected);
    assert_eq!(ofport_of(plugged.host_end()), ofport);
}

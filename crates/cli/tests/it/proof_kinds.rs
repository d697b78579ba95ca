//! What is alike is not the same: links, ids, records and places that would pass for another's. Each case is
//! told of in every way, and nothing that lives is taken.

use lab::{Bridge, Container, Home, Netns, ofport_of, run, try_run, unique};

use crate::tool::{docker_ovs, lists, says};

/// Sets keys of a port's interface.
fn record(port: &str, words: &[String]) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    run("ovs-vsctl", &[&["set", "interface", port], &words[..]].concat());
}

/// `external_ids` as ovs-docker writes them.
fn owner(container: &str, interface: &str) -> Vec<String> {
    vec![
        format!("external_ids:container_id={container}"),
        format!("external_ids:container_iface={interface}"),
    ]
}

/// What the switch's side says of a port.
fn told(bridge: &str, port: &str) -> String {
    let rows = lists(&["ports", bridge, "--format", "{{.Port}} {{.Occupant}} {{.Who}}"]);
    let row = rows.lines().find_map(|row| row.strip_prefix(&format!("{port} ")));
    row.unwrap_or_else(|| panic!("{port}: {rows}")).to_owned()
}

/// A port of `kind`, its link moved into a container, and there called `eth0`.
pub(crate) fn moved(bridge: &Bridge, container: &Container, kind: &str) -> String {
    let port = unique("mv");
    bridge.add(&port, &["--", "set", "interface", &port, &format!("type={kind}")]);
    record(&port, &owner(container.id(), "eth0"));
    run("ip", &["link", "set", &port, "netns", &container.pid()]);
    container.ip(&["link", "set", &port, "name", "eth0"]);
    container.ip(&["link", "set", "eth0", "up"]);
    port
}

#[test]
fn a_link_that_the_switch_made_and_was_moved_lives() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    for kind in ["tap", "internal"] {
        let container = Container::run();
        let port = moved(&bridge, &container, kind);
        let who = told(bridge.name(), &port);
        assert!(who.ends_with(&format!("{}:eth0", container.name())), "{kind}: {who}");
        let number = docker_ovs(&["port", container.name(), bridge.name(), "-q"]);
        assert_eq!(number.code, 0, "{kind}: {number:?}");
        // Without words nothing tells whose it is; that it is gone is not known either.
        run("ovs-vsctl", &["clear", "interface", &port, "external_ids"]);
        let who = told(bridge.name(), &port);
        assert!(!who.contains("orphaned"), "{kind}: {who}");
        let plan = lists(&["prune", "--all", "--bridge", bridge.name(), "--dry-run"]);
        assert!(!plan.contains(&port), "{kind}: {plan}");
    }
}

#[test]
fn a_few_letters_of_an_id_are_nobodys() {
    lab::need!(Docker);
    let (bridge, stranger) = (Bridge::new(), Container::run());
    for letters in [1, 2, 11] {
        let port = unique("fl");
        // The name of a container that is gone.
        bridge.add_without_waiting(&port, &[]);
        record(&port, &owner(&stranger.id()[..letters], "eth7"));
        let who = told(bridge.name(), &port);
        assert!(!who.contains(stranger.name()), "{letters}: {who}");
        let plan = docker_ovs(&["restore", stranger.name(), "--dry-run"]);
        assert!(!plan.stdout.contains("eth7"), "{letters}: {plan:?}");
        let taken = docker_ovs(&["disconnect", bridge.name(), stranger.name(), "--dry-run"]);
        assert_eq!(taken.code, 2, "{letters}: {taken:?}");
        // It may be the living one's for all that: what is not known is left alone, and named.
        let plan = docker_ovs(&["prune", "--bridge", bridge.name(), "--dry-run"]);
        assert!(plan.stderr.contains("may be the beginning of the id"), "{letters}: {plan:?}");
        run("ovs-vsctl", &["del-port", &port]);
    }
    // Twelve are what docker ps shows.
    let port = unique("fl");
    bridge.add_without_waiting(&port, &[]);
    record(&port, &owner(&stranger.id()[..12], "eth7"));
    assert!(told(bridge.name(), &port).contains(stranger.name()));
}

#[test]
fn what_is_alike_in_another_namespace_is_no_answer() {
    lab::need!(Docker);
    let (bridge, honest, liar) = (Bridge::new(), Container::run(), Container::run());
    let port = unique("lk");
    bridge.add(&port, &["--", "set", "interface", &port, "type=internal"]);
    run("ip", &["link", "set", &port, "netns", &honest.pid()]);
    // Alone it is told, with what it rests on.
    let alone = docker_ovs(&["port", honest.name(), bridge.name(), "-q"]);
    assert!(alone.code == 0 && alone.stderr.contains("name alone"), "{alone:?}");
    liar.ip(&["tuntap", "add", &port, "mode", "tap"]);
    for asked in [&liar, &honest] {
        let ran = docker_ovs(&["port", asked.name(), bridge.name(), "-q"]);
        assert!(ran.code != 0 && ran.stdout.is_empty(), "{ran:?}");
        let listed = lists(&["ls", "--filter", &format!("container={}", asked.name())]);
        assert!(!listed.contains(" on "), "{listed}");
    }
    // Whom words name, another one's name does not replace, whatever the link is called now.
    record(&port, &owner(honest.id(), "eth0"));
    honest.ip(&["link", "set", &port, "name", "net0"]);
    let ran = docker_ovs(&["port", liar.name(), bridge.name(), "-q"]);
    assert!(ran.code != 0 && ran.stdout.is_empty(), "{ran:?}");
    assert!(!told(bridge.name(), &port).contains(liar.name()), "{}", told(bridge.name(), &port));
}

#[test]
fn a_port_that_could_not_be_opened_holds_no_link() {
    lab::need!(Docker);
    let (bridge, other) = (Bridge::new(), Bridge::new());
    // The kernel keeps 15 bytes of both.
    let stem = format!("{:x<15}", unique("f"));
    let (first, second) = (format!("{stem}-1"), format!("{stem}-2"));
    bridge.add_without_waiting(&first, &["--", "set", "interface", &first, "type=internal"]);
    if run("ovs-vsctl", &["get", "interface", &first, "error"]) != "[]" {
        // A vswitchd that refuses longer names has no link under a cut one.
        return;
    }
    ofport_of(&first);
    let container = Container::run();
    let cut = &stem[..15];
    let pid = container.pid();
    let made = ["link", "add", "link", cut, "name", "mv0", "netns", &pid, "type", "macvlan"];
    try_run("ip", &made).expect("a macvlan");
    other.add_without_waiting(&second, &["--", "set", "interface", &second, "type=internal"]);
    lab::wait_until("vswitchd refuses it", || {
        run("ovs-vsctl", &["get", "interface", &second, "error"]) != "[]"
    });
    let there = lists(&["ls", "--bridge", other.name()]);
    assert!(!there.contains(container.name()), "{there}");
    let here = lists(&["ls", "--bridge", bridge.name()]);
    assert!(here.contains(container.name()), "{here}");
    assert!(!told(other.name(), &second).contains("host (internal)"));
}

#[test]
fn a_name_that_was_typed_is_one_whatever_stands_beside_it() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = unique("tn");
    bridge.add_without_waiting(&port, &[]);
    for id in [container.name(), &container.id()[..12]] {
        let mut words = owner(id, "eth1");
        words.push("external_ids:docker-ovs.ip=10.82.0.1/24".to_owned());
        record(&port, &words);
        let plan = docker_ovs(&["prune", "--bridge", bridge.name(), "--dry-run"]);
        assert!(!plan.stdout.contains(&port), "{id}: {plan:?}");
        let missing = docker_ovs(&["restore", container.name(), "--dry-run"]);
        assert!(missing.stdout.contains("eth1"), "{id}: {missing:?}");
    }
}

#[test]
fn patches_are_joined_where_each_names_the_other() {
    lab::need!(Docker);
    let (one, other) = (Bridge::new(), Bridge::new());
    let [a, b, c] = ["pa", "pb", "pc"].map(unique);
    let patch = |bridge: &Bridge, port: &str, peer: &str| {
        let options = format!("options:peer={peer}");
        bridge.add_without_waiting(port, &["--", "set", "interface", port, "type=patch", &options]);
    };
    patch(&one, &a, &b);
    patch(&other, &b, &c);
    // The bridge's own port is no patch.
    patch(&one, &c, other.name());
    for port in [&a, &c] {
        let who = told(one.name(), port);
        assert!(who.ends_with("which does not name it back"), "{port}: {who}");
    }
    run("ovs-vsctl", &["set", "interface", &b, &format!("options:peer={a}")]);
    let (near, far) = (told(one.name(), &a), told(other.name(), &b));
    assert!(near.ends_with(&format!("patch to {} ({b})", other.name())), "{near}");
    assert!(far.ends_with(&format!("patch to {} ({a})", one.name())), "{far}");
}

#[test]
fn what_compose_runs_once_takes_no_place() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let project = unique("p");
    let labels = |one_off: &str| -> Vec<String> {
        let label = |key: &str, value: &str| {
            ["--label".to_owned(), format!("com.docker.compose.{key}={value}")]
        };
        let pairs = [
            ("project", &*project),
            ("service", "web"),
            ("container-number", "1"),
            ("oneoff", one_off),
        ];
        pairs.iter().flat_map(|(key, value)| label(key, value)).collect()
    };
    let with = |one_off: &str| {
        let labels = labels(one_off);
        let words: Vec<&str> = labels.iter().map(String::as_str).collect();
        Container::run_with(&[&["--network", "none"], &words[..]].concat())
    };
    let service = with("False");
    says(&["connect", bridge.name(), service.name(), "--ip", "10.83.0.1/24", "--quiet"]);
    service.remove();
    let once = with("True");
    let plan = docker_ovs(&["restore", once.name(), "--dry-run"]);
    assert!(!plan.stdout.contains("eth0"), "{plan:?}");
    let again = with("False");
    let plan = docker_ovs(&["restore", again.name(), "--dry-run"]);
    assert!(plan.stdout.contains("eth0"), "{plan:?}");
}

#[test]
fn a_bridges_own_port_is_no_containers_to_take() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = unique("fk");
    run("ovs-vsctl", &["add-br", &fake, bridge.name(), "77"]);
    for (port, on) in [(bridge.name(), bridge.name()), (&*fake, &*fake)] {
        let home = if port == bridge.name() { &container } else { &Container::run() };
        record(port, &owner(home.id(), port));
        run("ip", &["link", "set", port, "netns", &home.pid()]);
        for force in [&[][..], &["--force"]] {
            let words = ["disconnect", on, home.name()];
            let ran = docker_ovs(&[&words[..], force].concat());
            assert!(ran.code == 2 && ran.stderr.contains("the bridge's own"), "{port}: {ran:?}");
        }
    }
    let bridges = run("ovs-vsctl", &["list-br"]);
    assert!(bridges.lines().any(|name| name == fake), "{bridges}");
}

#[test]
fn what_a_fake_bridge_remembers_is_found_by_its_name() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let fake = unique("fm");
    run("ovs-vsctl", &["add-br", &fake, bridge.name(), "78"]);
    says(&["connect", &fake, container.name(), "--ip", "10.84.0.1/24", "--quiet"]);
    let port =
        says(&["port", container.name(), "--format", "{{.HostInterface}}"]).trim().to_owned();
    run("ovs-vsctl", &["del-port", &port]);
    for name in [bridge.name(), &fake] {
        let ran = docker_ovs(&["disconnect", "--dry-run", name, container.name()]);
        assert!(ran.code == 0 && ran.stdout.contains("forget"), "{name}: {ran:?}");
    }
    container.remove();
    for name in [bridge.name(), &fake] {
        let plan = lists(&["prune", "--bridge", name, "--dry-run"]);
        assert!(plan.contains(&port), "{name}: {plan}");
    }
}

#[test]
fn a_hosts_end_with_an_address_is_in_use() {
    lab::need!(Docker);
    let container = Container::run();
    let name = unique("br");
    let bridge = Bridge::named(&name);
    says(&["connect", &name, container.name(), "--ip", "10.85.0.2/24", "--quiet"]);
    let end = says(&["port", container.name(), "--format", "{{.HostInterface}}"]).trim().to_owned();
    drop(bridge);
    let bridge = Bridge::named(&name);
    run("ip", &["addr", "add", "10.85.0.1/24", "dev", &end]);
    let ping = |container: &Container| {
        let words = ["exec", container.name(), "busybox", "ping", "-c1", "-W1", "10.85.0.1"];
        try_run("docker", &words).is_ok()
    };
    assert!(ping(&container));
    let plan = docker_ovs(&["prune", "--bridge", bridge.name(), "--dry-run"]);
    assert!(!plan.stdout.contains(&end) && plan.stderr.contains("has an address"), "{plan:?}");
    run("ip", &["addr", "flush", "dev", &end]);
    // Nor is it known to be left over while its container's end is up.
    let plan = docker_ovs(&["prune", "--bridge", bridge.name(), "--dry-run"]);
    assert!(
        !plan.stdout.contains(&end) && plan.stderr.contains("its other end is in use"),
        "{plan:?}"
    );
}

#[test]
fn a_name_that_a_link_has_in_any_way_is_taken() {
    lab::need!(Docker);
    let (bridge, container, beside) = (Bridge::new(), Container::run(), Netns::new());
    let (name, other) = (unique("ht"), unique("hu"));
    let words =
        ["link", "add", &name, "type", "veth", "peer", "name", "far", "netns", beside.name()];
    run("ip", &words);
    run("ip", &["link", "property", "add", "dev", &name, "altname", &other]);
    for taken in [&name, &other] {
        for dry in [&["--dry-run"][..], &[]] {
            let words = ["connect", bridge.name(), container.name(), "--host-interface", taken];
            let ran = docker_ovs(&[&words[..], dry].concat());
            let is_told = ran.stderr.contains("an interface of the host") && ran.code == 2;
            assert!(is_told, "{taken} {dry:?}: {ran:?}");
        }
    }
    container.ip(&["link", "property", "add", "dev", "lo", "altname", "eth0"]);
    says(&["connect", bridge.name(), container.name(), "--quiet"]);
    let inside = says(&["port", container.name(), "--format", "{{.Interface}}"]);
    assert_eq!(inside.trim(), "eth1");
}

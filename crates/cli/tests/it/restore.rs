//! `docker ovs restore`: after a restart everything is as before, and traffic flows.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use crate::acting::{Footprint, Scene, ids, kill_after, numbers_of, step_that_sets_up};
use crate::tool::{Served, docker_ovs, lists, refuses, says};
use lab::{Bridge, Container, Home, ping, run, try_run, unique, wait_for_answer};

#[test]
fn a_restarted_container_is_where_it_was_and_its_flows_work() {
    lab::need!(Docker);
    let scene = Scene::new("10.78.1");
    let before = scene.row();
    scene.server.restart();
    assert!(!ping(&scene.client, "10.78.1.2"), "its interface went with its namespace");
    let told = says(&["restore", scene.server.name(), "--format", "csv"]);
    let name = scene.server.name();
    assert_eq!(told, format!("{name},lan0,{},40000,restored\n", scene.bridge.name()));
    scene.is_as_it_was(&before);
    let told = says(&["restore", name, "--format", "{{.Result}}"]);
    assert_eq!(told, "present\n", "to do it again does nothing");
    scene.is_as_it_was(&before);
}

#[test]
fn a_container_made_again_under_its_name_is_bound_to_its_new_id() {
    lab::need!(Docker);
    let mut scene = Scene::new("10.78.2");
    let before = scene.row();
    let name = scene.server.name().to_owned();
    scene.server.remove();
    scene.server = Container::run_with(&["--network", "none"]);
    run("docker", &["rename", scene.server.id(), &name]);
    assert_eq!(says(&["restore", &name, "--format", "{{.Result}}"]), "restored\n");
    scene.is_as_it_was(&before);
    let port = says(&["port", &name, "--format", "{{.Port}}"]);
    assert_eq!(ids(port.trim_end(), "container_id"), scene.server.id());
}

#[test]
fn a_container_made_again_by_compose_is_known_by_its_place() {
    lab::need!(Docker);
    let (bridge, project) = (Bridge::new(), unique("proj"));
    let labels = |service: &str| {
        [
            format!("com.docker.compose.project={project}"),
            format!("com.docker.compose.service={service}"),
            "com.docker.compose.container-number=1".to_owned(),
        ]
    };
    let run_as = |service: &str| {
        let labels = labels(service);
        let labels = labels.iter().flat_map(|label| ["--label", label]);
        Container::run_with(&["--network", "none"].into_iter().chain(labels).collect::<Vec<_>>())
    };
    let old = run_as("web");
    let _other = run_as("db");
    says(&["connect", bridge.name(), old.name(), "--ofport", "41"]);
    old.remove();
    let told = says_of_all();
    assert!(told.contains(&format!("{} no-container", bridge.name())), "{told}");
    let new = run_as("web");
    let told = says(&["restore", new.name(), "--format", "{{.Container}} {{.OFPort}} {{.Result}}"]);
    assert_eq!(told, format!("{} 41 restored\n", new.name()));
    assert_eq!(says(&["port", new.name(), bridge.name(), "-q"]), "41\n");
}

/// All that is remembered on the host, others' too: they are left alone.
fn says_of_all() -> String {
    docker_ovs(&["restore", "--all", "--dry-run", "--format", "{{.Bridge}} {{.Result}}"]).stdout
}

#[test]
fn restore_keeps_settings_it_does_not_know() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    says(&["connect", bridge.name(), container.name(), "--vlan", "12", "--ofport", "auto"]);
    let port = || says(&["port", container.name(), "--format", "{{.Port}}"]).trim_end().to_owned();
    let (old, number) = (port(), numbers_of(&bridge));
    run("ovs-vsctl", &["set", "Port", &old, "vlan_mode=native-untagged", "trunks=12,13"]);
    run(
        "ovs-vsctl",
        &["set", "Interface", &old, "ingress_policing_rate=1000", "external_ids:iface-id=mine"],
    );
    let mirrors = ["select_src_port", "output_port"].map(|column| {
        let (name, port) = (unique("m"), format!("{column}=@port"));
        let named = format!("name={name}");
        let made = ["--", "--id=@mirror", "create", "Mirror", &named, &port];
        let added = ["--", "add", "Bridge", bridge.name(), "mirrors", "@mirror"];
        run("ovs-vsctl", &[&["--id=@port", "get", "Port", &old], &made[..], &added].concat());
        (name, column)
    });
    container.restart();
    says(&["restore", container.name()]);
    let get = |table: &str, column: &str| run("ovs-vsctl", &["get", table, &port(), column]);
    assert_ne!(port(), old);
    assert_eq!(get("Port", "vlan_mode"), "native-untagged");
    assert_eq!((get("Port", "tag"), get("Port", "trunks")), ("12".into(), "[12, 13]".into()));
    assert_eq!(get("Interface", "ingress_policing_rate"), "1000");
    assert_eq!(ids(&port(), "iface-id"), "mine");
    assert_eq!(numbers_of(&bridge), number);
    for (mirror, column) in mirrors {
        let mirrored = run("ovs-vsctl", &["get", "Mirror", &mirror, column]);
        assert_eq!(mirrored.trim_matches(['[', ']']), get("Port", "_uuid"), "{column}");
    }
}

#[test]
fn restore_takes_ports_of_ovs_docker_as_far_as_their_keys_allow() {
    lab::need!(Docker);
    let (bridge, container, port) = (Bridge::new(), Container::run(), unique("v"));
    let by = [
        format!("external_ids:container_id={}", container.name()),
        "external_ids:container_iface=eth1".to_owned(),
    ];
    let more = ["--", "set", "Interface", &port, &by[0], &by[1]];
    let plug = lab::Plug { host_end: Some(&port), port: &more, ..lab::Plug::default() };
    let plugged = lab::Plugged::new(&container, "eth1", &bridge, plug);
    container.restart();
    let told = says(&["restore", container.name(), "--format", "{{.Interface}} {{.Result}}"]);
    assert_eq!(told, "eth1 restored\n");
    let number = format!("{}\n", plugged.ofport());
    assert_eq!(says(&["port", container.name(), bridge.name(), "-q"]), number);
    let new = says(&["port", container.name(), "--format", "{{.Port}}"]);
    assert_eq!(ids(new.trim_end(), "container_id"), container.name(), "ovs-docker finds it still");
    // The port is this program's now: once its container is gone it is pruned without `--all`.
    container.remove();
    lab::wait_until("the kernel deletes the link", || {
        try_run("ip", &["link", "show", "dev", new.trim_end()]).is_err()
    });
    let pruned = ["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"];
    assert_eq!(says(&pruned), new);
    assert!(numbers_of(&bridge).is_empty());
}

#[test]
fn restore_reports_what_it_cannot_restore_and_leaves_it_alone() {
    lab::need!(Docker);
    let (bridge, stopped, taken) = (Bridge::new(), Container::run(), Container::run());
    let result = |who: &Container, code: i32| {
        let words = ["restore", who.name(), "--format", "{{.Result}}: {{.Reason}}"];
        let ran = docker_ovs(&words);
        assert_eq!(ran.code, code, "{ran:?}");
        ran.stdout
    };
    says(&["connect", bridge.name(), stopped.name()]);
    says(&["connect", bridge.name(), taken.name()]);
    stopped.stop();
    taken.restart();
    let words = ["link", "add", "eth0", "type", "veth", "peer", "name", "other"];
    taken.ip(&words);
    let before = Footprint::take(&bridge, &[&stopped, &taken]);
    assert_eq!(result(&stopped, 0), "not-running: its container is exited\n");
    let why = format!("skipped: container {} has an interface eth0 already\n", taken.name());
    assert_eq!(result(&taken, 1), why);
    assert_eq!(Footprint::take(&bridge, &[&stopped, &taken]), before);
    let nobody = Container::run();
    let ran = docker_ovs(&["restore", nobody.name()]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("no interface of"), "{ran:?}");
    // Each that is named counts, whatever the others have.
    let both = docker_ovs(&["restore", stopped.name(), nobody.name()]);
    let forgotten = |name: &str| both.stderr.contains(&format!("no interface of {name} is"));
    assert!(both.code == 1 && forgotten(nobody.name()) && !forgotten(stopped.name()), "{both:?}");
    assert!(refuses(&["restore", "nosuchcontainer"]).contains("no such container"));
    assert_eq!(docker_ovs(&["restore"]).code, 2, "either containers or --all");
}

#[test]
fn a_host_end_that_is_a_port_by_an_alternative_name_gets_no_second_one() {
    lab::need!(Docker);
    let (first, second, container) = (Bridge::new(), Bridge::new(), Container::run());
    let words = ["connect", first.name(), container.name(), "--format", "{{.Port}}"];
    let (port, other) = (says(&words), unique("a"));
    let port = port.trim_end();
    run("ovs-vsctl", &["del-port", first.name(), port]);
    run("ip", &["link", "property", "add", "dev", port, "altname", &other]);
    second.add(&other, &[]);
    let ran = docker_ovs(&["restore", container.name(), "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "skipped\n"), "{ran:?}");
    assert_eq!(run("ovs-vsctl", &["list-ports", first.name()]), "");
    assert_eq!(run("ovs-vsctl", &["list-ports", second.name()]), other);
}

#[test]
fn restore_succeeds_after_one_that_was_killed_at_any_step() {
    lab::need!(Docker);
    let scene = Scene::new("10.78.3");
    let before = scene.row();
    let set_up = step_that_sets_up();
    for step in 0..=set_up + 1 {
        scene.server.restart();
        kill_after(step, &["restore", scene.server.name()]);
        let told = says(&["restore", scene.server.name(), "--format", "{{.Result}}"]);
        assert_eq!(
            told,
            if step < set_up { "restored\n" } else { "present\n" },
            "after step {step}"
        );
        scene.is_as_it_was(&before);
        let ports = run("ovs-vsctl", &["list-ports", scene.bridge.name()]);
        assert_eq!(ports.lines().count(), 2, "after step {step}: {ports}");
        let links = Footprint::take(&scene.bridge, &[&scene.server]);
        assert_eq!(links.links().len(), 1, "after step {step}: {links:?}");
    }
}

#[test]
fn restore_puts_many_containers_back_on_their_numbers() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let containers: Vec<_> = (0..10).map(|_| Container::run()).collect();
    for (n, who) in containers.iter().enumerate() {
        let (number, ip) = ((500 + n).to_string(), format!("10.78.4.{}/24", n + 1));
        let ipv6 = format!("fd00:78:4::{}/64", n + 1);
        let words = ["connect", bridge.name(), who.name(), "--ofport", &number, "--ip", &ip];
        says(&[&words[..], &["--ip", &ipv6]].concat());
    }
    let mut words = vec!["restart"];
    words.extend(containers.iter().map(Container::id));
    run("docker", &words);
    let names: Vec<_> = containers.iter().map(Container::name).collect();
    let told = says(&[&["restore", "--format", "{{.Result}}"], &names[..]].concat());
    assert_eq!(told, "restored\n".repeat(10));
    for (n, who) in containers.iter().enumerate() {
        assert_eq!(says(&["port", who.name(), bridge.name(), "-q"]), format!("{}\n", 500 + n));
    }
    wait_for_answer(&containers[0], "10.78.4.10");
    lab::assert_carries(&containers[0], &containers[9], &["10.78.4.10", "fd00:78:4::10"]);
    let gone = try_run("ovs-vsctl", &["list-ports", bridge.name()]).unwrap();
    assert_eq!(gone.lines().count(), 10);
}

#[test]
fn explain_and_doctor_name_a_deaf_port() {
    lab::need!(Docker);
    let (bridge, one, two) = (Bridge::new(), Container::run(), Container::run());
    says(&["connect", bridge.name(), one.name(), "--ip", "10.78.5.1/24"]);
    says(&["connect", bridge.name(), two.name(), "--ip", "10.78.5.2/24"]);
    wait_for_answer(&one, "10.78.5.2");
    let explained = || lists(&["explain", two.name(), "--format", "json"]);
    assert!(!explained().contains("deaf"));
    let port = says(&["port", two.name(), "--format", "{{.Port}}"]);
    let port = port.trim_end();
    run("ip", &["link", "del", port]);
    // 0 on the userspace datapath, none on the kernel's.
    let gone = || ["0", "[]"].contains(&&*run("ovs-vsctl", &["get", "Interface", port, "ifindex"]));
    lab::wait_until("OVS misses the link", gone);
    lab::wait_until("its other end is gone", || !two.ip(&["link"]).contains("eth0"));
    let peer = unique("p");
    run("ip", &["link", "add", port, "type", "veth", "peer", "name", &peer]);
    run("ip", &["link", "set", port, "up"]);
    run("ip", &["link", "set", &peer, "netns", &two.pid()]);
    two.ip(&["link", "set", &peer, "name", "eth0"]);
    two.ip(&["link", "set", "eth0", "up"]);
    two.ip(&["address", "add", "10.78.5.2/24", "dev", "eth0"]);
    lab::wait_until("OVS sees the link", || !gone());
    if !lab::has_userspace_datapath() {
        wait_for_answer(&one, "10.78.5.2");
        assert!(!explained().contains("deaf"), "the kernel's datapath hears it");
        return;
    }
    assert!(!ping(&one, "10.78.5.2"), "it is deaf");
    assert!(explained().contains("deaf"), "{}", explained());
    let ran = docker_ovs(&["restore", two.name(), "--format", "{{.Result}} {{.Reason}}"]);
    assert!(ran.code == 1 && ran.stdout.starts_with("skipped deaf: "), "{ran:?}");
    let ran = docker_ovs(&["doctor", "--format", "{{.Check}} {{.Verdict}} {{.Detail}}"]);
    let deaf = format!("{}/{port}", bridge.name());
    assert!(ran.stdout.contains("ports note deaf: ") && ran.stdout.contains(&deaf), "{ran:?}");
    daemon_and_page_name_it(&two);
}

/// The same by the daemon: its attachments, `ls` of it, and the page.
fn daemon_and_page_name_it(deaf: &Container) {
    let is_told = |text: &str| text.contains("deaf: the link was made again under its old name");
    let by_name = format!("container={}", deaf.name());
    let ls = ["ls", "--format", "json", "--filter", &by_name];
    let of_host = lists(&ls);
    assert!(is_told(&of_host), "{of_host}");
    let daemon = Served::start(&[]);
    let path = format!("/v1/attachments/{}", deaf.name());
    lab::wait_until("the daemon tells it", || is_told(&daemon.json(&path).to_string()));
    let of_daemon = lists(&[&ls[..], &["--server", &daemon.url()]].concat());
    assert!(is_told(&of_daemon), "{of_daemon}");
    let page = daemon.get("/").body;
    assert!(is_told(&page), "the page does not tell it");
}

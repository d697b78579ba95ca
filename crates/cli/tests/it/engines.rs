//! More engines than the one that is asked, and containers whose place others take or hold.

use lab::{Bridge, Container, Home, InnerDocker, Link, run, try_run, unique, wait_until};

use crate::tool::{Served, docker_ovs, lists, says};

fn ports(bridge: &Bridge) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge.name()]).lines().map(str::to_owned).collect()
}

fn wait_until_gone(link: &str) {
    wait_until("the kernel deletes the link", || {
        try_run("ip", &["link", "show", "dev", link]).is_err()
    });
}

/// A record that does not say of which engine it is, as ovs-docker's: a second dockerd with a socket
/// where none is looked for has its container.
#[test]
fn an_engine_with_a_socket_of_its_own_keeps_what_its_stopped_containers_had() {
    lab::need!(Docker);
    let (bridge, inner) = (Bridge::new(), InnerDocker::start());
    let name = inner.container();
    let (pid, end) = (inner.outer_pid(&name), unique("v"));
    let link = Link::named(&end, &["type", "veth", "peer", "name", "eth1", "netns", &pid]);
    let words = [
        "--".to_owned(),
        "set".to_owned(),
        "Interface".to_owned(),
        end.clone(),
        format!("external_ids:container_id={name}"),
        "external_ids:container_iface=eth1".to_owned(),
    ];
    bridge.add(&end, &words.each_ref().map(String::as_str));
    let doctor = docker_ovs(&["doctor"]).stdout;
    let told = doctor.lines().find(|told| told.contains(&inner.host()));
    let told = told.unwrap_or_else(|| panic!("{doctor}"));
    assert!(told.starts_with("identity ") && told.contains("here: process "), "{told}");
    inner.docker(&["stop", "--time", "0", &name]);
    wait_until_gone(&end);
    drop(link);
    for more in [&[][..], &["--all"], &["--stopped"]] {
        let words = [&["prune", "--force", "--bridge", bridge.name()], more].concat();
        let ran = docker_ovs(&words);
        assert!(ran.code < 2, "{ran:?}");
        assert_eq!(ports(&bridge), std::slice::from_ref(&end), "{ran:?}");
    }
    inner.docker(&["rm", "--force", &name]);
    let pruned = ["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"];
    assert_eq!(lists(&pruned), format!("{end}\n"));
}

/// What is planned is what would be done, also while the kernel still takes a namespace down.
#[test]
fn a_dry_run_waits_for_what_is_being_taken_down_as_the_act_itself_does() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    for _ in 0..4 {
        let (kept, gone) = (Container::run(), Container::run());
        for container in [&kept, &gone] {
            says(&["connect", bridge.name(), container.name()]);
        }
        run("docker", &["restart", "--time", "0", kept.id()]);
        let restored = ["restore", kept.name(), "--dry-run", "--format", "{{.Result}}"];
        let ran = docker_ovs(&restored);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, "missing\n"), "{ran:?}");
        run("docker", &["rm", "--force", gone.id()]);
        let ran = docker_ovs(&["disconnect", bridge.name(), gone.name(), "--dry-run"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        run("docker", &["restart", "--time", "0", kept.id()]);
        let again = ["connect", bridge.name(), kept.name(), "--interface", "eth0", "--dry-run"];
        let ran = docker_ovs(&again);
        assert_eq!(ran.code, 0, "{ran:?}");
        says(&["disconnect", bridge.name(), gone.name()]);
        says(&["disconnect", bridge.name(), kept.name()]);
    }
}

/// A container in another's network keeps that one's namespace when it restarts.
#[test]
fn a_sharer_that_outlives_its_owners_restart_gives_the_interface_back_when_it_ends() {
    lab::alone!(Docker);
    let (bridge, owner) = (Bridge::new(), Container::run());
    let sharer = Container::run_with(&["--network", &format!("container:{}", owner.id())]);
    says(&["connect", bridge.name(), owner.name(), "--ofport", "40021", "--ip", "10.79.9.1/24"]);
    let served = Served::start_restoring();
    let number = |container: &Container| {
        docker_ovs(&["port", container.name(), bridge.name(), "--quiet"]).stdout
    };
    owner.restart();
    let told = served.hears("is not restored");
    assert!(told.contains(&format!("{}:eth0 is on it", sharer.name())), "{told}");
    assert_eq!((number(&owner), number(&sharer)), (String::new(), "40021\n".to_owned()));
    let ran = docker_ovs(&["restore", owner.name(), "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "skipped\n"), "{ran:?}");
    sharer.restart();
    wait_until("the owner has its interface again", || number(&owner) == "40021\n");
    assert!(owner.ip(&["address", "show", "eth0"]).contains("10.79.9.1/24"));
    assert_eq!(number(&sharer), "40021\n", "it shares the new namespace now");
}

/// Each task is a new container with a new name; its slot stays.
#[test]
fn the_next_task_of_a_swarm_service_gets_what_its_slot_had() {
    lab::need!(Docker);
    let (bridge, inner) = (Bridge::new(), InnerDocker::start());
    let (service, host) = (inner.service(2), inner.host());
    wait_until("both tasks run", || inner.tasks(&service).len() == 2);
    let by = |words: &[&str]| docker_ovs(&[&["-H", &host], words].concat());
    let before = inner.tasks(&service);
    for (task, number) in before.iter().zip(["40031", "40032"]) {
        let ran = by(&["connect", bridge.name(), task, "--ofport", number]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    inner.docker(&["rm", "--force", &before[0]]);
    wait_until("the next task runs", || {
        let now = inner.tasks(&service);
        now.len() == 2 && now[0] != before[0]
    });
    let now = inner.tasks(&service);
    assert_eq!(now[1], before[1]);
    let pruned = by(&["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"]);
    assert_eq!((pruned.code, pruned.stdout.as_str()), (0, ""), "{pruned:?}");
    let ran = by(&["restore", &now[0], "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "restored\n"), "{ran:?}");
    for (task, number) in now.iter().zip(["40031\n", "40032\n"]) {
        assert_eq!(by(&["port", task, bridge.name(), "--quiet"]).stdout, number);
    }
    inner.docker(&["service", "rm", &service]);
    wait_until("its containers are gone", || inner.docker(&["ps", "--all", "--quiet"]).is_empty());
    let pruned = by(&["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, ports(&bridge)), (0, Vec::new()), "{pruned:?}");
}

/// Docker's `ID` of `GET /info`, which a dockerd reads from its folder; before version 23 all of this host have
/// it from one key.json.
fn share_id(from: &InnerDocker, to: &InnerDocker) {
    let file = |docker: &InnerDocker| {
        let socket = docker.host();
        let folder = socket.strip_prefix("unix://").and_then(|path| path.rsplit_once('/'));
        std::path::PathBuf::from(folder.unwrap().0).join("data/engine-id")
    };
    if let Ok(id) = std::fs::read(file(from)) {
        to.stop();
        std::fs::write(file(to), id).unwrap();
        to.start_again();
    }
    let told = |docker: &InnerDocker| docker.docker(&["info", "--format", "{{.ID}}"]);
    assert_eq!(told(from), told(to));
}

/// Both have their id from one `key.json`, as two dockerds of one host have: neither speaks for the other.
#[test]
fn a_dockerd_with_the_id_of_another_one_proves_nothing_of_what_that_one_had() {
    lab::need!(Docker);
    let (bridge, one) = (Bridge::new(), InnerDocker::start());
    let other = InnerDocker::start();
    share_id(&one, &other);
    let name = one.container();
    let host = one.host();
    let connect = ["-H", &host, "connect", bridge.name(), &name, "--format", "{{.Port}}"];
    let port = says(&connect).trim_end().to_owned();
    one.docker(&["stop", "--time", "0", &name]);
    wait_until_gone(&port);
    // A namesake that runs there.
    let namesake = other.container();
    other.docker(&["rename", &namesake, &name]);
    let there = other.host();
    for words in [
        &["prune", "--force", "--bridge", bridge.name()][..],
        &["prune", "--force", "--all", "--stopped", "--bridge", bridge.name()],
        &["restore", &name],
        &["connect", bridge.name(), &name, "--interface", "eth0"],
    ] {
        let ran = docker_ovs(&[&["-H", &there], words].concat());
        assert!(ran.code < 3, "{ran:?}");
        assert!(ports(&bridge).contains(&port), "{ran:?}");
    }
    // The one that had it tells.
    one.docker(&["rm", "--force", &name]);
    let pruned =
        ["-H", &host, "prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"];
    assert_eq!(lists(&pruned), format!("{port}\n"));
}

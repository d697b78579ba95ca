//! Podman beside Docker: found, told apart, followed and acted on.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use lab::{Bridge, Container, Netns, Plug, Plugged, Podman, run, try_run, unique, wait_until};

use crate::tool::live::Events;
use crate::tool::{Ran, Served, docker_ovs};

fn podman() -> (tempfile::TempDir, Podman) {
    let folder = tempfile::tempdir().unwrap();
    let podman = Podman::serve(folder.path());
    (folder, podman)
}

/// Asks both engines.
fn by(podman: &Podman, words: &[&str]) -> Ran {
    let engines = ["--engine", "docker", "--engine", &podman.engine()];
    docker_ovs(&[&engines[..], words].concat())
}

/// What both together answer. What they complain of may concern another test.
fn told(podman: &Podman, words: &[&str]) -> String {
    let ran = by(podman, words);
    assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
    ran.stdout
}

fn ports(bridge: &Bridge) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge.name()]).lines().map(str::to_owned).collect()
}

#[test]
fn a_name_is_qualified_only_where_two_engines_have_it() {
    lab::need!(Docker, Podman);
    let ((_folder, podman), bridge) = (podman(), Bridge::new());
    let container = Container::run();
    let own = Plugged::new(&podman.home(podman.name()), "eth0", &bridge, Plug::default());
    let other = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let number = |name: &str| told(&podman, &["port", name, bridge.name(), "--quiet"]);
    assert_eq!(number(podman.name()), format!("{}\n", own.ofport()));
    assert_eq!(number(container.name()), format!("{}\n", other.ofport()));
    let list =
        ["ls", "--partial", "--bridge", bridge.name(), "--format", "{{.Called}} {{.Engine}}"];
    let mut listed: Vec<_> = told(&podman, &list).lines().map(str::to_owned).collect();
    listed.sort();
    let mut both = [format!("{} podman", podman.name()), format!("{} docker", container.name())];
    both.sort();
    assert_eq!(listed, both);
    run("docker", &["rename", container.id(), podman.name()]);
    let clash = by(&podman, &["port", podman.name(), bridge.name(), "--quiet"]);
    let named = ["docker", "podman"].map(|engine| format!("{engine}:{}", podman.name()));
    assert_eq!((clash.code, clash.stdout.as_str()), (2, ""), "{clash:?}");
    assert!(named.iter().all(|name| clash.stderr.contains(name)), "{clash:?}");
    assert_eq!(number(&named[0]), format!("{}\n", other.ofport()));
    assert_eq!(number(&named[1]), format!("{}\n", own.ofport()));
    let mut listed: Vec<_> = told(&podman, &list).lines().map(str::to_owned).collect();
    listed.sort();
    assert_eq!(
        listed,
        named.each_ref().map(|name| { format!("{name} {}", name.split(':').next().unwrap()) })
    );
    let who = told(&podman, &["who", own.host_end(), "--partial", "--quiet"]);
    assert_eq!(who, format!("{}\n", named[1]));
    // What begins an id of one engine may be the name of another's container.
    let prefix = &container.id()[..6];
    podman.podman(&["rename", podman.name(), prefix]);
    assert_eq!(number(prefix), format!("{}\n", own.ofport()));
    assert_eq!(number(container.id()), format!("{}\n", other.ofport()));
}

#[test]
fn a_pod_is_one_namespace_with_its_members_whichever_of_them_is_named() {
    lab::need!(Docker, Podman);
    let ((_folder, podman), bridge) = (podman(), Bridge::new());
    let pod = podman.pod();
    let members = [(); 2].map(|()| podman.run(&["--pod", &pod]));
    let plugged = Plugged::new(&podman.home(&members[0]), "eth0", &bridge, Plug::default());
    let mut all = [&members[0], &members[1], &pod].map(String::as_str);
    all.sort_unstable();
    for name in all {
        let number = told(&podman, &["port", name, bridge.name(), "--quiet"]);
        assert_eq!(number, format!("{}\n", plugged.ofport()), "{name}");
        let format = "{{range .Tenants}}{{.Container}} {{end}}";
        let tenants = told(&podman, &["port", name, bridge.name(), "--format", format]);
        assert_eq!(tenants.split_whitespace().collect::<Vec<_>>(), all, "{name}");
    }
    let who = told(&podman, &["ports", bridge.name(), "--format", "{{.Port}} {{.Who}}"]);
    assert!(who.contains(&format!("{} {}:eth0\n", plugged.host_end(), all.join("+"))), "{who}");
    let beside = podman.run(&["--network", &format!("container:{}", podman.name())]);
    let other = Plugged::new(&podman.home(&beside), "eth0", &bridge, Plug::default());
    let who = told(&podman, &["who", other.host_end(), "--partial", "--quiet"]);
    let mut both = [podman.name(), &beside];
    both.sort_unstable();
    assert_eq!(who.lines().collect::<Vec<_>>(), both);
}

#[test]
fn a_name_that_none_has_is_told_with_those_that_are_near_to_it() {
    lab::need!(Docker, Podman);
    let ((_folder, podman), container) = (podman(), Container::run());
    let (alone, pod) = (podman.run(&["--network", "none"]), podman.pod());
    // A letter is missing, one too many, and two are others.
    let nearly = |name: &str| {
        [&name[1..], &format!("{name}x"), &format!("xx{}", &name[2..])].map(str::to_owned)
    };
    for name in [container.name(), &alone, &pod] {
        for wanted in nearly(name) {
            let ran = by(&podman, &["port", &wanted]);
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
            assert!(ran.stderr.contains("did you mean") && ran.stderr.contains(name), "{ran:?}");
        }
    }
    let ran = by(&podman, &["port", "quite-another"]);
    assert!(ran.code == 2 && !ran.stderr.contains("did you mean"), "{ran:?}");
}

#[test]
fn a_pod_that_is_started_again_gets_back_what_its_member_had() {
    lab::need!(Docker, Podman);
    let ((_folder, podman), bridge) = (podman(), Bridge::new());
    let pod = podman.pod();
    let member = podman.run(&["--pod", &pod]);
    let ran = by(&podman, &["connect", bridge.name(), &member, "--ofport", "40063"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    podman.podman(&["pod", "kill", &pod]);
    podman.podman(&["pod", "start", &pod]);
    let ran = by(&podman, &["restore", &member, "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "restored\n"), "{ran:?}");
    for name in [&member, &pod] {
        assert_eq!(told(&podman, &["port", name, bridge.name(), "--quiet"]), "40063\n");
    }
}

#[test]
fn a_container_in_a_named_namespace_and_one_on_the_hosts_network_are_told_by_their_namespaces() {
    lab::need!(Docker, Podman);
    let ((_folder, podman), bridge, space) = (podman(), Bridge::new(), Netns::new());
    let joined = podman.run(&["--network", &format!("ns:/run/netns/{}", space.name())]);
    let plugged = Plugged::new(&space, "eth0", &bridge, Plug::default());
    let number = told(&podman, &["port", &joined, bridge.name(), "--quiet"]);
    assert_eq!(number, format!("{}\n", plugged.ofport()));
    let host = podman.run(&["--network", "host"]);
    let ran = by(&podman, &["port", &host]);
    assert!(ran.stderr.contains("shares the host's network"), "{ran:?}");
    let ran = by(&podman, &["connect", bridge.name(), &host]);
    assert!(ran.code == 2 && ran.stderr.contains("shares the host's network"), "{ran:?}");
}

#[test]
fn what_podman_lost_is_restored_and_what_it_still_has_is_never_pruned() {
    lab::need!(Docker, Podman);
    let ((_folder, mut podman), bridge) = (podman(), Bridge::new());
    let name = podman.name().to_owned();
    let connect = ["connect", bridge.name(), &name, "--ofport", "40061", "--ip", "10.79.6.1/24"];
    assert_eq!(by(&podman, &connect).code, 0);
    podman.podman(&["restart", "--time", "0", &name]);
    let [port] = &*ports(&bridge) else { panic!("one port") };
    wait_until("its link is gone", || try_run("ip", &["link", "show", "dev", port]).is_err());
    let prune = ["prune", "--force", "--bridge", bridge.name()];
    let without = docker_ovs(&[&["--engine", "docker"][..], &prune].concat());
    assert!(without.code < 2, "{without:?}");
    assert_eq!(ports(&bridge).len(), 1, "another engine has its container: {without:?}");
    let restored = by(&podman, &["restore", &name, "--format", "{{.Result}}"]);
    assert_eq!((restored.code, restored.stdout.as_str()), (0, "restored\n"), "{restored:?}");
    assert_eq!(told(&podman, &["port", &name, bridge.name(), "--quiet"]), "40061\n");
    // The service ends, and what it started lives on: nothing is known of that then.
    podman.podman(&["stop", "--time", "0", &name]);
    podman.stop();
    let silent = by(&podman, &prune);
    assert!(silent.code != 0, "{silent:?}");
    assert_eq!(ports(&bridge).len(), 1, "{silent:?}");
    podman.start();
    assert!(by(&podman, &prune).code < 2);
    assert_eq!(ports(&bridge).len(), 1, "it has its container still");
    podman.podman(&["rm", "--force", "--time", "0", &name]);
    let pruned = by(&podman, &prune);
    assert_eq!((pruned.code, ports(&bridge)), (0, Vec::new()), "{pruned:?}");
}

#[test]
fn events_tell_what_podman_starts_and_ends() {
    lab::need!(Docker, Podman);
    let ((_folder, podman), bridge) = (podman(), Bridge::new());
    let engines = ["--engine", "docker", "--engine", &podman.engine()];
    let events = Events::start(&engines);
    let name = podman.run(&["--network", "none"]);
    let plugged = Plugged::new(&podman.home(&name), "eth0", &bridge, Plug::default());
    let on = format!("{} {}", bridge.name(), plugged.ofport());
    let interface = format!("{name}:eth0");
    events.wait_for_place(&interface, &on);
    podman.podman(&["rm", "--force", "--time", "0", &name]);
    events.wait_for_vanished(&interface);
    assert_eq!(events.end("-TERM"), Some(0));
}

/// A socket that takes callers and never answers them; gone with its guard.
struct Silent {
    _listener: UnixListener,
    folder: tempfile::TempDir,
}

impl Silent {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("podman.sock")).unwrap();
        Self { _listener: listener, folder }
    }

    fn path(&self) -> String {
        self.folder.path().join("podman.sock").to_str().unwrap().to_owned()
    }
}

/// What is at a path where engines are looked for, gone with its guard.
struct Found(&'static str);

impl Found {
    fn at(path: &'static str, target: &str) -> Self {
        let folder = Path::new(path).parent().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        symlink(target, path).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self(path)
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
        let mut folder = Path::new(self.0).parent();
        // Those that others have something in stay.
        while let Some(empty) = folder.filter(|at| std::fs::remove_dir(at).is_ok()) {
            folder = empty.parent();
        }
    }
}

const OF_HOST: &str = "/run/podman/podman.sock";
const OF_USER: &str = "/run/user/4242/podman/podman.sock";

#[test]
fn an_engine_that_never_answers_is_told_and_is_an_error_only_where_it_was_named() {
    lab::alone!(Docker);
    let (silent, bridge, container) = (Silent::new(), Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let number = format!("{}\n", plugged.ofport());
    let found = Found::at(OF_HOST, &silent.path());
    let port = docker_ovs(&["port", container.name(), bridge.name(), "--quiet"]);
    assert_eq!((port.code, port.stdout.as_str()), (0, number.as_str()), "{port:?}");
    assert!(port.stderr.contains(OF_HOST), "{port:?}");
    let by_id = docker_ovs(&["port", container.id(), bridge.name(), "--quiet"]);
    assert_eq!((by_id.code, by_id.stderr.as_str()), (0, ""), "no other has that id: {by_id:?}");
    let list = ["ls", "--bridge", bridge.name(), "--quiet"];
    let listed = docker_ovs(&list);
    assert_eq!((listed.code, listed.stdout.lines().count()), (0, 1), "{listed:?}");
    assert!(listed.stderr.contains(OF_HOST), "{listed:?}");
    let unknown = docker_ovs(&["port", "no-such-container"]);
    assert!(unknown.code == 2 && unknown.stderr.contains(OF_HOST), "{unknown:?}");
    let doctor = docker_ovs(&["doctor", "--format", "{{.Check}} {{.Verdict}}"]);
    assert!(doctor.stdout.contains("podman fail\n"), "{doctor:?}");
    drop(found);
    let named = format!("podman={}", silent.path());
    let named = ["--engine", "docker", "--engine", &named];
    let listed = docker_ovs(&[&named[..], &["ls", "--bridge", bridge.name()]].concat());
    assert!(listed.code == 2 && listed.stderr.contains(&silent.path()), "{listed:?}");
    let none = docker_ovs(&["--engine", "none", "port", container.name()]);
    assert_eq!((none.code, none.stdout.as_str()), (2, ""), "{none:?}");
}

#[test]
fn engines_are_found_by_themselves_also_by_those_who_follow() {
    lab::alone!(Docker, Podman);
    let ((_folder, podman), bridge) = (podman(), Bridge::new());
    let plugged = Plugged::new(&podman.home(podman.name()), "eth0", &bridge, Plug::default());
    let events = Events::start(&[]);
    let on = format!("{} {}", bridge.name(), plugged.ofport());
    let _found = Found::at(OF_HOST, &podman.path());
    events.wait_for_place(&format!("{}:eth0", podman.name()), &on);
    assert_eq!(events.end("-TERM"), Some(0));
    let number = docker_ovs(&["port", podman.name(), bridge.name(), "--quiet"]);
    let expected = (0, format!("{}\n", plugged.ofport()), String::new());
    assert_eq!((number.code, number.stdout, number.stderr), expected);
    // The same engine under a second path is no second one.
    let name = unique("dup");
    let twice = ["--engine", "podman", "--engine", &podman.engine()];
    let format = ["--bridge", bridge.name(), "--format", "{{.Called}} {{.Engine}}"];
    let listed = docker_ovs(&[&twice[..], &["ls", "--partial"], &format].concat());
    assert_eq!(listed.stdout, format!("{} podman\n", podman.name()), "{name}: {listed:?}");
}

#[test]
fn what_a_user_runs_takes_no_name_from_the_hosts_and_is_not_connected() {
    lab::alone!(Docker, Podman);
    let ((_folder, podman), bridge, container) = (podman(), Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let _found = Found::at(OF_USER, &podman.path());
    let shown = docker_ovs(&["port", podman.name()]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for name in [podman.name().to_owned(), format!("podman@4242:{}", podman.name())] {
        let refused = docker_ovs(&["connect", bridge.name(), &name]);
        assert!(refused.code == 2 && refused.stderr.contains("user 4242 runs it"), "{refused:?}");
    }
    let doctor = docker_ovs(&["doctor", "--format", "{{.Check}} {{.Verdict}} {{.Detail}}"]);
    let told = doctor.stdout.lines().find(|line| line.starts_with("podman@4242 note"));
    assert!(told.is_some_and(|told| told.contains("cannot be connected")), "{doctor:?}");
    podman.podman(&["rename", podman.name(), container.name()]);
    let number = docker_ovs(&["port", container.name(), bridge.name(), "--quiet"]);
    assert_eq!((number.code, number.stdout), (0, format!("{}\n", plugged.ofport())));
}

#[test]
fn the_daemon_gives_a_restarted_container_of_podman_its_interface_back() {
    lab::alone!(Docker, Podman);
    let ((_folder, podman), bridge) = (podman(), Bridge::new());
    let _found = Found::at(OF_HOST, &podman.path());
    let connect = ["connect", bridge.name(), podman.name(), "--ofport", "40062"];
    let ran = docker_ovs(&connect);
    assert_eq!(ran.code, 0, "{ran:?}");
    let _served = Served::start_restoring();
    podman.podman(&["restart", "--time", "0", podman.name()]);
    wait_until("its interface is there again", || {
        docker_ovs(&["port", podman.name(), bridge.name(), "--quiet"]).stdout == "40062\n"
    });
    assert_eq!(docker_ovs(&["disconnect", bridge.name(), podman.name()]).code, 0);
    assert_eq!(ports(&bridge), [""; 0]);
}

#[test]
fn an_engine_of_a_user_who_has_logged_out_is_no_source_of_the_daemon() {
    lab::alone!(Docker, Podman);
    let ((folder, podman), bridge) = (podman(), Bridge::new());
    let plugged = Plugged::new(&podman.home(podman.name()), "eth0", &bridge, Plug::default());
    let found = Found::at(OF_USER, &podman.path());
    let served = Served::start(&[]);
    let (name, engine) = (podman.name().to_owned(), "podman@4242");
    let state = || {
        let health = served.json("/healthz");
        let mut sources = health["Sources"].as_array().unwrap().iter();
        let source = sources.find(|source| source["Source"] == engine)?;
        Some(source["State"].as_str().unwrap().to_owned())
    };
    let tells = || served.json("/v1/attachments").to_string().contains(&name);
    wait_until("it is followed", || state().as_deref() == Some("fresh") && tells());
    // A service that has ended may come back.
    drop((plugged, podman, folder));
    wait_until("it does not answer", || state().as_deref() == Some("stale"));
    drop(found);
    wait_until("it is gone", || state().is_none());
}

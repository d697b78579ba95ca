//! What fails is told with why and what to do, in bounded time, with nothing on stdout.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::tool::{command, docker_ovs, drop_in, lists, refuses, says};
use lab::{Bridge, Container, Netns, Plug, Plugged, run};

#[test]
fn the_wrong_number_of_words_is_answered_with_the_usage() {
    for words in [&[][..], &["one"], &["one", "two", "three"], &["-x"], &["--help", "b", "c"]] {
        let ran = drop_in(words);
        let usage = "Usage: docker-ovs-port CONTAINER OVS_BRIDGE\n";
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (2, "", usage));
    }
}

#[test]
fn the_small_program_tells_what_it_is_where_it_is_asked() {
    for word in ["--help", "-h"] {
        let ran = drop_in(&[word]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{word}");
        assert!(ran.stdout.starts_with("Usage: docker-ovs-port CONTAINER OVS_BRIDGE\n"), "{ran:?}");
        assert!(ran.stdout.contains("exit codes"), "{ran:?}");
    }
    let ran = drop_in(&["--version"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("docker-ovs-port "), "{ran:?}");
}

/// A member of etcd that takes connections and says nothing.
#[test]
fn a_silent_etcd_costs_no_more_than_the_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let etcd = format!("http://{}", listener.local_addr().unwrap());
    for words in [
        &["mesh", "blocks"][..],
        &["mesh", "create", "m"],
        &["mesh", "rm", "m"],
        &["mesh", "release", "m", "h"],
        &["hosts", "--remove", "h"],
    ] {
        let start = Instant::now();
        let words = [&["--timeout", "300ms"], words, &["--etcd", &etcd, "--etcd", &etcd]].concat();
        let complaint = refuses(&words);
        assert!(complaint.contains("etcd: no answer within 300ms"), "{words:?}: {complaint}");
        assert!(complaint.contains("--timeout"), "{complaint}");
        assert!(start.elapsed() < Duration::from_secs(15), "{words:?}: {:?}", start.elapsed());
    }
    let start = Instant::now();
    let ran = docker_ovs(&["--timeout", "5s", "doctor", "--etcd", &etcd]);
    assert!(ran.stdout.contains("etcd: no answer within 5s"), "{ran:?}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_silent_daemon_costs_no_more_than_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let socket = format!("unix://{}", path.display());
    let database = format!("unix:{}", path.display());
    let start = Instant::now();
    let complaint = refuses(&["-H", &socket, "--timeout", "300ms", "port", "web"]);
    assert!(complaint.contains("Docker at unix://"), "{complaint}");
    assert!(complaint.contains("no answer within 300ms"), "{complaint}");
    let complaint = refuses(&["--db", &database, "--timeout", "300ms", "port", "pid:self"]);
    assert!(complaint.contains("pid:self"), "{complaint}");
    if let Some(_hold) = lab::share(&[lab::Need::Lab]) {
        let (bridge, netns) = (Bridge::new(), Netns::new());
        let _plugged = Plugged::new(&netns, "eth0", &bridge, Plug::default());
        let space = format!("netns:{}", netns.name());
        let complaint = refuses(&["--db", &database, "--timeout", "300ms", "port", &space]);
        assert!(complaint.contains("OVSDB at unix:"), "{complaint}");
        assert!(complaint.contains("no answer within 300ms"), "{complaint}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "it waited far beyond its limit");
    drop(listener);
}

#[test]
fn a_recording_that_is_never_there_costs_no_more_than_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let unwritten = folder.path().join("unwritten");
    run("mkfifo", &[unwritten.to_str().unwrap()]);
    let from = ["--timeout", "300ms", "--from", unwritten.to_str().unwrap()];
    for verb in [&["ls"][..], &["who", "1"], &["explain", "web"], &["doctor"], &["prune"]] {
        let complaint = refuses(&[verb, &from].concat());
        assert!(complaint.contains("not read and related within 300ms"), "{complaint}");
        assert!(complaint.contains("--timeout SECONDS gives it longer"), "{complaint}");
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "what is waited for is time that passes")]
fn what_comes_by_a_pipe_is_waited_for() {
    let mut asks = command("docker-ovs", &["ls", "-q", "--timeout", "2s", "--from", "-"]);
    let mut child = asks.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(2300));
    let mut input = child.stdin.take().unwrap();
    input.write_all(&std::fs::read("tests/scenes/article.json").unwrap()).unwrap();
    drop(input);
    let ran = child.wait_with_output().unwrap();
    assert!(!ran.stdout.is_empty(), "{ran:?}");
}

#[test]
fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let wrong = format!("{}x", container.name());
    let complaint = refuses(&["port", &wrong, bridge.name()]);
    assert!(
        complaint.starts_with(&format!("docker-ovs: no such container: {wrong}\n")),
        "{complaint}"
    );
    assert!(complaint.contains(container.name()), "{complaint}");
    let complaint = refuses(&["port", container.name(), "nosuchbridge"]);
    assert!(complaint.contains("no such bridge: nosuchbridge"), "{complaint}");
    assert!(complaint.contains(bridge.name()), "{complaint}");
    let ran = drop_in(&[&wrong, bridge.name()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}

/// `docker inspect -f '{{.Name}}'` prints it with a slash, and Docker takes it back.
#[test]
fn a_name_with_dockers_slash_is_the_name() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let name = format!("/{}", container.name());
    let number = says(&["connect", bridge.name(), &name, "-q"]);
    assert_eq!(says(&["port", &name, bridge.name(), "-q"]), number);
    assert_eq!(says(&["wait", &name, bridge.name(), "-q"]), number);
    assert!(lists(&["explain", &name]).starts_with(container.name()));
    assert!(drop_in(&[&name, bridge.name()]).stdout.starts_with("eth0,"));
    assert!(says(&["restore", &name]).contains("present"));
    let removed = says(&["disconnect", bridge.name(), &name]);
    assert_eq!(removed, format!("{}:eth0\n", container.name()));
}

/// The words of `port` and `connect` stand in different orders.
#[test]
fn swapped_words_are_told_apart() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let (br, name) = (bridge.name(), container.name());
    assert!(refuses(&["port", br]).contains(&format!("{br} is a bridge: docker ovs ports {br}")));
    let both = refuses(&["port", br, name]);
    assert!(both.contains(&format!("docker ovs port {name} {br}")), "{both}");
    let both = refuses(&["connect", name, br]);
    assert!(both.contains(&format!("docker ovs connect {br} {name}")), "{both}");
    let alone = refuses(&["ports", name]);
    assert!(alone.contains(&format!("{name} is a container: docker ovs port {name}")), "{alone}");
    let both = drop_in(&[br, name]);
    assert!(both.stderr.contains(&format!("docker-ovs-port {name} {br}")), "{both:?}");
}

#[test]
fn an_ambiguous_id_is_answered_with_its_candidates() {
    lab::need!(Docker);
    // Of 17 ids two begin with the same digit.
    let containers: Vec<_> = (0..17).map(|_| Container::run()).collect();
    let first = |c: &Container| c.id()[..1].to_owned();
    let twin =
        containers.iter().find(|a| containers.iter().filter(|b| first(a) == first(b)).count() > 1);
    let complaint = refuses(&["port", &first(twin.unwrap())]);
    assert!(complaint.contains("ambiguous container id prefix"), "{complaint}");
    assert!(complaint.contains("it fits"), "{complaint}");
}

#[test]
fn errors_without_privileges_name_the_missing_capability() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let binary = env!("CARGO_BIN_EXE_docker-ovs");
    let copy = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let program = copy.path().join("docker-ovs");
    std::fs::copy(binary, &program).unwrap();
    let program = program.to_str().unwrap();
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", program];
    let mut ran =
        tool_as("setpriv", &[&nobody[..], &["port", container.name(), bridge.name()]].concat());
    assert_eq!((ran.0, ran.1.as_str()), (2, ""));
    assert!(ran.2.contains("docker.sock: permission denied"), "{ran:?}");
    let pid = format!("pid:{}", container.pid());
    ran = tool_as("setpriv", &[&nobody[..], &["port", &pid, bridge.name()]].concat());
    assert_eq!((ran.0, ran.1.as_str()), (2, ""));
    assert!(ran.2.contains("CAP_SYS_PTRACE"), "{ran:?}");
    // A /proc that hides processes of others does not make them gone.
    let hiding = "mount -t proc -o hidepid=invisible none /proc && exec \"$@\"";
    let hiding = ["--mount", "sh", "-c", hiding, "sh", "setpriv"];
    let mut asks = [&hiding[..], &nobody, &["port", &pid, bridge.name()]].concat();
    ran = tool_as("unshare", &asks);
    assert!(ran.0 == 2 && ran.2.contains("CAP_SYS_PTRACE"), "{ran:?}");
    let (at, gone) = (asks.len() - 2, format!("pid:{}", u32::MAX / 2));
    asks[at] = &gone;
    ran = tool_as("unshare", &asks);
    assert!(ran.0 == 2 && !ran.2.contains("CAP_SYS_PTRACE"), "{ran:?}");
    let doctor = tool_as(
        "setpriv",
        &[&nobody[..], &["doctor", "--format", "{{.Check}} {{.Verdict}}"]].concat(),
    );
    assert_eq!(doctor.0, 1);
    for check in ["docker fail", "ovsdb fail", "privileges fail"] {
        assert!(doctor.1.contains(check), "{doctor:?}");
    }
}

#[allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]
fn tool_as(program: &str, words: &[&str]) -> (i32, String, String) {
    let output = lab::program(program).args(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_doctor_finds_a_healthy_host_healthy() {
    lab::need!(Docker);
    let doctor = || docker_ovs(&["doctor", "--format", "{{.Check}} {{.Verdict}}"]);
    let mut ran = doctor();
    // What other tests break is broken for a while.
    let is_healthy = lab::comes_true(|| {
        ran = doctor();
        ran.code == 0
    });
    let datapath = run("ovs-vsctl", &["--columns=datapath_type", "list", "Bridge"]);
    assert!(is_healthy, "{ran:?} {datapath}");
    for check in ["docker ok", "ovsdb ok", "vswitchd ok", "privileges ok", "namespace ok"] {
        assert!(ran.stdout.contains(check), "{ran:?}");
    }
    let mut elsewhere =
        command("docker-ovs", &["doctor", "--format", "{{.Check}} {{.Verdict}} {{.Hint}}"]);
    let ran: crate::tool::Ran =
        elsewhere.env("OVS_RUNDIR", "/nonexistent").output().unwrap().into();
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("ovsdb fail is Open vSwitch running"), "{ran:?}");
}

#[test]
fn a_file_for_tls_that_cannot_be_used_is_what_the_error_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("empty"), "no PEM here").unwrap();
    let asked = |ca: &str| {
        let mut words = vec!["ports", "--db", "ssl:127.0.0.1:1"];
        let (key, certificate) = (file("key"), file("empty"));
        words.extend(["--private-key", &key, "--certificate", &certificate, "--ca-cert", ca]);
        docker_ovs(&words)
    };
    for (ca, why) in [("missing", "No such file"), ("empty", "there is none in it")] {
        let ran = asked(&file(ca));
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(&format!("CA certificate {}", file(ca))), "{ran:?}");
        assert!(ran.stderr.contains(why), "{ran:?}");
        assert!(!ran.stderr.contains("running"), "the server has nothing to do with it: {ran:?}");
    }
}

/// What was seen is listed with `--partial`, whatever is missing, and what is missing is told.
#[test]
fn a_partial_list_needs_no_source() {
    lab::need!(Docker);
    let container = Container::run_with(&["--network", "bridge"]);
    let switchless = tempfile::tempdir().unwrap();
    let name = format!("container={}", container.name());
    let list = |more: &[&str]| {
        let words = ["ls", "--filter", &name, "--format", "{{.Container}} {{.State}}"];
        let mut list = command("docker-ovs", &[&words[..], more].concat());
        let ran = list.env("OVS_RUNDIR", switchless.path()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
    };
    let (code, listed, said) = list(&[]);
    assert!(code == Some(2) && listed.is_empty(), "{listed}{said}");
    let (code, listed, said) = list(&["--partial"]);
    assert_eq!((code, listed), (Some(0), format!("{} unknown\n", container.name())));
    assert!(said.contains("OVSDB at"), "{said}");
}

/// All waiting together takes no longer than is allowed, however many looks an answer takes.
#[test]
fn what_is_silent_is_waited_for_once() {
    lab::need!(Docker);
    let (bridge, one, other) = (Bridge::new(), Container::run(), Container::run());
    for (container, ip) in [(&one, "10.86.0.1/24"), (&other, "10.86.0.2/24")] {
        says(&["connect", bridge.name(), container.name(), "--ip", ip, "--quiet"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (socket, allowed) = (format!("unix://{}", path.display()), Duration::from_secs(15));
    for words in [
        &["trace", one.name(), other.name()][..],
        &["connect", bridge.name(), one.name(), "--dry-run"],
        &["doctor"],
        &["restore", one.name(), "--dry-run"],
        &["port", one.name()],
    ] {
        let start = Instant::now();
        let ran = docker_ovs(&[&["-H", &socket, "-t", "15"], words].concat());
        assert_ne!(ran.code, 0, "{words:?}: {ran:?}");
        // Not one for each that is asked.
        assert!(start.elapsed() < allowed * 2, "{words:?} took {:?}", start.elapsed());
    }
    drop(listener);
}

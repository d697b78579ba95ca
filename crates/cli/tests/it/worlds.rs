//! Sources of other worlds than this program's: other PID and network namespaces, other databases,
//! other engines. What they say is either translated or not believed; nothing of them is ever taken
//! for gone.
#![allow(clippy::disallowed_methods, reason = "a test starts programs")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};

use lab::{
    Bridge, Container, Database, Home, InnerDocker, InnerSwitch, Link, Netns, Relay, Switch,
};
use lab::{Plug, Plugged, run, unique, wait_until};

use crate::proof_scene::by_tcp;
use crate::tool::{Ran, command, docker_ovs, lists, says};

/// A process of this test's that ends with its guard.
struct Process(Child);

impl Process {
    fn start(program: &str, words: &[&str]) -> Self {
        let mut command = lab::program(program);
        Self(command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A switch of its own with a container's veth on the port 1 of `br0`.
fn switch_with_port(netns: &Netns) -> (Switch, String) {
    let (switch, end) = (Switch::start(&[]), unique("v"));
    switch.add_bridge("br0", &[]);
    let far = switch.netns().name().to_owned();
    netns.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &end, "netns", &far]);
    switch.netns().ip(&["link", "set", &end, "up"]);
    switch.vsctl(&["add-port", "br0", &end]);
    (switch, end)
}

/// Asks a folder of Open vSwitch's.
fn at(rundir: &Path, words: &[&str]) -> Ran {
    let db = format!("unix:{}", rundir.join("db.sock").display());
    docker_ovs(&[&["--db", &db, "--timeout", "5"], words].concat())
}

/// Nothing is told to be orphaned, nothing would be removed, and doctor says `why`.
fn nothing_is_taken_for_gone(rundir: &Path, why: &str) {
    let ports = at(rundir, &["ports", "--format", "json"]);
    assert!(ports.code == 0 && ports.stdout.contains("\"br0\""), "{ports:?}");
    assert!(!ports.stdout.contains("orphaned"), "{ports:?}");
    let pruned = at(rundir, &["prune", "--all", "--dry-run"]);
    assert!(!pruned.stdout.contains("br0"), "{pruned:?}");
    let doctor = at(rundir, &["doctor"]).stdout;
    assert!(doctor.contains(why), "{why}: {doctor}");
    let traffic = doctor.lines().find(|line| line.starts_with("ports ")).unwrap();
    assert!(traffic.contains("note") && traffic.contains("unknown"), "{traffic}");
}

fn port_of(rundir: &Path, netns: &Netns) -> String {
    at(rundir, &["port", "--quiet", &format!("netns:{}", netns.name()), "br0"]).stdout
}

#[test]
fn a_switch_in_namespaces_of_its_own_has_its_ports() {
    lab::need!(Docker);
    let (switch, container, end) = (InnerSwitch::start(), Container::run(), unique("v"));
    let (br, inner) = (unique("b"), switch.netns());
    switch.vsctl(&["add-br", &br, "--", "set", "bridge", &br, "datapath_type=netdev"]);
    container.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &end, "netns", &inner]);
    run("nsenter", &["--target", &inner, "--net", "ip", "link", "set", &end, "up"]);
    switch.vsctl(&["add-port", &br, &end]);
    let db = switch.remote();
    assert_eq!(says(&["--db", &db, "port", "--quiet", container.name(), &br]), "1\n");
    let ports = lists(&["--db", &db, "ports"]);
    assert!(ports.contains(&format!("{}:eth0", container.name())), "{ports}");
    let pruned = docker_ovs(&["--db", &db, "prune", "--all", "--dry-run"]);
    assert!(!pruned.stdout.contains(&end), "{pruned:?}");
    let doctor = docker_ovs(&["--db", &db, "doctor"]).stdout;
    let namespace = doctor.lines().find(|line| line.starts_with("namespace ")).unwrap();
    assert!(namespace.contains("another one") && namespace.contains("holds the lock"), "{doctor}");
    assert!(switch.rundir().join("ovs-vswitchd.pid").exists());
}

/// A member's row has the address of the host that it is on.
#[test]
fn a_bridge_of_another_world_joins_no_mesh_from_here() {
    lab::need!(Lab);
    let database = Database::start();
    database.vsctl(&["add-br", "br0"]);
    let far = by_tcp(&database);
    for remote in [database.remote(), far] {
        for words in [&["mesh", "join", "blue", "br0"][..], &["mesh", "leave", "blue"]] {
            let ran = docker_ovs(&[&["--db", &remote, "--engine", "none"], words].concat());
            assert!(
                ran.code == 2 && ran.stderr.contains("is not proven to be this host's"),
                "{ran:?}"
            );
        }
    }
    let ids = database.vsctl(&["get", "bridge", "br0", "external_ids"]);
    assert!(!ids.contains("mesh"), "{ids}");
}

#[test]
fn an_engine_in_another_pid_namespace_has_its_processes_translated() {
    lab::need!(Docker);
    let (docker, bridge) = (InnerDocker::start(), Bridge::new());
    let name = docker.container();
    let (outer, end) = (docker.outer_pid(&name), unique("v"));
    let _link = Link::named(&end, &["type", "veth", "peer", "name", "eth0", "netns", &outer]);
    let number = bridge.add(&end, &[]);
    let host = docker.host();
    let found = says(&["-H", &host, "port", "--quiet", &name, bridge.name()]);
    assert_eq!(found, format!("{number}\n"));
    let explained = says(&["-H", &host, "explain", &name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {outer} ")), "{explained}");
    assert!(
        explained.contains("in another PID namespace, whose processes are seen"),
        "{explained}"
    );
    let ports = lists(&["-H", &host, "ports", bridge.name()]);
    assert!(ports.contains(&format!("{name}:eth0")), "{ports}");
    run("ovs-vsctl", &["--if-exists", "del-port", &end]);
}

/// Beside other tests, by hand: as long as the file is there that `DOCKER_OVS_TEST_DOCKERD_WHILE` names, which gets the
/// name of a container of it (`scripts/beside-itself`).
#[test]
fn another_dockerd_runs_beside_others_as_long_as_it_is_wanted() {
    let Some(wanted) = std::env::var_os("DOCKER_OVS_TEST_DOCKERD_WHILE") else { return };
    lab::need!(Docker);
    let docker = InnerDocker::beside();
    let (name, wanted) = (docker.container(), Path::new(&wanted));
    fs::write(wanted, &name).unwrap();
    while wanted.exists() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(docker.inner_pid(&name) > 0, "what ran beside it did nothing to its container");
}

/// The number that the next process gets is one more (proc(5)); of the writer's PID namespace.
const LAST_PID: &str = "/proc/sys/kernel/ns_last_pid";

/// A process with this number, in the network namespace of `container`. Others start processes too, so it may take a
/// few attempts.
fn numbered(pid: u32, container: &Container) -> Process {
    let target = container.pid();
    let mut found = None;
    wait_until("a process gets the number", || {
        let before = fs::read_to_string(LAST_PID).unwrap();
        fs::write(LAST_PID, (pid - 1).to_string()).unwrap();
        let process = Process::start("nsenter", &["--target", &target, "--net", "sleep", "600"]);
        fs::write(LAST_PID, before.trim()).unwrap();
        found = (process.0.id() == pid).then_some(process);
        found.is_some()
    });
    let netns = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    let its = netns(&target);
    wait_until("it is inside", || netns(&pid.to_string()) == its);
    found.unwrap()
}

/// What an engine in another PID namespace tells as a container's process is here one in the namespace of another
/// container, which is on another port of the same bridge.
#[test]
fn a_number_of_another_pid_namespace_leads_to_no_port_of_the_process_that_has_it_here() {
    lab::need!(Docker);
    if !Path::new(LAST_PID).exists() {
        println!("skipped: the kernel lets nothing choose a PID (CONFIG_CHECKPOINT_RESTORE)");
        return;
    }
    let (docker, bridge, other) = (InnerDocker::start(), Bridge::new(), Container::run());
    let wrong = Plugged::new(&other, "eth0", &bridge, Plug::default());
    // Far from the numbers that are given out now, so that no process has it for long.
    let most: u32 = fs::read_to_string("/proc/sys/kernel/pid_max").unwrap().trim().parse().unwrap();
    docker.number_from(most / 2);
    let is_free = |name: &String| !Path::new(&format!("/proc/{}", docker.inner_pid(name))).exists();
    let name = std::iter::repeat_with(|| docker.container()).find(is_free).unwrap();
    let (inner, outer, end) = (docker.inner_pid(&name), docker.outer_pid(&name), unique("v"));
    let _link = Link::named(&end, &["type", "veth", "peer", "name", "eth0", "netns", &outer]);
    let number = bridge.add(&end, &[]);
    let _other = numbered(inner, &other);
    let host = docker.host();
    let found = says(&["-H", &host, "port", "--quiet", &name, bridge.name()]);
    assert_eq!(found, format!("{number}\n"));
    let filter = format!("container={name}");
    let format = "{{.Interface}} {{.OFPort}}";
    let listed = lists(&["ls", "-H", &host, "--filter", &filter, "--format", format]);
    assert_eq!(listed, format!("eth0 {number}\n"));
    let explained = says(&["-H", &host, "explain", &name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {outer} ")), "{explained}");
    let ports = ["ports", bridge.name(), "--format", "{{.Port}} {{.Who}}"];
    let ports = lists(&[&["-H", &host][..], &ports].concat());
    let who = |port: &str| ports.lines().find_map(|row| row.strip_prefix(&format!("{port} ")));
    assert!(who(&end).unwrap().contains(&format!("{name}:eth0")), "{ports}");
    assert!(!who(wrong.host_end()).unwrap().contains(&name), "{ports}");
    let remove = ["disconnect", "--force", "--dry-run", bridge.name(), &name];
    let planned = docker_ovs(&[&["-H", &host][..], &remove].concat());
    assert!(planned.stdout.contains(&end), "{planned:?}");
    assert!(!planned.stdout.contains(wrong.host_end()), "{planned:?}");
    run("ovs-vsctl", &["--if-exists", "del-port", &end]);
}

/// What this program sees from within a PID namespace of its own: no other process.
#[test]
fn an_engine_and_a_switch_that_are_not_seen_are_refused_with_the_reason() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let within = |words: &[&str]| -> Ran {
        let tool = command("docker-ovs", words);
        let mut unshare = lab::program("unshare");
        unshare.args(["--pid", "--mount", "--fork", "--mount-proc"]).arg(tool.get_program());
        unshare.args(tool.get_args()).output().unwrap().into()
    };
    let ran = within(&["port", container.name(), bridge.name()]);
    assert!(
        ran.code == 2 && ran.stderr.contains("PID namespace that this program does not see"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("--pid=host"), "{ran:?}");
    let ports = within(&["ports", bridge.name(), "--format", "json"]);
    assert!(
        ports.stdout.contains("does not see") && !ports.stdout.contains("orphaned"),
        "{ports:?}"
    );
    let pruned = within(&["prune", "--all", "--dry-run"]);
    assert!(!pruned.stdout.contains(plugged.host_end()), "{pruned:?}");
    // With the outer /proc a number means another process than this program's own calls say.
    let tool = command("docker-ovs", &["port", container.name(), bridge.name()]);
    let mut unshare = lab::program("unshare");
    unshare.args(["--pid", "--fork"]).arg(tool.get_program()).args(tool.get_args());
    let ran = Ran::from(unshare.output().unwrap());
    assert!(ran.code == 2 && !ran.stdout.contains("eth0"), "{ran:?}");
}

#[test]
fn a_stale_pid_file_leads_to_no_process_whatever_that_calls_itself() {
    lab::need!(Lab);
    let netns = Netns::new();
    let (mut switch, _end) = switch_with_port(&netns);
    assert_eq!(port_of(switch.rundir(), &netns), "1\n");
    switch.kill_vswitchd();
    let pidfile = switch.rundir().join("ovs-vswitchd.pid");
    nothing_is_taken_for_gone(switch.rundir(), "no process holds the lock");
    // The number was given to another process: one that says nothing, one that lies, this one.
    let sleeps = Process::start("sleep", &["600"]);
    // A shell that calls itself so, and then waits for what never comes, as no other program would
    // keep the name.
    let script = "printf ovs-vswitchd >/proc/self/comm; read -r _";
    let lies = Process::start("sh", &["-c", script]);
    for pid in [sleeps.0.id(), lies.0.id(), std::process::id()] {
        fs::write(&pidfile, format!("{pid}\n")).unwrap();
        nothing_is_taken_for_gone(switch.rundir(), "no process holds the lock");
    }
}

/// A user who may write to the folder may also put something else there.
#[test]
fn a_pid_file_that_is_none_makes_nothing_wait_and_nothing_gone() {
    lab::need!(Lab);
    let netns = Netns::new();
    let (mut switch, _end) = switch_with_port(&netns);
    let pidfile = switch.rundir().join("ovs-vswitchd.pid");
    let path = pidfile.to_str().unwrap().to_owned();
    let other = Process::start("sleep", &["600"]);
    let put = |what: &str| {
        let _ = fs::remove_file(&pidfile);
        let _ = fs::remove_dir(&pidfile);
        match what {
            "fifo" => drop(run("mkfifo", &[&path])),
            "folder" => fs::create_dir(&pidfile).unwrap(),
            "loop" => std::os::unix::fs::symlink(&pidfile, &pidfile).unwrap(),
            "device" => std::os::unix::fs::symlink("/dev/zero", &pidfile).unwrap(),
            "huge" => fs::File::create(&pidfile).unwrap().set_len(1 << 40).unwrap(),
            _ => fs::write(&pidfile, format!("{}\n", other.0.id())).unwrap(),
        }
    };
    let odd = ["fifo", "folder", "loop", "device", "huge", "another's"];
    // Its control socket still tells who it is.
    for what in odd {
        put(what);
        assert_eq!(port_of(switch.rundir(), &netns), "1\n", "{what}");
    }
    switch.kill_vswitchd();
    for what in odd {
        put(what);
        nothing_is_taken_for_gone(switch.rundir(), "ovs-vswitchd");
    }
    let _ = fs::remove_file(&pidfile);
    nothing_is_taken_for_gone(switch.rundir(), "there is no");
}

/// A second server, on a copy of the same database, is another one; and so it is by TCP.
#[test]
fn a_vswitchd_counts_for_its_own_database_only() {
    lab::need!(Lab);
    let netns = Netns::new();
    let (switch, end) = switch_with_port(&netns);
    let rundir = switch.rundir();
    let copy = rundir.join("copy.db");
    fs::copy(rundir.join("conf.db"), &copy).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (file, socket) = (copy.to_str().unwrap(), rundir.join("second.sock"));
    let unix = format!("--remote=punix:{}", socket.display());
    let tcp = format!("--remote=ptcp:{port}:127.0.0.1");
    let control = format!("--unixctl={}", rundir.join("second.ctl").display());
    let _server = Process::start("ovsdb-server", &[file, &unix, &tcp, &control]);
    wait_until("the second server listens", || socket.exists());
    let by_tcp = format!("tcp:127.0.0.1:{port}");
    for (db, why) in
        [(format!("unix:{}", socket.display()), "does not serve"), (by_tcp, "does not listen")]
    {
        let asked = |words: &[&str]| -> Ran {
            let mut tool = command("docker-ovs", &[&["--db", &db], words].concat());
            tool.env("OVS_RUNDIR", rundir).output().unwrap().into()
        };
        let ports = asked(&["ports", "--format", "json"]);
        assert!(ports.stdout.contains("unknown") && ports.stdout.contains(&end), "{db}: {ports:?}");
        assert!(!ports.stdout.contains("orphaned"), "{db}: {ports:?}");
        let pruned = asked(&["prune", "--all", "--dry-run"]);
        assert!(!pruned.stdout.contains(&end), "{db}: {pruned:?}");
        let doctor = asked(&["doctor"]).stdout;
        assert!(doctor.contains(why), "{db}: {doctor}");
    }
    assert_eq!(port_of(rundir, &netns), "1\n");
}

/// A database of another machine that is reached by TCP, while this one has a switch.
#[test]
fn a_database_by_tcp_is_elsewhere_until_it_is_proven_to_be_here() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let plugged = Plugged::new(&netns, "eth0", &bridge, Plug::default());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let remote = format!("ptcp:{port}:127.0.0.1");
    run("ovs-appctl", &["-t", "ovsdb-server", "ovsdb-server/add-remote", &remote]);
    let db = format!("tcp:127.0.0.1:{port}");
    let space = format!("netns:{}", netns.name());
    let here = docker_ovs(&["--db", &db, "port", "--quiet", &space, bridge.name()]);
    let doctor = docker_ovs(&["--db", &db, "doctor"]).stdout;
    run("ovs-appctl", &["-t", "ovsdb-server", "ovsdb-server/remove-remote", &remote]);
    assert_eq!(here.stdout, format!("{}\n", plugged.ofport()), "{here:?}");
    assert!(doctor.contains("listens there, and serves ovs-vswitchd"), "{doctor}");

    let far = Database::start();
    far.vsctl(&["add-br", "far0", "--", "add-port", "far0", plugged.host_end()]);
    let control = far.folder.path().join("ctl");
    run("ovs-appctl", &["-t", control.to_str().unwrap(), "ovsdb-server/add-remote", &remote]);
    let ports = lists(&["--db", &db, "ports", "--format", "json"]);
    assert!(ports.contains("far0") && !ports.contains("orphaned"), "{ports}");
    assert!(!ports.contains("\"on\""), "a port's name is no link of this machine: {ports}");
    let doctor = docker_ovs(&["--db", &db, "doctor"]).stdout;
    assert!(doctor.contains("elsewhere: it is asked at tcp:127.0.0.1:"), "{doctor}");
}

#[test]
fn an_engine_behind_a_relay_is_believed_by_its_containers_alone() {
    lab::need!(Docker);
    let (relay, bridge, container) = (Relay::new(), Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let host = relay.url();
    let found = says(&["-H", &host, "port", "--quiet", container.name(), bridge.name()]);
    assert_eq!(found, format!("{}\n", plugged.ofport()));
    let doctor = docker_ovs(&["-H", &host, "doctor"]).stdout;
    let mut lines = doctor.lines().filter(|line| line.starts_with("identity "));
    let docker = lines.find(|line| line.contains("docker")).unwrap();
    assert!(docker.contains("is in the cgroup of its"), "{doctor}");
    // Without a handle of Docker's its cgroup proves that it is the container's.
    let joined = Container::run_with(&["--network", &format!("container:{}", container.id())]);
    let found = says(&["-H", &host, "port", "--quiet", joined.name(), bridge.name()]);
    assert_eq!(found, format!("{}\n", plugged.ofport()));
    let parent = Container::run_with(&["--network", "none", "--cgroup-parent", "/docker-ovs-test"]);
    let all = lists(&["-H", &host, "snapshot"]);
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    let rows = all["engines"]["docker"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == *parent.name()).unwrap();
    assert!(row["netns"].is_object() && row["netns_error"].is_null(), "{row}");
}

/// Its first process takes the namespace that Docker made for it, and leaves.
#[test]
fn a_container_whose_process_left_has_both_namespaces() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let name = unique("c");
    let script =
        "until [ -d /sys/class/net/eth0 ]; do sleep 0.1; done; exec unshare -n sleep 86400";
    let caps =
        ["--cap-add", "SYS_ADMIN", "--network", "none", "--security-opt", "apparmor=unconfined"];
    let words = ["run", "--detach", "--stop-signal", "KILL", "--name", &name];
    run("docker", &[&words[..], &caps, &[lab::IMAGE, "sh", "-c", script]].concat());
    let _guard = Removed(name.clone());
    let pid = run("docker", &["inspect", "--format", "{{.State.Pid}}", &name]);
    let key = run("docker", &["inspect", "--format", "{{.NetworkSettings.SandboxKey}}", &name]);
    let end = unique("v");
    let inside = format!("/proc/{pid}/ns/net");
    let made = fs::read_link(&inside).unwrap();
    let _link = Link::named(&end, &["type", "veth", "peer", "name", "eth0", "netns", &pid]);
    wait_until("it left", || fs::read_link(&inside).is_ok_and(|now| now != made));
    assert!(Path::new(&key).exists());
    let number = bridge.add(&end, &[]);
    let found = docker_ovs(&["port", "--quiet", &name, bridge.name()]);
    assert_eq!((found.code, found.stdout), (0, format!("{number}\n")));
    assert!(found.stderr.contains("two network namespaces"), "{}", found.stderr);
    let ports = lists(&["ports", bridge.name()]);
    assert!(ports.contains(&format!("{name}:eth0")), "{ports}");
    run("ovs-vsctl", &["--if-exists", "del-port", &end]);
}

struct Removed(String);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = lab::try_run("docker", &["rm", "--force", &self.0]);
    }
}

#[test]
fn doctor_says_of_nothing_that_it_is_well_without_having_looked() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let doctor = command("docker-ovs", &["doctor"]);
    let mut bare = lab::program("setpriv");
    bare.args(["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]);
    let ran = Ran::from(bare.arg(doctor.get_program()).args(doctor.get_args()).output().unwrap());
    let line = |name: &str| ran.stdout.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("namespace ").contains("FAIL") || line("namespace ").contains("fail"), "{ran:?}");
    assert!(line("namespace ").contains("unknown: "), "{ran:?}");
    for name in ["ports ", "checksums "] {
        assert!(line(name).contains("note") && line(name).contains("unknown"), "{ran:?}");
    }
}

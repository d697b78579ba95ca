//! Network namespaces that no engine has: of a process, and of a file that is one.
#![allow(clippy::disallowed_methods, reason = "the test has processes of its own")]

use std::path::{Path, PathBuf};
use std::process::Child;

use lab::{Bridge, Container, Link, Plug, Plugged, program, run, try_run, unique, wait_until};

use crate::tool::{Served, docker_ovs, lists, says};

/// A process in a network namespace of its own.
struct Alone(Child);

impl Alone {
    fn start() -> Self {
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        let alone = Self(program("unshare").args(["--net", "sleep", "86400"]).spawn().unwrap());
        wait_until("the process has a namespace of its own", || {
            let its = std::fs::read_link(format!("/proc/{}/ns/net", alone.0.id()));
            let name = std::fs::read_to_string(format!("/proc/{}/comm", alone.0.id()));
            its.is_ok_and(|its| its != own) && name.is_ok_and(|name| name == "sleep\n")
        });
        alone
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A file that is the namespace of a process, for as long as it is mounted.
pub(crate) struct Mounted(PathBuf);

impl Mounted {
    pub(crate) fn of(pid: &str, path: &Path) -> Self {
        std::fs::write(path, "").unwrap();
        let namespace = format!("/proc/{pid}/ns/net");
        run("mount", &["--bind", &namespace, path.to_str().unwrap()]);
        Self(path.to_owned())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = try_run("umount", &["--lazy", self.0.to_str().unwrap()]);
        let _ = std::fs::remove_file(&self.0);
    }
}

fn plugged(bridge: &Bridge, pid: &str) -> (Link, u16) {
    let end = unique("v");
    let link = Link::named(&end, &["type", "veth", "peer", "name", "eth7", "netns", pid]);
    let number = bridge.add(&end, &[]);
    (link, number)
}

#[test]
fn a_namespace_that_no_engine_has_is_called_by_its_process() {
    lab::need!(Docker);
    let (bridge, alone) = (Bridge::new(), Alone::start());
    let (link, number) = plugged(&bridge, &alone.pid());
    let who = format!("eth7 in pid:{} (sleep)", alone.pid());
    let told = lists(&["ports", bridge.name(), "--format", "{{.OFPort}} {{.Who}}"]);
    assert!(told.lines().any(|row| row == format!("{number} {who}")), "{told}");
    let told = lists(&["who", &format!("{}:{number}", bridge.name())]);
    assert!(told.contains(&alone.pid()), "{told}");
    let asked = ["port", &format!("pid:{}", alone.pid()), bridge.name(), "--quiet"];
    assert_eq!(says(&asked), format!("{number}\n"));
    drop((link, alone));
}

/// A container with a name as another program gives it.
fn called(beginning: &str) -> Container {
    let mut container = Container::run();
    container.rename(&format!("{beginning}{}", unique("n")));
    container
}

/// The recipes for containerlab, Containernet and Mininet: what these plug into a bridge that they do not make, with
/// nothing in the database that says whose it is. Their names, links and ports are made by hand here.
#[test]
fn what_containerlab_and_mininet_plug_into_a_bridge_is_found_by_their_names() {
    lab::need!(Docker);
    let (bridge, host) = (Bridge::new(), Alone::start());
    let (node, mn) = (called("clab-lab-"), called("mn."));
    let of_node = Plugged::new(&node, "eth1", &bridge, Plug::default());
    let of_mn = Plugged::new(&mn, "eth0", &bridge, Plug::default());
    let (link, number) = plugged(&bridge, &host.pid());
    let port = |who: &str| says(&["port", who, bridge.name(), "-q"]);
    assert_eq!(port(node.name()), format!("{}\n", of_node.ofport()));
    assert_eq!(port(mn.name()), format!("{}\n", of_mn.ofport()));
    assert_eq!(port(&format!("pid:{}", host.pid())), format!("{number}\n"));
    let format = "{{.Container}} {{.Interface}} {{.OFPort}}";
    let told = lists(&["ls", "--bridge", bridge.name(), "--format", format]);
    let mut rows: Vec<_> = told.lines().collect();
    rows.sort_unstable();
    let expected = [
        format!("{} eth1 {}", node.name(), of_node.ofport()),
        format!("{} eth0 {}", mn.name(), of_mn.ofport()),
    ];
    assert_eq!(rows, expected);

    // What a lab that crashed leaves behind is the port alone; those that live are not named.
    node.remove();
    wait_until("the kernel deletes the link", || {
        try_run("ip", &["link", "show", "dev", of_node.host_end()]).is_err()
    });
    let told = says(&["prune", "--all", "--dry-run", "--bridge", bridge.name()]);
    assert!(told.contains(of_node.host_end()), "{told}");
    assert!(!told.contains(of_mn.host_end()) && !told.contains(link.name()), "{told}");
    drop((of_node, of_mn, link, host));
}

#[test]
fn a_namespace_without_a_process_is_called_by_the_file_that_it_is() {
    lab::need!(Docker);
    let (bridge, folder) = (Bridge::new(), tempfile::tempdir().unwrap());
    let (path, alone) = (folder.path().join("a space"), Alone::start());
    let mounted = Mounted::of(&alone.pid(), &path);
    let (link, number) = plugged(&bridge, &alone.pid());
    drop(alone);
    let path = path.display();
    let told = lists(&["ports", bridge.name(), "--format", "{{.OFPort}} {{.Who}}"]);
    assert!(told.contains(&format!("{number} eth7 in netns:{path}\n")), "{told}");
    assert_eq!(says(&["port", &format!("netns:{path}"), "--quiet"]), format!("{number}\n"));
    let pruned = docker_ovs(&["prune", "--force", "--all", "--bridge", bridge.name()]);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), link.name(), "{pruned:?}");
    drop((link, mounted));
}

#[test]
fn a_namespace_that_nothing_follows_is_waited_for() {
    lab::need!(Lab);
    let (bridge, alone) = (Bridge::new(), Alone::start());
    let process = format!("pid:{}", alone.pid());
    let wait = |who: &str| docker_ovs(&["--timeout", "20", "wait", who, bridge.name(), "--quiet"]);
    // It is plugged in while it is waited for, and named after that.
    let (waited, (link, number)) = std::thread::scope(|scope| {
        let waits = scope.spawn(|| wait(&process));
        let plugged = plugged(&bridge, &alone.pid());
        (waits.join().unwrap(), plugged)
    });
    assert_eq!((waited.code, waited.stdout), (0, format!("{number}\n")), "{}", waited.stderr);
    let name = unique("n");
    let path = Path::new("/run/netns").join(&name);
    let (waited, mounted) = std::thread::scope(|scope| {
        let waits = scope.spawn(|| wait(&format!("netns:{name}")));
        std::fs::create_dir_all("/run/netns").unwrap();
        let mounted = Mounted::of(&alone.pid(), &path);
        (waits.join().unwrap(), mounted)
    });
    assert_eq!((waited.code, waited.stdout), (0, format!("{number}\n")), "{}", waited.stderr);
    drop((mounted, link, alone));
}

/// A name is a bind mount, which no link tells of.
#[test]
fn a_name_that_comes_or_goes_reaches_the_daemon_by_itself() {
    lab::need!(Docker);
    let (bridge, alone, name) = (Bridge::new(), Alone::start(), unique("n"));
    let (link, number) = plugged(&bridge, &alone.pid());
    let daemon = Served::start(&["--listen", "none"]);
    let told = |who: &str| {
        let ports = daemon.json(&format!("/v1/bridges/{}/ports", bridge.name()));
        let rows = ports.as_array().unwrap().iter();
        let mut of_it = rows.filter(|row| row["OFPort"] == number);
        of_it.any(|row| row.to_string().contains(who))
    };
    wait_until("the port is told", || told(link.name()));
    assert!(!told(&name));
    std::fs::create_dir_all("/run/netns").unwrap();
    let path = Path::new("/run/netns").join(&name);
    let mounted = Mounted::of(&alone.pid(), &path);
    wait_until("it is told by its name", || told(&name));
    drop(mounted);
    wait_until("the name is gone", || !told(&name));
    drop((link, alone));
}

#[test]
fn what_is_waited_for_in_vain_is_told_as_it_is() {
    lab::need!(Docker);
    let (bridge, other) = (Bridge::new(), Bridge::new());
    let alone = Alone::start();
    let (link, _) = plugged(&other, &alone.pid());
    let said = |who: &str| docker_ovs(&["--timeout", "8", "wait", who, bridge.name()]).stderr;
    let elsewhere = said(&format!("pid:{}", alone.pid()));
    assert!(elsewhere.contains(&format!("eth7 is on {}", other.name())), "{elsewhere}");
    drop((link, alone));
    let host = lab::Container::run_with(&["--network", "host"]);
    let shared = said(host.name());
    assert!(shared.contains("shares the host's network"), "{shared}");
    assert!(!shared.contains("no Ethernet interface"), "{shared}");
}

//! Containers of LXC, below a folder that is named by `--engine`.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use lab::{Bridge, Container, Home, Lxc, run, wait_until};

use crate::tool::{Served, by, docker_ovs, says_by};

fn ports(bridge: &Bridge) -> String {
    run("ovs-vsctl", &["list-ports", bridge.name()])
}

#[test]
fn a_container_is_connected_found_restored_and_pruned() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, container) = (Bridge::new(), Lxc::start(folder.path()));
    let name = container.name();
    says_by(
        &container.engine(),
        &["connect", bridge.name(), name, "--ofport", "40201", "--ip", "10.79.7.1/24"],
    );
    let number =
        |words: &str| says_by(&container.engine(), &["port", words, bridge.name(), "--quiet"]);
    assert_eq!(number(name), "40201\n");
    assert_eq!(number(&format!("lxc:{name}")), "40201\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.7.1/24"));
    let explained = says_by(&container.engine(), &["explain", name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {}", container.pid())), "{explained}");
    let who =
        says_by(&container.engine(), &["who", &format!("{}:40201", bridge.name()), "--quiet"]);
    assert_eq!(who, format!("{name}\n"));
    container.stop();
    let ran = by(&container.engine(), &["port", name, bridge.name(), "--quiet"]);
    assert!(ran.code == 2 && ran.stderr.contains("stopped"), "{ran:?}");
    let pruned = by(&container.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, pruned.stdout.as_str()), (0, ""), "it may start again: {pruned:?}");
    container.run();
    let ran = by(&container.engine(), &["restore", name, "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "restored\n"), "{ran:?}");
    assert_eq!(number(name), "40201\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.7.1/24"));
    container.stop();
    container.remove();
    let pruned = by(&container.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, ports(&bridge)), (0, String::new()), "{pruned:?}");
}

/// It is not named by its engine where only one has that name, and other engines are asked with it.
#[test]
fn it_is_asked_beside_docker() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, lxc, docker) = (Bridge::new(), Lxc::start(folder.path()), Container::run());
    let engines = ["--engine", "docker", "--engine", &lxc.engine()];
    for name in [lxc.name(), docker.name()] {
        let ran = docker_ovs(&[&engines[..], &["connect", bridge.name(), name]].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    }
    let filter = format!("bridge={}", bridge.name());
    let words = ["ls", "--partial", "--filter", &filter, "--format", "{{.Container}}"];
    let ran = docker_ovs(&[&engines[..], &words].concat());
    let mut names: Vec<_> = ran.stdout.lines().collect();
    names.sort_unstable();
    let mut both = [lxc.name(), docker.name()];
    both.sort_unstable();
    assert_eq!((ran.code, names), (0, both.to_vec()), "{ran:?}");
}

#[test]
fn one_without_a_network_of_its_own_has_no_interface() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let bridge = Bridge::new();
    let container = Lxc::start_with(folder.path(), "lxc.net.0.type = none");
    let ran = by(&container.engine(), &["connect", bridge.name(), container.name()]);
    assert!(ran.code == 2 && ran.stderr.contains("host"), "{ran:?}");
    assert_eq!(ports(&bridge), "");
}

/// Nothing tells when one starts: the list does, soon.
#[test]
fn the_daemon_restores_one_that_starts_again() {
    lab::alone!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, container) = (Bridge::new(), Lxc::start(folder.path()));
    says_by(
        &container.engine(),
        &["connect", bridge.name(), container.name(), "--ofport", "40203"],
    );
    let served = Served::start_restoring_with(&["--engine", &container.engine()]);
    container.stop();
    container.run();
    let asked = ["port", container.name(), bridge.name(), "--quiet"];
    wait_until("it has its interface again", || {
        by(&container.engine(), &asked).stdout == "40203\n"
    });
    drop(served);
}

/// What listens in the place of a container's monitor, and says to everyone that it is the first process itself.
struct Impostor(std::process::Child);

impl Impostor {
    /// By a command and a user, for the container of a folder.
    fn start(by: &[&str], user: &str, container: &Path) -> Self {
        let script = "
import os, socket, struct, sys, time
os.setuid(int(sys.argv[2]))
server = socket.socket(socket.AF_UNIX)
for attempt in range(200):
    try:
        server.bind('\\0' + sys.argv[1] + '/command')
        break
    except OSError:
        # The monitor ends a little later than its container.
        time.sleep(0.05)
server.listen(8)
print('here', flush=True)
while True:
    client, _ = server.accept()
    client.recv(16)
    client.send(struct.pack('=iiq', 0, 0, os.getpid()))
    client.close()
";
        let mut command = lab::program(by[0]);
        command.args(&by[1..]).args(["-c", script]).arg(container).arg(user);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut here = [0; 4];
        child.stdout.as_mut().unwrap().read_exact(&mut here).unwrap();
        Self(child)
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Such a name is free while its container is stopped: another user may take it, or root within a container that
/// shares the host's network.
#[test]
fn what_listens_in_a_monitors_place_is_no_container() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, container) = (Bridge::new(), Lxc::start(folder.path()));
    says_by(&container.engine(), &["connect", bridge.name(), container.name()]);
    container.stop();
    let own = folder.path().join(container.name());
    let ways: [(&[&str], &str); 2] = [
        (&["python3"], "65534"),
        (&["unshare", "--pid", "--fork", "--kill-child", "python3"], "0"),
    ];
    for (way, user) in ways {
        let impostor = Impostor::start(way, user, &own);
        let ran = by(&container.engine(), &["port", container.name(), bridge.name(), "--quiet"]);
        assert!(ran.code == 2 && ran.stderr.contains("stopped"), "{way:?}: {ran:?}");
        let ran = by(&container.engine(), &["restore", container.name()]);
        assert!(ran.stdout.contains("its container is stopped"), "{way:?}: {ran:?}");
        drop(impostor);
    }
}

#[test]
fn a_monitor_that_hangs_hides_no_other_container() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, one, hung) = (Bridge::new(), Lxc::start(folder.path()), Lxc::start(folder.path()));
    for (container, number) in [(&one, "40204"), (&hung, "40205")] {
        let words = ["connect", bridge.name(), container.name(), "--ofport", number];
        says_by(&container.engine(), &words);
    }
    let pid = hung.pid();
    let stopped = hung.stop_monitor(&pid);
    let filter = format!("bridge={}", bridge.name());
    let words = ["ls", "--filter", &filter, "--format", "{{.Container}} {{.OFPort}}"];
    let ran = by(&one.engine(), &words);
    assert!(ran.code == 2 && ran.stderr.contains(hung.name()), "{ran:?}");
    let ran = by(&one.engine(), &[&words[..], &["--partial"]].concat());
    assert!(ran.stdout.contains(&format!("{} 40204\n", one.name())), "{ran:?}");
    let pruned = by(&one.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert!(ports(&bridge).lines().count() == 2, "{pruned:?}");
    drop(stopped);
    assert_eq!(by(&one.engine(), &words).code, 0);
}

//! A thousand namespaces, each with a veth on a port of the kernel's datapath, and two containers
//! among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Instant;

use lab::{Bridge, Container, run, try_run, unique};

use crate::machine::setting::Setting;
use crate::tool::{drop_in, number, says};

/// Namespaces and veths, made and removed by one ip(8) each: a process for each would take longer
/// than all else. None has the nine devices that tunnels' modules would put there.
struct Crowd {
    names: Vec<String>,
    _udev: StoppedUdev,
    _setting: Setting,
}

impl Crowd {
    /// Namespaces and host ends have the same names.
    fn new(count: usize) -> Self {
        let names = (0..count).map(|_| unique("t")).collect();
        let crowd =
            Self { names, _udev: StoppedUdev::new(), _setting: Setting::no_fallback_tunnels() };
        crowd.batch(|name| format!("netns add {name}"));
        crowd.batch(|name| format!("link add {name} up type veth peer name eth0 netns {name}"));
        crowd
    }

    /// All in one transaction: vswitchd goes through all its ports after each.
    fn join(&self, bridge: &Bridge) {
        let words = self.names.iter().flat_map(|name| ["--", "add-port", bridge.name(), name]);
        run("ovs-vsctl", &words.collect::<Vec<_>>());
    }

    fn batch(&self, line: impl Fn(&String) -> String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = self.names.iter().fold(String::new(), |mut lines, name| {
            writeln!(lines, "{}", line(name)).unwrap();
            lines
        });
        std::fs::write(file.path(), lines).unwrap();
        run("ip", &["-batch", file.path().to_str().unwrap()]);
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let left = |name: &&String| std::path::Path::new("/run/netns").join(name).exists();
        self.names = self.names.iter().filter(left).cloned().collect();
        self.batch(|name| format!("netns del {name}"));
    }
}

/// udev's rules are a dozen processes for each link, and nothing here is about them.
struct StoppedUdev;

impl StoppedUdev {
    fn new() -> Self {
        run("udevadm", &["control", "--stop-exec-queue"]);
        Self
    }
}

impl Drop for StoppedUdev {
    fn drop(&mut self) {
        let _ = try_run("udevadm", &["control", "--start-exec-queue"]);
    }
}

/// The number of each interface, as the database has it.
fn by_ovs() -> BTreeMap<String, String> {
    let words = ["--format=csv", "--no-headings", "--columns=name,ofport", "list", "Interface"];
    let said = run("ovs-vsctl", &words);
    let pairs = said.lines().filter_map(|line| line.split_once(','));
    pairs.map(|(name, number)| (name.trim_matches('"').to_owned(), number.to_owned())).collect()
}

/// What is done, and how long it took: for people, no test depends on it.
fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = act();
    println!("{what}: {:?}", start.elapsed());
    done
}

#[test]
fn a_thousand_namespaces_are_answered_as_the_switch_has_them() {
    lab::alone!(Machine);
    let count = number("DOCKER_OVS_TEST_CROWD", 1000);
    let crowd = timed("namespaces and veths", || Crowd::new(count));
    // It goes first: ports whose links vanish are gone through once for each link.
    let bridge = Bridge::new();
    timed("ports", || crowd.join(&bridge));
    let containers = [Container::run(), Container::run()];
    for container in &containers {
        let connect = ["connect", bridge.name(), container.name()];
        timed("connect", || says(&connect));
    }
    let known = by_ovs();
    listed(&bridge, &crowd, &containers, &known);
    // The first, the last, and some between.
    let some = crowd.names.iter().step_by(count.div_ceil(8)).chain(crowd.names.last());
    for name in some {
        let target = format!("netns:{name}");
        let said = timed("port", || says(&["port", &target, bridge.name(), "-q"]));
        assert_eq!(said.trim_end(), known[name], "{name}");
    }
    drop(containers);
    timed("ports removed", || drop(bridge));
    timed("namespaces removed", || drop(crowd));
}

/// `ports` has every namespace and container on the number that the database has; `ls` the
/// containers, as does the drop-in.
fn listed(
    bridge: &Bridge,
    crowd: &Crowd,
    containers: &[Container],
    known: &BTreeMap<String, String>,
) {
    let words =
        ["ports", bridge.name(), "--format", "{{.Port}} {{.OFPort}} {{.Occupant}} {{.Who}}"];
    let told = timed("ports lists", || says(&words));
    let rows: Vec<Vec<_>> = told.lines().map(|line| line.splitn(4, ' ').collect()).collect();
    assert_eq!(rows.len(), crowd.names.len() + containers.len() + 1, "and the bridge itself");
    let names: BTreeSet<_> = crowd.names.iter().map(String::as_str).collect();
    for row in &rows {
        assert_eq!(row[1], known[row[0]], "{row:?}");
        assert_eq!(row[2] == "namespace", names.contains(row[0]), "{row:?}");
        assert!(!names.contains(row[0]) || row[3].contains(row[0]), "{row:?}");
    }
    let words =
        ["ls", "--bridge", bridge.name(), "--format", "{{.Container}} {{.Port}} {{.OFPort}}"];
    let told = timed("ls", || says(&words));
    assert_eq!(told.lines().count(), containers.len(), "{told}");
    for container in containers {
        let begin = format!("{} ", container.name());
        let line = told.lines().find_map(|line| line.strip_prefix(&begin));
        let (port, number) = line.and_then(|line| line.split_once(' ')).expect(&told);
        assert_eq!(number, known[port], "{line:?}");
        let ran = timed("docker-ovs-port", || drop_in(&[container.name(), bridge.name()]));
        assert!(ran.stdout.starts_with(&format!("eth0,{number},")), "{ran:?}");
    }
}

//! A thousand namespaces, each with a veth on a port of the kernel's datapath.

use std::collections::BTreeMap;
use std::fmt::Write;

use lab::{Bridge, run, try_run, unique};

use crate::tool::{number, says};

/// The namespaces and links of one batch, removed with their guard.
struct Crowd(Vec<String>);

impl Crowd {
    /// Namespaces and host ends have the same names.
    fn new(count: usize) -> Self {
        let crowd = Self((0..count).map(|_| unique("t")).collect());
        batch(&crowd.0, |name| format!("netns add {name}"));
        batch(&crowd.0, |name| format!("link add {name} up type veth peer name eth0 netns {name}"));
        crowd
    }

    fn join(&self, bridge: &Bridge) {
        for some in self.0.chunks(100) {
            let words = some.iter().flat_map(|name| ["--", "add-port", bridge.name(), name]);
            run("ovs-vsctl", &words.collect::<Vec<_>>());
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for name in &self.0 {
            let _ = try_run("ip", &["netns", "del", name]);
        }
    }
}

fn batch(names: &[String], line: impl Fn(&String) -> String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines = names.iter().fold(String::new(), |mut lines, name| {
        writeln!(lines, "{}", line(name)).unwrap();
        lines
    });
    std::fs::write(file.path(), lines).unwrap();
    run("ip", &["-batch", file.path().to_str().unwrap()]);
}

/// The number of each interface, as the database has it.
fn by_ovs() -> BTreeMap<String, String> {
    let words = ["--format=csv", "--no-headings", "--columns=name,ofport", "list", "Interface"];
    let said = run("ovs-vsctl", &words);
    let pairs = said.lines().filter_map(|line| line.split_once(','));
    pairs.map(|(name, number)| (name.trim_matches('"').to_owned(), number.to_owned())).collect()
}

#[test]
fn a_thousand_namespaces_are_answered_as_the_switch_has_them() {
    lab::alone!(Machine);
    let count = number("DOCKER_OVS_TEST_CROWD", 1000);
    let (bridge, crowd) = (Bridge::new(), Crowd::new(count));
    crowd.join(&bridge);
    let ports = says(&["ports", bridge.name(), "--format", "{{.Port}} {{.OFPort}} {{.Occupant}}"]);
    let known = by_ovs();
    let listed: Vec<Vec<_>> = ports.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(listed.len(), count + 1, "and the bridge itself");
    for row in &listed {
        assert_eq!(row[1], known[row[0]], "{row:?}");
        assert_ne!(row[2], "orphaned", "{row:?}");
    }
    // The first, the last, and some between.
    let some = crowd.0.iter().step_by(count.div_ceil(8)).chain(crowd.0.last());
    for name in some {
        let target = format!("netns:{name}");
        let said = says(&["port", &target, bridge.name(), "-q"]);
        assert_eq!(said.trim_end(), known[name], "{name}");
    }
}

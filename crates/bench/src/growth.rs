//! What a lookup and a listing take when the switch has more: ports, flows. How they grow with containers,
//! and with hosts, is measured with these.

use lab::{Bridge, run, unique};

use crate::flows::fill;
use crate::measure::{Contest, Scores};
use crate::rows::{Rows, Tools, runner};
use crate::scene::Scene;

/// Ports beside those of the scene; with many more of them vswitchd itself is the bottleneck.
const PORTS: usize = 900;
/// Flows beside those of the scene.
const FLOWS: usize = 100_000;
/// Ports of one transaction: a command line is not endless.
const AT_ONCE: usize = 300;

/// Measures once, on the smaller scene: that has the least else to do.
pub(crate) fn tell(rows: &mut Rows, size: usize, tools: &Tools, scene: &Scene, rounds: usize) {
    if size > 100 {
        return;
    }
    let measure = || {
        let lookup = [&*tools.ours("docker-ovs-port"), &scene.one().name, scene.bridge()];
        let list = [&*tools.ours("docker-ovs"), "ls"];
        Contest::new(vec![runner("lookup", &lookup), runner("ls", &list)]).run(rounds)
    };
    let before = measure();
    let mut compare = |what: &str, after: &Scores| {
        for name in ["lookup", "ls"] {
            let row = format!("{name}, {what} / without");
            rows.ratio(&row, after[name], before[name], 1.25);
        }
    };
    let bridge = Bridge::new();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fill(&bridge, FLOWS, folder.path());
    compare(&format!("{FLOWS} more flows"), &measure());
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    add_ports(&bridge);
    compare(&format!("{PORTS} more ports"), &measure());
}

/// Patch ports lead nowhere and cost the datapath nothing.
fn add_ports(bridge: &Bridge) {
    let names: Vec<_> = (0..PORTS).map(|_| unique("p")).collect();
    for some in names.chunks(AT_ONCE) {
        let add = |name: &String| -> Vec<String> {
            let words = ["--", "add-port", bridge.name(), name, "--", "set", "interface", name];
            let peer = format!("options:peer={name}x");
            let words = words.into_iter().map(str::to_owned);
            words.chain(["type=patch".to_owned(), peer]).collect()
        };
        let words: Vec<_> = some.iter().flat_map(add).skip(1).collect();
        run("ovs-vsctl", &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

//! What a lookup and a listing take when the switch has more: ports, flows, and how long vswitchd is held by a listing
//! of these. How they grow with containers, and with hosts, is measured with these.

use lab::{Bridge, run, unique};

use crate::flows::{fill, has_verb};
use crate::measure::{Contest, Scores};
use crate::rows::{ResultTable, Tools, runner};
use crate::scene::Scene;
use crate::waits::longest;

/// Ports beside those of the scene; with many more of them vswitchd itself is the bottleneck.
const PORTS: usize = 900;
/// Flows beside those of the scene.
const FLOWS: usize = 100_000;
/// Ports of one transaction: a command line is not endless.
const AT_ONCE: usize = 300;

/// Measures once, on the smaller scene: that has the least else to do.
pub(crate) fn tell(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    rounds: usize,
) {
    if size > 100 {
        return;
    }
    let measure = || {
        let lookup = [&*tools.ours("docker-ovs-port"), &scene.one().name, scene.bridge()];
        let list = [&*tools.ours("docker-ovs"), "ls"];
        let theirs = ["ovs-vsctl", "--format=json", "list", "Interface"];
        let all = [("lookup", &lookup[..]), ("ls", &list), ("ovs-vsctl list", &theirs)];
        Contest::new(all.map(|(name, words)| runner(name, words)).into()).run(rounds)
    };
    let before = measure();
    let compare = |rows: &mut ResultTable, name: &str, what: &str, after: &Scores| {
        rows.ratio(&format!("{name}, {what} / without"), after[name], before[name], 1.25);
    };
    let bridge = Bridge::new();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fill(&bridge, FLOWS, folder.path());
    let with_flows = measure();
    for name in ["lookup", "ls"] {
        compare(rows, name, "100,000 more flows", &with_flows);
    }
    tell_waits(rows, tools, &bridge, rounds.div_ceil(3));
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    add_ports(&bridge);
    // A listing has them all to read, and so has its neighbour.
    let with_ports = measure();
    compare(rows, "lookup", "900 more ports", &with_ports);
    let row = "ls, 900 more ports / ovs-vsctl list Interface";
    rows.ratio(row, with_ports["ls"], with_ports["ovs-vsctl list"], 1.0);
}

/// How long others wait for vswitchd while all flows of a bridge are listed.
fn tell_waits(rows: &mut ResultTable, tools: &Tools, bridge: &Bridge, rounds: usize) {
    let ours = tools.ours("docker-ovs");
    if !has_verb(&ours, "flows") {
        return;
    }
    let listing = runner("flows", &[&ours, "flows", bridge.name()]);
    let theirs = runner("dump-flows", &["ovs-ofctl", "dump-flows", bridge.name()]);
    let row = "longest wait in flows of 100,000 / in ovs-ofctl dump-flows";
    rows.ratio(row, longest(&listing, rounds), longest(&theirs, rounds), 1.1);
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

//! What it costs the verbs of a host that its daemon belongs to a fleet, whether etcd answers or hangs.

use std::net::TcpListener;

use lab::{Etcd, KnownMeshes};

use crate::daemon::Daemon;
use crate::flows::has_verb;
use crate::measure::Contest;
use crate::rows::{ResultTable, Tools, runner};
use crate::scene::Scene;

/// Measures three daemons in turn, where the build knows fleets.
pub(crate) fn tell(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    rounds: usize,
) {
    let ours = tools.ours("docker-ovs");
    if !has_verb(&ours, "mesh") {
        return;
    }
    let _known = KnownMeshes::keep();
    let etcd = Etcd::start(1);
    // What connects waits for an answer that never comes.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let silent = format!("http://{}", listener.local_addr().expect("it listens"));
    let daemons = [
        Daemon::start(tools, &[]),
        Daemon::start_with(tools, &["--etcd", &etcd.endpoints()]),
        Daemon::start_with(tools, &["--etcd", &silent]),
    ];
    let port = &*scene.one().name;
    let verbs: [(_, &[&str]); 2] = [
        (["ls", "ls in a fleet", "ls, etcd hangs"], &["ls"]),
        (["port", "port in a fleet", "port, etcd hangs"], &["port", port]),
    ];
    let runners = verbs.iter().flat_map(|(names, words)| {
        let asked = names.iter().zip(&daemons);
        asked.map(|(name, daemon)| {
            runner(name, &[&[&*ours, "--server", &daemon.url()], *words].concat())
        })
    });
    let scores = Contest::new(runners.collect()).run(rounds);
    for ([alone, fleet, hangs], _) in verbs {
        for (name, with) in [(fleet, "with etcd"), (hangs, "with etcd that hangs")] {
            let row = format!("{alone} by the daemon, {with} / without, {size}");
            rows.ratio(&row, scores[name], scores[alone], 1.1);
        }
    }
}

//! Flow tables in container names, beside the programs that print them without.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use lab::{Bridge, ofport_of, run};

use crate::measure::{Contest, Runner};
use crate::rows::{ResultTable, Tools};
use crate::scene::Scene;

/// Flows of the bridge that is listed.
const FLOWS: usize = 10_000;
/// Lines of the text that is annotated: some 80 MB.
const LINES: usize = 400_000;
/// A filter may take twice as long as sed; longer, where it does so many bytes a second all the same.
const TIMES_SED: f64 = 2.0;
const BYTES_A_SECOND: f64 = 200e6;
/// What a filter may hold, whatever the text: in MiB.
const FLAT: f64 = 24.0;

/// Measures `annotate`, `flows` and `trace`, where the build has them.
pub(crate) fn tell(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    rounds: usize,
) {
    let ours = tools.ours("docker-ovs");
    if !has_verb(&ours, "annotate") {
        return;
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let text = folder.path().join("text");
    let lines = lines(LINES);
    #[allow(clippy::cast_precision_loss, reason = "it is some 80 million bytes")]
    let enough = lines.len() as f64 / BYTES_A_SECOND;
    std::fs::write(&text, lines).expect("there is room for the text");
    let endless = folder.path().join("endless");
    write_endless(&endless);
    let bridge = Bridge::new();
    fill(&bridge, FLOWS, folder.path());
    let (text, endless) = (text.display(), endless.display());
    let (name, on) = (bridge.name(), scene.bridge());
    let shell =
        |name, line: String| Runner { name, words: vec!["sh".into(), "-c".into(), line], code: 0 };
    let trace = |from: &str, to: &str| format!("{ours} trace {from} {to} --raw arp,arp_op=1");
    let (one, other) = (scene.one(), scene.last());
    for container in [one, other] {
        // A link that is down sends nothing, and a trace of nothing is none.
        let pid = run("docker", &["inspect", "--format", "{{.State.Pid}}", &container.name]);
        run("nsenter", &["--target", &pid, "--net", "ip", "link", "set", "eth0", "up"]);
    }
    let ports = [one, other].map(|at| format!("{on}:{}", ofport_of(&at.host_ends[0])));
    let (one, other) = (&one.name, &other.name);
    let scores = Contest::new(vec![
        shell("annotate", format!("exec {ours} annotate {on} < {text}")),
        shell("annotate endless", format!("exec {ours} annotate {on} < {endless}")),
        shell("sed", format!("exec sed s/in_port=3,/in_port=web,/ {text}")),
        shell("flows", format!("exec {ours} flows {name}")),
        shell("dump-flows", format!("exec ovs-ofctl dump-flows {name}")),
        shell("trace", format!("exec {}", trace(one, other))),
        shell("trace of containers' ports", format!("exec {}", trace(&ports[0], &ports[1]))),
        // A verdict is no failure.
        shell("trace of ports", trace(&format!("{on}:1"), &format!("{on}:LOCAL")) + "; true"),
        shell(
            "ofproto/trace",
            format!("exec ovs-appctl ofproto/trace {on} in_port=1,arp,arp_op=1"),
        ),
    ])
    .run(rounds);
    let (annotate, sed) = (scores["annotate"], scores["sed"]);
    let target = (enough / sed.time.as_secs_f64() * 100.0).round() / 100.0;
    rows.ratio(&format!("annotate of 80 MB / sed, {size}"), annotate, sed, target.max(TIMES_SED));
    for name in ["annotate", "annotate endless"] {
        let mib = f64::from(u32::try_from(scores[name].memory).unwrap_or(u32::MAX)) / 1024.0;
        rows.line(&format!("memory of {name} in MiB, {size}"), mib, FLAT, "");
    }
    let (flows, theirs) = (scores["flows"], scores["dump-flows"]);
    rows.ratio(&format!("flows of 10,000 / ovs-ofctl dump-flows, {size}"), flows, theirs, 1.3);
    let theirs = scores["ofproto/trace"];
    for name in ["trace", "trace of containers' ports", "trace of ports"] {
        let row = format!("{name} / ovs-appctl ofproto/trace, {size}");
        rows.ratio(&row, scores[name], theirs, 1.3);
    }
}

/// An earlier build may not know the verb yet.
pub(crate) fn has_verb(program: &str, verb: &str) -> bool {
    let asked = Command::new(program).args([verb, "--help"]).output();
    asked.is_ok_and(|answer| answer.status.success())
}

/// Flows as ovs-ofctl prints them.
fn lines(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let (port, other) = (1 + n % 299, 1 + n % 307);
        writeln!(
            text,
            " cookie=0x0, duration={}.25s, table={}, n_packets={n}, n_bytes={}, idle_age=3, priority={},tcp,\
             in_port={port},dl_src=02:42:ac:11:00:{:02x},nw_dst=10.0.{}.0/24,tp_dst=80 \
             actions=mod_vlan_vid:{},output:{other}",
            n % 900, n % 4, n * 60, n % 60_000, n % 256, other % 256, other % 4000,
        )
        .expect("a string takes what is written to it");
    }
    text
}

/// 100 MB without the end of a line.
fn write_endless(path: &std::path::Path) {
    let mut file = std::fs::File::create(path).expect("there is room for the text");
    for _ in 0..100 {
        file.write_all(&b"in_port=3,output:4, ".repeat(52_429))
            .expect("there is room for the text");
    }
}

/// Adds `count` flows to a bridge.
pub(crate) fn fill(bridge: &Bridge, count: usize, folder: &std::path::Path) {
    let mut flows = String::new();
    for n in 0..count {
        writeln!(
            flows,
            "priority={},in_port={},dl_vlan={},actions=output:{}",
            n % 60_000,
            1 + n % 299,
            n % 4000,
            1 + n % 307
        )
        .expect("a string takes what is written to it");
    }
    let file = folder.join("flows");
    std::fs::write(&file, flows).expect("there is room for the flows");
    run("ovs-ofctl", &["add-flows", bridge.name(), &file.display().to_string()]);
}

//! A new interface on a bridge, and what it takes to make one otherwise.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::{Container, Home, run, try_run};

use crate::measure::median;
use crate::rows::{ResultTable, Tools};
use crate::scene::Scene;

/// What ours may take of the others' time.
const TARGET: f64 = 0.3;
const CIDR: &str = "10.99.0.1/24";

/// How long vswitchd goes on after a port and its link were taken away, with 300 others and some
/// to spare. The next command would wait for the end of it.
pub(crate) const AFTERMATH: Duration = Duration::from_millis(200);

/// One way to make an interface `eth9`.
struct ConnectMethod {
    name: &'static str,
    connect: Vec<String>,
    taken: Vec<Duration>,
}

/// Makes an interface in turn by each way, `rounds` times, and takes it away again unmeasured.
pub(crate) fn tell(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    rounds: usize,
) {
    let container = Container::run();
    let mut ways = ways(tools, scene.bridge(), container.name());
    for round in 0..=rounds {
        for way in &mut ways {
            let mut command = Command::new(&way.connect[0]);
            command.args(&way.connect[1..]).stdin(Stdio::null()).stdout(Stdio::null());
            let start = Instant::now();
            let status = command.status().expect("it can be started");
            assert!(status.success(), "{:?}: {status}", way.connect);
            // The first is to warm up.
            way.taken.extend((round > 0).then(|| start.elapsed()));
            clear(&container);
        }
    }
    let medians: Vec<_> = ways.iter().map(|way| median(way.taken.clone())).collect();
    for (way, theirs) in ways.iter().zip(&medians).skip(1) {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let beside = format!("{:9.2} ms {:9.2} ms", ms(medians[0]), ms(*theirs));
        let name = format!("connect / {}, {size}", way.name);
        rows.line(&name, ms(medians[0]) / ms(*theirs), TARGET, &beside);
    }
}

fn ways(tools: &Tools, bridge: &str, container: &str) -> Vec<ConnectMethod> {
    let way = |name, words: &[&str]| ConnectMethod {
        name,
        connect: words.iter().map(|word| (*word).to_owned()).collect(),
        taken: Vec::new(),
    };
    let ours = ["connect", bridge, container, "--interface", "eth9", "--ip", CIDR];
    let address = format!("--ipaddress={CIDR}");
    vec![
        way("ours", &[&[&*tools.ours("docker-ovs")], &ours[..]].concat()),
        way("ovs-docker", &["ovs-docker", "add-port", bridge, "eth9", container, &address]),
        way("pipework-style shell", &[&tools.baseline("connect"), bridge, "eth9", container, CIDR]),
    ]
}

/// Made by any program: the port of the bridge whose veth leads to `eth9`.
#[allow(clippy::disallowed_methods, reason = "vswitchd does not tell when it is at rest")]
fn clear(container: &Container) {
    let inside = container.ip(&["-o", "link", "show", "dev", "eth9"]);
    let peer = inside.split_once("@if").and_then(|(_, rest)| rest.split(':').next());
    let index = peer.expect("a veth names its other end");
    let links = run("ip", &["-o", "link"]);
    let line = links.lines().find(|line| line.starts_with(&format!("{index}: ")));
    let name = line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    run("ovs-vsctl", &["--if-exists", "del-port", name]);
    let _ = try_run("ip", &["link", "del", name]);
    std::thread::sleep(AFTERMATH);
}

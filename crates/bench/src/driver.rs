//! Containers that start on a network of the driver's and on their engine's own, and what the driver takes
//! of that time for itself.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lab::{IMAGE, Need, Network, Plugin, Podman, is_there, unique};

use crate::connecting::AFTERMATH;
use crate::flows::has_verb;
use crate::measure::{Contest, Runner, median};
use crate::rows::{ResultTable, Tools, runner};
use crate::scene::Scene;

/// So many times a container is started on each network, in turn.
const PAIRS: usize = 20;
/// What a container may take of the time that it takes on the engine's own network.
const RUN: f64 = 1.05;
/// What CreateEndpoint and Join may take together, in milliseconds.
const CALLS: f64 = 25.0;

/// A network of Docker's own bridge driver, removed with its guard.
struct BridgeNetwork(String);

impl BridgeNetwork {
    fn create() -> Self {
        let name = unique("net");
        lab::run("docker", &["network", "create", "-d", "bridge", &name]);
        Self(name)
    }

    fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for BridgeNetwork {
    fn drop(&mut self) {
        let _ = lab::try_run("docker", &["network", "rm", &self.0]);
    }
}

/// Measures both engines, where the build has the driver.
pub(crate) fn tell(rows: &mut ResultTable, size: usize, tools: &Tools, scene: &Scene) {
    let ours = tools.ours("docker-ovs");
    if !has_verb(&ours, "driver") {
        return;
    }
    let driver = Plugin::start(|words| {
        let mut command = Command::new(&ours);
        command.args(words);
        command
    });
    let network = Network::create(driver.name(), scene.bridge(), &[]);
    tell_docker(rows, size, &network);
    let ms = endpoint(&driver, &network).as_secs_f64() * 1000.0;
    rows.line(&format!("CreateEndpoint and Join in ms, {size}"), ms, CALLS, "");
    drop(network);
    if is_there(Need::Podman) && is_there(Need::Netavark) {
        tell_podman(rows, size, &ours, scene);
    }
}

fn tell_docker(rows: &mut ResultTable, size: usize, network: &Network) {
    let on = |name, network: &str| {
        runner(name, &["docker", "run", "--rm", "--network", network, IMAGE, "busybox", "true"])
    };
    // Not the one that is there from the start: on that alone a container is not given a name server of
    // Docker's, for which it starts a program of its own.
    let theirs = BridgeNetwork::create();
    let scores = Contest::new(vec![on("ours", network.name()), on("theirs", theirs.name())]);
    let scores = scores.run(PAIRS);
    let row = format!("docker run / on a bridge network, {size}");
    rows.ratio(&row, scores["ours"], scores["theirs"], RUN);
}

fn tell_podman(rows: &mut ResultTable, size: usize, ours: &str, scene: &Scene) {
    let folder = tempfile::tempdir().expect("a folder");
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).expect("a folder");
    std::os::unix::fs::symlink(ours, plugins.join("ovs")).expect("a link");
    let podman = Podman::serve(folder.path());
    let bridge = format!("bridge={}", scene.bridge());
    podman.podman_with(&plugins, &["network", "create", "-d", "ovs", "-o", &bridge, "ours"]);
    // Neither has a name server: a program of its own would be started for that.
    podman.podman_with(&plugins, &["network", "create", "--disable-dns", "theirs"]);
    let on = |network: &'static str| -> Runner {
        let run = ["run", "--rm", "--network", network, podman.image(), "busybox", "true"];
        let words = podman.words_with(&plugins, &run);
        runner(network, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let scores = Contest::new(vec![on("ours"), on("theirs")]).run(PAIRS);
    let row = format!("podman run / on netavark's bridge, {size}");
    rows.ratio(&row, scores["ours"], scores["theirs"], RUN);
    remove(&podman, &plugins);
}

fn remove(podman: &Podman, plugins: &Path) {
    for network in ["ours", "theirs"] {
        let _ = podman.try_podman_with(plugins, &["network", "rm", network]);
    }
}

/// What the driver takes for an endpoint, as Docker asks for it: the median of [`PAIRS`], each while the
/// switch is at rest.
#[allow(clippy::disallowed_methods, reason = "vswitchd does not tell when it is at rest")]
fn endpoint(driver: &Plugin, network: &Network) -> Duration {
    let id = network.id();
    let taken = (0..PAIRS).map(|n| {
        let endpoint = format!("{}{n:050x}", unique("e"));
        let of = format!(r#""NetworkID":"{id}","EndpointID":"{endpoint}""#);
        let call = |method: &str, more: &str| {
            let told = driver.call(&format!("NetworkDriver.{method}"), &format!("{{{of}{more}}}"));
            assert!(told.status == 200 && !told.body.contains("\"Err\""), "{method}: {told:?}");
        };
        let address = format!(r#","Interface":{{"Address":"192.0.2.{}/24"}}"#, n + 2);
        let start = Instant::now();
        call("CreateEndpoint", &address);
        call("Join", r#","SandboxKey":"/var/run/docker/netns/x""#);
        let time = start.elapsed();
        call("Leave", "");
        call("DeleteEndpoint", "");
        std::thread::sleep(AFTERMATH);
        time
    });
    median(taken.collect())
}

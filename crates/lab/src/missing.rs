//! What this machine lacks of what a test needs: which program, which socket, which right.

use std::path::Path;

use rustix::thread::{CapabilitySet, capabilities};

use crate::places::{
    USUAL_ENGINE, docker_host, os_ken, rundir, socket_of, task_limits, vswitchd_elsewhere,
};
use crate::run::{missing_program, run, try_run};

/// What a test needs, and what a machine may lack. What `DOCKER_OVS_TEST_WITHOUT` names is never
/// there: `browser`, `faketime`, `os-ken`, `promtool`,
/// `tmux`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Root, with the capabilities that the product needs.
    Root,
    /// Root, and Open vSwitch in the network namespace that the tests run in.
    Lab,
    /// The same, and Docker.
    Docker,
    /// Docker, and leave to restart daemons: `DOCKER_OVS_TEST_RESTARTS` is 1. A leave that is
    /// not given is never a failure, also where `DOCKER_OVS_TEST_REQUIRE` is set.
    Restarts,
    /// Docker, and the machine of `make test-machine`, which says so by `DOCKER_OVS_TEST_MACHINE`
    /// being 1: systemd, a kernel with Open vSwitch's datapath and every kind of link, and nothing
    /// on it that a test could harm. Elsewhere its lack is never a failure.
    Machine,
    /// Podman.
    Podman,
    /// Podman, and what lets a user run it without root.
    Rootless,
    /// Podman with netavark, whose plugins there are from Podman 4.5 on. A Debian without is never a
    /// failure.
    Netavark,
    /// Docker Compose of a version that gives options to an endpoint, 2.27; as above.
    Compose,
    /// containerd, and CNI's plugins.
    Containerd,
    /// LXC.
    Lxc,
    /// Incus, or LXD.
    Lxd,
    /// systemd-nspawn.
    Nspawn,
    /// Chromium and its driver.
    Browser,
    /// The library of faketime(1).
    Faketime,
    /// Prometheus' checker of metrics.
    Promtool,
    /// systemd's systemd-analyze(1); no systemd need run.
    SystemdAnalyze,
    /// Root, and control groups of this machine that limit how many tasks there are.
    TaskLimits,
    /// tmux(1), a terminal that programs can look at.
    Tmux,
    /// The controller of `examples/os-ken`.
    OsKen,
    /// etcd(1) and etcdctl(1); no root.
    Etcd,
}

/// What is missing.
pub(crate) struct Missing {
    /// In words that follow "needs".
    pub(crate) what: String,
    /// A run may be without it, also where all is required.
    pub(crate) spared: bool,
}

impl<T: Into<String>> From<T> for Missing {
    fn from(what: T) -> Self {
        Self { what: what.into(), spared: false }
    }
}

/// None where nothing is.
pub(crate) fn missing(need: Need) -> Option<Missing> {
    match need {
        Need::Root => of_root().map(Missing::from),
        Need::Lab => missing(Need::Root).or_else(|| of_open_vswitch().map(Missing::from)),
        Need::Docker => missing(Need::Lab).or_else(|| of_docker().map(Missing::from)),
        Need::Restarts => of_leave().or_else(|| missing(Need::Docker)).or_else(of_usual_docker),
        Need::Machine => of_machine().or_else(|| missing(Need::Docker)),
        Need::Podman => of_podman(),
        Need::Rootless => of_podman().or_else(|| {
            let programs = ["newuidmap", "setpriv", "useradd"];
            programs.into_iter().find_map(missing_program).map(Missing::from)
        }),
        Need::Netavark => of_netavark(),
        Need::Compose => of_compose(),
        Need::Containerd => of_containerd().map(Missing::from),
        Need::Nspawn => of_runtime("systemd-nspawn", (258, 0)),
        Need::Lxc => of_runtime("lxc-start", (7, 0)),
        Need::Lxd => {
            let there = crate::lxd::Server::of_this_machine().is_some();
            let what = || Some("Incus or LXD (scripts/setup --for-tests)".into());
            // Both have LXC in a library of the same version.
            if there { of_control_groups("lxc-start", (7, 0)) } else { what() }
        }
        Need::Etcd => ["etcd", "etcdctl"].into_iter().find_map(missing_program).map(Missing::from),
        Need::Browser => of_tool(&["chromium", "chromedriver"], "browser"),
        Need::Promtool => of_tool(&["promtool"], "promtool"),
        Need::SystemdAnalyze => missing_program("systemd-analyze").map(Missing::from),
        Need::TaskLimits => missing(Need::Root).or_else(|| {
            let there = task_limits().is_some();
            (!there).then(|| "control groups that limit tasks, below /sys/fs/cgroup".into())
        }),
        Need::Tmux => spared("tmux").or_else(|| complaint("tmux", &["-V"]).map(Missing::from)),
        Need::Faketime => spared("faketime").or_else(|| {
            let there = crate::clock::library().is_some();
            (!there).then(|| "libfaketime (scripts/setup --for-tests)".into())
        }),
        Need::OsKen => spared("os-ken").or_else(|| {
            let python = os_ken();
            let what = || format!("os-ken at {} (scripts/setup --for-tests)", python.display());
            (!python.exists()).then(|| what().into())
        }),
    }
}

/// A program that runs containers, which from `unified_from` on does so in control groups of version 2 alone.
fn of_runtime(program: &str, unified_from: (u32, u32)) -> Option<Missing> {
    complaint(program, &["--version"])
        .map(Missing::from)
        .or_else(|| of_control_groups(program, unified_from))
}

/// Whether a program is of a version that needs other control groups than this machine has (cgroups(7)).
fn of_control_groups(program: &str, unified_from: (u32, u32)) -> Option<Missing> {
    let is_unified = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let said = try_run(program, &["--version"]).unwrap_or_default();
    let mut words = said.split_whitespace();
    let version = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let wants_unified = version.is_some_and(|version| version_at_least(version, unified_from));
    let what = format!("control groups of version 2, as this {program} does");
    (wants_unified && !is_unified).then_some(Missing { what, spared: true })
}

fn of_podman() -> Option<Missing> {
    spared("podman").or_else(|| complaint("podman", &["--version"]).map(Missing::from))
}

/// Podman's plugins of netavark (podman, `libnetwork/netavark`).
fn of_netavark() -> Option<Missing> {
    let what = "Podman 4.5 or later with netavark".to_owned();
    let format = "{{.Host.NetworkBackend}} {{.Version.Version}}";
    let told = try_run("podman", &["info", "--format", format]).unwrap_or_default();
    let version = told.split(' ').nth(1).unwrap_or_default();
    let netavark = Path::new("/usr/lib/podman/netavark").exists();
    let there = netavark && version_at_least(version, (4, 5));
    (!there).then_some(Missing { what, spared: true })
}

fn of_compose() -> Option<Missing> {
    let what = "Docker Compose 2.27 or later".to_owned();
    let version = try_run("docker", &["compose", "version", "--short"]).unwrap_or_default();
    (!version_at_least(&version, (2, 27))).then_some(Missing { what, spared: true })
}

/// Whether the running dockerd is of this version or a later one, as `(28, 0)`.
///
/// # Panics
/// When there is none.
pub fn docker_is_at_least(version: (u32, u32)) -> bool {
    let said = run("docker", &["version", "--format", "{{.Server.Version}}"]);
    version_at_least(&said, version)
}

fn version_at_least(version: &str, least: (u32, u32)) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|n| n.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= least
}

fn of_containerd() -> Option<String> {
    let there = Path::new(crate::containerd::PLUGINS).join("ptp").exists();
    let of_plugins = (!there).then(|| "CNI's plugins (containernetworking-plugins)".to_owned());
    let mut programs = ["containerd", "ctr"].into_iter();
    programs.find_map(|program| complaint(program, &["--version"])).or(of_plugins)
}

fn of_tool(programs: &[&str], spared_as: &str) -> Option<Missing> {
    spared(spared_as).or_else(|| {
        let complaint = programs.iter().find_map(|program| complaint(program, &["--version"]))?;
        Some(format!("{complaint} (scripts/setup --for-tests)").into())
    })
}

fn spared(word: &str) -> Option<Missing> {
    let without = std::env::var("DOCKER_OVS_TEST_WITHOUT").unwrap_or_default();
    let is_named = without.split_whitespace().any(|named| named == word);
    let what = format!("{word}, which DOCKER_OVS_TEST_WITHOUT spares");
    is_named.then_some(Missing { what, spared: true })
}

fn of_leave() -> Option<Missing> {
    let leave = std::env::var_os("DOCKER_OVS_TEST_RESTARTS").is_some_and(|v| v == "1");
    let what = "the leave to restart daemons (DOCKER_OVS_TEST_RESTARTS=1)".to_owned();
    (!leave).then_some(Missing { what, spared: true })
}

fn of_machine() -> Option<Missing> {
    let machine = std::env::var_os("DOCKER_OVS_TEST_MACHINE").is_some_and(|v| v == "1");
    let what = "the machine of make test-machine (DOCKER_OVS_TEST_MACHINE=1)".to_owned();
    (!machine).then_some(Missing { what, spared: true })
}

/// Restarting means starting as scripts/setup does, which is at the usual socket.
fn of_usual_docker() -> Option<Missing> {
    let at = docker_host();
    let is_usual = socket_of(&at).is_some_and(|socket| socket == Path::new(USUAL_ENGINE));
    (!is_usual).then(|| format!("Docker at {USUAL_ENGINE} to restart, not at {at}").into())
}

fn of_root() -> Option<String> {
    let user = rustix::process::geteuid();
    if !user.is_root() {
        return Some(format!("root; it runs as user {}", user.as_raw()));
    }
    let needed = [
        ("CAP_SYS_ADMIN", CapabilitySet::SYS_ADMIN),
        ("CAP_SYS_PTRACE", CapabilitySet::SYS_PTRACE),
        ("CAP_NET_ADMIN", CapabilitySet::NET_ADMIN),
    ];
    let held = capabilities(None).expect("the kernel tells capabilities").effective;
    let lacking = needed.into_iter().filter(|(_, one)| !held.contains(*one));
    let lacking: Vec<_> = lacking.map(|(name, _)| name).collect();
    (!lacking.is_empty()).then(|| format!("{}, which root here lacks", lacking.join(" and ")))
}

fn of_open_vswitch() -> Option<String> {
    let rundir = rundir();
    if let Some(complaint) = complaint("ovs-vsctl", &["list-br"]) {
        let what = "Open vSwitch's ovsdb-server (scripts/setup starts it)";
        return Some(format!("{what} at {}: {complaint}", rundir.display()));
    }
    // The database answers without it, but no port would ever get a number.
    if let Some(complaint) = complaint("ovs-appctl", &["version"]) {
        let what = "Open vSwitch's ovs-vswitchd (scripts/setup starts it)";
        return Some(format!("{what} at {}: {complaint}", rundir.display()));
    }
    let vswitchd = vswitchd_elsewhere()?;
    Some(format!(
        "the network namespace of ovs-vswitchd, where its ports are; \
         nsenter --net=/proc/{vswitchd}/ns/net runs it there"
    ))
}

fn of_docker() -> Option<String> {
    let at = docker_host();
    if socket_of(&at).is_none() {
        return Some(format!("Docker on a socket of this machine, unix://, not {at}"));
    }
    complaint("docker", &["image", "inspect", crate::IMAGE])?;
    if let Some(complaint) = complaint("docker", &["version", "--format", "{{.Server.Version}}"]) {
        return Some(format!("Docker (scripts/setup starts it) at {at}: {complaint}"));
    }
    Some(format!("the image {} (scripts/setup makes it) in Docker at {at}", crate::IMAGE))
}

/// What a program says that does not do its work, or that it is not there; its last line, where
/// programs say why.
fn complaint(program: &str, words: &[&str]) -> Option<String> {
    if let Some(what) = missing_program(program) {
        return Some(what);
    }
    let said = try_run(program, words).err()?;
    Some(said.lines().last().unwrap_or_default().to_owned())
}

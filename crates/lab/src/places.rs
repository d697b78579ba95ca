//! Where the engine and the switch of the tests are: where Docker's and Open vSwitch's own tools
//! find them, so that a test asks no other daemon than it makes its scene on.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::names::unique;
use crate::run::{missing_program, try_run};

/// Where Docker listens unless told otherwise (dockerd(8)).
pub const USUAL_ENGINE: &str = "/var/run/docker.sock";

/// The socket of the engine that runs the tests' containers.
///
/// # Panics
/// When it is not a Unix domain socket, which is all that the tests can use.
pub fn engine() -> PathBuf {
    let host = docker_host();
    socket_of(&host).unwrap_or_else(|| panic!("Docker is at {host}: the tests need unix://"))
}

/// What `DOCKER_HOST` says, or else the current context of docker(1), or else where Docker listens.
pub(crate) fn docker_host() -> String {
    static CONTEXT: OnceLock<String> = OnceLock::new();
    let named = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
    named.unwrap_or_else(|| CONTEXT.get_or_init(of_context).clone())
}

fn of_context() -> String {
    let words = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
    let is_there = missing_program("docker").is_none();
    let host = is_there.then(|| try_run("docker", &words).ok()).flatten();
    host.filter(|host| !host.is_empty()).unwrap_or_else(|| format!("unix://{USUAL_ENGINE}"))
}

/// The file of a Unix domain socket in the words of `DOCKER_HOST`.
pub(crate) fn socket_of(host: &str) -> Option<PathBuf> {
    host.strip_prefix("unix://").map(PathBuf::from)
}

/// The folder of the sockets of the tests' Open vSwitch.
pub fn rundir() -> PathBuf {
    let named = std::env::var_os("OVS_RUNDIR").filter(|folder| !folder.is_empty());
    named.map_or_else(|| "/var/run/openvswitch".into(), PathBuf::from)
}

/// The process of ovs-vswitchd, where its network namespace is not that of the tests.
pub(crate) fn vswitchd_elsewhere() -> Option<String> {
    let pid = std::fs::read_to_string(rundir().join("ovs-vswitchd.pid")).ok()?;
    let pid = pid.trim().to_owned();
    let its = std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
    let ours = std::fs::read_link("/proc/self/ns/net").ok()?;
    (its != ours).then_some(pid)
}

/// The Python that has os-ken: as `DOCKER_OVS_OS_KEN` says, or else where scripts/setup puts it,
/// beside what cargo builds.
pub fn os_ken() -> PathBuf {
    if let Some(named) = std::env::var_os("DOCKER_OVS_OS_KEN") {
        return named.into();
    }
    let program = std::env::current_exe().unwrap_or_default();
    // TARGET/debug/deps/it-…
    let target = program.ancestors().nth(3).unwrap_or(Path::new("target"));
    target.join("os-ken/bin/python")
}

/// The control group below which others may limit how many tasks there are (`pids.max`): tried, for it may be
/// there and not to be written to.
pub fn task_limits() -> Option<PathBuf> {
    let roots = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map(PathBuf::from);
    let root = roots.into_iter().find(|root| root.join("cgroup.procs").exists())?;
    let tried = root.join(unique("tasks"));
    std::fs::create_dir(&tried).ok()?;
    let limits = tried.join("pids.max").exists();
    let _ = std::fs::remove_dir(&tried);
    limits.then_some(root)
}

#[cfg(test)]
mod tests {
    use super::socket_of;

    #[test]
    fn only_a_socket_of_this_machine_is_one() {
        let socket = socket_of("unix:///run/other/docker.sock").unwrap();
        assert_eq!(socket.to_str(), Some("/run/other/docker.sock"));
        for elsewhere in ["tcp://127.0.0.1:2375", "ssh://host", "/run/docker.sock", ""] {
            assert_eq!(socket_of(elsewhere), None, "{elsewhere}");
        }
    }
}

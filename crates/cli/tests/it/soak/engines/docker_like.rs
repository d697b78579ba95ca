//! What Docker and Podman are told, and say, by their tools alike.

use std::fs::read_to_string;

use super::{Deed, Told};

/// What Docker and Podman are told of a new container: no network, and IPv6 all the same.
pub(super) const ALONE: [&str; 4] =
    ["--network", "none", "--sysctl", "net.ipv6.conf.all.disable_ipv6=0"];
/// How both list all containers.
pub(super) const ALL: [&str; 5] = ["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}"];
pub(super) const STATE: [&str; 3] = ["inspect", "--format", "{{.State.Running}}"];

/// As docker(1) and podman(1) say it.
pub(super) fn words_of<'w>(deed: Deed, id: &'w str, name: &'w str) -> Vec<&'w str> {
    match deed {
        Deed::Restart => vec!["restart", "--time", "0", id],
        Deed::Stop => vec!["stop", "--time", "0", id],
        Deed::Start => vec!["start", id],
        Deed::Rename => vec!["rename", id, name],
        Deed::Pause => vec!["pause", id],
        Deed::Unpause => vec!["unpause", id],
        Deed::Remove => vec!["rm", "--force", id],
    }
}

/// Those of a list of ids and names; the process of one that runs has its id in its cgroup.
pub(super) fn by_cgroups(listed: &str) -> Vec<Told> {
    let firsts = first_processes();
    let listed = listed.lines().filter_map(|line| line.split_once(' '));
    let told = listed.map(|(id, name)| Told {
        id: id.to_owned(),
        name: name.to_owned(),
        pid: firsts.iter().find(|(_, cgroup)| cgroup.contains(id)).map(|(pid, _)| pid.clone()),
    });
    told.collect()
}

/// First processes of PID namespaces, each with its cgroup.
fn first_processes() -> Vec<(String, String)> {
    let firsts = pids().filter(|pid| is_first(pid));
    firsts.filter_map(|pid| Some((pid.clone(), read(&pid, "cgroup")?))).collect()
}

fn pids() -> impl Iterator<Item = String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|entry| entry.file_name().into_string().ok())
}

fn read(pid: &str, file: &str) -> Option<String> {
    read_to_string(format!("/proc/{pid}/{file}")).ok()
}

fn is_first(pid: &str) -> bool {
    let status = read(pid, "status").unwrap_or_default();
    let inside = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    inside.is_some_and(|pids| pids.split_whitespace().last() == Some("1"))
}

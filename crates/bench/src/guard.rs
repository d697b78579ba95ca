//! What a run has made goes with it, however it ends.
//!
//! A release build aborts where it panics, and what is killed drops nothing either. So a run is a process of its own,
//! and its guard is another one, in a process group that no terminal's signal reaches. The guard waits until the run is
//! over and takes away what is left: what has names that only this run gives, and what lives in its folder for temporary
//! files, which every program that it starts is told.

use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use lab::try_run;

/// The word that makes this program the guard of a run, whose folder follows.
pub(crate) const GUARD: &str = "--guard";
/// The variable of a run that is guarded: its folder.
const FOLDER: &str = "DOCKER_OVS_BENCH_FOLDER";
/// So many processes or files are named to one program.
const AT_ONCE: usize = 500;
/// So many containers.
const CONTAINERS_AT_ONCE: usize = 20;
/// Where Docker finds network drivers.
const PLUGINS: &str = "/run/docker/plugins";

/// Whether this is such a run.
pub(crate) fn is_guarded() -> bool {
    std::env::var_os(FOLDER).is_some()
}

/// Runs this program once more with the same words, guarded; ends as that does, and after its guard.
pub(crate) fn run() -> ExitCode {
    // A short name: sockets are made in folders of this one, and their paths are bounded.
    let folder = tempfile::Builder::new().prefix("dob").tempdir();
    let folder = folder.expect("there is room for a folder");
    let place = folder.path().canonicalize().expect("it was just made");
    let own = std::env::current_exe().expect("this program has a path");
    let mut guard = Command::new(&own);
    guard.arg(GUARD).arg(&place).process_group(0).stdin(Stdio::piped());
    let mut guard = guard.spawn().expect("this program can be started");
    // Its other end is closed with this process, which is what the guard waits for.
    let mut told = guard.stdin.take().expect("the guard is told by a pipe");
    let mut run = Command::new(&own);
    run.args(std::env::args_os().skip(1)).env(FOLDER, &place).env("TMPDIR", &place);
    let mut run = run.spawn().expect("this program can be started");
    writeln!(told, "{}", run.id()).expect("the guard listens");
    let ended = run.wait().expect("it was started here");
    drop(told);
    let _ = guard.wait();
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Waits until the run of this folder is over, whose number stdin tells, and takes away what it has left.
pub(crate) fn sweep(folder: &Path) {
    let mut told = String::new();
    let _ = std::io::stdin().read_to_string(&mut told);
    if let Ok(run) = told.trim().parse::<u32>() {
        // It makes no more; what is named may need the programs that it has started.
        kill(folder, |pid| pid == run);
        remove_named(&lab::prefix_of(run));
    }
    kill(folder, |_| true);
    unmount(folder);
    let _ = std::fs::remove_dir_all(folder);
}

/// Kills the processes of a run that are `wanted`, and waits until there is none.
fn kill(folder: &Path, wanted: impl Fn(u32) -> bool) {
    let mark = [&b"TMPDIR="[..], folder.as_os_str().as_bytes()].concat();
    let _ = lab::comes_true(|| {
        let found = processes(&mark).into_iter().filter(|pid| wanted(*pid));
        let found: Vec<_> = found.map(|pid| pid.to_string()).collect();
        for some in found.chunks(AT_ONCE) {
            let _ = lab::program("kill").arg("-KILL").args(some).stderr(Stdio::null()).status();
        }
        found.is_empty()
    });
}

/// The processes that were started with this variable. One that has ended and is not waited for has none.
fn processes(mark: &[u8]) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_marked = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark)
    };
    all.filter(is_marked).collect()
}

/// Removes bridges, containers, networks, namespaces and links whose names begin so.
fn remove_named(prefix: &str) {
    let left = |what: &str, program: &str, words: &[&str]| {
        let names = named(prefix, &try_run(program, words).unwrap_or_default());
        if !names.is_empty() {
            eprintln!("removing {what} that the run has left: {}", names.len());
        }
        names
    };
    // Without their ports first OVS would look after each link that vanishes.
    for bridge in left("bridges", "ovs-vsctl", &["list-br"]) {
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-br", &bridge]);
    }
    let containers = left("containers", "docker", &["ps", "--all", "--format", "{{.Names}}"]);
    for some in containers.chunks(CONTAINERS_AT_ONCE) {
        let some: Vec<_> = some.iter().map(String::as_str).collect();
        let _ = try_run("docker", &[&["rm", "--force"][..], &some].concat());
    }
    for network in left("networks", "docker", &["network", "ls", "--format", "{{.Name}}"]) {
        let _ = try_run("docker", &["network", "rm", &network]);
    }
    for netns in left("namespaces", "ip", &["netns", "list"]) {
        let _ = try_run("ip", &["netns", "del", &netns]);
    }
    for link in left("links", "ip", &["-brief", "link"]) {
        let _ = try_run("ip", &["link", "del", &link]);
    }
    for socket in std::fs::read_dir(PLUGINS).into_iter().flatten().flatten() {
        if socket.file_name().to_string_lossy().starts_with(prefix) {
            let _ = std::fs::remove_file(socket.path());
        }
    }
}

/// The names with which lines begin, as far as they begin so themselves. Behind a link's name `@` may stand.
fn named(prefix: &str, lines: &str) -> Vec<String> {
    let names = lines.lines().filter_map(|line| line.split([' ', '@']).next());
    names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
}

fn unmount(folder: &Path) {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    for some in mounted_below(folder, &mounts).chunks(AT_ONCE) {
        let _ = lab::program("umount").args(["--quiet", "--lazy"]).args(some).status();
    }
}

/// Where something is mounted below a folder by `/proc/self/mountinfo` (proc(5)), what was mounted last at first.
fn mounted_below<'m>(folder: &Path, mounts: &'m str) -> Vec<&'m str> {
    let places = mounts.lines().rev().filter_map(|line| line.split(' ').nth(4));
    places.filter(|place| Path::new(place).starts_with(folder)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Child;

    use super::*;

    #[test]
    fn of_all_processes_those_of_a_run_are_killed() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sleep = |folder: &Path| -> Child {
            Command::new("sleep").arg("600").env("TMPDIR", folder).spawn().unwrap()
        };
        let (mut run, mut child, mut stranger) =
            (sleep(own.path()), sleep(own.path()), sleep(other.path()));
        let first = run.id();
        kill(own.path(), |pid| pid == first);
        assert_eq!(run.wait().unwrap().signal(), Some(9));
        assert_eq!(child.try_wait().unwrap(), None);
        kill(own.path(), |_| true);
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert_eq!(stranger.try_wait().unwrap(), None);
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[test]
    fn names_of_a_run_are_told_from_others() {
        let prefix = lab::prefix_of(0x12_3456);
        assert_eq!(prefix, "do23456");
        let lines =
            "lo UNKNOWN\ndo23456vn1@if7 UP\nado23456vn1 UP\ndo23456nsn2 (id: 3)\ndo23457brn0\n";
        assert_eq!(named(&prefix, lines), ["do23456vn1", "do23456nsn2"]);
        assert!(named(&prefix, "").is_empty());
    }

    #[test]
    fn what_is_mounted_below_a_folder_is_unmounted_from_the_last_to_the_first() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            30 22 0:4 net:[1] /tmp/run/netns/0 rw - nsfs nsfs rw\n\
            31 22 0:4 net:[2] /tmp/run/netns/1 rw - nsfs nsfs rw\n\
            32 22 0:4 net:[3] /tmp/run2/netns/0 rw - nsfs nsfs rw\n";
        let below = mounted_below(Path::new("/tmp/run"), mounts);
        assert_eq!(below, ["/tmp/run/netns/1", "/tmp/run/netns/0"]);
    }
}

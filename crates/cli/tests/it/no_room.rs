//! The system says no: a full disk, a reader that is gone, no descriptor, no memory, no thread, no
//! /proc. The exit code says so, nothing aborts, and no list is shorter than it should be.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lab::{Bridge, Container, Netns, Plug, Plugged, wait_until};

use rustix::process::{Pid, Signal, kill_process};

use crate::tool::{Ran, Served, command, docker_ovs};

const SCENE: [&str; 2] = ["--from", "tests/scenes/article.json"];

/// A device that takes nothing (full(4)).
fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader is gone.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// How a run ends; -1 for a signal.
fn code(mut command: Command) -> Ran {
    command.output().unwrap().into()
}

fn asked(program: &str, words: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
    let mut command = command(program, words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    change(&mut command);
    code(command)
}

/// Commands that end well, and print something.
const TELLING: [&[&str]; 12] = [
    &["ls"],
    &["ports", "--format", "json"],
    &["port", "firewall_ext", "-q"],
    &["who", "vlanswitch:3"],
    &["explain", "firewall_ext"],
    &["graph"],
    &["snapshot"],
    &["version"],
    &["completion", "bash"],
    &["connect", "vlanswitch", "firewall_ext", "--dry-run"],
    &["--help"],
    &["--version"],
];

/// Those that fail, and complain.
const FAILING: [&[&str]; 4] =
    [&["port", "nobody"], &["ls", "--bridge", "none"], &["no-such-verb"], &["events"]];

fn on_the_scene(words: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
    // These two are of no host.
    let takes_none = matches!(words, ["version" | "completion", ..]);
    let scene = if takes_none { &[][..] } else { &SCENE };
    asked("docker-ovs", &[scene, words].concat(), change)
}

#[test]
fn complaints_that_cannot_be_written_change_no_exit_code() {
    for stderr in [full, unread] {
        for words in FAILING {
            let ran = on_the_scene(words, |command| {
                command.stderr(stderr());
            });
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}");
        }
        for words in TELLING {
            let ran = on_the_scene(words, |command| {
                command.stderr(stderr());
            });
            assert!(ran.code == 0 && !ran.stdout.is_empty(), "{words:?}: {}", ran.code);
        }
        // Found, but on no port of that bridge.
        let ran = on_the_scene(&["port", "firewall_ext", "kiwipycon"], |command| {
            command.stderr(stderr());
        });
        assert_eq!(ran.code, 1);
        let ran = asked("docker-ovs-port", &["one"], |command| {
            command.stderr(stderr());
        });
        assert_eq!(ran.code, 2);
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error_and_a_reader_that_is_gone_is_none() {
    for words in TELLING {
        let ran = on_the_scene(words, |command| {
            command.stdout(full());
        });
        assert_eq!(ran.code, 2, "{words:?}");
        assert!(ran.stderr.contains("cannot write: No space left"), "{words:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{words:?}: {}", ran.stderr);
        let ran = on_the_scene(words, |command| {
            command.stdout(unread());
        });
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}");
    }
    let both = on_the_scene(&["ls"], |command| {
        command.stdout(full()).stderr(full());
    });
    assert_eq!(both.code, 2);
    let metadata = asked("docker-ovs", &["docker-cli-plugin-metadata"], |command| {
        command.stdout(full());
    });
    assert_eq!(metadata.code, 2, "{metadata:?}");
    let completion = asked("docker-ovs", &["__complete", "ovs", "l"], |command| {
        command.stdout(full());
    });
    assert_eq!((completion.code, completion.stderr.as_str()), (0, ""));
}

#[test]
fn a_log_that_cannot_be_written_does_not_end_the_daemon() {
    for stderr in [full, unread] {
        for words in [&[][..], &["--log-format", "json", "-D"]] {
            let folder = tempfile::tempdir().unwrap();
            let socket = folder.path().join("d.sock");
            let serve = ["serve", "--listen", "none", "--socket", socket.to_str().unwrap()];
            let mut child = command("docker-ovs", &[&SCENE, &serve[..], words].concat())
                .stderr(stderr())
                .spawn()
                .unwrap();
            let url = format!("unix://{}", socket.display());
            wait_until("it answers", || docker_ovs(&["--server", &url, "ls"]).code == 0);
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(0));
        }
    }
}

/// The daemon of a recording that tells all it can, in this folder, with its socket.
fn telling(folder: &Path, format: &str, stderr: impl Into<Stdio>) -> (Child, PathBuf) {
    let socket = folder.join("d.sock");
    let serve = ["serve", "--listen", "none", "--socket", socket.to_str().unwrap()];
    let told = ["--log-format", format, "-D"];
    let child = command("docker-ovs", &[&SCENE, &serve[..], &told].concat()).stderr(stderr).spawn();
    let url = format!("unix://{}", socket.display());
    wait_until("it answers", || docker_ovs(&["--server", &url, "ls"]).code == 0);
    (child.unwrap(), socket)
}

fn ends_well(mut child: Child) {
    let (pid, term) = (Pid::from_child(&child), Signal::TERM);
    kill_process(pid, term).unwrap();
    wait_until("it ends", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// By default the kernel ends a process that writes beyond its limit.
#[test]
fn a_log_that_may_not_grow_does_not_end_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let log = File::create(folder.path().join("log")).unwrap();
    let (child, socket) = telling(folder.path(), "text", log);
    lab::run("prlimit", &["--pid", &child.id().to_string(), "--fsize=0"]);
    // Each of them is told in the log.
    let request = lab::http::head("GET", "/no-such-page", &["Host: localhost"]);
    for _ in 0..3 {
        let stream = UnixStream::connect(&socket).unwrap();
        assert_eq!(lab::http::ask(stream, &request).status, 404);
    }
    ends_well(child);
}

/// A reader that lives and reads nothing, as one that was stopped.
#[test]
fn a_log_that_is_not_read_holds_nothing_up() {
    let path = format!("/{}", "x".repeat(1000));
    let request = lab::http::head("GET", &path, &["Host: localhost"]);
    let ask = |socket: &Path, times: usize| {
        for _ in 0..times {
            let stream = UnixStream::connect(socket).unwrap();
            assert_eq!(lab::http::ask(stream, &request).status, 404);
        }
    };
    for format in ["text", "json"] {
        for reads_on in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (mut reader, stderr) = std::io::pipe().unwrap();
            let (child, socket) = telling(folder.path(), format, stderr);
            // Ten times as much as a pipe holds.
            ask(&socket, 640);
            if !reads_on {
                ends_well(child);
                continue;
            }
            let log = std::thread::spawn(move || {
                let mut log = String::new();
                reader.read_to_string(&mut log).map(|_| log)
            });
            ask(&socket, 64);
            ends_well(child);
            let log = log.join().unwrap().unwrap();
            assert!(log.contains("lines of this log were lost\n"), "{} bytes", log.len());
        }
    }
}

/// The same command under a limit of its own, by prlimit(1): a test has no code between fork and
/// exec.
fn limited(option: &str, words: &[&str]) -> Ran {
    let inner = command("docker-ovs", words);
    let mut outer = lab::program("prlimit");
    outer.arg(option).arg("--").arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer.stdin(Stdio::null()).output().unwrap().into()
}

/// An answer is whole, or there is none and it says why.
fn is_whole_or_refused(ran: &Ran, whole: &str, when: &str) {
    match ran.code {
        0 => assert_eq!(ran.stdout, whole, "{when}: {}", ran.stderr),
        2 => assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{when}: {ran:?}"),
        other => panic!("{when}: exit {other}: {ran:?}"),
    }
}

#[test]
fn without_descriptors_a_list_is_whole_or_an_error() {
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let by_name = format!("container={}", container.name());
    for words in [
        &["ls", "--format", "csv", "--filter", &by_name][..],
        &["port", container.name(), bridge.name()],
        &["ls", "-q", "--no-trunc", "--filter", &by_name],
    ] {
        let whole = docker_ovs(words);
        assert_eq!(whole.code, 0, "{whole:?}");
        // With three a program that is linked dynamically is not even loaded.
        for descriptors in (4..=40).chain([64, 256]) {
            let ran = limited(&format!("--nofile={descriptors}"), words);
            is_whole_or_refused(&ran, &whole.stdout, &format!("{descriptors} descriptors"));
        }
    }
    let few = |more: &[&str]| {
        let words = [&["ls", "--format", "csv", "--filter", &by_name], more].concat();
        (10..=24).map(|n| limited(&format!("--nofile={n}"), &words)).collect::<Vec<_>>()
    };
    let missing = few(&[]);
    let missing: Vec<_> = missing.iter().filter(|ran| ran.stderr.contains("--partial")).collect();
    assert!(!missing.is_empty(), "some number of descriptors is enough for all but the namespaces");
    assert!(missing.iter().all(|ran| ran.code == 2 && ran.stderr.contains(container.name())));
    let partial = few(&["--partial"]);
    assert!(partial.iter().any(|ran| ran.code == 0 && ran.stdout.is_empty()), "{partial:#?}");
}

/// How the run-time libraries end a program that they have no memory for: Rust where a value is allocated (on
/// any thread, at any line), or where a thread that was just started gets its signal stack; glibc where
/// such a thread first has a value of its own. None of them can be told to return an error instead.
const ABORTS: [&str; 3] = [
    "memory allocation of ",
    "failed to allocate an alternative stack",
    "failed to register TLS destructor",
];

/// By so much is the limit raised, in KiB: a part of what a thread takes for its stack.
const MORE_MEMORY: u64 = 128;

/// Most raises until there is enough for a list.
const RAISES: u64 = 800;

fn with_memory(kib: u64, words: &[&str]) -> Ran {
    limited(&format!("--as={}", kib << 10), words)
}

/// With less than this, in KiB, the program is not even loaded, or has too little to print its version.
fn least_to_start() -> u64 {
    let starts = |kib| with_memory(kib, &["--version"]).code == 0;
    let (mut less, mut enough): (u64, u64) = (1 << 10, 1 << 20);
    assert!(starts(enough), "one GiB is enough");
    while enough - less > MORE_MEMORY / 2 {
        let middle = less.midpoint(enough);
        if starts(middle) {
            enough = middle;
        } else {
            less = middle;
        }
    }
    enough
}

#[test]
fn without_memory_for_a_thread_a_list_is_an_error() {
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let by_name = format!("container={}", container.name());
    let words = ["ls", "--format", "csv", "--filter", &by_name];
    let whole = docker_ovs(&words);
    let (least, mut refused, mut aborted, mut in_a_row) = (least_to_start(), 0, 0, 0);
    for kib in (1..RAISES).map(|n| least + n * MORE_MEMORY) {
        let ran = with_memory(kib, &words);
        let is_of_libraries = ABORTS.iter().any(|said| ran.stderr.contains(*said));
        if ran.code == -1 && is_of_libraries && ran.stdout.is_empty() {
            aborted += 1;
        } else {
            is_whole_or_refused(&ran, &whole.stdout, &format!("{kib} KiB"));
            refused += usize::from(ran.code == 2);
        }
        in_a_row = if ran.code == 0 { in_a_row + 1 } else { 0 };
        if in_a_row == 8 {
            break;
        }
    }
    // None is where what it takes to start is enough for the threads as well.
    println!("from {least} KiB on {refused} were refused, and {aborted} aborted");
    assert_eq!(in_a_row, 8, "no memory was enough");
}

/// A cgroup of its own that limits how many tasks there are.
struct Tasks(PathBuf);

impl Tasks {
    fn new() -> Self {
        let root = lab::task_limits().expect("control groups limit tasks");
        let tasks = Self(root.join(lab::unique("tasks")));
        std::fs::create_dir(&tasks.0).unwrap();
        tasks
    }

    fn hold(&self, pid: u32) {
        std::fs::write(self.0.join("cgroup.procs"), pid.to_string()).unwrap();
    }

    fn allow(&self, most: &str) {
        std::fs::write(self.0.join("pids.max"), most).unwrap();
    }

    fn current(&self) -> String {
        std::fs::read_to_string(self.0.join("pids.current")).unwrap().trim().to_owned()
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        lab::comes_true(|| std::fs::remove_dir(&self.0).is_ok());
    }
}

#[test]
fn a_daemon_without_threads_to_be_had_says_so_and_goes_on() {
    lab::need!(Docker, TaskLimits);
    let tasks = Tasks::new();
    let (bridge, container) = (Bridge::new(), Container::run());
    let mut served = Served::start(&[]);
    tasks.hold(served.pid());
    tasks.allow(&tasks.current());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let row = || {
        let rows = served.json("/v1/attachments");
        let rows = rows.as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row| row["Container"] == container.name())
    };
    wait_until("it is degraded", || served.get("/healthz").body.contains("thread"));
    tasks.allow("max");
    wait_until("it has seen the interface", || {
        row().is_some_and(|row| row["OFPort"] == plugged.ofport())
    });
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn without_proc_the_reason_is_told() {
    lab::need!(Docker);
    let container = Container::run();
    for words in [&["ls"][..], &["port", container.name()], &["explain", container.name()]] {
        let inner = command("docker-ovs", words);
        let mut outer = lab::program("unshare");
        outer.args(["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"]);
        outer.arg(inner.get_program()).args(inner.get_args());
        let ran: Ran = outer.output().unwrap().into();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}: {ran:?}");
        assert!(ran.stderr.contains("/proc"), "{words:?}: {ran:?}");
    }
}

#[test]
fn without_proc_a_daemon_still_starts() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("d.sock");
    let serve = ["serve", "--listen", "none", "--socket", socket.to_str().unwrap()];
    let inner = command("docker-ovs", &[&SCENE, &serve[..]].concat());
    let mut outer = lab::program("unshare");
    outer.args(["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"]);
    let child = outer.arg(inner.get_program()).args(inner.get_args()).spawn().unwrap();
    let url = format!("unix://{}", socket.display());
    wait_until("it answers", || docker_ovs(&["--server", &url, "ls"]).code == 0);
    ends_well(child);
}

#[test]
fn what_was_not_found_may_be_where_nothing_could_be_opened() {
    lab::alone!(Lab);
    let (_netns, nobodys) = (Netns::new(), "02:00:5e:00:53:01");
    let whole = docker_ovs(&["who", nobodys]);
    assert_eq!(whole.code, 1, "{whole:?}");
    for descriptors in 8..=32 {
        let limit = format!("--nofile={descriptors}");
        let ran = limited(&limit, &["who", nobodys]);
        let unread =
            ran.stderr.contains("Too many open files") || ran.stderr.contains("os error 24");
        assert_eq!(ran.code, if unread { 2 } else { 1 }, "{descriptors}: {ran:?}");
        let partial = limited(&limit, &["who", nobodys, "--partial"]);
        assert!(matches!(partial.code, 1 | 2), "{partial:?}");
    }
}

//! The daemon: requests a second on one core, memory, and what it costs when nothing happens.

use std::fs::read_to_string;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lab::wait_until;

use crate::measure::Contest;
use crate::rows::{ResultTable, Tools, runner};
use crate::scene::Scene;

/// Connections that ask at once.
const CLIENTS: usize = 4;
/// How long they ask.
const ASKING: Duration = Duration::from_secs(5);
/// How long the idle daemon is watched.
const IDLE: Duration = Duration::from_secs(10);

/// Measures a daemon that looks at the scene as it is.
pub(crate) fn tell(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    rounds: usize,
) {
    let daemon = Daemon::start(tools, &[]);
    answers(rows, size, tools, scene, &daemon, rounds);
    let others = [
        Quiet::start("docker", &["events"]),
        Quiet::start("ovsdb-client", &["monitor", "Open_vSwitch", "ALL"]),
    ];
    let before = Instant::now();
    let spent = cpu(daemon.child.id());
    wait_until("the idle time is over", || before.elapsed() > IDLE);
    let idle =
        cpu(daemon.child.id()).saturating_sub(spent).as_secs_f64() / before.elapsed().as_secs_f64();
    rows.line(&format!("daemon, idle: % of a core, {size}"), idle * 100.0, 0.1, "");
    let mib = |kib: f64| kib / 1024.0;
    rows.line(&format!("daemon, anonymous memory in MiB, {size}"), daemon.memory(), 6.0, "");
    let theirs: f64 = others.iter().map(|other| status(other.0.id(), "VmRSS:")).sum();
    let ours = status(daemon.child.id(), "VmRSS:");
    let beside = format!("{:9.2} MiB {:8.2} MiB", mib(ours), mib(theirs));
    let name = format!("daemon / docker events + ovsdb-client, {size}");
    rows.line(&name, ours / theirs, 0.5, &beside);
    requests(rows, size, &daemon);
}

/// Verbs that ask it instead of the host.
fn answers(
    rows: &mut ResultTable,
    size: usize,
    tools: &Tools,
    scene: &Scene,
    daemon: &Daemon,
    rounds: usize,
) {
    let (ours, server) = (tools.ours("docker-ovs"), daemon.url());
    let asked = [&*ours, "--server", &server];
    let scores = Contest::new(vec![
        runner("ls by the daemon", &[&asked[..], &["ls"]].concat()),
        runner("port by the daemon", &[&asked[..], &["port", &scene.one().name]].concat()),
        runner("docker ps", &["docker", "ps"]),
    ])
    .run(rounds);
    for name in ["ls by the daemon", "port by the daemon"] {
        let row = format!("{name} / docker ps, {size}");
        rows.ratio(&row, scores[name], scores["docker ps"], 0.15);
    }
}

/// As many requests as go; the daemon has one thread.
fn requests(rows: &mut ResultTable, size: usize, daemon: &Daemon) {
    let start = Instant::now();
    let spent = cpu(daemon.child.id());
    let taken: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| ask(&daemon.socket))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let spent = cpu(daemon.child.id()).saturating_sub(spent).as_secs_f64();
    let mut taken = taken;
    taken.sort();
    let count = f64::from(u32::try_from(taken.len()).unwrap_or(u32::MAX));
    let rate = count / start.elapsed().as_secs_f64();
    let said = format!("{rate:9.0} /s  {:9.0} /s of its own time", count / spent);
    rows.line(&format!("5000 / requests a second, {size}"), 5000.0 / rate, 1.0, &said);
    let late = taken[taken.len() * 99 / 100].as_secs_f64() * 1000.0;
    rows.line(&format!("99 % of requests within ms, {size}"), late, 5.0, "");
}

/// Asks one after the other over one connection.
fn ask(socket: &Path) -> Vec<Duration> {
    let mut stream = BufReader::with_capacity(256 << 10, UnixStream::connect(socket).unwrap());
    let (start, mut taken, mut body) = (Instant::now(), Vec::new(), Vec::new());
    while start.elapsed() < ASKING {
        let asked = Instant::now();
        let request = b"GET /v1/attachments HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.get_mut().write_all(request).unwrap();
        body.resize(head(&mut stream), 0);
        stream.read_exact(&mut body).unwrap();
        taken.push(asked.elapsed());
    }
    taken
}

/// Reads the head of an answer; gives the length of its body.
fn head(stream: &mut impl BufRead) -> usize {
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the daemon closed the connection");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim_end().parse().unwrap();
        }
    }
    length
}

/// A value of /proc/PID/status in KiB.
fn status(pid: u32, key: &str) -> f64 {
    let text = read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    value.split_whitespace().next().unwrap().parse().unwrap()
}

/// Time that its threads have run (proc(5), schedstat).
fn cpu(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let run = tasks.filter_map(|task| {
        let text = read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(run.sum())
}

/// A daemon on a socket of its own.
pub(crate) struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    /// One that asks these engines; all that it finds if none.
    pub(crate) fn start(tools: &Tools, engines: &[String]) -> Self {
        let named: Vec<_> = engines.iter().flat_map(|engine| ["--engine", engine]).collect();
        Self::start_with(tools, &named)
    }

    /// One with further words.
    pub(crate) fn start_with(tools: &Tools, words: &[&str]) -> Self {
        Self::start_at(tools, words, &["--listen", "none"], None)
    }

    /// One with words that say where it listens beside its socket, of the Open vSwitch whose files are in `rundir`; of
    /// the host's where that is none.
    pub(crate) fn start_at(
        tools: &Tools,
        words: &[&str],
        listen: &[&str],
        rundir: Option<&Path>,
    ) -> Self {
        let socket = std::env::temp_dir().join(format!("{}.sock", lab::unique("d")));
        let mut command = Command::new(tools.ours("docker-ovs"));
        // Not an option: an earlier build keeps no history.
        command.env("DOCKER_OVS_HISTORY_DIR", "none");
        command.envs(rundir.map(|folder| ("OVS_RUNDIR", folder)));
        command.args(["serve", "--restore=off", "--socket"]).arg(&socket);
        command.args(listen).args(words);
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let daemon = Self { child, socket };
        wait_until("the daemon has looked", || daemon.is_ready());
        daemon
    }

    /// What `--server` takes.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// A connection to its socket.
    pub(crate) fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.socket).expect("the daemon listens")
    }

    /// What it has for itself, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        status(self.child.id(), "RssAnon:") / 1024.0
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = UnixStream::connect(&self.socket) else { return false };
        let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut answer = [0; 12];
        asked.and_then(|()| stream.read_exact(&mut answer)).is_ok() && answer.ends_with(b"200")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// A program whose output is dropped.
struct Quiet(Child);

impl Quiet {
    fn start(program: &str, words: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

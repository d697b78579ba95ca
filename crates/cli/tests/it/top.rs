//! `top`, in batches and in a real terminal: tmux(1) draws it, and says what is on the screen.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::os::unix::net::UnixListener;
use std::process::Command;

use lab::{Bridge, Container, Home, run, try_run, unique, wait_until};
use serde_json::Value;

use crate::tool::{command, docker_ovs, refuses, says};

/// Two containers on a bridge, with addresses.
struct Pair {
    bridge: Bridge,
    left: Container,
    right: Container,
}

impl Pair {
    fn connect() -> Self {
        let pair = Self { bridge: Bridge::new(), left: Container::run(), right: Container::run() };
        for (container, n) in [(&pair.left, 1), (&pair.right, 2)] {
            let ip = format!("10.79.0.{n}/24");
            says(&["connect", pair.bridge.name(), container.name(), "--ip", &ip]);
        }
        pair
    }

    fn rows(&self) -> Vec<Value> {
        let words =
            ["top", self.bridge.name(), "--batch", "-n", "1", "-d", "500ms", "--format", "json"];
        says(&words).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn top_tells_who_sends_how_much() {
    lab::need!(Docker);
    let pair = Pair::connect();
    lab::wait_for_answer(&pair.left, "10.79.0.2");
    // As many echo requests as go, for longer than it is measured.
    let flood = ["ping", "-i", "0.01", "-c", "100000", "-s", "1000", "10.79.0.2"];
    let mut pinging = Command::new("docker")
        .args(["exec", pair.left.id(), "busybox"])
        .args(flood)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the traffic is told", || {
        let rows = pair.rows();
        let of = |name: &str| rows.iter().find(|row| row["Container"] == name).cloned().unwrap();
        let (left, right) = (of(pair.left.name()), of(pair.right.name()));
        let rate = |row: &Value, field: &str| row[field].as_f64().unwrap();
        rate(&left, "RxPacketsPerSecond") > 1.0
            && rate(&left, "TxPacketsPerSecond") > 1.0
            && rate(&right, "RxBytesPerSecond") > 1000.0
            && left["Who"] == format!("{}:eth0", pair.left.name())
    });
    let table = says(&["top", pair.bridge.name(), "--batch", "-n", "2", "-d", "200ms"]);
    assert_eq!(table.matches("BRIDGE ").count(), 2, "{table}");
    // It ends with its container.
    pair.left.docker("kill");
    let _ = pinging.wait();
    // And what went away meanwhile is no error.
    assert_eq!(
        docker_ovs(&["top", pair.bridge.name(), "--batch", "-n", "1", "-d", "100ms"]).code,
        0
    );
}

#[test]
fn a_bridge_that_does_not_answer_is_told() {
    lab::need!(Docker);
    let (pair, silent) = (Pair::connect(), Bridge::new());
    // The discard port: nothing listens.
    let remote = format!("{}=tcp:127.0.0.1:9", silent.name());
    let ran = docker_ovs(&[
        "top",
        "--batch",
        "-n",
        "1",
        "-d",
        "500ms",
        "--openflow",
        &remote,
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains(&format!("the ports of {} are not counted", silent.name())),
        "{ran:?}"
    );
    let rows: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |bridge: &Bridge| rows.iter().find(|row| row["Bridge"] == bridge.name()).unwrap();
    assert!(of(&silent)["RxPacketsPerSecond"].is_null() && of(&silent)["Errors"].is_null());
    assert!(of(&pair.bridge)["RxPacketsPerSecond"].is_number());
}

#[test]
fn without_a_terminal_top_wants_batches() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    assert!(refuses(&["top", bridge.name()]).contains("--batch prints rows"));
    assert!(refuses(&["top", "no-such-bridge", "--batch"]).contains("no-such-bridge"));
    assert!(refuses(&["top", bridge.name(), "-n", "1"]).contains("--batch"));
}

/// A terminal of its own, whose tmux server ends with its guard.
struct Terminal(String);

impl Terminal {
    fn start(columns: u16, rows: u16, words: &[&str]) -> Self {
        let terminal = Self(unique("tmux"));
        let line = command("docker-ovs", words);
        let program = line.get_program().to_str().unwrap().to_owned();
        let words = line.get_args().map(|word| word.to_str().unwrap());
        // What is printed when it ends stays to be read.
        let line = format!(
            "{program} {}; echo ended $?; exec sleep 86400",
            words.collect::<Vec<_>>().join(" ")
        );
        let (columns, rows) = (columns.to_string(), rows.to_string());
        run(
            "tmux",
            &[
                "-L",
                &terminal.0,
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                &columns,
                "-y",
                &rows,
                &line,
            ],
        );
        terminal
    }

    fn tmux(&self, words: &[&str]) -> String {
        run("tmux", &[&["-L", &self.0][..], words].concat())
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until this is on the screen.
    fn shows(&self, what: &str) -> String {
        let mut screen = String::new();
        let seen = lab::comes_true(|| {
            screen = self.screen();
            screen.contains(what)
        });
        assert!(seen, "{what} does not come up:\n{screen}");
        screen
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = try_run("tmux", &["-L", &self.0, "kill-server"]);
    }
}

#[test]
fn top_is_drawn_at_any_size_and_obeys_its_keys() {
    lab::need!(Docker, Tmux);
    let pair = Pair::connect();
    let (left, right) = (pair.left.name(), pair.right.name());
    let terminal = Terminal::start(80, 24, &["top", pair.bridge.name()]);
    let screen = terminal.shows(&format!("{left}:eth0"));
    assert!(screen.contains("3 of 3 ports by traffic") && screen.contains("OFPORT"), "{screen}");
    assert!(screen.contains("q quit  Enter explain"), "{screen}");
    assert!(
        ["PKT/S", "DROPPED", "ERRORS"].iter().all(|column| screen.contains(column)),
        "{screen}"
    );
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");

    terminal.keys(&["o"]);
    terminal.shows("by port");
    terminal.keys(&["n", "r"]);
    terminal.shows("by name, reversed");
    terminal.keys(&["/"]);
    terminal.keys(&["-l", right]);
    terminal.keys(&["Enter"]);
    let screen = terminal.shows("1 of 3 ports");
    assert!(
        screen.contains(&format!("{right}:eth0")) && !screen.contains(&format!("{left}:eth0")),
        "{screen}"
    );
    terminal.keys(&["Enter"]);
    let screen = terminal.shows("Esc back");
    assert!(screen.contains("OpenFlow port"), "{screen}");
    terminal.keys(&["Escape"]);
    terminal.shows("q quit");

    terminal.resize(160, 40);
    let screen = terminal.shows("ERRORS");
    assert!(screen.lines().count() <= 40, "{screen}");
    terminal.resize(40, 8);
    let narrow = |screen: &str| screen.lines().all(|line| line.chars().count() <= 40);
    wait_until("it is drawn anew", || {
        let screen = terminal.screen();
        narrow(&screen) && screen.contains("OFPORT") && !screen.contains("ERRORS")
    });
    terminal.resize(80, 24);
    terminal.shows("1 of 3 ports");

    // A container that comes and one that goes.
    terminal.keys(&["/", "Escape"]);
    terminal.shows("3 of 3 ports");
    let third = Container::run();
    says(&["connect", pair.bridge.name(), third.name()]);
    terminal.shows(&format!("{}:eth0", third.name()));
    says(&["disconnect", pair.bridge.name(), third.name()]);
    terminal.shows("3 of 3 ports");

    terminal.keys(&["q"]);
    terminal.shows("ended 0");
    pair.left.ip(&["link", "show", "eth0"]);
}

#[test]
fn top_ends_while_a_bridge_is_silent() {
    lab::need!(Docker, Tmux);
    let bridge = Bridge::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silent.sock");
    // It takes connections and says nothing.
    let _listener = UnixListener::bind(&path).unwrap();
    let remote = format!("{}=unix:{}", bridge.name(), path.display());
    let words = ["--timeout", "10m", "top", bridge.name(), "--openflow", &remote];
    for end in ["q", "Escape", "C-c"] {
        let terminal = Terminal::start(80, 24, &words);
        terminal.shows("q quit");
        terminal.keys(&["n"]);
        terminal.shows("by name");
        terminal.keys(&[end]);
        terminal.shows("ended 0");
    }
}

//! -D, --log-level and --log-format: what is told on stderr, and when nothing is.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::tool::switch::Switch;
use crate::tool::{Served, says};
use lab::http::{ask, head, tcp};
use lab::{Container, Database, unique};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// For one line of JSON for each thing that is told.
const JSON: [&str; 2] = ["--log-format", "json"];

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docker-ovs"));
    command.args(words).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What a daemon on a recorded host says until it has listened and was stopped.
fn serve(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("daemon.sock");
    let socket = socket.to_str().unwrap();
    let start = ["--from", "tests/scenes/article.json", "serve", "--listen", "none"];
    let words = [&start[..], &["--socket", socket], words].concat();
    let mut daemon = command(&words).spawn().unwrap();
    while std::os::unix::net::UnixStream::connect(socket).is_err() {
        assert!(daemon.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    stop(&mut daemon)
}

fn stop(daemon: &mut Child) -> Vec<String> {
    kill_process(Pid::from_child(daemon), Signal::TERM).unwrap();
    let stderr = BufReader::new(daemon.stderr.take().unwrap());
    let lines = stderr.lines().map(Result::unwrap).collect();
    assert!(daemon.wait().unwrap().success());
    lines
}

#[test]
fn a_daemon_tells_where_it_listens_unless_asked_for_less() {
    let lines = serve(&[]);
    assert!(lines[0].starts_with("docker-ovs: listening on unix:///"), "{lines:?}");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(serve(&["--log-level", "error"]), [""; 0]);
    let lines = serve(&["-l", "info", "--log-format", "json"]);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["level"], "INFO", "{line}");
    assert!(line["message"].as_str().unwrap().starts_with("listening on unix:///"), "{line}");
}

#[test]
fn a_look_tells_of_itself_only_when_it_is_asked_to() {
    let nowhere = ["-H", "unix:///nowhere/docker.sock", "--db", "unix:/nowhere/db.sock"];
    let told = |words: &[&str]| {
        let output = command(&[&nowhere[..], &["ls"], words].concat()).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!told(&[]).contains("looked at"));
    assert!(!told(&["--log-level", "info"]).contains("looked at"));
    assert!(told(&["-D"]).contains("docker-ovs: looked at Everything in "), "{}", told(&["-D"]));
    let json = told(&["--debug", "--log-format", "json"]);
    let line: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(line["level"], "DEBUG", "{line}");
}

/// Waits until a daemon tells something that has `what` in it; that, and its level.
fn told(daemon: &Served, what: &str) -> (String, String) {
    let line: Value = serde_json::from_str(&daemon.hears(what)).unwrap();
    let word = |key: &str| line[key].as_str().unwrap().to_owned();
    (word("level"), word("message"))
}

#[test]
fn a_source_that_is_stale_is_a_warning_and_that_it_is_back_is_information() {
    lab::need!(Lab);
    let mut switch = Switch::new();
    let remote = switch.server.remote();
    let daemon = Served::start(&[&JSON[..], &["--db", &remote]].concat());
    switch.server.stop();
    let (level, message) = told(&daemon, "ovsdb is stale");
    assert_eq!(level, "WARN", "{message}");
    assert!(message.contains(&remote), "it says why: {message}");
    switch.server.process = Database::serve(switch.server.folder.path());
    let (level, message) = told(&daemon, "ovsdb is fresh");
    assert_eq!((&*level, &*message), ("INFO", "ovsdb is fresh"));
}

#[test]
fn a_restoration_is_information() {
    lab::need!(Docker);
    let (switch, bridge) = (lab::Switch::start(&[]), unique("b"));
    switch.add_bridge(&bridge, &[]);
    let (remote, container) = (switch.remote(), Container::run());
    let name = container.name().to_owned();
    says(&["connect", &bridge, &name, "--db", &remote]);
    let daemon = Served::start_restoring_with(&[&JSON[..], &["--db", &remote]].concat());
    container.remove();
    let mut again = Container::run();
    again.rename(&name);
    let restored = format!("restored {name}:eth0 on {bridge}");
    let (level, message) = told(&daemon, &restored);
    assert_eq!(level, "INFO", "{message}");
    assert!(message.starts_with(&restored), "{message}");
}

#[test]
fn a_refused_request_is_a_warning_that_names_it() {
    lab::need!(Lab);
    let daemon = Served::start(&JSON);
    let (_, listening) = told(&daemon, "listening on http");
    let address = listening.rsplit_once('/').unwrap().1;
    let answer = ask(tcp(address), &head("GET", "/v1/attachments", &["Host: evil.example"]));
    assert_eq!(answer.status, 421, "{answer:?}");
    let (level, message) = told(&daemon, "refused");
    assert_eq!(level, "WARN", "{message}");
    let named = "refused 1 requests, the last GET /v1/attachments: ";
    assert!(message.starts_with(named), "{message}");
}

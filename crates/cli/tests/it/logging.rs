//! -D, --log-level and --log-format: what is told on stderr, and when nothing is.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

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

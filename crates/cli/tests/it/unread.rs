//! What is read only once is read by the verb that it is for, and what is not read holds nothing up.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{PipeReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lab::{run, wait_until};

use crate::tool::{Ran, command};

/// A daemon of a fleet whose events never end.
struct Talker {
    folder: tempfile::TempDir,
}

impl Talker {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("daemon.sock")).unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                // It ends with its client.
                thread::spawn(move || -> std::io::Result<()> {
                    let mut byte = [0];
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        stream.read_exact(&mut byte)?;
                        head.push(byte[0]);
                    }
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")?;
                    loop {
                        stream.write_all(EVENT.as_bytes())?;
                    }
                });
            }
        });
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("daemon.sock")
    }

    /// `events --fleet`, once it waits for its reader: its stdout is full.
    fn unread(&self) -> (Child, ChildStdout) {
        let url = format!("unix://{}", self.path().display());
        let mut child = command("docker-ovs", &["--server", &url, "events", "--fleet"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut before = 0;
        wait_until("nothing more is written", || {
            thread::sleep(Duration::from_millis(500));
            let now = rustix::io::ioctl_fionread(&stdout).unwrap();
            let is_full = now > 0 && now == before;
            before = now;
            is_full
        });
        (child, stdout)
    }
}

const EVENT: &str = "data: {\"Time\":\"2026-01-01T00:00:00.000Z\",\"Host\":\"h1\",\"Action\":\"live\",\
    \"Container\":\"\",\"Interface\":\"\",\"Bridge\":null,\"OFPort\":null,\"Attachment\":null}\n\n";

/// How it ends, within the test's patience; later it is killed.
fn ended(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > lab::patience() {
            child.kill().unwrap();
            return child.wait().unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn events_that_are_not_read_end_by_a_signal_or_with_their_reader() {
    let talker = Talker::start();
    for signal in ["-TERM", "-INT"] {
        let (mut child, _stdout) = talker.unread();
        run("kill", &[signal, &child.id().to_string()]);
        assert_eq!(ended(&mut child).code(), Some(0), "{signal}");
    }
    let (mut child, stdout) = talker.unread();
    drop(stdout);
    assert_eq!(ended(&mut child).code(), Some(0));
}

#[test]
fn events_that_are_read_late_are_whole_lines() {
    let talker = Talker::start();
    let (mut child, mut stdout) = talker.unread();
    let mut text = vec![0; 1 << 20];
    stdout.read_exact(&mut text).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines.pop();
    assert!(lines.len() > 1000 && lines.iter().all(|line| *line == lines[0]), "{:?}", lines[0]);
}

/// What it answers to what comes by stdin, of which it may leave the rest.
fn of_stdin(words: &[&str], mut comes: impl Read + Send + 'static) -> Ran {
    let mut child = command("docker-ovs", words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writes = thread::spawn(move || drop(std::io::copy(&mut comes, &mut stdin)));
    let output = child.wait_with_output().unwrap();
    writes.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn what_comes_by_stdin_without_an_end_is_refused() {
    let of_snapshot = b"{\"docker-ovs-snapshot\":1,\"host\":\"".as_slice();
    for (begins, byte, why) in [
        (b"".as_slice(), b' ', "longer than 32 MiB"),
        (b"", b'\n', "longer than 32 MiB"),
        (b"", b'x', "longer than 32 MiB"),
        (b"{", b' ', "longer than 64 MiB"),
        (of_snapshot, b'x', "longer than 64 MiB"),
    ] {
        let ran = of_stdin(&["--from", "-", "ls"], begins.chain(std::io::repeat(byte)));
        assert!(ran.code == 2 && ran.stderr.contains(why), "{byte}: {} {}", ran.code, ran.stderr);
    }
    let ran = of_stdin(&["--from", "-", "ls"], std::io::empty());
    assert!(ran.code == 2 && ran.stderr.contains("not a snapshot"), "{ran:?}");
}

#[test]
fn the_history_of_a_database_comes_by_stdin_too() {
    let none = of_stdin(&["--from", "-", "history"], b"OVSDB JSON 1 x\n".as_slice());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conf.db");
    std::fs::write(&path, "OVSDB JSON 1 x\n").unwrap();
    let path = path.display().to_string();
    let of_file = of_stdin(&["--from", &path, "history"], std::io::empty());
    assert_eq!((none.code, none.stdout), (of_file.code, of_file.stdout));
    assert_eq!(none.stderr, of_file.stderr.replace(&path, "-"));
}

/// What TAB gets, in ten seconds at most.
fn completed(from: &str, stdin: PipeReader) -> Option<i32> {
    let mut child = command("docker-ovs", &["__complete", "ovs", "--from", from, "port", ""])
        .stdin(stdin)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    ended(&mut child).code()
}

#[test]
fn a_completion_takes_nothing_that_a_verb_would_read() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo").display().to_string();
    run("mkfifo", &[&fifo]);
    for from in ["-", "/dev/stdin", &fifo] {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"typed").unwrap();
        assert_eq!(completed(from, reader.try_clone().unwrap()), Some(0), "{from}");
        drop(writer);
        let mut left = String::new();
        reader.read_to_string(&mut left).unwrap();
        assert_eq!(left, "typed", "{from}");
    }
}

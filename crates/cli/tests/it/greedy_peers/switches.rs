//! The ways to the switch beside its database: OpenFlow (OpenFlow Switch Specification 1.3.5) and the control
//! socket of ovs-vswitchd (ovs-appctl(8)).

use std::fmt::Write as _;
use std::io::{Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Deserializer, Value, json};

use super::{FOR_A_WHILE, TO_THE_END, listen, was_bounded, watched};
use crate::tool::{Ran, command};

/// Ports in one message, which is at most 65,535 bytes long.
const PORTS: usize = 900;

/// Types of messages: HELLO, FEATURES_REQUEST and its reply, MULTIPART_REQUEST and its reply.
const HELLO: u8 = 0;
const FEATURES: [u8; 2] = [5, 6];
const MULTIPART: [u8; 2] = [18, 19];

/// The verbs that ask one way alone, with the sockets in this folder; nothing else is there.
fn of_switch(what: &str, rundir: &tempfile::TempDir, source: &str, timeout: &str) -> Vec<Ran> {
    let none = ["-H", "unix:///nonexistent/docker.sock", "--timeout", timeout];
    [&["ports"][..], &["ls", "--format", "json"], &["graph"]]
        .into_iter()
        .map(|verb| {
            let words = [&none[..], verb, &["--source", source]].concat();
            let mut tool = command("docker-ovs", &words);
            tool.env("OVS_RUNDIR", rundir.path());
            was_bounded(what, watched(tool, |_| false))
        })
        .collect()
}

fn message(kind: u8, xid: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&[4, kind], &length[..], &xid, body].concat()
}

/// A part of the descriptions of all ports (section 7.3.5.7), from this number on.
fn part(first: usize, more: bool) -> Vec<u8> {
    let mut body = vec![0, 13, 0, u8::from(more), 0, 0, 0, 0];
    for number in first..first + PORTS {
        let number = u32::try_from(number % 65_000 + 1).unwrap();
        let mut name = format!("p{number}").into_bytes();
        name.resize(16, 0);
        // Number, padding, address, padding, name, and eight words that are of no interest here.
        let number = number.to_be_bytes();
        let port = [&number[..], &[0; 4], &[2; 6], &[0; 2], &name, &[0; 32]];
        body.extend(port.concat());
    }
    body
}

/// A bridge with so many parts of ports.
fn bridge(mut stream: UnixStream, parts: usize) -> Result<()> {
    stream.write_all(&message(HELLO, [0; 4], &[]))?;
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head)?;
        let [_, kind, high, low, xid @ ..] = head;
        let mut body = vec![0; usize::from(u16::from_be_bytes([high, low])).saturating_sub(8)];
        stream.read_exact(&mut body)?;
        if kind == FEATURES[0] {
            stream.write_all(&message(FEATURES[1], xid, &[0; 24]))?;
        }
        if kind == MULTIPART[0] {
            for n in 0..parts {
                stream.write_all(&message(MULTIPART[1], xid, &part(n * PORTS, n + 1 < parts)))?;
            }
        }
    }
}

#[test]
fn ports_that_bridges_describe_without_end_are_bounded_all_together() {
    // One whose list does not end, and many with as many ports as one may have.
    for (bridges, parts) in [(1, usize::MAX), (12, 70)] {
        let rundir = tempfile::tempdir().unwrap();
        let path = |n: usize| rundir.path().join(format!("br{n}.mgmt"));
        let serve = move |stream: UnixStream| bridge(stream, parts);
        let asked: Vec<_> = (0..bridges).map(|n| listen(&path(n), serve)).collect();
        for ran in of_switch("port descriptions", &rundir, "openflow", TO_THE_END) {
            assert_eq!(ran.code, 2, "{}", ran.stderr);
        }
        let is_asked = |count: &Arc<AtomicUsize>| count.load(Ordering::Relaxed) >= 3;
        assert!(asked.iter().all(is_asked), "each bridge is asked by each verb");
    }
}

/// Answers each command with nothing but `dpif/show`, which is answered by `show`, given the answer's id.
fn answers(
    mut stream: &UnixStream,
    show: impl Fn(&Value, &UnixStream) -> Result<()>,
) -> Result<()> {
    for asked in Deserializer::from_reader(stream.try_clone()?).into_iter::<Value>() {
        let asked = asked?;
        if asked["method"] == "dpif/show" {
            show(&asked["id"], stream)?;
        } else {
            let answer = json!({ "id": asked["id"], "result": "", "error": null }).to_string();
            stream.write_all(answer.as_bytes())?;
        }
    }
    Ok(())
}

/// The control socket of a vswitchd, in a folder of its own.
fn control_socket(
    show: impl Fn(&Value, &UnixStream) -> Result<()> + Send + Sync + 'static,
) -> (tempfile::TempDir, Arc<AtomicUsize>) {
    let rundir = tempfile::tempdir().unwrap();
    std::fs::write(rundir.path().join("ovs-vswitchd.pid"), "4194305\n").unwrap();
    let socket = rundir.path().join("ovs-vswitchd.4194305.ctl");
    let asked = listen(&socket, move |stream| answers(&stream, &show));
    (rundir, asked)
}

#[test]
fn what_becomes_of_dpif_show_is_bounded() {
    let (mut bridges, mut options, mut ports) = (String::new(), String::new(), String::new());
    for n in 0..190_000 {
        let _ = writeln!(bridges, "  b{n}:");
        let _ = writeln!(ports, "    p{n} {}/{n}: (system)", n % 65_000 + 1);
    }
    for n in 0..1_500_000 {
        let _ = write!(options, "{n:x}=, ");
    }
    let datapath = "d".repeat(255);
    for text in [
        format!("{datapath}:\n{bridges}"),
        format!("{datapath}:\n  b:\n{ports}"),
        format!("{datapath}:\n  b:\n    p 1/2: (vxlan: {options})\n"),
    ] {
        assert!(text.len() < 15 << 20, "it is short enough to be read");
        let begin: String = text.chars().skip(257).take(12).collect();
        let (rundir, asked) = control_socket(move |id, mut stream| {
            let answer = json!({ "id": id, "result": text, "error": null }).to_string();
            stream.write_all(answer.as_bytes())
        });
        for ran in of_switch(&begin, &rundir, "appctl", TO_THE_END) {
            assert_eq!(ran.code, 2, "{begin:?}: {}", ran.stderr);
        }
        assert!(asked.load(Ordering::Relaxed) >= 3, "each verb asks it");
    }
}

#[test]
fn an_answer_to_dpif_show_that_does_not_end_is_bounded() {
    let (rundir, asked) = control_socket(|id, mut stream| {
        stream.write_all(format!("{{\"id\":{id},\"error\":null,\"result\":\"").as_bytes())?;
        let some = "x".repeat(1 << 16);
        loop {
            stream.write_all(some.as_bytes())?;
        }
    });
    for ran in of_switch("dpif/show without end", &rundir, "appctl", FOR_A_WHILE) {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
    assert!(asked.load(Ordering::Relaxed) >= 3, "each verb asks it");
}

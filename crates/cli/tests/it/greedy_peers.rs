//! Peers that would have more memory than there is: an error, or an answer, in at most 200 MB.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

mod all_verbs;
mod grpc;
mod switches;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::tool::{Ran, command};

/// What a program may hold at most, in KiB.
const MAX_KIB: u64 = 200_000;

/// A server that gives each connection to `serve`.
struct Peer {
    _folder: tempfile::TempDir,
    path: PathBuf,
    asked: Arc<AtomicUsize>,
}

/// Gives each connection to a socket at this path to `serve`: how many there were.
fn listen(
    path: &Path,
    serve: impl Fn(UnixStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> Arc<AtomicUsize> {
    let (listener, asked) = (UnixListener::bind(path).unwrap(), Arc::new(AtomicUsize::new(0)));
    let (serve, count) = (Arc::new(serve), Arc::clone(&asked));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            let serve = Arc::clone(&serve);
            // A client that has read enough hangs up: no error of the peer's.
            thread::spawn(move || drop(serve(stream)));
        }
    });
    asked
}

impl Peer {
    fn serving(serve: impl Fn(UnixStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peer.sock");
        let asked = listen(&path, serve);
        Self { _folder: folder, path, asked }
    }

    /// How often it was connected to.
    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Docker's API: what each path answers.
    fn engine(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::serving(move |mut stream| {
            loop {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte)?;
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = answer(&path);
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n")?;
                stream.write_all(body.as_bytes())?;
            }
        })
    }

    /// A database that says the same for ever, before it answers anything.
    fn saying_for_ever(what: String) -> Self {
        Self::serving(move |mut stream| {
            loop {
                stream.write_all(what.as_bytes())?;
            }
        })
    }

    fn at(&self) -> String {
        self.path.display().to_string()
    }
}

/// How it ends, and how much it held at most, in KiB (`VmHWM` of proc_pid_status(5)).
fn peak(words: &[&str]) -> (Ran, u64) {
    watched(command("docker-ovs", words), |_| false)
}

/// The same of a command that is told to end once it has run for a time that `is_enough`.
fn watched(mut command: Command, is_enough: impl Fn(Duration) -> bool) -> (Ran, u64) {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let (start, mut is_told) = (Instant::now(), false);
    let status = format!("/proc/{}/status", child.id());
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reads = [
        thread::spawn(move || {
            let mut text = Vec::new();
            stdout.read_to_end(&mut text).unwrap();
            text
        }),
        thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).unwrap();
            text
        }),
    ];
    let mut most = 0;
    let code = loop {
        let said = std::fs::read_to_string(&status).unwrap_or_default();
        let held = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = held.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(held.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            let was_told = is_told && status.signal() == Some(Signal::TERM.as_raw());
            break status.code().unwrap_or(if was_told { 0 } else { -1 });
        }
        if !is_told && is_enough(start.elapsed()) {
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            is_told = true;
        }
        thread::yield_now();
    };
    let [stdout, stderr] = reads.map(|read| String::from_utf8(read.join().unwrap()).unwrap());
    (Ran { code, stdout, stderr }, most)
}

fn is_bounded(what: &str, words: &[&str]) -> Ran {
    was_bounded(what, peak(words))
}

fn was_bounded(what: &str, (ran, most): (Ran, u64)) -> Ran {
    println!("{what}: {} MB, exit {}", most / 1000, ran.code);
    assert!((0..=2).contains(&ran.code), "{what}: {} {}", ran.code, ran.stderr);
    assert!(most < MAX_KIB, "{what}: {most} KiB");
    assert!(ran.stderr.len() < 20_000, "{what}: {} bytes on stderr", ran.stderr.len());
    ran
}

/// What the tool says of a database, which it asks for as long as `timeout`.
fn database(what: &str, peer: &Peer, timeout: &str) -> Ran {
    let db = format!("unix:{}", peer.at());
    let words = ["-H", "unix:///nonexistent", "--timeout", timeout, "--db", &db, "ports"];
    is_bounded(what, &words)
}

/// For what goes on for ever and is read for ever.
const FOR_A_WHILE: &str = "20s";

/// For what has an end of its own, however busy the machine is.
const TO_THE_END: &str = "10m";

#[test]
fn notifications_of_a_database_are_bounded_with_all_that_is_in_them() {
    let method = "m".repeat(20 << 20);
    let long = format!("{{\"id\":null,\"params\":[],\"method\":\"{method}\"}}");
    database("long methods", &Peer::saying_for_ever(long), FOR_A_WHILE);
    let params = "p".repeat(1 << 20);
    let update = format!("{{\"id\":null,\"params\":[\"{params}\"],\"method\":\"update\"}}");
    let ran = database("long updates", &Peer::saying_for_ever(update), TO_THE_END);
    assert!(ran.stderr.contains("unread notifications"), "{}", ran.stderr);
    let tiny = "{\"method\":\"update\"}".repeat(4096);
    let ran = database("tiny updates", &Peer::saying_for_ever(tiny), TO_THE_END);
    assert!(ran.stderr.contains("unread notifications"), "{}", ran.stderr);
    let echo = "e".repeat(20 << 20);
    let echo = format!("{{\"id\":1,\"params\":[\"{echo}\"],\"method\":\"echo\"}}");
    database("long echoes", &Peer::saying_for_ever(echo), FOR_A_WHILE);
}

#[test]
fn rows_of_a_database_are_bounded_by_what_is_made_of_them() {
    let answering = |row: &'static str| {
        Peer::serving(move |mut stream| {
            let mut asked = [0; 8192];
            let _ = stream.read(&mut asked)?;
            let mut text = String::from("{\"id\":0,\"error\":null,\"result\":{\"Interface\":{");
            for n in 0.. {
                if text.len() > 30 << 20 {
                    break;
                }
                let comma = if n == 0 { "" } else { "," };
                let id = format!("{n:08x}-0000-4000-8000-000000000000");
                let _ = write!(text, "{comma}\"{id}\":{{\"new\":{row}}}");
            }
            text += "}}}";
            stream.write_all(text.as_bytes())?;
            let _ = stream.read(&mut asked)?;
            Ok(())
        })
    };
    database("tiny rows", &answering("{\"name\":\"a\",\"ofport\":1}"), TO_THE_END);
    let row = "{\"name\":\"a\",\"ofport\":1,\"external_ids\":[\"map\",[[\"a\",\"\"],[\"b\",\"\"],\
               [\"c\",\"\"],[\"d\",\"\"],[\"e\",\"\"],[\"f\",\"\"],[\"g\",\"\"],[\"h\",\"\"]]]}";
    database("rows of many ids", &answering(row), TO_THE_END);
}

#[test]
fn the_interfaces_of_one_bond_are_bounded_with_what_each_has_of_it() {
    let uuid = |n: u32| format!("{n:08x}-0000-4000-8000-000000000000");
    let bond = |columns: String| {
        Peer::serving(move |mut stream| {
            let mut asked = [0; 8192];
            let _ = stream.read(&mut asked)?;
            let (mut rows, mut ids) = (Vec::new(), Vec::new());
            for n in 0..10_000 {
                rows.push(format!("\"{}\":{{\"new\":{{\"name\":\"eth{n}\"}}}}", uuid(n)));
                ids.push(format!("[\"uuid\",\"{}\"]", uuid(n)));
            }
            let (rows, ids, port) = (rows.join(","), ids.join(","), uuid(20_000));
            let text = format!(
                "{{\"id\":0,\"error\":null,\"result\":{{\"Interface\":{{{rows}}},\
                 \"Port\":{{\"{port}\":{{\"new\":{{\"name\":\"bond\",{columns},\
                 \"interfaces\":[\"set\",[{ids}]]}}}}}},\
                 \"Bridge\":{{\"{port}\":{{\"new\":{{\"name\":\"br\",\
                 \"ports\":[\"uuid\",\"{port}\"]}}}}}}}}}}",
            );
            stream.write_all(text.as_bytes())?;
            let _ = stream.read(&mut asked)?;
            Ok(())
        })
    };
    let long = "x".repeat(10 << 20);
    let vlans: Vec<_> = (1..4096).map(|vlan: u16| vlan.to_string()).collect();
    let vlans = vlans.join(",");
    for columns in [
        format!("\"external_ids\":[\"map\",[[\"a\",\"{long}\"]]]"),
        format!("\"vlan_mode\":\"{long}\""),
        format!("\"trunks\":[\"set\",[{vlans}]],\"cvlans\":[\"set\",[{vlans}]]"),
    ] {
        let what: String = columns.chars().take(14).collect();
        let ran = database(&what, &bond(columns), TO_THE_END);
        assert!(ran.stderr.contains("more than the "), "{what}: {}", ran.stderr);
    }
}

#[test]
fn containers_of_an_engine_are_bounded_all_together() {
    let engine = |what: &str, peer: &Peer, verb: &[&str]| {
        let host = format!("unix://{}", peer.at());
        is_bounded(what, &[&["-H", &host, "--timeout", TO_THE_END], verb].concat())
    };
    let ids: Vec<String> = (0..8).map(|n| format!("{n:064x}")).collect();
    let list: Vec<_> =
        ids.iter().map(|id| format!("{{\"Id\":\"{id}\",\"State\":\"running\"}}")).collect();
    let list = format!("[{}]", list.join(","));
    let large = move |label: String| {
        let list = list.clone();
        Peer::engine(move |path| match path.split('/').nth(2) {
            Some(id) if path.ends_with("/json") && id.len() == 64 => (
                200,
                format!(
                    "{{\"Id\":\"{id}\",\"Name\":\"/n\",\"Config\":{{\"Labels\":{{{label}}}}}}}"
                ),
            ),
            Some(_) if path.starts_with("/containers/json") => (200, list.clone()),
            _ => (404, "{}".to_owned()),
        })
    };
    let one = format!("\"a\":\"{}\"", "x".repeat(40 << 20));
    engine("eight large inspections", &large(one), &["ls"]);
    let mut many = "\"a\":\"\"".to_owned();
    for n in 0..2_000_000 {
        let _ = write!(many, ",\"{n:x}x\":\"\"");
    }
    engine("eight with many labels", &large(many), &["ls"]);
    let all = format!("[{}{{\"Id\":\"z\"}}]", "{\"Id\":\"a\"},".repeat(5_000_000));
    let crowd = Peer::engine(move |_| (200, all.clone()));
    engine("five million containers", &crowd, &["ls"]);
    let message = format!("{{\"message\":\"{}\"}}", "m".repeat(50 << 20));
    let refusing = Peer::engine(move |_| (500, message.clone()));
    let ran = engine("a long refusal", &refusing, &["port", "web"]);
    assert!(ran.code == 2 && ran.stderr.len() < 3000, "{} bytes", ran.stderr.len());
}

/// A daemon of a fleet: how many attachments it says it has, and what it answers of all and of one host.
fn daemon_of_fleet(
    count: usize,
    of: impl Fn(Option<&str>) -> String + Send + Sync + 'static,
) -> Peer {
    daemon_of_hosts(count, 2, of)
}

/// The same of so many hosts.
fn daemon_of_hosts(
    count: usize,
    hosts: usize,
    of: impl Fn(Option<&str>) -> String + Send + Sync + 'static,
) -> Peer {
    let status = status_of_fleet(count, hosts);
    let host = |number: usize| {
        format!(
            r#"{{"Host":"h{number}","Liveness":"live","StaleSince":null,"Number":null,"Address":null,
            "Version":"1","Bridges":[],"Attachments":null,"Meshes":[],"Notes":[]}}"#
        )
    };
    let hosts = format!("[{}]", (1..=hosts).map(host).collect::<Vec<_>>().join(","));
    Peer::engine(move |path| match path.split_once('?') {
        _ if path == "/v1/fleet" => (200, status.clone()),
        _ if path == "/v1/fleet/hosts" => (200, hosts.clone()),
        Some((_, query)) => (200, of(query.strip_prefix("host="))),
        None => (200, of(None)),
    })
}

/// As the daemon of a fleet of so many attachments and hosts tells it.
fn status_of_fleet(count: usize, hosts: usize) -> String {
    format!(
        r#"{{"Fleet":"f","Host":"h","Liveness":"live","StaleSince":null,"Reason":null,"Published":true,
        "UnpublishedReason":null,"Mirror":true,"Hosts":{hosts},"Attachments":{count},"Unreadable":0}}"#
    )
}

/// So many rows of this kind, as a daemon answers them.
fn rows_of_fleet(count: usize, row: &str) -> String {
    let attachment = fleet::decode(row.as_bytes()).unwrap();
    let liveness = report::v1::Liveness::Live;
    let from = report::v1::FromHost { host: "h1".to_owned(), liveness, stale_since: None };
    let row = serde_json::to_string(&report::v1::FleetAttachment { from, attachment }).unwrap();
    format!("[{}]", vec![row; count].join(","))
}

#[test]
fn all_that_a_fleet_has_is_listed() {
    let plain = r#"{"Container":"web","ID":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "Engine":"docker","Interface":"eth0","State":"on","Addresses":["192.0.2.7/24","2001:db8::7/64"],
        "OFPort":3,"Bridge":"br0","Port":"veth1","MAC":"02:00:00:00:00:01"}"#;
    let trunk = r#"{"Container":"web","ID":"1","Interface":"eth0","State":"on","OFPort":3,"Bridge":"br0",
        "TrunkRanges":[[1,4094]]}"#;
    for (count, row) in [(20_000, plain), (430, trunk), (1, plain)] {
        let answer = rows_of_fleet(count, row);
        let peer = daemon_of_fleet(count, move |_| answer.clone());
        let url = format!("unix://{}", peer.at());
        for verb in [&["ls", "--fleet", "-q"][..], &["ports", "--fleet"]] {
            let ran = peak(&[&["--server", &url, "--timeout", TO_THE_END], verb].concat()).0;
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{count} {verb:?}");
        }
    }
    // All at once is too long, and that of each host is not.
    let (long, short) = ("x".repeat(65 << 20), rows_of_fleet(2, plain));
    let peer = daemon_of_fleet(4, move |host| if host.is_some() { &short } else { &long }.clone());
    let url = format!("unix://{}", peer.at());
    let words = ["--server", &url, "--timeout", TO_THE_END, "ls", "--fleet", "--format", "json"];
    let ran = peak(&words).0;
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 4), "{}", ran.stderr);
}

#[test]
fn all_answers_of_a_fleet_together_are_in_time_and_bounded() {
    let slow = daemon_of_fleet(20_001, |_| {
        thread::sleep(Duration::from_secs(2));
        "[]".to_owned()
    });
    let url = format!("unix://{}", slow.at());
    let ran = peak(&["--server", &url, "--timeout", "3", "ls", "--fleet"]).0;
    // Waiting ends with words of its own, but where the machine is too slow for it.
    assert!(ran.code == 2 && ran.stderr.contains(" within 3s"), "{ran:?}");
}

#[test]
fn rows_of_a_fleet_stand_where_its_hosts_are_not_told() {
    let rows = rows_of_fleet(
        2,
        r#"{"Container":"w","ID":"1","Interface":"e","State":"on","OFPort":3,"Bridge":"b"}"#,
    );
    let status = status_of_fleet(2, 1);
    let peer = Peer::engine(move |path| match path {
        "/v1/fleet" => (200, status.clone()),
        "/v1/fleet/hosts" => (200, "x".repeat(65 << 20)),
        _ => (200, rows.clone()),
    });
    let url = format!("unix://{}", peer.at());
    let words = ["--server", &url, "--timeout", TO_THE_END, "ls", "--fleet", "--format", "json"];
    let ran = peak(&words).0;
    assert_eq!((ran.code, ran.stdout.lines().count()), (2, 2), "{}", ran.stderr);
    assert!(ran.stderr.contains("so that rows may be missing: "), "{}", ran.stderr);
}

#[test]
fn what_is_held_of_all_hosts_of_a_fleet_is_bounded() {
    let small =
        r#"{"Container":"w","ID":"1","Interface":"e","State":"on","OFPort":3,"Bridge":"b"}"#;
    // All at once is too long, and that of each host is not.
    let (long, rows) = ("x".repeat(65 << 20), rows_of_fleet(10_000, small));
    let peer = daemon_of_hosts(200_000, 20, move |host| {
        if host.is_some() { &rows } else { &long }.clone()
    });
    let url = format!("unix://{}", peer.at());
    for verb in [&["ls", "--fleet"][..], &["ports", "--fleet"], &["graph", "--fleet"]] {
        let words = [&["--server", &url, "--timeout", TO_THE_END], verb].concat();
        let ran = is_bounded("twenty large hosts", &words);
        let told = "its answers are more than 128 MiB together";
        assert!(ran.code == 2 && ran.stderr.contains(told), "{verb:?}: {}", ran.stderr);
    }
}

#[test]
fn a_snapshot_of_a_daemon_is_bounded_by_what_is_made_of_it() {
    let scene = std::fs::read_to_string("tests/scenes/article.json").unwrap();
    let mut snapshot: serde_json::Value = serde_json::from_str(&scene).unwrap();
    let docker = &mut snapshot["engines"]["docker"]["rows"];
    let row = docker[0].clone();
    let rows: Vec<_> = (0..60_000)
        .map(|n| {
            let mut row = row.clone();
            row["id"] = format!("{n:064x}").into();
            row["name"] = format!("c{n}").into();
            row
        })
        .collect();
    *docker = rows.into();
    let text = snapshot.to_string();
    let peer = Peer::engine(move |_| (200, text.clone()));
    let url = format!("unix://{}", peer.at());
    for verb in [&["ls"][..], &["ports"], &["ls", "--format", "json"], &["graph"]] {
        is_bounded(
            "a crowd in one namespace",
            &[&["--server", &url, "--timeout", TO_THE_END], verb].concat(),
        );
    }
}

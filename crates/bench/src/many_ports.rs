//! A daemon of a large host: how late an event is, alone and in a crowd of clients that take nothing.
//!
//! Namespaces, links and database are real. The engine is a fake, and vswitchd has dummies for its ports: so many
//! containers and system ports would take a larger machine.

mod scene;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use lab::http::{ask, head};

use self::scene::Scene;
use crate::daemon::Daemon;
use crate::fake_engine;
use crate::rows::{ResultTable, Tools};

/// How often a port changes.
const ROUNDS: usize = 60;
/// The same in a crowd: the daemon drops clients that take nothing for 20 s.
const CROWD_ROUNDS: usize = 30;
/// Of each kind of client in the crowd; a listener has places for 256 requests, and for as many streams.
const CROWD: usize = 250;
/// Between two changes.
const REST: Duration = Duration::from_millis(300);
/// How long one event is waited for.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the scene is waited for.
const SCENE_TIMEOUT: Duration = Duration::from_secs(600);

/// Measures once, beside the smaller scene: that has the least else to do.
pub(crate) fn tell(rows: &mut ResultTable, size: usize, tools: &Tools) {
    if size > 100 {
        return;
    }
    let count = crate::numbers("BENCH_PORTS", "3000")[0].max(1);
    let scene = Scene::new(count);
    let engine = fake_engine::serve(scene.folder.path(), scene.homes.pids(), &scene.homes.mounts);
    let engine = format!("docker={}", engine.display());
    let address = free_address();
    let rundir = scene.switch.rundir();
    let listen = ["--listen", &*address];
    let daemon = Daemon::start_at(tools, &["--engine", &engine], &listen, Some(rundir));
    settle("every container is on its port", || {
        let told = ask(daemon.connect(), &request("/v1/attachments")).body;
        told.matches(r#""State":"on""#).count() >= count
    });
    let (events, mut database) = (changes(&daemon), Database::connect(rundir, count));
    let ports = thousands(count);
    let alone = late(&mut database, &events, ROUNDS);
    rows.line(&format!("event with {ports} ports, median ms"), alone, 20.0, "");
    let crowd = Crowd::gather(&daemon, &address);
    let name = format!("/healthz in a crowd, {ports} ports, median ms");
    rows.line(&name, healthz(&daemon), 100.0, "");
    let crowded = late(&mut database, &events, CROWD_ROUNDS);
    rows.line(&format!("event in a crowd, {ports} ports, median ms"), crowded, 20.0, "");
    drop(crowd);
}

fn request(path: &str) -> String {
    head("GET", path, &["Host: localhost"])
}

/// As tables have it: 3,000.
fn thousands(count: usize) -> String {
    match count / 1000 {
        0 => count.to_string(),
        whole => format!("{whole},{:03}", count % 1000),
    }
}

/// An address that nothing listens at.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it listens").to_string()
}

fn settle(what: &str, mut has_come: impl FnMut() -> bool) {
    let start = Instant::now();
    while !has_come() {
        assert!(start.elapsed() < SCENE_TIMEOUT, "waited in vain: {what}");
        thread::sleep(REST);
    }
}

/// The median of how much later than the database the daemon tells a change, in milliseconds.
fn late(database: &mut Database, events: &Receiver<Instant>, rounds: usize) -> f64 {
    let once = |_| {
        thread::sleep(REST);
        let _ = (events.try_iter().count(), database.told.try_iter().count());
        database.change();
        let told = database.told.recv_timeout(EVENT_TIMEOUT).expect("the database tells it");
        let event = events.recv_timeout(EVENT_TIMEOUT).expect("the event is told");
        event.saturating_duration_since(told)
    };
    median((0..rounds).map(once).collect())
}

/// The median of how long the daemon takes for an answer, in milliseconds.
fn healthz(daemon: &Daemon) -> f64 {
    let once = |_| {
        let start = Instant::now();
        assert_eq!(ask(daemon.connect(), &request("/healthz")).status, 200);
        start.elapsed()
    };
    median((0..CROWD_ROUNDS).map(once).collect())
}

fn median(taken: Vec<Duration>) -> f64 {
    crate::measure::median(taken).as_secs_f64() * 1000.0
}

/// When the daemon tells that an attachment has changed, each time.
fn changes(daemon: &Daemon) -> Receiver<Instant> {
    let mut stream = daemon.connect();
    let asked = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    stream.write_all(asked.as_bytes()).expect("the daemon listens");
    let (tell, told) = channel();
    thread::spawn(move || {
        let lines = BufReader::with_capacity(1 << 20, stream).lines().map_while(Result::ok);
        let changed = lines.filter(|line| line.contains(r#""changed""#));
        let _ = changed.map(|_| tell.send(Instant::now())).take_while(Result::is_ok).count();
    });
    told
}

/// A client of the database that changes VLANs, and hears of it as the daemon does.
struct Database {
    stream: UnixStream,
    /// When it told a change.
    told: Receiver<Instant>,
    ports: usize,
    changes: usize,
}

impl Database {
    fn connect(rundir: &Path, ports: usize) -> Self {
        let mut stream = UnixStream::connect(rundir.join("db.sock")).expect("a database");
        let wanted = r#"{"Port":{"columns":["tag"],"select":{"initial":false}}}"#;
        let asked =
            format!(r#"{{"id":0,"method":"monitor","params":["Open_vSwitch",1,{wanted}]}}"#);
        stream.write_all(asked.as_bytes()).expect("the database listens");
        let mut buffer = vec![0; 1 << 16];
        let count = stream.read(&mut buffer).expect("the database answers");
        assert!(count > 0, "the database answers");
        let mut reader = stream.try_clone().expect("a socket can be had twice");
        let (tell, told) = channel();
        thread::spawn(move || {
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let at = Instant::now();
                let text = String::from_utf8_lossy(&buffer[..count]);
                if text.contains(r#""method":"update""#) && tell.send(at).is_err() {
                    return;
                }
            }
        });
        Self { stream, told, ports, changes: 0 }
    }

    /// Gives a port another VLAN.
    fn change(&mut self) {
        self.changes += 1;
        let (tag, port) = (self.changes, self.changes * 37 % self.ports);
        let condition = format!(r#"[["name","==","veth{port}"]]"#);
        let update = format!(
            r#"{{"op":"update","table":"Port","where":{condition},"row":{{"tag":{tag}}}}}"#
        );
        let asked =
            format!(r#"{{"id":{tag},"method":"transact","params":["Open_vSwitch",{update}]}}"#);
        self.stream.write_all(asked.as_bytes()).expect("the database listens");
    }
}

/// Clients of which none takes its answer: of the page, and twice as many of streams.
struct Crowd(
    #[expect(dead_code, reason = "they are held, not read")] (Vec<UnixStream>, Vec<TcpStream>),
);

impl Crowd {
    fn gather(daemon: &Daemon, address: &str) -> Self {
        let paths = ["/", "/figure", "/v1/wiring", "/v1/snapshot"];
        let pages = (0..CROWD).map(|n| paths[n % paths.len()]);
        let streams = (0..CROWD).map(|_| "/v1/events");
        let ask_here = |path: &str| {
            let mut stream = daemon.connect();
            stream.write_all(request(path).as_bytes()).expect("the daemon listens");
            stream
        };
        let ask_by_tcp = |path: &str| {
            let mut stream = TcpStream::connect(address).expect("the daemon listens");
            stream.write_all(request(path).as_bytes()).expect("the daemon listens");
            stream
        };
        let by_tcp = streams.clone().map(ask_by_tcp).collect();
        Self((streams.chain(pages).map(ask_here).collect(), by_tcp))
    }
}

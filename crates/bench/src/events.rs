//! Events: how long after `ovs-vsctl add-port` has returned the line is there, and how much
//! later than a client that only listens to the database.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use lab::{Bridge, Home, Netns, run, unique};

use crate::rows::{ResultTable, Tools};

/// How often a port is added.
const ROUNDS: usize = 150;
/// How long anything is waited for.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);

/// Plugs one veth in and out, beside whatever else is on the host.
pub(crate) fn tell(rows: &mut ResultTable, size: usize, tools: &Tools) {
    let (bridge, netns, host_end) = (Bridge::new(), Netns::new(), unique("v"));
    netns.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &host_end, "netns", "1"]);
    let events = Events::start(tools, bridge.name());
    let database = numbers(&host_end);
    let (mut late, mut delay) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        run("ovs-vsctl", &["add-port", bridge.name(), &host_end]);
        let returned = Instant::now();
        let line = events.wait_for(" on");
        let raw = database.recv_timeout(EVENT_TIMEOUT).expect("the database tells the number");
        late.push(ms(line.saturating_duration_since(returned)));
        delay.push(ms(line.saturating_duration_since(raw)));
        run("ovs-vsctl", &["del-port", &host_end]);
        events.wait_for(" none");
    }
    late.sort_by(f64::total_cmp);
    delay.sort_by(f64::total_cmp);
    let name = format!("event after add-port returned, 95 % in ms, {size}");
    rows.line(&name, late[ROUNDS * 95 / 100], 1.0, "");
    let name = format!("event after the database told, median ms, {size}");
    rows.line(&name, delay[ROUNDS / 2], 5.0, "");
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A running `docker ovs events`.
struct Events {
    child: Child,
    lines: Receiver<(Instant, String)>,
}

impl Events {
    /// Whatever is on the bridge, or was.
    fn start(tools: &Tools, bridge: &str) -> Self {
        let mut command = Command::new(tools.ours("docker-ovs"));
        let row = "{{.Action}} {{.Attachment.State}}";
        command.args(["events", "--initial", "--format", row, "--filter"]);
        command.arg(format!("bridge={bridge}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("docker-ovs can be started");
        let (tell, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        thread::spawn(move || {
            let lines = stdout.lines().map_while(Result::ok);
            let _ = lines
                .map(|line| tell.send((Instant::now(), line)))
                .take_while(Result::is_ok)
                .count();
        });
        Self { child, lines }
    }

    /// When a line with this end came.
    fn wait_for(&self, end: &str) -> Instant {
        loop {
            let (at, line) = self.lines.recv_timeout(EVENT_TIMEOUT).expect("the event is told");
            if line.ends_with(end) {
                return at;
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// When the database tells a number for the interface of this name, each time.
fn numbers(name: &str) -> Receiver<Instant> {
    let mut stream = UnixStream::connect(lab::rundir().join("db.sock")).expect("a database");
    let wanted = r#"{"Interface":{"columns":["name","ofport"]}}"#;
    let ask = format!(r#"{{"id":1,"method":"monitor","params":["Open_vSwitch",1,{wanted}]}}"#);
    stream.write_all(ask.as_bytes()).expect("the database listens");
    let (tell, told) = channel();
    let name = format!(r#""name":"{name}""#);
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let at = Instant::now();
            if tells(&String::from_utf8_lossy(&buffer[..count]), &name) && tell.send(at).is_err() {
                return;
            }
        }
    });
    told
}

/// Whether there is a number beside the name: `"new":{"name":"v","ofport":3}`.
fn tells(text: &str, name: &str) -> bool {
    let mut rows = text.split(r#""new":"#).skip(1).map(|row| row.split('}').next().unwrap_or(""));
    rows.any(|row| {
        let number = row.split(r#""ofport":"#).nth(1);
        row.contains(name) && number.is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()))
    })
}

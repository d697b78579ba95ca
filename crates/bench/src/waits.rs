//! How long vswitchd lets one request wait while it answers another one: its main thread does both.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{Runner, Score, median, once};

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Between two requests: they are to notice a pause, and to be no load.
const BETWEEN: Duration = Duration::from_millis(1);

/// The longest that another request waits while a command runs: of so many runs the median.
pub(crate) fn longest(runner: &Runner, rounds: usize) -> Score {
    let socket = control_socket();
    let round = |_| {
        thread::scope(|scope| {
            let running = scope.spawn(|| once(runner));
            let mut longest = Duration::ZERO;
            while !running.is_finished() {
                longest = longest.max(wait(&socket));
                thread::sleep(BETWEEN);
            }
            running.join().expect("the command ends well");
            longest
        })
    };
    Score { time: median((0..rounds).map(round).collect()), memory: 0 }
}

/// Where vswitchd takes commands, as ovs-appctl finds it.
fn control_socket() -> PathBuf {
    let pid = std::fs::read_to_string(lab::rundir().join("ovs-vswitchd.pid"));
    let pid = pid.expect("vswitchd tells its number");
    lab::rundir().join(format!("ovs-vswitchd.{}.ctl", pid.trim()))
}

/// How long a request takes that costs nothing itself.
fn wait(socket: &Path) -> Duration {
    let start = Instant::now();
    let mut stream = UnixStream::connect(socket).expect("vswitchd listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a socket has a timeout");
    let request = br#"{"id":0,"method":"version","params":[]}"#;
    stream.write_all(request).expect("vswitchd takes a request");
    let count = stream.read(&mut [0; 4096]).expect("vswitchd answers");
    assert!(count > 0, "vswitchd closes the connection");
    start.elapsed()
}

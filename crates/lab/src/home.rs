//! What is inside a network namespace, of a container or by name.

use std::io;
use std::process::Output;

use crate::container::Container;
use crate::netns::Netns;
use crate::run::{output, patience, run, wait_until};

/// Whatever has a network namespace to plug something into.
pub trait Home {
    /// What `ip link set … netns` takes: a name or a PID. The other two take it for a PID.
    fn netns(&self) -> String;

    /// `ip` inside it.
    fn ip(&self, words: &[&str]) -> String {
        run("nsenter", &[&["--target", &self.netns(), "--net", "ip"], words].concat())
    }

    /// An applet of busybox inside it: all that it says, and how it ends.
    ///
    /// # Errors
    /// When the program that goes inside cannot be started.
    fn busybox(&self, words: &[&str]) -> io::Result<Output> {
        output("nsenter", &[&["--target", &self.netns(), "--net", "busybox"], words].concat())
    }
}

impl Home for Netns {
    fn netns(&self) -> String {
        self.name().to_owned()
    }

    fn ip(&self, words: &[&str]) -> String {
        run("ip", &[&["-netns", self.name()], words].concat())
    }

    fn busybox(&self, words: &[&str]) -> io::Result<Output> {
        self.enter().arg("busybox").args(words).output()
    }
}

impl Home for Container {
    fn netns(&self) -> String {
        self.pid()
    }

    fn busybox(&self, words: &[&str]) -> io::Result<Output> {
        output("docker", &[&["exec", self.id(), "busybox"], words].concat())
    }
}

/// Whether one ping from `home` to `ip`, IPv4 or IPv6, is answered within a second.
///
/// # Panics
/// When no ping could be sent from there at all, which is not the same as no answer.
pub fn ping(home: &impl Home, ip: &str) -> bool {
    let output = home.busybox(&["ping", "-c1", "-W1", ip]).expect("ping can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.stdout.starts_with(b"PING "), "ping {ip}: {}: {complaint}", output.status);
    output.status.success()
}

/// Whether one single ping from `home` to `ip` is answered, sent or not. Where an answer is
/// `expected` it has the test's [`patience`] to come; that there is none is known after two seconds.
///
/// # Panics
/// When ping cannot be started.
pub fn single_ping(home: &impl Home, ip: &str, expected: bool) -> bool {
    let seconds = if expected { patience().as_secs() } else { 2 }.to_string();
    let output = home.busybox(&["ping", "-c1", "-W", &seconds, ip]).expect("ping can be started");
    output.status.success()
}

/// Waits until `ip` answers a [`ping`] from `home`.
///
/// # Panics
/// When the test's [`patience`](crate::patience) is over.
pub fn wait_for_answer(home: &impl Home, ip: &str) {
    wait_until(&format!("{ip} answers"), || ping(home, ip));
}

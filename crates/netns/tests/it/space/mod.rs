//! Namespaces of a test's own, and reading in them.
#![allow(dead_code, reason = "each of the two test programs uses its part")]
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use docker_ovs_netns::{Error, Link, Netns, RouteSocket, visit};

/// A named namespace, removed with its guard.
pub(crate) struct Space(pub(crate) String);

impl Space {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("nt{:x}{name}{count}", std::process::id());
        ip(&["netns", "add", &name]);
        Self(name)
    }

    pub(crate) fn open(&self) -> Netns {
        Netns::open(Path::new(&format!("/run/netns/{}", self.0))).unwrap()
    }

    pub(crate) fn ip(&self, words: &[&str]) {
        ip(&[&["-netns", &self.0], words].concat());
    }

    /// What ip(8) shows there.
    pub(crate) fn shown(&self, words: &[&str]) -> serde_json::Value {
        let all = [&["-netns", &self.0, "-json", "-details"], words].concat();
        let output = lab::program("ip").args(&all).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ip {all:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A socket that stays in a namespace.
pub(crate) fn socket_in(space: &Netns) -> RouteSocket {
    inside(space, |_| RouteSocket::here())
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = lab::program("ip").args(["netns", "del", &self.0]).output();
    }
}

pub(crate) fn ip(words: &[&str]) {
    let output = lab::program("ip").args(words).output().unwrap();
    assert!(output.status.success(), "ip {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Reads in one namespace.
pub(crate) fn inside<T: Send>(
    space: &Netns,
    read: impl Fn(&RouteSocket) -> Result<T, Error> + Send,
) -> T {
    visit(&[space], move |_, socket| read(socket)).remove(0).unwrap()
}

pub(crate) fn named(space: &Netns, name: &'static str) -> Link {
    inside(space, |socket| socket.link_named(name)).unwrap_or_else(|| panic!("no {name}"))
}

/// Whether `holds` becomes true: a thread can be joined a moment before it leaves /proc.
pub(crate) fn soon(holds: impl Fn() -> bool) -> bool {
    lab::comes_true(holds)
}

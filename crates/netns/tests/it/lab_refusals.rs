//! Files that are no network namespace: refused, and not waited for.
#![allow(clippy::disallowed_methods, reason = "FIFOs and mounts are made with programs")]

use std::path::{Path, PathBuf};

use docker_ovs_netns::{Error, Netns};

use crate::space::Space;

/// A file of a test's own; unmounted and removed with its guard.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("netns-{name}-{}", std::process::id())))
    }

    /// Mounts `what` on it, as ip-netns(8) does.
    fn mounted(name: &str, what: &str) -> Self {
        let scratch = Self::new(name);
        std::fs::write(&scratch.0, "").unwrap();
        run("mount", &[Path::new("--bind"), Path::new(what), &scratch.0]);
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = lab::program("umount").arg(&self.0).output();
        let _ = std::fs::remove_file(&self.0);
    }
}

fn run(program: &str, words: &[&Path]) {
    let output = lab::program(program).args(words).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_fifo_is_refused_at_once() {
    let fifo = Scratch::new("fifo");
    run("mkfifo", &[&fifo.0]);
    assert!(matches!(Netns::open(&fifo.0), Err(Error::NotANetns { .. })));
}

#[test]
fn a_bind_mount_is_what_the_kernel_says() {
    lab::need!(Root);
    let uts = Scratch::mounted("uts", "/proc/self/ns/uts");
    assert!(matches!(Netns::open(&uts.0), Err(Error::NotANetns { .. })));
    let net = Scratch::mounted("net", "/proc/self/ns/net");
    let opened = Netns::open(&net.0).unwrap();
    assert_eq!(opened.identity(), Netns::current().unwrap().identity());
}

#[test]
fn named_namespaces_are_listed() {
    lab::need!(Root);
    let space = Space::new("s");
    let named = docker_ovs_netns::named().unwrap();
    let (_, path) = named.into_iter().find(|(n, _)| *n == space.0).unwrap();
    assert_eq!(Netns::open(&path).unwrap().identity(), space.open().identity());
}

#[test]
fn a_dead_process_is_not_found() {
    let mut child = lab::program("true").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    let Err(Error::Open { source, .. }) = Netns::of_process(pid) else { panic!("it is dead") };
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn an_error_names_the_capability_that_is_missing() {
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let open = Error::Open { path: "/proc/1/ns/net".into(), source: denied() };
    assert!(open.to_string().contains("CAP_SYS_PTRACE"), "{open}");
    let file = Error::Open { path: "/srv/net".into(), source: denied() };
    assert!(!file.to_string().contains("CAP_"), "{file}");
    assert!(Error::Enter(denied()).to_string().contains("CAP_SYS_ADMIN"));
}

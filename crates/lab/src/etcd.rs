//! A cluster of etcd of a test's own: real members on addresses of their own of the loopback network.
#![allow(clippy::missing_panics_doc, reason = "what goes wrong here fails the test")]

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::authority::{Authority, Signed};
use crate::run::{patience, program, wait_for, wait_until};

/// The members; ended, and their files removed, with their guard.
#[derive(Debug)]
pub struct Etcd {
    folder: tempfile::TempDir,
    members: Vec<Member>,
    authority: Option<Authority>,
    words: Vec<String>,
}

#[derive(Debug)]
struct Member {
    name: String,
    client: String,
    peer: String,
    process: Option<Child>,
    files: Option<Signed>,
}

impl Etcd {
    /// So many members, over plain TCP.
    pub fn start(members: usize) -> Self {
        Self::start_with(members, &[])
    }

    /// The same with further words for etcd(1).
    pub fn start_with(members: usize, words: &[&str]) -> Self {
        Self::launch(members, None, words)
    }

    /// The same over TLS, where clients must show a certificate of `authority`'s.
    pub fn start_tls(members: usize, authority: Authority) -> Self {
        Self::launch(members, Some(authority), &[])
    }

    fn launch(count: usize, authority: Option<Authority>, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scheme = if authority.is_some() { "https" } else { "http" };
        let members = (0..count).map(|number| {
            let address = address();
            let signed = authority.as_ref().map(|authority| authority.sign(&[&address]));
            Member {
                name: format!("m{number}"),
                client: format!("{scheme}://{address}:2379"),
                peer: format!("http://{address}:2380"),
                process: None,
                files: signed,
            }
        });
        let members = members.collect();
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let mut etcd = Self { folder, members, authority, words };
        (0..count).for_each(|number| etcd.spawn(number, "new"));
        etcd.wait();
        etcd
    }

    fn cluster(&self) -> String {
        let each = self.members.iter().map(|of| format!("{}={}", of.name, of.peer));
        each.collect::<Vec<_>>().join(",")
    }

    fn spawn(&mut self, number: usize, state: &str) {
        let cluster = self.cluster();
        let folder = self.folder.path().to_owned();
        let member = &self.members[number];
        let mut command = program("etcd");
        command.arg("--name").arg(&member.name);
        command.arg("--data-dir").arg(folder.join(&member.name));
        command.args(["--listen-client-urls", &member.client]);
        command.args(["--advertise-client-urls", &member.client]);
        command.args(["--listen-peer-urls", &member.peer]);
        command.args(["--initial-advertise-peer-urls", &member.peer]);
        command.args(["--initial-cluster", &cluster, "--initial-cluster-state", state]);
        // A busy machine elects no other leader.
        command.args(["--heartbeat-interval", "100", "--election-timeout", "1000"]);
        if let (Some(signed), Some(authority)) = (&member.files, &self.authority) {
            command.args(["--cert-file", &signed.cert, "--key-file", &signed.key]);
            command.args(["--client-cert-auth", "--trusted-ca-file", &authority.cert()]);
        }
        command.args(&self.words);
        // Its files are a test's: they need not outlive the machine.
        command.arg("--unsafe-no-fsync");
        let said = File::create(folder.join(format!("{}.said", member.name))).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let process = command.spawn().unwrap_or_else(|error| panic!("etcd: {error}"));
        self.members[number].process = Some(process);
    }

    /// Waits until each member that runs is of a cluster with a leader.
    fn wait(&mut self) {
        for number in 0..self.members.len() {
            // It is asked again.
            let words = self.words_for(&self.members[number].client, Duration::from_secs(5));
            let log = self.folder.path().join(format!("{}.said", self.members[number].name));
            let Some(process) = self.members[number].process.as_mut() else { continue };
            wait_for("etcd", process, &log, || {
                let mut health = program("etcdctl");
                health.env("ETCDCTL_API", "3").args(&words).args(["endpoint", "health"]);
                health.output().is_ok_and(|output| output.status.success())
            });
        }
    }

    /// The words of an etcdctl(1) that asks these members, each command within that time.
    fn words_for(&self, endpoints: &str, within: Duration) -> Vec<String> {
        let mut words = vec![format!("--endpoints={endpoints}"), "--dial-timeout=2s".to_owned()];
        words.push(format!("--command-timeout={}s", within.as_secs()));
        if let (Some(authority), Some(signed)) = (&self.authority, &self.members[0].files) {
            words.push(format!("--cacert={}", authority.cert()));
            words.push(format!("--cert={}", signed.cert));
            words.push(format!("--key={}", signed.key));
        }
        words
    }

    /// etcdctl(1) on it.
    pub fn ctl(&self) -> Command {
        let mut ctl = program("etcdctl");
        ctl.env("ETCDCTL_API", "3").args(self.words_for(&self.endpoints(), patience()));
        ctl
    }

    /// What etcdctl(1) prints; panics with its words when it fails.
    pub fn says(&self, words: &[&str]) -> String {
        let output = self.ctl().args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "etcdctl {words:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// What `--etcd` takes.
    pub fn endpoints(&self) -> String {
        let each: Vec<_> = self.members.iter().map(|of| of.client.as_str()).collect();
        each.join(",")
    }

    /// The address of one member.
    pub fn endpoint(&self, number: usize) -> &str {
        &self.members[number].client
    }

    /// The authority of one that speaks TLS.
    pub fn authority(&self) -> &Authority {
        self.authority.as_ref().expect("it speaks TLS")
    }

    /// Kills a member.
    pub fn kill(&mut self, number: usize) {
        if let Some(mut process) = self.members[number].process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Kills all of them.
    pub fn kill_all(&mut self) {
        (0..self.members.len()).for_each(|number| self.kill(number));
    }

    /// Starts those that were killed, and waits until the cluster works.
    pub fn revive(&mut self) {
        for number in 0..self.members.len() {
            if self.members[number].process.is_none() {
                self.spawn(number, "new");
            }
        }
        self.wait();
    }

    /// Forgets all that a killed cluster had.
    pub fn wipe(&mut self) {
        for member in &self.members {
            let _ = std::fs::remove_dir_all(self.folder.path().join(&member.name));
        }
    }

    /// A copy of what a cluster has, as etcdctl(1) makes one.
    pub fn save(&self) -> PathBuf {
        let file = self.folder.path().join("saved");
        let _ = std::fs::remove_file(&file);
        let at = file.to_str().unwrap();
        let output = self.ctl().args(["snapshot", "save", at]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        file
    }

    /// Brings a killed cluster of one member back to what was saved.
    pub fn restore(&mut self, saved: &std::path::Path) {
        self.wipe();
        let (cluster, member) = (self.cluster(), &self.members[0]);
        let mut restore = program("etcdctl");
        restore.env("ETCDCTL_API", "3").args(["snapshot", "restore"]).arg(saved);
        restore.arg("--data-dir").arg(self.folder.path().join(&member.name));
        restore.args(["--name", &member.name, "--initial-cluster", &cluster]);
        restore.args(["--initial-advertise-peer-urls", &member.peer]);
        let output = restore.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.revive();
    }

    /// Stops a member (SIGSTOP), or lets it go on.
    pub fn hang(&self, number: usize, hangs: bool) {
        let process = self.members[number].process.as_ref().expect("it runs");
        let signal = if hangs { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(process), signal).expect("it runs");
    }

    /// Waits until what etcdctl(1) prints has `what` in it, or has not.
    pub fn wait_for(&self, words: &[&str], what: &str, there: bool) {
        let about = format!("{what} in what etcdctl {words:?} prints: {there}");
        wait_until(&about, || self.says(words).contains(what) == there);
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.kill_all();
    }
}

/// An address of 127.0.0.0/8 that no other process of tests has: made of this one's number.
fn address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let (pid, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    // 15 bits of a process's number, which are all where the kernel's usual limit is; 250 clusters each.
    format!("127.{}.{}.{}", 16 + (pid >> 8 & 0x7f), pid & 0xff, 2 + next % 250)
}

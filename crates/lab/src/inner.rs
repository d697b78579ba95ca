//! Daemons in PID and network namespaces of their own, as in a container or a virtual machine: their
//! process ids are numbers of another world.

use std::fs::read_to_string;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::container::IMAGE;
use crate::home::Home;
use crate::link::Link;
use crate::names::unique;
use crate::run::{program, run, try_run, wait_until};

/// Processes in namespaces of their own; all end with their guard.
#[derive(Debug)]
struct World {
    folder: tempfile::TempDir,
    process: Child,
}

/// The new mount namespace has a copy of every mount, those by which Docker holds its containers'
/// network namespaces among them: a container's namespace would live on with this world.
const LET_GO: &str = "umount --all --types nsfs || true\n";

impl World {
    /// Runs `script` in new namespaces; `$T` is a folder of its own, which all see.
    fn start(namespaces: &[&str], script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program("unshare");
        command.args(namespaces).args(["--pid", "--mount", "--fork", "--mount-proc"]);
        let script = format!("{LET_GO}{script}");
        command.args(["--kill-child", "sh", "-ec", &script]).env("T", folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        Self { folder, process }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The first process inside, as it is numbered outside.
    fn first(&self) -> Option<String> {
        let pid = self.process.id();
        let children = read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().next().map(str::to_owned)
    }

    fn listens(&self, name: &str) -> bool {
        UnixStream::connect(self.folder.path().join(name)).is_ok()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A whole Open vSwitch in a PID, a network and a mount namespace of its own, whose vswitchd knows its
/// database by a path that leads elsewhere from outside. Its bridges are of the userspace datapath.
#[derive(Debug)]
pub struct InnerSwitch(World);

const SWITCH: &str = "
export OVS_RUNDIR=$T
mkdir $T/within
mount --bind $T $T/within
ln -s $T/within $T/inside
ovsdb-tool create $T/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --log-file=/dev/null --remote=punix:$T/db.sock $T/conf.db
ovs-vsctl --db=unix:$T/db.sock --no-wait init
ovs-vswitchd --detach --no-chdir --pidfile --log-file=/dev/null unix:$T/inside/db.sock
exec sleep 86400
";

impl InnerSwitch {
    /// One that runs.
    ///
    /// # Panics
    /// When it does not.
    pub fn start() -> Self {
        let switch = Self(World::start(&["--net"], SWITCH));
        wait_until("the inner vswitchd runs", || {
            switch.0.folder.path().join("ovs-vswitchd.pid").exists() && switch.0.first().is_some()
        });
        switch
    }

    /// What `--db` takes.
    pub fn remote(&self) -> String {
        format!("unix:{}", self.0.path("db.sock"))
    }

    /// The folder of its sockets.
    pub fn rundir(&self) -> &Path {
        self.0.folder.path()
    }

    /// A process of its network namespace, for `ip link set … netns`.
    ///
    /// # Panics
    /// When it has ended.
    pub fn netns(&self) -> String {
        self.0.first().expect("its first process runs")
    }

    /// `ovs-vsctl` on it.
    pub fn vsctl(&self, words: &[&str]) -> String {
        run("ovs-vsctl", &[&[&*format!("--db={}", self.remote())], words].concat())
    }
}

/// A Docker in a PID namespace of its own, without a network of its own.
#[derive(Debug)]
pub struct InnerDocker {
    world: World,
    /// Its own bridge, where it shares this machine's network.
    _bridge: Option<Link>,
}

/// It is started again when it ends, as a service manager does.
const DOCKER: &str = "
while true; do
    rm -f $T/docker.pid
    dockerd --data-root $T/data --exec-root $T/exec --host unix://$T/docker.sock \
        --pidfile $T/docker.pid --bridge BRIDGE --iptables=false --storage-driver vfs MORE || true
    while [ -e $T/stopped ]; do sleep 0.1; done
done
";

impl InnerDocker {
    /// One that runs, and has the tests' image.
    ///
    /// # Panics
    /// When it does not.
    pub fn start() -> Self {
        Self::start_in(&["--net"], "none", None, "")
    }

    /// The same with the network of this machine, where network drivers make its containers' links. It has
    /// a bridge of its own: a dockerd without one removes the `docker0` that it finds.
    ///
    /// # Panics
    /// When it does not run.
    pub fn beside() -> Self {
        Self::beside_with("")
    }

    /// The same, whose containers run on while there is no dockerd.
    ///
    /// # Panics
    /// When it does not run.
    pub fn live_restoring() -> Self {
        Self::beside_with("--live-restore")
    }

    fn beside_with(more: &str) -> Self {
        let name = unique("ib");
        let bridge = Link::named(&name, &["type", "bridge"]);
        run("ip", &["address", "add", "203.0.113.129/25", "dev", &name]);
        Self::start_in(&[], &name, Some(bridge), more)
    }

    fn start_in(namespaces: &[&str], name: &str, bridge: Option<Link>, more: &str) -> Self {
        let script = DOCKER.replace("BRIDGE", name).replace("MORE", more);
        let world = World::start(namespaces, &script);
        let docker = Self { world, _bridge: bridge };
        wait_until("the inner dockerd listens", || docker.world.listens("docker.sock"));
        let image = docker.world.path("image.tar");
        run("docker", &["save", "--output", &image, IMAGE]);
        docker.docker(&["load", "--quiet", "--input", &image]);
        docker
    }

    /// What `-H` takes.
    pub fn host(&self) -> String {
        format!("unix://{}", self.world.path("docker.sock"))
    }

    /// `docker` on it.
    pub fn docker(&self, words: &[&str]) -> String {
        run("docker", &[&["--host", &*self.host()], words].concat())
    }

    /// The name of a running container without a network.
    pub fn container(&self) -> String {
        self.container_on("none")
    }

    /// The same on this network.
    pub fn container_on(&self, network: &str) -> String {
        let name = unique("i");
        let words = ["run", "--detach", "--network", network, "--name", &name, IMAGE];
        self.docker(&[&words[..], &["sleep", "86400"]].concat());
        name
    }

    /// The name of a Swarm service of so many tasks without a network: on a Swarm of its own, which
    /// listens in its own network namespace, at the loopback address.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn service(&self, tasks: u32) -> String {
        let inside = self.world.first().expect("its first process runs");
        run("nsenter", &["--target", &inside, "--net", "ip", "link", "set", "lo", "up"]);
        let here = ["--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"];
        self.docker(&[&["swarm", "init"][..], &here].concat());
        let (name, count) = (unique("s"), tasks.to_string());
        let words = ["service", "create", "--detach", "--name", &name, "--replicas", &count];
        let quickly = ["--restart-delay", "0s", "--stop-signal", "KILL", "--no-resolve-image"];
        self.docker(&[&words[..], &quickly, &[IMAGE, "sleep", "86400"]].concat());
        name
    }

    /// The containers of a service that run, by name: `SERVICE.SLOT.TASK`.
    pub fn tasks(&self, service: &str) -> Vec<String> {
        let label = format!("label=com.docker.swarm.service.name={service}");
        let told = self.docker(&["ps", "--filter", &label, "--format", "{{.Names}}"]);
        let mut names: Vec<_> = told.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Stops dockerd (SIGSTOP), or lets it go on.
    ///
    /// # Panics
    /// When it does not run.
    pub fn hang(&self, hangs: bool) {
        self.signal(if hangs { Signal::STOP } else { Signal::CONT });
    }

    /// Kills dockerd, and its containers end; returns when the next one answers.
    ///
    /// # Panics
    /// When none does.
    pub fn kill(&self) {
        let killed = self.dockerd();
        self.signal(Signal::KILL);
        wait_until("the next inner dockerd answers", || {
            let there = self.dockerd().is_some_and(|pid| Some(pid) != killed);
            there && try_run("docker", &["--host", &self.host(), "ps", "--quiet"]).is_ok()
        });
    }

    /// Ends dockerd (SIGTERM), and keeps it ended.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&self) {
        std::fs::write(self.world.path("stopped"), "").expect("the folder is there");
        self.signal(Signal::TERM);
        wait_until("the inner dockerd ends", || self.dockerd().is_none());
    }

    /// Lets a dockerd run again; returns when it answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn start_again(&self) {
        std::fs::remove_file(self.world.path("stopped")).expect("it was stopped");
        wait_until("the inner dockerd answers again", || {
            try_run("docker", &["--host", &self.host(), "ps", "--quiet"]).is_ok()
        });
    }

    fn signal(&self, signal: Signal) {
        let dockerd = self.dockerd().expect("the inner dockerd runs");
        kill_process(dockerd, signal).expect("it can be told");
    }

    /// Its process as this machine numbers it: the child of the first process inside.
    fn dockerd(&self) -> Option<Pid> {
        let first = self.world.first()?;
        let children = read_to_string(format!("/proc/{first}/task/{first}/children")).ok()?;
        let named = |pid: &&str| {
            read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == "dockerd")
        };
        children.split_whitespace().find(named)?.parse().ok().and_then(Pid::from_raw)
    }

    /// Has the processes that start next be numbered from here on in its PID namespace
    /// (`/proc/sys/kernel/ns_last_pid`, proc(5)).
    ///
    /// # Panics
    /// Where the kernel has no such setting (`CONFIG_CHECKPOINT_RESTORE`).
    pub fn number_from(&self, pid: u32) {
        let first = self.world.first().expect("its first process runs");
        let write = format!("echo {pid} >/proc/sys/kernel/ns_last_pid");
        run("nsenter", &["--target", &first, "--pid", "--mount", "sh", "-c", &write]);
    }

    /// The PID of a container's first process as Docker tells it: a number of its PID namespace.
    ///
    /// # Panics
    /// When there is no such container, or it does not run.
    pub fn inner_pid(&self, container: &str) -> u32 {
        let told = self.docker(&["inspect", "--format", "{{.State.Pid}}", container]);
        told.parse().ok().filter(|pid| *pid > 0).expect("the container runs")
    }

    /// The PID of a container's first process as this machine numbers it.
    ///
    /// # Panics
    /// When there is no such process.
    pub fn outer_pid(&self, container: &str) -> String {
        let id = self.docker(&["inspect", "--format", "{{.Id}}", container]);
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut pids = processes.filter_map(|entry| entry.file_name().into_string().ok());
        let found = pids.find(|pid| {
            let read = |file: &str| read_to_string(format!("/proc/{pid}/{file}"));
            let inside = read("cgroup").is_ok_and(|cgroup| cgroup.contains(&id));
            inside && read("comm").is_ok_and(|comm| comm.starts_with("sleep"))
        });
        found.expect("its process is seen")
    }
}

impl Home for InnerDocker {
    fn netns(&self) -> String {
        self.world.first().expect("its first process runs")
    }
}

impl Drop for InnerDocker {
    fn drop(&mut self) {
        if let Some(dockerd) = self.dockerd() {
            let _ = kill_process(dockerd, Signal::CONT);
        }
        let ids = try_run("docker", &["--host", &self.host(), "ps", "--all", "--quiet"]);
        for id in ids.unwrap_or_default().split_whitespace() {
            let _ = try_run("docker", &["--host", &self.host(), "rm", "--force", id]);
        }
    }
}

//! Incus, or LXD where that is what there is: a server with its own folder, and containers of it.

use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::Home;
use crate::lxc::make_root;
use crate::names::unique;
use crate::run::{comes_true, missing_program, program, run, wait_until};

/// Where Debian puts incusd, which stands in no path.
const INCUSD: &str = "/usr/libexec/incus/incusd";

/// Which of the two there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    kind: &'static str,
    daemon: &'static str,
    client: &'static str,
    /// The variables that name the folders of the server and of its client.
    folders: [&'static str; 2],
}

const INCUS: Server =
    Server { kind: "incus", daemon: INCUSD, client: "incus", folders: ["INCUS_DIR", "INCUS_CONF"] };
const LXD: Server =
    Server { kind: "lxd", daemon: "lxd", client: "lxc", folders: ["LXD_DIR", "LXD_CONF"] };

impl Server {
    pub(crate) fn of_this_machine() -> Option<Self> {
        if Path::new(INCUSD).exists() {
            return Some(INCUS);
        }
        missing_program(LXD.daemon).is_none().then_some(LXD)
    }
}

/// A server without containers of others, ended with its guard, as are its containers.
#[derive(Debug)]
pub struct Lxd {
    server: Server,
    folder: TempDir,
    process: Child,
}

impl Lxd {
    /// A server that can launch containers which do nothing and have no network.
    ///
    /// # Panics
    /// Without one: [`Need::Lxd`](crate::Need).
    pub fn start() -> Self {
        let server = Server::of_this_machine().expect("Need::Lxd was asked for");
        let folder = tempfile::tempdir().expect("a folder");
        let mut daemon = program(server.daemon);
        daemon.args(["--group", "root"]).env(server.folders[0], folder.path());
        let process = daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = process.spawn().expect("it starts");
        let own = Self { server, folder, process };
        wait_until("it answers", || own.try_client(&["list"]).is_ok());
        own.client(&["storage", "create", "default", "dir"]);
        own.client(&[
            "profile",
            "device",
            "add",
            "default",
            "root",
            "disk",
            "path=/",
            "pool=default",
        ]);
        own.client(&["image", "import", &own.make_image(), "--alias", "idle"]);
        own
    }

    fn make_image(&self) -> String {
        let image = self.folder.path().join("image");
        let root = image.join("rootfs");
        make_root(&root);
        std::fs::create_dir(root.join("sbin")).expect("a folder");
        run("ln", &["-s", "/bin/busybox", root.join("sbin/init").to_str().expect("a plain name")]);
        std::fs::write(root.join("etc/inittab"), "::once:/bin/sleep 86400\n").expect("a file");
        let about = "architecture: x86_64\ncreation_date: 1700000000\n";
        std::fs::write(image.join("metadata.yaml"), about).expect("a file");
        let (from, packed) = (image.to_str().expect("a plain name"), self.path("image.tar"));
        run("tar", &["-C", from, "-cf", &packed, "metadata.yaml", "rootfs"]);
        packed
    }

    /// A running container.
    pub fn launch(&self) -> LxdContainer<'_> {
        self.launch_in("default")
    }

    /// A running container of a project, which is made.
    pub fn launch_in(&self, project: &str) -> LxdContainer<'_> {
        if project != "default" {
            let shared = ["-c", "features.images=false", "-c", "features.profiles=false"];
            self.client(&[&["project", "create", project], &shared[..]].concat());
        }
        let container = LxdContainer { lxd: self, project: project.to_owned(), name: unique("i") };
        self.client(&[&["--project", project], &launch(&container.name)[..]].concat());
        container
    }

    /// Runs a container of this name, which is gone with the server; its UUID.
    pub fn run_named(&self, name: &str) -> String {
        self.client(&launch(name));
        self.client(&["config", "get", name, "volatile.uuid"]).trim().to_owned()
    }

    /// incus(1), or lxc(1) of LXD, on it; what it prints.
    ///
    /// # Errors
    /// What it says when it fails.
    pub fn try_own(&self, words: &[&str]) -> Result<String, String> {
        self.try_client(words)
    }

    /// What `--engine` takes.
    pub fn engine(&self) -> String {
        format!("{}=unix://{}", self.kind(), self.path("unix.socket"))
    }

    /// `incus` or `lxd`.
    pub fn kind(&self) -> &'static str {
        self.server.kind
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a folder with a plain name").to_owned()
    }

    fn client(&self, words: &[&str]) -> String {
        self.try_client(words).unwrap_or_else(|why| panic!("{words:?}: {why}"))
    }

    fn try_client(&self, words: &[&str]) -> Result<String, String> {
        let mut client = program(self.server.client);
        let [server, own] = self.server.folders;
        client.args(words).env(server, self.folder.path()).env(own, self.folder.path());
        let ran = client.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if ran.status.success() { Ok(said(&ran.stdout)) } else { Err(said(&ran.stderr)) }
    }
}

/// The words that run a container. What has no name that is mapped needs no map of users.
fn launch(name: &str) -> [&str; 5] {
    ["launch", "idle", name, "-c", "security.privileged=true"]
}

impl Drop for Lxd {
    fn drop(&mut self) {
        // It ends its containers, and takes down what it has mounted.
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| kill_process(pid, Signal::POWER));
        let has_ended = comes_true(|| matches!(self.process.try_wait(), Ok(Some(_))));
        if !has_ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// A container of a server.
#[derive(Debug)]
pub struct LxdContainer<'l> {
    lxd: &'l Lxd,
    project: String,
    name: String,
}

impl LxdContainer<'_> {
    /// Its name: with its project, unless that is the usual one.
    pub fn name(&self) -> String {
        if self.project == "default" {
            return self.name.clone();
        }
        format!("{}/{}", self.project, self.name)
    }

    /// Its UUID.
    pub fn id(&self) -> String {
        self.client(&["config", "get", &self.name, "volatile.uuid"]).trim().to_owned()
    }

    /// The PID of its first process.
    ///
    /// # Panics
    /// It does not run.
    pub fn pid(&self) -> String {
        let told = self.client(&["info", &self.name]);
        let pid = told.lines().find_map(|line| line.trim().strip_prefix("PID: "));
        pid.unwrap_or_else(|| panic!("it runs: {told}")).to_owned()
    }

    /// Ends it and starts it again.
    pub fn restart(&self) {
        self.client(&["restart", "--force", &self.name]);
    }

    /// Ends it.
    pub fn stop(&self) {
        self.client(&["stop", "--force", &self.name]);
    }

    /// Starts it after [`LxdContainer::stop`].
    pub fn run(&self) {
        self.client(&["start", &self.name]);
    }

    fn client(&self, words: &[&str]) -> String {
        self.lxd.client(&[&["--project", &self.project], words].concat())
    }
}

impl Home for LxdContainer<'_> {
    fn netns(&self) -> String {
        self.pid()
    }
}

/// It is gone with its guard.
impl Drop for LxdContainer<'_> {
    fn drop(&mut self) {
        let _ = self.lxd.try_client(&["--project", &self.project, "delete", "--force", &self.name]);
    }
}

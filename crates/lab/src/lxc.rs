//! Containers of LXC.

use std::path::{Path, PathBuf};

use crate::Home;
use crate::names::unique;
use crate::run::{run, try_run};

/// A network namespace with nothing in it.
const EMPTY: &str = "lxc.net.0.type = empty";

/// A container that does nothing, removed with its guard.
#[derive(Debug)]
pub struct Lxc {
    folder: PathBuf,
    name: String,
}

impl Lxc {
    /// A running container below `folder`, with a network namespace of its own and nothing in it.
    ///
    /// # Panics
    /// Without LXC: [`Need::Lxc`](crate::Need).
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, EMPTY)
    }

    /// The same with other lines of its configuration (lxc.container.conf(5)).
    ///
    /// # Panics
    /// As [`Lxc::start`] does.
    pub fn start_with(folder: &Path, network: &str) -> Self {
        Self::make(folder, unique("lxc"), network)
    }

    /// The same as [`Lxc::start`] under a name of the caller's choice.
    ///
    /// # Panics
    /// As [`Lxc::start`] does.
    pub fn start_named(folder: &Path, name: &str) -> Self {
        Self::make(folder, name.to_owned(), EMPTY)
    }

    fn make(folder: &Path, name: String, network: &str) -> Self {
        let container = Self { folder: folder.to_owned(), name };
        let own = folder.join(&container.name);
        let root = own.join("rootfs");
        make_root(&root);
        let config = format!(
            "lxc.rootfs.path = dir:{}\nlxc.uts.name = {}\nlxc.init.cmd = /bin/sleep 86400\n\
             lxc.apparmor.profile = unconfined\n{network}\n",
            root.display(),
            container.name
        );
        std::fs::write(own.join("config"), config).expect("a file");
        container.run();
        container
    }

    /// Starts it after [`Lxc::stop`].
    pub fn run(&self) {
        self.lxc("lxc-start", &["--logfile", "/dev/null"]);
    }

    /// Ends it.
    pub fn stop(&self) {
        self.lxc("lxc-stop", &["--kill"]);
    }

    /// Removes what is left of it after [`Lxc::stop`].
    ///
    /// # Panics
    /// Its folder cannot be removed.
    pub fn remove(&self) {
        std::fs::remove_dir_all(self.folder.join(&self.name)).expect("it is stopped");
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `--engine` takes.
    pub fn engine(&self) -> String {
        format!("lxc={}", self.folder.display())
    }

    fn lxc(&self, program: &str, more: &[&str]) -> String {
        let done = self.try_lxc(program, more);
        done.unwrap_or_else(|error| panic!("{program} of {}: {error}", self.name))
    }

    /// Does this with it by a program of LXC's: `lxc-stop`, `lxc-freeze`, …
    ///
    /// # Errors
    /// What that says on stderr.
    ///
    /// # Panics
    /// Where there is no such program.
    pub fn try_lxc(&self, program: &str, more: &[&str]) -> Result<String, String> {
        let folder = self.folder.to_str().expect("a folder with a plain name");
        try_run(program, &[&["--lxcpath", folder, "--name", &self.name], more].concat())
    }

    /// Stops its monitor (SIGSTOP), the parent of its first process, which was told before by [`Lxc::pid`].
    pub fn stop_monitor(&self, pid: &str) -> StoppedMonitor {
        let monitor = run("ps", &["-o", "ppid=", "-p", pid]).trim().to_owned();
        run("kill", &["-STOP", &monitor]);
        StoppedMonitor(monitor)
    }

    /// The PID of its first process.
    pub fn pid(&self) -> String {
        self.lxc("lxc-info", &["--pid", "--no-humanize"])
    }
}

/// A monitor that goes on with the end of this guard: no container of a stopped one can be ended.
#[derive(Debug)]
#[must_use]
pub struct StoppedMonitor(String);

impl Drop for StoppedMonitor {
    fn drop(&mut self) {
        let _ = try_run("kill", &["-CONT", &self.0]);
    }
}

/// What a container needs that does nothing, made of busybox.
pub(crate) fn make_root(root: &Path) {
    for name in ["bin", "dev", "etc", "proc", "run", "sys", "tmp", "usr"] {
        std::fs::create_dir_all(root.join(name)).expect("a folder");
    }
    std::fs::write(root.join("etc/os-release"), "ID=lab\n").expect("a file");
    std::fs::copy("/bin/busybox", root.join("bin/busybox")).expect("busybox is there");
    for applet in ["sh", "sleep", "ip", "ping"] {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).expect("a link");
    }
}

impl Home for Lxc {
    fn netns(&self) -> String {
        self.pid()
    }
}

impl Drop for Lxc {
    fn drop(&mut self) {
        let folder = self.folder.to_str().unwrap_or_default();
        let _ = try_run("lxc-stop", &["--lxcpath", folder, "--name", &self.name, "--kill"]);
    }
}

//! Containers of systemd-nspawn, which need no systemd.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::Home;
use crate::lxc::make_root;
use crate::names::unique;
use crate::run::{program, wait_for, wait_until};

/// A container that does nothing, gone with its guard. systemd-machined is not told of it.
#[derive(Debug)]
pub struct Nspawn {
    root: PathBuf,
    name: String,
    process: Child,
}

impl Nspawn {
    /// A running container below `folder`, in a network namespace of its own.
    ///
    /// # Panics
    /// Without systemd-nspawn: [`Need::Nspawn`](crate::Need).
    pub fn start(folder: &Path) -> Self {
        Self::start_named(folder, &unique("nsp"))
    }

    /// The same under a name of the caller's choice, below whose folder there is nothing yet.
    ///
    /// # Panics
    /// As [`Nspawn::start`] does.
    pub fn start_named(folder: &Path, name: &str) -> Self {
        let (name, root) = (name.to_owned(), folder.join(name));
        make_root(&root);
        let process = spawn(&root, &name);
        let mut container = Self { root, name, process };
        container.wait();
        container
    }

    /// Ends it and starts it again.
    pub fn restart(&mut self) {
        self.end();
        self.process = spawn(&self.root, &self.name);
        self.wait();
    }

    /// Ends it.
    pub fn end(&mut self) {
        let init = self.child();
        if self.runs() {
            // Killed, it would leave a mount behind that keeps one of the same name from starting.
            let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
            wait_until("systemd-nspawn ends", || !self.runs());
        }
        // A killed parent takes its child along, but not at once.
        wait_until("the container ends", || {
            init.as_ref().is_none_or(|init| !Path::new(&format!("/proc/{init}")).exists())
        });
    }

    /// Ends it and removes its files.
    ///
    /// # Panics
    /// Its folder cannot be removed.
    pub fn remove(mut self) {
        self.end();
        std::fs::remove_dir_all(&self.root).expect("it has ended");
    }

    fn runs(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    fn wait(&mut self) {
        let log = log(&self.root);
        let parent = self.process.id();
        wait_for("systemd-nspawn", &mut self.process, &log, || {
            let name = |pid| std::fs::read_to_string(format!("/proc/{pid}/comm"));
            child(parent).is_some_and(|pid| name(pid).is_ok_and(|name| name.contains("sd-stub")))
        });
    }

    fn child(&self) -> Option<String> {
        child(self.process.id())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The PID of its first process.
    ///
    /// # Panics
    /// It does not run.
    pub fn pid(&self) -> String {
        self.child().expect("it runs")
    }
}

fn spawn(root: &Path, name: &str) -> Child {
    let mut command = program("systemd-nspawn");
    command.args(["--register=no", "--keep-unit", "--private-network", "--as-pid2", "--quiet"]);
    command.arg(format!("--machine={name}")).arg(format!("--directory={}", root.display()));
    command.args(["/bin/sleep", "86400"]).stdin(Stdio::null()).stdout(Stdio::null());
    let said = std::fs::File::create(log(root)).expect("systemd-nspawn gets a file for its words");
    command.stderr(said).spawn().expect("systemd-nspawn starts")
}

/// What it says, beside its root.
fn log(root: &Path) -> PathBuf {
    root.with_extension("said")
}

/// The first child of a process.
fn child(pid: u32) -> Option<String> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next().map(str::to_owned)
}

impl Home for Nspawn {
    fn netns(&self) -> String {
        self.pid()
    }
}

impl Drop for Nspawn {
    fn drop(&mut self) {
        self.end();
    }
}

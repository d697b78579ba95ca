//! Containers of systemd-nspawn, which need no systemd.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::Home;
use crate::lxc::make_root;
use crate::names::unique;
use crate::run::{program, wait_until};

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
        let name = unique("nsp");
        let root = folder.join(&name);
        make_root(&root);
        let process = spawn(&root, &name);
        let container = Self { root, name, process };
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
        let _ = self.process.kill();
        let _ = self.process.wait();
        // A killed parent takes its child along, but not at once.
        wait_until("the container ends", || {
            init.as_ref().is_none_or(|init| !Path::new(&format!("/proc/{init}")).exists())
        });
    }

    fn wait(&self) {
        wait_until("the container runs", || {
            let name = |pid| std::fs::read_to_string(format!("/proc/{pid}/comm"));
            self.child().is_some_and(|pid| name(pid).is_ok_and(|name| name.contains("sd-stub")))
        });
    }

    fn child(&self) -> Option<String> {
        let pid = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().next().map(str::to_owned)
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
    command.stderr(Stdio::null()).spawn().expect("systemd-nspawn starts")
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

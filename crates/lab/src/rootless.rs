//! A Podman that a user of the test's own runs without root.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::container::IMAGE;
use crate::names::unique;
use crate::podman::{PodmanContainer, write_runtime};
use crate::run::{program, run, try_run, wait_for, wait_until};

/// The user, with a folder below `/run/user` as one who is logged in has it, the service there, and the
/// containers. All are gone with their guard.
#[derive(Debug)]
pub struct RootlessPodman {
    name: String,
    user: u32,
    folder: tempfile::TempDir,
    service: Option<Child>,
}

impl RootlessPodman {
    /// One that serves, and has the tests' image.
    ///
    /// # Panics
    /// Without what it takes: [`Need::Rootless`](crate::Need). It disturbs tests that ask all engines of the
    /// host, which meet it too.
    pub fn start() -> Self {
        let (name, folder) = (unique("u"), tempfile::tempdir().unwrap());
        let home = folder.path().join("home");
        let at = home.to_str().unwrap();
        // With subordinate ids (subuid(5)), as every user gets them.
        run("useradd", &["--create-home", "--home-dir", at, "--shell", "/bin/sh", &name]);
        let user = run("id", &["--user", &name]).parse().unwrap();
        let mut podman = Self { name, user, folder, service: None };
        std::fs::set_permissions(podman.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        write_runtime(podman.folder.path());
        let socket = podman.socket();
        for below in [podman.rundir(), socket.parent().unwrap().to_owned()] {
            std::fs::create_dir_all(&below).unwrap();
            chown(&below, Some(user), Some(user)).unwrap();
        }
        podman.serve();
        let image = podman.folder.path().join("image.tar");
        let image = image.to_str().unwrap();
        run("docker", &["save", "--output", image, IMAGE]);
        std::fs::set_permissions(image, PermissionsExt::from_mode(0o644)).unwrap();
        podman.podman(&["load", "--quiet", "--input", image]);
        podman
    }

    fn serve(&mut self) {
        let (socket, said) = (self.socket(), self.folder.path().join("service.said"));
        let address = format!("unix://{}", socket.display());
        let mut command = self.command(&["system", "service", "--time", "0", &address]);
        let log = std::fs::File::create(&said).expect("podman gets a file for its words");
        let service = command.stdout(Stdio::null()).stderr(log).spawn();
        let service = service.unwrap_or_else(|error| panic!("podman: {error}"));
        let service = self.service.insert(service);
        wait_for("podman", service, &said, || {
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
    }

    /// The user's number.
    pub fn user(&self) -> u32 {
        self.user
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.rundir().join("podman/podman.sock")
    }

    fn rundir(&self) -> PathBuf {
        Path::new("/run/user").join(self.user.to_string())
    }

    /// A running container, by its name.
    pub fn run(&self, words: &[&str]) -> String {
        let name = unique("rl");
        let fixed = ["run", "--detach", "--stop-signal", "KILL", "--name", &name];
        self.podman(&[&fixed[..], words, &[IMAGE, "sleep", "86400"]].concat());
        name
    }

    /// A container as it runs now.
    pub fn home(&self, name: &str) -> PodmanContainer {
        PodmanContainer::of_process(self.podman(&["inspect", "--format", "{{.State.Pid}}", name]))
    }

    /// `podman`, as the user runs it.
    ///
    /// # Panics
    /// When it fails.
    pub fn podman(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "podman {}: {said}", words.join(" "));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn command(&self, words: &[&str]) -> Command {
        let (id, folder) = (self.user.to_string(), self.folder.path());
        let mut command = program("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "podman"]);
        command.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime"]);
        command.arg(folder.join("runtime")).args(words).current_dir("/");
        command.env("HOME", folder.join("home")).env("XDG_RUNTIME_DIR", self.rundir());
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
        command
    }
}

impl Drop for RootlessPodman {
    fn drop(&mut self) {
        let _ = self.command(&["rm", "--force", "--time", "0", "--all"]).output();
        if let Some(service) = &mut self.service {
            let _ = service.kill();
            let _ = service.wait();
        }
        // What holds its user namespace, and containers' monitors: the user is the test's own.
        let _ = try_run("pkill", &["--signal", "KILL", "--uid", &self.user.to_string()]);
        // One that has ended may stay in the table where the first process waits for none.
        wait_until("the user's processes end", || {
            try_run("pgrep", &["--uid", &self.user.to_string(), "--runstates", "DIRST"]).is_err()
        });
        let _ = try_run("userdel", &["--force", &self.name]);
        let _ = std::fs::remove_dir_all(self.rundir());
    }
}

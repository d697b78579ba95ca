//! A Podman of the test's own: its storage, its socket, its one container.

use std::path::Path;
use std::process::{Child, Stdio};

use crate::names::unique;
use crate::run::{program, run, try_run, wait_for};

/// The service and its container, both gone with their guard.
#[derive(Debug)]
pub struct Podman {
    service: Child,
    folder: String,
    name: String,
}

impl Podman {
    /// A running container without a network, and the API service, with all their files in
    /// `folder`.
    ///
    /// # Panics
    /// Without Podman: [`Need::Podman`](crate::Need).
    pub fn serve(folder: &Path) -> Self {
        let folder = folder.to_str().unwrap().to_owned();
        let socket = format!("unix://{folder}/podman.sock");
        let words = words(&folder);
        let mut command = program("podman");
        command.args(&words).args(["system", "service", "--time", "0", &socket]);
        let (path, log) = (format!("{folder}/podman.sock"), format!("{folder}/service.said"));
        let said = std::fs::File::create(&log).expect("podman gets a file for its words");
        let service = command.stdout(Stdio::null()).stderr(said).spawn();
        let service = service.unwrap_or_else(|error| panic!("podman: {error}"));
        let mut podman = Self { service, folder, name: unique("pod") };
        podman.start();
        wait_for("podman", &mut podman.service, Path::new(&log), || {
            std::os::unix::net::UnixStream::connect(&path).is_ok()
        });
        podman
    }

    fn start(&self) {
        let image = format!("{}/image.tar", self.folder);
        run("docker", &["save", "--output", &image, crate::IMAGE]);
        let loaded = self.podman(&["load", "--quiet", "--input", &image]);
        let image = loaded.rsplit(' ').next().unwrap();
        let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
        let fixed = ["run", "--detach", "--network", "none", "--name", &self.name];
        self.podman(&[&fixed[..], &limits, &[image, "sleep", "86400"]].concat());
    }

    fn podman(&self, more: &[&str]) -> String {
        let words = words(&self.folder);
        let words: Vec<_> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        run("podman", &words)
    }

    /// What `-H` takes.
    pub fn socket(&self) -> String {
        format!("unix://{}/podman.sock", self.folder)
    }

    /// The container's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The PID of the container's first process.
    pub fn pid(&self) -> String {
        self.podman(&["inspect", "--format", "{{.State.Pid}}", &self.name])
    }
}

/// Storage of its own, and what works without systemd and on hybrid cgroups.
fn words(folder: &str) -> Vec<String> {
    let words = ["--root", "R/root", "--runroot", "R/run", "--storage-driver", "vfs"];
    let more = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"];
    words.iter().chain(&more).map(|word| word.replace("R/", &format!("{folder}/"))).collect()
}

impl Drop for Podman {
    fn drop(&mut self) {
        let words = words(&self.folder);
        let remove = ["rm", "--force", "--time", "0", &self.name];
        let words: Vec<_> = words.iter().map(String::as_str).chain(remove).collect();
        let _ = try_run("podman", &words);
        let _ = self.service.kill();
        let _ = self.service.wait();
        // The container's monitor cleans up behind our back; the folder is not ours before.
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while is_at_work(&self.folder) && std::time::Instant::now() < patience {
            std::thread::yield_now();
        }
    }
}

/// Whether any process was started with words about this folder.
fn is_at_work(folder: &str) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut words = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    words.any(|words| String::from_utf8_lossy(&words).contains(folder))
}

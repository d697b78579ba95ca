//! A Podman of the test's own: its storage, its socket, its containers.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::home::Home;
use crate::names::unique;
use crate::run::{program, run, try_run, wait_for};

/// The service and its containers, all gone with their guard.
#[derive(Debug)]
pub struct Podman {
    service: Child,
    folder: String,
    image: String,
    name: String,
}

/// One of its containers, to plug something into.
#[derive(Debug)]
pub struct PodmanContainer {
    pid: String,
}

/// Podman asks its runtime for higher limits than a machine may give; those of a pod's infra
/// container cannot be set by any option.
const RUNTIME: &str = r#"#!/bin/sh
set -e
bundle= last=
for word; do
    if [ "$last" = --bundle ]; then bundle=$word; fi
    last=$word
done
if [ -n "$bundle" ]; then
    sed -i 's/"rlimits":\[[^]]*\]/"rlimits":[]/' "$bundle/config.json"
fi
exec runc "$@"
"#;

/// Writes it to this folder, as `runtime`.
pub(crate) fn write_runtime(folder: &Path) {
    let path = folder.join("runtime");
    std::fs::write(&path, RUNTIME).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

impl Podman {
    /// A running container without a network, and the API service, with all their files in
    /// `folder`.
    ///
    /// # Panics
    /// Without Podman: [`Need::Podman`](crate::Need).
    pub fn serve(folder: &Path) -> Self {
        write_runtime(folder);
        let folder = folder.to_str().unwrap().to_owned();
        let service = serve(&folder);
        let mut podman = Self { service, folder, image: String::new(), name: String::new() };
        podman.wait();
        let image = format!("{}/image.tar", podman.folder);
        run("docker", &["save", "--output", &image, crate::IMAGE]);
        let loaded = podman.podman(&["load", "--quiet", "--input", &image]);
        loaded.rsplit(' ').next().unwrap().clone_into(&mut podman.image);
        podman.name = podman.run(&["--network", "none"]);
        podman
    }

    fn wait(&mut self) {
        let path = self.path();
        let log = format!("{}/service.said", self.folder);
        wait_for("podman", &mut self.service, Path::new(&log), || {
            std::os::unix::net::UnixStream::connect(&path).is_ok()
        });
    }

    /// Ends the service, and its containers live on.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn stop(&mut self) {
        self.service.kill().unwrap();
        self.service.wait().unwrap();
    }

    /// Serves again.
    pub fn start(&mut self) {
        let _ = std::fs::remove_file(self.path());
        self.service = serve(&self.folder);
        self.wait();
    }

    /// A further container, by its name.
    pub fn run(&self, words: &[&str]) -> String {
        let name = unique("pod");
        self.run_named(&name, words);
        name
    }

    /// The same under a name of the caller's choice.
    pub fn run_named(&self, name: &str, words: &[&str]) {
        let fixed = ["run", "--detach", "--stop-signal", "KILL", "--name", name];
        self.podman(&[&fixed[..], words, &[&self.image, "sleep", "86400"]].concat());
    }

    /// A pod without a network, by its name.
    pub fn pod(&self) -> String {
        let name = unique("pd");
        let fixed = ["pod", "create", "--name", &name, "--network", "none"];
        let infra = ["--infra-image", &self.image, "--infra-command", "/bin/sleep 86400"];
        self.podman(&[&fixed[..], &infra].concat());
        name
    }

    /// `podman` on it.
    ///
    /// # Panics
    /// When it fails; [`Podman::try_podman`] does not.
    pub fn podman(&self, more: &[&str]) -> String {
        let done = self.try_podman(more);
        done.unwrap_or_else(|error| panic!("podman {}: {error}", more.join(" ")))
    }

    /// The same.
    ///
    /// # Errors
    /// What it says on stderr.
    pub fn try_podman(&self, more: &[&str]) -> Result<String, String> {
        let words = words(&self.folder);
        let words: Vec<_> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        try_run("podman", &words)
    }

    /// The same with plugins of netavark in a folder of the test's.
    ///
    /// # Panics
    /// When it fails; [`Podman::try_podman_with`] does not.
    pub fn podman_with(&self, plugins: &Path, more: &[&str]) -> String {
        let done = self.try_podman_with(plugins, more);
        done.unwrap_or_else(|error| panic!("podman {}: {error}", more.join(" ")))
    }

    /// The same.
    ///
    /// # Errors
    /// What it says on stderr.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn try_podman_with(&self, plugins: &Path, more: &[&str]) -> Result<String, String> {
        let words = self.words_with(plugins, more);
        let output = program(&words[0]).args(&words[1..]).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    /// The command line of the same.
    ///
    /// # Panics
    /// When the settings that it needs cannot be written.
    pub fn words_with(&self, plugins: &Path, more: &[&str]) -> Vec<String> {
        let settings = format!("{}/containers.conf", self.folder);
        let folder = plugins.display();
        let text = format!(
            "[network]\nnetwork_backend = \"netavark\"\nnetavark_plugin_dirs = [\"{folder}\"]\n"
        );
        std::fs::write(&settings, text).unwrap();
        let with = format!("CONTAINERS_CONF_OVERRIDE={settings}");
        let networks = format!("{}/networks", self.folder);
        let own =
            ["env", &with, "podman"].map(str::to_owned).into_iter().chain(words(&self.folder));
        let networks = ["--network-config-dir", &networks].map(str::to_owned);
        own.chain(networks).chain(more.iter().map(|word| (*word).to_owned())).collect()
    }

    /// The image that its containers are of.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// Where it listens.
    pub fn path(&self) -> String {
        format!("{}/podman.sock", self.folder)
    }

    /// What `-H` takes.
    pub fn socket(&self) -> String {
        format!("unix://{}", self.path())
    }

    /// What `--engine` takes.
    pub fn engine(&self) -> String {
        format!("podman={}", self.path())
    }

    /// The name of the container that it began with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The PID of that container's first process.
    pub fn pid(&self) -> String {
        self.pid_of(&self.name)
    }

    /// The full id of a container.
    pub fn id_of(&self, name: &str) -> String {
        self.podman(&["inspect", "--format", "{{.Id}}", name])
    }

    fn pid_of(&self, name: &str) -> String {
        self.podman(&["inspect", "--format", "{{.State.Pid}}", name])
    }

    /// A container as it runs now.
    pub fn home(&self, name: &str) -> PodmanContainer {
        PodmanContainer { pid: self.pid_of(name) }
    }
}

impl PodmanContainer {
    pub(crate) fn of_process(pid: String) -> Self {
        Self { pid }
    }
}

impl Home for PodmanContainer {
    fn netns(&self) -> String {
        self.pid.clone()
    }
}

fn serve(folder: &str) -> Child {
    let socket = format!("unix://{folder}/podman.sock");
    let mut command = program("podman");
    command.args(words(folder)).args(["system", "service", "--time", "0", &socket]);
    let said = std::fs::File::create(format!("{folder}/service.said"));
    let said = said.expect("podman gets a file for its words");
    let service = command.stdout(Stdio::null()).stderr(said).spawn();
    service.unwrap_or_else(|error| panic!("podman: {error}"))
}

/// Storage of its own, and what works without systemd and on hybrid cgroups.
fn words(folder: &str) -> Vec<String> {
    let words = ["--root", "R/root", "--runroot", "R/run", "--storage-driver", "vfs"];
    let more = ["--runtime", "R/runtime", "--cgroup-manager", "cgroupfs"];
    words.iter().chain(&more).map(|word| word.replace("R/", &format!("{folder}/"))).collect()
}

impl Drop for Podman {
    fn drop(&mut self) {
        let words = words(&self.folder);
        for remove in
            [&["rm", "--force", "--time", "0", "--all"][..], &["pod", "rm", "--force", "--all"]]
        {
            let words: Vec<_> =
                words.iter().map(String::as_str).chain(remove.iter().copied()).collect();
            let _ = try_run("podman", &words);
        }
        let _ = self.service.kill();
        let _ = self.service.wait();
        // The container's monitor cleans up behind our back; the folder is not ours before.
        let due = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !at_work(&self.folder).is_empty() && std::time::Instant::now() < due {
            std::thread::yield_now();
        }
        // Of a pod that was killed and started again Podman may forget one container: it ends with its
        // first process, and its monitor with that.
        for monitor in at_work(&self.folder) {
            let _ = try_run("pkill", &["--signal", "KILL", "--parent", &monitor]);
        }
    }
}

/// The processes that were started with words about this folder.
fn at_work(folder: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let about = processes.filter(|entry| {
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains(folder)
    });
    about.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

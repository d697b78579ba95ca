//! A containerd of the test's own with its runtime interface for Kubernetes: its folder, its socket,
//! its network, its pods. The calls that make pods are the kubelet's.

mod messages;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use grpc::{Client, Error};
use prost::Message;

use self::messages::{
    ContainerConfig, ContainerId, ContainerMetadata, CreateContainerRequest, ImageSpec,
    LinuxPodSandboxConfig, ListPodSandboxResponse, NamespaceOption, PodSandboxConfig,
    PodSandboxMetadata, RunPodSandboxRequest, RunPodSandboxResponse, SecurityContext,
    StatusResponse, StopContainerRequest,
};
use crate::names::unique;
use crate::run::{program, run, try_run, wait_for, wait_until};

/// Where Debian keeps CNI's plugins.
pub(crate) const PLUGINS: &str = "/usr/lib/cni";

/// The namespace of containers that are neither Docker's nor Kubernetes'.
const OWN: &str = "default";

/// The daemon and its pods, all gone with their guard.
#[derive(Debug)]
pub struct Containerd {
    daemon: Child,
    folder: PathBuf,
    image: String,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

/// A pod that runs.
#[derive(Clone, Debug)]
pub struct Pod {
    /// The id of its sandbox.
    pub id: String,
    /// `NAMESPACE/POD`, as docker-ovs calls it.
    pub name: String,
    config: PodSandboxConfig,
}

impl Containerd {
    /// A containerd with all its files in `folder`, and an image in it.
    ///
    /// # Panics
    /// Without containerd: [`Need::Containerd`](crate::Need).
    pub fn start(folder: &Path) -> Self {
        let image = format!("docker.io/library/{}:lab", unique("img"));
        write(folder, "cni/10-lab.conflist", &network(folder));
        write(folder, "config.toml", &config(folder, &image));
        let (config, log) = (folder.join("config.toml"), folder.join("containerd.said"));
        let said = std::fs::File::create(&log).expect("containerd gets a file for its words");
        let mut command = program("containerd");
        command.arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let daemon = command.spawn().unwrap_or_else(|error| panic!("containerd: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let mut containerd = Self {
            daemon,
            folder: folder.to_owned(),
            image,
            client: Client::at(folder.join("c.sock")),
            runtime: runtime.expect("a runtime"),
        };
        let socket = containerd.path("c.sock");
        wait_for("containerd", &mut containerd.daemon, &log, || {
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
        containerd.load_image();
        wait_until("containerd has a network", || containerd.network_is_ready());
        containerd
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("c.sock")
    }

    /// What `--engine` takes.
    pub fn engine(&self) -> String {
        format!("cri=unix://{}", self.path("c.sock"))
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("a folder with a plain name").to_owned()
    }

    /// The image of the tests, with a first process, as a sandbox wants it.
    fn load_image(&self) {
        let name = unique("img");
        let short = self.image.strip_prefix("docker.io/library/").expect("made with it");
        let entry = "ENTRYPOINT [\"/bin/sleep\",\"86400\"]";
        run("docker", &["create", "--name", &name, crate::IMAGE, "sleep", "1"]);
        let made = try_run("docker", &["commit", "--change", entry, &name, short]);
        run("docker", &["rm", &name]);
        made.unwrap_or_else(|said| panic!("docker commit: {said}"));
        let file = self.path("image.tar");
        let saved = try_run("docker", &["save", "--output", &file, short]);
        run("docker", &["rmi", short]);
        saved.unwrap_or_else(|said| panic!("docker save: {said}"));
        // From 2.1 on containerd itself imports, and with the snapshotters of its configuration alone.
        let options = run("ctr", &["image", "import", "--help"]);
        let local: &[_] = if options.contains("--local ") { &["--local"] } else { &[] };
        for namespace in ["k8s.io", OWN] {
            let import = ["image", "import", "--snapshotter", "native"];
            self.ctr(&[&["--namespace", namespace], &import[..], local, &[&file]].concat());
        }
    }

    /// Runs a container of containerd's own, as nerdctl does: called `name` by its label. It has a
    /// network namespace of its own and nothing in it. Its id.
    pub fn run(&self, name: &str) -> String {
        let id = unique("ctr");
        self.run_as(&id, name);
        id
    }

    /// The same with that id, as after [`Containerd::kill`].
    pub fn run_as(&self, id: &str, name: &str) {
        let label = format!("nerdctl/name={name}");
        let run = ["run", "--detach", "--snapshotter", "native", "--label", &label];
        self.own(&[&run[..], &[&self.image, id]].concat());
    }

    /// Ends the process of a container of containerd's own; nothing is removed.
    pub fn end(&self, id: &str) {
        self.own(&["task", "kill", "--signal", "KILL", id]);
        let runs = |row: &str| row.starts_with(id) && row.contains("RUNNING");
        wait_until("the container ends", || !self.own(&["task", "list"]).lines().any(runs));
    }

    /// Ends a container of containerd's own and removes it.
    pub fn kill(&self, id: &str) {
        self.end(id);
        self.forget(id);
    }

    /// Removes a container of containerd's own that has ended.
    pub fn forget(&self, id: &str) {
        self.own(&["task", "delete", id]);
        self.own(&["container", "delete", id]);
    }

    fn own(&self, words: &[&str]) -> String {
        self.ctr(&[&["--namespace", OWN], words].concat())
    }

    /// Does `ctr WORDS` with containerd's own containers.
    ///
    /// # Errors
    /// What it says on stderr.
    ///
    /// # Panics
    /// Where there is no ctr(8).
    pub fn try_own(&self, words: &[&str]) -> Result<String, String> {
        let here = ["--address", &self.path("c.sock"), "--namespace", OWN];
        try_run("ctr", &[&here[..], words].concat())
    }

    /// What `--engine` takes for containerd's own containers.
    pub fn own_engine(&self) -> String {
        format!("containerd=unix://{}", self.path("c.sock"))
    }

    /// Does `ctr WORDS` with it.
    pub fn ctr(&self, words: &[&str]) -> String {
        run("ctr", &[&["--address", &self.path("c.sock")], words].concat())
    }

    fn network_is_ready(&self) -> bool {
        let status: Result<StatusResponse, _> = self.try_ask("Status", &());
        let conditions = status.ok().and_then(|it| it.status).unwrap_or_default().conditions;
        // Newer ones tell more, as that nothing in their configuration is deprecated.
        let is = |kind: &str| conditions.iter().any(|it| it.kind == kind && it.status);
        is("RuntimeReady") && is("NetworkReady")
    }

    /// Runs a pod in the Kubernetes namespace `default`.
    pub fn pod(&self) -> Pod {
        self.pod_with(0, 0)
    }

    /// The same on the node's network.
    pub fn pod_on_host_network(&self) -> Pod {
        self.pod_with(2, 0)
    }

    fn pod_with(&self, network: i32, attempt: u32) -> Pod {
        let name = unique("pod");
        let metadata = PodSandboxMetadata {
            uid: name.clone(),
            name,
            namespace: "default".to_owned(),
            attempt,
        };
        let options = NamespaceOption { network };
        let context = SecurityContext { namespace_options: Some(options) };
        let linux = LinuxPodSandboxConfig {
            // Where it is left to containerd, pods would be beside the daemon's own group.
            cgroup_parent: "/docker-ovs-lab".to_owned(),
            security_context: Some(context),
        };
        let labels = BTreeMap::from([("app".to_owned(), metadata.name.clone())]);
        let metadata = Some(metadata);
        self.sandbox(PodSandboxConfig { metadata, labels, linux: Some(linux) })
    }

    /// Runs the pod once more, as the kubelet does after its sandbox has ended.
    pub fn again(&self, pod: &Pod) -> Pod {
        let mut config = pod.config.clone();
        config.metadata.iter_mut().for_each(|metadata| metadata.attempt += 1);
        self.sandbox(config)
    }

    fn sandbox(&self, config: PodSandboxConfig) -> Pod {
        let question = RunPodSandboxRequest { config: Some(config.clone()) };
        let answer: RunPodSandboxResponse = self.ask("RunPodSandbox", &question);
        let metadata = config.metadata.clone().unwrap_or_default();
        let name = format!("{}/{}", metadata.namespace, metadata.name);
        Pod { id: answer.pod_sandbox_id, name, config }
    }

    /// Runs a container called `name` in a pod; its id.
    pub fn container(&self, pod: &Pod, name: &str) -> String {
        let config = ContainerConfig {
            metadata: Some(ContainerMetadata { name: name.to_owned(), attempt: 0 }),
            image: Some(ImageSpec { image: self.image.clone() }),
            command: ["/bin/sleep", "86400"].map(str::to_owned).into(),
        };
        let question = CreateContainerRequest {
            pod_sandbox_id: pod.id.clone(),
            config: Some(config),
            sandbox_config: Some(pod.config.clone()),
        };
        let ContainerId { id } = self.ask("CreateContainer", &question);
        self.ask::<()>("StartContainer", &ContainerId { id: id.clone() });
        id
    }

    /// Ends a container of a pod.
    pub fn stop_container(&self, id: &str) {
        let question = StopContainerRequest { container_id: id.to_owned(), timeout: 0 };
        self.ask::<()>("StopContainer", &question);
    }

    /// Ends a pod with all that is in it.
    pub fn stop(&self, pod: &Pod) {
        self.ask::<()>("StopPodSandbox", &ContainerId { id: pod.id.clone() });
    }

    /// Removes a pod, running or not.
    pub fn remove(&self, pod: &Pod) {
        self.stop(pod);
        self.ask::<()>("RemovePodSandbox", &ContainerId { id: pod.id.clone() });
    }

    /// The first process of the sandbox or container with this id.
    ///
    /// # Panics
    /// It has none.
    pub fn pid(&self, id: &str) -> String {
        let tasks =
            self.ctr(&["--namespace", "k8s.io", "task", "list"]) + &self.own(&["task", "list"]);
        let mut rows = tasks.lines().map(|row| row.split_whitespace());
        let found =
            rows.find_map(|mut words| words.next().filter(|word| *word == id).and(words.next()));
        found.unwrap_or_else(|| panic!("{id} is not in {tasks}")).to_owned()
    }

    fn ask<A: Message + Default>(&self, method: &'static str, question: &impl Message) -> A {
        let answer = self.try_ask(method, question);
        answer.unwrap_or_else(|error| panic!("{method}: {error}; {}", self.said()))
    }

    fn try_ask<A: Message + Default>(
        &self,
        method: &'static str,
        question: &impl Message,
    ) -> Result<A, Error> {
        let path = format!("/runtime.v1.RuntimeService/{method}");
        self.runtime.block_on(self.client.ask(&path, question))
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("containerd.said")).unwrap_or_default()
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let pods: Result<ListPodSandboxResponse, _> = self.try_ask("ListPodSandbox", &());
        for pod in pods.map(|pods| pods.items).unwrap_or_default() {
            let _ = self.try_ask::<()>("StopPodSandbox", &pod);
            let _ = self.try_ask::<()>("RemovePodSandbox", &pod);
        }
        let tasks = self.try_own(&["task", "list", "--quiet"]).unwrap_or_default();
        for task in tasks.lines() {
            let _ = self.try_own(&["task", "resume", task]);
            let _ = self.try_own(&["task", "delete", "--force", task]);
        }
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

fn config(folder: &Path, image: &str) -> String {
    let text = r#"version = 2
root = "FOLDER/root"
state = "FOLDER/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "FOLDER/c.sock"
[ttrpc]
  address = "FOLDER/t.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "IMAGE"
  disable_apparmor = true
  restrict_oom_score_adj = true
  stream_server_port = "0"
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "PLUGINS"
    conf_dir = "FOLDER/cni"
"#;
    let folder = folder.to_str().expect("a folder with a plain name");
    text.replace("FOLDER", folder).replace("IMAGE", image).replace("PLUGINS", PLUGINS)
}

/// Its own network for each process of tests, as the host has a route to each address.
fn network(folder: &Path) -> String {
    let third = std::process::id() % 250;
    let data = folder.join("addresses");
    serde_json::json!({
        "cniVersion": "0.4.0",
        "name": "lab",
        "plugins": [{
            "type": "ptp",
            "ipam": {
                "type": "host-local",
                "dataDir": data,
                "ranges": [[{ "subnet": format!("10.213.{third}.0/24") }]],
            },
        }],
    })
    .to_string()
}

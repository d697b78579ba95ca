//! A host with many containers, each with one veth on one bridge.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lab::{Bridge, IMAGE, ofport_of, run, try_run, unique};

/// Containers that are started at once.
const AT_ONCE: usize = 4;
/// Interfaces of the one container that has many.
const MANY: usize = 8;

/// The containers and their bridge; everything is removed with it.
pub(crate) struct Scene {
    bridge: Bridge,
    /// The first has [`MANY`] interfaces, the others one.
    containers: Vec<Plugged>,
}

/// A container and the host ends of its veths.
pub(crate) struct Plugged {
    pub(crate) name: String,
    pub(crate) host_ends: Vec<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut scene = Self { bridge: Bridge::new(), containers: Vec::new() };
        scene.start(1, MANY);
        scene
    }

    /// Adds containers until `size` of them have one interface.
    pub(crate) fn grow(&mut self, size: usize) {
        let missing = (size + 1).saturating_sub(self.containers.len());
        self.start(missing, 1);
    }

    fn start(&mut self, count: usize, interfaces: usize) {
        let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while next.fetch_add(1, Ordering::Relaxed) < count {
                        let container = container(interfaces);
                        let mut made = made.lock().unwrap();
                        made.push(container);
                        eprint!("\r{} of {count} containers ", made.len());
                    }
                });
            }
        });
        eprintln!();
        let made = made.into_inner().unwrap();
        self.add_ports(&made);
        self.containers.extend(made);
    }

    /// One transaction for all of them.
    fn add_ports(&self, made: &[Plugged]) {
        let ends: Vec<_> = made.iter().flat_map(|plugged| &plugged.host_ends).collect();
        let adds = ends.iter().flat_map(|end| ["--", "add-port", self.bridge(), end]);
        run("ovs-vsctl", &adds.skip(1).collect::<Vec<_>>());
        for end in ends {
            ofport_of(end);
        }
    }

    pub(crate) fn bridge(&self) -> &str {
        self.bridge.name()
    }

    /// The container with many interfaces.
    pub(crate) fn many(&self) -> &Plugged {
        &self.containers[0]
    }

    /// One in the middle with one interface.
    pub(crate) fn one(&self) -> &Plugged {
        &self.containers[self.containers.len() / 2 + 1]
    }

    /// Another one.
    pub(crate) fn last(&self) -> &Plugged {
        &self.containers[self.containers.len() - 1]
    }
}

fn container(interfaces: usize) -> Plugged {
    let name = unique("c");
    let fixed = ["run", "--detach", "--network", "none", "--stop-signal", "KILL", "--name", &name];
    run("docker", &[&fixed[..], &[IMAGE, "sleep", "86400"]].concat());
    let pid = run("docker", &["inspect", "--format", "{{.State.Pid}}", &name]);
    let own = std::process::id().to_string();
    let plug = |i: usize| {
        let (inner, end) = (format!("eth{i}"), unique("v"));
        let enter = ["--target", &pid, "--net", "ip", "link", "add", &inner, "type", "veth"];
        run("nsenter", &[&enter[..], &["peer", "name", &end, "netns", &own]].concat());
        run("ip", &["link", "set", &end, "up"]);
        end
    };
    Plugged { host_ends: (0..interfaces).map(plug).collect(), name }
}

impl Drop for Scene {
    fn drop(&mut self) {
        eprintln!("removing {} containers", self.containers.len());
        // Without their ports first OVS would look after each link that vanishes.
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-br", self.bridge()]);
        let names: Vec<_> =
            self.containers.iter().map(|container| container.name.as_str()).collect();
        for some in names.chunks(20) {
            let _ = try_run("docker", &[&["rm", "--force"], some].concat());
        }
    }
}

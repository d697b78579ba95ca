//! Each kind of engine.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lab::{IMAGE, InnerDocker, try_run};

use super::{DOCKER, Deed, Engine, Told};

/// What Docker and Podman are told of a new container: no network, and IPv6 all the same.
const ALONE: [&str; 4] = ["--network", "none", "--sysctl", "net.ipv6.conf.all.disable_ipv6=0"];
/// How both list all containers.
const ALL: [&str; 5] = ["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}"];
const STATE: [&str; 3] = ["inspect", "--format", "{{.State.Running}}"];

pub(super) struct Docker(pub(super) Rc<InnerDocker>);

impl Engine for Docker {
    fn kind(&self) -> &'static str {
        DOCKER
    }

    fn words(&self) -> Vec<String> {
        ["--host", &self.0.host(), "--engine", DOCKER].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &[
            Deed::Restart,
            Deed::Restart,
            Deed::Stop,
            Deed::Start,
            Deed::Start,
            Deed::Rename,
            Deed::Pause,
            Deed::Unpause,
            Deed::Remove,
        ]
    }

    fn make(&mut self, name: &str) -> String {
        let words = ["run", "--detach", "--stop-signal", "KILL", "--name", name];
        self.0.docker(&[&words[..], &ALONE, &[IMAGE, "sleep", "86400"]].concat())
    }

    fn does(&mut self, deed: Deed, id: &str, name: &str) -> Result<String, String> {
        try_run("docker", &[&["--host", &self.0.host()], &words_of(deed, id, name)[..]].concat())
    }

    fn told(&self) -> Vec<Told> {
        by_cgroups(&self.0.docker(&ALL))
    }

    fn runs(&self, id: &str) -> bool {
        self.0.docker(&[&STATE[..], &[id]].concat()) == "true"
    }
}

pub(super) struct Podman(lab::Podman);

impl Podman {
    pub(super) fn start(folder: &Path) -> Self {
        Self(lab::Podman::serve(folder))
    }
}

impl Engine for Podman {
    fn kind(&self) -> &'static str {
        "podman"
    }

    fn words(&self) -> Vec<String> {
        ["--engine", &self.0.engine()].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &[Deed::Restart, Deed::Restart, Deed::Stop, Deed::Start, Deed::Start, Deed::Remove]
    }

    fn make(&mut self, name: &str) -> String {
        self.0.run_named(name, &ALONE);
        self.0.id_of(name)
    }

    fn does(&mut self, deed: Deed, id: &str, name: &str) -> Result<String, String> {
        self.0.try_podman(&words_of(deed, id, name))
    }

    fn told(&self) -> Vec<Told> {
        by_cgroups(&self.0.podman(&ALL))
    }

    fn runs(&self, id: &str) -> bool {
        self.0.podman(&[&STATE[..], &[id]].concat()) == "true"
    }
}

/// As docker(1) and podman(1) say it.
fn words_of<'w>(deed: Deed, id: &'w str, name: &'w str) -> Vec<&'w str> {
    match deed {
        Deed::Restart => vec!["restart", "--time", "0", id],
        Deed::Stop => vec!["stop", "--time", "0", id],
        Deed::Start => vec!["start", id],
        Deed::Rename => vec!["rename", id, name],
        Deed::Pause => vec!["pause", id],
        Deed::Unpause => vec!["unpause", id],
        Deed::Remove => vec!["rm", "--force", id],
    }
}

/// Those of a list of ids and names; the process of one that runs has its id in its cgroup.
fn by_cgroups(listed: &str) -> Vec<Told> {
    let firsts = first_processes();
    let listed = listed.lines().filter_map(|line| line.split_once(' '));
    let told = listed.map(|(id, name)| Told {
        id: id.to_owned(),
        name: name.to_owned(),
        pid: firsts.iter().find(|(_, cgroup)| cgroup.contains(id)).map(|(pid, _)| pid.clone()),
    });
    told.collect()
}

/// First processes of PID namespaces, each with its cgroup.
fn first_processes() -> Vec<(String, String)> {
    let firsts = pids().filter(|pid| is_first(pid));
    firsts.filter_map(|pid| Some((pid.clone(), read(&pid, "cgroup")?))).collect()
}

fn pids() -> impl Iterator<Item = String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|entry| entry.file_name().into_string().ok())
}

fn read(pid: &str, file: &str) -> Option<String> {
    read_to_string(format!("/proc/{pid}/{file}")).ok()
}

fn is_first(pid: &str) -> bool {
    let status = read(pid, "status").unwrap_or_default();
    let inside = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    inside.is_some_and(|pids| pids.split_whitespace().last() == Some("1"))
}

/// A folder of containers, which has its guards by name.
pub(super) struct Lxc {
    folder: PathBuf,
    made: BTreeMap<String, lab::Lxc>,
}

impl Lxc {
    pub(super) fn start(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), made: BTreeMap::new() }
    }

    /// The name, with a digest of the folder (FNV-1a).
    fn id(&self, name: &str) -> String {
        let path = self.folder.to_str().unwrap().bytes();
        let digest = path.fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{name}@lxc-{digest:016x}")
    }
}

impl Engine for Lxc {
    fn kind(&self) -> &'static str {
        "lxc"
    }

    fn words(&self) -> Vec<String> {
        vec!["--engine".to_owned(), format!("lxc={}", self.folder.display())]
    }

    fn deeds(&self) -> &'static [Deed] {
        &[
            Deed::Restart,
            Deed::Restart,
            Deed::Stop,
            Deed::Start,
            Deed::Start,
            Deed::Pause,
            Deed::Unpause,
            Deed::Remove,
        ]
    }

    fn make(&mut self, name: &str) -> String {
        self.made.insert(name.to_owned(), lab::Lxc::start_named(&self.folder, name));
        self.id(name)
    }

    fn does(&mut self, deed: Deed, _: &str, name: &str) -> Result<String, String> {
        let container = &self.made[name];
        let stop = || container.try_lxc("lxc-stop", &["--kill"]);
        let start = || container.try_lxc("lxc-start", &["--logfile", "/dev/null"]);
        match deed {
            Deed::Restart => {
                // It need not run.
                let _ = stop();
                start()
            }
            Deed::Stop => stop(),
            Deed::Start => start(),
            Deed::Rename => Err("another name is another container".to_owned()),
            Deed::Pause => container.try_lxc("lxc-freeze", &[]),
            Deed::Unpause => container.try_lxc("lxc-unfreeze", &[]),
            Deed::Remove => {
                let _ = stop();
                container.remove();
                self.made.remove(name);
                Ok(String::new())
            }
        }
    }

    fn told(&self) -> Vec<Told> {
        let folder = self.folder.to_str().unwrap();
        let names = lab::run("lxc-ls", &["--lxcpath", folder, "-1"]);
        let told = names.lines().map(|name| {
            let name = name.trim();
            let words = ["--lxcpath", folder, "--name", name, "--pid", "--no-humanize"];
            let pid = try_run("lxc-info", &words).ok();
            let pid = pid.filter(|pid| pid.parse::<u32>().is_ok());
            Told { id: self.id(name), name: name.to_owned(), pid }
        });
        told.collect()
    }
}

/// A containerd, which has its containers' names by id.
pub(super) struct Containerd {
    daemon: lab::Containerd,
    names: BTreeMap<String, String>,
}

impl Containerd {
    pub(super) fn start(folder: &Path) -> Self {
        Self { daemon: lab::Containerd::start(folder), names: BTreeMap::new() }
    }

    fn stop(&self, own: &str) -> Result<String, String> {
        // What is paused does not end.
        let _ = self.daemon.try_own(&["task", "resume", own]);
        self.daemon.try_own(&["task", "delete", "--force", own])
    }

    fn start_again(&self, own: &str) -> Result<String, String> {
        self.daemon.try_own(&["task", "start", "--detach", own])
    }
}

impl Engine for Containerd {
    fn kind(&self) -> &'static str {
        "containerd"
    }

    fn words(&self) -> Vec<String> {
        ["--engine", &self.daemon.own_engine()].map(str::to_owned).into()
    }

    fn deeds(&self) -> &'static [Deed] {
        &[
            Deed::Restart,
            Deed::Restart,
            Deed::Stop,
            Deed::Start,
            Deed::Start,
            Deed::Pause,
            Deed::Unpause,
            Deed::Remove,
        ]
    }

    fn make(&mut self, name: &str) -> String {
        let id = format!("{}@default", self.daemon.run(name));
        self.names.insert(id.clone(), name.to_owned());
        id
    }

    fn does(&mut self, deed: Deed, id: &str, _: &str) -> Result<String, String> {
        let (own, _) = id.rsplit_once('@').unwrap();
        match deed {
            Deed::Restart => {
                // It need not run.
                let _ = self.stop(own);
                self.start_again(own)
            }
            Deed::Stop => self.stop(own),
            Deed::Start if self.runs(id) => Ok(String::new()),
            Deed::Start => self.start_again(own),
            Deed::Rename => Err("its name is a label of nerdctl's".to_owned()),
            Deed::Pause => self.daemon.try_own(&["task", "pause", own]),
            Deed::Unpause => self.daemon.try_own(&["task", "resume", own]),
            Deed::Remove => {
                let _ = self.stop(own);
                self.daemon.try_own(&["container", "delete", own])
            }
        }
    }

    fn told(&self) -> Vec<Told> {
        let says = |words: &[&str]| self.daemon.try_own(words).unwrap();
        let (containers, tasks) =
            (says(&["container", "list", "--quiet"]), says(&["task", "list"]));
        let pid = |own: &str| {
            let rows = tasks.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
            let mut own = rows.filter(|row| row.len() == 3 && row[0] == own && row[2] != "STOPPED");
            own.next().map(|row| row[1].to_owned())
        };
        let told = containers.lines().map(|own| {
            let id = format!("{own}@default");
            Told { name: self.names[&id].clone(), pid: pid(own), id }
        });
        told.collect()
    }
}

/// Containers by name, which are registered as systemd-machined does it, so that no other test's are seen.
/// What does not run is not known: one that has ended is removed.
pub(super) struct Nspawn {
    folder: PathBuf,
    made: BTreeMap<String, lab::Nspawn>,
}

impl Nspawn {
    pub(super) fn start(folder: &Path) -> Self {
        std::fs::create_dir(folder.join("machines")).unwrap();
        Self { folder: folder.to_owned(), made: BTreeMap::new() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join("machines").join(name)
    }

    /// Writes its file, which is there as a whole or not at all.
    fn register(&self, name: &str) {
        let text = format!("NAME={name}\nCLASS=container\nLEADER={}\n", self.made[name].pid());
        let new = self.folder.join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.file(name)).unwrap();
    }
}

impl Engine for Nspawn {
    fn kind(&self) -> &'static str {
        "nspawn"
    }

    fn words(&self) -> Vec<String> {
        vec!["--engine".to_owned(), format!("nspawn={}/machines", self.folder.display())]
    }

    fn deeds(&self) -> &'static [Deed] {
        &[Deed::Restart, Deed::Restart, Deed::Restart, Deed::Remove]
    }

    fn make(&mut self, name: &str) -> String {
        self.made.insert(name.to_owned(), lab::Nspawn::start_named(&self.folder, name));
        self.register(name);
        format!("{name}@nspawn")
    }

    fn does(&mut self, deed: Deed, _: &str, name: &str) -> Result<String, String> {
        match deed {
            Deed::Restart => {
                self.made.get_mut(name).unwrap().restart();
                self.register(name);
            }
            Deed::Remove => {
                self.made.remove(name).unwrap().remove();
                std::fs::remove_file(self.file(name)).unwrap();
            }
            _ => return Err("there is no such thing".to_owned()),
        }
        Ok(String::new())
    }

    fn told(&self) -> Vec<Told> {
        let told = self.made.iter().map(|(name, one)| Told {
            id: format!("{name}@nspawn"),
            name: name.clone(),
            pid: Some(one.pid()),
        });
        told.collect()
    }
}

//! The engines of the scene, each the test's own, what can be done to their containers, and what they
//! say of them by their own tools.

mod containerd;
mod docker;
mod docker_like;
mod lxc;
mod lxd;
mod nspawn;
mod podman;

use std::path::Path;
use std::rc::Rc;

use lab::{InnerDocker, Need};

use crate::tool::dice::Dice;

use containerd::Containerd;
use docker::Docker;
use lxc::Lxc;
use lxd::Lxd;
use nspawn::Nspawn;
use podman::Podman;

/// What `--engine` calls Docker, which alone is killed and stopped.
pub(super) const DOCKER: &str = "docker";

/// What can be done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Ending it, and starting it again at once.
    Restart,
    Stop,
    /// Of one that runs: nothing.
    Start,
    Rename,
    Pause,
    Unpause,
    /// Running or not.
    Remove,
}

/// All that can be done to a container; what is there more often is done more often.
const ALL_DEEDS: [Deed; 9] = [
    Deed::Restart,
    Deed::Restart,
    Deed::Stop,
    Deed::Start,
    Deed::Start,
    Deed::Rename,
    Deed::Pause,
    Deed::Unpause,
    Deed::Remove,
];

/// The same of one whose engine knows no other name for it.
const ALL_BUT_RENAME: [Deed; 8] = [
    Deed::Restart,
    Deed::Restart,
    Deed::Stop,
    Deed::Start,
    Deed::Start,
    Deed::Pause,
    Deed::Unpause,
    Deed::Remove,
];

/// A container as its engine tells of it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) name: String,
    /// Its first process as this machine numbers it, if it runs.
    pub(super) pid: Option<String>,
}

pub(super) trait Engine {
    /// What `--engine` calls it.
    fn kind(&self) -> &'static str;

    /// The words with which a verb is told of it.
    fn words(&self) -> Vec<String>;

    /// What can be done to its containers; what is there more often is done more often.
    fn deeds(&self) -> &'static [Deed];

    /// Runs a container of this name without a network; the id that it is told by.
    fn make(&mut self, name: &str) -> String;

    /// Does this to the container with this id, which is called `name` from then on.
    fn does(&mut self, deed: Deed, id: &str, name: &str) -> Result<String, String>;

    /// All its containers.
    fn told(&self) -> Vec<Told>;

    /// Whether a container has a process.
    fn runs(&self, id: &str) -> bool {
        self.told().iter().any(|told| told.id == id && told.pid.is_some())
    }
}

type Start = fn(&Path) -> Box<dyn Engine>;

/// Each beside Docker, with what it needs, and how often a new container is one of its.
const ENGINES: [(Need, usize, Start); 5] = [
    (Need::Podman, 2, |folder| Box::new(Podman::start(folder))),
    (Need::Lxc, 2, |folder| Box::new(Lxc::start(folder))),
    (Need::Containerd, 2, |folder| Box::new(Containerd::start(folder))),
    (Need::Lxd, 2, |_| Box::new(Lxd::start())),
    (Need::Nspawn, 1, |folder| Box::new(Nspawn::start(folder))),
];
/// The same of Docker.
const OF_DOCKER: usize = 4;

/// Those that this machine has.
pub(super) struct Engines {
    all: Vec<(usize, Box<dyn Engine>)>,
    /// Where they keep their files, until they are gone.
    folders: Vec<tempfile::TempDir>,
}

impl Engines {
    pub(super) fn start(docker: &Rc<InnerDocker>) -> Self {
        let docker: Box<dyn Engine> = Box::new(Docker(Rc::clone(docker)));
        let mut engines = Self { all: vec![(OF_DOCKER, docker)], folders: Vec::new() };
        for (need, often, start) in ENGINES {
            if lab::is_there(need) {
                let folder = tempfile::tempdir().unwrap();
                engines.all.push((often, start(folder.path())));
                engines.folders.push(folder);
            }
        }
        engines
    }

    /// The words with which a verb is told of all of them.
    pub(super) fn words(&self) -> Vec<String> {
        self.all.iter().flat_map(|(_, engine)| engine.words()).collect()
    }

    /// Which one a new container is of.
    pub(super) fn by_chance(&self, dice: &mut Dice) -> &'static str {
        let mut thrown = dice.throw(self.all.iter().map(|(often, _)| often).sum());
        let chosen = self.all.iter().find(|(often, _)| {
            let here = thrown < *often;
            thrown = thrown.saturating_sub(*often);
            here
        });
        chosen.unwrap().1.kind()
    }

    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.all.iter().map(|(_, engine)| engine.kind()).collect()
    }

    pub(super) fn of(&self, kind: &str) -> &dyn Engine {
        self.all.iter().find(|(_, engine)| engine.kind() == kind).unwrap().1.as_ref()
    }

    pub(super) fn of_mut(&mut self, kind: &str) -> &mut dyn Engine {
        self.all.iter_mut().find(|(_, engine)| engine.kind() == kind).unwrap().1.as_mut()
    }

    /// Has a container run, whatever was done to it but that it was removed.
    pub(super) fn wake(&mut self, kind: &str, id: &str, name: &str) {
        let engine = self.of_mut(kind);
        let can = |deed| engine.deeds().contains(&deed);
        let (unpause, start) = (can(Deed::Unpause), can(Deed::Start));
        if unpause {
            let _ = engine.does(Deed::Unpause, id, name);
        }
        if start {
            engine.does(Deed::Start, id, name).unwrap();
        }
    }

    /// All containers.
    pub(super) fn told(&self) -> Vec<Told> {
        self.all.iter().flat_map(|(_, engine)| engine.told()).collect()
    }
}

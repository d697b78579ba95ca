//! Which engines are asked: those that are named, else those that are found by themselves. What is
//! found is told by stat(2) alone: nothing is connected to, for a socket may start what listens
//! behind it.

use std::collections::BTreeSet;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::snapshot::EngineName;
use model::{SourceError, SourceErrorKind};

use super::docker::address::{DockerAddress, EngineOptions};
use super::kinds::{EngineKind, KINDS};
use super::{Configured, Engine, containerd, docker};

/// `--engine none`: no engine is asked.
const NONE: &str = "none";
/// The engines of no more users are asked: each may take time and memory.
const MAX_USERS: usize = 32;
/// Below it each user has a folder, called by their number.
const USERS: &str = "/run/user";

/// What was said about which engines are to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Discovery {
    asked: EngineChoice,
    /// Docker, by `-H`, `DOCKER_HOST` and contexts.
    docker: Result<DockerAddress, SourceError>,
}

#[derive(Clone, Debug)]
enum EngineChoice {
    /// Those that are found.
    Found,
    /// Those that are named, maybe none; each by its kind, or by kind and address.
    Named(Vec<(&'static EngineKind, Option<String>)>),
}

/// Somewhere that an engine listens by itself.
pub(super) struct FoundPlace {
    pub(super) kind: &'static EngineKind,
    pub(super) path: PathBuf,
    /// Whether it is the first of its kind that is the whole host's.
    is_first: bool,
    /// The user who runs it for themselves.
    user: Option<u32>,
}

impl Discovery {
    /// Reads `--engine`, each `KIND`, `KIND=ADDRESS` or `none`, and where Docker is.
    ///
    /// # Errors
    /// [`SourceErrorKind::Unusable`]: a kind that there is not.
    pub(crate) fn of(words: &[String], docker: &EngineOptions) -> Result<Self, SourceError> {
        let docker = docker.place(|name| std::env::var(name).ok());
        if words.is_empty() {
            return Ok(Self { asked: EngineChoice::Found, docker });
        }
        let named = words.iter().filter(|word| *word != NONE).map(|word| named(word));
        Ok(Self { asked: EngineChoice::Named(named.collect::<Result<_, _>>()?), docker })
    }

    /// The engines that are to be asked now, Docker first. Each has a name of its own.
    pub(crate) fn engines(&self) -> Vec<Configured> {
        let mut all = Engines::default();
        match &self.asked {
            EngineChoice::Found => self.add_found(&mut all),
            EngineChoice::Named(named) => {
                for (kind, address) in named {
                    self.add_named(kind, address.as_deref(), &mut all);
                }
            }
        }
        all.list
    }

    fn add_found(&self, all: &mut Engines) {
        let mut found = found();
        match &self.docker {
            Ok(DockerAddress { is_named: false, .. }) => {
                // Of a host without any engine it is said that Docker is missing.
                if found.is_empty() {
                    all.add_docker(&self.docker, false);
                }
            }
            // Then Docker is that one alone.
            named => {
                all.add_docker(named, true);
                found.retain(|place| place.kind.name != docker::KIND.name);
            }
        }
        for place in &found {
            all.add_place(place, false);
        }
    }

    fn add_named(&self, kind: &'static EngineKind, address: Option<&str>, all: &mut Engines) {
        if let Some(address) = address {
            return all.add(kind, address, true);
        }
        if kind.name == docker::KIND.name {
            return all.add_docker(&self.docker, true);
        }
        let mut found: Vec<_> =
            found().into_iter().filter(|place| place.kind.name == kind.name).collect();
        let missing = FoundPlace {
            kind,
            path: kind.places.first().copied().unwrap_or_default().into(),
            is_first: true,
            user: None,
        };
        if found.is_empty() {
            found.push(missing);
        }
        for place in &found {
            all.add_place(place, true);
        }
    }
}

fn named(word: &str) -> Result<(&'static EngineKind, Option<String>), SourceError> {
    let (name, address) = match (word.split_once('='), word.split_once('@')) {
        (Some((name, address)), _) => (name, Some(address.to_owned())),
        // As engines are called in answers.
        (None, Some((name, place))) => (name, Some(address_of(name, place))),
        (None, None) => (word, None),
    };
    let unusable = |why: String| {
        SourceError::new(SourceErrorKind::Unusable, format!("--engine {word}"), why).hint(
            "write KIND or KIND=ADDRESS, as podman=/run/podman/podman.sock, a name that doctor \
                 prints, as podman@1000, or none",
        )
    };
    let known = || KINDS.map(|kind| kind.name).join(", ");
    let kind = EngineKind::named(name)
        .ok_or_else(|| unusable(format!("no engine has this name; there are {}", known())))?;
    match address.as_deref() {
        Some("") => Err(unusable("it has no address".to_owned())),
        _ => Ok((kind, address)),
    }
}

/// Where an engine listens that is called `KIND@PLACE`: its address, or the number of a user.
fn address_of(kind: &str, place: &str) -> String {
    let below = EngineKind::named(kind).and_then(|kind| kind.of_users.first());
    match (place.parse::<u32>(), below) {
        (Ok(user), Some(below)) => format!("{USERS}/{user}/{below}"),
        _ => place.to_owned(),
    }
}

/// Every place where an engine listens by itself and that exists, by kind: those of the whole host,
/// then those of users. One file may have several paths.
pub(super) fn found() -> Vec<FoundPlace> {
    let users = users();
    let mut found = Vec::new();
    for kind in KINDS {
        let of_host = kind.places.iter().filter(|path| file(Path::new(path)).is_some());
        found.extend(of_host.enumerate().map(|(i, path)| FoundPlace {
            kind,
            path: path.into(),
            is_first: i == 0,
            user: None,
        }));
        let of_users = users.iter().flat_map(|(user, folder)| {
            kind.of_users.iter().map(move |below| (*user, folder.join(below)))
        });
        let of_users = of_users.filter(|(_, path)| is_socket(path));
        found.extend(of_users.map(|(user, path)| FoundPlace {
            kind,
            path,
            is_first: false,
            user: Some(user),
        }));
    }
    found
}

/// The folder of a user who is logged in.
pub(super) fn folder_of(user: u32) -> PathBuf {
    Path::new(USERS).join(user.to_string())
}

/// The users who are logged in, each with their folder.
fn users() -> Vec<(u32, PathBuf)> {
    let every = std::fs::read_dir(USERS).into_iter().flatten().flatten();
    let user = |name: &std::ffi::OsStr| name.to_str()?.parse().ok();
    let mut users: Vec<_> =
        every.filter_map(|entry| Some((user(&entry.file_name())?, entry.path()))).collect();
    users.sort_unstable();
    users.truncate(MAX_USERS);
    users
}

/// The engines that are to be asked, as they are found.
#[derive(Default)]
struct Engines {
    list: Vec<Configured>,
    /// Where they are asked.
    places: BTreeSet<Place>,
}

impl Engines {
    fn add_docker(&mut self, place: &Result<DockerAddress, SourceError>, is_named: bool) {
        match place {
            Ok(DockerAddress { endpoint, .. }) => {
                self.add_engine(docker::open_at(endpoint.clone()), None, is_named);
            }
            Err(why) => {
                let name = EngineName(docker::KIND.name.into());
                self.list.push(Configured::new(name, Err(why.clone()), true));
            }
        }
    }

    fn add_place(&mut self, place: &FoundPlace, is_named: bool) {
        let path = place.path.to_string_lossy();
        match (place.kind.open)(&path) {
            Ok(engine) => {
                let name = match place.user {
                    Some(user) => Some(format!("{}@{user}", place.kind.name)),
                    None if place.is_first => None,
                    None => Some(format!("{}@{path}", place.kind.name)),
                };
                self.add_engine(engine, name, is_named);
            }
            Err(why) => tracing::debug!("{why}"),
        }
    }

    fn add(&mut self, kind: &'static EngineKind, address: &str, is_named: bool) {
        match (kind.open)(address) {
            Ok(engine) => {
                let user = socket_of(engine.as_ref()).and_then(|path| user_of(&path));
                let name = user.map(|user| format!("{}@{user}", kind.name));
                self.add_engine(engine, name, is_named);
            }
            Err(why) => {
                let name = self.free_name(kind.name, address);
                self.list.push(Configured::new(name, Err(why), is_named));
            }
        }
    }

    /// Adds it unless it listens where another one does.
    fn add_engine(&mut self, engine: Arc<dyn Engine>, name: Option<String>, is_named: bool) {
        let kind = engine.kind();
        if place_of(engine.as_ref()).is_some_and(|place| !self.places.insert(place)) {
            return;
        }
        let free = |name: &String| self.list.iter().all(|known| *known.name.0 != **name);
        let name = match name.filter(free) {
            Some(name) => EngineName(name.into()),
            None => self.free_name(&kind.0, &engine.address()),
        };
        self.list.push(Configured::new(name, Ok(engine), is_named));
    }

    /// The kind alone for the first of it, else with the address: `docker@/run/other.sock`.
    fn free_name(&self, kind: &str, address: &str) -> EngineName {
        if self.list.iter().all(|known| *known.name.0 != *kind) {
            return EngineName(kind.into());
        }
        let address = address.strip_prefix("unix://").unwrap_or(address);
        EngineName(format!("{kind}@{address}").into())
    }
}

/// Whether containerd's own containers are asked for, and the file of the socket, or of the folder. At one
/// socket containerd has its own containers and Kubernetes', of which one API each tells.
pub(super) type Place = (bool, (u64, u64));

/// Where an engine is asked, and for which of its containers; none where there is no such file.
pub(super) fn place_of(engine: &dyn Engine) -> Option<Place> {
    let beside = *engine.kind().0 == *containerd::KIND.name;
    Some((beside, file(&socket_of(engine)?)?))
}

/// The path of the socket at which it is asked, or of the folder that it is.
fn socket_of(engine: &dyn Engine) -> Option<PathBuf> {
    let address = engine.address();
    let path = address.strip_prefix("unix://").unwrap_or(&address);
    path.starts_with('/').then(|| PathBuf::from(path))
}

/// What tells a file: its device and its inode, whatever path leads there.
pub(super) fn file(path: &Path) -> Option<(u64, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// Whether nothing is at the path of its socket or folder: it is no engine of this host.
pub(super) fn is_absent(engine: &dyn Engine) -> bool {
    socket_of(engine).is_some_and(|path| path.try_exists().is_ok_and(|exists| !exists))
}

/// The user in whose folder it is.
pub(super) fn user_of(path: &Path) -> Option<u32> {
    let below = path.strip_prefix(USERS).ok()?;
    below.iter().next()?.to_str()?.parse().ok()
}

/// Whether what listens there may be a user's: it is in a user's folder, or the file is none of root's.
pub(super) fn is_of_user(engine: &dyn Engine) -> bool {
    let Some(path) = socket_of(engine) else { return false };
    let is_roots = std::fs::metadata(&path).is_ok_and(|file| file.uid() == 0);
    user_of(&path).is_some() || !is_roots
}

/// What users make may be anything.
fn is_socket(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Result<Vec<String>, String> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let docker = EngineOptions { host: Some("unix:///d.sock".into()), ..Default::default() };
        let discovery = Discovery::of(&words, &docker).map_err(|error| error.to_string())?;
        Ok(discovery.engines().iter().map(|engine| engine.name.to_string()).collect())
    }

    #[test]
    fn the_first_of_a_kind_is_called_by_it_and_the_others_after_where_they_are() {
        let told = names(&["docker", "docker=unix:///b.sock", "docker=/c.sock", "podman=/p.sock"]);
        assert_eq!(told.unwrap(), ["docker", "docker@/b.sock", "docker@/c.sock", "podman"]);
        let of_users = ["podman=/run/user/1000/podman/podman.sock", "podman=/p.sock"];
        assert_eq!(names(&of_users).unwrap(), ["podman@1000", "podman"]);
        assert_eq!(
            names(&["docker=/a.sock", "docker=/a.sock"]).unwrap().len(),
            2,
            "nothing is there"
        );
    }

    #[test]
    fn none_is_no_engine_and_a_mistake_is_told() {
        assert_eq!(names(&["none"]).unwrap(), [""; 0]);
        for (bad, why) in [("dokcer", "docker"), ("podman=", "no address"), ("", "docker")] {
            let told = names(&[bad]).unwrap_err();
            assert!(told.contains(why), "{bad}: {told}");
        }
        let told = names(&["podman=tcp://127.0.0.1:1"]).unwrap();
        assert_eq!(told, ["podman"], "it fails when it is asked");
    }

    #[test]
    fn an_engine_is_named_as_answers_call_it() {
        assert_eq!(names(&["podman@1000"]).unwrap(), ["podman@1000"]);
        assert_eq!(names(&["docker@1000", "docker@/o.sock"]).unwrap(), ["docker@1000", "docker"]);
        let told = names(&["dokcer@1000"]).unwrap_err();
        assert!(told.contains("no engine has this name"), "{told}");
    }

    #[test]
    fn one_socket_with_two_paths_is_one_engine() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("own.sock"), folder.path().join("other.sock"));
        let _listener = std::os::unix::net::UnixListener::bind(&own).unwrap();
        std::os::unix::fs::symlink(&own, &other).unwrap();
        let words = [&own, &other].map(|path| format!("podman={}", path.display()));
        assert_eq!(names(&words.each_ref().map(String::as_str)).unwrap(), ["podman"]);
    }

    #[test]
    fn what_is_named_for_docker_is_the_only_docker() {
        let docker = EngineOptions { host: Some("unix:///d.sock".into()), ..Default::default() };
        let found = Discovery::of(&[], &docker).unwrap().engines();
        let dockers: Vec<_> = found.iter().filter(|one| one.name.kind() == "docker").collect();
        assert!(matches!(&*dockers, [only] if only.named), "{dockers:?}");
    }

    #[test]
    fn a_folder_of_a_user_tells_whose_it_is() {
        assert_eq!(user_of("/run/user/1000/docker.sock".as_ref()), Some(1000));
        assert_eq!(user_of("/run/docker.sock".as_ref()), None);
        assert_eq!(user_of("/run/user/x/docker.sock".as_ref()), None);
    }

    /// What a user's engine says of networks is of no account.
    #[test]
    fn what_listens_at_a_file_of_a_user_is_that_users() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&own).unwrap();
        let file = std::fs::metadata(&own).unwrap();
        let is_of_user = |path: &str| is_of_user((docker::KIND.open)(path).unwrap().as_ref());
        assert_eq!(is_of_user(&own.to_string_lossy()), file.uid() != 0);
        assert!(is_of_user("/run/user/1000/docker.sock"));
        assert!(!is_of_user("tcp://127.0.0.1:2375"), "it has no file");
    }
}

//! The containers of one folder.

use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use model::ids::{ContainerId, name};
use model::snapshot::Container;
use model::{SourceError, SourceErrorKind};
use rustix::io::Errno;

use super::USUAL;
use super::command::{Processes, processes};
use crate::deadline::{late, within};
use crate::engine::EngineContainer;
use crate::engine::ask::IN_FLIGHT;
use crate::failure;
use crate::identity::process::Process;
use crate::reader::{self, Reader};

/// A monitor answers from memory; so long a list waits for one.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// The containers whose folders are below one path.
#[derive(Clone, Debug)]
pub(super) struct Lxc {
    pub(super) path: PathBuf,
    /// Where it is listed while a reactor goes on.
    thread: Option<Arc<Reader>>,
}

impl Lxc {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, thread: None }
    }

    /// The same, listed on a thread of its own: the folder may be on any file system.
    pub(super) fn on_a_thread(&self) -> Result<Self, SourceError> {
        let thread = Some(Arc::new(Reader::start("lxc", true)?));
        Ok(Self { path: self.path.clone(), thread })
    }

    pub(super) fn what(&self) -> String {
        format!("LXC at {}", self.path.display())
    }

    /// The names of all containers: their folders have a configuration.
    pub(super) fn names(&self) -> Result<Vec<String>, SourceError> {
        let failed = |error: io::Error| failure::of_io(self.what(), &error, "run as root");
        let mut names = Vec::new();
        for folder in std::fs::read_dir(&self.path).map_err(failed)? {
            let folder = folder.map_err(failed)?.file_name();
            let Some(name) = folder.to_str() else { continue };
            if self.has(name).map_err(failed)? {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Whether there is a container of this name.
    ///
    /// # Errors
    /// That cannot be told, as of a folder of another user's into which this one may not look.
    fn has(&self, name: &str) -> io::Result<bool> {
        let is_name =
            !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != "..";
        if !is_name {
            return Ok(false);
        }
        let error = match std::fs::metadata(self.path.join(name).join("config")) {
            Ok(found) => return Ok(found.is_file()),
            Err(error) => error,
        };
        match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::LOOP) => Ok(false),
            _ => Err(error),
        }
    }

    /// The name of the container that is called by its name, or by its id.
    ///
    /// # Errors
    /// Whether there is one cannot be told.
    pub(super) fn named<'w>(&self, wanted: &'w str) -> Result<Option<&'w str>, SourceError> {
        let of_id = wanted.rsplit_once('@').map(|(own, _)| own);
        let of_id = of_id.filter(|own| *self.id(own).0 == *wanted);
        for own in [Some(wanted), of_id].into_iter().flatten() {
            let what = || format!("{}, asked about {own}", self.what());
            let has = self.has(own);
            if has.map_err(|error| failure::of_io(what(), &error, "run as root"))? {
                return Ok(Some(own));
            }
        }
        Ok(None)
    }

    /// LXC gives containers no ids. The name is one, with the folder where that is not the usual one:
    /// no other engine's container has such a name or id.
    pub(super) fn id(&self, own: &str) -> ContainerId {
        if self.path == Path::new(USUAL) {
            return ContainerId(name(&format!("{own}@lxc")));
        }
        let mut digest = fnv::FnvHasher::default();
        digest.write(self.path.as_os_str().as_encoded_bytes());
        ContainerId(name(&format!("{own}@lxc-{:016x}", digest.finish())))
    }

    /// A container with its first process, if it runs.
    pub(super) async fn found(&self, own: &str) -> Result<EngineContainer, SourceError> {
        let what = || format!("{}, asked about {own}", self.what());
        let running = processes(&self.path, own).await;
        let running = running.map_err(|error| failure::of_io(what(), &error, "run as root"))?;
        let shares = running.is_some_and(shares_its_monitors_network);
        let row = Container {
            pid: running.map(|running| running.init),
            network_mode: if shares { "host" } else { "" }.to_owned(),
            ..self.row(own, if running.is_some() { "running" } else { "stopped" })
        };
        Ok(EngineContainer { row, sandbox: None })
    }

    fn row(&self, own: &str, state: &str) -> Container {
        Container::new(self.id(own), name(own), state.to_owned())
    }

    /// The same, soon: where something listens that does not answer like a monitor, it runs as far as is
    /// known ([`may_run`]), and hides no other.
    async fn found_soon(&self, own: &str) -> Result<EngineContainer, SourceError> {
        let what = || format!("{}, asked about {own}", self.what());
        let why = match within(ANSWER_TIMEOUT, self.found(own)).await {
            Ok(Err(why)) if why.kind != SourceErrorKind::Exhausted => why,
            Ok(told) => return told,
            Err(_) => late(what(), ANSWER_TIMEOUT),
        };
        let row = Container { netns_error: Some(why), ..self.row(own, "running") };
        Ok(EngineContainer { row, sandbox: None })
    }

    /// All containers; those that run with their processes.
    pub(super) async fn all(&self) -> Result<Vec<EngineContainer>, SourceError> {
        let names = match &self.thread {
            Some(thread) => {
                let own = Self::at(self.path.clone());
                reader::done(self.what(), thread.read(move || own.names())).await?
            }
            None => self.names()?,
        };
        let found = stream::iter(names).map(|own| async move { self.found_soon(&own).await });
        found.buffered(IN_FLIGHT).try_collect().await
    }
}

/// Whether this is of one that runs whose process was not told.
pub(super) fn may_run(row: &Container) -> bool {
    row.pid.is_none() && row.netns_error.is_some()
}

/// Whether a container has no network of its own (`lxc.net.0.type = none` of
/// lxc.container.conf(5)): its monitor stays in the namespace that it was started in.
fn shares_its_monitors_network(running: Processes) -> bool {
    let processes = (Process::open(running.monitor), Process::open(running.init));
    matches!(processes, (Ok(monitor), Ok(init)) if init.shares_netns_of(&monitor))
}

/// Whether cgroups are those of the container: `/lxc.payload.NAME`, with a number behind where that
/// was taken, or `/lxc/NAME` of LXC before 4.0. A container within has both in its path, so that the last
/// one counts.
pub(in crate::engine) fn cgroups_are_of(own: &str, cgroups: &str) -> bool {
    let paths = cgroups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut named = paths.filter_map(last_payload).peekable();
    let is_its = |payload: &str| {
        let more = payload.strip_prefix(own).map(|more| more.strip_prefix('-').unwrap_or(more));
        more.is_some_and(|more| more.bytes().all(|byte| byte.is_ascii_digit()))
    };
    named.peek().is_some() && named.all(is_its)
}

/// The last container in a path.
fn last_payload(path: &str) -> Option<&str> {
    let mut parts = path.rsplit('/').peekable();
    while let Some(part) = parts.next() {
        if let Some(own) = part.strip_prefix("lxc.payload.") {
            return Some(own);
        }
        if parts.peek() == Some(&"lxc") {
            return Some(part);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_cgroup_is_of_the_container_that_comes_last() {
        for its in [
            "0::/lxc.payload.web",
            "0::/lxc.payload.web-1/init.scope",
            "9:name=systemd:/lxc.payload.web\n8:pids:/lxc.payload.web\n0::/",
            "4:pids:/lxc/web",
            "0::/lxc.payload.outer/lxc.payload.web",
        ] {
            assert!(cgroups_are_of("web", its), "{its}");
        }
        for not in [
            "",
            "0::/",
            "0::/lxc.payload.webber",
            "0::/lxc.monitor.web",
            "0::/lxc.payload.web/lxc.payload.inner",
            "8:pids:/lxc.payload.web\n0::/lxc.payload.other",
            "0::/user.slice/web",
        ] {
            assert!(!cgroups_are_of("web", not), "{not}");
        }
    }

    #[test]
    fn a_container_is_a_folder_with_a_configuration() {
        let folder = tempfile::tempdir().unwrap();
        for own in ["web", "db"] {
            std::fs::create_dir(folder.path().join(own)).unwrap();
            std::fs::write(folder.path().join(own).join("config"), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("cache")).unwrap();
        std::fs::write(folder.path().join("config"), "").unwrap();
        let lxc = Lxc::at(folder.path().to_owned());
        assert_eq!(lxc.names().unwrap(), ["db", "web"]);
        let id = lxc.id("web");
        assert_eq!(lxc.named("web").unwrap(), Some("web"));
        assert_eq!(lxc.named(&id.0).unwrap(), Some("web"));
        let long = "x".repeat(300);
        for none in
            ["cache", ".", "..", "", "web@", "web@lxc", "web@lxc-0", "web/../db", "x", "a\0", &long]
        {
            assert_eq!(lxc.named(none).unwrap(), None, "{none}");
        }
        let usual = Lxc::at(USUAL.into());
        assert_eq!(&*usual.id("web").0, "web@lxc");
    }

    /// As the folder of a container that belongs to a mapped user, to root without `CAP_DAC_OVERRIDE`.
    #[test]
    fn a_folder_that_may_not_be_looked_into_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let hidden = folder.path().join("hidden");
        std::fs::create_dir(&hidden).unwrap();
        std::fs::write(hidden.join("config"), "").unwrap();
        let close = |mode| {
            std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        close(0o000);
        // Root may look into every folder, but for the daemon as its unit has it.
        let is_open = std::fs::read_dir(&hidden).is_ok();
        let lxc = Lxc::at(folder.path().to_owned());
        let all = lxc.names();
        let one = lxc.named("hidden").map(|own| own.is_some());
        close(0o700);
        if is_open {
            assert_eq!((all.unwrap().len(), one.unwrap()), (1, true));
        } else {
            assert_eq!(all.unwrap_err().kind, SourceErrorKind::Denied);
            assert_eq!(one.unwrap_err().kind, SourceErrorKind::Denied);
        }
    }
}

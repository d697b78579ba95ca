//! Which kinds of engine there are. Each folder beside this file that implements
//! [`Engine`](super::Engine) has one [`EngineKind`], and its line in [`KINDS`].

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};

use super::{Engine, containerd, cri, docker, incus, lxc, nspawn, podman};

/// What has to be known of a kind before one of it is asked.
pub(crate) struct EngineKind {
    /// The name that stands before a container's, as in `docker:web`, and in `--engine`.
    pub(crate) name: &'static str,
    /// Where one of the whole host listens by itself, absolute paths: the first that exists is
    /// called by the kind alone. One that does not exist costs a stat(2) and is no error.
    pub(crate) places: &'static [&'static str],
    /// Where those that users run for themselves listen, below `/run/user/UID`.
    pub(crate) of_users: &'static [&'static str],
    /// What its own processes call themselves (proc_pid_comm(5)), at most 15 bytes each: of the
    /// process behind a socket that tells an engine from a relay to another machine.
    pub(crate) programs: &'static [&'static str],
    /// The engine at an address: one of the paths above, or what `--engine KIND=ADDRESS` says.
    /// Asks nothing yet.
    pub(crate) open: fn(&str) -> Result<Arc<dyn Engine>, SourceError>,
}

/// Every kind there is. Where one name is asked for, the first that knows it is followed at once.
pub(crate) const KINDS: [&EngineKind; 8] = [
    &docker::KIND,
    &podman::KIND,
    &cri::KIND,
    &containerd::KIND,
    &incus::INCUS,
    &incus::LXD,
    &lxc::KIND,
    &nspawn::KIND,
];

impl EngineKind {
    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        KINDS.into_iter().find(|kind| kind.name == name)
    }
}

/// The path of the Unix socket that an address names: `unix://PATH`, `unix:PATH` or the path alone.
/// By a network the processes that an engine tells of would be another machine's.
///
/// # Errors
/// [`SourceErrorKind::Unusable`]: it is none. `what` is how messages call the engine.
pub(super) fn socket_path(
    kind: &EngineKind,
    what: &str,
    address: &str,
) -> Result<PathBuf, SourceError> {
    let path = address.strip_prefix("unix:").unwrap_or(address);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.starts_with('/') {
        return Ok(path.into());
    }
    let what = format!("{what} at {address}");
    let why = "it is no path of a socket";
    let usual = kind.places.first().copied().unwrap_or_default();
    Err(SourceError::new(SourceErrorKind::Unusable, what, why)
        .hint(format!("write --engine {}=unix://{usual}", kind.name)))
}

impl fmt::Debug for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use model::Snapshot;
    use model::engine_commands::EngineCommands;
    use model::ids::EngineName;

    use super::KINDS;

    #[test]
    fn of_each_kind_it_is_known_what_lists_its_containers() {
        for kind in KINDS {
            let engine = EngineName(kind.name.into());
            let list = EngineCommands::of(&engine).and_then(|commands| commands.list());
            assert!(list.is_some(), "{kind:?}");
        }
    }

    #[test]
    fn the_name_of_each_kind_stays_where_names_are_masked() {
        let scene = include_str!("../../../cli/tests/scenes/article.json");
        let mut snapshot: Snapshot = serde_json::from_str(scene).unwrap();
        let rows = snapshot.engines.values().next().cloned().unwrap();
        let kinds = KINDS.map(|kind| EngineName(kind.name.into()));
        snapshot.engines = kinds.iter().map(|kind| (kind.clone(), rows.clone())).collect();
        let masked = model::anonymise(&snapshot);
        for kind in &kinds {
            assert!(masked.engines.contains_key(kind), "{kind:?}");
        }
    }
}

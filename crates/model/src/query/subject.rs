//! The container or namespace that a question is about, as [`Target`] names it.

use super::{QueryError, container};
use crate::dialects::NetnsPath;
use crate::snapshot::{Container, Namespace, Snapshot};
use crate::target::{NamedInterface, Target};

/// The container or link that a question is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A container.
    Container(&'a Container),
    /// A namespace named directly: `pid:N`, `netns:NAME`, `netns:PATH`.
    Namespace(&'a Namespace),
}

impl Subject<'_> {
    /// What must be said whatever the answer.
    pub fn remark(self, snapshot: &Snapshot) -> Option<String> {
        match self {
            Self::Container(row) if row.on_host_network() => Some(format!(
                "container {} shares the host's network: it has no interfaces of its own",
                row.name
            )),
            Self::Namespace(row) if Some(row.id) == snapshot.switch_netns => Some(format!(
                "{} is the switch's own namespace: docker ovs ports lists what is in it",
                row.id
            )),
            Self::Container(_) | Self::Namespace(_) => None,
        }
    }
}

/// The container or namespace that words name, as `find` finds it, and the interface of it that they name, if they name
/// one: as [`NamedInterface::readings`].
///
/// # Errors
/// [`QueryError`], of the reading that says more.
pub fn named<'a, 'w>(
    words: NamedInterface<'w>,
    find: impl Fn(&Target) -> Result<Subject<'a>, QueryError>,
) -> Result<(Subject<'a>, Option<&'w str>), QueryError> {
    let mut failed = None;
    for (container, interface) in words.readings() {
        match Target::parse(container).and_then(|target| find(&target)) {
            Ok(subject) => return Ok((subject, interface)),
            Err(error) => failed = Some(QueryError::of_readings(failed, error)),
        }
    }
    Err(failed.unwrap_or_else(|| QueryError::no_such_container(words.container)))
}

/// Finds the container or namespace that a question is about.
///
/// # Errors
/// As [`container`]; [`QueryError::NoSuchNetns`] for a name that no namespace has,
/// [`QueryError::UnknownNetns`] for a process or a path that nothing that was read tells about, and
/// [`QueryError::SourceUnavailable`] where some namespaces were not read.
pub fn subject<'a>(snapshot: &'a Snapshot, target: &Target) -> Result<Subject<'a>, QueryError> {
    let found = match target {
        Target::Container(words) => return container(snapshot, words).map(Subject::Container),
        Target::Process(pid) => of_process(snapshot, *pid),
        Target::Netns(words) => match NetnsPath::of(words) {
            NetnsPath::Named(name) => {
                namespace(snapshot, |row| row.names.iter().any(|known| known == name))
            }
            NetnsPath::Process(pid) => of_process(snapshot, pid),
            NetnsPath::Inode(ino) => namespace(snapshot, |row| row.id.ino == ino),
            NetnsPath::Other => at_path(snapshot, words),
        },
    };
    found.ok_or_else(|| not_found(snapshot, target))
}

fn namespace(snapshot: &Snapshot, is_meant: impl Fn(&Namespace) -> bool) -> Option<Subject<'_>> {
    snapshot.kernel.rows().iter().find(|row| is_meant(row)).map(Subject::Namespace)
}

/// Processes are known by their number where they are a container's first, or where nothing else leads to
/// their namespace.
fn of_process(snapshot: &Snapshot, pid: u32) -> Option<Subject<'_>> {
    let first = snapshot.containers().find(|row| row.pid == Some(pid)).map(Subject::Container);
    let is_its = |row: &Namespace| row.process.as_ref().is_some_and(|process| process.pid == pid);
    first.or_else(|| namespace(snapshot, is_its))
}

/// A path is what the kernel said that it is, or an engine's own handle; never what its last part is called.
fn at_path<'a>(snapshot: &'a Snapshot, path: &str) -> Option<Subject<'a>> {
    let handles = snapshot.containers().filter_map(|row| row.sandbox.as_ref());
    let handle = handles.into_iter().find(|handle| handle.key == path).map(|handle| handle.netns);
    namespace(snapshot, |row| row.paths.iter().any(|known| known == path) || Some(row.id) == handle)
}

fn not_found(snapshot: &Snapshot, target: &Target) -> QueryError {
    if let Some(source_error) = snapshot.kernel.source_error() {
        return QueryError::SourceUnavailable(source_error.clone());
    }
    let is_listed =
        |words: &str| matches!(NetnsPath::of(words), NetnsPath::Named(_) | NetnsPath::Inode(_));
    match target {
        Target::Netns(words) if is_listed(words) => {
            QueryError::NoSuchNetns { wanted: target.to_string() }
        }
        _ => QueryError::UnknownNetns { wanted: target.to_string() },
    }
}

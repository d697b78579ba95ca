//! The namespaces that a look starts from: the switch's, our own, those with a name.

use std::path::Path;

use model::{SourceError, SourceErrorKind, Target};
use netns::Netns;

/// The namespace ovs-vswitchd lives in, by the PID file in `rundir` (ovs-vswitchd(8)); our
/// own where that cannot be told, as with a vswitchd of another PID namespace.
pub(crate) fn switch_namespace(rundir: &Path) -> Result<Netns, SourceError> {
    match vswitchd(rundir) {
        Some(pid) => Netns::of_process(pid).or_else(|_| own_namespace()),
        None => own_namespace(),
    }
}

/// The namespace this program runs in.
pub(crate) fn own_namespace() -> Result<Netns, SourceError> {
    Netns::current().map_err(|error| source_error("this network namespace".into(), &error))
}

/// The namespaces with a name under /run/netns (ip-netns(8)).
pub(crate) fn named() -> Vec<(String, Netns)> {
    netns::named()
        .into_iter()
        .filter_map(|(name, path)| Some((name, Netns::open(&path).ok()?)))
        .collect()
}

fn vswitchd(rundir: &Path) -> Option<u32> {
    let pid = std::fs::read_to_string(rundir.join("ovs-vswitchd.pid")).ok()?;
    let pid: u32 = pid.trim().parse().ok()?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    (name.trim() == "ovs-vswitchd").then_some(pid)
}

/// The namespace of a name under /run/netns (ip-netns(8)), or of a path.
pub(crate) fn open_named(name: &str) -> Result<Netns, netns::Error> {
    let path = Path::new(name);
    if name.contains('/') {
        Netns::open(path)
    } else {
        Netns::open(&Path::new("/run/netns").join(path))
    }
}

/// Why a namespace that was named directly could not be opened.
pub(crate) fn not_opened(target: &Target, error: &netns::Error) -> SourceError {
    let hint = "ip netns list names the namespaces there are; pid: takes a running process";
    let source_error = source_error(target.to_string(), error);
    if source_error.kind == SourceErrorKind::Denied {
        source_error
    } else {
        source_error.hint(hint)
    }
}

/// Puts an error of the netns crate into words.
pub(crate) fn source_error(what: String, error: &netns::Error) -> SourceError {
    crate::failure::of_chain(what, error, "run as root, or with CAP_SYS_ADMIN and CAP_SYS_PTRACE")
}

//! The namespaces that a look starts from, beside the switch's: our own, those with a name.

use std::path::Path;

use model::{SourceError, SourceErrorKind, Target};
use netns::Netns;

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

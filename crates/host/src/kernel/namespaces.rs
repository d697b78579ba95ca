//! The namespaces that a look starts from, beside the switch's: our own, those with a name.

use std::path::Path;

use model::ids::NetnsId;
use model::{SourceError, SourceErrorKind, Target};
use netns::Netns;

/// Puts an error of the netns crate into words.
pub(crate) use crate::failure::of_netns as source_error;

/// The namespace this program runs in.
pub(crate) fn own_namespace() -> Result<Netns, SourceError> {
    Netns::current().map_err(|error| source_error("this network namespace".into(), &error))
}

/// A namespace with a name, or which one it is and why it could not be opened.
pub(crate) type Named = (String, Result<Netns, (NetnsId, SourceError)>);

/// The namespaces with a name under /run/netns (ip-netns(8)). What is gone meanwhile, and what is no
/// namespace, is none of them.
///
/// # Errors
/// Which there are is not known.
pub(crate) fn named() -> Result<Vec<Named>, netns::Error> {
    let opened = netns::named()?.into_iter().filter_map(|(name, path)| {
        let opened = match Netns::open(&path) {
            Ok(netns) => Ok(netns),
            Err(error @ netns::Error::Open { .. }) if !error.is_gone() => {
                let id = netns::identity_of(&path)?;
                let id = NetnsId { dev: id.dev, ino: id.ino };
                Err((id, source_error(format!("the network namespace {name}"), &error)))
            }
            Err(_) => return None,
        };
        Some((name, opened))
    });
    Ok(opened.collect())
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

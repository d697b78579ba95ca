//! Which namespaces the paths are that `external_ids` name. Only the kernel can tell of most:
//! the same namespace has a file for each process in it and wherever it is mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

use model::dialects::{NetnsPath, Owner, claims_of};
use model::ids::NetnsId;
use model::snapshot::{Namespace, Observed};
use model::switch::{Bridge, Port};

/// More paths than one host has containers; beyond it none is looked at.
const MANY: usize = 16 * 1024;

/// Notes at each namespace which of the paths that these ports name it is. Costs nothing where
/// none does, as on a host without CNI.
pub(crate) fn note_paths<'b>(
    kernel: &mut Observed<Namespace>,
    bridges: impl Iterator<Item = &'b Bridge>,
) {
    let ports = bridges.flat_map(|bridge| &bridge.ports).filter(|port| has_path(port));
    let owners = ports.flat_map(|port| claims_of(port)).filter_map(|claim| claim.owner);
    let named = owners.filter_map(|owner| match owner {
        Owner::Netns(path) if path.starts_with('/') => Some(path),
        _ => None,
    });
    let named: BTreeSet<&str> = named.collect();
    if named.is_empty() {
        return;
    }
    let known: BTreeSet<&str> =
        kernel.rows().iter().flat_map(|row| &row.names).map(String::as_str).collect();
    let is_known =
        |path: &str| matches!(NetnsPath::of(path), NetnsPath::Named(name) if known.contains(name));
    let unknown: Vec<String> =
        named.into_iter().filter(|path| !is_known(path)).take(MANY).map(str::to_owned).collect();
    let mut found: BTreeMap<NetnsId, Vec<String>> = BTreeMap::new();
    for path in unknown {
        if let Some(id) = namespace_at(&path) {
            found.entry(id).or_default().push(path);
        }
    }
    if kernel.rows().iter().any(|row| found.contains_key(&row.id)) {
        for row in kernel.rows_mut() {
            let more = found.remove(&row.id).unwrap_or_default();
            row.paths.extend(more);
            row.paths.sort_unstable();
            row.paths.dedup();
        }
    }
}

/// Whether a key of a port has a path, which is told at a glance: what a claim names is what some key has.
fn has_path(port: &Port) -> bool {
    let mut values = port.external_ids.values().chain(port.port_external_ids.values());
    values.any(|value| value.starts_with('/'))
}

/// Device and inode of a file, which are a namespace's if it is one (namespaces(7)).
fn namespace_at(path: &str) -> Option<NetnsId> {
    let file = std::fs::metadata(path).ok()?;
    Some(NetnsId { dev: file.dev(), ino: file.ino() })
}

//! Which namespaces the paths are that `external_ids` name. Only the kernel can tell of most:
//! the same namespace has a file for each process in it and wherever it is mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

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
        Owner::Netns(path) if path.starts_with('/') && !is_of_the_reader(path) => Some(path),
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

/// Whether a path is another file for each program that opens it (proc_pid(5), `/proc/self`): it names the namespace of
/// the program that wrote it, and here would be this one's own.
fn is_of_the_reader(path: &str) -> bool {
    let named = |name: &str| Path::new(path).components().any(|part| part.as_os_str() == name);
    (named("proc") && (named("self") || named("thread-self")))
        || Path::new(path).starts_with("/dev")
}

/// Device and inode of a file, which are a namespace's if it is one (namespaces(7)).
fn namespace_at(path: &str) -> Option<NetnsId> {
    let file = std::fs::metadata(path).ok()?;
    Some(NetnsId { dev: file.dev(), ino: file.ino() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    use model::switch::Port;

    use super::*;

    /// Which of these paths are found to be the namespace that the test runs in.
    fn noted(paths: &[String]) -> Vec<String> {
        let id = namespace_at("/proc/self/ns/net").unwrap();
        let rows = vec![Namespace::empty(id, Vec::new())];
        let mut kernel = Observed::Fresh { rows: rows.into() };
        let port = |path: &String| {
            let external_ids = [("pod_netns".to_owned(), path.clone())].into();
            Arc::new(Port { external_ids, ..Port::default() })
        };
        let bridge = Bridge { ports: paths.iter().map(port).collect(), ..Bridge::default() };
        note_paths(&mut kernel, std::iter::once(&bridge));
        kernel.rows()[0].paths.clone()
    }

    /// A path in a folder.
    fn within(folder: &Path, name: &str) -> String {
        folder.join(name).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_namespace_is_any_file_that_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| within(folder.path(), name);
        let pid = std::process::id();
        symlink(format!("/proc/{pid}/ns/net"), at("link")).unwrap();
        symlink("link", at("relative")).unwrap();
        symlink(at("relative"), at("twice")).unwrap();
        symlink(format!("/proc/{pid}/ns"), at("folder")).unwrap();
        let mut forms = [
            format!("/proc/{pid}/ns/net"),
            format!("/proc/{pid}/task/{pid}/ns/net"),
            format!("//proc/./{pid}/ns//net"),
            at("link"),
            at("relative"),
            at("twice"),
            at("folder/net"),
            at("folder/../ns/net"),
        ];
        forms.sort();
        assert_eq!(noted(&forms), forms);
    }

    #[test]
    fn what_is_another_file_or_none_is_no_namespace() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| within(folder.path(), name);
        std::fs::write(at("file"), "").unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        symlink(at("loop"), at("loop")).unwrap();
        let pid = std::process::id();
        let forms = [
            at("file"),
            at("dangling"),
            at("loop"),
            at("."),
            format!("/proc/{pid}/ns/mnt"),
            format!("/proc/{pid}/ns/net/below"),
            // These are of the program that reads them.
            "/proc/self/ns/net".to_owned(),
            "/proc/./thread-self/ns/net".to_owned(),
            format!("/proc/self/task/{pid}/ns/net"),
            "/dev/fd/3".to_owned(),
        ];
        assert!(noted(&forms).is_empty(), "{:?}", noted(&forms));
    }
}

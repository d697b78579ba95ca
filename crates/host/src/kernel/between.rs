//! Namespaces that no engine leads to, or that a look at one container left out, and that are on the
//! way of a link all the same: found by their names and by the processes in them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use model::ids::{NetnsId, Nsid, name};
use model::snapshot::{NamedProcess, Namespace};
use netns::Netns;

use super::inhabited::processes;
use super::read::note_unread;
use super::rows::id;
use crate::identity::process::Process;

/// The table of mounts as this program sees them.
const OWN_MOUNTS: &str = "/proc/self/mountinfo";

/// So many questions for a word are put in one look.
const MAX_LINKS: usize = 16 * 1024;

/// The namespaces that links of `rows`, which were read of `spaces`, lead straight to, and that are
/// none of these. A row that cannot be asked says so: its way is not known. Costs nothing where there
/// are no such links; else a walk over all processes.
#[allow(clippy::indexing_slicing, reason = "the indexes are those of the rows and spaces")]
pub(super) fn found_between(rows: &mut [Namespace], spaces: &[&Netns]) -> Vec<Netns> {
    let open: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].exits().next().is_some()).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let known: BTreeSet<NetnsId> = rows.iter().map(|row| row.id).collect();
    let others = match others_than(&known) {
        Ok(others) => others,
        Err(error) => {
            for i in open {
                note_unread(&mut rows[i], &error);
            }
            return Vec::new();
        }
    };
    let homes: Vec<&Netns> = open.iter().map(|i| spaces[*i]).collect();
    let mut left = MAX_LINKS;
    let met = netns::visit(&homes, |at, socket| {
        let mut open: BTreeSet<Nsid> = rows[open[at]].exits().map(|(_, nsid)| nsid).collect();
        let mut met = BTreeSet::new();
        for (i, other) in others.iter().enumerate() {
            if open.is_empty() || left == 0 {
                break;
            }
            left -= 1;
            if socket.nsid_of(other)?.is_some_and(|nsid| open.remove(&Nsid(nsid))) {
                met.insert(i);
            }
        }
        Ok(met)
    });
    let mut found_at = BTreeSet::new();
    for (i, met) in open.into_iter().zip(met) {
        match met {
            Ok(met) => found_at.extend(met),
            Err(error) => note_unread(&mut rows[i], &error),
        }
    }
    let found = others.into_iter().enumerate().filter(|(i, _)| found_at.contains(i));
    found.map(|(_, space)| space).collect()
}

/// The namespaces that have a name, that a file is or that a process is in, but for those that are
/// `known`. What may not be looked at is left out.
///
/// # Errors
/// [`netns::Error::Open`]: which there are is not known, or there was no room to open all of them.
pub(super) fn others_than(known: &BTreeSet<NetnsId>) -> Result<Vec<Netns>, netns::Error> {
    let mut found: BTreeMap<NetnsId, Netns> = BTreeMap::new();
    let named = netns::named()?.into_iter().map(|(_, path)| Netns::open(&path));
    let mounts = mounts_of_netns(Path::new(OWN_MOUNTS)).into_iter();
    let mounted = mounts.map(|path| Netns::open(&path));
    let inhabited = processes()?.into_iter().map(Netns::of_process);
    for opened in named.chain(mounted).chain(inhabited) {
        match opened {
            Ok(space) if !known.contains(&id(&space)) => {
                found.entry(id(&space)).or_insert(space);
            }
            Err(error) if error.is_exhausted() => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(found.into_values().collect())
}

/// The namespaces of which a file is a bind mount, as this program sees them.
fn mounted() -> Vec<(PathBuf, Netns)> {
    let paths = mounts_of_netns(Path::new(OWN_MOUNTS)).into_iter();
    paths.filter_map(|path| Netns::open(&path).ok().map(|space| (path, space))).collect()
}

/// The files that a table of mounts tells of; each container adds some rows to it, which may be long.
fn mounts_of_netns(table: &Path) -> Vec<PathBuf> {
    let rows = files::lines(table).into_iter().flatten().map_while(Result::ok);
    rows.filter_map(|row| mount_of_netns(&String::from_utf8_lossy(&row))).collect()
}

/// `735 25 0:4 net:[4026532402] /run/docker/netns/1 rw shared:9 - nsfs nsfs rw`
/// (proc_pid_mountinfo(5)): the path; none where it is another file.
fn mount_of_netns(line: &str) -> Option<PathBuf> {
    let mut fields = line.split(' ').skip(3);
    fields.next()?.strip_prefix("net:[")?;
    let bytes = unescaped(fields.next()?);
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

/// What cannot stand there is written as three octal digits.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let code = after.get(..3).and_then(|code| u8::from_str_radix(code, 8).ok());
        bytes.push(code.unwrap_or(b'\\'));
        rest = if code.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// Namespaces that links of the switch's lead straight to, and that neither an engine nor a name
/// leads to, each as the switch's calls it, with its row as far as it is known who is in it: all of
/// them, or those that are called by one of the words in `wanted`. Of the latter it is not told who is
/// in them: their rows come and go with the way, and what is called by a process is told to come and go. Costs nothing
/// where there are no such links; else a walk over all processes.
///
/// # Errors
/// What there is behind them is not known.
pub(super) fn behind(
    here: &Namespace,
    switch: &Netns,
    known: &[NetnsId],
    wanted: Option<&BTreeSet<Nsid>>,
) -> Result<Vec<Behind>, netns::Error> {
    let is_wanted = |nsid: &Nsid| wanted.is_none_or(|wanted| wanted.contains(nsid));
    let mut open: BTreeSet<Nsid> = here.exits().map(|(_, nsid)| nsid).filter(is_wanted).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let known = known.iter().copied().chain([here.id]).collect();
    let others = others_than(&known)?;
    let met = netns::visit(&[switch], |_, socket| {
        let mut met = BTreeMap::new();
        for (i, other) in others.iter().enumerate().take(MAX_LINKS) {
            let nsid = socket.nsid_of(other)?.map(Nsid);
            met.extend(nsid.filter(|nsid| open.remove(nsid)).map(|nsid| (i, nsid)));
        }
        Ok(met)
    });
    let met = met.into_iter().next().transpose()?.unwrap_or_default();
    let found = others.into_iter().enumerate();
    let found = found.filter_map(|(i, space)| Some((*met.get(&i)?, space)));
    let mut found: Vec<_> = found
        .map(|(nsid, space)| Behind { nsid, space, process: None, paths: Vec::new() })
        .collect();
    if wanted.is_none() {
        note_who(&mut found);
    }
    Ok(found)
}

/// A namespace behind a link of the switch's.
pub(super) struct Behind {
    pub(super) nsid: Nsid,
    pub(super) space: Netns,
    pub(super) process: Option<NamedProcess>,
    pub(super) paths: Vec<String>,
}

/// Notes the first process in each, or without any the files that it is.
fn note_who(found: &mut [Behind]) {
    if found.is_empty() {
        return;
    }
    let mut pids = processes().unwrap_or_default();
    pids.sort_unstable();
    for pid in pids {
        let Ok(process) = Process::open(pid) else { continue };
        let Ok(home) = process.netns() else { continue };
        let here = found.iter_mut().find(|found| id(&found.space) == id(&home));
        if let Some(here) = here.filter(|here| here.process.is_none()) {
            here.process = Some(NamedProcess { pid, name: name(&process.comm()) });
        }
    }
    if found.iter().all(|found| found.process.is_some()) {
        return;
    }
    for (path, space) in mounted() {
        let here = found.iter_mut().find(|found| id(&found.space) == id(&space));
        if let Some(here) = here {
            here.paths.push(path.to_string_lossy().into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_many_mounts_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("mountinfo");
        for containers in [0, 1, 3_000, 30_000] {
            let layers = "/var/lib/docker/overlay2/l/AAAAAAAAAAAAAAAAAAAAAAAAAA:".repeat(6);
            let other = format!("1 2 0:5 / /merged rw - overlay overlay rw,lowerdir={layers}\n");
            let mut text = other.repeat(containers);
            text += "735 25 0:4 net:[4026532402] /run/a rw shared:9 - nsfs nsfs rw\n";
            std::fs::write(&table, text).unwrap();
            assert_eq!(mounts_of_netns(&table), [Path::new("/run/a")], "{containers}");
        }
        assert!(mounts_of_netns(&folder.path().join("none")).is_empty());
    }

    #[test]
    fn a_row_of_mountinfo_tells_the_file_of_a_namespace() {
        let row = |root: &str, path: &str| format!("735 25 0:4 {root} {path} rw - nsfs nsfs rw");
        let path = |root: &str, path: &str| mount_of_netns(&row(root, path));
        assert_eq!(path("net:[4026532402]", "/run/a"), Some("/run/a".into()));
        assert_eq!(path("net:[1]", "/run/a\\040b\\134c\\"), Some("/run/a b\\c\\".into()));
        assert_eq!(path("mnt:[4026532402]", "/run/a"), None);
        assert_eq!(path("/", "/run/a"), None);
        assert_eq!(mount_of_netns(""), None);
    }
}

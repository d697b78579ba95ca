//! Which namespaces some process is in, as the switch's namespace calls them. One that none is
//! in, and that has no name, is being taken down, which takes the kernel up to half a second.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirEntry;

use model::ids::{NetnsId, Nsid};
use netns::Netns;

use super::namespaces::named;
use super::rows::id;

/// The ids of all namespaces with a process or a name; none where that could not be told.
pub(crate) fn inhabited(switch: &Netns) -> Option<BTreeSet<Nsid>> {
    let mut spaces: BTreeMap<NetnsId, Netns> = named()
        .ok()?
        .into_iter()
        .filter_map(|(_, space)| space.ok())
        .map(|space| (id(&space), space))
        .collect();
    for pid in processes().ok()? {
        // Where a process may not be looked at, as the first one of some machines, its namespace
        // counts as one that none is in: that is waited for, and nothing else rests on it.
        if let Ok(space) = Netns::of_process(pid) {
            spaces.entry(id(&space)).or_insert(space);
        }
    }
    let all: Vec<&Netns> = spaces.values().collect();
    let known = netns::visit(&[switch], |_, socket| {
        let mut nsids = BTreeSet::new();
        for space in &all {
            nsids.extend(socket.nsid_of(space)?.map(Nsid));
        }
        Ok(nsids)
    });
    known.into_iter().next()?.ok()
}

/// The numbers of all processes that are shown.
///
/// # Errors
/// [`netns::Error::Open`]: proc(5) cannot be read.
pub(crate) fn processes() -> Result<Vec<u32>, netns::Error> {
    let unread = |source| netns::Error::Open { path: "/proc".into(), source };
    let entries = std::fs::read_dir("/proc").map_err(unread)?;
    let entries = entries.collect::<Result<Vec<DirEntry>, _>>().map_err(unread)?;
    let number = |entry: &DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    Ok(entries.iter().filter_map(number).collect())
}

//! Reading namespaces whole: those that are known, with what lies between them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use model::SourceError;
use model::ids::{NetnsId, Nsid};
use model::snapshot::{Link, Namespace};
use netns::{LinkWatch, Netns};

use super::around::{Around, name, spaces};
use super::namespaces::source_error;
use super::narrow::has_members;
use super::offload;
use super::open_namespaces::OpenNamespaces;
use super::rows::{self as links, id};
use super::sockets::{SocketOwner, Sockets};
use super::switch_namespace::{Handle, OtherNamespaces};
use crate::question::Details;

/// These namespaces whole, each with its names, and the switch's where that is known; what lies between them, and
/// what links of the switch's lead to.
pub(crate) fn read_whole(
    homes: &[(&Netns, Vec<String>)],
    switch: Option<&Netns>,
    details: Details,
) -> Vec<Namespace> {
    let Some(switch) = switch else { return Around::read(homes, None, details).rows };
    let own = homes.iter().position(|(home, _)| id(home) == id(switch));
    let names = own.and_then(|own| homes.get(own)).map(|(_, names)| names.clone());
    let others: Vec<_> = homes.iter().filter(|(home, _)| id(home) != id(switch)).cloned().collect();
    let mut around = Around::read(&others, Some(switch), details);
    // It is read after what leads there.
    let here = read_each(&[(switch, names.unwrap_or_default())], Some(switch), details);
    let here = here.into_iter().map(|mut here| {
        if here.source_error.is_none() {
            let added = around.add_to_switch(&mut here, switch);
            here.source_error = added.err().map(|error| source_error(what(switch), &error));
        }
        here
    });
    let here: Vec<_> = here.collect();
    let mut rows = around.rows;
    let at = own.unwrap_or(rows.len()).min(rows.len());
    rows.splice(at..at, here);
    rows
}

/// The switch's namespace alone: what it calls others is not asked, nor what lies between them.
pub(crate) fn read_alone(switch: &Netns, details: Details) -> Vec<Namespace> {
    read_each(&[(switch, Vec::new())], Some(switch), details)
}

/// The switch's namespace without what it calls others.
pub(crate) fn read_switch(switch: &Netns, owner: &SocketOwner) -> Namespace {
    let read = netns::visit(&[switch], |_, socket| {
        let mut links = links::all(socket)?;
        offload::note(&mut links, offload::Of::VethsWithin);
        let mut row = Namespace { links, ..Namespace::empty(id(switch), Vec::new()) };
        Sockets::read(owner).note(&mut row);
        Ok(row)
    });
    let row = read.into_iter().next();
    row.map_or_else(
        || Namespace::empty(id(switch), Vec::new()),
        |row| row.unwrap_or_else(|error| unread(switch, &[], &error)),
    )
}

/// These namespaces, if their handles still lead there, and all that have a name; and
/// what the switch's namespace calls them. None is held open afterwards: that would keep it
/// alive.
pub(crate) fn read_others(handles: &[(Handle, NetnsId)], switch: &Netns) -> OtherNamespaces {
    let (mut homes, mut dead) = (OpenNamespaces::default(), HashSet::new());
    let (processes, files): (Vec<_>, Vec<_>) =
        handles.iter().partition(|(handle, _)| matches!(handle, Handle::Process(_)));
    // Each is tried: a process in a namespace of that number is another container's than the one whose file it is, and
    // may be in a new one, as the kernel gives a number again.
    for (handle, netns) in processes.into_iter().chain(files) {
        match handle.open() {
            Ok(space) if id(&space) == *netns => {
                if id(&space) != id(switch) {
                    homes.insert(space);
                }
            }
            // That process has ended, and its namespace's number may be another one's now.
            Ok(_) => {
                dead.insert((handle.clone(), *netns));
            }
            Err(error) if error.is_gone() => {
                dead.insert((handle.clone(), *netns));
            }
            Err(_) if homes.is_open(*netns) || *netns == id(switch) => {}
            Err(error) => {
                let why = source_error(format!("the network namespace {netns}"), &error);
                homes.insert_unopened(*netns, why);
            }
        }
    }
    homes.add_named_and_own(Some(switch));
    let unopened = homes.unopened_rows();
    let unlisted = homes.unlisted().cloned();
    let mut homes = homes.spaces();
    homes.retain(|(space, _)| id(space) != id(switch));
    let details = Details { traffic: true, routes: false };
    // What changes in one while they are read is told by then.
    assign_nsids(&spaces(&homes, &[]), switch);
    let mut around = Around::read(&homes, Some(switch), details);
    assign_nsids(&around.found(), switch);
    let mut here = exits_of(switch, &around.spaces());
    // Only what joins others to it is looked for, as that has all processes looked at.
    let wanted: BTreeSet<Nsid> = here.unread_ways.iter().filter_map(|end| end.nsid).collect();
    if !wanted.is_empty() {
        match around.add_behind(&mut here, switch, Some(&wanted)) {
            Ok(()) => {
                assign_nsids(&around.found(), switch);
                here = exits_of(switch, &around.spaces());
            }
            // Without a reason to try again these ways would be unread for good.
            Err(error) => here.source_error = Some(source_error(what(switch), &error)),
        }
    }
    let mut rows = around.rows;
    // By a process it may have been opened all the same.
    let read: HashSet<NetnsId> = rows.iter().map(|row| row.id).collect();
    rows.extend(unopened.filter(|row| !read.contains(&row.id)));
    let Namespace { nsids, unread_ways, source_error, .. } = here;
    OtherNamespaces { rows, nsids, unread_ways, dead, unlisted: unlisted.or(source_error) }
}

/// What the switch's namespace calls these, with the links of it that lead to any and those that others are enslaved
/// to, and what the kernel says of those that are not among them. Where the links cannot be listed, because they come
/// and go by the hundred, that is said; what the others are called is known all the same.
fn exits_of(switch: &Netns, spaces: &[&Netns]) -> Namespace {
    let nothing = || Namespace::empty(id(switch), Vec::new());
    let read = netns::visit(&[switch], |_, socket| {
        let mut here = exits(nothing(), socket.links());
        name(socket, &mut here, spaces)?;
        Ok(here)
    });
    let read = read.into_iter().next().unwrap_or_else(|| Ok(nothing()));
    read.unwrap_or_else(|error| unread(switch, &[], &error))
}

/// This namespace with those of its links that lead to others or that others are enslaved to; which there are is
/// unknown where they were not told.
fn exits(mut here: Namespace, told: Result<Vec<netns::Link>, netns::Error>) -> Namespace {
    match told {
        Ok(told) => {
            let counts = |link: &Link| link.leads_to().is_some() || has_members(link);
            let links = told.into_iter().map(links::row).filter(counts);
            here.links = links.map(Arc::new).collect();
        }
        Err(error) => note_unread(&mut here, &error),
    }
    here
}

/// Changes are told only of namespaces that have an id; most have, by a link that leads there.
/// Without CAP_NET_ADMIN changes in the others are not noticed until something else has them read.
fn assign_nsids(spaces: &[&Netns], switch: &Netns) {
    netns::visit(&[switch], |_, socket| {
        for space in spaces.iter().filter(|space| id(space) != id(switch)) {
            if socket.nsid_of(space)?.is_none() {
                socket.assign_nsid(space)?;
            }
        }
        Ok(())
    });
}

/// Listens to changes of links in the switch's namespace, or in all that it has a name for.
pub(crate) fn listen(switch: &Netns, all: bool) -> Result<LinkWatch, SourceError> {
    let listening = netns::visit(&[switch], |_, _| LinkWatch::here(all));
    let listening = listening.into_iter().next().unwrap_or(Err(netns::Error::DumpInterrupted));
    listening.map_err(|error| source_error("changes of links".to_owned(), &error))
}

/// One row for each of these namespaces.
pub(super) fn read_each(
    homes: &[(&Netns, Vec<String>)],
    switch: Option<&Netns>,
    details: Details,
) -> Vec<Namespace> {
    let others: Vec<&Netns> = switch.into_iter().collect();
    let spaces: Vec<&Netns> = homes.iter().map(|(home, _)| *home).collect();
    let read = netns::visit(&spaces, |i, socket| {
        let Some((home, names)) = homes.get(i) else { return Err(netns::Error::DumpInterrupted) };
        let mut row = Namespace::empty(id(home), names.clone());
        row.links = links::all(socket)?;
        if details.routes && switch.map(id) != Some(row.id) {
            links::note_gateways(socket, &mut row.links)?;
        }
        if details.traffic {
            offload::note(&mut row.links, offload::Of::those_in(row.id, switch.map(id)));
        }
        links::name_others(socket, &mut row, &others)?;
        Ok(row)
    });
    let rows = read.into_iter().zip(homes);
    rows.map(|(row, (home, names))| row.unwrap_or_else(|error| unread(home, names, &error)))
        .collect()
}

/// Of a namespace that was read, that where its links lead could not be asked.
pub(super) fn note_unread(row: &mut Namespace, error: &netns::Error) {
    let what = format!("the network namespace {}", row.id);
    row.source_error.get_or_insert_with(|| source_error(what, error));
}

pub(super) fn unread(space: &Netns, names: &[String], error: &netns::Error) -> Namespace {
    let source_error = Some(source_error(what(space), error));
    Namespace { source_error, ..Namespace::empty(id(space), names.to_vec()) }
}

fn what(space: &Netns) -> String {
    format!("the network namespace {}", id(space))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_were_not_told_are_unknown_rather_than_none() {
        let here = || Namespace::empty(NetnsId { dev: 4, ino: 1 }, Vec::new());
        assert_eq!(exits(here(), Ok(Vec::new())).source_error, None);
        let unread = exits(here(), Err(netns::Error::DumpInterrupted)).source_error.unwrap();
        assert!(unread.to_string().contains("change faster than they can be read"), "{unread}");
    }
}

//! Reading namespaces whole: those that are known, and what lies between them.

use std::collections::HashSet;

use model::SourceError;
use model::ids::NetnsId;
use model::snapshot::Namespace;
use netns::{LinkWatch, Netns};

use super::between::{behind, found_between};
use super::namespaces::source_error;
use super::offload;
use super::open_namespaces::OpenNamespaces;
use super::pairs::name_each_other;
use super::rows::{self as links, id};
use super::sockets::{SocketOwner, Sockets};
use super::switch_namespace::{Handle, OtherNamespaces};
use crate::question::Details;

/// So many namespaces one after the other are followed from one that a source named.
const FURTHEST: usize = 4;

/// These namespaces whole, each with its names, and the switch's where that is known.
pub(crate) fn read_whole(
    homes: &[(&Netns, Vec<String>)],
    switch: Option<&Netns>,
    details: Details,
) -> Vec<Namespace> {
    let (mut rows, between) = with_between(homes, switch, details);
    let Some(switch) = switch else { return rows };
    if rows.iter().all(|row| row.id != id(switch)) {
        rows.extend(read_each(&[(switch, Vec::new())], Some(switch), details));
    }
    let others: Vec<&Netns> = homes.iter().map(|(home, _)| *home).chain(&between).collect();
    let here = rows.iter_mut().find(|row| row.id == id(switch));
    if let Some(here) = here.filter(|row| row.source_error.is_none()) {
        let named = netns::visit(&[switch], |_, socket| {
            let mut row = Namespace::empty(id(switch), Vec::new());
            links::name_others(socket, &mut row, &others)?;
            Ok(row.nsids)
        });
        match named.into_iter().next() {
            Some(Ok(nsids)) => here.nsids = nsids,
            Some(Err(error)) => here.source_error = Some(source_error(what(switch), &error)),
            None => {}
        }
    }
    add_behind(&mut rows, switch, details);
    rows
}

/// Adds what no source named, and links of the switch's namespace lead to.
fn add_behind(rows: &mut Vec<Namespace>, switch: &Netns, details: Details) {
    let known: Vec<NetnsId> = rows.iter().map(|row| row.id).collect();
    let Some(here) = rows.iter_mut().find(|row| row.id == id(switch)) else { return };
    let found = behind(here, switch, &known);
    here.nsids.extend(found.iter().map(|found| (found.nsid, id(&found.space))));
    let spaces: Vec<_> = found.iter().map(|found| (&found.space, Vec::new())).collect();
    let read = read_each(&spaces, Some(switch), details);
    rows.extend(read.into_iter().zip(&found).map(|(row, found)| Namespace {
        process: found.process.clone(),
        paths: found.paths.clone(),
        ..row
    }));
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
    for (handle, netns) in processes.into_iter().chain(files) {
        // A mount says nothing more than a process that led there, unless another one did not.
        let is_mount = matches!(handle, Handle::File(_));
        if is_mount && homes.is_open(*netns) && !dead.iter().any(|(_, at)| at == netns) {
            continue;
        }
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
    let homes = homes.spaces();
    let spaces: Vec<_> = homes.iter().map(|(space, _)| *space).collect();
    assign_nsids(&spaces, switch);
    let details = Details { traffic: true, routes: false };
    let (mut rows, between) = with_between(&homes, Some(switch), details);
    assign_nsids(&between.iter().collect::<Vec<_>>(), switch);
    let spaces: Vec<&Netns> = spaces.into_iter().chain(&between).collect();
    rows.extend(unopened);
    let nsids = netns::visit(&[switch], |_, socket| {
        let mut here = Namespace::empty(id(switch), Vec::new());
        links::name_others(socket, &mut here, &spaces)?;
        Ok(here.nsids)
    });
    let nsids = nsids.into_iter().next().and_then(Result::ok).unwrap_or_default();
    OtherNamespaces { rows, nsids, dead }
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

/// These namespaces, and those that are on the way from them to others and that no source named.
/// These are held open until the caller has told what the switch's calls them.
pub(super) fn with_between(
    homes: &[(&Netns, Vec<String>)],
    switch: Option<&Netns>,
    details: Details,
) -> (Vec<Namespace>, Vec<Netns>) {
    let mut rows = read_each(homes, switch, details);
    let mut between: Vec<Netns> = Vec::new();
    let spaces: Vec<&Netns> = homes.iter().map(|(home, _)| *home).collect();
    name_each_other(&mut rows, &spaces);
    // Without the switch's namespace nothing is known to lead there.
    for _ in 0..if switch.is_some() { FURTHEST } else { 0 } {
        let known = || homes.iter().map(|(home, _)| *home).chain(&between);
        let found = found_between(&mut rows, &known().collect::<Vec<_>>());
        if found.is_empty() {
            break;
        }
        let more: Vec<_> = found.iter().map(|space| (space, Vec::new())).collect();
        rows.extend(read_each(&more, switch, details));
        between.extend(found);
        let known: Vec<&Netns> = homes.iter().map(|(home, _)| *home).chain(&between).collect();
        name_each_other(&mut rows, &known);
    }
    (rows, between)
}

/// One row for each of these namespaces.
fn read_each(
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

//! Whether the container that a record names is still known. That it is gone needs proof: every
//! engine of this host that could have it was asked, answered now, and has not got it.

use std::collections::BTreeSet;

use crate::identity::{UNKNOWN_STORE, World};
use crate::port_record::{EngineMark, PortRecord};
use crate::snapshot::{Container, EngineName, Observed, OtherEngine, Scope, Snapshot};
use crate::source_error::{SourceError, SourceErrorKind};

/// What is known of the container that a record names.
#[derive(Clone, Debug, PartialEq)]
pub enum Whereabouts<'a> {
    /// An engine that is asked has it.
    Known(&'a Container),
    /// An engine that is not asked has it: nothing is known of its interfaces.
    InOtherEngine {
        /// Where that engine listens.
        address: String,
    },
    /// It is gone, and this one has its name, or its place in a Compose project or Swarm service.
    Replaced(&'a Container),
    /// It is gone, and nothing stands in its place.
    Gone,
    /// It cannot be told.
    Unknown {
        /// Why not, and what would have to be seen.
        why: String,
    },
}

impl<'a> Whereabouts<'a> {
    /// The container, or the one in its place.
    pub fn container(&self) -> Option<&'a Container> {
        match self {
            Self::Known(row) | Self::Replaced(row) => Some(row),
            Self::InOtherEngine { .. } | Self::Gone | Self::Unknown { .. } => None,
        }
    }

    /// Why nothing may be done about what the record is of.
    pub fn doubt(&self) -> Option<String> {
        match self {
            Self::Known(_) | Self::Replaced(_) | Self::Gone => None,
            Self::InOtherEngine { address } => Some(format!(
                "its container is one of the engine at {address}, which was not asked"
            )),
            Self::Unknown { why } => Some(why.clone()),
        }
    }
}

/// Finds it.
pub fn whereabouts<'a>(snapshot: &'a Snapshot, record: &PortRecord) -> Whereabouts<'a> {
    let named = || snapshot.containers_by_engine().filter(|(_, row)| record.names(row));
    match distinct(named().map(|(_, row)| row)).as_slice() {
        [] => {}
        [row] => return Whereabouts::Known(row),
        rows => {
            // Which of them is meant is told by the recorded engine.
            let own = named().filter(|(engine, _)| is_marked(snapshot, engine, record));
            return match distinct(own.map(|(_, row)| row)).as_slice() {
                [row] => Whereabouts::Known(row),
                _ => one_typed(rows, record),
            };
        }
    }
    let mut others = snapshot.other_engines.iter();
    let has_it = |row: &Container, elsewhere: bool| {
        // What a machine elsewhere calls by such a name is none of this one's.
        if elsewhere { *row.id.0 == *record.container } else { record.names(row) }
    };
    if let Some(other) = others
        .find(|other| other.containers.rows().iter().any(|row| has_it(row, other.is_elsewhere())))
    {
        return Whereabouts::InOtherEngine { address: other.address.clone() };
    }
    if let Some(row) = snapshot.containers().find(|row| record.may_mean(row)) {
        let words = &record.container;
        return Whereabouts::Unknown {
            why: format!(
                "{words} may be the beginning of the id of {}, or a name that is gone",
                row.name
            ),
        };
    }
    match absence(snapshot, record) {
        Ok(witnesses) => replaced(snapshot, record, &witnesses),
        Err(why) => Whereabouts::Unknown { why },
    }
}

/// The rows without those that tell of one container again: one engine may be asked in two ways, and has each
/// container of its own twice then. Of both the one is taken whose namespace is known. What is in two namespaces
/// is two.
fn distinct<'a>(rows: impl Iterator<Item = &'a Container>) -> Vec<&'a Container> {
    let mut all: Vec<&Container> = Vec::new();
    for row in rows {
        let may_be = |known: &&mut &Container| {
            let is_elsewhere = known.netns.zip(row.netns).is_some_and(|(one, other)| one != other);
            known.id == row.id && !is_elsewhere
        };
        match all.iter_mut().find(may_be) {
            Some(known) if known.netns.is_none() && (row.is_alive() || !known.is_alive()) => {
                *known = row;
            }
            Some(_) => {}
            None => all.push(row),
        }
    }
    all
}

/// Whether an engine is the one that the record names.
fn is_marked(snapshot: &Snapshot, engine: &EngineName, record: &PortRecord) -> bool {
    let id = snapshot.identities.engines.get(engine).and_then(|who| who.id.as_deref());
    let is_it =
        |mark: &EngineMark| engine.kind() == mark.kind && id.is_some_and(|id| mark.may_be(id));
    record.engine.as_ref().is_some_and(is_it)
}

/// Of several that a word typed by hand may mean, the one that has it for a name.
fn one_typed<'a>(rows: &[&'a Container], record: &PortRecord) -> Whereabouts<'a> {
    let mut exact = rows.iter().filter(|row| *row.name == *record.container);
    match (exact.next(), exact.next()) {
        (Some(row), None) => Whereabouts::Known(row),
        _ => Whereabouts::Unknown {
            why: format!("several containers may be meant by {}", record.container),
        },
    }
}

/// The engines that could have had a container, all of which have it no more.
#[derive(Default)]
struct Witnesses<'a> {
    asked: Vec<&'a EngineName>,
    /// Those that are not asked who runs what.
    others: Vec<&'a OtherEngine>,
    /// Those that were asked as well and of which the record is not: a container of theirs takes no place.
    beside: Vec<&'a EngineName>,
}

/// All of them; or why what they say proves nothing.
fn absence<'a>(snapshot: &'a Snapshot, record: &PortRecord) -> Result<Witnesses<'a>, String> {
    if snapshot.scope != Scope::Everything {
        return Err("only one container was asked for".to_owned());
    }
    let Some(mark) = &record.engine else {
        let mut all = all_answered(snapshot)?;
        docker_answered(snapshot)?;
        let asked = std::mem::take(&mut all.asked).into_iter();
        (all.asked, all.beside) = asked.partition(|engine| is_dockers(snapshot, engine));
        return Ok(all);
    };
    let is_it = |id: &Option<String>| id.as_deref() == Some(&*mark.id);
    let ids = snapshot.identities.engines.values().map(|who| &who.id);
    let mut ids = ids.chain(snapshot.other_engines.iter().map(|other| &other.id));
    // Where the whole id tells no engine of those here, Docker's part of it does.
    let is_told = !mark.id.ends_with(UNKNOWN_STORE) && mark.id.contains(":/") && ids.any(is_it);
    if mark.bare_id().is_some() && !is_told {
        return of_bare_id(snapshot, mark);
    }
    if mark.id.ends_with(UNKNOWN_STORE) {
        return Err(format!(
            "its container is of an engine ({} {}) of which there may be several",
            mark.kind, mark.id
        ));
    }
    let asked = snapshot.identities.engines.iter().filter(|(_, who)| is_it(&who.id));
    let mut asked: Vec<_> =
        asked.map(|(kind, _)| kind).filter(|kind| tells_of(kind, mark)).collect();
    if asked.iter().any(|kind| kind.kind() == mark.kind) {
        asked.retain(|kind| kind.kind() == mark.kind);
    }
    if !asked.is_empty() {
        asked.iter().try_for_each(|kind| answered(snapshot, kind))?;
        return Ok(Witnesses { asked, ..Witnesses::default() });
    }
    // Not by which API each is asked: a program that has several is asked by them all.
    let others = snapshot.other_engines.iter();
    let has_id = others.filter(|other| is_it(&other.id));
    let addresses: BTreeSet<_> = has_id.map(|other| &*other.address).collect();
    let others = snapshot.other_engines.iter();
    let others: Vec<_> = others.filter(|other| addresses.contains(&*other.address)).collect();
    if others.is_empty() {
        return Err(not_asked(mark));
    }
    others.iter().try_for_each(|other| proven(other))?;
    Ok(Witnesses { others, ..Witnesses::default() })
}

/// All engines of this host, each of which has answered.
fn all_answered(snapshot: &Snapshot) -> Result<Witnesses<'_>, String> {
    snapshot.engines.keys().try_for_each(|kind| answered(snapshot, kind))?;
    let here = snapshot.other_engines.iter().filter(|other| !other.is_elsewhere());
    let others: Vec<_> = here.filter(|other| !is_none(other)).collect();
    others.iter().try_for_each(|other| fresh(&other.containers, &other.address))?;
    Ok(Witnesses { asked: snapshot.engines.keys().collect(), others, ..Witnesses::default() })
}

/// Where nothing but Docker's `ID` tells of the engine: those that have it, and one of them is here. All others of
/// this host have answered as well.
fn of_bare_id<'a>(snapshot: &'a Snapshot, mark: &EngineMark) -> Result<Witnesses<'a>, String> {
    let may_be = |id: &Option<String>| id.as_deref().is_some_and(|id| mark.may_be(id));
    let is_asked = |engine: &&EngineName| {
        let who = snapshot.identities.engines.get(*engine);
        engine.kind() == mark.kind && who.is_some_and(|who| may_be(&who.id))
    };
    let mut all = all_answered(snapshot)?;
    all.asked.retain(is_asked);
    all.others.retain(|other| may_be(&other.id));
    if all.asked.is_empty() && all.others.is_empty() {
        return Err(not_asked(mark));
    }
    all.others.iter().try_for_each(|other| proven(other))?;
    Ok(all)
}

fn not_asked(mark: &EngineMark) -> String {
    format!("its container is of another engine ({} {}), which was not asked", mark.kind, mark.id)
}

/// Whether an engine of the recorded one's id tells of all that this one told of. Podman tells of all its
/// containers by either of its APIs; containerd of Kubernetes' by one, and of all others by the other.
fn tells_of(engine: &EngineName, mark: &EngineMark) -> bool {
    let is_part = |kind: &str| ["containerd", "cri"].contains(&kind);
    engine.kind() == mark.kind || !(is_part(engine.kind()) || is_part(&mark.kind))
}

/// Whether what listens there is no such engine.
fn is_none(other: &OtherEngine) -> bool {
    let error = other.containers.absence();
    error.is_some_and(|error| error.kind == SourceErrorKind::NotServed)
}

/// Whether what this engine has not got is not there.
fn answered(snapshot: &Snapshot, kind: &EngineName) -> Result<(), String> {
    let identity = snapshot.identities.engines.get(kind);
    match identity.map(|identity| &identity.world) {
        Some(World::Elsewhere { why } | World::Unknown { why }) => {
            return Err(format!("{kind} is not proven to be an engine of this host: {why}"));
        }
        Some(World::Here { .. }) | None => {}
    }
    let Some(rows) = snapshot.engines.get(kind) else {
        return Err(format!("{kind} was not asked"));
    };
    let no_socket = |error: &SourceError| error.kind == SourceErrorKind::Unreachable;
    let need_not_be = rows.absence().is_some_and(no_socket)
        && !snapshot.named_engines.contains(kind)
        && snapshot.engines.values().any(Observed::is_fresh);
    if need_not_be { Ok(()) } else { fresh(rows, &kind.0) }
}

/// Records that name no engine are those of ovs-docker, and of times that knew Docker alone: without
/// Docker, which may just be stopped, nothing is known of their containers.
fn docker_answered(snapshot: &Snapshot) -> Result<(), String> {
    let mut dockers = snapshot.engines.iter().filter(|(engine, _)| is_dockers(snapshot, engine));
    match dockers.find(|(_, rows)| rows.is_fresh()) {
        Some(_) => Ok(()),
        None => {
            Err("its record names no engine: it may be of Docker, which did not answer".to_owned())
        }
    }
}

/// Whether it is asked for Docker: Docker itself, or what is found in Docker's own place, where Docker is not then.
/// That is where podman-docker has a link to Podman's socket.
fn is_dockers(snapshot: &Snapshot, engine: &EngineName) -> bool {
    let is_found_there = *engine.0 == *"docker" && !snapshot.named_engines.contains(engine);
    is_found_there || is_docker(snapshot, engine)
}

/// Whether it is Docker itself, and not Podman, which has Docker's API too.
fn is_docker(snapshot: &Snapshot, engine: &EngineName) -> bool {
    let id = snapshot.identities.engines.get(engine).and_then(|who| who.id.as_deref());
    engine.kind() == "docker" && id.is_none_or(|id| !id.starts_with("podman:"))
}

/// The same of an engine that is not asked who runs what.
fn proven(other: &OtherEngine) -> Result<(), String> {
    fresh(&other.containers, &other.address)?;
    let doubt = other.identity.as_ref().and_then(|identity| identity.world.doubt());
    match doubt {
        None => Ok(()),
        Some(why) => {
            Err(format!("{} is not proven to be an engine of this host: {why}", other.address))
        }
    }
}

fn fresh(rows: &Observed<Container>, who: &str) -> Result<(), String> {
    match rows.source_error() {
        None => Ok(()),
        Some(error) if matches!(rows, Observed::Partial { .. }) => {
            Err(format!("{who} may have its container: {error}"))
        }
        Some(error) => Err(format!("{who} may have its container, and does not answer: {error}")),
    }
}

/// What stands in the place of a container that is gone: one of the same engine.
fn replaced<'a>(
    snapshot: &'a Snapshot,
    record: &PortRecord,
    witnesses: &Witnesses<'a>,
) -> Whereabouts<'a> {
    let like = || snapshot.containers_by_engine().filter(|(_, row)| record.is_replaced_by(row));
    let rows = like().filter(|(kind, _)| witnesses.asked.contains(kind)).map(|(_, row)| row);
    let rows: Vec<&Container> = rows.collect();
    let owner = record.owner_name();
    let is_told = |row: &Container| rows.iter().any(|told| told.id == row.id);
    let mut beside = like().filter(|(kind, _)| witnesses.beside.contains(kind));
    if let Some((engine, _)) = beside.find(|(_, row)| !is_told(row)) {
        return Whereabouts::Unknown {
            why: format!(
                "the record of {owner} names no engine, and a container of {engine} may not stand in its place"
            ),
        };
    }
    // An engine that is asked may be one of the others by its other socket.
    let others = witnesses.others.iter().flat_map(|other| other.containers.rows());
    let known = others.filter(|row| record.is_replaced_by(row));
    let fits = distinct(
        rows.iter().copied().chain(known.filter_map(|row| snapshot.container_by_id(&row.id))),
    );
    let elsewhere = witnesses.others.iter().find(|other| {
        let rows = other.containers.rows().iter();
        // One engine may have two sockets.
        let mut others = rows.filter(|row| snapshot.container_by_id(&row.id).is_none());
        others.any(|row| record.is_replaced_by(row))
    });
    let named = fits.iter().find(|row| record.name.as_deref() == Some(&*row.name));
    match (fits.as_slice(), named, elsewhere) {
        ([], _, None) => Whereabouts::Gone,
        ([row], _, None) => Whereabouts::Replaced(row),
        (_, Some(row), None) if only_name(&fits, record) => Whereabouts::Replaced(row),
        ([], _, Some(other)) => Whereabouts::Unknown {
            why: format!(
                "a container of the engine at {}, which was not asked, may stand in the place of {owner}",
                other.address
            ),
        },
        _ => Whereabouts::Unknown {
            why: format!("several containers may stand in the place of {owner}"),
        },
    }
}

/// Whether just one of them has the recorded name; two engines may each have one.
fn only_name(rows: &[&Container], record: &PortRecord) -> bool {
    rows.iter().filter(|row| record.name.as_deref() == Some(&*row.name)).count() == 1
}

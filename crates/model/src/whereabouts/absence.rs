//! What proves that a container is gone: every engine that could have it was asked, answered now, is proven to be
//! one of this host, and has not got it.

use std::collections::BTreeSet;

use crate::identity::{SourceIdentity, UNKNOWN_STORE, World};
use crate::one_container::is_one_engine;
use crate::port_record::{EngineMark, PortRecord};
use crate::snapshot::{Container, EngineName, Observed, OtherEngine, Scope, Snapshot};
use crate::source_error::{SourceError, SourceErrorKind};

/// The engines that could have had a container, all of which have it no more.
#[derive(Default)]
pub(super) struct Witnesses<'a> {
    pub(super) asked: Vec<&'a EngineName>,
    /// Those that are not asked who runs what.
    pub(super) others: Vec<&'a OtherEngine>,
    /// Those that were asked as well and of which the record is not: a container of theirs takes no place.
    pub(super) beside: Vec<&'a EngineName>,
}

/// All of them; or why what they say proves nothing.
pub(super) fn absence<'a>(
    snapshot: &'a Snapshot,
    record: &PortRecord,
) -> Result<Witnesses<'a>, String> {
    if snapshot.scope != Scope::Everything {
        return Err("only one container was asked for".to_owned());
    }
    let Some(mark) = &record.engine else { return of_docker(snapshot) };
    let Some(own_id) = &mark.id else { return of_kind(snapshot, &mark.kind) };
    let is_it = |id: &Option<String>| id.as_ref() == Some(own_id);
    let ids = identified(snapshot).map(|(_, who)| &who.id);
    let mut ids = ids.chain(other_engines(snapshot).map(|other| &other.id));
    // Where the whole id tells no engine of those here, Docker's part of it does.
    let is_told = !own_id.ends_with(UNKNOWN_STORE) && own_id.contains(":/") && ids.any(is_it);
    if mark.bare_id().is_some() && !is_told {
        return of_bare_id(snapshot, mark);
    }
    if own_id.ends_with(UNKNOWN_STORE) {
        return Err(format!(
            "its container is of an engine ({mark}) of which there may be several"
        ));
    }
    let asked = identified(snapshot).filter(|(_, who)| is_it(&who.id));
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
    let has_id = other_engines(snapshot).filter(|other| is_it(&other.id));
    let addresses: BTreeSet<_> = has_id.map(|other| &*other.address).collect();
    let others = other_engines(snapshot);
    let others: Vec<_> = others.filter(|other| addresses.contains(&*other.address)).collect();
    if others.is_empty() {
        return Err(not_asked(mark));
    }
    others.iter().try_for_each(|other| proven(other))?;
    Ok(Witnesses { others, ..Witnesses::default() })
}

/// Of a record that names no engine.
fn of_docker(snapshot: &Snapshot) -> Result<Witnesses<'_>, String> {
    let mut all = all_answered(snapshot)?;
    docker_answered(snapshot)?;
    let asked = std::mem::take(&mut all.asked).into_iter();
    (all.asked, all.beside) = asked.partition(|engine| is_dockers(snapshot, engine));
    Ok(all)
}

/// Of a record that names the kind of its engine alone: each of that kind may be the one, and none of another kind.
/// Of several none is known to be it, so that no container of theirs takes a place. Podman may be asked by Docker's
/// API, and is not Docker.
fn of_kind<'a>(snapshot: &'a Snapshot, kind: &str) -> Result<Witnesses<'a>, String> {
    let mut all = all_answered(snapshot)?;
    let is_fresh =
        |engine: &EngineName| snapshot.engines.get(engine).is_some_and(Observed::is_fresh);
    let asked = std::mem::take(&mut all.asked).into_iter();
    (all.asked, all.beside) = asked
        .filter(|engine| engine.kind() == kind)
        .partition(|engine| kind != "docker" || is_dockers(snapshot, engine));
    let fresh: Vec<_> = all.asked.iter().copied().filter(|engine| is_fresh(engine)).collect();
    let Some((first, more)) = fresh.split_first() else {
        return Err(format!(
            "its record names no engine but its kind, {kind}, which did not answer"
        ));
    };
    // One that is asked in two ways is one.
    if !more.iter().all(|engine| is_one_engine(&snapshot.identities, first, engine)) {
        all.beside.append(&mut all.asked);
    }
    Ok(all)
}

/// The engines of the host that are asked, and how each is called. What a user's engine has, or lacks, and whether it
/// answers, proves nothing of what the host's have.
fn engines(snapshot: &Snapshot) -> impl Iterator<Item = (&EngineName, &Observed<Container>)> {
    let of_host = |engine: &EngineName| snapshot.identities.refusal(engine).is_none();
    snapshot.engines.iter().filter(move |(engine, _)| of_host(engine))
}

/// The same of those that were asked who they are.
fn identified(snapshot: &Snapshot) -> impl Iterator<Item = (&EngineName, &SourceIdentity)> {
    let of_host = |engine: &EngineName| snapshot.identities.refusal(engine).is_none();
    snapshot.identities.engines.iter().filter(move |(engine, _)| of_host(engine))
}

/// The same of those that are not asked who runs what.
fn other_engines(snapshot: &Snapshot) -> impl Iterator<Item = &OtherEngine> {
    snapshot.other_engines.iter().filter(|other| !other.is_users())
}

/// All engines of this host, each of which has answered.
fn all_answered(snapshot: &Snapshot) -> Result<Witnesses<'_>, String> {
    engines(snapshot).try_for_each(|(engine, _)| answered(snapshot, engine))?;
    let here = other_engines(snapshot).filter(|other| !other.is_elsewhere());
    let others: Vec<_> = here.filter(|other| !is_none(other)).collect();
    others.iter().try_for_each(|other| fresh(&other.containers, &other.address))?;
    let asked = engines(snapshot).map(|(engine, _)| engine).collect();
    Ok(Witnesses { asked, others, ..Witnesses::default() })
}

/// Where nothing but Docker's `ID` tells of the engine: those that have it, and one of them is here. All others of
/// this host have answered as well, and every dockerd that has a place here: one that is stopped tells no `ID`, and may
/// have this one.
fn of_bare_id<'a>(snapshot: &'a Snapshot, mark: &EngineMark) -> Result<Witnesses<'a>, String> {
    let may_be = |id: &Option<String>| id.as_deref().is_some_and(|id| mark.may_be(id));
    let is_asked = |engine: &&EngineName| {
        let who = snapshot.identities.engines.get(*engine);
        engine.kind() == mark.kind && who.is_some_and(|who| may_be(&who.id))
    };
    let mut all = all_answered(snapshot)?;
    let mut alike = engines(snapshot).filter(|(engine, _)| engine.kind() == mark.kind);
    alike.try_for_each(|(engine, rows)| fresh(rows, &engine.0))?;
    all.asked.retain(is_asked);
    all.others.retain(|other| may_be(&other.id));
    if all.asked.is_empty() && all.others.is_empty() {
        return Err(not_asked(mark));
    }
    all.others.iter().try_for_each(|other| proven(other))?;
    Ok(all)
}

fn not_asked(mark: &EngineMark) -> String {
    format!("its container is of another engine ({mark}), which was not asked")
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
        && engines(snapshot).any(|(_, rows)| rows.is_fresh());
    if need_not_be { Ok(()) } else { fresh(rows, &kind.0) }
}

/// Records that name no engine are those of ovs-docker, and of times that knew Docker alone: without
/// Docker, which may just be stopped, nothing is known of their containers.
fn docker_answered(snapshot: &Snapshot) -> Result<(), String> {
    let mut dockers = engines(snapshot).filter(|(engine, _)| is_dockers(snapshot, engine));
    match dockers.find(|(_, rows)| rows.is_fresh()) {
        Some(_) => Ok(()),
        None => {
            Err("its record names no engine: it may be of Docker, which did not answer".to_owned())
        }
    }
}

/// Why a word that Docker is known to have for a container may mean another one of Docker's, or of a second Docker's, by
/// now: one that was silent may have it too. A list that lacks some containers has those that it has.
pub(super) fn dockers_doubt(snapshot: &Snapshot) -> Option<String> {
    let mut dockers = engines(snapshot).filter(|(engine, _)| is_dockers(snapshot, engine));
    dockers.find_map(|(engine, rows)| {
        let why = rows.staleness().or_else(|| {
            rows.absence().filter(|why| {
                why.kind != SourceErrorKind::Unreachable || snapshot.named_engines.contains(engine)
            })
        })?;
        Some(format!(
            "its record names no engine: it may be of {engine}, which did not answer: {why}"
        ))
    })
}

/// Whether it is asked for Docker: Docker itself, or what is found in Docker's own place, where Docker is not then.
/// That is where podman-docker has a link to Podman's socket.
pub(super) fn is_dockers(snapshot: &Snapshot, engine: &EngineName) -> bool {
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

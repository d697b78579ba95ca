//! Which container is which: it is one of an engine, by its id. An id alone tells no container for certain: what has
//! its name for an id, as in LXC or with `ctr`, is unique in its engine only, engines are copied with all that
//! they have, and what a user runs may say any id.

use crate::container_ref::ContainerRef;
use crate::identity::{Identities, UNKNOWN_STORE};
use crate::ids::{ContainerId, EngineName, is_local_id};
use crate::port_record::{PortRecord, bare_id, may_be_called};
use crate::snapshot::{Container, Observed, OtherEngine, Snapshot};

/// A container, and the engine that told it.
pub(crate) type Run<'a> = (&'a EngineName, &'a Container);

/// Whether two engines that tell this id may be one, as far as it is known what they call themselves: what is known
/// of neither tells them apart. Of two kinds each may tell the same containers by an API of its own, and call itself
/// otherwise, as Docker and the containerd that it runs them by: there an id that is unique is one container's.
fn may_be_one_engine(
    identities: &Identities,
    id: &ContainerId,
    one: &EngineName,
    other: &EngineName,
) -> bool {
    let called = |engine: &EngineName| called(identities, engine);
    let is_users = |engine: &EngineName| identities.refusal(engine).is_some();
    let is_unique = one.kind() != other.kind() && !is_local_id(&id.0);
    let may_be = || match (called(one), called(other)) {
        (Some(own), Some(theirs)) => {
            may_be_one_id(one.kind(), own, theirs) || may_be_one_id(other.kind(), theirs, own)
        }
        _ => true,
    };
    one == other || (is_users(one) == is_users(other) && (is_unique || may_be()))
}

/// Whether the engine of this kind that is called `id` may be the one that is called `other`.
fn may_be_one_id(kind: &str, id: &str, other: &str) -> bool {
    let is_at = |open: &str, place: &str| {
        open.strip_suffix(UNKNOWN_STORE)
            .and_then(|path| place.strip_prefix(path))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    };
    may_be_called(kind, id, other) || is_at(id, other) || is_at(other, id)
}

/// What an engine calls itself, as far as that is known.
fn called<'a>(identities: &'a Identities, engine: &EngineName) -> Option<&'a str> {
    identities.engines.get(engine)?.id.as_deref()
}

/// Whether two ids, each with its engine, are of one container.
pub(crate) fn is_one(
    identities: &Identities,
    (engine, id): (&EngineName, &ContainerId),
    (other, theirs): (&EngineName, &ContainerId),
) -> bool {
    id == theirs && may_be_one_engine(identities, id, engine, other)
}

impl Snapshot {
    /// The container that is meant by its engine and its id, as several engines may have one of that id. Where
    /// the engine has none, as it is called otherwise by now, that of an engine which may be the same.
    pub fn container_of(&self, container: &ContainerRef) -> Option<&Container> {
        let (engine, id) = (&container.engine, &container.id);
        let has_it = || self.containers_by_engine().filter(|(_, row)| row.id == *id);
        let own = has_it().find(|(its, _)| *its == engine);
        let is_it = |run: &Run<'_>| is_one(&self.identities, (engine, id), (run.0, &run.1.id));
        own.or_else(|| has_it().find(is_it)).map(|(_, row)| row)
    }

    /// Whether two rows of this very Snapshot are one container: two engines may each have one of an id.
    pub fn is_one(&self, row: &Container, other: &Container) -> bool {
        let engines = || self.engine_of(row).zip(self.engine_of(other));
        row.id == other.id
            && engines().is_none_or(|(own, theirs)| {
                is_one(&self.identities, (own, &row.id), (theirs, &other.id))
            })
    }

    /// Whether a row of this very Snapshot is the container that is meant.
    pub fn is_meant(&self, container: &ContainerRef, row: &Container) -> bool {
        let meant = (&container.engine, &container.id);
        let is_it = |engine| is_one(&self.identities, meant, (engine, &row.id));
        container.id == row.id && self.engine_of(row).is_none_or(is_it)
    }
}

/// Whether two engines are one for certain, that is asked in two ways: at two sockets of its, or by two APIs.
pub(crate) fn is_one_engine(identities: &Identities, one: &EngineName, other: &EngineName) -> bool {
    let is_users = |engine: &EngineName| identities.refusal(engine).is_some();
    // Several engines may have an id that does not tell their place. With a process behind it an id tells the place
    // that this process has there, by its number and its start.
    let is_told = |id: &str| id.contains('@') || bare_id(one.kind(), id).is_none();
    let is_own = |id: &&str| !id.ends_with(UNKNOWN_STORE) && is_told(id);
    let id = called(identities, one).filter(is_own);
    let is_same = program(identities, one) == program(identities, other);
    let is_same = is_same && is_users(one) == is_users(other);
    one == other || (is_same && id.is_some() && id == called(identities, other))
}

/// What kind of engine it is, by whichever API it is asked: Podman has Docker's too, and an id of its own form.
fn program<'a>(identities: &Identities, engine: &'a EngineName) -> &'a str {
    let is_podman = called(identities, engine).is_some_and(|id| id.starts_with("podman:"));
    if is_podman { "podman" } else { engine.kind() }
}

/// Whether two rows tell of one container: one engine may be asked in two ways, and has each container of its own
/// twice then; what it told in one of them may be older. Else what is in two namespaces is two. What has an id that
/// no other one has and is in the same namespace is one, whatever those that tell it are called.
pub(crate) fn is_told_twice(identities: &Identities, one: Run<'_>, other: Run<'_>) -> bool {
    let ((engine, row), (their_engine, theirs)) = (one, other);
    if row.id != theirs.id {
        return false;
    }
    if is_one_engine(identities, engine, their_engine) {
        return true;
    }
    let netns = row.netns.zip(theirs.netns);
    if netns.is_some_and(|(own, other)| own != other) {
        return false;
    }
    let is_users = |engine: &EngineName| identities.refusal(engine).is_some();
    let is_there = netns.is_some() && !is_local_id(&row.id.0);
    may_be_one_engine(identities, &row.id, engine, their_engine)
        || (is_there && is_users(engine) == is_users(their_engine))
}

/// The same for what acts: engines that did not tell what they call themselves may each have one of an id that
/// is unique in its engine only.
pub(crate) fn is_surely_told_twice(identities: &Identities, one: Run<'_>, other: Run<'_>) -> bool {
    let is_known = |engine: &EngineName| called(identities, engine).is_some();
    let is_told = one.0 == other.0 || (is_known(one.0) && is_known(other.0));
    is_told_twice(identities, one, other) && (is_told || !is_local_id(&one.1.id.0))
}

/// Whether a row of an engine that is asked and one of an engine that is not tell of one container.
pub(crate) fn is_one_of_other(
    identities: &Identities,
    (engine, row): Run<'_>,
    (other, theirs): (&OtherEngine, &Container),
) -> bool {
    let id = called(identities, engine);
    let may_be = |(own, id): (&str, &str)| {
        may_be_one_id(engine.kind(), own, id) || may_be_one_id(engine.kind(), id, own)
    };
    row.id == theirs.id
        && identities.refusal(engine).is_some() == other.is_users()
        && id.zip(other.id.as_deref()).is_none_or(may_be)
}

/// Whether a record may be of a container that has its words, for all that is known of that one's engine. No
/// record is of what a user runs, which can have no interface here.
pub(crate) fn may_be_of(snapshot: &Snapshot, record: &PortRecord, (engine, row): Run<'_>) -> bool {
    let mark = record.engine.as_ref().and_then(|mark| Some((&*mark.kind, mark.id.as_deref()?)));
    may_be_marked(snapshot, mark, (engine, row))
}

/// The same where the engine is named by its kind and by what it calls itself.
pub(crate) fn may_be_marked(
    snapshot: &Snapshot,
    mark: Option<(&str, &str)>,
    (engine, row): Run<'_>,
) -> bool {
    let id = called(&snapshot.identities, engine);
    snapshot.identities.refusal(engine).is_none()
        && may_be_engines(snapshot, mark, (Some(engine), id), row)
}

/// The same of a container of an engine that is not asked who runs what.
pub(crate) fn may_be_of_other(
    snapshot: &Snapshot,
    record: &PortRecord,
    (other, row): (&OtherEngine, &Container),
) -> bool {
    let mark = record.engine.as_ref().and_then(|mark| Some((&*mark.kind, mark.id.as_deref()?)));
    !other.is_users() && may_be_engines(snapshot, mark, (None, other.id.as_deref()), row)
}

fn may_be_engines(
    snapshot: &Snapshot,
    mark: Option<(&str, &str)>,
    (engine, id): (Option<&EngineName>, Option<&str>),
    row: &Container,
) -> bool {
    let Some(((kind, recorded), id)) = mark.zip(id) else { return true };
    let is_recorded = |id: &str| may_be_one_id(kind, recorded, id);
    if is_recorded(id) || is_local_id(&row.id.0) {
        return is_recorded(id);
    }
    // An engine that was moved, or lost what it is called after, has its containers still. Where the recorded
    // one is here, or may be one that does not answer, another one may have a copy of them.
    let may_be_silent = |(other, rows): (&EngineName, &Observed<Container>)| {
        other.kind() == kind
            && engine != Some(other)
            && !rows.is_fresh()
            && snapshot.identities.refusal(other).is_none()
            && called(&snapshot.identities, other).is_none()
    };
    if snapshot.engines.iter().any(may_be_silent) {
        return false;
    }
    let engines = snapshot.identities.engines.iter();
    let asked = engines.filter(|(engine, _)| snapshot.identities.refusal(engine).is_none());
    let asked = asked.filter_map(|(_, who)| who.id.as_deref());
    let others = snapshot.other_engines.iter().filter(|other| !other.is_users());
    !asked.chain(others.filter_map(|other| other.id.as_deref())).any(is_recorded)
}

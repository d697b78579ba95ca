//! Which container is which: it is one of an engine, by its id. An id alone tells no container for certain: what has
//! its name for an id, as in LXC or with `ctr`, is unique in its engine only, engines are copied with all that
//! they have, and what a user runs may say any id.

use crate::identity::{Identities, UNKNOWN_STORE};
use crate::ids::{ContainerId, EngineName, is_local_id};
use crate::port_record::{EngineMark, PortRecord};
use crate::snapshot::{Container, OtherEngine, Snapshot};

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
    let called =
        |engine: &EngineName| identities.engines.get(engine).and_then(|who| who.id.clone());
    let is_users = |engine: &EngineName| identities.refusal(engine).is_some();
    let is_unique = one.kind() != other.kind() && !is_local_id(&id.0);
    let may_be = || match (called(one), called(other)) {
        (Some(own), Some(theirs)) => {
            may_be_one_id(one.kind(), &own, &theirs) || may_be_one_id(other.kind(), &theirs, &own)
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
    let mark = EngineMark { kind: kind.to_owned(), id: Some(id.to_owned()) };
    mark.may_be(other) || is_at(id, other) || is_at(other, id)
}

/// Whether two ids, each with its engine, are of one container.
pub(crate) fn is_one(
    identities: &Identities,
    (engine, id): (&EngineName, &ContainerId),
    (other, theirs): (&EngineName, &ContainerId),
) -> bool {
    id == theirs && may_be_one_engine(identities, id, engine, other)
}

/// Whether two rows tell of one container: one engine may be asked in two ways, and has each container of its own
/// twice then. What is in two namespaces is two. What has an id that no other one has and is in the same
/// namespace is one, whatever those that tell it are called.
pub(crate) fn is_told_twice(identities: &Identities, one: Run<'_>, other: Run<'_>) -> bool {
    let ((engine, row), (their_engine, theirs)) = (one, other);
    let netns = row.netns.zip(theirs.netns);
    if row.id != theirs.id || netns.is_some_and(|(own, other)| own != other) {
        return false;
    }
    let is_users = |engine: &EngineName| identities.refusal(engine).is_some();
    let is_there = netns.is_some() && !is_local_id(&row.id.0);
    may_be_one_engine(identities, &row.id, engine, their_engine)
        || (is_there && is_users(engine) == is_users(their_engine))
}

/// Whether a row of an engine that is asked and one of an engine that is not tell of one container.
pub(crate) fn is_one_of_other(
    identities: &Identities,
    (engine, row): Run<'_>,
    (other, theirs): (&OtherEngine, &Container),
) -> bool {
    let id = identities.engines.get(engine).and_then(|who| who.id.as_deref());
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
    let identity = snapshot.identities.engines.get(engine);
    let id = identity.and_then(|identity| identity.id.as_deref());
    snapshot.identities.refusal(engine).is_none() && may_be_engines(snapshot, mark, id, row)
}

/// The same of a container of an engine that is not asked who runs what.
pub(crate) fn may_be_of_other(
    snapshot: &Snapshot,
    record: &PortRecord,
    (other, row): (&OtherEngine, &Container),
) -> bool {
    let mark = record.engine.as_ref().and_then(|mark| Some((&*mark.kind, mark.id.as_deref()?)));
    !other.is_users() && may_be_engines(snapshot, mark, other.id.as_deref(), row)
}

fn may_be_engines(
    snapshot: &Snapshot,
    mark: Option<(&str, &str)>,
    id: Option<&str>,
    row: &Container,
) -> bool {
    let Some(((kind, recorded), id)) = mark.zip(id) else { return true };
    let is_recorded = |id: &str| may_be_one_id(kind, recorded, id);
    if is_recorded(id) || is_local_id(&row.id.0) {
        return is_recorded(id);
    }
    // An engine that was moved, or lost what it is called after, has its containers still. Where the recorded
    // one is here, another one has a copy of them.
    let engines = snapshot.identities.engines.iter();
    let asked = engines.filter(|(engine, _)| snapshot.identities.refusal(engine).is_none());
    let asked = asked.filter_map(|(_, who)| who.id.as_deref());
    let others = snapshot.other_engines.iter().filter(|other| !other.is_users());
    !asked.chain(others.filter_map(|other| other.id.as_deref())).any(is_recorded)
}

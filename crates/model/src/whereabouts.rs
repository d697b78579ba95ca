//! Whether the container that a record names is still known, gone, or replaced by another one. That it is gone
//! needs proof, which is judged in `absence`.

mod absence;
mod index;

use crate::one_container::{Run, is_one_of_other, is_told_twice, may_be_of, may_be_of_other};
use crate::port_record::{EngineMark, PortRecord};
use crate::snapshot::{Container, EngineName, OtherEngine, Snapshot};

use absence::{Witnesses, absence, dockers_doubt, is_dockers};
pub use index::ContainerIndex;

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

/// Finds it: a container of an engine, by its id. What a user runs, and another engine of this host, have no
/// container of the record, whatever ids they tell.
pub fn whereabouts<'a>(snapshot: &'a Snapshot, record: &PortRecord) -> Whereabouts<'a> {
    let named = snapshot.containers_by_engine().filter(|run| record.names(run.1));
    of_named(snapshot, record, &named.collect::<Vec<_>>())
}

/// The same, where these are the containers that the record's own words name, in the order of the Snapshot.
fn of_named<'a>(snapshot: &'a Snapshot, record: &PortRecord, named: &[Run<'a>]) -> Whereabouts<'a> {
    let all = || snapshot.containers_by_engine();
    let meant = || named.iter().copied().filter(|run| is_meant(snapshot, record, *run));
    let found = distinct(snapshot, meant());
    let is_by_word = record.is_by_word() && !found.is_empty();
    if let Some(why) = is_by_word.then(|| dockers_doubt(snapshot)).flatten() {
        return Whereabouts::Unknown { why };
    }
    match found.as_slice() {
        [] => {}
        [row] => return Whereabouts::Known(row),
        rows => {
            // Which of them is meant is told by the recorded engine.
            let own = meant().filter(|(engine, _)| is_marked(snapshot, engine, record));
            return match distinct(snapshot, own).as_slice() {
                [row] => Whereabouts::Known(row),
                _ => one_typed(rows, record),
            };
        }
    }
    let has_it = |other: &OtherEngine, row: &Container| {
        // What a machine elsewhere calls by such a name is none of this one's.
        let is_named =
            if other.is_elsewhere() { *row.id.0 == *record.container } else { record.names(row) };
        is_named && may_be_of_other(snapshot, record, (other, row))
    };
    let mut others = snapshot.other_engines.iter();
    if let Some(other) =
        others.find(|other| other.containers.rows().iter().any(|row| has_it(other, row)))
    {
        return Whereabouts::InOtherEngine { address: other.address.clone() };
    }
    // Most records mean none by their words alone, which is quickly told.
    let may_mean = |run: &Run<'_>| record.may_mean(run.1) && may_be_of(snapshot, record, *run);
    if let Some((_, row)) = all().find(may_mean) {
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

/// Whether a record is of a container by its own words, for all that is known of that one's engine. A word without an
/// engine, as ovs-docker writes down what was typed, is Docker's: a container of another engine that
/// has such a name is a namesake.
fn is_meant(snapshot: &Snapshot, record: &PortRecord, run: Run<'_>) -> bool {
    record.names(run.1)
        && may_be_of(snapshot, record, run)
        && (!record.is_by_word() || is_dockers(snapshot, run.0))
}

/// The same of a row, by whichever of the engines that tell of its container.
pub(crate) fn is_named_by(snapshot: &Snapshot, record: &PortRecord, row: &Container) -> bool {
    if !record.names(row) {
        return false;
    }
    let Some(engine) = snapshot.engine_of(row) else { return true };
    let is_told = |run: Run<'_>| is_told_twice(&snapshot.identities, run, (engine, row));
    let mut others = snapshot.containers_by_engine().filter(|run| record.names(run.1));
    is_meant(snapshot, record, (engine, row))
        || (record.is_by_word()
            && others.any(|run| is_told(run) && is_meant(snapshot, record, run)))
}

/// The rows without those that tell of one container again, see [`is_told_twice`]. Of both the one is taken whose
/// namespace is known.
fn distinct<'a>(snapshot: &Snapshot, rows: impl Iterator<Item = Run<'a>>) -> Vec<&'a Container> {
    let mut all: Vec<Run<'_>> = Vec::new();
    for run in rows {
        let is_same = |known: &&mut Run<'_>| is_told_twice(&snapshot.identities, **known, run);
        match all.iter_mut().find(is_same) {
            Some(known) if known.1.netns.is_none() && (run.1.is_alive() || !known.1.is_alive()) => {
                *known = run;
            }
            Some(_) => {}
            None => all.push(run),
        }
    }
    all.into_iter().map(|(_, row)| row).collect()
}

/// Whether an engine is the one that the record names.
fn is_marked(snapshot: &Snapshot, engine: &EngineName, record: &PortRecord) -> bool {
    let id = snapshot.identities.engines.get(engine).and_then(|who| who.id.as_deref());
    let is_it = |mark: &EngineMark| {
        engine.kind() == mark.kind && (mark.id.is_none() || id.is_some_and(|id| mark.may_be(id)))
    };
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

/// The first container that may stand in the place of the one that a record names, should that be gone: of an engine
/// that may have had it. No container that a user runs for themselves does, whatever it is called.
pub fn possible_successor<'a>(
    snapshot: &'a Snapshot,
    record: &PortRecord,
) -> Option<&'a Container> {
    let mut all = snapshot.containers_by_engine();
    all.find(|run| may_replace(snapshot, record, *run)).map(|(_, row)| row)
}

/// Whether a container may stand in the place of the one that a record names, should that be gone.
pub(crate) fn may_replace(snapshot: &Snapshot, record: &PortRecord, run: Run<'_>) -> bool {
    record.is_replaced_by(run.1) && may_be_of(snapshot, record, run)
}

/// What stands in the place of a container that is gone: one of the same engine.
fn replaced<'a>(
    snapshot: &'a Snapshot,
    record: &PortRecord,
    witnesses: &Witnesses<'a>,
) -> Whereabouts<'a> {
    let identities = &snapshot.identities;
    let like = || snapshot.containers_by_engine().filter(|(_, row)| record.is_replaced_by(row));
    let rows: Vec<Run<'_>> =
        like().filter(|(engine, _)| witnesses.asked.contains(engine)).collect();
    let owner = record.owner_name();
    let is_told = |run: &Run<'_>| rows.iter().any(|told| is_told_twice(identities, *told, *run));
    let mut beside = like().filter(|(engine, _)| witnesses.beside.contains(engine));
    if let Some((engine, _)) = beside.find(|run| !is_told(run)) {
        let kind = record.engine.iter().map(|mark| format!(" but its kind, {}", mark.kind));
        let kind: String = kind.collect();
        return Whereabouts::Unknown {
            why: format!(
                "the record of {owner} names no engine{kind}, and a container of {engine} may not stand in its place"
            ),
        };
    }
    // An engine that is asked may be one of the others by its other socket.
    let asked = |other: &OtherEngine, row: &Container| {
        let mut all = snapshot.containers_by_engine();
        all.find(|run| is_one_of_other(identities, *run, (other, row)))
    };
    let others = witnesses.others.iter();
    let others = others.flat_map(|other| other.containers.rows().iter().map(|row| (*other, row)));
    let others: Vec<_> = others.filter(|(_, row)| record.is_replaced_by(row)).collect();
    let known = others.iter().filter_map(|(other, row)| asked(other, row));
    let fits = distinct(snapshot, rows.iter().copied().chain(known));
    let mut elsewhere = others.iter().filter(|(other, row)| asked(other, row).is_none());
    let elsewhere = elsewhere.next().map(|(other, _)| *other);
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

//! Whether the container that a record names is still known, gone, or replaced by another one. That it is gone
//! needs proof, which is judged in `absence`.

mod absence;

use crate::port_record::{EngineMark, PortRecord};
use crate::snapshot::{Container, EngineName, Snapshot};

use absence::{Witnesses, absence};

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

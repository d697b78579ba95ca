//! Whether the container that a record names is still known. That it is gone needs proof: every
//! engine of this host that could have it was asked, answered now, and has not got it.

use crate::identity::World;
use crate::port_record::PortRecord;
use crate::snapshot::{Container, Engine, Observed, OtherEngine, Scope, Snapshot};
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
    let named: Vec<_> = snapshot.containers().filter(|row| record.names(row)).collect();
    match named.as_slice() {
        [] => {}
        [row] => return Whereabouts::Known(row),
        rows => return one_typed(rows, record),
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
        Ok(engines) => replaced(snapshot, record, &engines),
        Err(why) => Whereabouts::Unknown { why },
    }
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

/// The engines that could have had the container, all of which have it no more; or why that
/// proves nothing.
fn absence<'a>(snapshot: &'a Snapshot, record: &PortRecord) -> Result<Vec<&'a Engine>, String> {
    if snapshot.scope != Scope::Everything {
        return Err("only one container was asked for".to_owned());
    }
    let Some(mark) = &record.engine else {
        snapshot.engines.keys().try_for_each(|kind| answered(snapshot, kind))?;
        docker_answered(snapshot)?;
        let others = snapshot.other_engines.iter();
        let mut here = others.filter(|other| !other.is_elsewhere());
        here.try_for_each(|other| fresh(&other.containers, &other.address))?;
        return Ok(snapshot.engines.keys().collect());
    };
    let is_it = |id: &Option<String>| id.as_deref() == Some(&*mark.id);
    let mut asked = snapshot.identities.engines.iter();
    if let Some((kind, _)) = asked.find(|(_, who)| is_it(&who.id)) {
        return answered(snapshot, kind).map(|()| vec![kind]);
    }
    match snapshot.other_engines.iter().find(|other| is_it(&other.id)) {
        Some(other) => proven(other).map(|()| Vec::new()),
        None => Err(format!(
            "its container is of another engine ({} {}), which was not asked",
            mark.kind, mark.id
        )),
    }
}

/// Whether what this engine has not got is not there.
fn answered(snapshot: &Snapshot, kind: &Engine) -> Result<(), String> {
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
    let mut dockers = snapshot.engines.iter().filter(|(engine, _)| engine.kind() == "docker");
    match dockers.find(|(_, rows)| rows.is_fresh()) {
        Some(_) => Ok(()),
        None => {
            Err("its record names no engine: it may be of Docker, which did not answer".to_owned())
        }
    }
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
    engines: &[&Engine],
) -> Whereabouts<'a> {
    let rows = snapshot.containers_by_engine();
    let rows = rows.filter(|(kind, _)| engines.contains(kind)).map(|(_, row)| row);
    let fits: Vec<_> = rows.filter(|row| record.is_replaced_by(row)).collect();
    let elsewhere = record.engine.is_none() && {
        let here = snapshot.other_engines.iter().filter(|other| !other.is_elsewhere());
        let rows = here.flat_map(|other| other.containers.rows());
        // One engine may have two sockets.
        let mut others = rows.filter(|row| snapshot.container_by_id(&row.id).is_none());
        others.any(|row| record.is_replaced_by(row))
    };
    let named = fits.iter().find(|row| record.name.as_deref() == Some(&*row.name));
    match (fits.as_slice(), named) {
        ([], _) if !elsewhere => Whereabouts::Gone,
        ([row], _) if !elsewhere => Whereabouts::Replaced(row),
        (_, Some(row)) if !elsewhere && only_name(&fits, record) => Whereabouts::Replaced(row),
        _ => Whereabouts::Unknown {
            why: format!("several containers may stand in the place of {}", record.owner_name()),
        },
    }
}

/// Whether just one of them has the recorded name; two engines may each have one.
fn only_name(rows: &[&Container], record: &PortRecord) -> bool {
    rows.iter().filter(|row| record.name.as_deref() == Some(&*row.name)).count() == 1
}

//! Names that containers of several engines have: those are told with their engine before them.

use rustc_hash::FxHashMap;

use crate::ids::Name;
use crate::one_container::{Run, is_told_twice};
use crate::port_record::PortRecord;
use crate::snapshot::{Container, EngineName, Snapshot};

/// The containers by their name; none where one engine alone was asked.
#[derive(Default)]
pub(crate) struct Clashes<'a> {
    named: FxHashMap<&'a str, Vec<Run<'a>>>,
    snapshot: Option<&'a Snapshot>,
}

impl<'a> Clashes<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let mut named: FxHashMap<&str, Vec<_>> = FxHashMap::default();
        if snapshot.engines.len() > 1 {
            for (engine, row) in snapshot.containers_by_engine() {
                named.entry(&row.name).or_default().push((engine, row));
            }
        }
        Self { named, snapshot: Some(snapshot) }
    }

    /// The name with its engine, if the name alone means another one too. What users run for
    /// themselves takes no name from what the host runs.
    pub(crate) fn qualified(&self, engine: &EngineName, row: &Container) -> Option<Name> {
        let others = self.named.get(&*row.name)?;
        let identities = &self.snapshot?.identities;
        let clashes = others.iter().any(|(other, theirs)| {
            *other != engine
                && (other.user().is_none() || engine.user().is_some())
                && !is_told_twice(identities, (other, theirs), (engine, row))
        });
        clashes.then(|| format!("{engine}:{}", row.name).into())
    }

    /// How the container of a record is called: as above where it is known, else by what is written
    /// there, with its engine where another one has a container of that name now.
    pub(crate) fn recorded(&self, record: &PortRecord, owner: Option<&Container>) -> Name {
        if let Some(owner) = owner {
            let engine = self.snapshot.and_then(|snapshot| snapshot.engine_of(owner));
            let qualified = engine.and_then(|engine| self.qualified(engine, owner));
            return qualified.unwrap_or_else(|| owner.name.clone());
        }
        let name = record.owner_name();
        let mut others = self.named.get(name).into_iter().flatten();
        let kind = record.engine.as_ref().map(|mark| &*mark.kind);
        match kind.filter(|kind| others.any(|(other, _)| other.kind() != *kind)) {
            Some(kind) => format!("{kind}:{name}").into(),
            None => name.into(),
        }
    }
}

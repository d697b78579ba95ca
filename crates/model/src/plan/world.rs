//! Nothing is changed in a world that is not proven to be this one.

use crate::identity::{SourceIdentity, World};
use crate::query::QueryError;
use crate::snapshot::{EngineName, Observed, Snapshot};

use super::PlanError;

/// Makes sure that the switch and its database are this host's, as far as they were asked who
/// they are, that vswitchd's network namespace is known, and that the database told of its ports: what other sources
/// tell of them is without records.
///
/// # Errors
/// [`PlanError::NotHere`]; [`QueryError::SourceUnavailable`] where the database did not answer.
pub fn require_here(snapshot: &Snapshot) -> Result<(), PlanError> {
    let identities = &snapshot.identities;
    is_here("the switch's database", identities.database.as_ref())?;
    is_here("ovs-vswitchd", identities.vswitchd.as_ref())?;
    if snapshot.switch_netns.is_none() && snapshot.kernel.is_fresh() {
        let why = "its network namespace is not known".to_owned();
        return Err(PlanError::NotHere { what: "ovs-vswitchd".to_owned(), why });
    }
    match snapshot.ovsdb().and_then(Observed::absence) {
        Some(why) => Err(QueryError::SourceUnavailable(why.clone()).into()),
        None => Ok(()),
    }
}

/// The same of an engine whose container is to be changed.
pub(super) fn require_engine(snapshot: &Snapshot, engine: &EngineName) -> Result<(), PlanError> {
    is_here(&engine.0, snapshot.identities.engines.get(engine))
}

fn is_here(what: &str, identity: Option<&SourceIdentity>) -> Result<(), PlanError> {
    match identity.map(|identity| &identity.world) {
        None | Some(World::Here { .. }) => Ok(()),
        Some(World::Elsewhere { why } | World::Unknown { why }) => {
            Err(PlanError::NotHere { what: what.to_owned(), why: why.clone() })
        }
    }
}

/// What a database is called by.
const ROW: &str = "_uuid of its Open_vSwitch row";

/// Whether a row was written for this database; a record that names none is as good as the row.
/// A copy of another host's database has rows that name that one.
pub(super) fn written_here(snapshot: &Snapshot, system: Option<&str>) -> Result<(), String> {
    let Some(system) = system else { return Ok(()) };
    let own = snapshot.identities.database.as_ref().and_then(|database| database.id.as_deref());
    match own {
        Some(own) if own == system => Ok(()),
        Some(_) => Err(format!("its record is of another database, {system} ({ROW})")),
        None => Err(format!(
            "its record is of the database {system} ({ROW}); whether that is this one is not known"
        )),
    }
}

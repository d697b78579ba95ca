//! How the sources are.

use model::Snapshot;
use model::identity::{Identities, SourceIdentity, World};
use model::snapshot::Observed;
use model::switch::SwitchSource;
use serde::Serialize;

use super::{SourceState, SourceWorld};

/// Who was asked, and how fresh the answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    /// An engine such as `docker`, the `kernel`, or one on the switch's side such as `ovsdb`.
    pub source: String,
    /// Whether it answers.
    pub state: SourceState,
    /// Why it is not up.
    pub reason: Option<String>,
    /// Whose world it speaks of; null where it was not asked who it is.
    pub world: Option<SourceWorld>,
    /// What proves that, or why it could not be told.
    pub evidence: Option<String>,
    /// The process that answers; of the kernel and of the control socket that is ovs-vswitchd.
    #[serde(rename = "PID")]
    pub pid: Option<u32>,
    /// The lasting id that it has of itself.
    #[serde(rename = "ID")]
    pub id: Option<String>,
}

/// Every source of a look.
pub fn sources(snapshot: &Snapshot) -> Vec<Source> {
    let Identities { vswitchd, database, engines: known } = &snapshot.identities;
    let engines = snapshot.engines.iter();
    let engines = engines.map(|(engine, rows)| row(engine.to_string(), rows, known.get(engine)));
    let kernel = row("kernel".to_owned(), &snapshot.kernel, vswitchd.as_ref());
    let switch = snapshot.switch.iter().map(|(source, rows)| {
        let identity = match source {
            SwitchSource::Ovsdb => database.as_ref(),
            SwitchSource::Appctl => vswitchd.as_ref(),
            SwitchSource::OpenFlow => None,
        };
        row(source.to_string(), rows, identity)
    });
    engines.chain([kernel]).chain(switch).collect()
}

fn row<T>(source: String, rows: &Observed<T>, identity: Option<&SourceIdentity>) -> Source {
    let state = match rows {
        Observed::Fresh { .. } => SourceState::Fresh,
        Observed::Partial { .. } => SourceState::Partial,
        Observed::Stale { .. } => SourceState::Stale,
        Observed::Absent { .. } => SourceState::Absent,
    };
    let (world, evidence) = identity.map(|identity| words(&identity.world)).unzip();
    Source {
        source,
        state,
        reason: rows.source_error().map(ToString::to_string),
        world,
        evidence,
        pid: identity.and_then(|identity| identity.pid),
        id: identity.and_then(|identity| identity.id.clone()),
    }
}

fn words(world: &World) -> (SourceWorld, String) {
    match world {
        World::Here { evidence } => (SourceWorld::Here, evidence.clone()),
        World::Elsewhere { why } => (SourceWorld::Elsewhere, why.clone()),
        World::Unknown { why } => (SourceWorld::Unknown, why.clone()),
    }
}

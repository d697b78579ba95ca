//! How the sources are.

use model::Snapshot;
use model::snapshot::Observed;
use serde::Serialize;

use super::SourceState;

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
}

/// Every source of a look.
pub fn sources(snapshot: &Snapshot) -> Vec<Source> {
    let engines = snapshot.engines.iter().map(|(engine, rows)| row(engine.to_string(), rows));
    let kernel = row("kernel".to_owned(), &snapshot.kernel);
    let switch = snapshot.switch.iter().map(|(source, rows)| row(source.to_string(), rows));
    engines.chain([kernel]).chain(switch).collect()
}

fn row<T>(source: String, rows: &Observed<T>) -> Source {
    let state = match rows {
        Observed::Fresh { .. } => SourceState::Fresh,
        Observed::Stale { .. } => SourceState::Stale,
        Observed::Absent { .. } => SourceState::Absent,
    };
    Source { source, state, reason: rows.source_error().map(ToString::to_string) }
}

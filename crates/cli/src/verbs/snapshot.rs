//! `docker ovs snapshot`.

use std::sync::Arc;

use host::{Origin, Question};
use model::anonymise;
use model::switch::SwitchSource;

use crate::args::SnapshotArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs snapshot`: everything, by every source. What could not be had is said
/// in it, and on stderr.
///
/// # Errors
/// None; a host without sources makes a snapshot that says so.
pub async fn run(origin: &Origin, args: &SnapshotArgs) -> Result<Outcome, CliError> {
    let sources = SwitchSource::ALL.to_vec();
    let look = origin.look(&Question { sources, traffic: true, ..Question::default() }).await;
    let remarks = look.remarks();
    let snapshot = if args.anonymise { Arc::new(anonymise(&look.snapshot)) } else { look.snapshot };
    let text = serde_json::to_string(&*snapshot);
    let text =
        text.map_err(|error| CliError::new(format!("cannot write the snapshot: {error}")))?;
    Ok(Outcome { text: Text::json(text + "\n"), remarks, ..Outcome::default() })
}

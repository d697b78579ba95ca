//! `docker ovs snapshot`.

use host::{Host, Question};
use model::anonymise;
use model::switch::Via;

use crate::outcome::{Failure, Outcome};
use crate::words::SnapshotArgs;

/// Answers `docker ovs snapshot`: everything, by every road. What could not be had is said
/// in it, and on stderr.
///
/// # Errors
/// None; a host without sources makes a snapshot that says so.
pub async fn run(host: &Host, args: &SnapshotArgs) -> Result<Outcome, Failure> {
    let roads = vec![Via::Ovsdb, Via::OpenFlow, Via::Dpif];
    let snapshot = host.look(&Question { roads, traffic: true, ..Question::default() }).await;
    let remarks = model::resolve(&snapshot).troubles.iter().map(ToString::to_string).collect();
    let snapshot = if args.anonymise { anonymise(&snapshot) } else { snapshot };
    let text = serde_json::to_string(&snapshot);
    let text = text.map_err(|error| Failure::new(format!("cannot write the snapshot: {error}")))?;
    Ok(Outcome { text: text + "\n", remarks, ..Outcome::default() })
}

//! `docker ovs diff`.

use host::{Origin, Question};
use model::Look;
use model::timeline::compare;
use report::v1;

use crate::args::DiffArgs;
use crate::outcome::{CliError, Outcome};
use crate::verbs::events::lay_out;

/// Tells what is different between two snapshots, or between one and now.
///
/// # Errors
/// A template that asks an event for something it does not have.
pub async fn run(before: &Origin, after: &Origin, args: &DiffArgs) -> Result<Outcome, CliError> {
    let before = before.look(&Question::default()).await;
    let after = after.look(&Question::default()).await;
    let events = compare(&before.wiring, &after.wiring, after.snapshot.taken);
    let rows: Vec<_> = events.iter().map(v1::Event::from).collect();
    Ok(Outcome {
        text: lay_out(&rows, &args.format)?,
        remarks: remarks(&before, &after),
        hints: if rows.is_empty() { vec!["no difference".to_owned()] } else { Vec::new() },
        nothing: !rows.is_empty(),
        ..Outcome::default()
    })
}

/// What either could not see.
fn remarks(before: &Look, after: &Look) -> Vec<String> {
    let of = |look: &Look, when: &str| -> Vec<String> {
        look.remarks().iter().map(|remark| format!("{when}: {remark}")).collect()
    };
    [of(before, "before"), of(after, "after")].concat()
}

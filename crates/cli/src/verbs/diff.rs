//! `docker ovs diff`.

use std::sync::Arc;

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
    let mut before = before.look(&Question::default()).await;
    let mut after = after.look(&Question::default()).await;
    let not_asked = [not_asked(&mut before, &after), not_asked(&mut after, &before)];
    let events = compare(&before.wiring, &after.wiring, after.snapshot.taken);
    let rows: Vec<_> = events.iter().map(v1::Event::from).collect();
    let [in_before, in_after] = not_asked.each_ref().map(Vec::as_slice);
    let remarks =
        [remarks("before", &before, in_before), remarks("after", &after, in_after)].concat();
    // What one of them could not see may be different.
    let unknown = rows.is_empty() && !remarks.is_empty();
    let none = if unknown { "no difference in what both saw" } else { "no difference" };
    Ok(Outcome {
        text: lay_out(&rows, &args.format)?,
        remarks,
        hints: if rows.is_empty() { vec![none.to_owned()] } else { Vec::new() },
        nothing: !rows.is_empty(),
        unknown,
        ..Outcome::default()
    })
}

/// Takes it that a look did not see what an engine has that it was not asked about, and the other was; and why.
fn not_asked(look: &mut Look, other: &Look) -> Vec<String> {
    let own = &look.snapshot.engines;
    let missing: Vec<_> =
        other.snapshot.engines.keys().filter(|engine| !own.contains_key(engine)).collect();
    Arc::make_mut(&mut look.wiring).unseen.engines.extend(missing.iter().copied().cloned());
    missing.into_iter().map(|engine| format!("{engine} was not asked")).collect()
}

/// What a look could not see.
fn remarks(when: &str, look: &Look, not_asked: &[String]) -> Vec<String> {
    let all = look.remarks().into_iter().chain(not_asked.iter().cloned());
    all.map(|remark| format!("{when}: {remark}")).collect()
}

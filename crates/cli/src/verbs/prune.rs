//! `docker ovs prune`.

use std::io::{self, BufRead, IsTerminal};

use host::{Origin, PruneCandidates, PruneFate, Pruned};
use model::plan::{Prunable, Prune, Undecided};
use report::{Cells, Format, printable, v1, views};

use crate::args::{PruneArgs, Until};
use crate::outcome::{CliError, Outcome};
use crate::writer::{self, Text};

/// Answers `docker ovs prune`; exit 1 where something could not be removed, or may
/// have to be and cannot be told to be gone.
///
/// # Errors
/// No such bridge, a source is missing, or stdin is not a terminal and `--force` is not given.
pub async fn run(origin: &Origin, args: &PruneArgs) -> Result<Outcome, CliError> {
    if !args.force && !args.dry_run && !io::stdin().is_terminal() {
        return Err(CliError::new("stdin is not a terminal; pass --force")
            .hint("--dry-run shows what would be removed"));
    }
    let request = request(args);
    let PruneCandidates { prunable: found, undecided } = origin.prune_candidates(&request).await?;
    let doubts: Vec<_> = undecided.iter().map(doubt).collect();
    // A template is tried on what was found, before anything is done.
    let planned = lay_out(&args.format, args.no_trunc, &found, &doubts)?;
    if args.dry_run || found.is_empty() {
        return Ok(with_doubts(planned, doubts));
    }
    if !args.force && !agreed(&lay_out(&Format::Table, args.no_trunc, &found, &doubts)?.text) {
        return Ok(Outcome::default());
    }
    let pruned = origin.live()?.prune(&request, &found).await?;
    let (mut removed, mut left) = (Vec::new(), Vec::new());
    for Pruned { what, how } in pruned {
        match how {
            PruneFate::Removed => removed.push(what),
            PruneFate::Failed(why) => left.push(why.to_string()),
            PruneFate::NotTried(why) => {
                left.push(printable(&format!("{} was not removed: {why}", place(&what))));
            }
            PruneFate::Undecided(why) => {
                left.push(printable(&format!("{} is left alone: {why}", place(&what))));
            }
            PruneFate::Gone => {}
        }
    }
    let Outcome { text, .. } = lay_out(&args.format, args.no_trunc, &removed, &doubts)?;
    let outcome = Outcome { text, is_done: true, ..Outcome::default() };
    Ok(with_doubts(outcome, left.into_iter().chain(doubts).collect()))
}

/// What was to be removed, and its bridge.
fn place(what: &Prunable) -> String {
    let v1::Orphan { bridge, port, .. } = what.into();
    let on = bridge.map_or_else(String::new, |bridge| format!(" on {bridge}"));
    format!("{port}{on}")
}

/// What is left alone as it may be alive, in a sentence.
fn doubt(one: &Undecided) -> String {
    let on = one.bridge.as_ref().map_or_else(String::new, |bridge| format!(" on {bridge}"));
    printable(&format!("{}{on} is left alone: {}", one.what, one.why))
}

/// Exit 1 where something is left that may have to go.
fn with_doubts(outcome: Outcome, remarks: Vec<String>) -> Outcome {
    Outcome { nothing: !remarks.is_empty(), remarks, ..outcome }
}

fn request(args: &PruneArgs) -> Prune {
    let until = args.filter.map(|until| match until {
        Until::Ago(seconds) => (host::now() / 1000).saturating_sub(seconds),
        Until::At(second) => second,
    });
    Prune { bridge: args.bridge.clone(), until, all: args.all, stopped: args.stopped }
}

/// A table without rows would say nothing.
fn lay_out(
    format: &Format,
    no_trunc: bool,
    what: &[Prunable],
    doubts: &[String],
) -> Result<Outcome, CliError> {
    let rows: Vec<_> = what.iter().map(v1::Orphan::from).collect();
    let text = match (format, rows.as_slice()) {
        (Format::Table, []) => Text::default(),
        _ => Text::cells(format, Cells::no_trunc(no_trunc), &views::PRUNE, &rows)?,
    };
    let hints = if what.is_empty() && doubts.is_empty() {
        vec!["nothing to remove".to_owned()]
    } else {
        Vec::new()
    };
    Ok(Outcome { text, hints, ..Outcome::default() })
}

/// Asks on stderr, as stdout is for what was removed; no answer is a no.
fn agreed(listed: &Text) -> bool {
    let question = format!(
        "WARNING! This will remove what is orphaned:\n{listed}\
         Are you sure you want to continue? [y/N] "
    );
    let mut answer = String::new();
    writer::ask(&question)
        && io::stdin().lock().read_line(&mut answer).is_ok()
        && answer.trim().eq_ignore_ascii_case("y")
}

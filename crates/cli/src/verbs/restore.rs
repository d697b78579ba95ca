//! `docker ovs restore CONTAINER…` and `--all`.

use host::{Done, Origin, Restored, plan_restore};
use model::plan::Restore;
use report::{Cells, v1, views};

use crate::args::RestoreArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs restore`; exit 1 where something is still missing of a container that
/// runs, or nothing is remembered of one that was named.
///
/// # Errors
/// No such container, or a source is missing.
pub async fn run(origin: &Origin, args: &RestoreArgs) -> Result<Outcome, CliError> {
    let request = Restore { containers: args.container.clone(), only: None };
    let rows = |all: &[Restored]| all.iter().map(|one| row(one, args.dry_run)).collect::<Vec<_>>();
    let mut all = Vec::new();
    // A template is tried on what is planned, before anything is done.
    if args.dry_run || args.format.is_template() {
        all = plan_restore(origin, &request).await?;
        Text::cells(&args.format, Cells::Whole, &views::RESTORE, &rows(&all))?;
    }
    if !args.dry_run {
        all = origin.live()?.restore(&request).await?;
    }
    let rows = rows(&all);
    // Reasons are sentences.
    let (text, unsuited) = Text::done(&args.format, Cells::Whole, &views::RESTORE, &rows);
    let is_forgotten = |name: &&String| !all.iter().any(|one| one.what.asked_as.contains(name));
    let forgotten: Vec<String> = args.container.iter().filter(is_forgotten).cloned().collect();
    let is_any_forgotten = !forgotten.is_empty();
    let forgotten =
        forgotten.into_iter().map(|name| format!("no interface of {name} is remembered"));
    let is_unsuited = unsuited.is_some();
    let remarks = forgotten.chain(unsuited).collect();
    let amiss = is_unsuited || rows.iter().any(v1::Restored::is_amiss);
    let empty = all.is_empty() && args.all;
    let hints = if empty { vec!["no interface is remembered".to_owned()] } else { Vec::new() };
    Ok(Outcome {
        text,
        remarks,
        hints,
        nothing: amiss || is_any_forgotten,
        is_done: !args.dry_run,
        ..Outcome::default()
    })
}

fn row(one: &Restored, dry: bool) -> v1::Restored {
    match &one.how {
        Done::As(action) if dry => v1::Restored::planned(&one.what, action),
        Done::As(action) => v1::Restored::done(&one.what, action),
        Done::Failed(act_error) => v1::Restored::failed(&one.what, act_error),
    }
}

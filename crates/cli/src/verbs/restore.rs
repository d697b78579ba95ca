//! `docker ovs restore CONTAINER…` and `--all`.

use host::{Done, Origin, Restored, plan_restore};
use model::plan::{Plan, Remedy, Restore, Step};
use report::{render, v1, views};

use crate::outcome::{Failure, Outcome};
use crate::words::RestoreArgs;

/// Answers `docker ovs restore`; exit 1 where something is still missing of a container that
/// runs, or nothing is remembered of one that was named.
///
/// # Errors
/// No such container, or a source is missing.
pub async fn run(origin: &Origin, args: &RestoreArgs) -> Result<Outcome, Failure> {
    let wish = Restore { containers: args.container.clone() };
    let all = if args.dry_run {
        plan_restore(origin, &wish).await?
    } else {
        origin.live()?.restore(&wish).await?
    };
    let rows: Vec<_> = all.iter().map(|one| row(one, args.dry_run)).collect();
    let text = render(&args.format, &views::RESTORE, &rows)?;
    let named = args.container.iter().filter(|_| all.is_empty());
    let remarks = named.map(|name| format!("no interface of {name} is remembered")).collect();
    let amiss = rows.iter().any(|row| matches!(row.result, "failed" | "skipped" | "missing"));
    Ok(Outcome { text, remarks, nothing: amiss || (all.is_empty() && !args.all) })
}

/// What an interface lacks that is there; nothing of one that is made anew.
fn what_was_lacking(plan: &Plan) -> String {
    if plan.steps.iter().any(|step| matches!(step, Step::MakeVeth(_))) {
        return String::new();
    }
    let steps: Vec<_> = plan.steps.iter().map(ToString::to_string).collect();
    steps.join("; ")
}

fn row(one: &Restored, dry: bool) -> v1::Restored {
    let (result, reason) = match &one.how {
        Done::As(Remedy::There) => ("there", String::new()),
        Done::As(Remedy::Again(plan)) => {
            (if dry { "missing" } else { "restored" }, what_was_lacking(plan))
        }
        Done::As(Remedy::NotRunning { state }) => {
            ("not-running", format!("its container is {state}"))
        }
        Done::As(Remedy::Gone) => ("gone", "there is no such container any more".to_owned()),
        Done::As(Remedy::Refused(refusal)) => ("skipped", refusal.to_string()),
        Done::As(Remedy::NotToBeTouched { why }) => ("skipped", why.clone()),
        Done::Failed(unable) => ("failed", unable.to_string()),
    };
    v1::Restored::new(&one.what, result, reason)
}

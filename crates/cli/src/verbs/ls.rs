//! `docker ovs ls`.

use host::{Origin, Question};
use model::ids::short_id;
use model::query;
use model::told::TENANTS;
use report::{Cells, LeftOut, Wanted, list, printable, v1, views};

use crate::args::LsArgs;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// Answers `docker ovs ls`.
///
/// # Errors
/// No such bridge, or, without `--partial`, a source that the list needs or the interfaces of a container are
/// missing. What may be on the ports asked about and is not listed is no error, but the answer is unknown.
pub async fn run(origin: &Origin, args: &LsArgs) -> Result<Outcome, CliError> {
    let question = Question {
        bridge: args.bridge.clone(),
        sources: vec![args.look.source.into()],
        ..Question::default()
    };
    let look = origin.look(&question).await;
    if !args.partial {
        look.require_sources()?;
    }
    if let Some(bridge) = &args.bridge {
        look.bridge(bridge)?;
    }
    query::filtered_vlans(&look.snapshot, &args.filter)?;
    query::filtered_bridges(&look.snapshot, &args.filter)?;
    if !args.partial {
        look.require_all(&args.filter)?;
    }
    let wanted =
        Wanted { bridge: args.bridge.clone(), filters: args.filter.clone(), all: args.all };
    let rows = list(&look.snapshot, &look.wiring, &wanted);
    let mut remarks = look.remarks();
    let left_out = report::left_out(&look.snapshot, &look.wiring, &wanted);
    remarks.extend(undecided(left_out.undecided, &wanted));
    remarks.extend(crowded(left_out.crowded));
    let hints = if rows.is_empty() { vec![emptiness(args)] } else { Vec::new() };
    let text = lay_out(&rows, args)?;
    // A script takes what is not listed for not connected.
    let unknown = left_out != LeftOut::default() && !args.partial;
    Ok(Outcome { text, remarks, hints, unknown, ..Outcome::default() })
}

fn emptiness(args: &LsArgs) -> String {
    let all = args.bridge.is_none() && args.filter.is_empty();
    let which = if all {
        "no running container that was read has one"
    } else {
        "none fits --bridge and --filter"
    };
    format!("no interface to list: {which}")
}

/// That there may be more on the ports asked about than is listed: of others no state is shown.
fn undecided(count: usize, wanted: &Wanted) -> Option<String> {
    let what = interfaces(count)?;
    let ports = wanted.ports_in_words();
    Some(format!(
        "{what} not listed: whether {ports} is unknown (docker ovs ls --filter status=unknown)"
    ))
}

/// That so many share an interface that not all are told.
fn crowded(count: usize) -> Option<String> {
    let what = interfaces(count)?;
    Some(format!(
        "{what} not listed: more than {TENANTS} containers share one (docker ovs ls --filter container=NAME)"
    ))
}

fn interfaces(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 interface is".to_owned()),
        many => Some(format!("{many} interfaces are")),
    }
}

fn lay_out(rows: &[v1::Attachment], args: &LsArgs) -> Result<Text, CliError> {
    if args.quiet {
        return Ok(Text::lines(&ids(rows.iter(), args.no_trunc)));
    }
    let view = match (args.all, args.no_trunc) {
        (true, true) => &views::LIST_ALL_NO_TRUNC,
        (true, false) => &views::LIST_ALL,
        (false, true) => &views::LIST_NO_TRUNC,
        (false, false) => &views::LIST,
    };
    Ok(Text::cells(&args.format, Cells::no_trunc(args.no_trunc), view, rows)?)
}

/// Each container once, as `docker ps -q` prints them.
pub(super) fn ids<'a>(rows: impl Iterator<Item = &'a v1::Attachment>, full: bool) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let once = rows.map(|row| &row.id).filter(|id| !id.is_empty() && seen.insert(*id));
    let cut = |id: &String| if full { id.clone() } else { short_id(id).to_owned() };
    once.map(|id| printable(&cut(id)) + "\n").collect()
}

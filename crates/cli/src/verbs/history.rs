//! `docker ovs history [WHAT]`.

use model::timeline::Event;
use model::who::{WhoQuery, is_about};
use report::v1;

use crate::args::{HistoryArgs, SourceOptions};
use crate::moment::told;
use crate::outcome::{CliError, Outcome};
use crate::past;
use crate::verbs::events::lay_out;

/// Tells what happened, of what `serve` has kept; exit 1 where nothing did. From when on it is known
/// is told on stderr.
///
/// # Errors
/// There is no history that can be read.
pub fn run(sources: &SourceOptions, args: &HistoryArgs) -> Result<Outcome, CliError> {
    let (past, folder) = past::open(sources)?;
    let since = args.since.unwrap_or_default();
    let until = args.until.unwrap_or(u64::MAX);
    let query = args.what.as_deref().map(|what| (what, WhoQuery::from(what)));
    let is_asked =
        |event: &Event| query.as_ref().is_none_or(|(word, query)| is_about(event, word, query));
    let mut rows = Vec::new();
    let read = past.events(since, until, |event| {
        if is_asked(&event) {
            rows.push(v1::Event::from(&event));
        }
        true
    });
    read.map_err(|error| CliError::new(format!("cannot read the history: {error}")))?;
    let mut remarks: Vec<_> = past
        .known()
        .iter()
        .filter(|span| span.from <= until && span.until >= since)
        .map(|span| {
            let (from, until) = (told(span.from.max(since)), told(span.until.min(until)));
            format!("the journal in {} knows {from} to {until}", folder.display())
        })
        .collect();
    if remarks.is_empty() {
        remarks.push(format!("the journal in {} knows nothing of that time", folder.display()));
    }
    let hints = if rows.is_empty() {
        vec!["nothing changed in what is known".to_owned()]
    } else {
        Vec::new()
    };
    let text = lay_out(&rows, &args.format)?;
    Ok(Outcome { text, remarks, hints, nothing: rows.is_empty(), ..Outcome::default() })
}

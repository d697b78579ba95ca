//! `docker ovs history [WHAT]`.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use journal::Past;
use model::moment::rfc3339 as told;
use model::timeline::Event;
use model::who::{Meant, WhoQuery, is_about, is_port_about, is_tenant_about};
use model::wiring::{Attachment, ContainerRef, SwitchPort};
use recorded::PortChanges;
use report::v1;

use crate::args::{HistoryArgs, SourceOptions, is_stdin};
use crate::limit::Limit;
use crate::outcome::{CliError, Outcome};
use crate::past;
use crate::verbs::events::lay_out;

/// So many events of the journal are held at once, and so many bytes of them as JSON: days of the busiest host.
const MOST_EVENTS: usize = 100_000;
const MOST_BYTES: usize = 128 << 20;

/// Tells what happened, of what `serve` has kept, and, where no daemon ran, what the database's log tells
/// of ports; exit 1 where nothing did. From when on which of them knows is told on stderr.
///
/// # Errors
/// There is no history that can be read, or no time is asked for.
pub fn run(
    sources: &SourceOptions,
    args: &HistoryArgs,
    limit: &Limit,
) -> Result<Outcome, CliError> {
    let is_stdin = sources.from.as_deref().is_some_and(|path| is_stdin(&path));
    // What comes by stdin is waited for.
    if !is_stdin {
        limit.start(sources.timeout());
    }
    let mut found = Found::new(args);
    if found.since > found.until {
        let since = told(found.since);
        let until = told(found.until);
        let why =
            format!("--since {since} is after --until {until}: there is no time between them");
        return Err(CliError::new(why).hint("10m is ten minutes ago, and 2h is before that"));
    }
    if let Some(file) = &sources.from {
        let changes = if is_stdin {
            recorded::port_changes_of(io::stdin(), found.since, found.until)
        } else {
            recorded::port_changes(file, found.since, found.until)
        };
        let changes = changes.map_err(|error| {
            CliError::new(format!("cannot read {}: {error}", file.display()))
                .hint("the history of a file is that of a conf.db")
        })?;
        found.take_database(file, &changes, &[]);
        return found.outcome(args);
    }
    let journal = match past::open(sources) {
        Ok((past, folder)) => Ok(found.take_journal(&past, &folder)?),
        Err(none) => Err(none),
    };
    let known = journal.as_deref().unwrap_or_default();
    let file = past::database();
    let changes = file.and_then(|file| {
        let changes = recorded::port_changes(&file, found.since, found.until).ok()?;
        Some((file, changes))
    });
    match (changes, journal.as_ref().err()) {
        (Some((file, changes)), none) => {
            found.remarks.extend(none.map(ToString::to_string));
            found.take_database(&file, &changes, known);
        }
        (None, Some(_)) => return journal.map(|_| Outcome::default()),
        (None, None) => {}
    }
    found.outcome(args)
}

/// What is asked for, and what of it was found.
struct Found<'a> {
    since: u64,
    until: u64,
    query: Option<(&'a str, WhoQuery)>,
    /// What the journal has, and what the log of a database has of the rest.
    rows: [Vec<(u64, v1::Event)>; 2],
    /// Whether the journal has more than is told.
    is_cut: bool,
    remarks: Vec<String>,
}

/// The last events of many, within the bounds.
#[derive(Default)]
struct LastEvents {
    /// Each with its moment and its length as JSON.
    rows: VecDeque<(u64, v1::Event, usize)>,
    bytes: usize,
    /// The moment of the newest that is not among them.
    left_out: Option<u64>,
}

impl LastEvents {
    fn push(&mut self, event: &Event, word: Option<&str>) {
        let is_meant = |of: &Attachment, who: &ContainerRef| {
            word.is_none_or(|word| is_tenant_about(of, who, word))
        };
        let row = v1::Event::told(event, is_meant);
        let length = serde_json::to_vec(&row).map_or(0, |json| json.len());
        self.bytes += length;
        self.rows.push_back((event.at, row, length));
        while self.rows.len() > MOST_EVENTS || (self.bytes > MOST_BYTES && self.rows.len() > 1) {
            let Some((at, _, length)) = self.rows.pop_front() else { return };
            self.bytes -= length;
            self.left_out = Some(at);
        }
    }
}

/// A span of the journal, in milliseconds since the Unix epoch.
type Span = (u64, u64);

impl<'a> Found<'a> {
    fn new(args: &'a HistoryArgs) -> Self {
        Self {
            since: args.since.unwrap_or_default(),
            until: args.until.unwrap_or(u64::MAX),
            query: args.what.as_deref().map(|what| (what, WhoQuery::from(what))),
            rows: [Vec::new(), Vec::new()],
            is_cut: false,
            remarks: Vec::new(),
        }
    }

    fn take_journal(&mut self, past: &Past, folder: &Path) -> Result<Vec<Span>, CliError> {
        let (since, until) = (self.since, self.until);
        let query = self.query.clone();
        let is_asked =
            |event: &Event| query.as_ref().is_none_or(|(word, query)| is_about(event, word, query));
        let word = query.as_ref().map(|(word, _)| *word);
        let (mut last, mut meant) = (LastEvents::default(), Meant::default());
        let read = past.events(since, until, |event| {
            if is_asked(&event) {
                if let Some(word) = word {
                    meant.add(&event, word);
                }
                last.push(&event, word);
            }
            true
        });
        read.map_err(|error| CliError::new(format!("cannot read the history: {error}")))?;
        self.remarks.extend(word.and_then(|word| meant.ambiguity(word)));
        self.remarks.extend(last.left_out.map(|at| {
            let (count, at) = (last.rows.len(), told(at));
            format!(
                "these are the last {count} events of the journal: --until {at} tells of before"
            )
        }));
        self.is_cut = last.left_out.is_some();
        self.rows[0].extend(last.rows.into_iter().map(|(at, row, _)| (at, row)));
        let spans: Vec<Span> = past
            .known_between(since, until)
            .iter()
            .map(|span| (span.from.max(since), span.until.min(until)))
            .collect();
        let folder = folder.display();
        self.remarks.extend(spans.iter().map(|(from, until)| {
            format!("the journal in {folder} knows {} to {}", told(*from), told(*until))
        }));
        if spans.is_empty() {
            self.remarks.push(format!("the journal in {folder} knows nothing of that time"));
        }
        Ok(spans)
    }

    /// What the log of a database tells of the times that the journal does not know.
    fn take_database(&mut self, file: &Path, changes: &PortChanges, known: &[Span]) {
        let is_known = |at: u64| known.iter().any(|(from, until)| (*from..=*until).contains(&at));
        let new = changes.found.iter().filter(|change| !is_known(change.at));
        let is_asked = |port: &SwitchPort| {
            self.query.as_ref().is_none_or(|(word, query)| is_port_about(port, word, query))
        };
        let rows: Vec<_> = new
            .filter_map(|change| {
                let (before, now) = change.ports();
                before.iter().chain(&now).any(is_asked).then_some(())?;
                let row = v1::Event::of_port(change.at, before.as_ref(), now.as_ref())?;
                Some((change.at, row))
            })
            .collect();
        self.rows[1].extend(rows);
        if let Some((from, until)) = changes.known {
            let file = file.display();
            let from = told(from);
            let until = told(until);
            self.remarks.push(format!("the log of {file} knows the ports of {from} to {until}"));
        }
    }

    fn outcome(self, args: &HistoryArgs) -> Result<Outcome, CliError> {
        let unknown = self.is_cut;
        let rows = one_after_the_other(self.rows);
        let nothing = rows.is_empty();
        let hint = "nothing changed in what is known".to_owned();
        Ok(Outcome {
            text: lay_out(&rows, &args.format)?,
            remarks: self.remarks,
            hints: if nothing { vec![hint] } else { Vec::new() },
            nothing,
            unknown,
            ..Outcome::default()
        })
    }
}

/// The rows of several sources by their times. Each source's own stay in its order, which is that in which
/// they happened, also where the clock was set back between two of them.
fn one_after_the_other<T>(sources: [Vec<(u64, T)>; 2]) -> Vec<T> {
    let mut all = Vec::new();
    for rows in sources {
        let mut latest = 0;
        all.extend(rows.into_iter().map(|(at, row)| {
            latest = latest.max(at);
            (latest, row)
        }));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_changes_the_order_of_nothing() {
        let journal = vec![(10, "a"), (30, "b"), (29, "c"), (5, "d"), (40, "e")];
        let database = vec![(20, "1"), (35, "2"), (34, "3"), (50, "4")];
        let all = one_after_the_other([journal, database]);
        assert_eq!(all, ["a", "1", "b", "c", "d", "2", "3", "e", "4"]);
    }
}

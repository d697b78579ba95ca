//! `docker ovs events`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::pending;

use host::watch::PENDING_OFPORT_TIMEOUT;
use host::{Origin, Watch};
use model::filter::{Filter, FilterFields, Filters};
use model::ids::ContainerId;
use model::snapshot::{Container, EngineName};
use model::timeline::{Change, Event, Timeline};
use model::wiring::ContainerRef;
use model::{Snapshot, SourceError, Wiring, resolve};
use report::{Cells, Format, FormatError, Stream, v1, views};
use tokio::time::{Instant, sleep_until};

use crate::args::EventsArgs;
use crate::live::{print, stopped};
use crate::origin::followed;
use crate::outcome::{CliError, Outcome};
use crate::writer::{self, Text};

/// Prints what changes until a signal, or until the reader of stdout is gone.
///
/// # Errors
/// A snapshot instead of a host, or stdout cannot be written to.
pub async fn run(origin: &Origin, args: &EventsArgs) -> Result<Outcome, CliError> {
    let host = followed(origin)?;
    tokio::select! {
        biased;
        () = stopped() => Ok(Outcome::default()),
        ended = tell(host.watch(), args) => ended,
    }
}

async fn tell(mut watch: Watch, args: &EventsArgs) -> Result<Outcome, CliError> {
    let mut timeline = Timeline::new();
    let mut known = RecentContainers::new(&args.filter);
    let mut source_errors = Vec::new();
    let mut quiet = !args.initial;
    let mut last: Option<Wiring> = None;
    let mut waits_until = None;
    let mut stream = Stream::new(&args.format, Cells::Whole, &views::EVENTS);
    loop {
        // What was known before is freed after the events are told.
        let (events, _before) = tokio::select! {
            snapshot = watch.next() => {
                let wiring = resolve(&snapshot);
                known.learn(&snapshot);
                let events = timeline.advance(&wiring, snapshot.taken);
                tell_source_errors(&wiring, &mut source_errors);
                (events, last.replace(wiring))
            }
            () = until(waits_until) => {
                let stop = |last: &Wiring| timeline.stop_waiting(last, host::now());
                (last.as_ref().map_or(Vec::new(), stop), None)
            }
        };
        let begun = waits_until.unwrap_or_else(|| Instant::now() + PENDING_OFPORT_TIMEOUT);
        waits_until = timeline.is_waiting().then_some(begun);
        if std::mem::take(&mut quiet) {
            continue;
        }
        let wanted = events.iter().filter(|event| passes(event, &known));
        let filters = Filters(&known.filters);
        let mut rows: Vec<_> = wanted
            .map(|event| v1::Event::told(event, |of, who| filters.pass(of, who, known.row(who))))
            .collect();
        if args.format.is_template() {
            rows.retain(|row| suits(row, &args.format));
        }
        let text = match &args.format {
            Format::Table => lines(&rows),
            _ => Text::more(&mut stream, &rows)?,
        };
        if !print(&text).await? {
            return Ok(Outcome::default());
        }
    }
}

/// Whether a row suits a template that others may suit; why not is told. A name that there is not ends the verb.
fn suits(row: &v1::Event, format: &Format) -> bool {
    match lay_out(std::slice::from_ref(row), format) {
        Err(error) if error.is_of_row() => {
            tell_unsuited(&row.time, &row.action, &error);
            false
        }
        _ => true,
    }
}

/// Tells that an event does not suit the template.
pub(super) fn tell_unsuited(time: &str, action: &impl Display, error: &FormatError) {
    writer::tell("docker-ovs", &format!("{time} {action} is not told: {error}"));
}

/// Tells what could not be asked and was not told yet.
fn tell_source_errors(wiring: &Wiring, told: &mut Vec<SourceError>) {
    for source_error in wiring.source_errors.iter().filter(|error| !told.contains(error)) {
        writer::tell("docker-ovs", &source_error.to_string());
    }
    told.clone_from(&wiring.source_errors);
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

pub(super) fn lay_out(rows: &[v1::Event], format: &Format) -> Result<Text, FormatError> {
    match format {
        Format::Table => Ok(lines(rows)),
        format => Text::rows(format, &views::EVENTS, rows),
    }
}

fn lines(rows: &[v1::Event]) -> Text {
    Text::lines(&rows.iter().map(|row| report::event_line(row) + "\n").collect::<String>())
}

/// The containers of the last two looks: what vanished is still known by its labels.
#[derive(Default)]
struct RecentContainers {
    before: BTreeMap<EngineName, BTreeMap<ContainerId, Container>>,
    now: BTreeMap<EngineName, BTreeMap<ContainerId, Container>>,
    /// What is asked for, among the containers of all looks.
    filters: Vec<Filter>,
}

impl RecentContainers {
    fn new(filters: &[Filter]) -> Self {
        Self { filters: filters.to_vec(), ..Self::default() }
    }

    fn learn(&mut self, snapshot: &Snapshot) {
        self.filters = Filter::among(&self.filters, snapshot.containers_called());
        if self.filters.iter().any(Filter::needs_labels) {
            let mut now: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
            for (engine, row) in snapshot.containers_by_engine() {
                now.entry(engine.clone()).or_default().insert(row.id.clone(), row.clone());
            }
            self.before = std::mem::replace(&mut self.now, now);
        }
    }

    fn row(&self, who: &ContainerRef) -> Option<&Container> {
        let mut looks = [&self.now, &self.before].into_iter();
        looks.find_map(|look| look.get(&who.engine)?.get(&who.id))
    }
}

/// Whether the filters let it through, as it is or as it was.
fn passes(event: &Event, known: &RecentContainers) -> bool {
    let filters = Filters(&known.filters);
    let pass = |attachment: &model::wiring::Attachment| {
        attachment.tenants.iter().any(|who| filters.pass(attachment, who, known.row(who)))
            || (attachment.tenants.is_empty() && filters.pass_namespace(attachment))
    };
    match &event.change {
        Change::Appeared(now) => pass(now),
        Change::Vanished(last) => pass(last),
        Change::Changed { before, now, .. } => pass(before) || pass(now),
        Change::Orphaned(port) | Change::Cleared(port) => {
            filters.agree(&FilterFields::of_orphaned(port, |who| known.row(who)))
        }
    }
}

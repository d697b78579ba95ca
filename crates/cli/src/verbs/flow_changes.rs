//! `docker ovs flows BRIDGE --watch`.

use std::collections::BTreeMap;
use std::time::Duration;

use flowtext::{Flow, parse_flows};
use host::Origin;
use report::v1::{self, FlowEvent};
use report::{Cells, Format, Stream, views};
use tokio::time::{Instant, sleep_until};
use traffic::{FlowParts, Followed};

use super::flows::Wanted;
use crate::args::FlowsArgs;
use crate::live::{Answering, print, stopped};
use crate::origin::followed;
use crate::outcome::{CliError, Outcome};
use crate::writer::Text;

/// So long vswitchd is left alone between two looks, at least.
const PAUSE: Duration = Duration::from_secs(2);
/// And so many times as long as an answer took: writing flows holds all of vswitchd up.
const SHARE: u32 = 20;

/// A flow as it was seen last.
#[derive(Clone, Debug)]
struct SeenFlow {
    line: String,
    actions: String,
    packets: u64,
    bytes: u64,
}

type Flows = BTreeMap<(u8, u32, String), SeenFlow>;

/// Prints what changes until a signal, or until the reader of stdout is gone. A switch that is started again
/// meanwhile is waited for, and so is the container.
///
/// # Errors
/// At first there is no such bridge or container, or vswitchd cannot be asked.
pub(super) async fn watch(origin: &Origin, args: &FlowsArgs) -> Result<Outcome, CliError> {
    followed(origin)?;
    tokio::select! {
        biased;
        () = stopped() => Ok(Outcome::default()),
        ended = tell(origin, args) => ended,
    }
}

async fn tell(origin: &Origin, args: &FlowsArgs) -> Result<Outcome, CliError> {
    let mut before: Option<(Instant, Flows)> = None;
    let mut switch = Answering::default();
    let mut followed = None;
    let mut stream = Stream::new(&args.format, Cells::Whole, &views::FLOW_CHANGES);
    loop {
        let seen = switch.or_told(Seen::read(origin, args, &mut followed).await)?;
        let Some(Seen { wanted, asked, took, flows: now }) = seen else {
            // What was there before is kept: what is gone once it answers again is told.
            sleep_until(Instant::now() + PAUSE).await;
            continue;
        };
        if let Some((then, old)) = &before {
            let rows = changes(&wanted, old, &now, asked.duration_since(*then));
            if !print(&lay_out(&mut stream, &rows, &args.format)?).await? {
                return Ok(Outcome::default());
            }
        }
        followed = wanted.into_followed();
        before = Some((asked, now));
        sleep_until(Instant::now() + PAUSE.max(took * SHARE)).await;
    }
}

/// The flows at one moment.
struct Seen {
    wanted: Wanted,
    asked: Instant,
    took: Duration,
    /// All of them: what is wanted may change with an address, and is no new flow then.
    flows: Flows,
}

impl Seen {
    async fn read(
        origin: &Origin,
        args: &FlowsArgs,
        followed: &mut Option<Followed>,
    ) -> Result<Self, CliError> {
        let mut wanted = Wanted::read(origin, args, followed).await?;
        let asked = Instant::now();
        let said = wanted.ask(origin).await?;
        let took = asked.elapsed();
        let parts: Vec<_> = parse_flows(&said).map(FlowParts::from).collect();
        wanted.follow(&parts);
        let flows = parts.iter().map(|parts| known(&parts.flow)).collect();
        Ok(Self { wanted, asked, took, flows })
    }
}

fn known(flow: &Flow<'_>) -> ((u8, u32, String), SeenFlow) {
    let key = (flow.table, flow.priority, flow.matches.to_owned());
    let &Flow { line, actions, packets, bytes, .. } = flow;
    (key, SeenFlow { line: line.to_owned(), actions: actions.to_owned(), packets, bytes })
}

/// What is different, with rates of what matched meanwhile.
fn changes(wanted: &Wanted, old: &Flows, now: &Flows, span: Duration) -> Vec<v1::FlowChange> {
    let time = host::now();
    let mut rows = Vec::new();
    let mut tell = |event, flow: &SeenFlow, counts: (u64, u64)| {
        let parsed = Flow::parse(&flow.line).map(FlowParts::from);
        let is_gone = event == FlowEvent::Removed;
        let is_wanted =
            |flow: &FlowParts<'_>| if is_gone { wanted.took(flow) } else { wanted.takes(flow) };
        if let Some(parsed) = parsed.filter(is_wanted) {
            let rates = (rate(counts.0, span), rate(counts.1, span));
            rows.push(v1::FlowChange::new(time, event, wanted.row(&parsed), rates));
        }
    };
    for (key, flow) in now {
        match old.get(key) {
            None => tell(FlowEvent::Added, flow, (flow.packets, flow.bytes)),
            Some(before) => {
                let (packets, bytes) = since(before, flow);
                if before.actions != flow.actions {
                    tell(FlowEvent::Changed, flow, (packets, bytes));
                } else if packets > 0 {
                    tell(FlowEvent::Matched, flow, (packets, bytes));
                }
            }
        }
    }
    for (_, gone) in old.iter().filter(|(key, _)| !now.contains_key(*key)) {
        tell(FlowEvent::Removed, gone, (0, 0));
    }
    rows
}

/// What was counted since; a flow that was made again counts from nothing.
fn since(before: &SeenFlow, now: &SeenFlow) -> (u64, u64) {
    if now.packets < before.packets || now.bytes < before.bytes {
        return (now.packets, now.bytes);
    }
    (now.packets - before.packets, now.bytes - before.bytes)
}

#[allow(clippy::cast_precision_loss, reason = "a rate is no count")]
fn rate(count: u64, span: Duration) -> f64 {
    let seconds = span.as_secs_f64();
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

fn lay_out(
    stream: &mut Stream<v1::FlowChange>,
    rows: &[v1::FlowChange],
    format: &Format,
) -> Result<Text, CliError> {
    if *format == Format::Table {
        let line = |row: &v1::FlowChange| {
            let rates = format!(
                "{:.1} packets/s, {:.0} bytes/s",
                row.packets_per_second, row.bytes_per_second
            );
            format!("{} {} {rates}: {}\n", row.time, row.event, row.flow.text)
        };
        return Ok(Text::lines(&rows.iter().map(line).collect::<String>()));
    }
    Ok(Text::more(stream, rows)?)
}

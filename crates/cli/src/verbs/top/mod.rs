//! `docker ovs top [BRIDGE]`: `livetraffic` counts, `order` sorts and filters, `screen` draws, `keys`
//! reads what is typed, `pane` is the part of a long explanation that is shown, `columns` says which
//! columns there is room for, `selection` which port the bar is on.

mod columns;
mod keys;
mod order;
mod pane;
mod screen;
mod selection;

use std::collections::BTreeSet;
use std::time::Duration;

use host::{Host, Origin, Question};
use livetraffic::{Sample, rates};
use model::ids::Name;
use model::switch::SwitchSource;
use model::{Look, SourceError};
use report::{Cells, Format, v1, views};
use tokio::time::{Instant, sleep_until};

use self::order::Order;
use crate::args::TopArgs;
use crate::live::{Answering, print, stopped};
use crate::origin::asked_live;
use crate::outcome::{CliError, Outcome};
use crate::writer::{self, Text};

/// So often it is looked again at who is on the ports: a whole look costs more than counters do.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Shows ports by traffic until it is ended.
///
/// # Errors
/// No such bridge, a bridge cannot be asked, or stdout is no terminal and `--batch` was not given.
pub async fn run(origin: &Origin, args: &TopArgs) -> Result<Outcome, CliError> {
    let host = asked_live(origin)?;
    let mut source = Source::open(origin, host, args).await?;
    if args.batch {
        return tokio::select! {
            biased;
            () = stopped() => Ok(Outcome::default()),
            done = batch(&mut source, args) => done,
        };
    }
    if args.format != Format::Table {
        return Err(CliError::new("--format needs --batch"));
    }
    if !writer::is_terminal() || !keys::are_typed() {
        return Err(
            CliError::new("stdin and stdout are no terminal").hint("--batch prints rows instead")
        );
    }
    screen::show(&mut source, args).await?;
    Ok(Outcome::default())
}

/// Where rows come from.
struct Source<'a> {
    origin: &'a Origin,
    host: &'a Host,
    bridge: Option<String>,
    look: Look,
    looked: Instant,
    last: Option<Sample>,
}

/// What was counted at one moment.
struct Counted {
    /// With rates since the time before.
    rows: Vec<v1::PortRates>,
    /// Of which bridges nothing could be counted, and why.
    uncounted: Vec<String>,
}

impl<'a> Source<'a> {
    async fn open(origin: &'a Origin, host: &'a Host, args: &TopArgs) -> Result<Self, CliError> {
        let look = look(origin, args.bridge.as_deref()).await?;
        let looked = Instant::now();
        Ok(Self { origin, host, bridge: args.bridge.clone(), look, looked, last: None })
    }

    async fn look(&mut self) -> Result<(), CliError> {
        self.look = look(self.origin, self.bridge.as_deref()).await?;
        self.looked = Instant::now();
        Ok(())
    }

    async fn sample(&self) -> Result<Sample, SourceError> {
        let named = self.bridge.as_deref().and_then(|name| self.look.bridge(name).ok());
        let bridge = named.map(|named| &named.bridge.name);
        Sample::take(self.host, &self.look.wiring, bridge).await
    }

    /// Counts once more.
    async fn next(&mut self) -> Result<Counted, CliError> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.look().await?;
        }
        let mut now = self.sample().await?;
        // A bridge that is gone does not answer either; one that was told of is looked for with the others.
        let was_told = |name: &Name| {
            self.last.as_ref().is_some_and(|last| last.failures().any(|(known, _)| known == name))
        };
        if now.failures().any(|(name, _)| !was_told(name)) {
            self.look().await?;
        } else if self.last.as_ref().is_some_and(|last| now.may_be_of_other_ports(last)) {
            // Whose a number is by now is known before its traffic is told of anyone.
            self.look().await?;
            now = self.sample().await?;
        }
        let named = self.bridge.as_deref().and_then(|name| self.look.bridge(name).ok());
        let mut rows = rates(&self.look.wiring, self.last.as_ref(), &now);
        if let Some(fake) = named.and_then(|named| named.fake) {
            let ports = self.look.wiring.ports.iter().filter(|port| port.is_on(&fake.name));
            let own: BTreeSet<&str> = ports.map(|port| &*port.port.iface).collect();
            rows.retain(|row| own.contains(&*row.port));
        }
        let is_there = |name: &Name| self.look.wiring.ports.iter().any(|row| row.bridge == *name);
        let uncounted = now.failures().filter(|(name, _)| is_there(name));
        let uncounted =
            uncounted.map(|(name, error)| format!("the ports of {name} are not counted: {error}"));
        let uncounted = uncounted.collect();
        self.last = Some(now);
        Ok(Counted { rows, uncounted })
    }
}

async fn look(origin: &Origin, bridge: Option<&str>) -> Result<Look, CliError> {
    let question = Question { bridge: bridge.map(str::to_owned), ..Question::default() };
    let look = origin.look(&question).await;
    look.switch(SwitchSource::Ovsdb)?;
    if let Some(bridge) = bridge {
        look.bridge(bridge)?;
    }
    Ok(look)
}

/// Prints rows so many times, or for ever; each time rates are known. A time that no switch answers counts too.
async fn batch(source: &mut Source<'_>, args: &TopArgs) -> Result<Outcome, CliError> {
    let order = Order::new(args.sort);
    let mut due = Instant::now() + args.delay;
    let mut switch = Answering::default();
    switch.or_told(source.next().await)?;
    let mut times = 0;
    let mut uncounted = Vec::new();
    let mut is_away = false;
    while args.iterations.is_none_or(|wanted| times < wanted) {
        sleep_until(due).await;
        // After a pause, or a reader that was slow, what was missed is not made up for: rates are of this long.
        due = Instant::now() + args.delay;
        times += 1;
        let counted = switch.or_told(source.next().await)?;
        is_away = counted.is_none();
        let Some(counted) = counted else { continue };
        uncounted = counted.uncounted;
        let rows = order.of(counted.rows);
        let text = Text::cells(&args.format, Cells::no_trunc(args.no_trunc), &views::TOP, &rows)?;
        if !print(&text).await? {
            break;
        }
    }
    let unknown = is_away || !uncounted.is_empty();
    let remarks = source.look.remarks().into_iter().chain(uncounted).collect();
    Ok(Outcome { remarks, unknown, ..Outcome::default() })
}

//! What would become of a packet: asked of vswitchd, and judged.

mod answerers;
mod departure;
mod intake;
mod mac_question;
mod narrow_end;
mod neighbor;
mod raw;
mod tracer;

use std::sync::atomic::{AtomicBool, Ordering};

use host::{Host, Question};
use model::query::QueryError;
use model::switch::SwitchSource;
use model::wiring::{Occupant, SwitchPort};
use model::{Look, SourceError};
use report::v1;
use traffic::{Direction, End, EndError, PacketKind};

use narrow_end::{NarrowEnd, are_met};
use tracer::{PacketTracer, ReplyContext, ReplyEnds};

/// A packet to be traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Where it comes from, as [`End::find`] reads it.
    pub source: String,
    /// Where it is to go: the same.
    pub destination: String,
    /// What packet it is.
    pub kind: PacketKind,
    /// Whether to trace the answer too, from the destination to the source.
    pub both: bool,
    /// Whether only what is said in a sentence is wanted: not who else is on the ports that the packet
    /// leaves by, nor the text of vswitchd, which is left empty.
    pub brief: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Traced {
    /// A row for each way.
    pub rows: Vec<v1::Trace>,
    /// What was missing when the host was looked at.
    pub remarks: Vec<String>,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// A source is missing, or vswitchd refused.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A word names no end.
    #[error(transparent)]
    End(#[from] EndError),
    /// The end that is called so is on no port.
    #[error("{0} is on no port of a bridge: no packet comes from there")]
    NoPort(String),
    /// The end that is called so is on several ports, as a bond is.
    #[error("{0}, and by which of them it sends is not known: trace BRIDGE:PORT")]
    Several(String),
    /// It is one end of a patch, where no packet stays.
    #[error(
        "{0} is a patch port: what is sent to it goes on to the bridge behind it; name who is there"
    )]
    Patch(String),
}

impl From<SourceError> for TraceError {
    fn from(error: SourceError) -> Self {
        Self::Query(QueryError::SourceUnavailable(error))
    }
}

impl Trace {
    /// Looks at the host and asks vswitchd. Nothing is sent, learnt or counted.
    ///
    /// # Errors
    /// An end that is none, or the switch cannot be asked.
    pub async fn run(&self, host: &Host) -> Result<Traced, TraceError> {
        if let Some(traced) = self.between_ends(host).await? {
            return Ok(traced);
        }
        let look = host.resolved(&question()).await;
        look.switch(SwitchSource::Ovsdb)?;
        look.switch(SwitchSource::Appctl)?;
        let from = End::find(&look, &self.source, None)?;
        let to = End::find(&look, &self.destination, Some(&from))?;
        let rows = self.ways(&self.tracer(host, &look), &from, &to).await?;
        Ok(Traced { rows, remarks: look.remarks() })
    }

    /// The same by what belongs to the two ends alone, where each is one container, or this host, and a sentence is enough:
    /// however many others there are, it takes as long. None where the whole host has to be looked at, as
    /// for who gets the packet instead.
    async fn between_ends(&self, host: &Host) -> Result<Option<Traced>, TraceError> {
        if !self.brief {
            return Ok(None);
        }
        let words = [&*self.source, &*self.destination];
        // What is known of two ends would lie in every future around this one.
        let ends = Box::pin(NarrowEnd::both(host, words, &self.kind)).await?;
        let Some(ends) = ends else { return Ok(None) };
        let needs_all = AtomicBool::new(false);
        match self.by_names(host, &ends, &needs_all).await? {
            Some(traced) => Ok(Some(traced)),
            None if needs_all.load(Ordering::Relaxed) => Ok(None),
            None => Ok(self.by_numbers(host, &ends, &needs_all).await),
        }
    }

    /// Whether the packet gets there, with ports told by name: then what the datapath calls them need not be
    /// asked for, which takes longer the more ports there are. None where a rule or a port keeps it from that,
    /// for those are told by numbers; and where a name could be taken for something else, or the other way
    /// round.
    async fn by_names(
        &self,
        host: &Host,
        ends: &[NarrowEnd; 2],
        needs_all: &AtomicBool,
    ) -> Result<Option<Traced>, TraceError> {
        let [near, far] = ends.each_ref().map(|end| {
            let sources = vec![SwitchSource::Ovsdb];
            Question { sources, ..end.narrowed(question()) }
        });
        let [near, far] = host.resolved_both(&near, &far).await;
        let from = End::find(&near, &self.source, None);
        let to = from.as_ref().ok().map(|from| End::find(&far, &self.destination, Some(from)));
        let (Ok(from), Some(Ok(to))) = (from, to) else {
            // A source that was silent for as long as is waited is not asked again.
            let silent = [&near, &far].into_iter().find_map(|look| look.wiring.timed_out());
            return silent.map_or(Ok(None), |error| Err(error.clone().into()));
        };
        if !are_met(ends, [&from, &to]) {
            return Ok(None);
        }
        let tracer = self.short_tracer(host, [&near, &far], needs_all);
        Ok(self.by_names_between(&tracer, &from, &to).await)
    }

    /// The same once both ends were found.
    async fn by_names_between(
        &self,
        tracer: &PacketTracer<'_>,
        from: &End,
        to: &End,
    ) -> Option<Traced> {
        if ![from, to].into_iter().filter_map(|end| end.port.as_ref()).all(is_told_by_name) {
            return None;
        }
        let tracer = PacketTracer { names: true, ..*tracer };
        let rows = self.ways(&tracer, from, to).await.ok()?;
        // What is not sent at all meets no rule.
        let mut ways = rows.iter().zip([from, to]);
        let is_told = ways.all(|(row, sender)| row.reaches == Some(true) || is_mute(row, sender));
        let is_told = is_told && !tracer.has_to_look_at_all();
        is_told.then(|| Traced { rows, remarks: tracer.look.remarks() })
    }

    /// The same with ports told by number.
    async fn by_numbers(
        &self,
        host: &Host,
        ends: &[NarrowEnd; 2],
        needs_all: &AtomicBool,
    ) -> Option<Traced> {
        let [near, far] = ends.each_ref().map(|end| end.narrowed(question()));
        // The datapath's ports are the same of both, and asked for once.
        let far = Question { sources: Vec::new(), ..far };
        let [near, far] = host.resolved_both(&near, &far).await;
        let from = End::find(&near, &self.source, None).ok()?;
        let to = End::find(&far, &self.destination, Some(&from)).ok()?.with_datapath_port(&near)?;
        if !are_met(ends, [&from, &to]) {
            return None;
        }
        let tracer = self.short_tracer(host, [&near, &far], needs_all);
        let rows = self.ways(&tracer, &from, &to).await.ok()?;
        let is_told = rows.iter().all(rests_on_ends_alone) && !tracer.has_to_look_at_all();
        is_told.then(|| Traced { rows, remarks: near.remarks() })
    }

    fn tracer<'a>(&'a self, host: &'a Host, look: &'a Look) -> PacketTracer<'a> {
        let (kind, brief) = (&self.kind, self.brief);
        PacketTracer { host, look, kind, brief, names: false, far: None, needs_all: None }
    }

    /// By a look at each of the two ends alone; `needs_all` is set where that does not do.
    fn short_tracer<'a>(
        &'a self,
        host: &'a Host,
        [near, far]: [&'a Look; 2],
        needs_all: &'a AtomicBool,
    ) -> PacketTracer<'a> {
        let (far, needs_all) = (Some(far), Some(needs_all));
        PacketTracer { far, needs_all, ..self.tracer(host, near) }
    }

    async fn ways(
        &self,
        tracer: &PacketTracer<'_>,
        from: &End,
        to: &End,
    ) -> Result<Vec<v1::Trace>, TraceError> {
        if from.port.is_none() {
            let link = from.link.as_ref().map(|link| link.ifindex);
            let several = link.and_then(|link| End::several(tracer.look, from.netns, link));
            return Err(several.map_or_else(
                || TraceError::NoPort(from.called.clone()),
                |several| TraceError::Several(format!("{}: {several}", from.called)),
            ));
        }
        let is_patch = |port: &SwitchPort| matches!(port.occupant, Occupant::Patch { .. });
        if to.port.as_ref().is_some_and(is_patch) {
            return Err(TraceError::Patch(to.called.clone()));
        }
        let nothing = ReplyContext::default();
        // What a trace holds while it waits is large, and all its callers would hold it too.
        let asked = Box::pin(tracer.trace(from, to, Direction::Original, nothing));
        let (row, mut before) = asked.await?;
        let mut rows = vec![row];
        if self.both {
            let answer = before.answer.take();
            let unbound = to.clone().unbound();
            let (back, there, kind) = match &answer {
                Some(ReplyEnds { from, to, kind }) => (from, to, kind),
                None => (&unbound, from, tracer.kind),
            };
            let tracer = PacketTracer { kind, ..*tracer };
            let asked = Box::pin(tracer.trace(back, there, Direction::Reply, before));
            rows.push(asked.await?.0);
        }
        Ok(rows)
    }
}

/// What is asked about everything.
fn question() -> Question {
    // Only the control socket knows datapath ports, which outputs are told by.
    let sources = vec![SwitchSource::Ovsdb, SwitchSource::Appctl];
    Question { sources, traffic: true, ..Question::default() }
}

/// Whether a port's name is told in a list of datapath actions as it is, and by nothing else.
fn is_told_by_name(at: &SwitchPort) -> bool {
    let name = &*at.port.iface;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().all(is_plain) && !name.chars().all(|c| c.is_ascii_digit())
}

/// Whether a packet is not sent at all.
fn is_mute(row: &v1::Trace, sender: &End) -> bool {
    sender.broken.is_some() && row.outcome == v1::TraceOutcome::Dropped
}

/// Whether a verdict names nothing but its two ends and rules.
fn rests_on_ends_alone(row: &v1::Trace) -> bool {
    use v1::TraceOutcome::{Delivered, Dropped, Flooded};
    matches!(row.outcome, Delivered | Dropped | Flooded)
}

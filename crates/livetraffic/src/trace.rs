//! What would become of a packet: asked of vswitchd, and judged.

mod answerers;
mod departure;
mod neighbor;
mod raw;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use departure::Departure;
use flowtext::{Annotator, Style, Tracked, is_output, parse_trace};
use host::{Host, Question, SwitchCommand};
use model::ids::Ifindex;
use model::query::QueryError;
use model::route::{Cast, Route, RouteOut, RouteQuestion, RuleKeys};
use model::switch::SwitchSource;
use model::wiring::{Occupant, SwitchPort};
use model::{Look, SourceError, Target};
use report::{PortLabels, v1};
use traffic::{
    Direction, End, EndError, LearntTables, MOST_STATES, Packet, PacketKind, ReplyPacket, Verdict,
    addresses, judge,
};

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
        if let Some(traced) = self.between_containers(host).await? {
            return Ok(traced);
        }
        let look = host.resolved(&question(None)).await;
        look.switch(SwitchSource::Ovsdb)?;
        look.switch(SwitchSource::Appctl)?;
        let from = End::find(&look, &self.source, None)?;
        let to = End::find(&look, &self.destination, Some(&from))?;
        let rows = self.ways(&self.tracer(host, &look), &from, &to).await?;
        Ok(Traced { rows, remarks: look.remarks() })
    }

    /// The same by what belongs to the two ends alone, where both are containers and a sentence is enough:
    /// however many others there are, it takes as long. None where the whole host has to be looked at, as
    /// for who gets the packet instead.
    async fn between_containers(&self, host: &Host) -> Result<Option<Traced>, TraceError> {
        let ends = container(&self.source).zip(container(&self.destination));
        let Some(ends) = ends.filter(|_| self.brief) else { return Ok(None) };
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
        ends: &(Target, Target),
        needs_all: &AtomicBool,
    ) -> Result<Option<Traced>, TraceError> {
        let sources = || vec![SwitchSource::Ovsdb];
        let near = Question { sources: sources(), ..question(Some(ends.0.clone())) };
        let far = Question { sources: sources(), ..question(Some(ends.1.clone())) };
        let [near, far] = host.resolved_both(&near, &far).await;
        let from = End::find(&near, &self.source, None);
        let to = from.as_ref().ok().map(|from| End::find(&far, &self.destination, Some(from)));
        let (Ok(from), Some(Ok(to))) = (from, to) else {
            // A source that was silent for as long as is waited is not asked again.
            let silent = [&near, &far].into_iter().find_map(|look| look.wiring.timed_out());
            return silent.map_or(Ok(None), |error| Err(error.clone().into()));
        };
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
        ends: &(Target, Target),
        needs_all: &AtomicBool,
    ) -> Option<Traced> {
        let near = question(Some(ends.0.clone()));
        // The datapath's ports are the same of both, and asked for once.
        let far = Question { sources: Vec::new(), ..question(Some(ends.1.clone())) };
        let [near, far] = host.resolved_both(&near, &far).await;
        let from = End::find(&near, &self.source, None).ok()?;
        let to = End::find(&far, &self.destination, Some(&from)).ok()?.with_datapath_port(&near)?;
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

/// What is asked of the host, or of one container.
fn question(target: Option<Target>) -> Question {
    // Only the control socket knows datapath ports, which outputs are told by.
    let sources = vec![SwitchSource::Ovsdb, SwitchSource::Appctl];
    Question { target, sources, traffic: true, ..Question::default() }
}

/// The container that a word names if it names one by name or id alone.
fn container(word: &str) -> Option<Target> {
    let is_other = word.contains(':') || word.parse::<IpAddr>().is_ok();
    (!is_other).then(|| Target::from(word))
}

/// Whether a port's name is told in a list of datapath actions as it is, and by nothing else.
fn is_told_by_name(at: &SwitchPort) -> bool {
    let name = &*at.port.iface;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().all(is_plain) && !name.chars().all(|c| c.is_ascii_digit())
}

/// Whether a list of datapath actions has a word that is an action, and may be the name of a port as well:
/// `pop_vlan` is either.
fn is_ambiguous(actions: &str) -> bool {
    let ends = [',', '(', ')'];
    let words = actions.split_inclusive(ends).filter(|word| !word.ends_with('('));
    { words }.any(|word| !is_output(word.trim_end_matches(ends)))
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

/// What a packet left behind that an answer to it meets.
#[derive(Debug, Default)]
struct ReplyContext {
    /// What conntrack knows of its connection, in which zones; none where that is not known.
    committed: Option<Vec<Tracked>>,
    /// Whether its sender asked for the MAC of its receiver, which learnt the sender's by that.
    asked: bool,
    /// The tables that it, and what was sent before it, add flows to.
    learnt: LearntTables,
    /// What answers it; none where that is not known.
    answer: Option<ReplyEnds>,
    /// Why that may be another packet.
    doubt: Option<String>,
}

/// The answer to a packet as it arrived: from the address and port that it bore then, to the one that it came
/// from.
#[derive(Debug)]
struct ReplyEnds {
    from: End,
    to: End,
    kind: PacketKind,
}

impl ReplyContext {
    /// What there is to an answer to `packet`, which `sender` sent to `target`; of what is not answered just from
    /// where to where it would go.
    fn answered(
        kind: &PacketKind,
        (sender, to): (&End, &End),
        packet: &Packet,
        target: IpAddr,
        verdict: Option<&Verdict>,
    ) -> Self {
        let arrived = verdict.map_or(&[][..], |verdict| &verdict.arrived);
        let committed = verdict.map(|verdict| verdict.committed.clone());
        let Some(answered) = ReplyPacket::new(kind, packet, target, arrived) else {
            return Self { committed, ..Self::default() };
        };
        let answer = ReplyEnds {
            from: to.clone().unbound().with_address(answered.target),
            to: sender.clone().with_address(answered.source),
            kind: answered.kind,
        };
        Self { committed, answer: Some(answer), doubt: answered.doubt, ..Self::default() }
    }
}

#[derive(Clone, Copy)]
struct PacketTracer<'a> {
    host: &'a Host,
    look: &'a Look,
    kind: &'a PacketKind,
    brief: bool,
    names: bool,
    /// The look at the other end, where each end was looked at alone.
    far: Option<&'a Look>,
    /// Where only the ends were looked at, whether the verdict rests on others.
    needs_all: Option<&'a AtomicBool>,
}

impl PacketTracer<'_> {
    fn has_to_look_at_all(&self) -> bool {
        self.needs_all.is_some_and(|needs| needs.load(Ordering::Relaxed))
    }

    /// One way; through a gateway its first part, and what follows where that is known. Of an answer
    /// `before` tells what it answers; the same is told of this way.
    async fn trace(
        &self,
        from: &End,
        to: &End,
        direction: Direction,
        before: ReplyContext,
    ) -> Result<(v1::Trace, ReplyContext), SourceError> {
        if let PacketKind::Raw(words) = self.kind {
            let mut learnt = before.learnt;
            let packet = Packet { learnt: learnt.clone(), ..Packet::raw(words, from) };
            let (verdict, text) = self.raw_leg(&packet, from, to).await?;
            learnt.add(&verdict.rules);
            let row = v1::Trace::new(from, to, packet.text, &verdict, text);
            return Ok((row, ReplyContext { learnt, ..ReplyContext::default() }));
        }
        let told = |verdict: &Verdict| {
            let row = v1::Trace::new(from, to, String::new(), verdict, String::new());
            (row, ReplyContext::default())
        };
        let unknown = |why: String| Ok(told(&Verdict::unknown(vec![why])));
        let target = match addresses(from, to) {
            Ok((_, target)) => target,
            Err(error) => return unknown(error.to_string()),
        };
        let (route, rules) = self.route(from, target, direction)?;
        let by_rules = self.kind.rules_doubt(direction, rules, &from.called);
        let out = match route {
            Route::Out(out) => out,
            // Who asks for an address by hand is not stopped by routes.
            _ if *self.kind == PacketKind::Arp => on_link(from),
            Route::Local => return Ok(told(&Verdict::kept(from, to, target))),
            Route::Refused { why } => {
                let refused = || Verdict::refused(from, target, &why);
                let verdict = by_rules.map_or_else(refused, |why| Verdict::unknown(vec![why]));
                return Ok(told(&verdict));
            }
        };
        let is_by = |end: &End| end.link.as_ref().is_some_and(|link| link.ifindex == out.ifindex);
        let other =
            if is_by(from) { None } else { Some(from.by_interface(self.look, out.ifindex)) };
        // An address that was bound to is answered where it is, by whatever link it was sent.
        let sender = match &other {
            Some(Some(other)) if from.bound_to.is_none() => other,
            _ => from,
        };
        let from = match &other {
            None => from,
            Some(Some(other)) => other,
            Some(None) => {
                let by = link_name(self.look, from, out.ifindex);
                let several = End::several(self.look, from.netns, out.ifindex);
                let from = &from.called;
                return unknown(several.map_or_else(
                    || format!("{from} sends it by {by}, which is on no port of a bridge"),
                    |several| format!("{from} sends it by {by}, and {several}"),
                ));
            }
        };
        let gateway = out.gateway.map(|gateway| End::of_address(self.look, gateway, Some(from)));
        let gateway = gateway.as_ref();
        let doubt = before.doubt.clone().or(by_rules);
        let departure = Departure { sender, from, to, target, out, gateway, direction, doubt };
        self.leaves(departure, before).await
    }

    /// What the kernel of the sender does with what is for `to`. Only that knows: there are rules, tables,
    /// routes of many types, and what it has learnt of its neighbours.
    fn route(
        &self,
        from: &End,
        to: IpAddr,
        direction: Direction,
    ) -> Result<(Route, RuleKeys), SourceError> {
        let (Some(netns), Some(link)) = (from.netns, &from.link) else {
            return Ok((Route::Out(on_link(from)), RuleKeys::default()));
        };
        let own = Some(link.ifindex);
        let transport = self.kind.transport(direction, to);
        let ask = |by: Option<Ifindex>| {
            let asked = RouteQuestion { to, from: from.bound_to, by, transport };
            self.host.route(&self.look.snapshot, netns, &asked)
        };
        // A link-local address is one of a link's, and each link has its own of them.
        if is_link_local(to) {
            return ask(own);
        }
        // Who is bound to a link is asked about by that: rules of `oif` and a VRF give it routes of its own, and by
        // IPv4 it takes what no route leads to for a neighbour. An address of the namespace is that whichever link
        // has it, which the kernel does not look for of a bound one.
        let unbound = ask(None)?;
        if from.is_bound && unbound.0 != Route::Local { ask(own) } else { Ok(unbound) }
    }

    /// Asks vswitchd, and judges what it says.
    async fn leg(
        &self,
        kind: &PacketKind,
        packet: &Packet,
        from: &End,
        to: &End,
    ) -> Result<(Verdict, String), SourceError> {
        let said = self.ask(packet, from).await?;
        Ok(self.judged(kind, packet, (from, to), &said))
    }

    /// What vswitchd says of a packet.
    async fn ask(&self, packet: &Packet, from: &End) -> Result<String, SourceError> {
        let bridge = from.bridge().map_or("", |bridge| &**bridge);
        // Each recirculation takes one; no more are asked for than vswitchd takes.
        let ct_states = [packet.ct_state; MOST_STATES];
        let (packet, names) = (&*packet.text, self.names);
        self.host
            .ask_vswitchd(SwitchCommand::Trace { bridge, packet, ct_states: &ct_states, names })
            .await
    }

    /// The verdict by what vswitchd says, and that with who is on each port.
    fn judged(
        &self,
        kind: &PacketKind,
        packet: &Packet,
        (from, to): (&End, &End),
        said: &str,
    ) -> (Verdict, String) {
        let verdict = self.verdict(kind, packet, (from, to), &parse_trace(said));
        // A long flood is long to annotate.
        let bridge = from.bridge().map_or("", |bridge| &**bridge);
        let text = if self.brief { String::new() } else { self.annotated(said, bridge) };
        (verdict, text)
    }

    fn verdict(
        &self,
        kind: &PacketKind,
        packet: &Packet,
        (from, to): (&End, &End),
        trace: &flowtext::Trace,
    ) -> Verdict {
        let mut actions = trace.passes.iter().filter_map(|pass| pass.datapath_actions.as_deref());
        if self.names && actions.any(is_ambiguous) {
            return Verdict::unknown(vec!["a name may be an action".to_owned()]);
        }
        let as_read =
            matches!(kind, PacketKind::Raw(_)).then(|| packet.clone().as_read(&trace.flow));
        let packet = as_read.as_ref().unwrap_or(packet);
        match by_another_port(&trace.flow, from) {
            Some(why) => Verdict::unknown(vec![why]),
            None => judge(self.look, kind, packet, from, to, trace),
        }
    }

    fn annotated(&self, text: &str, bridge: &str) -> String {
        let labels = PortLabels::new(self.look, Some(bridge));
        let mut annotator = Annotator::new(labels, Style::default());
        let mut out = Vec::new();
        annotator.push(text.as_bytes(), &mut out);
        annotator.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// That the packet comes in by a port that is not the sender's, as a user's words may have it.
fn by_another_port(flow: &str, from: &End) -> Option<String> {
    let mut fields = flow.split(',').filter_map(|word| word.split_once('='));
    let (_, port) = fields.find(|(name, _)| *name == "in_port")?;
    let bridge = from.bridge()?;
    (!from.is_port(port)).then(|| {
        format!(
            "the packet comes in by port {port}, where {} is not: trace {bridge}:{port}",
            from.called
        )
    })
}

/// As if the destination were on the link of the sender.
fn on_link(from: &End) -> RouteOut {
    let ifindex = from.link.as_ref().map_or_else(Ifindex::default, |link| link.ifindex);
    RouteOut { ifindex, gateway: None, source: None, cast: Cast::Unicast, neighbor: None }
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// The name of a link beside that of `end`, or its index.
fn link_name(look: &Look, end: &End, ifindex: Ifindex) -> String {
    let space = end.netns.and_then(|netns| look.snapshot.namespace(netns));
    let mut links = space.into_iter().flat_map(|space| &space.links);
    let found = links.find(|link| link.ifindex == ifindex);
    found.map_or_else(|| format!("link {ifindex}"), |link| link.name.to_string())
}

//! One packet, from where it leaves to its verdict: its sender's kernel is asked for the way, and vswitchd for the rest.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use flowtext::{Annotator, Style, Tracked, is_output, parse_trace};
use host::{Host, SwitchCommand};
use model::ids::Ifindex;
use model::route::{Cast, Route, RouteOut, RouteQuestion, RuleKeys, SendSettings};
use model::{Look, SourceError};
use report::{PortLabels, v1};
use traffic::{
    Direction, End, LearntTables, MOST_STATES, Packet, PacketKind, ReplyPacket, Verdict, addresses,
    judge,
};

use super::departure::Departure;

/// What a packet left behind that an answer to it meets.
#[derive(Debug, Default)]
pub(super) struct ReplyContext {
    /// What conntrack knows of its connection, in which zones; none where that is not known.
    pub(super) committed: Option<Vec<Tracked>>,
    /// Whether its sender asked for the MAC of its receiver, which learnt the sender's by that.
    pub(super) asked: bool,
    /// The tables that it, and what was sent before it, add flows to.
    pub(super) learnt: LearntTables,
    /// What answers it; none where that is not known.
    pub(super) answer: Option<ReplyEnds>,
    /// Why that may be another packet.
    pub(super) doubt: Option<String>,
    /// Whether it asked for ECN: an answer has that alone where it did.
    pub(super) asks_ecn: bool,
}

/// The answer to a packet as it arrived: from the address and port that it bore then, to the one that it came
/// from.
#[derive(Debug)]
pub(super) struct ReplyEnds {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) kind: PacketKind,
}

impl ReplyContext {
    /// What there is to an answer to `packet`, which `sender` sent to `target`; of what is not answered just from
    /// where to where it would go.
    pub(super) fn answered(
        kind: &PacketKind,
        (sender, to): (&End, &End),
        packet: &Packet,
        target: IpAddr,
        verdict: Option<&Verdict>,
    ) -> Self {
        let arrived = verdict.map_or(&[][..], |verdict| &verdict.arrived);
        let committed = verdict.map(|verdict| verdict.committed.clone());
        let asks_ecn = packet.asks_ecn();
        let Some(answered) = ReplyPacket::new(kind, packet, target, arrived) else {
            return Self { committed, asks_ecn, ..Self::default() };
        };
        let answer = ReplyEnds {
            from: to.clone().unbound().with_address(answered.target),
            to: sender.clone().with_address(answered.source),
            kind: answered.kind,
        };
        let (answer, doubt) = (Some(answer), answered.doubt);
        Self { committed, answer, doubt, asks_ecn, ..Self::default() }
    }
}

/// What one packet is traced by.
#[derive(Clone, Copy)]
pub(super) struct PacketTracer<'a> {
    pub(super) host: &'a Host,
    pub(super) look: &'a Look,
    pub(super) kind: &'a PacketKind,
    pub(super) brief: bool,
    pub(super) names: bool,
    /// The look at the other end, where each end was looked at alone.
    pub(super) far: Option<&'a Look>,
    /// Where only the ends were looked at, whether the verdict rests on others.
    pub(super) needs_all: Option<&'a AtomicBool>,
}

impl PacketTracer<'_> {
    pub(super) fn has_to_look_at_all(&self) -> bool {
        self.needs_all.is_some_and(|needs| needs.load(Ordering::Relaxed))
    }

    /// One way; through a gateway its first part, and what follows where that is known. Of an answer
    /// `before` tells what it answers; the same is told of this way.
    pub(super) async fn trace(
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
        let mut out = match route {
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
        if out.sending.wraps && *self.kind != PacketKind::Arp {
            let from = &from.called;
            return unknown(format!(
                "a route of {from} puts it into another packet (`encap` of ip-route(8))"
            ));
        }
        if direction == Direction::Reply {
            out.sending.asks_ecn = before.asks_ecn;
        }
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
    pub(super) fn route(
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
    pub(super) async fn leg(
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
    pub(super) async fn ask(&self, packet: &Packet, from: &End) -> Result<String, SourceError> {
        let bridge = from.bridge().map_or("", |bridge| &**bridge);
        // Each recirculation takes one; no more are asked for than vswitchd takes.
        let ct_states = [packet.ct_state; MOST_STATES];
        let (packet, names) = (&*packet.text, self.names);
        self.host
            .ask_vswitchd(SwitchCommand::Trace { bridge, packet, ct_states: &ct_states, names })
            .await
    }

    /// The verdict by what vswitchd says, and that with who is on each port.
    pub(super) fn judged(
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

    pub(super) fn verdict(
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

    pub(super) fn annotated(&self, text: &str, bridge: &str) -> String {
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

/// Whether a list of datapath actions has a word that is an action, and may be the name of a port as well:
/// `pop_vlan` is either.
fn is_ambiguous(actions: &str) -> bool {
    let ends = [',', '(', ')'];
    let words = actions.split_inclusive(ends).filter(|word| !word.ends_with('('));
    { words }.any(|word| !is_output(word.trim_end_matches(ends)))
}

/// As if the destination were on the link of the sender.
pub(super) fn on_link(from: &End) -> RouteOut {
    let ifindex = from.link.as_ref().map_or_else(Ifindex::default, |link| link.ifindex);
    RouteOut {
        ifindex,
        gateway: None,
        source: None,
        cast: Cast::Unicast,
        neighbor: None,
        sending: SendSettings::default(),
    }
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

//! What becomes of a packet, by what `ofproto/trace` says.

mod answering;
mod chosen;
mod doubts;
mod hearers;
mod learnt_macs;
mod marked;
mod port_output;
mod refusal;
mod reply_packet;
mod returned;
mod way;

use std::net::IpAddr;

use flowtext::{Header, Output, Rule, Trace, Tracked};
use model::Look;

use crate::end::End;
use crate::learnt::switches;
use crate::packet::{Packet, PacketKind};
use crate::passed_on::passed_on;
use crate::port_word::PortWord;
pub use answering::Answering;
pub use hearers::{ByLocal, Hearer, Hearers, Holder, hearers};
pub use port_output::PortOutput;
use port_output::{is_port, outputs, port_of, same_datapath};
pub use reply_packet::ReplyPacket;
pub use returned::ReturnedCopy;
use way::PacketPath;

/// Of so many recirculations vswitchd is told the state that conntrack gives them.
pub const MOST_STATES: usize = 8;

/// What becomes of it, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The destination gets it, and nothing else was searched for.
    Delivered,
    /// It is sent to all, as it is not known where the destination is; that gets it too.
    Flooded,
    /// It leaves by other ports only, or so that the destination does not take it.
    Elsewhere,
    /// It leaves this host by a tunnel.
    Tunnel,
    /// It leaves this host by a link of the host.
    Uplink,
    /// It is sent to a controller, which decides.
    Controller,
    /// It leaves by no port.
    Dropped,
    /// It cannot be known.
    Unknown,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// In a sentence, without its end.
    pub sentence: String,
    /// Why it is not known, or what else there is to say.
    pub reasons: Vec<String>,
    /// The rules that it met, in order.
    pub rules: Vec<Rule>,
    /// The ports that it leaves by.
    pub outputs: Vec<PortOutput>,
    /// What conntrack is told to keep of its connection, in which zones.
    pub committed: Vec<Tracked>,
    /// The copies of it that the destination gets, for all that is known.
    pub arrived: Vec<Header>,
    /// The copy that the sender gets, written for its own MAC, as a rule makes one that answers by itself.
    pub returned: Option<ReturnedCopy>,
}

impl Verdict {
    /// Whether the destination gets it; none where that is not known.
    pub fn reaches(&self) -> Option<bool> {
        match self.outcome {
            Outcome::Delivered | Outcome::Flooded => Some(true),
            Outcome::Elsewhere | Outcome::Dropped | Outcome::Tunnel | Outcome::Uplink => {
                Some(false)
            }
            Outcome::Controller | Outcome::Unknown => None,
        }
    }

    /// That a packet to `target` does not leave the network namespace that it comes from.
    pub fn kept(from: &End, to: &End, target: IpAddr) -> Self {
        let is_there = to.port.is_none() || from.netns == to.netns;
        let (outcome, sentence) = if is_there {
            let told = format!(
                "delivered without the switch: {target} is an address of {}'s own network namespace",
                from.called
            );
            (Outcome::Delivered, told)
        } else {
            let told = format!(
                "kept by {}, whose own network namespace has {target}: not sent to {}",
                from.called, to.called
            );
            (Outcome::Elsewhere, told)
        };
        Self::of_sender(outcome, sentence, Vec::new())
    }

    /// That the sender's kernel does not send a packet to `target`, and why.
    pub fn refused(from: &End, target: IpAddr, why: &str) -> Self {
        let told = format!("not sent: the kernel of {} refuses {target}, as {why}", from.called);
        Self::of_sender(Outcome::Dropped, told, Vec::new())
    }

    /// That it cannot be known, and why.
    pub fn unknown(reasons: Vec<String>) -> Self {
        let why = reasons.first().cloned().unwrap_or_default();
        Self::of_sender(Outcome::Unknown, format!("cannot be known: {why}"), reasons)
    }

    /// The same where it cannot be known, and why.
    #[must_use]
    pub fn not_known(self, why: String) -> Self {
        let Self { outcome, sentence, reasons, .. } = Self::unknown(vec![why]);
        Self { outcome, sentence, reasons, ..self }
    }

    /// What is told without asking the switch.
    fn of_sender(outcome: Outcome, sentence: String, reasons: Vec<String>) -> Self {
        let (rules, outputs, committed, arrived) = Default::default();
        Self { outcome, sentence, reasons, rules, outputs, committed, arrived, returned: None }
    }
}

/// Judges the trace of `packet`, of `kind`, from `from` to `to`.
pub fn judge(
    look: &Look,
    kind: &PacketKind,
    packet: &Packet,
    from: &End,
    to: &End,
    trace: &Trace,
) -> Verdict {
    let way = PacketPath::of(packet, trace);
    let rules: Vec<_> = trace.passes.iter().flat_map(|pass| pass.rules.iter().cloned()).collect();
    let outputs: Vec<_> = way.outputs.iter().map(|output| outputs(look, from, output)).collect();
    let judged = Judged { look, kind, packet, from, to, trace, way: &way };
    let (outcome, sentence, reasons) = judged.outcome(&outputs, &rules);
    let (arrived, returned) = (judged.arrived(), ReturnedCopy::of(packet, from, &way.outputs));
    let committed = way.committed;
    Verdict { outcome, sentence, reasons, rules, outputs, committed, arrived, returned }
}

struct Judged<'a> {
    look: &'a Look,
    kind: &'a PacketKind,
    packet: &'a Packet,
    from: &'a End,
    to: &'a End,
    trace: &'a Trace,
    way: &'a PacketPath,
}

type Judgement = (Outcome, String, Vec<String>);

impl Judged<'_> {
    fn outcome(&self, outputs: &[PortOutput], rules: &[Rule]) -> Judgement {
        let joined = self.joined();
        let doubts: Vec<_> = joined.iter().cloned().chain(self.doubts()).collect();
        if let Some(why) = self.from.broken.as_ref().filter(|_| joined.is_none()) {
            let told = format!("not sent: {why}");
            return (Outcome::Dropped, told, doubts);
        }
        let here: Vec<_> =
            self.way.outputs.iter().filter(|output| self.is_destination(output)).collect();
        let refusals: Vec<_> = here.iter().map(|output| self.refusal(output)).collect();
        let arrives = refusals.iter().any(Option::is_none);
        let uncertain = |why: Vec<String>| {
            let first = why.first().cloned().unwrap_or_default();
            (Outcome::Unknown, format!("cannot be known: {first}"), why)
        };
        if !doubts.is_empty() {
            return uncertain(doubts);
        }
        if arrives {
            return self
                .tentative(&here)
                .or_else(|| self.moved(&here))
                .map_or_else(|| self.arrival(outputs), |why| uncertain(vec![why]));
        }
        let (sure, unsure): (Vec<_>, Vec<_>) =
            refusals.into_iter().flatten().partition(|why| why.certain);
        let unsure = unsure.into_iter().map(|why| why.text);
        let unsure: Vec<_> = unsure.chain(self.untold(outputs)).collect();
        if !unsure.is_empty() {
            return uncertain(unsure);
        }
        // Whatever else gets a copy of it.
        if self.way.controller {
            let told = "sent to the controller, which decides".to_owned();
            return (Outcome::Controller, told, Vec::new());
        }
        let moved = || self.packet.learnt.moved(self.trace, self.packet.eth_dst?, None);
        if let Some(why) = self.passed_on().or_else(moved) {
            return uncertain(vec![why]);
        }
        if let Some(why) = sure.first() {
            let told =
                format!("reaches port {} of {}, but {}", self.port(), self.to.called, why.text);
            return (Outcome::Elsewhere, told, Vec::new());
        }
        self.elsewhere(outputs, rules)
    }

    /// Why it may arrive by who gets it instead. What is for all outside gets there as it is; and who carries a tunnel's
    /// packet outside passes that on to the tunnel's end.
    fn passed_on(&self) -> Option<String> {
        let is_outside = self.to.port.is_none();
        let is_flood = is_outside && is_group(self.packet.eth_dst);
        if is_flood {
            return None;
        }
        let is_there = |output: &&Output| !is_outside || output.header.tunnel.is_none();
        let mut outputs = self.way.outputs.iter().filter(is_there);
        outputs.find_map(|output| {
            let port = port_of(self.look, self.from, output)?;
            // What the destination itself routes does not come to it.
            let target = self.packet.ip_dst.filter(|_| !self.is_destination(output));
            passed_on(self.look, port, &output.header, target)
        })
    }

    /// That what arrives is for an address that the destination's kernel may not take packets for, or that it is asked for
    /// and does not tell.
    fn tentative(&self, here: &[&Output]) -> Option<String> {
        let is_tentative = |ip: &IpAddr| self.to.tentative.contains(ip);
        let mut written = here.iter().filter_map(|one| one.header.ip_dst);
        let ip = written.find(is_tentative);
        let ip = ip.or_else(|| self.packet.message.target_ip.filter(is_tentative))?;
        Some(format!(
            "{ip} is tentative at {}, or another one has it as well (`ip address` there tells): Linux takes nothing \
             for such an address",
            self.to.called
        ))
    }

    /// That what arrives does so by a place in a MAC table that the bridge learns anew before: by an earlier packet, or by
    /// this one itself, which bears the MAC of the destination as its source. `NORMAL` learns first and then looks
    /// where to send (`xlate_normal` of ofproto/ofproto-dpif-xlate.c).
    fn moved(&self, here: &[&Output]) -> Option<String> {
        let mut rules = self.trace.passes.iter().flat_map(|pass| &pass.rules);
        let learns = rules.any(switches);
        let is_own = |header: &Header| header.eth_src == Some(header.eth_dst);
        if let Some(one) = here.iter().find(|one| learns && is_own(&one.header)) {
            let mac = model::ids::Mac(one.header.eth_dst);
            return Some(format!(
                "it has {mac} as its source too, and NORMAL learns from that where {mac} is, which a trace does not"
            ));
        }
        let written = here.iter().map(|one| one.header.eth_dst);
        let mut macs = self.packet.eth_dst.into_iter().chain(written);
        macs.find_map(|mac| self.packet.learnt.moved(self.trace, mac, Some(self.to)))
    }

    /// Where the packet is taken in ways that are not followed: it may arrive by them, unless a copy of it does so
    /// anyway. A word that is no port of the datapath is an action that is not known, and where the number of the
    /// destination's port is not known, it may be one that is no other port's.
    fn untold(&self, outputs: &[PortOutput]) -> Vec<String> {
        let is_known = match &self.to.port {
            Some(port) => port.port.dp_port.is_some() || self.to.broken.is_some(),
            None => true,
        };
        let why = |word: &str| match PortWord::of_datapath(word) {
            PortWord::Name(_) => Some(format!("{word} is no action and no port that is known")),
            PortWord::Number(_) if is_known => None,
            PortWord::Number(_) => {
                Some(format!("datapath port {word} may be the one of {}", self.to.called))
            }
        };
        let unknown = outputs.iter().filter(|one| one.bridge.is_none());
        let unknown = unknown.filter_map(|one| why(&one.dp_port));
        self.way.untold.iter().cloned().chain(unknown).collect()
    }

    fn is_tcp(&self) -> bool {
        match self.kind {
            PacketKind::Tcp(_) => true,
            PacketKind::Raw(_) => matches!(self.flow(), "tcp" | "tcp6"),
            PacketKind::Udp(_) | PacketKind::Icmp | PacketKind::Arp => false,
        }
    }

    /// Whether it is a message of neighbour discovery: of these types of ICMPv6 (RFC 4861, section 4).
    fn is_neighbor_discovery(&self) -> bool {
        let mut fields = self.trace.flow.split(',').filter_map(|word| word.trim().split_once('='));
        match self.kind {
            PacketKind::Arp => self.packet.ip_src.is_some_and(|ip| ip.is_ipv6()),
            PacketKind::Raw(_) => {
                let kind = fields.find(|(name, _)| matches!(*name, "icmp_type" | "icmpv6_type"));
                let kind = kind.and_then(|(_, kind)| kind.parse::<u8>().ok());
                self.flow() == "icmp6" && kind.is_some_and(|kind| (133..=137).contains(&kind))
            }
            PacketKind::Tcp(_) | PacketKind::Udp(_) | PacketKind::Icmp => false,
        }
    }

    /// What kind of packet vswitchd reads.
    fn flow(&self) -> &str {
        self.trace.flow.split(',').next().unwrap_or_default()
    }

    fn is_destination(&self, output: &Output) -> bool {
        let Some(port) = self.to.port.as_ref() else { return false };
        is_port(output, port) && same_datapath(self.look, self.from, port)
    }

    fn arrived(&self) -> Vec<Header> {
        let here = self.way.outputs.iter().filter(|output| self.is_destination(output));
        let taken = here.filter(|output| !self.refusal(output).is_some_and(|why| why.certain));
        taken.map(|output| output.header.clone()).collect()
    }

    fn port(&self) -> String {
        self.to.port.as_ref().map(crate::end::number).unwrap_or_default()
    }

    fn arrival(&self, outputs: &[PortOutput]) -> Judgement {
        let floods = self.trace.passes.iter().flat_map(|pass| &pass.remarks);
        let flooding = floods.filter(|remark| remark.contains("flooding")).count() > 0;
        let bridge = self.to.bridge().map_or("", |bridge| &**bridge);
        if flooding && outputs.len() > 1 {
            let told = format!("flooded to {} ports, {} among them", outputs.len(), self.to.called);
            return (Outcome::Flooded, told, Vec::new());
        }
        let told = format!("delivered to {} on port {} of {bridge}", self.to.called, self.port());
        (Outcome::Delivered, told, Vec::new())
    }

    /// Where it goes instead.
    fn elsewhere(&self, outputs: &[PortOutput], rules: &[Rule]) -> Judgement {
        // A name may have a comma in it, as `veth1, host` has.
        let names = |all: &[&PortOutput]| {
            let told: Vec<_> = all.iter().take(4).map(|one| one.who.as_str()).collect();
            let more = all.len().saturating_sub(told.len());
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            told.join("; ") + &more
        };
        // Where the destination is not on this host, what leaves may reach it.
        let outside = self.to.port.is_none();
        let tunnels: Vec<_> = outputs.iter().filter(|one| one.tunnel.is_some()).collect();
        let unsure: Vec<_> = outputs.iter().filter_map(|one| one.doubt.clone()).collect();
        if let Some(first) = tunnels.first() {
            let remote = first.tunnel.clone().unwrap_or_default();
            let to = match &first.tunnel_host {
                Some(host) => format!("host {host} ({remote})"),
                None => remote,
            };
            let told = format!("leaves by the tunnel to {to}");
            return beyond(Outcome::Tunnel, told, outside);
        }
        if let Some(link) = outputs.iter().find_map(|one| one.uplink.as_deref()) {
            return beyond(Outcome::Uplink, format!("leaves by the uplink {link}"), outside);
        }
        let all: Vec<_> = outputs.iter().collect();
        if outside && !all.is_empty() && is_group(self.packet.eth_dst) {
            let told = format!("flooded to {} ports: {}", all.len(), names(&all));
            return (Outcome::Flooded, told, unsure);
        }
        if let Some(why) = unsure.first().filter(|_| outside) {
            return (Outcome::Unknown, format!("cannot be known: {why}"), unsure.clone());
        }
        if !all.is_empty() {
            let told = match all.as_slice() {
                [only] => format!("delivered to {}, not to {}", only.who, self.to.called),
                several => format!(
                    "sent to {} ports ({}), not to {}",
                    several.len(),
                    names(several),
                    self.to.called
                ),
            };
            return (Outcome::Elsewhere, told, self.warnings());
        }
        let error = self.trace.passes.iter().find_map(|pass| pass.errors.first());
        let told = match (dropped_by(rules), error) {
            (by, Some(error)) => format!("{by}: {error}"),
            (by, None) => by,
        };
        (Outcome::Dropped, told, self.warnings())
    }

    /// What vswitchd says of its own accord.
    fn warnings(&self) -> Vec<String> {
        let passes = self.trace.passes.iter();
        passes.flat_map(|pass| pass.errors.iter().chain(&pass.warnings).cloned()).collect()
    }
}

/// Whether a MAC is of several: the lowest bit of its first byte (IEEE 802, section 8.2).
fn is_group(mac: Option<[u8; 6]>) -> bool {
    mac.is_some_and(|mac| mac.first().is_some_and(|first| first & 1 == 1))
}

/// It leaves this host: whether it arrives is not known where the destination is outside.
fn beyond(outcome: Outcome, told: String, outside: bool) -> Judgement {
    if outside {
        let why = format!("{told}; what becomes of it there is not known");
        return (Outcome::Unknown, why.clone(), vec![why]);
    }
    (outcome, told, Vec::new())
}

/// The rule that the packet met last.
fn dropped_by(rules: &[Rule]) -> String {
    let Some(rule) = rules.last() else { return "dropped before any table".to_owned() };
    let on = format!("table {} of {}", rule.table, rule.bridge);
    match &rule.matches {
        Some(matches) => {
            let comma = if matches.is_empty() { "" } else { "," };
            format!("dropped by {on}, priority={}{comma}{matches}", rule.priority)
        }
        None => format!("dropped by {on}, where no flow fits"),
    }
}

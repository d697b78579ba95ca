//! What becomes of a packet once the kernel of its sender sends it: by itself, or by way of a gateway.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use flowtext::{Tracked, parse_trace};
use futures_util::future::try_join_all;
use model::SourceError;
use model::ids::Mac;
use model::route::{Cast, RouteOut};
use report::v1;
use traffic::{Direction, End, LearntTables, Outcome, Packet, PacketError, PacketKind, Verdict};

use super::mac_question::MacResolution;
use super::neighbor::Learning;
use super::tracer::{PacketTracer, ReplyContext};

/// A packet that the kernel of its sender sends.
pub(super) struct Departure<'a> {
    /// The end that an answer goes to.
    pub(super) sender: &'a End,
    /// The end by whose interface it leaves.
    pub(super) from: &'a End,
    pub(super) to: &'a End,
    /// The address that it is for.
    pub(super) target: IpAddr,
    pub(super) out: RouteOut,
    /// The next hop, where that is another one.
    pub(super) gateway: Option<&'a End>,
    pub(super) direction: Direction,
    /// Why it may be another packet, or be sent otherwise.
    pub(super) doubt: Option<String>,
}

/// What becomes of a packet that is sent to one MAC.
struct Sent {
    verdict: Verdict,
    /// What vswitchd says of it, with who is on each port.
    text: String,
    packet: Packet,
    /// What vswitchd says of it.
    said: String,
    /// Whether a gateway decides.
    is_routed: bool,
}

impl PacketTracer<'_> {
    /// What becomes of what the sender's kernel sends; with it what an answer to that meets.
    pub(super) async fn leaves(
        &self,
        way: Departure<'_>,
        before: ReplyContext,
    ) -> Result<(v1::Trace, ReplyContext), SourceError> {
        let Departure { sender, from, to, target, ref out, gateway, .. } = way;
        let next = gateway.unwrap_or(to);
        let mut learnt = before.learnt;
        // In the short look a gateway may be missing, and nothing is known of what is sent there.
        let is_seen = !self.names || next.mac.is_some() || next.port.is_some();
        let asks = is_seen && !before.asked && self.has_to_ask(from, out);
        let Learning { told: resolves, heard, rests_on_others } = if asks {
            Box::pin(self.learns((from, to), out, gateway, &mut learnt)).await?
        } else {
            Learning::default()
        };
        let mut reasons: Vec<_> = learnt_mac(out, from, next).into_iter().collect();
        let own = own_for_all(self.kind, from, out);
        if own.is_some() {
            reasons.push(format!("{} does no ARP: it sends to its own MAC", from.called));
        }
        let told_by_rule = match resolves {
            MacResolution::ByAnother { mac, .. } => Some(mac),
            _ => None,
        };
        let out = RouteOut { neighbor: told_by_rule.or(own).or(out.neighbor), ..out.clone() };
        let way = Departure { out, ..way };
        let context = (before.committed.as_ref(), &learnt);
        let sent = match &resolves {
            MacResolution::ByLinks { ends, why, is_sure } => {
                self.sent_to_any(&way, (ends, why, *is_sure), context).await?
            }
            _ => self.sent(&way, None, context).await?,
        };
        let Sent { mut verdict, text, packet, said, is_routed } = match sent {
            Ok(sent) => sent,
            Err(PacketError(why)) => {
                let verdict = Verdict::unknown(vec![why]);
                let row = v1::Trace::new(from, to, String::new(), &verdict, String::new());
                return Ok((row, ReplyContext::default()));
            }
        };
        learnt.add(&verdict.rules);
        learnt.add_mac(&verdict, from);
        let is_blind = verdict.reaches() == Some(false) && !rests_on_mac(&verdict, &said);
        if let Some(needs_all) = self.needs_all.filter(|_| rests_on_others && !is_blind) {
            needs_all.store(true, Ordering::Relaxed);
        }
        verdict.reasons.extend(reasons);
        match (resolves, verdict.reaches()) {
            (MacResolution::Dropped { verdict, packet, text }, None | Some(true)) => {
                let row = v1::Trace::new(from, to, packet, &verdict, text);
                return Ok((row, ReplyContext { learnt, ..ReplyContext::default() }));
            }
            (MacResolution::ByAnother { why, .. }, Some(true)) => verdict.reasons.push(why),
            (MacResolution::Unknown(why) | MacResolution::AnotherMay { why, .. }, Some(true)) => {
                verdict = verdict.not_known(why);
            }
            // Another one's MAC may lead there, where this one does not.
            (MacResolution::AnotherMay { why, is_possible: true }, Some(false))
                if to.broken.is_none() && rests_on_mac(&verdict, &said) =>
            {
                verdict = verdict.not_known(why);
            }
            _ => {}
        }
        // What does not arrive is not answered; what becomes of it behind a gateway is not traced.
        let is_answered = !is_routed && verdict.reaches() != Some(false);
        let answered = Some(&verdict).filter(|_| is_answered);
        let answered = ReplyContext::answered(self.kind, (sender, to), &packet, target, answered);
        let asked = heard && is_answered && gateway.is_none();
        let before = ReplyContext { asked, learnt, ..answered };
        if is_routed {
            verdict = through_gateway(verdict, next, to);
        }
        Ok((v1::Trace::new(from, to, packet.text, &verdict, text), before))
    }

    /// What becomes of the packet itself, sent to the MAC that its route has or, where one is named, to `hop`.
    async fn sent(
        &self,
        way: &Departure<'_>,
        hop: Option<&End>,
        (committed, learnt): (Option<&Vec<Tracked>>, &LearntTables),
    ) -> Result<Result<Sent, PacketError>, SourceError> {
        let Departure { from, to, target, ref out, gateway, direction, ref doubt, .. } = *way;
        let neighbor = hop.map_or(out.neighbor, |hop| hop.mac);
        if hop.is_some_and(|hop| hop.mac.is_none()) {
            let hop = hop.map_or("", |hop| &hop.called);
            return Ok(Err(PacketError(format!("the MAC of {hop} is not known"))));
        }
        let out = RouteOut { neighbor, ..out.clone() };
        let packet = match Packet::new(self.kind, direction, (from, to), &out, gateway) {
            Ok(packet) => packet,
            Err(error) => return Ok(Err(error)),
        };
        let packet = Packet {
            committed: committed.cloned(),
            learnt: learnt.clone(),
            doubt: doubt.clone(),
            ..packet
        };
        let said = self.ask(&packet, from).await?;
        // Linux takes what is for any address of its namespace by whichever link it comes.
        let is_its = |hop: &&End| gateway.is_none() && hop.netns.is_some() && hop.netns == to.netns;
        let by_other = hop.filter(is_its).map(|hop| hop.clone().with_address(target));
        let to = by_other.as_ref().unwrap_or(to);
        let gateway = gateway.map(|gateway| hop.unwrap_or(gateway));
        let (verdict, text, is_routed) = self.routed(&packet, (from, to), gateway, &said);
        let verdict = if is_routed { verdict } else { self.received(verdict, to) };
        Ok(Ok(Sent { verdict, text, packet, said, is_routed }))
    }

    /// The same where any of several links may be the one that it is sent to, for the reason that is told: it is known
    /// where all of them lead to the same.
    async fn sent_to_any(
        &self,
        way: &Departure<'_>,
        (ends, why, is_sure): (&[End], &str, bool),
        context: (Option<&Vec<Tracked>>, &LearntTables),
    ) -> Result<Result<Sent, PacketError>, SourceError> {
        let all = ends.iter().map(|end| self.sent(way, Some(end), context));
        let all: Result<Vec<_>, _> = try_join_all(all).await?.into_iter().collect();
        Ok(all.and_then(|all| {
            let verdicts: Vec<_> = all.iter().map(|sent| sent.verdict.reaches()).collect();
            let is_known = agree(&verdicts, is_sure);
            let first = all.into_iter().next();
            let Some(Sent { mut verdict, text, packet, said, is_routed }) = first else {
                return Err(PacketError(why.to_owned()));
            };
            if is_known {
                verdict.reasons.push(why.to_owned());
            } else {
                verdict = verdict.not_known(why.to_owned());
            }
            Ok(Sent { verdict, text, packet, said, is_routed })
        }))
    }

    /// The verdict about what is sent to `to`, by `gateway` where there is one, and whether that gateway decides. It
    /// does not where rules are the gateway, and take the packet to `to` by themselves.
    fn routed(
        &self,
        packet: &Packet,
        (from, to): (&End, &End),
        gateway: Option<&End>,
        said: &str,
    ) -> (Verdict, String, bool) {
        let Some(gateway) = gateway else {
            let (verdict, text) = self.judged(self.kind, packet, (from, to), said);
            return (verdict, text, false);
        };
        let (straight, text) = self.judged(self.kind, packet, (from, to), said);
        let verdict = self.verdict(self.kind, packet, (from, gateway), &parse_trace(said));
        match (straight.reaches(), verdict.reaches()) {
            (Some(true), _) | (None, Some(false)) => (straight, text, false),
            (Some(false), Some(false)) if gateway.broken.is_some() => (verdict, text, true),
            // It gets to neither: where the destination is says more.
            (Some(false), Some(false)) => (straight, text, true),
            _ => (verdict, text, true),
        }
    }
}

/// Whether it is known what becomes of a packet that gets there or not by what each MAC leads to; where it is not sure
/// that the sender learns any, only that it does not get there can be.
fn agree(reaches: &[Option<bool>], is_sure: bool) -> bool {
    let all = |one: bool| reaches.iter().all(|reaches| *reaches == Some(one));
    all(false) || (is_sure && all(true))
}

/// Whether a packet that does not arrive might with another destination MAC: not where it leaves this host, nor where
/// no rule that drops it has looked at the MAC.
fn rests_on_mac(verdict: &Verdict, said: &str) -> bool {
    match verdict.outcome {
        Outcome::Uplink | Outcome::Tunnel => false,
        Outcome::Dropped => {
            let is_mac = |field: &str| {
                let name = field.trim().split_once('=').map(|(name, _)| name);
                matches!(name, Some("dl_dst" | "eth_dst"))
            };
            let looks = |megaflow: &str| megaflow.is_empty() || megaflow.split(',').any(is_mac);
            parse_trace(said).passes.iter().any(|pass| looks(&pass.megaflow))
        }
        _ => true,
    }
}

/// That the sender has learnt another MAC for the next hop than that has.
fn learnt_mac(out: &RouteOut, from: &End, next: &End) -> Option<String> {
    let learnt = out.neighbor.filter(|mac| next.mac.is_some_and(|own| own != *mac))?;
    Some(format!(
        "{} sends to the MAC {learnt} for {}, as `ip neighbour` there tells",
        from.called, next.called
    ))
}

/// The sender's own MAC, to which Linux sends by a link that does no ARP where it was told no other one
/// (`arp_constructor` of net/ipv4/arp.c). An ipvlan of mode l3 sends by the link beneath, which does.
pub(super) fn own_for_all(kind: &PacketKind, from: &End, out: &RouteOut) -> Option<Mac> {
    let link = from.link.as_ref().filter(|link| link.no_arp)?;
    let is_ipvlan = matches!(link.kind.as_deref(), Some("ipvlan" | "ipvtap"));
    let is_sent_to_one = out.cast == Cast::Unicast && *kind != PacketKind::Arp;
    from.mac.filter(|_| is_sent_to_one && !is_ipvlan && out.neighbor.is_none())
}

/// What reaches a gateway is in its hands; what does not reach it goes no further.
fn through_gateway(verdict: Verdict, gateway: &End, to: &End) -> Verdict {
    match verdict.reaches() {
        Some(true) => {
            let told = format!(
                "the gateway {} gets it; whether that sends it on to {} is not known",
                gateway.called, to.called
            );
            Verdict {
                outcome: Outcome::Unknown,
                sentence: format!("cannot be known: {told}"),
                reasons: vec![told],
                ..verdict
            }
        }
        _ => Verdict {
            sentence: format!("to the gateway {}: {}", gateway.called, verdict.sentence),
            ..verdict
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rests(outcome: Outcome, megaflow: &str) -> bool {
        let said = format!(
            "Flow: ip\n\nbridge(\"br0\")\n--\n 0. ip, priority 9\n    drop\n\nFinal flow: unchanged\n\
             Megaflow: {megaflow}\nDatapath actions: drop\n"
        );
        rests_on_mac(&Verdict { outcome, ..Verdict::unknown(Vec::new()) }, &said)
    }

    #[test]
    fn another_mac_changes_nothing_where_no_rule_has_looked_at_it_or_the_packet_has_left() {
        let blind = "recirc_id=0,eth,ip,in_port=1,nw_dst=10.0.0.2,nw_frag=no";
        let looks = "recirc_id=0,eth,ip,in_port=1,dl_dst=02:00:00:00:00:02,nw_frag=no";
        assert!(!rests(Outcome::Dropped, blind) && rests(Outcome::Dropped, looks));
        assert!(rests(Outcome::Elsewhere, blind) && rests(Outcome::Elsewhere, looks));
        for outcome in [Outcome::Uplink, Outcome::Tunnel] {
            assert!(!rests(outcome, blind) && !rests(outcome, looks));
        }
    }

    #[test]
    fn several_macs_are_known_where_all_lead_to_the_same() {
        let (yes, no, unknown) = (Some(true), Some(false), None);
        for (reaches, is_sure, expected) in [
            (&[yes, yes][..], true, true),
            (&[yes, yes], false, false),
            (&[no, no], false, true),
            (&[yes, no], true, false),
            (&[yes, unknown], true, false),
            (&[no, unknown], true, false),
        ] {
            assert_eq!(agree(reaches, is_sure), expected, "{reaches:?} {is_sure}");
        }
    }
}

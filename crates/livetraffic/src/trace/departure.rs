//! What becomes of a packet once the kernel of its sender sends it: by itself, or by way of a gateway.

use std::net::IpAddr;

use flowtext::parse_trace;
use model::SourceError;
use model::ids::Mac;
use model::route::{Cast, RouteOut};
use report::v1;
use traffic::{Direction, End, Outcome, Packet, PacketKind, Verdict};

use super::neighbor::MacResolution;
use super::{PacketTracer, ReplyContext};

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

impl PacketTracer<'_> {
    /// What becomes of what the sender's kernel sends; with it what an answer to that meets.
    pub(super) async fn leaves(
        &self,
        way: Departure<'_>,
        before: ReplyContext,
    ) -> Result<(v1::Trace, ReplyContext), SourceError> {
        let Departure { sender, from, to, target, mut out, gateway, direction, doubt } = way;
        let next = gateway.unwrap_or(to);
        let mut learnt = before.learnt;
        // In the short look a gateway may be missing, and nothing is known of what is sent there.
        let is_seen = !self.names || next.mac.is_some() || next.port.is_some();
        let asks = is_seen && !before.asked && self.has_to_ask(from, &out);
        let (resolves, heard) = if asks {
            self.learns((from, to), &out, gateway, &mut learnt).await?
        } else {
            (MacResolution::Resolved, false)
        };
        let mut reasons: Vec<_> = learnt_mac(&out, from, next).into_iter().collect();
        if let Some(mac) = own_for_all(self.kind, from, &out) {
            out.neighbor = Some(mac);
            reasons.push(format!("{} does no ARP: it sends to its own MAC", from.called));
        }
        if let MacResolution::ByAnother { mac, .. } = resolves {
            out.neighbor = Some(mac);
        }
        let packet = match Packet::new(self.kind, direction, (from, to), &out, gateway) {
            Ok(packet) => {
                Packet { committed: before.committed, learnt: learnt.clone(), doubt, ..packet }
            }
            Err(error) => {
                let verdict = Verdict::unknown(vec![error.to_string()]);
                let row = v1::Trace::new(from, to, String::new(), &verdict, String::new());
                return Ok((row, ReplyContext::default()));
            }
        };
        let said = self.ask(&packet, from).await?;
        let (mut verdict, text, is_routed) = self.routed(&packet, (from, to), gateway, &said);
        learnt.add(&verdict.rules);
        learnt.add_mac(&verdict, from);
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
            (MacResolution::AnotherMay { why, who }, Some(false))
                if to.broken.is_none()
                    && rests_on_mac(&verdict, &said)
                    && self.may_answer(next, who.as_deref(), target) =>
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
}

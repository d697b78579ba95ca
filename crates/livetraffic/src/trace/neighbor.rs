//! Whether a sender learns the MAC that it sends to, where its kernel has none yet.

use futures_util::future::try_join_all;
use model::SourceError;
use model::route::{Cast, RouteOut};
use traffic::{Direction, End, LearntTables, Outcome, Packet, PacketKind, Verdict};

use super::{PacketTracer, on_link};

/// What comes of the question for a MAC.
#[derive(Debug)]
pub(super) enum MacResolution {
    /// The answer gets to the sender.
    Resolved,
    /// The sender is answered, though not by the one that it asks for: why.
    ByAnother(String),
    /// Whether the question or the answer arrives is not known: why.
    Unknown(String),
    /// A rule drops the question or the answer: the packet that was asked for is not sent.
    Dropped {
        verdict: Verdict,
        /// The packet that is dropped.
        packet: String,
        /// What vswitchd says of it.
        text: String,
    },
}

impl PacketTracer<'_> {
    /// Whether the sender's kernel has to ask for the MAC of the next hop before it sends.
    pub(super) fn has_to_ask(&self, from: &End, out: &RouteOut) -> bool {
        let was_asked = from.netns.is_some() && from.link.is_some();
        let needs_one = out.cast == Cast::Unicast && *self.kind != PacketKind::Arp;
        was_asked && needs_one && out.neighbor.is_none()
    }

    /// Traces the question for the MAC of `next`, by which `from` sends to `to`, and its answer. The tables that
    /// these add flows to are added to `learnt`. With it goes whether the question gets to `next`, which learns the
    /// MAC of `from` by that.
    pub(super) async fn learns(
        &self,
        (from, to): (&End, &End),
        out: &RouteOut,
        gateway: Option<&End>,
        learnt: &mut LearntTables,
    ) -> Result<(MacResolution, bool), SourceError> {
        let next = gateway.unwrap_or(to);
        let asked = Packet::new(&PacketKind::Arp, Direction::Original, (from, to), out, gateway);
        let Ok(asked) = asked else { return Ok((MacResolution::Resolved, true)) };
        // It is told to the address that asks, whichever link has that.
        let requester = asked.ip_src.map(|ip| from.clone().with_address(ip));
        let answer = (next, requester.as_ref().unwrap_or(from));
        let answered =
            Packet::new(&PacketKind::Arp, Direction::Reply, answer, &on_link(next), None);
        let what = if asked.ip_dst.is_some_and(|ip| ip.is_ipv6()) {
            "neighbour solicitation"
        } else {
            "ARP request"
        };
        let question = (asked, (from, next), format!("its {what}"));
        // What is on no port, or on one that vswitchd has not opened, is not known to answer by one.
        let answered = answered.ok().filter(|_| next.ofport().is_some());
        let answer =
            answered.map(|packet| (packet, (next, from), format!("the answer to its {what}")));
        let ways: Vec<_> = [Some(question), answer].into_iter().flatten().collect();
        let asks = ways.iter().map(|(packet, (sender, _), _)| self.ask(packet, sender));
        let said = try_join_all(asks).await?;
        let wants = format!("{} has not learnt the MAC of {}, and", from.called, next.called);
        let (mut told, mut heard) = (MacResolution::Resolved, None);
        for ((packet, ends, what), said) in ways.into_iter().zip(said) {
            let packet = Packet { learnt: learnt.clone(), ..packet };
            let (verdict, text) = self.judged(&PacketKind::Arp, &packet, ends, &said);
            learnt.add(&verdict.rules);
            // The question comes first, and is answered where it arrives.
            if *heard.get_or_insert(verdict.reaches() == Some(true)) {
                learnt.add_mac(&verdict, ends.0.mac);
            }
            if matches!(told, MacResolution::Resolved) {
                told = comes_of(verdict, (&wants, &what), (packet.text, text), self.names);
            }
        }
        Ok((told, heard == Some(true)))
    }
}

/// What comes of the question or the answer, `what`, by itself, where ports are told by names or not.
fn comes_of(
    verdict: Verdict,
    (wants, what): (&str, &str),
    (packet, text): (String, String),
    by_names: bool,
) -> MacResolution {
    let is = format!("{wants} {what} is");
    match verdict.outcome {
        Outcome::Delivered | Outcome::Flooded => MacResolution::Resolved,
        // What is told by names is told by numbers, where more is known, if it does not arrive.
        _ if by_names => {
            MacResolution::Dropped { verdict: Verdict::unknown(vec![is]), packet, text }
        }
        Outcome::Dropped => {
            let sentence = format!("not sent: {is} {}", verdict.sentence);
            MacResolution::Dropped { verdict: Verdict { sentence, ..verdict }, packet, text }
        }
        Outcome::Controller => MacResolution::Unknown(format!("{is} {}", verdict.sentence)),
        Outcome::Unknown => {
            let why = verdict.reasons.first().map_or("", |why| why);
            MacResolution::Unknown(format!("{wants} whether {what} arrives is not known: {why}"))
        }
        Outcome::Elsewhere | Outcome::Tunnel | Outcome::Uplink if verdict.returned => {
            MacResolution::ByAnother(format!("{is} sent back to it, changed into an answer"))
        }
        // Who gets it may answer for the other one, as a router with proxy ARP does, or not.
        Outcome::Elsewhere | Outcome::Tunnel | Outcome::Uplink => {
            let told = verdict.sentence;
            MacResolution::Unknown(format!(
                "{wants} {what}: {told}, and who gets it may answer or not"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(outcome: Outcome, returned: bool, by_names: bool) -> MacResolution {
        let sentence = "delivered to fw:eth0, not to db:eth0".to_owned();
        let verdict = Verdict { outcome, sentence, returned, ..Verdict::unknown(Vec::new()) };
        let what = ("web has not learnt the MAC of db, and", "its ARP request");
        comes_of(verdict, what, (String::new(), String::new()), by_names)
    }

    /// Who else gets the question or the answer need not tell the sender anything.
    #[test]
    fn what_goes_to_another_one_teaches_the_sender_nothing() {
        for outcome in [Outcome::Elsewhere, Outcome::Tunnel, Outcome::Uplink] {
            let told = of(outcome, false, false);
            assert!(
                matches!(&told, MacResolution::Unknown(why) if why.contains("may answer or not"))
            );
            // A rule that answers by itself sends it back.
            assert!(matches!(of(outcome, true, false), MacResolution::ByAnother(_)), "{outcome:?}");
            assert!(
                matches!(of(outcome, true, true), MacResolution::Dropped { .. }),
                "{outcome:?}"
            );
        }
        for outcome in [Outcome::Delivered, Outcome::Flooded] {
            assert!(matches!(of(outcome, false, false), MacResolution::Resolved), "{outcome:?}");
        }
        assert!(matches!(of(Outcome::Dropped, true, false), MacResolution::Dropped { .. }));
        for outcome in [Outcome::Controller, Outcome::Unknown] {
            assert!(matches!(of(outcome, true, false), MacResolution::Unknown(_)), "{outcome:?}");
        }
    }
}

//! Whether a sender learns the MAC that it sends to, where its kernel has none yet.

use std::net::IpAddr;

use futures_util::future::try_join_all;
use model::SourceError;
use model::ids::Mac;
use model::route::{Cast, RouteOut};
use traffic::{Direction, End, LearntTables, Outcome, Packet, PacketKind, PortOutput, Verdict};

use super::departure::own_for_all;
use super::{PacketTracer, on_link};

/// What comes of the question for a MAC.
#[derive(Debug)]
pub(super) enum MacResolution {
    /// The answer gets to the sender.
    Resolved,
    /// The sender is answered, though not by the one that it asks for.
    ByAnother {
        /// The MAC that it is told.
        mac: Mac,
        why: String,
    },
    /// Whether the answer arrives is not known: why.
    Unknown(String),
    /// Another one may answer the question, with a MAC of its own.
    AnotherMay {
        why: String,
        /// The ports of those who get the question; none where they are not known.
        who: Option<Vec<PortOutput>>,
    },
    /// A rule drops the question or the answer: the packet that was asked for is not sent.
    Dropped {
        verdict: Verdict,
        /// The packet that is dropped.
        packet: String,
        /// What vswitchd says of it.
        text: String,
    },
}

/// What is known of the one whose MAC is asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    mac: Option<Mac>,
    has_port: bool,
    /// Whether ports are told by names.
    by_names: bool,
}

impl PacketTracer<'_> {
    /// Whether the sender's kernel has to ask for the MAC of the next hop before it sends.
    pub(super) fn has_to_ask(&self, from: &End, out: &RouteOut) -> bool {
        let was_asked = from.netns.is_some() && from.link.is_some();
        let needs_one = out.cast == Cast::Unicast && *self.kind != PacketKind::Arp;
        was_asked
            && needs_one
            && out.neighbor.is_none()
            && own_for_all(self.kind, from, out).is_none()
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
        let target = asked.message.target_ip.unwrap_or(IpAddr::from([0; 4]));
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
        let known = Asked { mac: next.mac, has_port: next.port.is_some(), by_names: self.names };
        let (mut told, mut heard) = (MacResolution::Resolved, None);
        for ((packet, ends, what), said) in ways.into_iter().zip(said) {
            let packet = Packet { learnt: learnt.clone(), ..packet };
            let (verdict, text) = self.judged(&PacketKind::Arp, &packet, ends, &said);
            learnt.add(&verdict.rules);
            // The question comes first, and is answered where it arrives.
            if *heard.get_or_insert(verdict.reaches() == Some(true)) {
                learnt.add_mac(&verdict, ends.0);
            }
            if !matches!(told, MacResolution::Resolved) {
                continue;
            }
            let is_question = std::ptr::eq(ends.0, from);
            let is_up = next.broken.is_none();
            told = if is_question && !self.names && is_up && self.is_refused(&verdict, next, target)
            {
                let sentence = format!("not sent: {wants} {what} {}", verdict.sentence);
                let verdict = Verdict { outcome: Outcome::Dropped, sentence, ..verdict };
                MacResolution::Dropped { verdict, packet: packet.text, text }
            } else if is_question {
                comes_of_question(verdict, (&wants, &what), (packet.text, text), known)
            } else {
                comes_of_answer(verdict, (&wants, &what), (packet.text, text), self.names)
            };
        }
        Ok((told, heard == Some(true)))
    }
}

/// What comes of the question by itself, which is `what`.
fn comes_of_question(
    verdict: Verdict,
    (wants, what): (&str, &str),
    packet: (String, String),
    known: Asked,
) -> MacResolution {
    let Asked { mac, has_port, by_names } = known;
    let arrives = matches!(verdict.outcome, Outcome::Delivered | Outcome::Flooded);
    let Some(copy) = verdict.returned.filter(|_| arrives || !by_names) else {
        return asked(verdict, (wants, what), packet, by_names);
    };
    let is = format!("{wants} {what} is sent back to it, changed into an answer");
    let is_alone = !arrives || (!has_port && verdict.outputs.len() == 1);
    match copy.told {
        told @ Some(_) if arrives && told == mac => MacResolution::Resolved,
        Some(mac) if is_alone => MacResolution::ByAnother { mac, why: is },
        Some(other) => {
            let why = format!("{is} with the MAC {other}, and arrives as well");
            MacResolution::AnotherMay { why, who: None }
        }
        None => {
            let why = format!("{is}, and which MAC that tells is not known");
            MacResolution::AnotherMay { why, who: None }
        }
    }
}

/// The same where no rule answers by itself, and ports are told by names or not.
fn asked(
    verdict: Verdict,
    (wants, what): (&str, &str),
    packet: (String, String),
    by_names: bool,
) -> MacResolution {
    // Who gets it may answer for the other one, as a router with proxy ARP does, or not.
    let is_known = !matches!(verdict.outcome, Outcome::Controller | Outcome::Unknown);
    let who = is_known.then(|| verdict.outputs.clone());
    match comes_of_answer(verdict, (wants, what), packet, by_names) {
        MacResolution::Unknown(why) => MacResolution::AnotherMay { why, who },
        told => told,
    }
}

/// What comes of the answer by itself, which is `what`: the same.
fn comes_of_answer(
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
    use traffic::ReturnedCopy;

    use super::*;

    const WHAT: (&str, &str) = ("web has not learnt the MAC of db, and", "its ARP request");
    const NINE: Mac = Mac([2, 0, 0, 0, 0, 9]);

    fn verdict(outcome: Outcome, returned: Option<ReturnedCopy>) -> Verdict {
        let sentence = "delivered to fw:eth0, not to db:eth0".to_owned();
        Verdict { outcome, sentence, returned, ..Verdict::unknown(Vec::new()) }
    }

    /// A copy that a rule sends back, and the MAC that it tells, if that is known.
    const fn copy(told: Option<Mac>) -> ReturnedCopy {
        ReturnedCopy { told }
    }

    fn of(outcome: Outcome, returned: Option<ReturnedCopy>, by_names: bool) -> MacResolution {
        let verdict = verdict(outcome, returned);
        let known = Asked { mac: Some(Mac([2; 6])), has_port: true, by_names };
        comes_of_question(verdict, WHAT, Default::default(), known)
    }

    /// Who else gets the question or the answer need not tell the sender anything.
    #[test]
    fn what_goes_to_another_one_teaches_the_sender_nothing() {
        for outcome in [Outcome::Elsewhere, Outcome::Tunnel, Outcome::Uplink] {
            let told = of(outcome, None, false);
            assert!(
                matches!(&told, MacResolution::AnotherMay { why, who: Some(_) } if why.contains("may answer or not")),
                "{told:?}"
            );
            let told = comes_of_answer(verdict(outcome, None), WHAT, Default::default(), false);
            assert!(matches!(told, MacResolution::Unknown(_)), "{told:?}");
            // A rule that answers by itself sends it back, with a MAC that may be another one.
            let told = of(outcome, Some(copy(Some(NINE))), false);
            assert!(
                matches!(told, MacResolution::ByAnother { mac: NINE, .. }),
                "{outcome:?}: {told:?}"
            );
            let told = of(outcome, Some(copy(None)), false);
            assert!(matches!(told, MacResolution::AnotherMay { who: None, .. }), "{told:?}");
            let told = of(outcome, Some(copy(Some(NINE))), true);
            assert!(matches!(told, MacResolution::Dropped { .. }), "{outcome:?}: {told:?}");
        }
        for outcome in [Outcome::Delivered, Outcome::Flooded] {
            assert!(matches!(of(outcome, None, false), MacResolution::Resolved), "{outcome:?}");
        }
        assert!(matches!(of(Outcome::Dropped, None, false), MacResolution::Dropped { .. }));
        for outcome in [Outcome::Controller, Outcome::Unknown] {
            let told = of(outcome, None, false);
            assert!(matches!(told, MacResolution::AnotherMay { who: None, .. }), "{outcome:?}");
        }
    }

    /// Of two answers that tell the same it does not matter which comes last.
    #[test]
    fn two_answers_that_differ_are_not_known() {
        for by_names in [false, true] {
            for outcome in [Outcome::Delivered, Outcome::Flooded] {
                let told = of(outcome, Some(copy(Some(Mac([2; 6])))), by_names);
                assert!(matches!(told, MacResolution::Resolved), "{told:?}");
                // An address that is on no port of this host has no other answer.
                let known = Asked { mac: None, has_port: false, by_names };
                let alone = verdict(outcome, Some(copy(Some(NINE))));
                let told = comes_of_question(alone, WHAT, Default::default(), known);
                assert!(matches!(told, MacResolution::AnotherMay { .. }), "{told:?}");
                for mac in [Some(NINE), None] {
                    let told = of(outcome, Some(copy(mac)), by_names);
                    assert!(
                        matches!(told, MacResolution::AnotherMay { who: None, .. }),
                        "{told:?}"
                    );
                }
            }
        }
    }
}

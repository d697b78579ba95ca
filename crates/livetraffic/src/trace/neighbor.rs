//! Whether a sender learns the MAC that it sends to, where its kernel has none yet.

use model::SourceError;
use model::route::{Cast, RouteOut};
use traffic::{Direction, End, Kind, Outcome, Packet, Verdict};

use super::{Tracer, on_link};

/// What comes of the question for a MAC.
pub(super) enum Learns {
    /// The answer gets to the sender.
    Yes,
    /// That cannot be known, as another one may answer: why.
    Maybe(String),
    /// A rule drops the question or the answer: the packet that was asked for is not sent.
    No {
        verdict: Verdict,
        /// The packet that is dropped.
        packet: String,
        /// What vswitchd says of it.
        text: String,
    },
}

impl Tracer<'_> {
    /// Whether the sender's kernel has to ask for the MAC of the next hop before it sends.
    pub(super) fn has_to_ask(&self, from: &End, out: &RouteOut) -> bool {
        let was_asked = from.netns.is_some() && from.link.is_some();
        let needs_one = out.cast == Cast::Unicast && *self.kind != Kind::Arp;
        was_asked && needs_one && out.neighbor.is_none()
    }

    /// Traces the question for the MAC of `next`, by which `from` sends to `to`, and its answer.
    pub(super) async fn learns(
        &self,
        (from, to): (&End, &End),
        out: &RouteOut,
        gateway: Option<&End>,
    ) -> Result<Learns, SourceError> {
        let next = gateway.unwrap_or(to);
        let asked = Packet::new(&Kind::Arp, Direction::Original, (from, to), out, gateway);
        let answer = (next, from);
        let answered = Packet::new(&Kind::Arp, Direction::Reply, answer, &on_link(next), None);
        let (Ok(asked), Ok(answered)) = (asked, answered) else { return Ok(Learns::Yes) };
        let (there, back) = tokio::join!(
            self.leg(&Kind::Arp, &asked, from, next),
            self.leg(&Kind::Arp, &answered, next, from)
        );
        let what = if asked.ip_dst.is_some_and(|ip| ip.is_ipv6()) {
            "neighbour solicitation"
        } else {
            "ARP request"
        };
        let learns = format!("{} has not learnt the MAC of {}, and", from.called, next.called);
        let ways = [
            (there?, asked, format!("{learns} its {what} is")),
            (back?, answered, format!("{learns} the answer to its {what} is")),
        ];
        for ((verdict, text), packet, said) in ways {
            match verdict.outcome {
                Outcome::Delivered | Outcome::Flooded => {}
                // What is told by names is told by numbers, where more is known, if it does not arrive.
                _ if self.names => {
                    let verdict = Verdict::unknown(vec![said]);
                    return Ok(Learns::No { verdict, packet: packet.text, text });
                }
                Outcome::Dropped => {
                    let sentence = format!("not sent: {said} {}", verdict.sentence);
                    let verdict = Verdict { sentence, ..verdict };
                    return Ok(Learns::No { verdict, packet: packet.text, text });
                }
                _ => {
                    let why = "for another one, which may answer or not";
                    return Ok(Learns::Maybe(format!("{said} {why}")));
                }
            }
        }
        Ok(Learns::Yes)
    }
}

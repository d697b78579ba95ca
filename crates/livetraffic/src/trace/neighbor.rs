//! Whether a sender learns the MAC that it sends to, where its kernel has none yet.

use std::net::IpAddr;

use flowtext::parse_trace;
use model::SourceError;
use model::route::{Asking, Cast, RouteOut};
use traffic::{
    Direction, End, Hearers, LearntTables, Outcome, Packet, PacketKind, Verdict, hearers,
};

use super::answerers::{Answerer, Answerers};
use super::departure::own_for_all;
use super::mac_question::{
    Asked, MacAnswer, MacResolution, Question, comes_of_answer, comes_of_question, is_refused,
    never_asked, of_answers, unanswered,
};
use super::tracer::PacketTracer;

/// What comes of the question for a MAC, and who gets it.
#[derive(Debug, Default)]
pub(super) struct Learning {
    pub(super) told: MacResolution,
    /// Whether the one that is asked gets the question, and learns the MAC of the sender by that.
    pub(super) heard: bool,
    /// Whether others get it, who are not known in a look at the two ends alone.
    pub(super) rests_on_others: bool,
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

    /// Traces the question for the MAC of `next`, by which `from` sends to `to`, and its answers. The tables that
    /// these add flows to are added to `learnt`.
    pub(super) async fn learns(
        &self,
        (from, to): (&End, &End),
        out: &RouteOut,
        gateway: Option<&End>,
        learnt: &mut LearntTables,
    ) -> Result<Learning, SourceError> {
        let next = gateway.unwrap_or(to);
        let asked = Packet::new(&PacketKind::Arp, Direction::Original, (from, to), out, gateway);
        let Ok(asked) = asked else { return Ok(Learning::default()) };
        let target = asked.message.target_ip.unwrap_or(IpAddr::from([0; 4]));
        // It is told to the address that asks, whichever link has that.
        let requester =
            asked.ip_src.map_or_else(|| from.clone(), |ip| from.clone().with_address(ip));
        let what = if target.is_ipv6() { "its neighbour solicitation" } else { "its ARP request" };
        let wants = format!("{} has not learnt the MAC of {}, and", from.called, next.called);
        if out.sending.asking == Asking::Never {
            return Ok(Learning { told: never_asked(&wants), ..Learning::default() });
        }
        let question = Question { from, next, requester: &requester, target, what, wants: &wants };
        // Most often the one that is asked answers.
        let (said, answered) = tokio::try_join!(self.ask(&asked, from), async {
            Ok(match question.answer_of(next) {
                Some(answer) => Some(self.ask(&answer, next).await?),
                None => None,
            })
        })?;
        let packet = Packet { learnt: learnt.clone(), ..asked };
        let (verdict, text) = self.judged(&PacketKind::Arp, &packet, (from, next), &said);
        learnt.add(&verdict.rules);
        let heard = verdict.reaches() == Some(true);
        // It is answered where it arrives.
        if heard {
            learnt.add_mac(&verdict, from);
        }
        let mut heard_by = hearers(self.look, &packet, (from, next), target, &parse_trace(&said));
        if self.rests_on_others(&heard_by, from, target) {
            return Ok(Learning { heard, rests_on_others: true, ..Learning::default() });
        }
        // What is not sent gets to none.
        if from.broken.is_some() {
            heard_by = Hearers::default();
        }
        let answerers = self.answerers(heard_by, (packet.ip_src, target));
        let packet = (packet.text, text);
        let told = self.answered(&question, (verdict, packet), answerers, learnt, answered).await?;
        Ok(Learning { told, heard, rests_on_others: false })
    }

    /// What comes of a question with this verdict, which these answer. What vswitchd said of the answer of the one that is
    /// asked is `answered`.
    async fn answered(
        &self,
        question: &Question<'_>,
        (verdict, packet): (Verdict, (String, String)),
        answerers: Answerers,
        learnt: &mut LearntTables,
        mut answered: Option<String>,
    ) -> Result<MacResolution, SourceError> {
        let Question { from, next, what, wants, .. } = *question;
        let (has_others, has_unseen) = (answerers.has_others(), answerers.has_unseen);
        let is_known = !matches!(verdict.outcome, Outcome::Controller | Outcome::Unknown);
        let by_rule = verdict.returned.is_some();
        let heard = verdict.clone();
        let is_refused = !self.names && next.broken.is_none() && is_refused(&verdict, next);
        let told = if is_refused && !has_others {
            let sentence = format!("not sent: {wants} {what} {}", verdict.sentence);
            let verdict = Verdict { outcome: Outcome::Dropped, sentence, ..verdict };
            let (packet, text) = packet.clone();
            MacResolution::Dropped { verdict, packet, text }
        } else {
            let (mac, has_port) = (next.mac, next.port.is_some());
            let known = Asked { mac, has_port, by_names: self.names, has_others };
            comes_of_question(verdict, (wants, what), packet.clone(), known)
        };
        let is_resolved = matches!(told, MacResolution::Resolved);
        let is_answered = is_known && !by_rule && !answerers.links.is_empty();
        if !is_resolved && !is_answered {
            return Ok(told);
        }
        if answerers.links.is_empty() && next.port.is_some() && !by_rule {
            return Ok(unanswered(question, heard, packet, has_unseen));
        }
        let mut answers = Vec::new();
        if by_rule || next.port.is_none() {
            answers.push(MacAnswer { end: next.clone(), is_asked: true, is_sure: true, told });
        }
        let links = answerers.links.into_iter();
        for Answerer { end, is_asked, is_sure } in links.filter(|one| !by_rule || !one.is_asked) {
            let told = match question.answer_of(&end) {
                Some(packet) => {
                    let packet = Packet { learnt: learnt.clone(), ..packet };
                    let said = match answered.take().filter(|_| is_asked) {
                        Some(said) => said,
                        None => self.ask(&packet, &end).await?,
                    };
                    let (verdict, text) =
                        self.judged(&PacketKind::Arp, &packet, (&end, from), &said);
                    learnt.add(&verdict.rules);
                    learnt.add_mac(&verdict, &end);
                    let what = format!("the answer to {what}");
                    comes_of_answer(verdict, (wants, &what), (packet.text, text), self.names)
                }
                None => MacResolution::Resolved,
            };
            answers.push(MacAnswer { end, is_asked, is_sure, told });
        }
        Ok(of_answers(answers, (wants, what), has_unseen && !self.names))
    }
}

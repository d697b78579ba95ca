//! A question for a MAC, and what comes of it by what vswitchd said.

use std::net::IpAddr;

use model::ids::{Mac, OfPort};
use model::told::{TOLD, joined};
use traffic::{Direction, End, Outcome, Packet, PacketKind, PortOutput, Verdict};

use super::tracer::on_link;

/// What comes of the question for a MAC.
#[derive(Debug, Default)]
pub(super) enum MacResolution {
    /// The answer gets to the sender.
    #[default]
    Resolved,
    /// The sender is answered, though not by the one that it asks for.
    ByAnother {
        /// The MAC that it is told.
        mac: Mac,
        why: String,
    },
    /// Whether the answer arrives is not known: why.
    Unknown(String),
    /// The sender is answered by links with MACs of their own, and the first answer counts.
    ByLinks {
        /// The one that it asks for comes first, where that answers.
        ends: Vec<End>,
        why: String,
        /// Whether an answer gets to it for certain.
        is_sure: bool,
    },
    /// Another one may answer the question, with a MAC of its own.
    AnotherMay {
        why: String,
        /// Whether any that gets the question may do so for all that is known.
        is_possible: bool,
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
pub(super) struct Asked {
    pub(super) mac: Option<Mac>,
    pub(super) has_port: bool,
    /// Whether ports are told by names.
    pub(super) by_names: bool,
    /// Whether another one that gets the question may answer.
    pub(super) has_others: bool,
}

/// A question for a MAC.
pub(super) struct Question<'a> {
    pub(super) from: &'a End,
    /// The one that is thought to answer.
    pub(super) next: &'a End,
    /// The end that the answer goes to.
    pub(super) requester: &'a End,
    pub(super) target: IpAddr,
    pub(super) what: &'static str,
    pub(super) wants: &'a str,
}

impl Question<'_> {
    /// The answer of a link. What is on no port, or on one that vswitchd has not opened, is not known to answer by one.
    pub(super) fn answer_of(&self, end: &End) -> Option<Packet> {
        end.ofport()?;
        let answerer = end.clone().with_address(self.target);
        let ends = (&answerer, self.requester);
        Packet::new(&PacketKind::Arp, Direction::Reply, ends, &on_link(end), None).ok()
    }
}

/// What comes of the answer of one that is asked.
pub(super) struct MacAnswer {
    pub(super) end: End,
    pub(super) is_asked: bool,
    /// Whether it answers for certain.
    pub(super) is_sure: bool,
    pub(super) told: MacResolution,
}

/// Whether the one that is asked gets the question and does not take it.
pub(super) fn is_refused(verdict: &Verdict, next: &End) -> bool {
    let is_its = verdict.outputs.iter().any(|output| is_port(output, next));
    verdict.outcome == Outcome::Elsewhere && verdict.returned.is_none() && is_its
}

fn is_port(output: &PortOutput, end: &End) -> bool {
    let number = end.ofport().map(|OfPort(number)| number);
    output.bridge.as_deref() == end.bridge().map(|bridge| &**bridge)
        && output.ofport == number
        && number.is_some()
}

/// What comes of a question that the sender's kernel is set not to ask.
pub(super) fn never_asked(wants: &str) -> MacResolution {
    let sentence = format!("not sent: {wants} its kernel asks for none (`mcast_solicit`)");
    let verdict = Verdict { outcome: Outcome::Dropped, sentence, ..Verdict::unknown(Vec::new()) };
    MacResolution::Dropped { verdict, packet: String::new(), text: String::new() }
}

/// What comes of a question that the one that is asked gets, and does not answer.
pub(super) fn unanswered(
    question: &Question<'_>,
    verdict: Verdict,
    (packet, text): (String, String),
    has_unseen: bool,
) -> MacResolution {
    let Question { next, target, what, wants, .. } = question;
    let why = if target.is_ipv4() { "(`arp_ignore`)" } else { "by that link" };
    let told = format!("{wants} {} does not answer {what} for {target} {why}", next.called);
    if has_unseen {
        let why = format!("{told}, though another one that gets it may");
        return MacResolution::AnotherMay { why, is_possible: true };
    }
    let sentence = format!("not sent: {told}");
    MacResolution::Dropped {
        verdict: Verdict { outcome: Outcome::Dropped, sentence, ..verdict },
        packet,
        text,
    }
}

/// What comes of all answers to a question. Where none gets to the sender, others that are not seen may answer, unless
/// the one that is asked did: it has the address, so that none outside of this host is looked for.
pub(super) fn of_answers(
    answers: Vec<MacAnswer>,
    (wants, what): (&str, &str),
    has_unseen: bool,
) -> MacResolution {
    let is_lost = |answer: &MacAnswer| matches!(answer.told, MacResolution::Dropped { .. });
    let (lost, mut heard): (Vec<_>, Vec<_>) = answers.into_iter().partition(is_lost);
    let is_alone = matches!(&heard[..], [MacAnswer { is_asked: true, is_sure: true, .. }]);
    if let Some(only) = heard.pop_if(|_| is_alone) {
        return only.told;
    }
    if heard.is_empty() {
        let is_by_others = !lost.iter().any(|answer| answer.is_asked);
        let told = lost.into_iter().map(|answer| answer.told).next();
        return match told {
            Some(MacResolution::Dropped { verdict, .. }) if has_unseen && is_by_others => {
                let sentence = verdict.sentence.trim_start_matches("not sent: ");
                let why = format!("{sentence}, and another one that is asked may answer");
                MacResolution::AnotherMay { why, is_possible: true }
            }
            told => told.unwrap_or(MacResolution::Resolved),
        };
    }
    let arrives = |answer: &MacAnswer| matches!(answer.told, MacResolution::Resolved);
    let is_sure = heard.iter().any(|answer| answer.is_sure && arrives(answer));
    let are_sure = heard.iter().all(|answer| answer.is_sure && arrives(answer));
    let names: Vec<_> = heard.iter().map(|answer| answer.end.called.as_str()).collect();
    let verb = if are_sure { "is" } else { "may be" };
    let why = format!("{wants} {what} {verb} answered by {}", joined(&names, ", ", TOLD));
    let ends = heard.into_iter().map(|answer| answer.end).collect();
    MacResolution::ByLinks { ends, why, is_sure }
}

/// What comes of the question by itself, which is `what`.
pub(super) fn comes_of_question(
    verdict: Verdict,
    (wants, what): (&str, &str),
    packet: (String, String),
    known: Asked,
) -> MacResolution {
    let Asked { mac, has_port, by_names, .. } = known;
    let arrives = matches!(verdict.outcome, Outcome::Delivered | Outcome::Flooded);
    let Some(copy) = verdict.returned.filter(|_| arrives || !by_names) else {
        return asked(verdict, (wants, what), packet, known);
    };
    let is = format!("{wants} {what} is sent back to it, changed into an answer");
    let is_alone = !arrives || (!has_port && verdict.outputs.len() == 1);
    match copy.told {
        told @ Some(_) if arrives && told == mac => MacResolution::Resolved,
        Some(mac) if is_alone => MacResolution::ByAnother { mac, why: is },
        Some(other) => {
            let why = format!("{is} with the MAC {other}, and arrives as well");
            MacResolution::AnotherMay { why, is_possible: true }
        }
        None => {
            let why = format!("{is}, and which MAC that tells is not known");
            MacResolution::AnotherMay { why, is_possible: true }
        }
    }
}

/// The same where no rule answers by itself, and ports are told by names or not.
fn asked(
    verdict: Verdict,
    (wants, what): (&str, &str),
    packet: (String, String),
    known: Asked,
) -> MacResolution {
    // Who gets it may answer for the other one, as a router with proxy ARP does, or not.
    let is_known = !matches!(verdict.outcome, Outcome::Controller | Outcome::Unknown);
    let is_possible = !is_known || known.has_others;
    match comes_of_answer(verdict, (wants, what), packet, known.by_names) {
        MacResolution::Unknown(why) => MacResolution::AnotherMay { why, is_possible },
        told => told,
    }
}

/// What comes of the answer by itself, which is `what`: the same.
pub(super) fn comes_of_answer(
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
        let known = Asked { mac: Some(Mac([2; 6])), has_port: true, by_names, has_others: false };
        comes_of_question(verdict, WHAT, Default::default(), known)
    }

    /// Who else gets the question or the answer need not tell the sender anything.
    #[test]
    fn what_goes_to_another_one_teaches_the_sender_nothing() {
        for outcome in [Outcome::Elsewhere, Outcome::Tunnel, Outcome::Uplink] {
            let told = of(outcome, None, false);
            assert!(
                matches!(&told, MacResolution::AnotherMay { why, is_possible: false } if why.contains("may answer or not")),
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
            assert!(
                matches!(told, MacResolution::AnotherMay { is_possible: true, .. }),
                "{told:?}"
            );
            let told = of(outcome, Some(copy(Some(NINE))), true);
            assert!(matches!(told, MacResolution::Dropped { .. }), "{outcome:?}: {told:?}");
        }
        for outcome in [Outcome::Delivered, Outcome::Flooded] {
            assert!(matches!(of(outcome, None, false), MacResolution::Resolved), "{outcome:?}");
        }
        assert!(matches!(of(Outcome::Dropped, None, false), MacResolution::Dropped { .. }));
        for outcome in [Outcome::Controller, Outcome::Unknown] {
            let told = of(outcome, None, false);
            assert!(
                matches!(told, MacResolution::AnotherMay { is_possible: true, .. }),
                "{outcome:?}"
            );
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
                let known = Asked { mac: None, has_port: false, by_names, has_others: false };
                let alone = verdict(outcome, Some(copy(Some(NINE))));
                let told = comes_of_question(alone, WHAT, Default::default(), known);
                assert!(matches!(told, MacResolution::AnotherMay { .. }), "{told:?}");
                for mac in [Some(NINE), None] {
                    let told = of(outcome, Some(copy(mac)), by_names);
                    assert!(
                        matches!(told, MacResolution::AnotherMay { is_possible: true, .. }),
                        "{told:?}"
                    );
                }
            }
        }
    }

    fn end(called: &str) -> End {
        End { mac: Some(NINE), ..End::nowhere(called) }
    }

    /// An answer of db, which is asked, or of another one.
    fn answer(called: &str, is_sure: bool, outcome: Outcome) -> MacAnswer {
        let told = comes_of_answer(verdict(outcome, None), WHAT, Default::default(), false);
        MacAnswer { end: end(called), is_asked: called == "db", is_sure, told }
    }

    #[test]
    fn the_answers_that_arrive_count() {
        use Outcome::{Delivered, Dropped, Unknown};
        let told = |all: Vec<MacAnswer>, has_unseen: bool| of_answers(all, WHAT, has_unseen);
        let only = |outcome| vec![answer("db", true, outcome)];
        assert!(matches!(told(only(Delivered), true), MacResolution::Resolved));
        assert!(matches!(told(only(Unknown), false), MacResolution::Unknown(_)));
        assert!(matches!(told(only(Dropped), false), MacResolution::Dropped { .. }));
        // Where its answer is lost, none that is not seen is thought to answer in its place; where only that of another
        // one is, any may.
        for (asked, by_other, is_known) in
            [(true, false, true), (true, true, true), (false, true, false)]
        {
            let both =
                [(asked, "db"), (by_other, "twin")].into_iter().filter(|(answers, _)| *answers);
            let lost = told(both.map(|(_, called)| answer(called, true, Dropped)).collect(), true);
            let is_told = match &lost {
                MacResolution::Dropped { .. } => is_known,
                MacResolution::AnotherMay { is_possible, .. } => *is_possible && !is_known,
                _ => false,
            };
            assert!(is_told, "{asked} {by_other}: {lost:?}");
        }
        for (second, other, expected, sure) in [
            // Another link answers in place of the one whose answer is lost.
            ((true, Delivered), Dropped, "is answered by twin", true),
            ((false, Delivered), Dropped, "may be answered by twin", false),
            ((true, Delivered), Delivered, "is answered by db, twin", true),
            ((false, Delivered), Delivered, "may be answered by db, twin", true),
            ((true, Unknown), Delivered, "may be answered by db, twin", true),
            ((true, Unknown), Dropped, "may be answered by twin", false),
        ] {
            let all = vec![answer("db", true, other), answer("twin", second.0, second.1)];
            match told(all, false) {
                MacResolution::ByLinks { why, is_sure, .. } => {
                    assert!(why.contains(expected) && is_sure == sure, "{why} {is_sure}");
                }
                told => panic!("{expected}: {told:?}"),
            }
        }
        let both = vec![answer("db", true, Dropped), answer("twin", true, Dropped)];
        assert!(matches!(told(both, false), MacResolution::Dropped { .. }));
        let twin = vec![answer("db", true, Delivered), answer("twin", true, Dropped)];
        assert!(matches!(told(twin, false), MacResolution::Resolved));
    }

    #[test]
    fn a_question_that_is_never_asked_has_nothing_sent() {
        match never_asked(WHAT.0) {
            MacResolution::Dropped { verdict, .. } => {
                assert_eq!(verdict.reaches(), Some(false));
                assert!(verdict.sentence.starts_with("not sent: web has"), "{}", verdict.sentence);
            }
            told => panic!("{told:?}"),
        }
    }

    #[test]
    fn a_link_that_answers_nothing_is_not_sent_to() {
        let (from, next, target) = (end("web"), end("db"), IpAddr::from([10, 0, 0, 2]));
        let (what, wants) = ("its ARP request", WHAT.0);
        let question = Question { from: &from, next: &next, requester: &from, target, what, wants };
        let told = |has_unseen| {
            let heard = verdict(Outcome::Flooded, None);
            unanswered(&question, heard, Default::default(), has_unseen)
        };
        match told(false) {
            MacResolution::Dropped { verdict, .. } => {
                assert_eq!(verdict.reaches(), Some(false));
                assert!(verdict.sentence.contains("db does not answer"), "{}", verdict.sentence);
            }
            told => panic!("{told:?}"),
        }
        assert!(matches!(told(true), MacResolution::AnotherMay { is_possible: true, .. }));
    }
}

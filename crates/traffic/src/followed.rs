//! The interfaces of a container whose flows are followed while it is started anew, or replaced.

use crate::flow_parts::FlowParts;
use crate::flow_subject::{FlowSubject, touches};

/// The interfaces of a container from one look to the next. While it is not found, those count that it had last: flows
/// of its ports are removed then. Where it comes back with other ports or addresses, those of before count once more, for
/// what was removed since.
#[derive(Clone, Debug)]
pub struct Followed {
    present: Vec<FlowSubject>,
    /// Those that it had when flows were compared last, where they were others.
    before: Vec<FlowSubject>,
    /// Why it is not found at present.
    away: Option<String>,
}

impl Followed {
    /// A container that was found with these.
    pub fn new(present: Vec<FlowSubject>) -> Self {
        Self { present, before: Vec::new(), away: None }
    }

    /// Takes what the next look found, or why it found nothing. What is to be told of it: that the container is not found,
    /// once for each reason, and where it is, where that is not what it was.
    pub fn next(&mut self, found: Result<Vec<FlowSubject>, String>) -> Option<String> {
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                let is_told = self.away.as_ref() == Some(&why);
                self.away = Some(why.clone());
                return (!is_told).then_some(why);
            }
        };
        let is_back = self.away.take().is_some();
        let is_other = !are_alike(&self.present, &found);
        let last = std::mem::replace(&mut self.present, found);
        if is_other && self.before.is_empty() {
            self.before = last;
        }
        let told = || self.present.iter().map(FlowSubject::place).collect::<Vec<_>>().join("; ");
        (is_back || is_other).then(told)
    }

    /// Looks at what all flows make of the packets of the interfaces.
    pub fn follow(&mut self, flows: &[FlowParts<'_>]) {
        for interface in &mut self.present {
            interface.follow(flows);
        }
    }

    /// Flows were compared with those of before: what the container had then counts no more.
    pub fn compared(&mut self) {
        self.before.clear();
    }

    /// Whether a flow that is there can touch one of the interfaces.
    pub fn is_touched_by(&self, flow: &FlowParts<'_>) -> bool {
        self.present.iter().any(|one| touches(flow, one).is_some())
    }

    /// Whether a flow that was there can have touched one.
    pub fn was_touched_by(&self, flow: &FlowParts<'_>) -> bool {
        let mut before = self.before.iter();
        self.is_touched_by(flow) || before.any(|one| touches(flow, one).is_some())
    }
}

/// Whether the same flows touch both, in whatever order.
fn are_alike(one: &[FlowSubject], other: &[FlowSubject]) -> bool {
    let has = |all: &[FlowSubject], one: &FlowSubject| all.iter().any(|other| other.is_like(one));
    one.len() == other.len()
        && one.iter().all(|subject| has(other, subject))
        && other.iter().all(|subject| has(one, subject))
}

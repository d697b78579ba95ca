//! The names that containers have now, written down until a look says that they are.

use std::collections::BTreeSet;

use host::Host;
use model::backoff::Backoff;
use model::ids::Name;
use model::plan::{ReplacePort, SwitchStep, renames};
use tokio::time::Instant;
use tracing::warn;

use super::{RETRY_AFTER, RETRY_AT_LEAST};
use crate::state::State;

/// Names of containers that are not written down yet. They stay owed until a look says otherwise: what
/// was written may have been of the look before, or of none for want of an engine.
pub(super) struct UnnotedNames {
    /// The ports whose rows have an old name, each with the new one.
    wrong: BTreeSet<(Name, String)>,
    /// When they are written again.
    pub(super) next: Option<Instant>,
    /// How long after that.
    backoff: Backoff,
    /// Why they could not be, as it was told last.
    failure: Option<String>,
}

impl Default for UnnotedNames {
    fn default() -> Self {
        let backoff = Backoff::new(RETRY_AFTER, RETRY_AT_LEAST);
        Self { wrong: BTreeSet::new(), next: None, backoff, failure: None }
    }
}

impl UnnotedNames {
    /// Writes down what containers are called now.
    pub(super) async fn note(&mut self, host: &Host, state: &State) {
        let key = |step: &SwitchStep| match step {
            SwitchStep::Rewrite { port, external_ids, .. } => {
                Some((port.iface.clone(), external_ids.get("docker-ovs.name")?.clone()))
            }
            SwitchStep::ReplacePort(ReplacePort { bridge, memory, .. }) => {
                let remembered: Vec<_> = memory.remember.values().map(String::as_str).collect();
                Some((bridge.clone(), remembered.join("\n")))
            }
            _ => None,
        };
        let wrong = renames(&state.snapshot, &state.found);
        if !self.are_due(wrong.iter().filter_map(key).collect()) {
            return;
        }
        let failure = host.note_names().await.err().map(|act_error| act_error.to_string());
        if let Some(why) = failure.as_ref().filter(|_| failure != self.failure) {
            warn!("new names of containers are not noted: {why}");
        }
        self.failure = failure;
    }

    /// Whether to write now, where these are wrong in a look: each that is new at once, and all again later.
    fn are_due(&mut self, wrong: BTreeSet<(Name, String)>) -> bool {
        if wrong.is_empty() {
            *self = Self::default();
            return false;
        }
        let is_new = !wrong.is_subset(&self.wrong);
        self.wrong = wrong;
        let now = Instant::now();
        if !is_new && self.next.is_some_and(|next| now < next) {
            return false;
        }
        if is_new {
            self.backoff.reset();
        }
        self.next = Some(now + self.backoff.pause());
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn wrong(names: &[&str]) -> BTreeSet<(Name, String)> {
        names.iter().map(|name| (Name::from("veth1"), (*name).to_owned())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_stays_owed_until_a_look_says_that_it_is_written() {
        let mut names = UnnotedNames::default();
        assert!(names.are_due(wrong(&["web"])), "at once");
        for _ in 0..100 {
            assert!(!names.are_due(wrong(&["web"])), "not with every look");
            assert!(names.next.unwrap() <= Instant::now() + RETRY_AT_LEAST);
            advance(RETRY_AT_LEAST).await;
            assert!(names.are_due(wrong(&["web"])));
        }
        assert!(names.are_due(wrong(&["web", "db"])), "a new one at once");
        assert!(names.next.unwrap() <= Instant::now() + RETRY_AFTER);
        assert!(!names.are_due(wrong(&[])));
        assert_eq!(names.next, None);
        assert!(names.are_due(wrong(&["web"])), "it was called so before");
    }
}

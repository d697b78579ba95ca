//! Doubts that a whole wait did not end.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use model::Look;
use model::ids::{Ifindex, Name, Nsid};
use model::plan::PlanError;

use super::LONGEST;
use super::doubts::{links_of, unsettled};
use crate::Host;

/// What a doubt is known by: a port, its link, and the namespace that the link leads to.
type DoubtKey = (Name, Option<Ifindex>, Option<Nsid>);

/// Doubts that a whole wait did not change: a namespace that lives without a process, a port that vswitchd
/// cannot open. Who keeps them does not wait for them again.
#[derive(Clone, Debug, Default)]
pub struct LastingDoubts(BTreeSet<DoubtKey>);

/// Doubts that were open when a wait ended.
#[derive(Debug)]
pub(in crate::act) struct DoubtsLeft(BTreeSet<DoubtKey>);

impl DoubtsLeft {
    /// Whether a doubt about one of these ports was not open then.
    pub(super) fn misses_any(&self, look: &Look, ports: &[Name]) -> bool {
        !keys(look, ports).is_subset(&self.0)
    }
}

/// The doubts that each look of a wait had so far.
#[derive(Debug, Default)]
struct SteadyDoubts {
    looks: usize,
    open: BTreeSet<DoubtKey>,
}

impl SteadyDoubts {
    fn note(&mut self, open: &BTreeSet<DoubtKey>) {
        match self.looks {
            0 => self.open.clone_from(open),
            _ => self.open.retain(|key| open.contains(key)),
        }
        self.looks += 1;
    }

    /// What a single look had may be of that look alone, however long it took.
    fn lasting(self) -> BTreeSet<DoubtKey> {
        if self.looks < 2 { BTreeSet::new() } else { self.open }
    }
}

impl LastingDoubts {
    /// Waits as [`Host::wait_until_settled`] does, but not for these, and takes up what lasted all the time.
    /// What is open at its end is these, and what it did not settle.
    ///
    /// # Errors
    /// A source is missing.
    pub(in crate::act) async fn wait(
        &mut self,
        host: &Host,
        doubtful: impl Fn(&Look) -> Vec<Name>,
    ) -> Result<DoubtsLeft, PlanError> {
        let begun = Instant::now();
        let steady: Mutex<SteadyDoubts> = Mutex::default();
        let known = &self.0;
        let look = host
            .wait_until_settled(|look| {
                let mut open = keys(look, &doubtful(look));
                open.retain(|key| !known.contains(key));
                steady.lock().unwrap_or_else(PoisonError::into_inner).note(&open);
                open.into_iter().map(|(port, ..)| port).collect()
            })
            .await?;
        let still = keys(&look, &unsettled(&look));
        self.0.retain(|key| still.contains(key));
        if begun.elapsed() >= host.timeout.min(LONGEST) {
            self.0.extend(steady.into_inner().unwrap_or_else(PoisonError::into_inner).lasting());
        }
        Ok(DoubtsLeft(keys(&look, &doubtful(&look))))
    }
}

/// What these ports are known by.
fn keys(look: &Look, ports: &[Name]) -> BTreeSet<DoubtKey> {
    let key = |port: &Name| {
        let link = links_of(look, std::slice::from_ref(port)).into_iter().next();
        let nsid = link.and_then(|link| link.peer?.nsid);
        (port.clone(), link.map(|link| link.ifindex), nsid)
    };
    ports.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::super::doubts::tests::in_doubt;
    use super::*;

    #[test]
    fn a_doubt_that_the_wait_did_not_end_with_is_looked_at_again() {
        let look = in_doubt();
        let ports = [Name::from("vb")];
        let left = DoubtsLeft(keys(&look, &ports));
        assert!(!left.misses_any(&look, &ports));
        assert!(!left.misses_any(&look, &[]), "it has settled meanwhile");
        assert!(DoubtsLeft(BTreeSet::new()).misses_any(&look, &ports));
        let another = DoubtsLeft([("vb".into(), Some(Ifindex(4711)), None)].into());
        assert!(another.misses_any(&look, &ports), "it is about another link by now");
    }

    #[test]
    fn only_what_several_looks_had_lasts() {
        let key = |port: &str| (Name::from(port), None, None);
        let lasting = |looks: &[&[&str]]| {
            let mut steady = SteadyDoubts::default();
            for open in looks {
                steady.note(&open.iter().map(|port| key(port)).collect());
            }
            steady.lasting()
        };
        assert_eq!(lasting(&[&["a"]]), [].into(), "of one slow look");
        assert_eq!(lasting(&[&["a", "b"], &["a"]]), [key("a")].into());
        assert_eq!(lasting(&[&[], &["a"], &["a"]]), [].into());
    }
}

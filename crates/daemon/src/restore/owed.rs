//! What a container that runs is owed: it stays owed until it is restored or refused, however
//! long a source is away, and not a moment longer, so that what is taken from it by hand stays
//! away.

use std::collections::BTreeSet;
use std::time::Duration;

use host::Done;
use model::ids::{ContainerId, Mac};
use model::plan::{Generated, Restore, RestoreAction, remembered, restore};
use tokio::time::Instant;

use super::{RETRY_AFTER, RETRY_AT_LEAST};
use crate::state::State;

/// A container that runs.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    /// Its first process.
    pid: u32,
    /// When to try again; none once it has got all that it can get.
    next: Option<Instant>,
    wait: Duration,
    /// What the last attempt was made for.
    tried: Option<Claim>,
    /// What was told of it.
    told: BTreeSet<String>,
}

/// What one look says of what a container had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing is missing.
    Nothing,
    /// Something can be made again.
    Missing,
    /// Whether something is missing, or may be touched, is not known yet.
    Doubtful,
}

impl Claim {
    pub(super) fn of(state: &State, id: &ContainerId) -> Self {
        let (snapshot, wiring) = (&state.snapshot, &state.wiring);
        let request = Restore { containers: vec![id.to_string()] };
        let Ok(all) = remembered(snapshot, wiring, &request) else { return Self::Doubtful };
        // Only whether it can be made is asked, so no name or address is needed.
        let generated = Generated { host_end: "dov-00000000".to_owned(), mac: Mac([2; 6]), now: 0 };
        let claims = all.iter().map(|one| match restore(snapshot, wiring, one, &generated) {
            RestoreAction::There | RestoreAction::Gone => Self::Nothing,
            RestoreAction::Again(_) => Self::Missing,
            RestoreAction::NotRunning { .. }
            | RestoreAction::Refused(_)
            | RestoreAction::NotToBeTouched { .. } => Self::Doubtful,
        });
        let claims: Vec<_> = claims.collect();
        let has = |claim: Self| claims.contains(&claim);
        match () {
            () if has(Self::Missing) => Self::Missing,
            () if has(Self::Doubtful) => Self::Doubtful,
            () => Self::Nothing,
        }
    }
}

impl Owed {
    /// One that has just started, as far as is known. What is in doubt then has a second to
    /// become clear: the sources need not tell of an end and of a start in order.
    pub(super) fn of(pid: u32) -> Self {
        let next = Some(Instant::now() + RETRY_AFTER);
        Self { pid, next, wait: RETRY_AFTER, tried: None, told: BTreeSet::new() }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// When to try again, if there is anything to try.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Whether to try now.
    pub(super) fn is_due(&mut self, claim: Claim) -> bool {
        let is_time = self.next.is_some_and(|next| Instant::now() >= next);
        let due = match claim {
            Claim::Nothing => {
                self.next = None;
                false
            }
            Claim::Missing => is_time || self.tried != Some(claim),
            Claim::Doubtful => is_time,
        };
        if due {
            self.tried = Some(claim);
        }
        due
    }

    /// Whether this sentence is new.
    pub(super) fn told(&mut self, sentence: &str) -> bool {
        self.told.insert(sentence.to_owned())
    }

    /// What an attempt came to.
    pub(super) fn came_to<'a>(&mut self, all: impl Iterator<Item = &'a Done>) {
        let open = |how: &Done| {
            matches!(how, Done::Failed(_) | Done::As(RestoreAction::NotToBeTouched { .. }))
        };
        if all.into_iter().any(open) {
            self.try_again();
        } else {
            self.next = None;
        }
    }

    pub(super) fn try_again(&mut self) {
        self.next = Some(Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(RETRY_AT_LEAST);
    }
}

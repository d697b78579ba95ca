//! Waiting until the kernel has taken down what ended a moment ago, and vswitchd has opened its ports.
//! Until then the host's end of a veth lives, and whether its port is orphaned, or deaf, cannot be told.

mod doubts;
mod lasting;

use std::time::Duration;

use model::Look;
use model::ids::{Name, Nsid};
use model::plan::PlanError;

use super::questions::whole;
use crate::deadline::Deadline;
use crate::{Host, kernel};
use doubts::{links_of, not_opened};
use lasting::DoubtsLeft;

pub(super) use doubts::{unknown_occupants, unsettled_for};
pub use lasting::LastingDoubts;

/// The kernel takes some 15 to 500 ms.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Not longer, however long sources may take to answer.
const LONGEST: Duration = Duration::from_secs(30);
/// So long a link in doubt is waited for whatever is known of its namespace: a process that is
/// ending is still in it, and what one process has left another may be about to leave.
const AT_LEAST: Duration = Duration::from_millis(700);
/// So many looks may be torn by a change between two readings.
const TORN: usize = 3;

impl Host {
    /// A whole look in which none of the ports that `doubtful` names has a link that leads to a
    /// namespace that is being taken down, or one that is about to be opened. After `--timeout` it is
    /// as it is.
    ///
    /// # Errors
    /// A source is missing.
    pub(crate) async fn wait_until_settled(
        &self,
        doubtful: impl Fn(&Look) -> Vec<Name>,
    ) -> Result<Look, PlanError> {
        let longest = self.timeout.min(LONGEST);
        let due = Deadline::after(longest);
        let least = Deadline::after(longest.min(AT_LEAST));
        for round in 0.. {
            let look = whole(self).await?;
            let open = doubtful(&look);
            let again = !open.is_empty() && !due.is_over();
            if !again || (least.is_over() && !self.is_settling(&look, &open, round < TORN)) {
                return Ok(look);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        whole(self).await
    }

    /// A look after a wait that left these open. For a doubt that is none of them, as of a look that was torn by a
    /// change between two readings, it looks again, but only for a moment: others may wait for the lock by now.
    ///
    /// # Errors
    /// A source is missing.
    pub(super) async fn look_after(
        &self,
        left: &DoubtsLeft,
        doubtful: impl Fn(&Look) -> Vec<Name>,
    ) -> Result<Look, PlanError> {
        let due = Deadline::after(self.timeout.min(AT_LEAST));
        loop {
            let look = whole(self).await?;
            if !left.misses_any(&look, &doubtful(&look)) || due.is_over() {
                return Ok(look);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Whether one of these links is not opened yet, or leads to a namespace that no process is in any
    /// more, or to one that changed during the look.
    fn is_settling(&self, look: &Look, open: &[Name], torn: bool) -> bool {
        if not_opened(look).any(|port| open.contains(&port)) {
            return true;
        }
        let Ok(switch) = self.identify_switch(true).netns else { return false };
        let Some(here) = look.snapshot.switch_namespace() else { return false };
        let Some(inhabited) = kernel::inhabited(&switch) else { return false };
        let read =
            |nsid: &Nsid| here.nsids.get(nsid).is_some_and(|id| look.namespace(*id).is_some());
        let mut nsids = links_of(look, open).into_iter().filter_map(|link| link.peer?.nsid);
        nsids.any(|nsid| !inhabited.contains(&nsid) || (torn && read(&nsid)))
    }
}

//! Waiting until the kernel has taken down what ended a moment ago, and vswitchd has opened its ports.
//! Until then the host's end of a veth lives, and whether its port is orphaned, or deaf, cannot be told.

use std::time::Duration;

use model::Look;
use model::evidence::Note;
use model::ids::{Name, Nsid};
use model::plan::PlanError;
use model::port_record::PortRecord;

use super::questions::whole;
use crate::deadline::Deadline;
use crate::{Host, kernel};

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
        let links = here.links.iter().filter(|link| open.contains(&link.name));
        let mut nsids = links.filter_map(|link| link.peer?.nsid);
        nsids.any(|nsid| !inhabited.contains(&nsid) || (torn && read(&nsid)))
    }
}

/// The ports with a record of which it is not known who is on them, or whether they are deaf.
pub(super) fn unsettled(look: &Look) -> Vec<Name> {
    unknown_occupants(look, None).into_iter().chain(not_opened(look)).collect()
}

/// The ports with a record that vswitchd has not opened.
fn not_opened(look: &Look) -> impl Iterator<Item = Name> {
    let rows = look.wiring.ports.iter().filter(|row| row.notes.contains(&Note::NotOpened));
    rows.filter(|row| PortRecord::of(&row.port).is_some()).map(|row| row.port.iface.clone())
}

/// The ports with a record whose occupant is not known, on this bridge or on all.
pub(super) fn unknown_occupants(look: &Look, bridge: Option<&str>) -> Vec<Name> {
    let rows = look.wiring.ports.iter();
    let rows = rows.filter(|row| bridge.is_none_or(|bridge| *row.bridge == *bridge));
    let unknown = rows.filter(|row| {
        matches!(row.occupant, model::wiring::Occupant::Unknown { .. })
            && PortRecord::of(&row.port).is_some()
    });
    unknown.map(|row| row.port.iface.clone()).collect()
}

//! Waiting until the kernel has taken down what ended a moment ago, and vswitchd has opened its ports.
//! Until then the host's end of a veth lives, and whether its port is orphaned, or deaf, cannot be told.

use std::time::Duration;

use model::evidence::Note;
use model::ids::{Name, Nsid};
use model::plan::PlanError;
use model::port_record::PortRecord;
use model::snapshot::Link;
use model::{Look, PortLinks};

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
        let mut nsids = links_of(look, open).into_iter().filter_map(|link| link.peer?.nsid);
        nsids.any(|nsid| !inhabited.contains(&nsid) || (torn && read(&nsid)))
    }
}

/// The links of the switch's namespace that have one of these names, and those that the ports of these names
/// are, whatever they are called by now.
fn links_of<'a>(look: &'a Look, names: &[Name]) -> Vec<&'a Link> {
    let here = look.snapshot.switch_namespace().into_iter().flat_map(|here| &here.links);
    let called = here.filter(|link| names.contains(&link.name));
    let known = PortLinks::new(&look.snapshot);
    let rows = look.wiring.ports.iter().filter(|row| names.contains(&row.port.iface));
    called.chain(rows.filter_map(|row| known.of(row))).map(|link| &**link).collect()
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

/// The ports with a record whose occupant is not known, on this bridge or fake bridge or on all.
pub(super) fn unknown_occupants(look: &Look, bridge: Option<&str>) -> Vec<Name> {
    let rows = look.wiring.ports.iter();
    let rows = rows.filter(|row| bridge.is_none_or(|bridge| row.is_on(bridge)));
    let unknown = rows.filter(|row| {
        matches!(row.occupant, model::wiring::Occupant::Unknown { .. })
            && PortRecord::of(&row.port).is_some()
    });
    unknown.map(|row| row.port.iface.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::Snapshot;
    use model::snapshot::Observed;
    use model::switch::FakeBridge;

    use super::*;

    fn read(snapshot: &str) -> Snapshot {
        serde_json::from_str(snapshot).unwrap()
    }

    /// The port vb of br0, of which it is not known who is on it, with a record, in the VLAN of a fake bridge.
    fn in_doubt() -> Look {
        let mut snapshot =
            read(include_str!("../../../model/tests/wiring/one-namespace-unread/snapshot.json"));
        for bridge in snapshot.switch.values_mut().flat_map(Observed::rows_mut) {
            bridge.fake_bridges = vec![
                FakeBridge { name: "fake".into(), vlan: 7 },
                FakeBridge { name: "other".into(), vlan: 8 },
            ];
            for port in bridge.ports.iter_mut().filter(|port| *port.iface == *"vb") {
                let port = Arc::make_mut(port);
                port.tag = Some(7);
                let ids = [("container_id", "b".repeat(64)), ("container_iface", "eth0".into())];
                port.external_ids = ids.map(|(key, value)| (key.to_owned(), value)).into();
            }
        }
        Look::new(snapshot)
    }

    #[test]
    fn what_is_not_known_is_waited_for_on_a_fake_bridge_too() {
        let look = in_doubt();
        let on = |bridge: Option<&str>| unknown_occupants(&look, bridge);
        for bridge in [None, Some("br0"), Some("fake")] {
            assert_eq!(on(bridge), [Name::from("vb")], "{bridge:?}");
        }
        for bridge in ["other", "br1"] {
            assert!(on(Some(bridge)).is_empty(), "{bridge}");
        }
    }

    #[test]
    fn a_ports_link_is_waited_for_whatever_it_is_called_by_now() {
        let renamed = read(include_str!("../../../model/tests/wiring/link-renamed/snapshot.json"));
        let look = Look::new(renamed);
        let names = |of: &str| -> Vec<_> {
            links_of(&look, &[of.into()]).into_iter().map(|link| link.name.to_string()).collect()
        };
        assert_eq!(names("old0"), ["new0"]);
        assert_eq!(names("new0"), ["new0"], "a link that is no port's is named itself");
        assert!(names("none").is_empty());
    }
}

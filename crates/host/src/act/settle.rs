//! Waiting until the kernel has taken down what ended a moment ago, and vswitchd has opened its ports.
//! Until then the host's end of a veth lives, and whether its port is orphaned, or deaf, cannot be told.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::evidence::Note;
use model::ids::{Ifindex, Name, Nsid};
use model::plan::{PlanError, Restore, remembered};
use model::port_record::PortRecord;
use model::snapshot::Link;
use model::wiring::SwitchPort;
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

/// What a doubt is known by: a port, its link, and the namespace that the link leads to.
type DoubtKey = (Name, Option<Ifindex>, Option<Nsid>);

/// Doubts that a whole wait did not change: a namespace that lives without a process, a port that vswitchd
/// cannot open. Who keeps them does not wait for them again.
#[derive(Clone, Debug, Default)]
pub struct LastingDoubts(BTreeSet<DoubtKey>);

/// Doubts that were open when a wait ended.
#[derive(Debug)]
pub(super) struct DoubtsLeft(BTreeSet<DoubtKey>);

impl DoubtsLeft {
    /// Whether a doubt about one of these ports was not open then.
    fn misses_any(&self, look: &Look, ports: &[Name]) -> bool {
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
    pub(super) async fn wait(
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

/// Those of [`unsettled`] that decide what becomes of a request: the records of its containers, and what has
/// a number that one of these wants.
pub(super) fn unsettled_for(look: &Look, request: &Restore) -> Vec<Name> {
    let all = unsettled(look);
    if all.is_empty() || (request.containers.is_empty() && request.only.is_none()) {
        return all;
    }
    // What cannot be told is refused once it was looked at.
    let Ok(asked) = remembered(&look.snapshot, &look.wiring, request) else { return Vec::new() };
    let records: Vec<_> = asked.iter().filter_map(|one| Some((one, one.key()?))).collect();
    let decides = |row: &SwitchPort| {
        let Some(record) = PortRecord::of(&row.port) else { return false };
        let number = row.port.ofport.assigned().or(row.port.ofport_request);
        records.iter().any(|(one, key)| {
            let has_its_number = number.is_some() && number == one.ofport();
            key.container == record.container || (key.bridge == row.bridge && has_its_number)
        })
    };
    let rows = look.wiring.ports.iter().filter(|row| decides(row));
    let deciding: BTreeSet<&Name> = rows.map(|row| &row.port.iface).collect();
    all.into_iter().filter(|port| deciding.contains(port)).collect()
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
    use model::plan::RememberedKey;
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

    #[test]
    fn a_restore_waits_for_what_it_is_about_alone() {
        let look = in_doubt();
        assert_eq!(unsettled(&look), [Name::from("vb")]);
        let only = |container: &str, interface: &str| Restore {
            only: Some(
                [RememberedKey {
                    bridge: "br0".into(),
                    container: container.to_owned(),
                    interface: interface.to_owned(),
                }]
                .into(),
            ),
            ..Restore::default()
        };
        assert_eq!(unsettled_for(&look, &Restore::default()), [Name::from("vb")], "all");
        assert_eq!(unsettled_for(&look, &only(&"b".repeat(64), "eth0")), [Name::from("vb")]);
        assert!(unsettled_for(&look, &only(&"c".repeat(64), "eth0")).is_empty(), "another one's");
        let unknown = Restore { containers: vec!["none".to_owned()], only: None };
        assert!(unsettled_for(&look, &unknown).is_empty(), "it is refused at once");
    }

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

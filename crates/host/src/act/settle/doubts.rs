//! The ports of which a moment after a change it is not known who is on them, or whether they are deaf.

use std::collections::BTreeSet;

use model::evidence::Note;
use model::ids::Name;
use model::plan::{Restore, remembered};
use model::port_record::PortRecord;
use model::snapshot::Link;
use model::wiring::SwitchPort;
use model::{Look, PortLinks};

/// The links of the switch's namespace that have one of these names, and those that the ports of these names
/// are, whatever they are called by now.
pub(super) fn links_of<'a>(look: &'a Look, names: &[Name]) -> Vec<&'a Link> {
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
pub(in crate::act) fn unsettled_for(look: &Look, request: &Restore) -> Vec<Name> {
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
pub(super) fn not_opened(look: &Look) -> impl Iterator<Item = Name> {
    let rows = look.wiring.ports.iter().filter(|row| row.notes.contains(&Note::NotOpened));
    rows.filter(|row| PortRecord::of(&row.port).is_some()).map(|row| row.port.iface.clone())
}

/// The ports with a record whose occupant is not known, on this bridge or fake bridge or on all.
pub(in crate::act) fn unknown_occupants(look: &Look, bridge: Option<&str>) -> Vec<Name> {
    let rows = look.wiring.ports.iter();
    let rows = rows.filter(|row| bridge.is_none_or(|bridge| row.is_on(bridge)));
    let unknown = rows.filter(|row| {
        matches!(row.occupant, model::wiring::Occupant::Unknown { .. })
            && PortRecord::of(&row.port).is_some()
    });
    unknown.map(|row| row.port.iface.clone()).collect()
}

#[cfg(test)]
pub(super) mod tests {
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
    pub(in crate::act::settle) fn in_doubt() -> Look {
        let mut snapshot =
            read(include_str!("../../../../model/tests/wiring/one-namespace-unread/snapshot.json"));
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
        let renamed =
            read(include_str!("../../../../model/tests/wiring/link-renamed/snapshot.json"));
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
}

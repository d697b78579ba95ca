//! What a list leaves out is told.

use std::sync::Arc;

use docker_ovs_report::v1::{FleetAttachment, FromHost, Liveness};
use docker_ovs_report::{LeftOut, Wanted, fleet_ports, left_out, list, passes};
use model::vlan::{VlanMode, Vlans};
use model::wiring::{AttachmentState, ContainerRef};
use model::{Snapshot, Wiring};

use crate::{FULL, host};

fn filtered(words: &[&str]) -> Wanted {
    let filters = words.iter().map(|word| word.parse().unwrap()).collect();
    Wanted { filters, ..Wanted::default() }
}

/// The host of the article with so many more containers on its first interface that has one.
fn crowd(more: usize) -> (Snapshot, Wiring) {
    let (snapshot, mut wiring) = host(FULL);
    let mut all = wiring.attachments.iter_mut();
    let one = all.find(|one| !one.tenants.is_empty()).unwrap();
    let first = one.tenants[0].clone();
    let others = (0..more).map(|n| {
        let id = model::ids::ContainerId(format!("{n:064x}").into());
        Arc::new(ContainerRef { name: format!("other-{n}").into(), id, ..(*first).clone() })
    });
    one.tenants = std::iter::once(first.clone()).chain(others).collect();
    (snapshot, wiring)
}

#[test]
fn of_many_that_share_an_interface_the_one_that_is_asked_for_is_listed() {
    let (snapshot, wiring) = crowd(99);
    let of = |words: &[&str]| {
        let wanted = filtered(words);
        let rows = list(&snapshot, &wiring, &wanted);
        (rows.len(), left_out(&snapshot, &wiring, &wanted).crowded)
    };
    assert_eq!(of(&["container=other-98"]), (1, 0));
    assert_eq!(of(&["container=other-98", "container=other-0"]), (2, 0));
    assert_eq!(of(&["container=no-such"]), (0, 0));
    let (rows, crowded) = of(&[]);
    let (few, none) = crowd(0);
    assert_eq!(crowded, 100 - 64);
    assert_eq!(rows, list(&few, &none, &filtered(&[])).len() + 63);
    assert_eq!(left_out(&few, &none, &filtered(&[])), LeftOut::default());
}

#[test]
fn what_may_be_on_a_bridge_is_counted_however_the_bridge_is_named() {
    let (snapshot, mut wiring) = host(FULL);
    let mut all = wiring.attachments.iter_mut();
    let one = all.find(|one| one.port.port().is_some() && one.tenants.len() == 1).unwrap();
    let bridge = one.port.port().unwrap().bridge.to_string();
    let name = one.tenants[0].name.to_string();
    one.port = AttachmentState::Unknown { why: "it was not seen".to_owned() };
    one.candidates = Vec::new();
    let count = |wanted: &Wanted| left_out(&snapshot, &wiring, wanted).undecided;
    let by_name = Wanted { bridge: Some(bridge.clone()), ..Wanted::default() };
    let asked = format!("bridge={bridge}");
    assert!(count(&by_name) > 0);
    assert_eq!(count(&by_name), count(&filtered(&[&asked])));
    assert_eq!(count(&filtered(&[])), 0);
    assert_eq!(count(&filtered(&[&asked, "container=no-such"])), 0);
    assert_eq!(count(&filtered(&[&asked, &format!("container={name}")])), 1);
    // It may be in any VLAN as well, and one that is asked for both ways is counted once.
    assert_eq!(count(&filtered(&["vlan=4094"])), count(&by_name));
    assert_eq!(count(&filtered(&[&asked, "vlan=4094", &format!("container={name}")])), 1);
    assert_eq!(count(&filtered(&["vlan=4094", "status=on"])), 0);
    let words = |bridge: Option<&str>, filters: &[&str]| {
        Wanted { bridge: bridge.map(str::to_owned), ..filtered(filters) }.ports_in_words()
    };
    assert_eq!(words(None, &["container=web"]), "");
    assert_eq!(words(Some("br0"), &[]), "on br0");
    assert_eq!(words(None, &["vlan=20", "bridge=br1", "vlan=30"]), "on br1 and in VLAN 20 or 30");
}

#[test]
fn what_is_listed_as_maybe_there_is_not_left_out() {
    let (snapshot, mut wiring) = host(FULL);
    let mut all = wiring.attachments.iter_mut();
    let one = all.find(|one| one.port.port().is_some() && one.tenants.len() == 1).unwrap();
    let port = one.port.port().unwrap().clone();
    one.port = AttachmentState::Unknown { why: "two ports may be it".to_owned() };
    one.candidates = vec![port.clone()];
    let wanted = filtered(&[&format!("bridge={}", port.bridge)]);
    let named = one.tenants[0].name.clone();
    assert!(list(&snapshot, &wiring, &wanted).iter().any(|row| *row.container == *named));
    assert_eq!(left_out(&snapshot, &wiring, &wanted).undecided, 0);
}

#[test]
fn ports_whose_link_is_gone_are_listed_where_a_filter_asks_for_them() {
    let (snapshot, wiring) = host(FULL);
    let asked = list(&snapshot, &wiring, &filtered(&["status=orphaned"]));
    assert!(!asked.is_empty());
    let all = Wanted { all: true, ..filtered(&["status=orphaned"]) };
    assert_eq!(asked, list(&snapshot, &wiring, &all));
    assert!(
        list(&snapshot, &wiring, &filtered(&["status=on"])).iter().all(|row| row.ifindex.is_some())
    );
}

#[test]
fn what_is_on_several_ports_is_told_with_each_of_them_to_the_fleet() {
    let (snapshot, mut wiring) = host(FULL);
    let mut ports: Vec<_> =
        wiring.attachments.iter().filter_map(|one| one.port.port()).cloned().collect();
    ports.truncate(2);
    for (port, (bridge, tag)) in ports.iter_mut().zip([("b0", 10), ("b1", 20)]) {
        port.bridge = bridge.into();
        port.vlans = Some(Vlans {
            mode: VlanMode::Access,
            tag: Some(tag),
            trunks: Vec::new(),
            cvlans: Vec::new(),
        });
    }
    let one = wiring.attachments.iter_mut().find(|one| one.port.port().is_some()).unwrap();
    (one.port, one.candidates) = (AttachmentState::Several { ports: ports.clone() }, Vec::new());
    let name = one.tenants[0].name.to_string();
    let rows =
        list(&snapshot, &wiring, &filtered(&[&format!("container={name}"), "status=several"]));
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.bridge.as_deref(), row.ports.len()), (None, 2));
    let from = FromHost { host: "h1".to_owned(), liveness: Liveness::Live, stale_since: None };
    let row = FleetAttachment { from, attachment: row.clone() };
    for (words, told) in [
        (&[][..], &["b0", "b1"][..]),
        (&["bridge=b1"], &["b1"]),
        (&["vlan=10"], &["b0"]),
        (&["bridge=b0", "bridge=b1"], &["b0", "b1"]),
        (&["bridge=b1", "vlan=10"], &[]),
        (&["bridge=b2"], &[]),
    ] {
        let filters = filtered(words).filters;
        assert_eq!(passes(&filters, &row.attachment), !told.is_empty(), "{words:?}");
        let ports = fleet_ports(&filters, &row);
        assert_eq!(ports.iter().map(|port| &port.bridge).collect::<Vec<_>>(), told, "{words:?}");
    }
    assert!(row.attachment.is_on("b1") && !row.attachment.is_on("b2"));
}

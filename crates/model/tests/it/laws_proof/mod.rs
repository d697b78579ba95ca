//! What may never follow: another answer from less of the same Snapshot, and another's port from
//! what a container can do inside its own namespace.

mod cut;
mod scene;

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::ids::{Ifindex, Mac, NetnsId};
use docker_ovs_model::snapshot::{Link, Observed, Peer, Snapshot};
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::wiring::{Attachment, AttachmentState, Occupant, SwitchPort};
use docker_ovs_model::{SourceError, SourceErrorKind, Wiring, resolve};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::plans::scene::with_source;

use cut::{cut, cuts};
use scene::{SWITCH, Scene, Way, home, link, mac, ways};

fn key(found: &Attachment) -> (NetnsId, Ifindex) {
    (found.netns, found.link.ifindex)
}

fn where_it_is(state: &AttachmentState) -> String {
    let place = state.port().map(|port| format!("{}/{}", port.bridge, port.iface));
    format!("{} {place:?} {:?}", state.word(), state.several())
}

/// The same, or unknown.
fn agrees(part: &Wiring, whole: &Wiring) -> Result<(), TestCaseError> {
    for found in &part.attachments {
        let Some(told) = whole.attachments.iter().find(|other| key(other) == key(found)) else {
            // Without the switch's namespace its own links look like a container's.
            prop_assert!(found.netns == SWITCH, "{found:#?} is made up");
            prop_assert!(matches!(found.port, AttachmentState::Unknown { .. }), "{found:#?}");
            continue;
        };
        let same = where_it_is(&found.port) == where_it_is(&told.port);
        let unknown = matches!(found.port, AttachmentState::Unknown { .. });
        prop_assert!(same || unknown, "{found:#?}\nbut the whole says\n{told:#?}");
    }
    for port in &part.ports {
        let told = whole.ports.iter().find(|other| other.port.iface == port.port.iface).unwrap();
        match (&port.occupant, &told.occupant) {
            // A link of the host may lead to a container that was not seen.
            (Occupant::Unknown { .. }, _) | (Occupant::Host { .. }, Occupant::Plugged { .. }) => {}
            (Occupant::Orphaned { .. }, told) => prop_assert!(told.is_orphaned(), "{port:#?}"),
            (Occupant::Plugged { plugs: part }, Occupant::Plugged { plugs: whole }) => {
                let all: BTreeSet<_> = whole.iter().map(|p| (p.netns, &p.interface)).collect();
                let known = part.iter().all(|p| all.contains(&(p.netns, &p.interface)));
                prop_assert!(known, "{part:?} {whole:?}");
            }
            (part, whole) => prop_assert_eq!(part, whole),
        }
    }
    Ok(())
}

/// What a container with CAP_NET_ADMIN can make inside its namespace: a kind, a name, an address,
/// an alternative name, a master, a link beneath.
type Made = (Option<&'static str>, String, Mac, Option<String>, Option<u32>, Option<u32>);

fn made() -> impl Strategy<Value = Made> {
    let kinds = [
        None,
        Some("tun"),
        Some("openvswitch"),
        Some("bridge"),
        Some("bond"),
        Some("dummy"),
        Some("vlan"),
        Some("macvlan"),
        Some("gretap"),
        Some("veth"),
    ];
    let name = prop_oneof![(0..5u32).prop_map(|i| format!("h{i}")), Just("eth0".to_owned())];
    let macs = prop_oneof![
        (10..24u32).prop_map(|index| mac(0, index)),
        Just(Mac([0; 6])),
        Just(Mac([1, 0, 0, 0, 0, 0])),
    ];
    let alt = prop::option::of((0..5u32).prop_map(|i| format!("alt{i}")));
    let index = || prop::option::of(10..30u32);
    (prop::sample::select(kinds.to_vec()), name, macs, alt, index(), index())
}

fn put(snapshot: &mut Snapshot, home: NetnsId, made: &[Made]) {
    let rows = snapshot.kernel.rows_mut();
    let row = rows.iter_mut().find(|row| row.id == home).unwrap();
    for (index, (kind, name, mac, alt, master, beneath)) in (1000..).zip(made) {
        let own = row.links.iter().any(|link| *link.name == **name);
        let name = if own { format!("x{index}") } else { name.clone() };
        let known = |index: &u32| row.links.iter().any(|link| link.ifindex.0 == *index);
        let beneath = beneath.filter(|index| known(index) && *kind != Some("veth"));
        row.links.push(Arc::new(Link {
            mac: Some(*mac),
            altnames: alt.iter().map(|name| name.as_str().into()).collect(),
            master: master.filter(known).map(Ifindex),
            peer: beneath.map(|index| Peer { ifindex: Ifindex(index), nsid: None }),
            ..link(index, &name, *kind)
        }));
    }
}

fn noted(notes: &[Note]) -> bool {
    notes.iter().any(|note| {
        matches!(
            note,
            Note::NotProven { .. }
                | Note::Contested { .. }
                | Note::Ambiguous { .. }
                | Note::PartlySeen { .. }
                | Note::FalseClaim { .. }
                | Note::NamesAnother { .. }
        )
    })
}

/// The interfaces of others on a port.
fn others(port: &SwitchPort, home: NetnsId) -> Vec<(NetnsId, String)> {
    let Occupant::Plugged { plugs } = &port.occupant else { return Vec::new() };
    let others = plugs.iter().filter(|plug| plug.netns != home);
    others.map(|plug| (plug.netns, plug.interface.to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn less_of_a_snapshot_never_gives_another_answer(ways in ways(), cuts in vec(cuts(), 1..3)) {
        let whole = Scene::new(&ways).snapshot;
        let mut part = whole.clone();
        for what in cuts {
            cut(&mut part, what);
        }
        agrees(&resolve(&part), &resolve(&whole))?;
    }

    /// OpenFlow and the control socket tell names and numbers of ports: neither their links, nor whose they are.
    #[test]
    fn another_source_alone_never_gives_another_answer_than_with_the_database(ways in ways()) {
        for source in [SwitchSource::OpenFlow, SwitchSource::Appctl] {
            let whole = with_source(&Scene::new(&ways).snapshot, source);
            let mut part = whole.clone();
            let why = SourceError::new(SourceErrorKind::Denied, "it", "no");
            part.switch.insert(SwitchSource::Ovsdb, Observed::Absent { why });
            agrees(&resolve(&part), &resolve(&whole))?;
        }
    }

    #[test]
    fn what_is_made_inside_one_namespace_never_takes_others_port_unnoted(
        ways in ways(),
        at in 0..5u64,
        made in vec(made(), 1..4),
    ) {
        let before = Scene::new(&ways).snapshot;
        let home = home(at % u64::try_from(ways.len()).unwrap());
        let mut after = before.clone();
        put(&mut after, home, &made);
        let (before, after) = (resolve(&before), resolve(&after));
        for told in before.attachments.iter().filter(|found| found.netns != home) {
            let found = after.attachments.iter().find(|other| key(other) == key(told)).unwrap();
            let same = where_it_is(&found.port) == where_it_is(&told.port);
            // Unknown is an answer, and has its reason: who stands on another's interface may lead on.
            let is_told = noted(&found.notes) || matches!(found.port, AttachmentState::Unknown { .. });
            prop_assert!(same || is_told, "{told:#?}\n became\n{found:#?}");
        }
        for (told, found) in before.ports.iter().zip(&after.ports) {
            let (was, is) = (others(told, home), others(found, home));
            let taken = was.is_empty() && is.is_empty() && told.occupant != found.occupant;
            let lives = matches!(told.occupant, Occupant::Host { .. }) && taken;
            prop_assert!(!lives, "{told:#?}\n became\n{found:#?}");
            let orphaned = told.occupant.is_orphaned();
            prop_assert!(!orphaned || found.occupant.is_orphaned(), "{found:#?}");
        }
    }

    #[test]
    fn who_is_on_a_port_by_name_or_address_alone_is_noted_on_both_sides(ways in ways()) {
        let wiring = resolve(&Scene::new(&ways).snapshot);
        for found in wiring.attachments.iter().filter(|found| found.port.port().is_some()) {
            let port = found.port.port().unwrap();
            let row = wiring.ports.iter().find(|row| row.port.iface == port.iface).unwrap();
            let unproven = |notes: &[Note]| {
                notes.iter().any(|note| matches!(note, Note::NotProven { .. }))
            };
            prop_assert_eq!(unproven(&found.notes), unproven(&row.notes));
        }
    }
}

/// Every way gives what it should, so that the laws above are not empty.
#[test]
fn each_way_leads_where_it_should() {
    let states = |way: Way| -> Vec<String> {
        let wiring = resolve(&Scene::new(&[way]).snapshot);
        let inside = wiring.attachments.iter();
        inside.map(|found| format!("{} {}", found.link.name, where_it_is(&found.port))).collect()
    };
    let on = |name: &str, port: &str| vec![format!("{name} on Some(\"br0/{port}\") None")];
    assert_eq!(states(Way::Veth), on("eth0", "h0"));
    assert_eq!(states(Way::Altname), on("eth0", "alt0"));
    assert_eq!(states(Way::Renamed), on("eth0", "was0"));
    assert_eq!(states(Way::Moved { renamed: false }), on("h0", "h0"));
    assert_eq!(states(Way::Moved { renamed: true }), on("eth0", "h0"));
    assert_eq!(states(Way::Function { words: true }), on("eth0", "h0"));
    assert_eq!(states(Way::Function { words: false }), on("eth0", "h0"));
    assert_eq!(states(Way::LinuxBridge { uplink: true }), on("eth0", "up0"));
    assert_eq!(states(Way::LinuxBridge { uplink: false }), ["eth0 none None None"]);
    assert_eq!(states(Way::ByAnother), on("eth0", "up0"));
    assert_eq!(
        states(Way::Bond),
        [
            "bond0 several None Some(\"it is on several ports: br0/h0-0 (1), br0/h0-1 (2)\")",
            "bond0.7 several None Some(\"it is on several ports: br0/h0-0 (1), br0/h0-1 (2)\")",
            "eth0 on Some(\"br0/h0-0\") None",
            "eth1 on Some(\"br0/h0-1\") None",
        ]
    );
    assert_eq!(states(Way::OverPort { internal: true }), on("eth0", "h0"));
    assert_eq!(states(Way::OverPort { internal: false }), ["eth0 none None None"]);
    let over = resolve(&Scene::new(&[Way::Veth, Way::OverAnother, Way::OverAnother]).snapshot);
    let on = |port: &str| format!("on Some(\"br0/{port}\") None");
    let each: Vec<_> = over.attachments.iter().map(|found| where_it_is(&found.port)).collect();
    assert_eq!(each, [on("h0"), on("h0"), on("h0")]);
    let gone = resolve(&Scene::new(&[Way::Gone]).snapshot);
    assert!(gone.ports.iter().any(|port| port.occupant.is_orphaned()));
}

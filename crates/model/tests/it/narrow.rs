//! A question about one bridge, where a link may be on a port of several.

use std::sync::Arc;

use docker_ovs_model::evidence::{Evidence, Note};
use docker_ovs_model::ids::OfPort;
use docker_ovs_model::query::{QueryError, Subject};
use docker_ovs_model::switch::{FakeBridge, OfPortState, Port, SwitchSource};
use docker_ovs_model::wiring::{Attachment, AttachmentState};
use docker_ovs_model::{Look, Snapshot, Target};

use crate::sentences::case;

/// A container behind a Linux bridge with two uplinks: `qvo0` is a port of br0, `qvo1` one of br1.
fn host() -> Snapshot {
    let mut host = case("linux-bridge-two-ways");
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap();
    let mut bridges = rows.rows().to_vec();
    let mut other = bridges[0].clone();
    other.name = "br1".into();
    bridges[0].ports.retain(|port| &*port.iface != "qvo1");
    other.ports.retain(|port| &*port.iface == "qvo1");
    bridges.push(other);
    *rows = Ok(bridges).into();
    host
}

/// Changes the port `iface`, wherever it is.
fn change(host: &mut Snapshot, iface: &str, how: impl Fn(&mut Port)) {
    let bridges = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    let ports = bridges.iter_mut().flat_map(|bridge| &mut bridge.ports);
    ports.filter(|port| *port.iface == *iface).for_each(|port| how(Arc::make_mut(port)));
}

/// What is answered about the container's one interface.
fn answer(host: &Snapshot, bridge: Option<&str>) -> Attachment {
    let look = Look::new(host.clone());
    let container = look.container("a").unwrap();
    let found = look.attachments_on(Subject::Container(container), bridge).unwrap();
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    one.clone().into_owned()
}

fn fits_elsewhere(answer: &Attachment) -> Option<&[String]> {
    answer.notes.iter().find_map(|note| match note {
        Note::FitsElsewhere { candidates } => Some(candidates.as_slice()),
        _ => None,
    })
}

fn is_ambiguous(answer: &Attachment, among: &[&str]) -> bool {
    answer.notes.iter().any(|note| match note {
        Note::Ambiguous { candidates } => candidates == among,
        _ => false,
    })
}

#[test]
fn the_one_port_of_the_bridge_is_the_answer_and_what_fits_elsewhere_a_note() {
    let host = host();
    for (bridge, number, elsewhere) in [("br0", 3, "br1/qvo1"), ("br1", 4, "br0/qvo0")] {
        let answer = answer(&host, Some(bridge));
        let AttachmentState::On(port) = &answer.port else { panic!("{answer:#?}") };
        assert_eq!((&*port.bridge, port.ofport), (bridge, OfPortState::Assigned(OfPort(number))));
        assert_eq!(fits_elsewhere(&answer).unwrap(), [elsewhere]);
        assert!(!is_ambiguous(&answer, &["br0/qvo0", "br1/qvo1"]));
        let tells = |found: &Evidence| matches!(found, Evidence::Number { .. });
        assert!(answer.evidence.iter().any(tells), "{answer:#?}");
    }
}

#[test]
fn without_a_bridge_or_with_all_that_fit_on_it_the_answer_stays() {
    let both = case("linux-bridge-two-ways");
    assert_eq!(answer(&both, Some("br0")), answer(&both, None));
    let apart = answer(&host(), None);
    assert!(matches!(apart.port, AttachmentState::Unknown { .. }));
    assert!(is_ambiguous(&apart, &["br0/qvo0", "br1/qvo1"]));
    assert_eq!(fits_elsewhere(&apart), None);
}

#[test]
fn several_ports_of_the_bridge_stay_ambiguous_among_themselves() {
    let mut host = host();
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    // The same interface as a row of both bridges, as in a database that nothing checks.
    let again = rows[1].ports[0].clone();
    rows[0].ports.push(again);
    let answer = answer(&host, Some("br0"));
    assert!(matches!(answer.port, AttachmentState::Unknown { .. }));
    assert!(is_ambiguous(&answer, &["br0/qvo0", "br0/qvo1"]), "{:?}", answer.notes);
    assert_eq!(fits_elsewhere(&answer).unwrap(), ["br1/qvo1"]);
}

#[test]
fn a_port_without_a_number_is_narrowed_to_as_it_is() {
    for state in [OfPortState::Pending, OfPortState::Failed] {
        let mut host = host();
        change(&mut host, "qvo1", |port| port.ofport = state);
        let found = answer(&host, Some("br1")).port;
        let same = match state {
            OfPortState::Pending => matches!(found, AttachmentState::Pending(_)),
            _ => matches!(found, AttachmentState::Failed(_)),
        };
        assert!(same, "{found:?}");
    }
}

#[test]
fn a_fake_bridge_narrows_to_the_ports_of_its_vlan() {
    let mut host = case("linux-bridge-two-ways");
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows[0].fake_bridges.push(FakeBridge { name: "v100".into(), vlan: 100 });
    change(&mut host, "qvo1", |port| port.tag = Some(100));
    let found = answer(&host, Some("v100"));
    let AttachmentState::On(port) = &found.port else { panic!("{found:#?}") };
    assert_eq!((&*port.iface, port.fake_bridge.as_deref()), ("qvo1", Some("v100")));
    assert_eq!(fits_elsewhere(&found).unwrap(), ["br0/qvo0"]);
    let bridge = &host.switch[&SwitchSource::Ovsdb].rows()[0];
    assert!(bridge.is_called("v100") && bridge.is_called("br0") && !bridge.is_called("v1"));
}

#[test]
fn a_bridge_that_is_not_there_is_an_error_and_not_an_answer() {
    let look = Look::new(host());
    let container = look.container("a").unwrap();
    let found = look.attachments_on(Subject::Container(container), Some("br9"));
    assert!(matches!(found, Err(QueryError::NoSuchBridge { .. })), "{found:?}");
    // A namespace that was opened for the question is what it is about, whatever it is called.
    let opened = look.snapshot.namespace(container.netns.unwrap()).unwrap().id;
    let look = look.clone().with_opened(Some(opened));
    let subject = look.subject(&Target::parse("netns:/elsewhere").unwrap()).unwrap();
    assert!(matches!(subject, Subject::Namespace(row) if row.id == opened), "{subject:?}");
    assert_eq!(look.attachments_on(subject, Some("br1")).unwrap().len(), 1);
}

//! What is told of a port and of an interface is told again whatever of it changes.

use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::ids::OfPort;
use docker_ovs_model::switch::{OfPortState, Port};
use docker_ovs_model::timeline::{Change, Field, Timeline};
use docker_ovs_model::wiring::{AttachmentState, LastTenant, Occupant, SwitchPort, Wiring};
use docker_ovs_model::{Snapshot, resolve};

fn article() -> Wiring {
    let scene = include_str!("../../../cli/tests/scenes/article.json");
    let snapshot: Snapshot = serde_json::from_str(scene).unwrap();
    resolve(&snapshot)
}

fn orphan(wiring: &mut Wiring) -> &mut SwitchPort {
    wiring.ports.iter_mut().find(|port| port.occupant.is_orphaned()).expect("an orphaned port")
}

type Edit = Box<dyn Fn(&mut SwitchPort)>;

/// What is told after `change`, of a host that was told before.
fn told(
    wiring: &mut Wiring,
    timeline: &mut Timeline,
    change: impl FnOnce(&mut Wiring),
) -> Vec<Change> {
    change(wiring);
    let events = timeline.advance(wiring, 1);
    assert_eq!(timeline.advance(wiring, 2), [], "it is told once");
    let known = Arc::new(wiring.clone());
    assert_eq!(*timeline.as_told(&known), *known);
    events.into_iter().map(|event| event.change).collect()
}

#[test]
fn an_orphaned_port_is_told_again_whatever_of_it_changes() {
    let row =
        |edit: fn(&mut Port)| move |port: &mut SwitchPort| edit(Arc::make_mut(&mut port.port));
    let changes: [(&str, Edit); 7] = [
        ("number", Box::new(row(|port| port.ofport = OfPortState::Assigned(OfPort(4000))))),
        ("no number", Box::new(row(|port| port.ofport = OfPortState::Failed))),
        ("VLAN", Box::new(row(|port| port.tag = Some(77)))),
        ("MAC", Box::new(row(|port| port.mac = "02:00:00:00:00:77".parse().ok()))),
        ("error", Box::new(row(|port| port.error = Some("No such device".to_owned())))),
        (
            "owner",
            Box::new(|port| {
                let words = "another".to_owned();
                let last = Some(LastTenant { words, container: None, interface: None });
                port.occupant = Occupant::Orphaned { last };
            }),
        ),
        ("note", Box::new(|port| port.notes.push(Note::NotAsRequested { requested: 9 }))),
    ];
    for (what, change) in changes {
        let (mut wiring, mut timeline) = (article(), Timeline::new());
        timeline.advance(&wiring, 0);
        let events = told(&mut wiring, &mut timeline, |wiring| change(orphan(wiring)));
        let now = orphan(&mut wiring).clone();
        assert_eq!(events, [Change::Orphaned(Box::new(now.clone()))], "{what}");
        // What is cleared is what was told last.
        let key = (now.bridge.clone(), now.port.iface.clone());
        let gone = |wiring: &mut Wiring| {
            wiring.ports.retain(|port| (&port.bridge, &port.port.iface) != (&key.0, &key.1));
        };
        let events = told(&mut wiring, &mut timeline, gone);
        assert_eq!(events, [Change::Cleared(Box::new(now))], "{what}");
    }
}

#[test]
fn what_no_answer_has_of_an_orphaned_port_is_no_event() {
    let pair = || ("another".to_owned(), "word".to_owned());
    let row =
        |edit: fn(&mut Port)| move |port: &mut SwitchPort| edit(Arc::make_mut(&mut port.port));
    let changes: [Edit; 7] = [
        Box::new(row(|port| port.ifindex = Some(docker_ovs_model::ids::Ifindex(999)))),
        Box::new(move |port| Arc::make_mut(&mut port.port).external_ids.extend([pair()])),
        Box::new(move |port| Arc::make_mut(&mut port.port).port_external_ids.extend([pair()])),
        Box::new(move |port| Arc::make_mut(&mut port.port).options.extend([pair()])),
        Box::new(row(|port| port.protected = true)),
        Box::new(row(|port| port.bfd = true)),
        Box::new(|port| port.notes.push(Note::Stale { why: "it is away".to_owned() })),
    ];
    let (mut wiring, mut timeline) = (article(), Timeline::new());
    timeline.advance(&wiring, 0);
    for change in changes {
        change(orphan(&mut wiring));
        assert_eq!(timeline.advance(&wiring, 1), []);
    }
}

#[test]
fn an_orphaned_port_of_which_no_more_is_known_keeps_its_owner_and_tells_its_number() {
    let (mut wiring, mut timeline) = (article(), Timeline::new());
    timeline.advance(&wiring, 0);
    let port = orphan(&mut wiring);
    let owner = port.occupant.clone();
    port.occupant = Occupant::Unknown { why: "a namespace was not read".to_owned() };
    assert_eq!(timeline.advance(&wiring, 1), []);
    let ofport = OfPortState::Assigned(OfPort(4000));
    Arc::make_mut(&mut orphan_or_unknown(&mut wiring).port).ofport = ofport;
    let events = timeline.advance(&wiring, 2);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let Change::Orphaned(told) = &event.change else { panic!("{event:?}") };
    assert_eq!((told.port.ofport, &told.occupant), (ofport, &owner));
    let answered = timeline.as_told(&Arc::new(wiring));
    assert!(answered.ports.contains(told), "{told:?}");
}

fn orphan_or_unknown(wiring: &mut Wiring) -> &mut SwitchPort {
    let is_unknown = |port: &&mut SwitchPort| matches!(port.occupant, Occupant::Unknown { .. });
    wiring.ports.iter_mut().find(is_unknown).expect("a port that nothing is known of")
}

#[test]
fn an_interface_on_several_ports_is_told_again_when_one_of_them_changes() {
    let mut wiring = article();
    let ports: Vec<_> =
        wiring.attachments.iter().filter_map(|one| one.port.port().cloned()).take(2).collect();
    assert_eq!(ports.len(), 2);
    wiring.attachments[0].port = AttachmentState::Several { ports };
    let mut timeline = Timeline::new();
    timeline.advance(&wiring, 0);
    let edits: [fn(&mut AttachmentState); 3] = [
        |port| member(port).ofport = OfPortState::Assigned(OfPort(4000)),
        |port| member(port).vlans = None,
        |port| member(port).error = Some("it is busy".to_owned()),
    ];
    for edit in edits {
        let events =
            told(&mut wiring, &mut timeline, |wiring| edit(&mut wiring.attachments[0].port));
        let [Change::Changed { now, fields, .. }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((fields.as_slice(), &**now), (&[Field::Port][..], &wiring.attachments[0]));
    }
}

fn member(port: &mut AttachmentState) -> &mut docker_ovs_model::wiring::PortRef {
    match port {
        AttachmentState::Several { ports } => &mut ports[1],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_note_that_lasts_is_told_and_one_that_passes_is_not() {
    let last = [
        Note::Deaf,
        Note::NotAsRequested { requested: 9 },
        Note::Contested { port: "br0/veth0".to_owned() },
        Note::NotProven { port: "br0/veth0".to_owned(), by: "name".to_owned() },
    ];
    let pass = [
        Note::NotOpened,
        Note::Stale { why: "it is away".to_owned() },
        Note::PartlySeen { why: "a namespace was not read".to_owned() },
    ];
    for (notes, is_told) in [(&last[..], true), (&pass[..], false)] {
        for note in notes {
            let (mut wiring, mut timeline) = (article(), Timeline::new());
            timeline.advance(&wiring, 0);
            wiring.attachments[0].notes.push(note.clone());
            let came = timeline.advance(&wiring, 1);
            wiring.attachments[0].notes.pop();
            let went = timeline.advance(&wiring, 2);
            for events in [came, went] {
                let fields: Vec<_> = events
                    .iter()
                    .filter_map(|event| match &event.change {
                        Change::Changed { fields, .. } => Some(fields.as_slice()),
                        _ => None,
                    })
                    .collect();
                let expected: &[&[Field]] = if is_told { &[&[Field::Notes]] } else { &[] };
                assert_eq!(
                    (fields.as_slice(), events.len()),
                    (expected, expected.len()),
                    "{note:?}"
                );
            }
        }
    }
}

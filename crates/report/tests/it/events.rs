//! The lines of `events`: each says what is different.

use std::sync::Arc;

use docker_ovs_report::{event_line, v1};
use model::Wiring;
use model::timeline::compare;
use model::wiring::{Attachment, AttachmentState, PortRef};

use crate::{FULL, host};

fn first_on_a_port(wiring: &mut Wiring) -> &mut Attachment {
    let mut all = wiring.attachments.iter_mut();
    all.find(|one| one.port.port().is_some() && !one.tenants.is_empty()).unwrap()
}

/// What is told of a change to the first interface on a port, without time and action.
fn told(change: impl Fn(&mut Attachment)) -> String {
    let (_, before) = host(FULL);
    let mut after = before.clone();
    change(first_on_a_port(&mut after));
    let events: Vec<_> = compare(&before, &after, 0).iter().map(v1::Event::from).collect();
    let [event] = events.as_slice() else { panic!("{events:#?}") };
    event_line(event).split_once(": ").unwrap().1.to_owned()
}

fn port(one: &mut Attachment) -> &mut PortRef {
    match &mut one.port {
        AttachmentState::On(port) => port,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_port_that_stays_it_is_said_what_is_set_otherwise() {
    let iface = first_on_a_port(&mut host(FULL).1).port.port().unwrap().iface.to_string();
    let fake = told(|one| port(one).fake_bridge = Some("v10".into()));
    assert_eq!(fake, format!("Port {iface}: FakeBridge - -> v10"));
    let bond = told(|one| port(one).bond = Some("bond7".to_owned()));
    assert_eq!(bond, format!("Port {iface}: Bond - -> bond7"));
    let wish = told(|one| port(one).ofport_request = Some(model::ids::OfPort(77)));
    assert!(wish.starts_with(&format!("Port {iface}: OFPortRequest ")), "{wish}");
    assert!(wish.ends_with(" -> 77"), "{wish}");
    let other = told(|one| port(one).iface = "other0".into());
    assert_eq!(other, format!("Port {iface} -> other0"));
}

/// Of a port alone only that is told which it is now.
#[test]
fn of_a_port_alone_it_is_said_how_what_changed_is_now() {
    let (_, wiring) = host(FULL);
    let before = wiring.ports.iter().find(|row| row.vlans().is_some()).unwrap();
    let line = |change: &dyn Fn(&mut model::switch::Port)| {
        let mut now = before.clone();
        change(Arc::make_mut(&mut now.port));
        let event = v1::Event::of_port(0, Some(before), Some(&now)).unwrap();
        event_line(&event)
    };
    let vlan = line(&|port| {
        (port.tag, port.vlan_mode, port.trunks) = (Some(77), None, Vec::new());
    });
    assert!(vlan.ends_with(", VLAN 77"), "{vlan}");
    let mac = line(&|port| port.mac = Some(model::ids::Mac([2, 0, 0, 0, 0, 7])));
    assert!(mac.ends_with(", MAC 02:00:00:00:00:07"), "{mac}");
    let other = line(&|port| port.protected = !port.protected);
    assert!(other.ends_with(", other settings"), "{other}");
    let came = v1::Event::of_port(0, None, Some(before)).unwrap();
    assert!(!event_line(&came).contains(", other settings") && came.changed.is_empty());
}

#[test]
fn who_comes_to_share_an_interface_is_named() {
    let name = first_on_a_port(&mut host(FULL).1).tenants[0].name.to_string();
    let line = told(|one| {
        let mut second = (*one.tenants[0]).clone();
        second.name = "second".into();
        second.id = model::ids::ContainerId("f".repeat(64).into());
        one.tenants = one.tenants.iter().cloned().chain([Arc::new(second)]).collect();
    });
    assert_eq!(line, format!("Container {name} -> {name},second"));
}

/// Of containers that share an interface, as those of a pod.
#[test]
fn the_container_that_was_asked_for_is_the_one_that_is_named() {
    let (_, mut before) = host(FULL);
    let one = first_on_a_port(&mut before);
    let mut second = (*one.tenants[0]).clone();
    second.name = "second".into();
    second.qualified = Some("docker:second".into());
    second.id = model::ids::ContainerId("f".repeat(64).into());
    one.tenants = one.tenants.iter().cloned().chain([Arc::new(second)]).collect();
    let first = one.tenants[0].name.to_string();
    let mut after = before.clone();
    first_on_a_port(&mut after).tenants = first_on_a_port(&mut before).tenants[..1].into();
    let (mut none, mut moved) = (before.clone(), before.clone());
    none.attachments.clear();
    port(first_on_a_port(&mut moved)).bond = Some("bond7".to_owned());
    let told = |now: &Wiring, asked: &str| {
        let events = compare(&before, now, 0);
        let about = |event: &&model::timeline::Event| match &event.change {
            model::timeline::Change::Vanished(one) => one.tenants.len() == 2,
            _ => true,
        };
        let event = events.iter().find(about).unwrap();
        let event = v1::Event::told(event, |_, who| *who.name == *asked);
        (event.container.clone(), event_line(&event).split(' ').nth(2).unwrap().to_owned())
    };
    for now in [&none, &moved] {
        assert_eq!(told(now, "second"), ("second".to_owned(), "docker:second".to_owned()));
        assert_eq!(told(now, &first).0, first);
        assert_eq!(told(now, "third").0, first);
    }
    // It has gone meanwhile: who is left is named.
    assert_eq!(told(&after, "second").0, first);
}

/// Before a change its row was that of the first that is meant, which a client has had until then.
#[test]
fn what_was_before_names_who_was_the_first_then() {
    let (_, mut before) = host(FULL);
    let one = first_on_a_port(&mut before);
    let mut second = (*one.tenants[0]).clone();
    second.name = "second".into();
    second.id = model::ids::ContainerId("f".repeat(64).into());
    one.tenants = one.tenants.iter().cloned().chain([Arc::new(second)]).collect();
    let first = one.tenants[0].name.to_string();
    let left = |n: usize| {
        let mut now = before.clone();
        let one = first_on_a_port(&mut now);
        one.tenants = [Arc::clone(&one.tenants[n])].into();
        now
    };
    let named = |now: &Wiring, asked: &[&str]| {
        let events = compare(&before, now, 0);
        let [event] = events.as_slice() else { panic!("{events:#?}") };
        let event = v1::Event::told(event, |_, who| asked.contains(&&*who.name));
        let [was, is] = [event.before, event.attachment].map(|row| row.unwrap().container);
        assert_eq!(event.container, is);
        [was, is]
    };
    let all = [&*first, "second"];
    assert_eq!(named(&left(1), &all), all);
    assert_eq!(named(&left(0), &all), [&*first, &first]);
    // Who is asked for alone was there before, and is there no more.
    assert_eq!(named(&left(0), &["second"]), ["second", &first]);
    assert_eq!(named(&left(1), &["second"]), ["second", "second"]);
}

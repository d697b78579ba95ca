//! Several ports of one interface's name: what a bridge remembers is of one of them, and goes with that one alone.

use std::sync::Arc;

use docker_ovs_model::ids::OfPort;
use docker_ovs_model::plan::{
    Connect, Disconnect, OfPortChoice, Prunable, Prune, Remembered, Restore, RestoreAction, Step,
    SwitchStep, connect, disconnect, prune, remembered, renames,
};
use docker_ovs_model::snapshot::Observed;
use docker_ovs_model::switch::{OfPortState, SwitchSource};
use docker_ovs_model::{Snapshot, memory, rehearse, resolve};

use crate::plans::scene::{
    bare, connected, container, generated, having, host, links_of, nested, port, port_of, pruned,
    request, restarted, restored,
};

fn wish(interface: &str, ofport: u16) -> Connect {
    let ofport = OfPortChoice::Exactly(OfPort(ofport));
    Connect { interface: Some(interface.to_owned()), ofport, ..request("br0", "c1") }
}

/// A minute later for each `n`.
fn connected_later(host: &Snapshot, request: &Connect, n: u32) -> Snapshot {
    let mut later = generated(n);
    later.now += u64::from(n) * 60;
    rehearse(host, &connect(host, &resolve(host), request, &later).unwrap().steps)
}

/// c1 has lan0, which was connected to br0 as eth1 and port 500, and eth1, connected later as port 600.
fn of_one_name() -> Snapshot {
    let mut first = connected_later(&host(), &wish("eth1", 500), 1);
    links_of(&mut first, |link| {
        if *link.name == *"eth1" {
            link.name = "lan0".into();
        }
    });
    connected_later(&first, &wish("eth1", 600), 2)
}

/// The names of ports that br0 remembers, with their numbers.
fn kept(host: &Snapshot) -> Vec<(String, Option<u16>)> {
    let bridges = host.ovsdb_bridges();
    let all = memory::of(&bridges[0]);
    all.map(|(_, port)| (port.iface.to_string(), port.ofport_request.map(|number| number.0)))
        .collect()
}

fn second() -> Vec<(String, Option<u16>)> {
    vec![("dov-00000002".to_owned(), Some(600))]
}

/// The host after `ovs-vsctl del-port`.
fn without(host: &Snapshot, iface: &str) -> Snapshot {
    let mut host = host.clone();
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        row.ports.retain(|port| *port.iface != *iface);
    }
    let gone = host.switch_namespace().unwrap().links.iter().find(|link| *link.name == *iface);
    let gone = gone.map(|link| link.ifindex);
    for space in host.kernel.rows_mut() {
        space.packet_sockets.iter_mut().for_each(|sockets| sockets.retain(|at| Some(*at) != gone));
        let own = space.vswitchd_sockets.iter_mut();
        own.for_each(|own| own.links.retain(|at| Some(*at) != gone));
    }
    host
}

fn disconnected(host: &Snapshot, interface: &str) -> Snapshot {
    let (bridge, container) = ("br0".to_owned(), "c1".to_owned());
    let request =
        Disconnect { bridge, container, interface: Some(interface.to_owned()), force: false };
    rehearse(host, &disconnect(host, &resolve(host), &request).unwrap().steps)
}

fn numbers_made_again(host: &Snapshot) -> Vec<Option<OfPort>> {
    let numbers = restored(host).into_iter().map(|action| match action {
        RestoreAction::Again(plan) => Some(plan.ofport()),
        _ => None,
    });
    numbers.flatten().collect()
}

#[test]
fn what_is_left_of_ovs_docker_goes_without_the_memory_of_what_lives() {
    let mut host = host();
    port(&mut host, bare("old", "eth1"));
    let both = connected_later(&host, &wish("eth1", 600), 2);
    assert_eq!((kept(&both), pruned(&both)), (second(), 1));
    let left = prune(&both, &resolve(&both), &Prune::default());
    let after = rehearse(&both, &left.iter().map(Prunable::removal).collect::<Vec<_>>());
    assert_eq!((kept(&after), after.ovsdb_bridges()[0].ports.len()), (second(), 1));
    let bare = without(&after, "dov-00000002");
    assert_eq!(numbers_made_again(&bare), [Some(OfPort(600))]);
}

#[test]
fn an_interface_under_another_name_is_disconnected_without_the_memory_of_its_namesake() {
    let both = of_one_name();
    assert_eq!(kept(&both), second());
    let after = disconnected(&both, "lan0");
    assert_eq!(kept(&after), second());
    assert_eq!(numbers_made_again(&without(&after, "dov-00000002")), [Some(OfPort(600))]);
    let after = disconnected(&both, "eth1");
    assert!(kept(&after).is_empty(), "its own goes");
    assert!(
        numbers_made_again(&restarted(&after, 1, true)).iter().all(|of| *of == Some(OfPort(500)))
    );
}

#[test]
fn what_another_port_has_by_its_name_is_remembered_all_the_same() {
    let taken = without(&of_one_name(), "dov-00000002");
    assert_eq!(numbers_made_again(&taken), [Some(OfPort(600))], "{:#?}", restored(&taken));
}

#[test]
fn what_another_interface_in_a_namespace_without_containers_has_by_its_name_is_remembered_too() {
    let taken = nested(&without(&of_one_name(), "dov-00000002"));
    let all = remembered(&taken, &resolve(&taken), &Restore::default()).unwrap();
    let gone = all.iter().filter(|one| one.port_is_gone && one.superseded.is_none());
    let gone: Vec<_> = gone.map(Remembered::ofport).collect();
    assert_eq!(gone, [Some(OfPort(600))], "{all:#?}");
}

#[test]
fn of_two_ports_of_one_name_the_earlier_one_is_pruned_without_the_memory_of_the_other() {
    let anew = restarted(&of_one_name(), 1, true);
    let again: Vec<_> = restored(&anew)
        .into_iter()
        .filter_map(|action| match action {
            RestoreAction::Again(plan) => Some(plan),
            _ => None,
        })
        .collect();
    let [plan] = &again[..] else { panic!("{again:#?}") };
    let after = rehearse(&anew, &plan.steps);
    let made = vec![("dov-00000009".to_owned(), Some(600))];
    assert_eq!(kept(&after), made);
    let gone = having(&restarted(&after, 1, false), vec![container(2), container(3)]);
    let left = prune(&gone, &resolve(&gone), &Prune::default());
    let first = left.iter().filter(|one| **one.name() == *"dov-00000001");
    let first: Vec<_> = first.map(Prunable::removal).collect();
    let pruned = rehearse(&gone, &first);
    assert_eq!((kept(&pruned), pruned.ovsdb_bridges()[0].ports.len()), (made, 1), "{left:#?}");
}

#[test]
fn a_rename_writes_what_is_remembered_of_the_port_that_it_names() {
    let both = of_one_name();
    let mut rows: Vec<_> = both.containers().cloned().collect();
    rows[0].name = "z".into();
    for turned in [false, true] {
        let mut host = having(&both, rows.clone());
        if turned {
            let bridges = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
            bridges[0].ports.reverse();
        }
        let steps: Vec<_> = renames(&host, &resolve(&host)).into_iter().map(Step::from).collect();
        let after = rehearse(&host, &steps);
        assert_eq!((steps.len(), kept(&after)), (2, second()));
        assert!(renames(&after, &resolve(&after)).is_empty());
        let back: Vec<_> = steps.iter().rev().filter_map(Step::undo).collect();
        assert_eq!(rehearse(&after, &back), host);
        // The port itself is gone: what is remembered has the new name all the same.
        let taken = without(&host, "dov-00000002");
        let steps: Vec<_> = renames(&taken, &resolve(&taken)).into_iter().map(Step::from).collect();
        let after = rehearse(&taken, &steps);
        assert_eq!((steps.len(), kept(&after)), (2, second()));
        assert!(renames(&after, &resolve(&after)).is_empty());
    }
}

#[test]
fn a_number_that_is_waited_for_is_not_remembered_in_the_place_of_another_one() {
    let mut both = of_one_name();
    // An earlier version wrote down no number: the one that the port has got is to be kept.
    port_of(&mut both, |port| {
        if *port.iface == *"dov-00000001" {
            (port.ofport, port.ofport_request) = (OfPortState::Assigned(OfPort(500)), None);
        }
    });
    links_of(&mut both, |link| {
        let name = match &*link.name {
            "eth1" => "lan1",
            "lan0" => "eth1",
            name => name,
        };
        link.name = name.into();
    });
    let waits = |action: &RestoreAction| match action {
        RestoreAction::Again(plan) | RestoreAction::Number(plan) => plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::Switch(SwitchStep::Await { remember: Some(_), .. }))),
        _ => false,
    };
    assert!(!restored(&both).iter().any(waits), "{:#?}", restored(&both));
}

#[test]
fn what_is_recorded_twice_and_gone_is_disconnected_for_good() {
    let mut host = host();
    port(&mut host, bare("old", "eth1"));
    let both = connected_later(&host, &wish("eth1", 600), 2);
    let taken = restarted(&without(&both, "dov-00000002"), 1, true);
    assert_eq!(numbers_made_again(&taken), [Some(OfPort(600))]);
    let after = disconnected(&taken, "eth1");
    assert!(kept(&after).is_empty() && after.ovsdb_bridges()[0].ports.is_empty());
    assert!(restored(&after).is_empty());
}

#[test]
fn what_is_on_another_bridge_by_now_is_not_missed_where_it_was() {
    let first = connected(&host(), &wish("eth0", 500), 1);
    let taken = restarted(&without(&first, "dov-00000001"), 1, true);
    let moved = connected_later(&taken, &Connect { bridge: "br1".into(), ..wish("eth0", 600) }, 2);
    assert_eq!(restored(&moved), [RestoreAction::There]);
    let anew = restarted(&moved, 1, true);
    assert_eq!(numbers_made_again(&anew), [Some(OfPort(600))], "the later one");
    assert_eq!(restored(&anew).len(), 1, "what is of no use is not told");
    let stopped = restarted(&moved, 1, false);
    assert_eq!(restored(&stopped), [RestoreAction::NotRunning { state: "exited".into() }]);
    // Nor is its number kept.
    for host in [&moved, &anew, &stopped] {
        let ofport = OfPortChoice::Exactly(OfPort(500));
        connected(host, &Connect { ofport, ..request("br0", "c2") }, 3);
    }
    let mut gone = having(&restarted(&moved, 1, false), vec![container(2), container(3)]);
    assert!(restored(&gone).iter().all(|action| *action == RestoreAction::Gone));
    gone.engines.values_mut().for_each(|rows| *rows = Observed::Fresh { rows: Arc::new([]) });
    assert_eq!(pruned(&gone), 2, "the port, and what br0 remembers");
}

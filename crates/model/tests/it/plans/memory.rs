//! What a bridge remembers of a port that is gone, or has lost its record.

use std::sync::Arc;

use docker_ovs_model::ids::OfPort;
use docker_ovs_model::plan::{
    Connect, Disconnect, OfPortChoice, Prunable, Prune, RestoreAction, disconnect, prune,
};
use docker_ovs_model::snapshot::Observed;
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{
    connected, container, docker, doubts, having, host, pruned, removed, request,
    request_to_disconnect, restarted, restored, silent,
};

/// The host after `ovs-vsctl del-port` took every port.
pub(super) fn deleted(host: &Snapshot) -> Snapshot {
    let mut host = host.clone();
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        row.ports.clear();
    }
    for space in host.kernel.rows_mut() {
        space.packet_sockets = space.packet_sockets.take().map(|_| [].into());
        space.vswitchd_sockets.iter_mut().for_each(|own| own.links.clear());
    }
    host
}

#[test]
fn what_another_program_deleted_is_put_back_from_the_bridges_memory() {
    let first = Connect {
        ofport: OfPortChoice::Exactly(OfPort(7)),
        vlan: Some(10),
        trunks: vec![20, 30],
        ..request("br0", "c1")
    };
    let before = connected(&host(), &first, 1);
    let bare = deleted(&before);
    assert_eq!((pruned(&bare), doubts(&bare).len()), (0, 0), "its link lives");
    let [RestoreAction::Again(plan)] = &restored(&bare)[..] else {
        panic!("{:?}", restored(&bare))
    };
    assert!(!plan.removes());
    assert_eq!(rehearse(&bare, &plan.steps), before);
    let lost = deleted(&restarted(&before, 1, true));
    let [RestoreAction::Again(plan)] = &restored(&lost)[..] else { panic!() };
    let after = resolve(&rehearse(&lost, &plan.steps));
    let port = &after.ports[0].port;
    assert_eq!((port.ofport, port.tag), (OfPortState::Assigned(OfPort(7)), Some(10)));
    assert_eq!(port.vlan_mode.as_deref(), Some("native-untagged"));
    let next = crate::plans::scene::plan(&lost, &request("br0", "c2"), 2).unwrap();
    assert_ne!(next.ofport(), Some(OfPort(7)), "what is remembered is not taken by chance");
}

#[test]
fn the_memory_goes_with_disconnect_and_with_prune_once_the_container_is_gone() {
    let memory = |host: &Snapshot| host.bridges().map(|row| row.external_ids.len()).sum::<usize>();
    let before = connected(&host(), &request("br0", "c1"), 1);
    assert_eq!(memory(&before), 1);
    let plan = disconnect(&before, &resolve(&before), &request_to_disconnect("c1", false)).unwrap();
    assert_eq!(memory(&rehearse(&before, &plan.steps)), 0);
    let bare = deleted(&before);
    let plan = disconnect(&bare, &resolve(&bare), &request_to_disconnect("c1", false)).unwrap();
    let after = rehearse(&bare, &plan.steps);
    assert_eq!(memory(&after), 0);
    assert!(resolve(&after).attachments.is_empty(), "its veth goes too");
    let gone = deleted(&removed());
    let left = prune(&gone, &resolve(&gone), &Prune::default());
    let [Prunable::Memory { step, .. }] = &left[..] else { panic!("{left:#?}") };
    assert_eq!(memory(&rehearse(&gone, [step])), 0);
    let mut silent_engine = gone;
    silent_engine.engines.insert(docker(), Observed::Absent { why: silent() });
    assert_eq!((pruned(&silent_engine), doubts(&silent_engine).len()), (0, 1));
}

#[test]
fn what_was_moved_to_another_bridge_is_not_put_back_on_the_first_one_once_it_is_disconnected() {
    let mut moved = connected(&host(), &request("br0", "c1"), 1);
    let rows = moved.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    let port = rows[0].ports.pop().unwrap();
    rows[1].ports.push(port);
    let lost = restarted(&moved, 1, true);
    let [RestoreAction::Again(plan)] = &restored(&lost)[..] else { panic!() };
    let anew = rehearse(&lost, &plan.steps);
    for host in [moved, anew] {
        let request = Disconnect { bridge: "br1".to_owned(), ..request_to_disconnect("c1", false) };
        let plan = disconnect(&host, &resolve(&host), &request).unwrap();
        let after = rehearse(&host, &plan.steps);
        assert!(restored(&after).is_empty(), "{:?}", restored(&after));
    }
}

/// c1, which has eth0 on br0, whose port has lost its record.
fn without_record() -> Snapshot {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    Arc::make_mut(&mut rows[0].ports[0]).external_ids.clear();
    host
}

fn disconnected(host: &Snapshot, force: bool) -> Snapshot {
    let request = request_to_disconnect("c1", force);
    let plan = disconnect(host, &resolve(host), &request).unwrap();
    rehearse(host, &plan.steps)
}

#[test]
fn what_is_remembered_of_a_port_without_its_record_is_told_and_left_alone() {
    let plugged = without_record();
    let anew = restarted(&plugged, 1, true);
    assert_eq!(restored(&plugged), [RestoreAction::There], "its interface is on it");
    let [RestoreAction::NotToBeTouched { why }] = &restored(&anew)[..] else { panic!() };
    assert_eq!(why, "dov-00000001 is a port of br0 without its record");
    for host in [&plugged, &anew] {
        assert_eq!(pruned(host), 0, "its container lives");
    }
    let exited = restarted(&plugged, 1, false);
    assert_eq!(restored(&exited), [RestoreAction::NotRunning { state: "exited".into() }]);
    let gone = having(&exited, vec![container(2)]);
    assert_eq!(restored(&gone), [RestoreAction::Gone]);
    let wiring = resolve(&gone);
    let left = prune(&gone, &wiring, &Prune::default());
    assert!(matches!(&left[..], [Prunable::Memory { .. }]), "{left:?}");
}

#[test]
fn what_is_remembered_of_another_container_is_not_forgotten_with_a_port_of_its_name() {
    let mut host = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false);
    let port = |host: &mut Snapshot| {
        host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut()[0].ports.pop().unwrap()
    };
    let name = port(&mut host).iface.to_string();
    let request = Connect { host_interface: Some(name), ..request("br0", "c2") };
    let mut host = connected(&host, &request, 2);
    let mut row = Port::clone(&port(&mut host));
    row.external_ids.clear();
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows[0].ports.push(Arc::new(row));
    let plan = disconnect(&host, &resolve(&host), &request_to_disconnect("c2", true)).unwrap();
    let after = rehearse(&host, &plan.steps);
    assert_eq!(restored(&after), [RestoreAction::NotRunning { state: "exited".into() }]);
}

#[test]
fn a_port_without_its_record_is_disconnected_for_good() {
    let plugged = without_record();
    let exited = restarted(&plugged, 1, false);
    for (after, ports) in [(disconnected(&plugged, true), 0), (disconnected(&exited, false), 1)] {
        assert_eq!(after.ovsdb_bridges()[0].ports.len(), ports);
        let anew = restarted(&after, 1, true);
        assert!(restored(&anew).is_empty(), "{:?}", restored(&anew));
    }
}

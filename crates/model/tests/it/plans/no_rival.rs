//! A record on what can be no interface of ours, as one that was copied with a row, stands in the way of none.

use std::sync::Arc;

use docker_ovs_model::plan::{
    Disconnect, PlanError, Restore, RestoreAction, disconnect, remembered, restore,
};
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{connected, generated, host, port_of, request, restarted};

/// Makes a port another one.
type Change = fn(&mut Port);

/// What a row is made by that has the record of dov-00000001 too.
const COPIES: [(&str, Change); 6] = [
    ("patch", |port| port.kind = "patch".to_owned()),
    ("vxlan", |port| port.kind = "vxlan".to_owned()),
    ("internal", |port| port.kind = "internal".to_owned()),
    ("dpdk", |port| port.kind = "dpdk".to_owned()),
    ("bond", |port| port.bond = Some("bond0".to_owned())),
    ("host", |port| port.iface = "lo".into()),
];

/// c1, which had eth0 on br0 as dov-00000001, was started anew, and a row of `bridge` has the record too.
fn copied(bridge: usize, change: Change) -> Snapshot {
    let mut host = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, true);
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    let mut copy = Port::clone(&rows[0].ports[0]);
    (copy.iface, copy.ifindex) = ("p0".into(), None);
    (copy.ofport, copy.ofport_request) = (OfPortState::Pending, None);
    change(&mut copy);
    rows[bridge].ports.push(Arc::new(copy));
    host
}

fn actions(host: &Snapshot) -> Vec<(String, RestoreAction)> {
    let wiring = resolve(host);
    let all = remembered(host, &wiring, &Restore::default()).unwrap();
    let action = |one| restore(host, &wiring, one, &generated(9));
    all.iter().map(|one| (one.port.iface.to_string(), action(one))).collect()
}

fn parted(host: &Snapshot, bridge: &str) -> Result<Snapshot, PlanError> {
    let (bridge, container) = (bridge.to_owned(), "c1".to_owned());
    let interface = Some("eth0".to_owned());
    let request = Disconnect { bridge, container, interface, force: false };
    disconnect(host, &resolve(host), &request).map(|plan| rehearse(host, &plan.steps))
}

#[track_caller]
fn is_made_again(host: &Snapshot, what: &str) {
    for (iface, action) in actions(host) {
        match (&*iface, &action) {
            ("dov-00000001", RestoreAction::Again(_))
            | (_, RestoreAction::NotToBeTouched { .. })
                if (iface == "dov-00000001") == matches!(action, RestoreAction::Again(_)) => {}
            _ => panic!("{what}: {iface}: {action:?}"),
        }
    }
    assert_eq!(actions(host).len(), 2, "{what}");
}

#[test]
fn what_can_be_no_interface_is_no_rival_of_one() {
    for (what, change) in COPIES {
        for bridge in [0, 1] {
            let host = copied(bridge, change);
            is_made_again(&host, what);
            let reasons: Vec<_> = actions(&host).into_iter().map(|(_, action)| action).collect();
            let told = reasons.iter().any(|action| {
                matches!(action, RestoreAction::NotToBeTouched { why } if why.starts_with("it is "))
            });
            assert!(told, "{what}: {reasons:?}");
        }
    }
}

#[test]
fn what_can_be_no_interface_is_not_disconnected_as_one() {
    for (what, change) in COPIES {
        for bridge in [0, 1] {
            let host = copied(bridge, change);
            let after = parted(&host, "br0").unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(after.ovsdb_bridges()[0].external_ids.is_empty(), "{what}");
            let left: Vec<_> = after.bridges().flat_map(|row| &row.ports).collect();
            assert!(left.len() == 1 && *left[0].iface != *"dov-00000001", "{what}: {left:?}");
            let refused = parted(&host, "br1").unwrap_err();
            assert!(matches!(refused, PlanError::NotConnected { .. }), "{what}: {refused}");
        }
    }
}

#[test]
fn what_can_be_no_interface_hides_no_memory() {
    for (what, change) in COPIES {
        for bridge in [0, 1] {
            let mut host = copied(bridge, change);
            let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
            rows[0].ports.retain(|port| *port.iface != *"dov-00000001");
            is_made_again(&host, what);
        }
    }
}

#[test]
fn a_living_port_of_another_container_is_no_rival() {
    for is_gone in [false, true] {
        let both =
            connected(&connected(&host(), &request("br0", "c1"), 1), &request("br0", "c2"), 2);
        let record = both.ovsdb_bridges()[0].ports[0].external_ids.clone();
        let mut host = restarted(&both, 1, true);
        port_of(&mut host, |port| port.external_ids.clone_from(&record));
        for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
            row.external_ids.retain(|key, _| key.contains(&"1".repeat(64)));
            if is_gone {
                row.ports.retain(|port| *port.iface != *"dov-00000001");
            }
        }
        is_made_again(&host, "c2's");
        let after = parted(&host, "br0").unwrap();
        let left: Vec<_> = after.bridges().flat_map(|row| &row.ports).collect();
        assert!(left.len() == 1 && *left[0].iface == *"dov-00000002", "{left:?}");
    }
}

//! A container that is called anew keeps what it had, and its namesake gets nothing of it.

use std::sync::Arc;

use docker_ovs_model::ids::OfPort;
use docker_ovs_model::memory;
use docker_ovs_model::plan::{
    Connect, OfPortChoice, PlanError, RestoreAction, Step, disconnect, renames,
};
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{
    connected, having, host, plan, pruned, request, request_to_disconnect, restarted, restored,
};

/// c1, which had eth0 on br0 as port 7, is stopped and called z; another one is called c1.
fn renamed() -> Snapshot {
    let first = Connect { ofport: OfPortChoice::Exactly(OfPort(7)), ..request("br0", "c1") };
    let exited = restarted(&connected(&host(), &first, 1), 1, false);
    let mut rows: Vec<_> = exited.containers().cloned().collect();
    rows[0].name = "z".into();
    rows[1].name = "c1".into();
    having(&exited, rows)
}

#[test]
fn what_a_renamed_container_had_is_not_its_namesakes() {
    let host = renamed();
    let again = Connect { interface: Some("eth0".into()), ..request("br0", "c1") };
    let taken = plan(&host, &again, 2).unwrap();
    assert!(!taken.removes(), "{taken:#?}");
    assert_ne!(taken.ofport(), Some(OfPort(7)));
    assert_eq!(&*plan(&host, &request("br0", "c1"), 2).unwrap().interface, "eth0");
    let refused = disconnect(&host, &resolve(&host), &request_to_disconnect("c1", true));
    assert!(matches!(refused, Err(PlanError::NotConnected { .. })), "{refused:?}");
    assert_eq!(restored(&host), [RestoreAction::NotRunning { state: "exited".into() }]);
    assert_eq!(pruned(&host), 0);
    let narrow = Snapshot {
        scope: docker_ovs_model::snapshot::Scope::One,
        ..having(&host, vec![host.containers().nth(1).unwrap().clone()])
    };
    let refused = plan(&narrow, &again, 2).unwrap_err();
    assert!(matches!(refused, PlanError::Undecided { .. }), "a wider look tells: {refused}");
}

#[test]
fn a_new_name_is_written_down_with_what_the_bridge_remembers() {
    let host = renamed();
    let steps: Vec<_> = renames(&host, &resolve(&host)).into_iter().map(Step::from).collect();
    assert_eq!(steps.len(), 1);
    let after = rehearse(&host, &steps);
    assert!(renames(&after, &resolve(&after)).is_empty());
    let record = PortRecord::of(&resolve(&after).ports[0].port).unwrap();
    assert_eq!(record.name.as_deref(), Some("z"));
    let rest = after.containers().filter(|row| &*row.name != "z").cloned().collect();
    let gone = having(&after, rest);
    assert_eq!(restored(&gone), [RestoreAction::Gone], "no stranger gets it");
    let back = steps.iter().filter_map(Step::undo).collect::<Vec<_>>();
    assert_eq!(rehearse(&after, &back), host);
}

#[test]
fn a_new_name_is_written_down_where_a_bridge_alone_remembers() {
    type Taken = fn(&mut docker_ovs_model::switch::Bridge);
    // Another program has taken the port; or its record; or the port is of another bridge by now.
    let taken: [Taken; 3] = [
        |bridge| bridge.ports.clear(),
        |bridge| {
            bridge.ports.iter_mut().for_each(|port| Arc::make_mut(port).external_ids.clear());
        },
        |_| {},
    ];
    for (at, take) in taken.into_iter().enumerate() {
        let mut host = renamed();
        let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        take(&mut rows[0]);
        if at == 2 {
            rows[1].external_ids = rows[0].external_ids.clone();
        }
        let steps: Vec<_> = renames(&host, &resolve(&host)).into_iter().map(Step::from).collect();
        assert_eq!(steps.len(), if at == 2 { 2 } else { 1 }, "{steps:#?}");
        let after = rehearse(&host, &steps);
        assert!(renames(&after, &resolve(&after)).is_empty());
        let bridges = after.switch[&SwitchSource::Ovsdb].rows();
        for (_, port) in bridges.iter().flat_map(memory::of) {
            let record = PortRecord::of(&port).unwrap();
            assert_eq!(record.name.as_deref(), Some("z"));
            assert_eq!(port.ofport_request, Some(OfPort(7)), "and nothing else is changed");
        }
        // The container goes, and a stranger has its old name.
        let rest = after.containers().filter(|row| &*row.name != "z").cloned().collect();
        let gone = having(&after, rest);
        assert!(restored(&gone).iter().all(|action| *action == RestoreAction::Gone));
        let back: Vec<_> = steps.iter().rev().filter_map(Step::undo).collect();
        assert_eq!(rehearse(&after, &back), host);
        let said = steps.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(said.iter().any(|said| said.starts_with("write ")), "{said:?}");
    }
}

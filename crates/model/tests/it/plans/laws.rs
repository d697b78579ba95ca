//! What holds for whatever is requested, and however far it was carried out.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, Name, Nsid, OfPort};
use docker_ovs_model::plan::{
    Connect, Disconnect, KernelStep, OfPortChoice, Prunable, Prune, Restore, RestoreAction, Step,
    SwitchStep, disconnect, prune, remembered, require_here, restore,
};
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::snapshot::{Link, Observed, Peer};
use docker_ovs_model::switch::{Port, SwitchSource};
use docker_ovs_model::{Snapshot, rehearse, resolve};
use proptest::prelude::*;

use crate::plans::cuts::{cuts, why};
use crate::plans::happenings::{after, happenings};
use crate::plans::scene::{
    connected, generated, host, plan, request, restarted, with_other_sources,
};

/// Rows in no particular order, and without what namespaces call each other: the kernel does
/// not forget that either.
fn bare(mut host: Snapshot) -> Snapshot {
    for space in host.kernel.rows_mut() {
        space.nsids.clear();
        space.links.sort_by_key(|link| link.ifindex);
    }
    for rows in host.switch.values_mut() {
        for bridge in rows.rows_mut() {
            bridge.ports.sort_by(|a, b| a.iface.cmp(&b.iface));
        }
    }
    host
}

pub(super) fn requests() -> impl Strategy<Value = Connect> {
    let bridge = prop::sample::select(vec!["br0", "br1"]);
    let container = prop::sample::select(vec!["c1", "c2", "c3"]);
    let interface = prop::option::of(prop::sample::select(vec!["eth0", "eth7"]));
    let ofport = prop::sample::select(vec![
        OfPortChoice::Free,
        OfPortChoice::Auto,
        OfPortChoice::Exactly(OfPort(5)),
        OfPortChoice::Exactly(OfPort(32768)),
    ]);
    (bridge, container, interface, ofport, prop::option::of(0..4095_u16)).prop_map(
        |(bridge, container, interface, ofport, vlan)| Connect {
            interface: interface.map(str::to_owned),
            ofport,
            vlan,
            ..request(bridge, container)
        },
    )
}

/// Whether the database would do it: only those ask for the number that were seen to.
fn may_be_taken(host: &Snapshot, step: &Step) -> bool {
    let Step::Switch(SwitchStep::ReplacePort(ports)) = step else { return true };
    let Some(add) = &ports.add else { return true };
    let all = host.switch[&SwitchSource::Ovsdb].rows().iter().flat_map(|bridge| &bridge.ports);
    let ask = all.filter(|port| port.ofport_request == add.ofport_request);
    let ask: BTreeSet<_> = ask.map(|port| &port.iface).collect();
    let seen =
        ports.expected_requesters.iter().filter(|(_, asked)| Some(**asked) == add.ofport_request);
    add.ofport_request.is_none() || ask == seen.map(|(iface, _)| iface).collect()
}

/// A stray link, so that indexes are not all the same.
fn stray(index: u32) -> Arc<Link> {
    Arc::new(Link {
        ifindex: Ifindex(index),
        name: format!("stray{index}").into(),
        kind: Some("veth".to_owned()),
        ethernet: true,
        mtu: 1500,
        up: true,
        peer: Some(Peer { ifindex: Ifindex(1), nsid: Some(Nsid(9)) }),
        ..Link::default()
    })
}

proptest! {
    /// However far a plan was carried out, undoing that in reverse order changes nothing.
    #[test]
    fn a_plan_undone_changes_nothing(
        requests in prop::collection::vec(requests(), 1..6),
        restart in prop::option::of(1..=3_u64),
        far in 0..=4_usize,
        index in 1..50_u32,
    ) {
        let mut now = host();
        now.kernel.rows_mut()[0].links.push(stray(index));
        for (n, request) in (1..).zip(&requests[1..]) {
            if let Ok(plan) = plan(&now, request, n) {
                now = rehearse(&now, &plan.steps);
            }
        }
        now = restart.map_or(now.clone(), |n| restarted(&now, n, true));
        let plans = plan(&now, &requests[0], 99).into_iter();
        let wiring = resolve(&now);
        let again = remembered(&now, &wiring, &Restore::default()).unwrap();
        let again = again.iter().filter_map(|one| match restore(&now, &wiring, one, &generated(99)) {
            RestoreAction::Again(plan) => Some(plan),
            _ => None,
        });
        for plan in plans.chain(again) {
            let taken: Vec<_> = plan.steps.iter().take(far).collect();
            let mut then = now.clone();
            let undo = taken.iter().rev().filter_map(|step| step.undo());
            for step in taken.iter().copied().cloned().chain(undo) {
                prop_assert!(may_be_taken(&then, &step), "{step:?}");
                then = rehearse(&then, [&step]);
            }
            prop_assert_eq!(bare(then), bare(now.clone()));
        }
    }

    /// No bridge ever has a number twice, and every record is read as it was written.
    #[test]
    fn numbers_are_never_given_twice(requests in prop::collection::vec(requests(), 1..12)) {
        let mut now = host();
        for (n, request) in (1..).zip(&requests) {
            if let Ok(plan) = plan(&now, request, n) {
                now = rehearse(&now, &plan.steps);
            }
        }
        for bridge in now.switch[&SwitchSource::Ovsdb].rows() {
            let mut numbers: Vec<_> = bridge.ports.iter().filter_map(|p| p.ofport.assigned()).collect();
            numbers.sort();
            let count = numbers.len();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), count);
            for port in &bridge.ports {
                let record = PortRecord::of(port).unwrap();
                prop_assert_eq!(&record.external_ids(), &port.external_ids);
            }
        }
    }
}

/// Names of the ports and links that a plan takes away. A port that gets the name that its link has by now is there
/// still.
fn takes(now: &Snapshot, step: &Step) -> Option<Name> {
    let links = || now.switch_namespace().into_iter().flat_map(|here| &here.links);
    let is_there = |port: &Port| links().any(|link| link.name == port.iface);
    match step {
        Step::Kernel(KernelStep::DeleteLink { name, .. }) => Some(name.clone()),
        Step::Switch(SwitchStep::ReplacePort(ports)) => {
            let is_taken = !ports.add.as_ref().is_some_and(|port| is_there(port));
            ports.remove.as_ref().filter(|_| is_taken).map(|port| port.iface.clone())
        }
        Step::Switch(SwitchStep::RemoveMember { port, .. }) => Some(port.iface.clone()),
        _ => None,
    }
}

/// All that any verb would take away, without being asked for it by name.
fn taken(now: &Snapshot) -> BTreeSet<Name> {
    let wiring = resolve(now);
    let mut steps = Vec::new();
    if require_here(now).is_ok() {
        let request = Prune { all: false, stopped: true, ..Prune::default() };
        steps.extend(prune(now, &wiring, &request).iter().map(Prunable::removal));
    }
    for one in remembered(now, &wiring, &Restore::default()).unwrap_or_default() {
        if let RestoreAction::Again(plan) = restore(now, &wiring, &one, &generated(99)) {
            steps.extend(plan.steps);
        }
    }
    for (container, bridge) in [("c1", "br0"), ("c2", "br0"), ("c3", "br1")] {
        for interface in ["eth0", "eth7"] {
            let request =
                Connect { interface: Some(interface.into()), ..request(bridge, container) };
            steps.extend(plan(now, &request, 99).into_iter().flat_map(|plan| plan.steps));
        }
    }
    steps.iter().filter_map(|step| takes(now, step)).collect()
}

/// All that containers would be taken from bridges with, where that is asked for.
fn disconnected(now: &Snapshot) -> BTreeSet<Name> {
    let wiring = resolve(now);
    let containers = ["c1", "c2", "c3"].into_iter();
    let all = containers.flat_map(|container| ["br0", "br1"].map(|bridge| (container, bridge)));
    let all = all.flat_map(|pair| ["eth0", "eth7"].map(|interface| (pair, interface)));
    let plans = all.filter_map(|((container, bridge), interface)| {
        let request = Disconnect {
            bridge: bridge.to_owned(),
            container: container.to_owned(),
            interface: Some(interface.to_owned()),
            force: true,
        };
        disconnect(now, &wiring, &request).ok()
    });
    plans.flat_map(|plan| plan.steps).filter_map(|step| takes(now, &step)).collect()
}

/// What OpenFlow tells of ports is without what is recorded of them.
#[test]
fn nothing_is_changed_by_what_another_source_tells_while_the_database_does_not_answer() {
    let mut host = with_other_sources(&connected(&host(), &request("br0", "c1"), 1));
    assert!(!disconnected(&host).is_empty());
    host.switch.insert(SwitchSource::Ovsdb, Observed::Absent { why: why() });
    assert!(require_here(&host).is_err());
    assert!(taken(&host).is_empty() && disconnected(&host).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What less of a Snapshot would have removed, the whole one would have removed too: what
    /// cannot be seen is never taken for gone.
    #[test]
    fn less_of_a_snapshot_never_removes_more(events in happenings()) {
        let whole = with_other_sources(&after(&events));
        for takes in [taken, disconnected] {
            let may = takes(&whole);
            for (n, less) in cuts(&whole).iter().enumerate() {
                let more: Vec<_> =
                    takes(less).into_iter().filter(|one| !may.contains(one)).collect();
                prop_assert!(more.is_empty(), "{more:?} by cut {n} of {whole:?}");
            }
        }
    }

    /// What a plan gives is there once it is carried out: the database refuses nothing of it, as nothing
    /// says otherwise than was seen by the time that it is asked.
    #[test]
    fn a_plan_that_is_carried_out_comes_true(events in happenings()) {
        let now = after(&events);
        for (container, bridge) in [("c1", "br0"), ("c2", "br0"), ("c3", "br0"), ("c1", "br1")] {
            for interface in [None, Some("eth0"), Some("eth7")] {
                let interface = interface.map(str::to_owned);
                let request = Connect { interface, ..request(bridge, container) };
                let Ok(plan) = plan(&now, &request, 99) else { continue };
                let after = rehearse(&now, &plan.steps);
                let mut ports = after.bridges().flat_map(|bridge| &bridge.ports);
                let there = plan.port().is_none_or(|new| ports.any(|port| port.iface == new.iface));
                prop_assert!(there, "{plan:#?}");
            }
        }
    }

    /// Nothing that lives, and nothing of another database or container, is taken.
    #[test]
    fn what_is_removed_is_dead_and_ours(events in happenings()) {
        let whole = after(&events);
        let wiring = resolve(&whole);
        let taken = taken(&whole);
        let own = whole.identities.database.as_ref().and_then(|database| database.id.clone());
        for row in wiring.ports.iter().filter(|row| taken.contains(&row.port.iface)) {
            prop_assert!(row.occupant.is_orphaned(), "{row:#?}");
            let system = PortRecord::of(&row.port).unwrap().system;
            prop_assert!(system == own, "{row:#?}");
        }
        let here = whole.switch_namespace().unwrap();
        for end in here.links.iter().filter(|link| link.is_paired() && taken.contains(&link.name)) {
            let far = whole.kernel.rows().iter().flat_map(|space| &space.links);
            let far = far.filter(|far| far.peer.is_some_and(|back| back.ifindex == end.ifindex));
            let mut used = far.filter(|far| end.peer.is_some_and(|peer| peer.ifindex == far.ifindex));
            prop_assert!(!used.all(|far| far.up), "{end:#?}");
        }
        for found in wiring.attachments.iter().filter(|found| found.link.up) {
            prop_assert!(found.port.port().is_none_or(|port| !taken.contains(&port.iface)));
        }
    }
}

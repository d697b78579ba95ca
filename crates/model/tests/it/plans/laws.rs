//! What holds for whatever is requested, and however far it was carried out.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, Nsid, OfPort};
use docker_ovs_model::plan::{
    Connect, Restore, RestoreAction, Step, SwitchStep, Wanted, remembered, restore,
};
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::snapshot::{Link, Peer};
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::{Snapshot, rehearse, resolve};
use proptest::prelude::*;

use crate::plans::scene::{generated, host, plan, request, restarted};

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

fn requests() -> impl Strategy<Value = Connect> {
    let bridge = prop::sample::select(vec!["br0", "br1"]);
    let container = prop::sample::select(vec!["c1", "c2", "c3"]);
    let interface = prop::option::of(prop::sample::select(vec!["eth0", "eth7"]));
    let ofport = prop::sample::select(vec![
        Wanted::Free,
        Wanted::Auto,
        Wanted::Exactly(OfPort(5)),
        Wanted::Exactly(OfPort(32768)),
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
        mac: None,
        addresses: Vec::new(),
        mtu: 1500,
        up: true,
        peer: Some(Peer { ifindex: Ifindex(1), nsid: Some(Nsid(9)) }),
        master: None,
        vlan: None,
        tx_checksum_offload: None,
        altnames: Vec::new(),
        alias: None,
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

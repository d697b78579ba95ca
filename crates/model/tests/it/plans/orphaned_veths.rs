//! Which veths are left without a port, and are whose.

use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::plan::{
    Connect, KernelStep, PlanError, Prune, RestoreAction, Step, disconnect, prune, undecided,
};
use docker_ovs_model::wiring::Occupant;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{
    SYSTEM, connected, container, doubts, having, host, links_of, plan, pruned, request,
    request_to_disconnect, restored,
};

#[test]
fn a_link_whose_other_end_is_not_seen_is_neither_missing_nor_orphaned() {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    // The interface is moved into a namespace inside the container.
    let inside = host.kernel.rows_mut().iter_mut().skip(1);
    inside.for_each(|space| space.links.retain(|link| &*link.name == "lo"));
    let wiring = resolve(&host);
    assert!(matches!(wiring.ports[0].occupant, Occupant::Unknown { .. }), "{wiring:#?}");
    let [RestoreAction::NotToBeTouched { why }] = &restored(&host)[..] else {
        panic!("{:?}", restored(&host))
    };
    assert!(why.contains("whether its link is gone is not known"), "{why}");
    for force in [false, true] {
        let refused = disconnect(&host, &wiring, &request_to_disconnect("c1", force)).unwrap_err();
        assert!(matches!(refused, PlanError::Undecided { .. }), "{refused}");
    }
    let again = Connect { interface: Some("eth0".into()), ..request("br0", "c1") };
    let refused = plan(&host, &again, 2).unwrap_err();
    assert!(matches!(refused, PlanError::Undecided { .. }), "{refused}");
    let gone = having(&host, vec![container(2)]);
    let all = Prune { all: true, stopped: true, ..Prune::default() };
    assert!(prune(&gone, &resolve(&gone), &all).is_empty());
    let [one] = &undecided(&gone, &resolve(&gone), &all)[..] else { panic!() };
    assert!(one.may_settle, "the kernel may be taking it down");
}

/// The veth of a connect that was killed before it made the port.
fn killed() -> Snapshot {
    let steps = plan(&host(), &request("br0", "c1"), 1).unwrap().steps;
    rehearse(&host(), &steps[..1])
}

#[test]
fn an_orphaned_veth_is_judged_against_the_database_of_its_own_mark() {
    let with_addresses = |host: &mut Snapshot, here: &[&str], inside: &str| {
        links_of(host, |link| {
            link.up = true;
            link.addresses = vec![inside.parse().unwrap()];
        });
        for link in host.kernel.rows_mut()[0].links.iter_mut().filter(|link| link.is_paired()) {
            Arc::make_mut(link).addresses = here.iter().map(|ip| ip.parse().unwrap()).collect();
        }
    };
    let up = |host: &mut Snapshot| with_addresses(host, &["fe80::1/64"], "192.0.2.7/24");
    assert_eq!(pruned(&killed()), 1);
    let mut left = killed();
    up(&mut left);
    assert_eq!((pruned(&left), doubts(&left).len()), (0, 1), "its bridge may have been made again");
    let mut leaves = left.clone();
    links_of(&mut leaves, |link| {
        let note = format!(" leaving {}", link.ifindex);
        link.alias.iter_mut().for_each(|alias| alias.push_str(&note));
    });
    assert_eq!(pruned(&leaves), 1, "a disconnect was killed: its mark says so");
    let mut used = killed();
    with_addresses(&mut used, &["192.0.2.1/24"], "192.0.2.7/24");
    assert_eq!((pruned(&used), doubts(&used).len()), (0, 1), "the host's end is in use");
    let mut other = left.clone();
    other.identities.database.as_mut().unwrap().id = Some("system-2".into());
    assert_eq!((pruned(&other), doubts(&other).len()), (0, 0), "it is the first database's");
    let connect = Connect { interface: Some("eth0".into()), ..request("br0", "c1") };
    let refused = plan(&other, &connect, 2).unwrap_err();
    assert!(matches!(refused, PlanError::InterfaceTaken { .. }), "{refused}");
    other.identities.database.as_mut().unwrap().id = None;
    assert_eq!((pruned(&other), doubts(&other).len()), (0, 1), "it may be");
    let old = |host: &Snapshot| {
        let mut host = host.clone();
        let end = format!(" of {SYSTEM}");
        links_of(&mut host, |link| {
            let alias = link.alias.take();
            link.alias = alias.map(|alias| alias.trim_end_matches(&end).to_owned());
        });
        host
    };
    assert_eq!(pruned(&old(&killed())), 1, "an earlier version was killed");
    assert_eq!((pruned(&old(&left)), doubts(&old(&left)).len()), (0, 1), "it may be in use");
    let mut heard = killed();
    let here = &mut heard.kernel.rows_mut()[0];
    let end = here.links.iter().find(|link| link.is_paired()).unwrap().ifindex;
    here.packet_sockets.as_mut().unwrap().insert(end);
    assert_eq!(pruned(&heard), 0, "some vswitchd listens to it");
    heard.kernel.rows_mut()[0].packet_sockets = None;
    assert_eq!((pruned(&heard), doubts(&heard).len()), (0, 1), "that was not read");
}

#[test]
fn a_killed_connect_does_not_stand_in_the_way_of_its_own_host_interface() {
    let named = Connect {
        interface: Some("eth0".into()),
        host_interface: Some("uplink".into()),
        ..request("br0", "c1")
    };
    let steps = plan(&host(), &named, 1).unwrap().steps;
    let killed = rehearse(&host(), &steps[..1]);
    let again = plan(&killed, &named, 2).unwrap();
    assert!(
        matches!(&again.steps[0], Step::Kernel(KernelStep::DeleteLink { name, .. }) if &**name == "uplink")
    );
    let after = resolve(&rehearse(&killed, &again.steps));
    assert!(after.attachments[0].notes.iter().all(|note| !matches!(note, Note::Deaf)));
}

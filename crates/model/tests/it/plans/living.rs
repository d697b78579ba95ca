//! An interface that lives is not taken for debris because of what the switch no longer says of it: its
//! port was deleted, its host's end renamed, what the bridge remembered is lost.

mod moved;
mod renamed;

use std::sync::Arc;

use docker_ovs_model::endpoint_record::EndpointRecord;
use docker_ovs_model::ids::{Ifindex, Name, NetnsId};
use docker_ovs_model::plan::{
    Connect, Disconnect, KernelStep, Plan, Prunable, Prune, Restore, RestoreAction, Step,
    SwitchStep, disconnect, prune, remembered, restore, undecided,
};
use docker_ovs_model::snapshot::Link;
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{SWITCH, connected, generated, home, host, plan, request, restarted};

/// c1 has eth0 on br0 with an address.
fn with_address() -> Snapshot {
    let wanted = Connect { addresses: vec!["192.0.2.7/24".parse().unwrap()], ..wanted("eth0") };
    connected(&host(), &wanted, 1)
}

fn wanted(interface: &str) -> Connect {
    Connect { interface: Some(interface.into()), ..request("br0", "c1") }
}

fn links_in(host: &mut Snapshot, netns: NetnsId) -> &mut Vec<Arc<Link>> {
    let mut rows = host.kernel.rows_mut().iter_mut();
    &mut rows.find(|row| row.id == netns).unwrap().links
}

fn change(host: &mut Snapshot, netns: NetnsId, name: &str, by: impl Fn(&mut Link)) {
    let links = links_in(host, netns);
    by(Arc::make_mut(links.iter_mut().find(|link| *link.name == *name).unwrap()));
}

fn renamed(mut host: Snapshot, from: &str, to: &str) -> Snapshot {
    change(&mut host, SWITCH, from, |link| link.name = to.into());
    host
}

fn nothing_is_heard(host: &mut Snapshot) {
    for space in host.kernel.rows_mut() {
        space.packet_sockets = space.packet_sockets.take().map(|_| [].into());
        space.vswitchd_sockets.iter_mut().for_each(|own| own.links.clear());
    }
}

/// The host after `ovs-vsctl del-port` took every port.
fn deleted(mut host: Snapshot) -> Snapshot {
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        row.ports.clear();
    }
    nothing_is_heard(&mut host);
    host
}

/// The host after each bridge was deleted and made again: what it remembered is gone too.
fn made_again(host: Snapshot) -> Snapshot {
    let mut host = deleted(host);
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        row.external_ids.clear();
    }
    host
}

/// The links that go by themselves: with prune, a connect of another interface, a restore.
fn taken(host: &Snapshot) -> Vec<Name> {
    let wiring = resolve(host);
    let everything = Prune { all: true, stopped: true, ..Prune::default() };
    let pruned = prune(host, &wiring, &everything);
    let connected = plan(host, &wanted("eth1"), 7).into_iter().flat_map(|plan| plan.steps);
    let again = plan(host, &wanted("eth0"), 8).into_iter().flat_map(|plan| plan.steps);
    let restored = restored(host).into_iter().filter_map(|action| match action {
        RestoreAction::Again(plan) => Some(plan.steps),
        _ => None,
    });
    let steps = pruned.iter().map(Prunable::removal).chain(connected).chain(again);
    let steps = steps.chain(restored.flatten());
    let names = steps.filter_map(|step| match step {
        Step::Kernel(KernelStep::DeleteLink { name, .. }) => Some(name),
        _ => None,
    });
    names.collect()
}

fn restored(host: &Snapshot) -> Vec<RestoreAction> {
    let wiring = resolve(host);
    let all = remembered(host, &wiring, &Restore::default()).unwrap();
    all.iter().map(|one| restore(host, &wiring, one, &generated(9))).collect()
}

fn doubts(host: &Snapshot) -> Vec<String> {
    let all = undecided(host, &resolve(host), &Prune::default());
    all.into_iter().map(|one| one.why).collect()
}

fn to_disconnect() -> Disconnect {
    let (bridge, container) = ("br0".to_owned(), "c1".to_owned());
    Disconnect { bridge, container, interface: None, force: false }
}

/// The plan by which one interface is on its bridge again, under this name and without another veth.
fn put_back(host: &Snapshot, name: &str) -> Plan {
    let actions = restored(host);
    let [RestoreAction::Again(plan)] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(plan.port().map(|port| &*port.iface), Some(name), "{plan:#?}");
    let makes = |step: &Step| matches!(step, Step::Kernel(KernelStep::MakeVeth(_)));
    assert!(!plan.steps.iter().any(makes), "{plan:#?}");
    let after = resolve(&rehearse(host, &plan.steps));
    let on: Vec<_> = after.attachments.iter().filter_map(|found| found.port.port()).collect();
    assert_eq!(on.iter().map(|port| &*port.iface).collect::<Vec<_>>(), [name], "{after:#?}");
    plan.clone()
}

#[test]
fn a_bridge_that_was_made_again_proves_nothing_of_what_was_on_it() {
    let host = made_again(with_address());
    assert_eq!(taken(&host), []);
    let [why] = &doubts(&host)[..] else { panic!("{:?}", doubts(&host)) };
    assert!(why.contains("its other end is in use"), "{why}");
    // No address is needed to be in use, nor need it be up.
    let mut host = made_again(connected(&self::host(), &wanted("eth0"), 1));
    assert_eq!(taken(&host), []);
    change(&mut host, home(1), "eth0", |link| {
        link.up = false;
        link.addresses = vec!["192.0.2.7/24".parse().unwrap()];
    });
    assert_eq!(taken(&host), []);
    let mut other = host;
    other.identities.database.as_mut().unwrap().id = Some("system-2".into());
    assert_eq!((taken(&other), doubts(&other)), (vec![], vec![]));
}

#[test]
fn a_copy_of_an_alias_makes_no_debris() {
    let both = connected(&with_address(), &request("br0", "c2"), 2);
    let alias = |host: &Snapshot, name: &str| {
        let here = host.switch_namespace().unwrap();
        here.links.iter().find(|link| *link.name == *name).unwrap().alias.clone()
    };
    let copied = alias(&both, "dov-00000001");
    let leaving = disconnect(&both, &resolve(&both), &to_disconnect()).unwrap();
    let leaving = alias(&rehearse(&both, &leaving.steps[..1]), "dov-00000001");
    assert_ne!(copied, leaving);
    for alias in [copied, leaving] {
        for lose in [deleted, made_again] {
            let mut host = lose(both.clone());
            change(&mut host, SWITCH, "dov-00000002", |link| link.alias.clone_from(&alias));
            assert_eq!(taken(&host), [], "{alias:?}");
            // Down and bare it is not the interface that the alias names.
            change(&mut host, home(2), "eth0", |link| link.up = false);
            let gone = prune(&host, &resolve(&host), &Prune::default());
            assert_eq!(gone, [], "{alias:?}");
        }
    }
}

#[test]
fn a_disconnect_that_was_killed_says_what_it_was_about() {
    let before = with_address();
    let plan = disconnect(&before, &resolve(&before), &to_disconnect()).unwrap();
    let far = |n: usize| rehearse(&before, &plan.steps[..n]);
    assert_eq!(plan.steps.len(), 3, "{plan:#?}");
    assert_eq!(taken(&far(1)), [], "its port is there");
    let [RestoreAction::Again(healing)] = &restored(&far(1))[..] else { panic!() };
    assert_eq!(healing.steps.len(), 1, "{healing:#?}");
    let healed = rehearse(&far(1), &healing.steps);
    assert_eq!(taken(&made_again(healed)), [], "what stays says nothing of going");
    assert_eq!(prune(&far(2), &resolve(&far(2)), &Prune::default()).len(), 1);
    assert!(resolve(&far(3)).attachments.is_empty() && resolve(&far(3)).ports.is_empty());
    let back: Vec<_> = plan.steps[..2].iter().rev().filter_map(Step::undo).collect();
    let takes_note_back: Vec<_> = back.iter().map(Step::marks_as_staying).collect();
    assert_eq!(takes_note_back, [false, true]);
    assert!(!plan.steps.iter().any(Step::marks_as_staying));
    let undone = rehearse(&far(2), &back);
    let alias = |host: &Snapshot| host.switch_namespace().unwrap().links[1].alias.clone();
    assert_eq!(alias(&undone), alias(&before));
    // Its bridge remembers it still, so that it is not to go.
    let host = deleted(far(1));
    assert_eq!(taken(&host), []);
    let steps = put_back(&host, "dov-00000001").steps;
    assert_eq!(alias(&rehearse(&host, &steps)), alias(&before));
}

#[test]
fn a_restore_that_was_killed_leaves_what_the_next_one_replaces() {
    for lose in [(|host| host) as fn(Snapshot) -> Snapshot, deleted] {
        let mut lost = lose(restarted(&with_address(), 1, true));
        // No index is given twice.
        let name = "later".into();
        links_in(&mut lost, SWITCH).push(Arc::new(Link {
            ifindex: Ifindex(30),
            name,
            ..Link::default()
        }));
        let [RestoreAction::Again(plan)] = &restored(&lost)[..] else { panic!() };
        let killed = rehearse(&lost, &plan.steps[..1]);
        assert_eq!(taken(&killed).first().map(|name| &**name), Some("dov-00000009"));
        let [RestoreAction::Again(plan)] = &restored(&killed)[..] else { panic!() };
        let after = resolve(&rehearse(&killed, &plan.steps));
        assert_eq!((after.attachments.len(), after.ports.len()), (1, 1));
    }
}

#[test]
fn an_endpoint_that_lost_its_port_is_no_debris() {
    let mut host = made_again(with_address());
    let record = EndpointRecord {
        network: "d".repeat(64),
        endpoint: "e".repeat(64),
        engine: "docker".into(),
        system: Some(crate::plans::scene::SYSTEM.into()),
        ..EndpointRecord::default()
    };
    let alias = record.alias("br0");
    change(&mut host, SWITCH, "dov-00000001", |link| link.alias = Some(alias.clone()));
    assert_eq!(taken(&host), []);
    change(&mut host, home(1), "eth0", |link| {
        link.up = false;
        link.addresses.clear();
    });
    assert_eq!(taken(&host).len(), 3, "what was never used goes with prune and with connect");
}

#[test]
fn what_is_deleted_is_noted_only_where_its_database_is() {
    let mut old = with_address();
    change(&mut old, SWITCH, "dov-00000001", |link| {
        let alias = link.alias.take().unwrap();
        link.alias = alias.split_once(" of ").map(|(alias, _)| alias.to_owned());
    });
    let plan = disconnect(&old, &resolve(&old), &to_disconnect()).unwrap();
    assert!(matches!(plan.steps[0], Step::Switch(SwitchStep::ReplacePort(_))), "{plan:#?}");
    assert!(resolve(&rehearse(&old, &plan.steps)).attachments.is_empty());
}

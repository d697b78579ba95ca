//! An interface that lives is not taken for debris because of what the switch no longer says of it: its
//! port was deleted, its host's end renamed, what the bridge remembered is lost.

use std::sync::Arc;

use docker_ovs_model::endpoint_record::EndpointRecord;
use docker_ovs_model::ids::{Ifindex, Name, NetnsId, Nsid, OfPort};
use docker_ovs_model::plan::{
    Connect, Disconnect, KernelStep, Plan, Prunable, Prune, Restore, RestoreAction, Step,
    SwitchStep, disconnect, prune, remembered, restore, undecided,
};
use docker_ovs_model::snapshot::{Link, Peer};
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::wiring::Occupant;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::having;
use crate::plans::scene::{
    SWITCH, connected, container, generated, home, host, plan, request, restarted,
};

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
fn a_host_end_that_was_renamed_and_lost_its_port_is_put_back_under_its_name() {
    for name in ["web0", "dov-00000099"] {
        let host = renamed(deleted(with_address()), "dov-00000001", name);
        assert_eq!(taken(&host), [], "{name}");
        put_back(&host, name);
    }
}

#[test]
fn what_stands_on_a_renamed_interface_changes_nothing() {
    let mut host = renamed(deleted(with_address()), "dov-00000001", "web0");
    let lower = links_in(&mut host, home(1)).iter().find(|link| link.is_paired()).unwrap().ifindex;
    links_in(&mut host, home(1)).push(Arc::new(Link {
        ifindex: Ifindex(40),
        name: "eth0.7".into(),
        kind: Some("vlan".into()),
        up: true,
        peer: Some(Peer { ifindex: lower, nsid: None }),
        ..Link::default()
    }));
    assert_eq!(taken(&host), []);
    put_back(&host, "web0");
}

#[test]
fn an_interface_that_is_down_and_was_renamed_is_put_back() {
    let bare = connected(&host(), &wanted("eth0"), 1);
    for down in [with_address(), bare] {
        let mut host = renamed(deleted(down), "dov-00000001", "web0");
        change(&mut host, home(1), "eth0", |link| link.up = false);
        assert_eq!(taken(&host), []);
        put_back(&host, "web0");
    }
}

#[test]
fn two_host_ends_that_changed_names_are_each_put_back_as_what_they_are() {
    let both = connected(&with_address(), &request("br0", "c2"), 2);
    let mut host = renamed(deleted(both), "dov-00000001", "swap");
    host = renamed(host, "dov-00000002", "dov-00000001");
    host = renamed(host, "swap", "dov-00000002");
    assert_eq!(taken(&host), []);
    let plans: Vec<_> = restored(&host)
        .into_iter()
        .map(|action| match action {
            RestoreAction::Again(plan) => {
                (plan.container.name.to_string(), plan.port().unwrap().iface.to_string())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let pair = |container: &str, port: &str| (container.to_owned(), port.to_owned());
    assert_eq!(plans, [pair("c1", "dov-00000002"), pair("c2", "dov-00000001")]);
    let plan = disconnect(&host, &resolve(&host), &to_disconnect()).unwrap();
    let after = rehearse(&host, &plan.steps);
    let [one] = &resolve(&after).attachments[..] else { panic!("one is gone, one is there") };
    assert_eq!(&*one.tenants[0].name, "c2", "the other one's is not taken by its name");
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
fn a_forgotten_interface_is_disconnected_whatever_its_host_end_is_called() {
    let host = renamed(deleted(with_address()), "dov-00000001", "web0");
    let plan = disconnect(&host, &resolve(&host), &to_disconnect()).unwrap();
    let after = rehearse(&host, &plan.steps);
    assert!(resolve(&after).attachments.is_empty(), "{plan:#?}");
    assert!(after.bridges().all(|bridge| bridge.external_ids.is_empty()));
}

/// The row is there, and vswitchd has let go of the link that was renamed.
#[test]
fn a_row_whose_link_was_renamed_gets_the_new_name() {
    let mut host = renamed(with_address(), "dov-00000001", "web0");
    nothing_is_heard(&mut host);
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    let port = Arc::make_mut(&mut rows[0].ports[0]);
    port.ifindex = None;
    port.error = Some("could not open network device".into());
    assert!(matches!(resolve(&host).ports[0].occupant, Occupant::Orphaned { .. }));
    assert_eq!(taken(&host), []);
    let plan = put_back(&host, "web0");
    assert_eq!(resolve(&rehearse(&host, &plan.steps)).ports.len(), 1);
    let plan = disconnect(&host, &resolve(&host), &to_disconnect()).unwrap();
    let after = resolve(&rehearse(&host, &plan.steps));
    assert!(after.attachments.is_empty() && after.ports.is_empty(), "{plan:#?}");
    // Nor does the row go while the link lives on without its container.
    let gone = having(&host, vec![container(2), container(3)]);
    assert_eq!(prune(&gone, &resolve(&gone), &Prune::default()), []);
    assert_eq!(doubts(&gone), ["web0 bears the mark of its link"]);
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

/// c2 has a veth of its own whose end inside has the index that c1's has, and this name and index here.
fn beside(host: &mut Snapshot, name: &str, ifindex: Ifindex) {
    let inside = links_in(host, home(1)).iter().find(|link| link.is_paired()).unwrap().clone();
    let word = Nsid(8);
    let rows = host.kernel.rows_mut();
    rows.iter_mut().find(|row| row.id == SWITCH).unwrap().nsids.insert(word, home(2));
    let end = |name: &str, own, peer, nsid| {
        let peer = Some(Peer { ifindex: peer, nsid: Some(nsid) });
        let kind = Some("veth".to_owned());
        Arc::new(Link { ifindex: own, name: name.into(), kind, up: true, peer, ..Link::default() })
    };
    links_in(host, SWITCH).insert(0, end(name, ifindex, inside.ifindex, word));
    links_in(host, home(2)).push(end("eth0", inside.ifindex, ifindex, Nsid(0)));
}

#[test]
fn disconnect_takes_the_link_that_the_port_is_and_no_other_of_its_name_or_index() {
    let own = "dov-00000001";
    let named = {
        let mut host = renamed(with_address(), own, "kept");
        beside(&mut host, own, Ifindex(50));
        (host, "kept")
    };
    let stale = {
        let mut host = with_address();
        beside(&mut host, "other", Ifindex(50));
        let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        Arc::make_mut(&mut rows[0].ports[0]).ifindex = Some(Ifindex(50));
        (host, own)
    };
    let neighbour = {
        let mut host = with_address();
        beside(&mut host, "other", Ifindex(50));
        (host, own)
    };
    for (host, name) in [named, stale, neighbour] {
        let plan = disconnect(&host, &resolve(&host), &to_disconnect()).unwrap();
        let gone = plan.steps.iter().find_map(|step| match step {
            Step::Kernel(KernelStep::DeleteLink { name, .. }) => Some(&**name),
            _ => None,
        });
        assert_eq!(gone, Some(name), "{plan:#?}");
        let after = rehearse(&host, &plan.steps);
        let there =
            after.namespace(home(2)).unwrap().links.iter().any(|link| &*link.name == "eth0");
        assert!(there, "the other container's stays");
    }
}

/// The host after its first link of that index was put on a bridge by hand, as a port of this name.
fn opened_as(mut host: Snapshot, bridge: usize, name: &str, ifindex: Ifindex) -> Snapshot {
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows[bridge].ports.push(Arc::new(Port {
        iface: name.into(),
        kind: "system".to_owned(),
        ofport: OfPortState::Assigned(OfPort(5)),
        ifindex: Some(ifindex),
        ..Port::default()
    }));
    for space in host.kernel.rows_mut().iter_mut().filter(|space| space.id == SWITCH) {
        space.listened_to_mut().for_each(|links| _ = links.insert(ifindex));
    }
    host
}

#[test]
fn a_host_end_that_is_a_port_under_another_name_is_put_on_no_second_bridge() {
    let own = "dov-00000001";
    let known_as = |mut host: Snapshot, name: &str, altname: &str| {
        change(&mut host, SWITCH, name, |link| link.altnames = vec![altname.into()]);
        host
    };
    let index = |host: &Snapshot| {
        let mut links = host.switch_namespace().unwrap().links.iter();
        links.find(|link| link.is_paired()).unwrap().ifindex
    };
    let lost = || deleted(with_address());
    let let_go = || {
        let mut host = renamed(with_address(), own, "web0");
        nothing_is_heard(&mut host);
        let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        let port = Arc::make_mut(&mut rows[0].ports[0]);
        port.ifindex = None;
        port.error = Some("could not open network device".into());
        host
    };
    let scenes = [
        ("by an alternative name", known_as(lost(), own, "uplink"), "uplink"),
        ("by the name it had", renamed(lost(), own, "web0"), own),
        ("both", known_as(renamed(lost(), own, "web0"), "web0", "uplink"), "uplink"),
        ("its row is there", known_as(let_go(), "web0", "uplink"), "uplink"),
    ];
    for (said, host, name) in scenes {
        assert!(matches!(&restored(&host)[..], [RestoreAction::Again(_)]), "{said}: it is free");
        let end = index(&host);
        let actions = restored(&opened_as(host.clone(), 1, name, end));
        let [RestoreAction::NotToBeTouched { why }] = &actions[..] else {
            panic!("{said}: {actions:?}")
        };
        assert!(why.contains("is a port of br1 already"), "{said}: {why}");
        // On its own bridge it is there; or another row is, and nothing is put beside it.
        let actions = restored(&opened_as(host, 0, name, end));
        assert!(!matches!(&actions[..], [RestoreAction::Again(_)]), "{said}: {actions:?}");
    }
}

/// The host after the end of c1's eth0 was moved into this namespace, or into one that is not seen.
fn moved_away(mut host: Snapshot, to: Option<NetnsId>) -> Snapshot {
    let links = links_in(&mut host, SWITCH);
    let at = links.iter().position(|link| link.is_paired()).unwrap();
    let mut end = Link::clone(&links.remove(at));
    nothing_is_heard(&mut host);
    let word = Nsid(77);
    let (there, back) = if to == Some(home(1)) { (None, None) } else { (Some(word), Some(word)) };
    for space in host.kernel.rows_mut() {
        if let Some(to) = to.filter(|to| space.id == home(1) && *to != home(1)) {
            space.nsids.insert(word, to);
        }
        if Some(space.id) == to && to != Some(home(1)) {
            space.nsids.insert(word, home(1));
        }
    }
    for link in links_in(&mut host, home(1)).iter_mut().filter(|link| link.is_paired()) {
        Arc::make_mut(link).peer = Some(Peer { ifindex: Ifindex(90), nsid: there });
    }
    // The kernel gives it another index where its own is taken.
    (end.ifindex, end.peer.as_mut().unwrap().nsid) = (Ifindex(90), back);
    if let Some(to) = to {
        links_in(&mut host, to).push(Arc::new(end));
    }
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        for port in &mut row.ports {
            let port = Arc::make_mut(port);
            (port.ifindex, port.error) = (None, Some("No such device".to_owned()));
        }
    }
    host
}

#[test]
fn the_port_of_a_host_end_that_was_moved_to_another_namespace_is_not_pruned() {
    let of_ovs_docker = |mut host: Snapshot| {
        for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
            row.external_ids.clear();
            for port in &mut row.ports {
                let ids = &mut Arc::make_mut(port).external_ids;
                ids.retain(|key, _| !key.starts_with("docker-ovs."));
            }
        }
        change(&mut host, SWITCH, "dov-00000001", |link| link.alias = None);
        host
    };
    for to in [Some(home(2)), Some(home(1)), None] {
        for host in [with_address(), of_ovs_docker(with_address())] {
            let moved = moved_away(host, to);
            let wiring = resolve(&moved);
            assert!(wiring.ports[0].occupant.is_orphaned(), "{to:?}: {wiring:#?}");
            let gone = prune(&moved, &wiring, &Prune::default());
            assert_eq!(gone, [], "{to:?}");
            assert_eq!(taken(&moved), [], "{to:?}");
        }
    }
    // Whoever is left in that namespace, the link bears the mark of its port.
    let mut moved = moved_away(with_address(), Some(home(2)));
    for row in moved.engines.values_mut().flat_map(|rows| rows.rows_mut().iter_mut()) {
        if *row.name == *"c1" {
            (row.pid, row.netns, row.state) = (None, None, "exited".to_owned());
        }
    }
    let stopped = Prune { stopped: true, ..Prune::default() };
    assert_eq!(prune(&moved, &resolve(&moved), &stopped), []);
    let doubts = undecided(&moved, &resolve(&moved), &stopped);
    assert!(doubts[0].why.contains("bears the mark of its link"), "{doubts:?}");
    // What an engine gave the container under that name since is another interface.
    let mut again = restarted(&with_address(), 1, true);
    beside_in(&mut again, home(1));
    assert_eq!(prune(&again, &resolve(&again), &Prune::default()).len(), 1);
}

/// A veth of another network, `eth0` inside, whose end here is no port.
fn beside_in(host: &mut Snapshot, netns: NetnsId) {
    let word = Nsid(8);
    let rows = host.kernel.rows_mut();
    rows.iter_mut().find(|row| row.id == SWITCH).unwrap().nsids.insert(word, netns);
    let end = |name: &str, own, peer, nsid| {
        let peer = Some(Peer { ifindex: Ifindex(peer), nsid: Some(nsid) });
        let (kind, ifindex) = (Some("veth".to_owned()), Ifindex(own));
        Arc::new(Link {
            ifindex,
            name: name.into(),
            kind,
            ethernet: true,
            up: true,
            peer,
            ..Link::default()
        })
    };
    links_in(host, SWITCH).push(end("veth1234", 60, 61, word));
    links_in(host, netns).push(end("eth0", 61, 60, Nsid(0)));
}

//! What is removed, and what is left alone.

use std::sync::Arc;

use docker_ovs_model::endpoint_record::EndpointRecord;
use docker_ovs_model::ids::short_if_id;
use docker_ovs_model::plan::{
    Connect, Disconnect, PlanError, Prunable, Prune, disconnect, prune, undecided,
};
use docker_ovs_model::snapshot::{Observed, Scope};
use docker_ovs_model::switch::{FakeBridge, Port, SwitchSource};
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{SWITCH, connected, container, host, plan, port, request, restarted};

#[test]
fn whatever_is_told_as_orphaned_can_be_pruned() {
    for kind in ["system", "afxdp", "afxdp-nonpmd"] {
        let mut host = host();
        port(&mut host, Port { iface: "gone0".into(), kind: kind.to_owned(), ..Port::default() });
        let wiring = resolve(&host);
        assert!(wiring.ports[0].occupant.is_orphaned(), "{kind}: {:?}", wiring.ports[0]);
        let all = Prune { all: true, ..Prune::default() };
        assert_eq!(prune(&host, &wiring, &all).len(), 1, "{kind}");
        assert_eq!(prune(&host, &wiring, &Prune::default()).len(), 0, "{kind}");
    }
}

#[test]
fn prune_takes_only_ports_of_containers_that_are_gone() {
    let before = connected(&host(), &request("br0", "c1"), 1);
    let left = |host: &Snapshot, request: &Prune| prune(host, &resolve(host), request).len();
    let (normal, stopped) = (Prune::default(), Prune { stopped: true, ..Prune::default() });
    assert_eq!(left(&before, &stopped), 0, "it is in use");
    assert_eq!(left(&restarted(&before, 1, true), &stopped), 0, "it can be restored");
    let exited = restarted(&before, 1, false);
    assert_eq!((left(&exited, &normal), left(&exited, &stopped)), (0, 1));
    let replaced = Connect { interface: Some("eth0".into()), ..request("br1", "c1") };
    let replaced = connected(&restarted(&before, 1, true), &replaced, 2);
    assert_eq!(left(&replaced, &normal), 1, "the container has another eth0 now");
    let mut removed = exited.clone();
    for rows in removed.engines.values_mut() {
        *rows = Observed::Fresh { rows: (2..=3).map(container).collect() };
    }
    assert_eq!(left(&removed, &normal), 1);
    assert_eq!(resolve(&removed).ports[0].occupant.to_string(), "orphaned (was c1:eth0)");
    let until = |until| Prune { until: Some(until), ..Prune::default() };
    assert_eq!((left(&removed, &until(1000)), left(&removed, &until(1001))), (0, 1));
    let elsewhere = Prune { bridge: Some("br1".into()), ..Prune::default() };
    assert_eq!(left(&removed, &elsewhere), 0);
    let mut blind = removed;
    blind.scope = Scope::One;
    assert_eq!(left(&blind, &normal), 0, "a narrow look proves nothing");
}

#[test]
fn only_marked_ports_are_disconnected_without_force() {
    let mut theirs = connected(&host(), &request("br0", "c1"), 1);
    let rows = theirs.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    Arc::make_mut(&mut rows[0].ports[0]).external_ids.clear();
    let request =
        |force| Disconnect { bridge: "br0".into(), container: "c1".into(), interface: None, force };
    let wiring = resolve(&theirs);
    let plan_error = disconnect(&theirs, &wiring, &request(false)).unwrap_err();
    assert!(matches!(plan_error, PlanError::NotOurs { .. }), "{plan_error:?}");
    let plan = disconnect(&theirs, &wiring, &request(true)).unwrap();
    assert!(resolve(&rehearse(&theirs, &plan.steps)).attachments.is_empty());
    // A network's port is its engine's to take.
    for (network, name, engine) in [
        ("n".repeat(64), Some("lan".to_owned()), "docker"),
        ("n".repeat(64), None, "docker"),
        ("podlan".to_owned(), None, "podman"),
    ] {
        let endpoint = "e".repeat(64);
        let label = name.clone().unwrap_or_else(|| short_if_id(&network).to_owned());
        let record = EndpointRecord {
            network,
            network_name: name,
            endpoint,
            engine: engine.into(),
            container: Some("1".repeat(64)),
            ..EndpointRecord::default()
        };
        let rows = theirs.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        Arc::make_mut(&mut rows[0].ports[0]).external_ids = record.external_ids();
        let plan_error = disconnect(&theirs, &resolve(&theirs), &request(false)).unwrap_err();
        assert!(matches!(plan_error, PlanError::NetworkPort { .. }), "{plan_error:?}");
        let hint = plan_error.hint().unwrap();
        assert!(hint.starts_with(&format!("{engine} network disconnect {label} ")), "{hint}");
    }
}

/// With the interfaces c1:eth0 and c1:eth1 on br0.
fn twice() -> Snapshot {
    connected(&connected(&host(), &request("br0", "c1"), 1), &request("br0", "c1"), 2)
}

fn request_of(container: &str, interface: Option<&str>) -> Disconnect {
    let interface = interface.map(str::to_owned);
    Disconnect { bridge: "br0".into(), container: container.into(), interface, force: false }
}

#[test]
fn which_of_several_interfaces_goes_must_be_said() {
    let both = twice();
    let wiring = resolve(&both);
    let refused = |wish: &Disconnect| disconnect(&both, &wiring, wish).unwrap_err().to_string();
    assert_eq!(refused(&request_of("c1", None)), "c1 has several interfaces on br0: eth0, eth1");
    assert_eq!(
        refused(&request_of("c1", Some("eth7"))),
        "no interface eth7 of c1 was found on br0"
    );
    assert_eq!(refused(&request_of("c2", None)), "no interface of c2 was found on br0");
    assert_eq!(refused(&request_of("c9", None)), "no such container: c9");
    let plan = disconnect(&both, &wiring, &request_of("c1", Some("eth1"))).unwrap();
    assert_eq!((&*plan.interface, &*plan.container.name), ("eth1", "c1"));
    let after = resolve(&rehearse(&both, &plan.steps));
    assert_eq!(after.attachments.len(), 1);
    assert_eq!(&*after.attachments[0].link.name, "eth0");
}

#[test]
fn what_a_removed_container_left_is_disconnected_by_its_mark() {
    let mut removed = restarted(&twice(), 1, false);
    for rows in removed.engines.values_mut() {
        *rows = Observed::Fresh { rows: (2..=3).map(container).collect() };
    }
    let wiring = resolve(&removed);
    for words in ["c1".to_owned(), container(1).id.0.to_string()] {
        let plan = disconnect(&removed, &wiring, &request_of(&words, Some("eth0"))).unwrap();
        assert_eq!((&*plan.container.name, &plan.container.id), ("c1", &container(1).id));
        assert_eq!(resolve(&rehearse(&removed, &plan.steps)).ports.len(), 1);
    }
}

#[test]
fn a_stopped_containers_port_is_disconnected_by_its_mark() {
    let stopped = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false);
    let plan = disconnect(&stopped, &resolve(&stopped), &request_of("c1", None)).unwrap();
    assert!(resolve(&rehearse(&stopped, &plan.steps)).ports.is_empty());
}

#[test]
fn an_orphaned_member_of_a_bond_is_pruned_and_never_disconnected() {
    let mut bond = connected(&host(), &request("br0", "c1"), 1);
    let rows = bond.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    Arc::make_mut(&mut rows[0].ports[0]).bond = Some("bond0".to_owned());
    let plan_error = disconnect(&bond, &resolve(&bond), &request_of("c1", None)).unwrap_err();
    assert!(matches!(plan_error, PlanError::Bonded { .. }), "{plan_error:?}");
    let exited = restarted(&bond, 1, false);
    let wish = Prune { stopped: true, all: true, ..Prune::default() };
    let left = prune(&exited, &resolve(&exited), &wish);
    let [Prunable::Port { step, .. }] = left.as_slice() else { panic!("{left:#?}") };
    assert_eq!(step.to_string(), "remove dov-00000001 from the bond bond0 of br0");
    assert!(resolve(&rehearse(&exited, [step])).ports.is_empty());
}

#[test]
fn what_is_pruned_is_gone_and_two_looks_at_it_are_alike() {
    let exited = restarted(&twice(), 1, false);
    let wish = Prune { stopped: true, ..Prune::default() };
    let left = prune(&exited, &resolve(&exited), &wish);
    assert_eq!(left.len(), 2);
    let again = prune(&exited, &resolve(&exited), &wish);
    assert!(left[0].is(&again[0]) && !left[0].is(&again[1]));
    let steps: Vec<_> = left.iter().map(Prunable::removal).collect();
    let after = rehearse(&exited, &steps);
    assert!(resolve(&after).ports.is_empty());
    let whole = plan(&host(), &crate::plans::scene::request("br0", "c1"), 1).unwrap();
    let killed = rehearse(&host(), &whole.steps[..1]);
    let links = prune(&killed, &resolve(&killed), &Prune::default());
    assert!(links[0].is(&links[0].clone()) && !links[0].is(&left[0]));
    let after = rehearse(&killed, [&links[0].removal()]);
    assert!(prune(&after, &resolve(&after), &Prune::default()).is_empty());
    let on = |bridge: &str| Prune { bridge: Some(bridge.into()), ..Prune::default() };
    assert_eq!(prune(&killed, &resolve(&killed), &on("br0")).len(), 1);
    assert!(prune(&killed, &resolve(&killed), &on("br1")).is_empty());
}

#[test]
fn a_plan_says_what_an_interface_lacks_unless_it_makes_one() {
    let wish = Connect { addresses: vec!["192.0.2.7/24".parse().unwrap()], ..request("br0", "c1") };
    let mut whole = plan(&host(), &wish, 1).unwrap();
    assert_eq!(whole.completion(), "");
    whole.steps.drain(..2);
    assert!(whole.completion().contains("address 192.0.2.7/24"), "{}", whole.completion());
}

/// The port of c1 is living, that of c2 is stale, and the living link was given the stale one's name.
fn renamed_to_another() -> Snapshot {
    let both = connected(&connected(&host(), &request("br0", "c1"), 1), &request("br0", "c2"), 2);
    let mut after = restarted(&both, 2, false);
    for rows in after.engines.values_mut() {
        *rows = Observed::Fresh { rows: [1, 3].map(container).into() };
    }
    let here = after.kernel.rows_mut().iter_mut().find(|space| space.id == SWITCH).unwrap();
    let link = here.links.iter_mut().find(|link| &*link.name == "dov-00000001").unwrap();
    Arc::make_mut(link).name = "dov-00000002".into();
    after
}

fn change_ports(host: &mut Snapshot, change: fn(&mut docker_ovs_model::switch::Port)) {
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows.iter_mut().flat_map(|row| &mut row.ports).for_each(|port| change(Arc::make_mut(port)));
}

#[test]
fn the_port_of_a_link_that_has_another_ports_name_now_is_not_pruned() {
    let renamed = renamed_to_another();
    let what = |host: &Snapshot, wish: &Prune| {
        let wiring = resolve(host);
        let names = undecided(host, &wiring, wish).into_iter().map(|one| one.what.to_string());
        (prune(host, &wiring, wish).len(), names.collect::<Vec<_>>())
    };
    let undecided = vec!["dov-00000001".to_owned()];
    assert_eq!(what(&renamed, &Prune::default()), (0, undecided.clone()));
    // vswitchd tells no index of it any more: the link bears the mark of its port all the same.
    let mut without_index = renamed.clone();
    change_ports(&mut without_index, |port| port.ifindex = None);
    assert_eq!(what(&without_index, &Prune::default()), (0, undecided));
    let mut of_others = renamed.clone();
    let rows = of_others.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    for row in rows {
        row.external_ids.clear();
    }
    change_ports(&mut of_others, |port| port.external_ids.clear());
    assert_eq!(what(&of_others, &Prune { all: true, ..Prune::default() }), (0, Vec::new()));
    // vswitchd could not open it: then its index is an old one.
    change_ports(&mut of_others, |port| port.error = Some("No such device".to_owned()));
    assert_eq!(what(&of_others, &Prune { all: true, ..Prune::default() }), (1, Vec::new()));
}

#[test]
fn what_is_left_of_a_port_whose_record_another_port_has_goes() {
    let mut twice = renamed_to_another();
    let rows = twice.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    let ids = rows[0].ports[0].external_ids.clone();
    for port in &mut rows[0].ports {
        let port = Arc::make_mut(port);
        (port.external_ids, port.ifindex) = (ids.clone(), None);
    }
    assert_eq!(prune(&twice, &resolve(&twice), &Prune::default()).len(), 1);
}

#[test]
fn links_of_the_bridge_that_a_fake_one_stands_on_go_with_that() {
    let whole = plan(&host(), &request("br0", "c1"), 1).unwrap();
    let mut killed = rehearse(&host(), &whole.steps[..1]);
    let rows = killed.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    for (row, name) in rows.iter_mut().zip(["fake0", "fake1"]) {
        row.fake_bridges = vec![FakeBridge { name: name.into(), vlan: 7 }];
    }
    let on = |bridge: &str| Prune { bridge: Some(bridge.into()), ..Prune::default() };
    let left = |host: &Snapshot, bridge: &str| prune(host, &resolve(host), &on(bridge)).len();
    let doubts = |host: &Snapshot, bridge: &str| undecided(host, &resolve(host), &on(bridge)).len();
    for (bridge, links) in [("br0", 1), ("fake0", 1), ("br1", 0), ("fake1", 0), ("none", 0)] {
        assert_eq!(left(&killed, bridge), links, "{bridge}");
        assert_eq!(doubts(&killed, bridge), 0, "{bridge}");
    }
    // What may be alive is told, too.
    let mut blind = killed;
    for space in blind.kernel.rows_mut().iter_mut().filter(|space| space.id == SWITCH) {
        space.packet_sockets = None;
    }
    for (bridge, links) in [("br0", 1), ("fake0", 1), ("fake1", 0)] {
        assert_eq!((left(&blind, bridge), doubts(&blind, bridge)), (0, links), "{bridge}");
    }
}

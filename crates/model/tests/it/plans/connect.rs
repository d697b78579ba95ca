//! What is connected, and what is refused.

use std::sync::Arc;

use docker_ovs_model::ids::{ContainerId, Ifindex, OfPort};
use docker_ovs_model::plan::{
    Connect, Generated, KernelStep, OfPortChoice, PlanError, Prunable, Prune, Restore,
    RestoreAction, Step, connect, prune, remembered, renames, restore,
};
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::snapshot::{Container, Link, Namespace, Observed};
use docker_ovs_model::switch::{OfPortState, Port};
use docker_ovs_model::wiring::AttachmentState;
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, rehearse, resolve};

use crate::plans::scene::{
    connected, generated, home, host, plan, port, port_of, request, restarted, restored,
};

#[test]
fn a_rehearsed_plan_comes_true() {
    let request = Connect {
        addresses: vec!["192.0.2.7/24".parse().unwrap()],
        vlan: Some(12),
        ..request("br0", "c1")
    };
    let after = connected(&host(), &request, 1);
    let wiring = resolve(&after);
    let [found] = wiring.attachments.as_slice() else { panic!("{wiring:#?}") };
    let AttachmentState::On(on) = &found.port else { panic!("{found:#?}") };
    assert_eq!((&*found.link.name, on.ofport), ("eth0", OfPortState::Assigned(OfPort(32768))));
    assert_eq!(
        (on.vlans.as_ref().unwrap().tag, &found.link.addresses),
        (Some(12), &request.addresses)
    );
    assert!(found.notes.is_empty(), "{:?}", found.notes);
}

#[test]
fn free_names_and_numbers_are_the_next_ones() {
    let one = connected(&host(), &request("br0", "c1"), 1);
    let two = plan(&one, &request("br0", "c1"), 2).unwrap();
    assert_eq!((&*two.interface, two.ofport()), ("eth1", Some(OfPort(32769))));
    let other = plan(&one, &request("br1", "c1"), 2).unwrap();
    assert_eq!(other.ofport(), Some(OfPort(32768)), "numbers belong to one bridge");
    let auto = Connect { ofport: OfPortChoice::Auto, ..request("br0", "c1") };
    assert_eq!(plan(&one, &auto, 2).unwrap().ofport(), None);
}

#[test]
fn refusals_name_what_is_in_the_way() {
    let busy = connected(&host(), &request("br0", "c1"), 1);
    let refused = |request: Connect| plan(&busy, &request, 2).unwrap_err().to_string();
    let exactly = |n| OfPortChoice::Exactly(OfPort(n));
    let said = refused(Connect { ofport: exactly(32768), ..request("br0", "c2") });
    assert_eq!(said, "OpenFlow port 32768 of br0 is in use: dov-00000001, c1:eth0");
    for bad in [0, 65280, 65534] {
        let said = refused(Connect { ofport: exactly(bad), ..request("br0", "c2") });
        assert!(said.contains("cannot be asked for") || said.contains("not an OpenFlow"), "{said}");
    }
    let said = refused(Connect { interface: Some("eth0".into()), ..request("br0", "c1") });
    assert_eq!(said, "container c1 has an interface eth0 already");
    let taken = Some("dov-00000001".to_owned());
    let said = refused(Connect { host_interface: taken, ..request("br0", "c2") });
    assert_eq!(said, "there is a port of br0 called dov-00000001 already");
    for name in ["", ".", "all", "a b", "a/b", "%d", "sixteen-letters-", "a\0"] {
        let request = Connect { interface: Some(name.into()), ..request("br0", "c2") };
        let plan_error = plan(&busy, &request, 2).unwrap_err();
        assert!(matches!(plan_error, PlanError::NotAName { .. }), "{name:?}: {plan_error:?}");
    }
    let mut host_network = busy.clone();
    for row in host_network.engines.values_mut().flat_map(Observed::rows_mut) {
        row.network_mode = "host".to_owned();
    }
    let plan_error = plan(&host_network, &request("br0", "c2"), 2).unwrap_err();
    assert!(matches!(plan_error, PlanError::HostNetwork { .. }), "{plan_error:?}");
}

/// As where the program was killed right after the transaction that makes the port.
#[test]
fn a_port_that_never_got_its_link_gives_its_name_to_the_one_that_is_asked_for_again() {
    let chosen =
        |container| Connect { host_interface: Some("web0".into()), ..request("br0", container) };
    let asked = plan(&host(), &chosen("c1"), 1).unwrap();
    let ports = asked.steps.iter().filter(|step| step.name_returns());
    let mut killed = rehearse(&host(), ports);
    // Its number is still to come, or it had one and lost its link.
    for ofport in [OfPortState::Pending, OfPortState::Assigned(OfPort(32768))] {
        port_of(&mut killed, |port| port.ofport = ofport);
        let said = plan(&killed, &chosen("c1"), 2).unwrap_err().to_string();
        assert_eq!(said, "there is a port of br0 called web0 already");
    }
    port_of(&mut killed, |port| port.ofport = OfPortState::Failed);
    let said = plan(&killed, &chosen("c2"), 2).unwrap_err().to_string();
    assert_eq!(said, "there is a port of br0 called web0 already", "it is another's");
    let again = plan(&killed, &chosen("c1"), 2).unwrap();
    assert_eq!((&*again.interface, again.ofport()), ("eth0", Some(OfPort(32768))));
    let wiring = resolve(&rehearse(&killed, &again.steps));
    let [found] = wiring.attachments.as_slice() else { panic!("{wiring:#?}") };
    assert!(matches!(found.port, AttachmentState::On(_)), "{found:#?}");
    assert_eq!(wiring.ports.len(), 1);
}

/// An interface of that name may be there, and one that was renamed on the host's side.
#[test]
fn nothing_is_made_where_it_was_not_seen_what_there_is() {
    type Cut = fn(&mut Vec<Namespace>, usize);
    let cuts: [Cut; 3] = [
        |all, at| {
            all[at].links.clear();
            let why = SourceError::new(SourceErrorKind::Denied, "it", "not permitted");
            all[at].source_error = Some(why);
        },
        |all, at| all[at].links.clear(),
        |all, at| {
            all.remove(at);
        },
    ];
    let whole = connected(&host(), &request("br0", "c1"), 1);
    let netns = whole.containers().find(|row| *row.name == *"c1").unwrap().netns.unwrap();
    for cut in cuts {
        let mut all = whole.kernel.rows().to_vec();
        let at = all.iter().position(|space| space.id == netns).unwrap();
        cut(&mut all, at);
        let less = Snapshot { kernel: Observed::Fresh { rows: all.into() }, ..whole.clone() };
        for interface in ["eth0", "eth7"] {
            let asked = Connect { interface: Some(interface.into()), ..request("br0", "c1") };
            let error = plan(&less, &asked, 2).unwrap_err();
            assert!(matches!(error, PlanError::Undecided { .. }), "{interface}: {error:?}");
        }
        let wiring = resolve(&less);
        for one in remembered(&less, &wiring, &Restore::default()).unwrap_or_default() {
            let action = restore(&less, &wiring, &one, &generated(2));
            assert!(!matches!(action, RestoreAction::Again(_)), "{action:?}");
        }
    }
}

#[test]
fn a_full_bridge_has_no_free_number_and_the_last_one_is_found() {
    let mut full = host();
    for n in 32768..65279_u16 {
        let ofport = OfPortState::Assigned(OfPort(n));
        port(&mut full, Port { iface: format!("p{n}").into(), ofport, ..Port::default() });
    }
    assert_eq!(plan(&full, &request("br0", "c1"), 1).unwrap().ofport(), Some(OfPort(65279)));
    let asked = Some(OfPort(65279));
    port(&mut full, Port { iface: "last".into(), ofport_request: asked, ..Port::default() });
    let plan_error = plan(&full, &request("br0", "c1"), 1).unwrap_err();
    assert_eq!(plan_error, PlanError::NoFreeNumber { bridge: "br0".into() });
    assert_eq!(plan(&full, &request("br1", "c1"), 1).unwrap().ofport(), Some(OfPort(32768)));
}

#[test]
fn connect_removes_the_link_of_a_killed_run_and_its_name_is_free() {
    let whole = plan(&host(), &request("br0", "c1"), 1).unwrap();
    let killed = rehearse(&host(), &whole.steps[..1]);
    let again = plan(&killed, &request("br0", "c1"), 2).unwrap();
    let Step::Kernel(KernelStep::DeleteLink { name, .. }) = &again.steps[0] else {
        panic!("{again:#?}")
    };
    assert_eq!((&**name, &*again.interface), ("dov-00000001", "eth0"));
    let after = resolve(&rehearse(&killed, &again.steps));
    assert_eq!(after.attachments.len(), 1);
    let left = prune(&killed, &resolve(&killed), &Prune::default());
    assert!(matches!(left.as_slice(), [Prunable::Link { .. }]), "{left:#?}");
    let with = |change: &dyn Fn(&mut Link)| {
        let mut host = killed.clone();
        let links = host.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
        links.map(Arc::make_mut).filter(|link| link.alias.is_some()).for_each(change);
        prune(&host, &resolve(&host), &Prune::default()).len()
    };
    assert_eq!(with(&|link| link.alias = None), 1, "killed before it could be marked");
    assert_eq!(
        with(&|link| link.alias = Some("mine".to_owned())),
        0,
        "another program has marked it"
    );
    assert_eq!(with(&|link| link.master = Some(Ifindex(9))), 0, "a Linux bridge has it");
    let named = |link: &mut Link| (link.alias, link.name) = (None, "dov-uplink".into());
    assert_eq!(with(&named), 0, "a name that only begins like ours");
}

#[test]
fn a_new_attachment_takes_the_place_of_the_one_that_went() {
    let first = Connect { ofport: OfPortChoice::Exactly(OfPort(7)), ..request("br0", "c1") };
    let gone = restarted(&connected(&host(), &first, 1), 1, true);
    let again = Connect { interface: Some("eth0".into()), ..request("br0", "c1") };
    let after = connected(&gone, &again, 2);
    let wiring = resolve(&after);
    assert_eq!(wiring.ports.len(), 1, "{wiring:#?}");
    assert_eq!(wiring.attachments[0].port.ofport(), Some(OfPort(7)));
    let other = plan(&gone, &request("br0", "c1"), 2).unwrap();
    assert_eq!(&*other.interface, "eth1", "what is remembered is not taken by chance");
}

/// The container, and the same attachments with another one in its place that has its name.
fn recreated(before: &Snapshot) -> Snapshot {
    let mut after = restarted(before, 1, true);
    for row in after.engines.values_mut().flat_map(Observed::rows_mut) {
        if row.netns == Some(home(1)) {
            row.id = ContainerId("ef".repeat(32).into());
        }
    }
    after
}

#[test]
fn a_container_that_was_made_anew_gets_the_interfaces_of_the_one_before() {
    let with =
        |ofport| Connect { ofport: OfPortChoice::Exactly(OfPort(ofport)), ..request("br0", "c1") };
    let before = connected(&connected(&host(), &with(7), 1), &with(9), 2);
    let mut now = recreated(&before);
    for (generated, name, ofport) in [(3, "eth0", 7), (4, "eth1", 9)] {
        let plan = plan(&now, &request("br0", "c1"), generated).unwrap();
        assert_eq!((&*plan.interface, plan.ofport()), (name, Some(OfPort(ofport))));
        now = rehearse(&now, &plan.steps);
    }
    assert_eq!(resolve(&now).ports.len(), 2, "nothing is left of the one before");
    let third = plan(&now, &request("br0", "c1"), 5).unwrap();
    assert_eq!(&*third.interface, "eth2");

    let elsewhere = plan(&recreated(&before), &request("br1", "c1"), 3).unwrap();
    assert_eq!(&*elsewhere.interface, "eth2", "what it had on another bridge stays for that");
    let same = plan(&restarted(&before, 1, true), &request("br0", "c1"), 3).unwrap();
    assert_eq!(&*same.interface, "eth2", "what a restart took is for restore");
}

/// Since when c1 has the number of its first interface by the record of its port, and that of a port made then.
fn numbered_since(snapshot: &Snapshot) -> (Option<u64>, Option<u64>) {
    let wiring = resolve(snapshot);
    let mut records = wiring.ports.iter().filter_map(|row| PortRecord::of(&row.port));
    let record = records.find(|record| record.interface == "eth0").unwrap();
    (record.has_number_since(), record.created)
}

#[test]
fn a_container_that_gets_its_number_back_has_had_it_since_it_had_it_first() {
    let connected = |host: &Snapshot, ofport: OfPortChoice, n: u32| {
        let request =
            Connect { ofport, interface: Some("eth0".to_owned()), ..request("br0", "c1") };
        let generated = Generated { now: 1000 * u64::from(n), ..generated(n) };
        let plan = connect(host, &resolve(host), &request, &generated).unwrap();
        rehearse(host, &plan.steps)
    };
    let before = connected(&host(), OfPortChoice::Exactly(OfPort(7)), 1);
    assert_eq!(numbered_since(&before), (Some(1000), Some(1000)));
    for now in [restarted(&before, 1, true), recreated(&before)] {
        let again = connected(&now, OfPortChoice::Free, 3);
        assert_eq!(numbered_since(&again), (Some(1000), Some(3000)));
        let twice = connected(&restarted(&again, 1, true), OfPortChoice::Free, 4);
        assert_eq!(numbered_since(&twice), (Some(1000), Some(4000)));
        let same = connected(&now, OfPortChoice::Exactly(OfPort(7)), 3);
        assert_eq!(numbered_since(&same), (Some(1000), Some(3000)));
        // By another number it is reached since it has that.
        for other in [OfPortChoice::Exactly(OfPort(8)), OfPortChoice::Auto] {
            let other = connected(&now, other, 3);
            assert_eq!(numbered_since(&other), (Some(3000), Some(3000)));
        }
    }
}

/// c1 after a restart, changed otherwise too.
fn started_anew(before: &Snapshot, change: fn(&mut Container)) -> Snapshot {
    let mut after = restarted(before, 1, true);
    let rows = after.engines.values_mut().flat_map(Observed::rows_mut);
    rows.into_iter().filter(|row| row.netns == Some(home(1))).for_each(change);
    after
}

/// A record that is written anew is not the one that was seen to be replaced.
#[test]
fn the_record_of_a_port_that_is_replaced_is_not_written_anew_before() {
    let on = |bridge, interface: &str| Connect {
        interface: Some(interface.to_owned()),
        ..request(bridge, "c1")
    };
    let before = connected(&host(), &on("br0", "eth0"), 1);
    let before = connected(&before, &on("br0", "eth1"), 2);
    let before = connected(&before, &on("br1", "eth2"), 3);
    let changes: [fn(&mut Container); 3] = [
        |row| row.name = "web2".into(),
        |row| {
            for key in ["project", "service", "container-number"] {
                row.labels.insert(format!("com.docker.compose.{key}"), "1".to_owned());
            }
        },
        |row| {
            row.name = "shop_web.2.aaa".into();
            for (key, value) in [("service.name", "shop_web"), ("task.name", "shop_web.2.aaa")] {
                row.labels.insert(format!("com.docker.swarm.{key}"), value.to_owned());
            }
        },
    ];
    for change in changes {
        let now = started_anew(&before, change);
        let name = now.containers().find(|row| row.netns == Some(home(1))).unwrap().name.clone();
        let again = Connect { container: name.to_string(), ..on("br0", "eth1") };
        let plan = plan(&now, &again, 4).unwrap();
        assert!(plan.removes(), "{plan:#?}");
        let after = rehearse(&now, &plan.steps);
        let ports: Vec<_> = resolve(&after).ports.iter().map(|row| row.port.clone()).collect();
        assert_eq!(ports.len(), 3, "the old one is replaced");
        assert!(ports.iter().any(|port| &*port.iface == "dov-00000004"), "{ports:#?}");
        for record in ports.iter().filter_map(|port| PortRecord::of(port)) {
            assert_eq!(record.name.as_deref(), Some(&*name), "the others' too");
        }
        assert!(renames(&after, &resolve(&after)).is_empty());
    }
}

#[test]
fn what_shares_a_namespace_with_a_container_on_the_hosts_network_is_on_it_too() {
    let joined = |modes: [&str; 2]| {
        let mut host = connected(&host(), &request("br0", "c1"), 1);
        let rows = host.engines.values_mut().next().unwrap().rows_mut();
        rows[0].netns = rows[1].netns;
        for (row, mode) in rows.iter_mut().zip(modes) {
            mode.clone_into(&mut row.network_mode);
        }
        host
    };
    for mode in ["container:c2", "", "bridge"] {
        let host = joined([mode, "host"]);
        for (bridge, interface) in [("br0", "eth0"), ("br1", "eth7")] {
            let wanted = Connect { interface: Some(interface.into()), ..request(bridge, "c1") };
            let plan_error = plan(&host, &wanted, 2).unwrap_err();
            assert!(matches!(plan_error, PlanError::HostNetwork { .. }), "{plan_error:?}");
        }
        assert!(plan(&host, &request("br0", "c3"), 3).is_ok(), "it has one of its own");
        let actions = restored(&host);
        let [RestoreAction::Refused(PlanError::HostNetwork { .. })] = &actions[..] else {
            panic!("{actions:?}")
        };
    }
    assert!(plan(&joined(["container:c2", "bridge"]), &request("br1", "c1"), 2).is_ok());
}

//! A host's end is found by what it is the other end of, whatever it is called: it is put back, and disconnected, under
//! the name that it has.

use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, Nsid, OfPort};
use docker_ovs_model::plan::{KernelStep, Prune, RestoreAction, Step, disconnect, prune};
use docker_ovs_model::snapshot::{Link, Peer};
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::wiring::Occupant;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use super::{
    change, deleted, doubts, links_in, nothing_is_heard, put_back, renamed, restored, taken,
    to_disconnect, wanted, with_address,
};
use crate::plans::scene::{SWITCH, connected, container, having, home, host, request};

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

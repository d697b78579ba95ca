//! What is remembered, and comes back.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, OfPort};
use docker_ovs_model::plan::{
    Connect, KernelStep, OfPortChoice, Restore, RestoreAction, Step, SwitchStep, remembered,
    restore,
};
use docker_ovs_model::snapshot::{Link, Namespace, Peer, VswitchdSockets};
use docker_ovs_model::switch::{OfPortState, Port};
use docker_ovs_model::{Observed, Snapshot, memory, rehearse, resolve};

use crate::plans::scene::{
    SWITCH, connected, container, generated, host, plan, port, request, restarted,
};

#[test]
fn what_is_restored_has_a_new_name_and_everything_else_as_before() {
    let first =
        Connect { vlan: Some(5), ofport: OfPortChoice::Exactly(OfPort(7)), ..request("br0", "c1") };
    let before = connected(&host(), &first, 1);
    let gone = restarted(&before, 1, true);
    let wiring = resolve(&gone);
    let [one] = remembered(&gone, &wiring, &Restore::default()).unwrap().try_into().unwrap();
    let RestoreAction::Again(plan) = restore(&gone, &wiring, &one, &generated(2)) else {
        panic!("{one:#?}")
    };
    let after = rehearse(&gone, &plan.steps);
    let port = |host: &Snapshot| Port::clone(&resolve(host).ports[0].port);
    let (old, new) = (port(&before), port(&after));
    assert_eq!((&*old.iface, &*new.iface), ("dov-00000001", "dov-00000002"));
    assert_eq!(Port { iface: old.iface.clone(), ifindex: old.ifindex, ..new }, old);
    let [one] =
        remembered(&after, &resolve(&after), &Restore::default()).unwrap().try_into().unwrap();
    assert_eq!(restore(&after, &resolve(&after), &one, &generated(3)), RestoreAction::There);
    let stopped = restarted(&before, 1, false);
    let action = restore(&stopped, &resolve(&stopped), &one, &generated(3));
    assert!(
        matches!(action, RestoreAction::NotToBeTouched { .. }),
        "its port has another name there"
    );
}

#[test]
fn what_a_record_says_of_no_interface_or_cannot_be_read_is_not_made_again() {
    let request =
        Connect { addresses: vec!["10.0.0.1/24".parse().unwrap()], ..request("br0", "c1") };
    let gone = restarted(&connected(&host(), &request, 1), 1, true);
    let action = |key: &str, value: &str| {
        let mut written = gone.clone();
        let rows = written.switch.values_mut().flat_map(Observed::rows_mut);
        for port in rows.flat_map(|bridge| &mut bridge.ports) {
            let ids = &mut Arc::make_mut(port).external_ids;
            ids.insert(format!("docker-ovs.{key}"), value.to_owned());
        }
        let wiring = resolve(&written);
        let one = remembered(&written, &wiring, &Restore::default()).unwrap().remove(0);
        restore(&written, &wiring, &one, &generated(2))
    };
    for (key, value) in [
        ("ip", "10.0.0.2/24,2001:db8::2/64"),
        ("ip", ""),
        ("mtu", "1400"),
        ("gateway", "10.0.0.254,fe80::1"),
    ] {
        assert!(matches!(action(key, value), RestoreAction::Again(_)), "{key}={value}");
    }
    for (key, value, why) in [
        ("ip", "127.0.0.1/8", "loopback"),
        ("ip", "10.0.0.255/24", "broadcast"),
        ("ip", "0.0.0.0/0", "zero"),
        ("ip", "10.0.0.1/24 10.0.0.2/24", "docker-ovs.ip is 10.0.0.1/24 10.0.0.2/24"),
        ("ip", "10.0.0.1/24,nonsense", "nonsense"),
        ("gateway", "10.0.0", "docker-ovs.gateway is 10.0.0"),
        ("gateway", "10.0.1.1", "10.0.1.1 is in none of the networks"),
        ("mac", "01:00:5e:00:00:01", "multicast"),
        ("mac", "nonsense", "docker-ovs.mac is nonsense"),
        ("mtu", "-1", "docker-ovs.mtu is -1"),
        ("mtu", "67", "docker-ovs.mtu is 67"),
        ("mtu", "65536", "docker-ovs.mtu is 65536"),
    ] {
        let action = action(key, value);
        let RestoreAction::Refused(refused) = action else { panic!("{key}={value}: {action:#?}") };
        assert!(refused.to_string().contains(why), "{key}={value}: {refused}");
    }
}

#[test]
fn what_was_plugged_and_never_set_up_is_finished() {
    let request =
        Connect { addresses: vec!["10.0.0.1/24".parse().unwrap()], ..request("br0", "c1") };
    let steps = plan(&host(), &request, 1).unwrap().steps;
    let action = |killed: &Snapshot| {
        let wiring = resolve(killed);
        let one = remembered(killed, &wiring, &Restore::default()).unwrap().remove(0);
        restore(killed, &wiring, &one, &generated(2))
    };
    let killed = rehearse(&host(), &steps[..2]);
    let RestoreAction::Again(plan) = action(&killed) else { panic!("{killed:#?}") };
    assert_eq!(plan.steps, steps[2..]);
    let finished = rehearse(&killed, &plan.steps);
    assert_eq!((action(&finished), &finished), (RestoreAction::There, &rehearse(&host(), &steps)));
    let mut down = finished.clone();
    let links = down.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
    links.for_each(|link| Arc::make_mut(link).up = false);
    assert_eq!(action(&down), RestoreAction::There, "it was set down on purpose");
}

#[test]
fn what_has_no_lasting_number_is_waited_for_and_nothing_else_is_done() {
    let whole = connected(&host(), &request("br0", "c1"), 1);
    let action = |ofport: OfPortState, ofport_request: Option<OfPort>| {
        let mut host = whole.clone();
        let rows = host.switch.values_mut().flat_map(Observed::rows_mut);
        rows.flat_map(|bridge| &mut bridge.ports).for_each(|port| {
            let port = Arc::make_mut(port);
            (port.ofport, port.ofport_request) = (ofport, ofport_request);
        });
        let wiring = resolve(&host);
        let one = remembered(&host, &wiring, &Restore::default()).unwrap().remove(0);
        restore(&host, &wiring, &one, &generated(2))
    };
    let (seven, given) = (Some(OfPort(7)), OfPortState::Assigned(OfPort(7)));
    assert_eq!(action(given, seven), RestoreAction::There);
    let unnumbered = [
        (OfPortState::Pending, seven),
        (OfPortState::Failed, seven),
        (OfPortState::Pending, None),
        (given, None),
    ];
    for (ofport, wanted) in unnumbered {
        let RestoreAction::Number(plan) = action(ofport, wanted) else {
            panic!("{ofport:?}, {wanted:?}")
        };
        let [Step::Switch(SwitchStep::Await { wanted: awaited, remember, .. })] = &plan.steps[..]
        else {
            panic!("{plan:#?}")
        };
        assert_eq!(*awaited, wanted);
        assert_eq!(remember.is_some(), wanted.is_none(), "what is kept is remembered");
    }
}

/// What restore says of an interface whose port vswitchd does not listen to, with these sockets of its own.
fn told_of_unheard(own: Option<&VswitchdSockets>) -> String {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    for space in host.kernel.rows_mut().iter_mut().filter(|space| space.id == SWITCH) {
        space.packet_sockets.iter_mut().for_each(std::collections::BTreeSet::clear);
        space.vswitchd_sockets = own.cloned();
    }
    let wiring = resolve(&host);
    let one = remembered(&host, &wiring, &Restore::default()).unwrap().remove(0);
    let action = restore(&host, &wiring, &one, &generated(2));
    let RestoreAction::NotToBeTouched { why } = action else { panic!("{action:#?}") };
    why
}

#[test]
fn a_port_that_hears_nothing_is_not_told_as_there() {
    let lost = |lost| Some(VswitchdSockets { lost, ..VswitchdSockets::default() });
    let renamed = Some(VswitchdSockets { links: [Ifindex(4711)].into(), lost: 0 });
    for shown in [lost(1), lost(2), renamed] {
        let why = told_of_unheard(shown.as_ref());
        assert!(why.starts_with("deaf: "), "{why}");
    }
    // Nothing shows that vswitchd has opened the port before: it may be starting.
    for not_shown in [lost(0), None] {
        let why = told_of_unheard(not_shown.as_ref());
        assert!(why.starts_with("not opened: "), "{why}");
    }
}

#[test]
fn restore_leaves_a_number_that_another_port_took_meanwhile() {
    let first = Connect { ofport: OfPortChoice::Exactly(OfPort(7)), ..request("br0", "c1") };
    let mut gone = restarted(&connected(&host(), &first, 1), 1, true);
    let ofport = OfPortState::Assigned(OfPort(7));
    port(&mut gone, Port { iface: "thief".into(), ofport, ..Port::default() });
    let wiring = resolve(&gone);
    let one = remembered(&gone, &wiring, &Restore::default()).unwrap().remove(0);
    let action = restore(&gone, &wiring, &one, &generated(2));
    let RestoreAction::Refused(plan_error) = action else { panic!("{action:#?}") };
    assert!(plan_error.to_string().contains("thief"), "{plan_error}");
}

/// The host after another program took the port of c1's eth0 and did something with its link.
fn taken(change: fn(&mut Namespace)) -> RestoreAction {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    let rows = host.switch.values_mut().flat_map(Observed::rows_mut);
    rows.into_iter().for_each(|bridge| bridge.ports.clear());
    let here = host.kernel.rows_mut().iter_mut().find(|space| space.id == SWITCH).unwrap();
    here.packet_sockets.iter_mut().for_each(BTreeSet::clear);
    here.vswitchd_sockets.iter_mut().for_each(|own| own.links.clear());
    change(here);
    let wiring = resolve(&host);
    let one = remembered(&host, &wiring, &Restore::default()).unwrap().remove(0);
    restore(&host, &wiring, &one, &generated(2))
}

/// The host's end.
fn end(here: &mut Namespace) -> &mut Link {
    let end = here.links.iter_mut().find(|link| link.name.starts_with("dov-")).unwrap();
    Arc::make_mut(end)
}

fn listened_to(here: &mut Namespace) {
    let end = end(here).ifindex;
    here.packet_sockets.as_mut().unwrap().insert(end);
}

#[test]
fn a_link_that_is_in_use_elsewhere_by_now_is_not_put_back() {
    type Use = (&'static str, fn(&mut Namespace));
    let uses: [Use; 6] = [
        ("is a member of lbr", |here| {
            end(here).master = Some(Ifindex(90));
            let lbr = Link { ifindex: Ifindex(90), name: "lbr".into(), ..Link::default() };
            here.links.push(Arc::new(lbr));
        }),
        ("is a member of another link", |here| end(here).master = Some(Ifindex(91))),
        ("by a packet socket", listened_to),
        ("was not read", |here| here.packet_sockets = None),
        ("has an address", |here| end(here).addresses = vec!["192.0.2.7/24".parse().unwrap()]),
        ("the vlan up of the host stands on it", |here| {
            let peer = Some(Peer { ifindex: end(here).ifindex, nsid: None });
            let kind = Some("vlan".to_owned());
            let ifindex = Ifindex(92);
            let up = Link { ifindex, name: "up".into(), kind, peer, ..Link::default() };
            here.links.push(Arc::new(up));
        }),
    ];
    for (said, change) in uses {
        let action = taken(change);
        let RestoreAction::NotToBeTouched { why } = &action else { panic!("{said}: {action:?}") };
        assert!(why.starts_with("dov-00000001: ") && why.contains(said), "{why}");
    }
}

#[test]
fn a_link_that_waits_for_its_switch_is_put_back() {
    let waits: [fn(&mut Namespace); 3] = [
        |_| {},
        // vswitchd is about to let go of it.
        |here| {
            listened_to(here);
            let end = end(here).ifindex;
            here.vswitchd_sockets.as_mut().unwrap().links.insert(end);
        },
        // The kernel gives that to every link that is up.
        |here| end(here).addresses = vec!["fe80::1/64".parse().unwrap()],
    ];
    for change in waits {
        let action = taken(change);
        let RestoreAction::Again(plan) = &action else { panic!("{action:?}") };
        assert_eq!(&*plan.port().unwrap().iface, "dov-00000001");
    }
}

#[test]
fn a_host_end_whose_maker_was_killed_is_brought_to_its_end() {
    let whole = connected(&host(), &request("br0", "c1"), 1);
    let with = |change: fn(&mut Link)| {
        let mut host = whole.clone();
        let here = host.kernel.rows_mut().iter_mut().find(|space| space.id == SWITCH).unwrap();
        change(end(here));
        host
    };
    let action = |host: &Snapshot| {
        let wiring = resolve(host);
        let one = remembered(host, &wiring, &Restore::default()).unwrap().remove(0);
        restore(host, &wiring, &one, &generated(2))
    };
    // The rest was done by a program that did not look at this end.
    let killed = with(|end| end.alias = None);
    let RestoreAction::Again(plan) = action(&killed) else { panic!("{killed:#?}") };
    let [Step::Kernel(KernelStep::FinishHostEnd { name, .. })] = &plan.steps[..] else {
        panic!("{plan:#?}")
    };
    assert_eq!(&**name, "dov-00000001");
    let finished = rehearse(&killed, &plan.steps);
    assert_eq!((action(&finished), &finished), (RestoreAction::There, &whole));
    // It was given another name meanwhile.
    let renamed = with(|end| (end.alias, end.name) = (None, "web0".into()));
    let RestoreAction::Again(plan) = action(&renamed) else { panic!("{renamed:#?}") };
    assert!(plan.steps[0].to_string().starts_with("close the link web0 "), "{plan:#?}");
    // What others noted stays.
    assert_eq!(action(&with(|end| end.alias = Some("uplink".to_owned()))), RestoreAction::There);
    assert_eq!(action(&with(|end| end.alias = Some(String::new()))), RestoreAction::There);
}

#[test]
fn a_port_that_is_put_back_has_its_host_end_finished() {
    let action = taken(|here| end(here).alias = None);
    let RestoreAction::Again(plan) = &action else { panic!("{action:?}") };
    let finishes = |step: &Step| matches!(step, Step::Kernel(KernelStep::FinishHostEnd { .. }));
    assert_eq!(plan.steps.iter().filter(|step| finishes(step)).count(), 1, "{plan:#?}");
}

#[test]
fn the_same_request_finishes_the_host_end_too() {
    let wish = Connect { addresses: vec!["10.0.0.1/24".parse().unwrap()], ..request("br0", "c1") };
    let steps = plan(&host(), &wish, 1).unwrap().steps;
    let mut killed = rehearse(&host(), &steps[..2]);
    let here = killed.kernel.rows_mut().iter_mut().find(|space| space.id == SWITCH).unwrap();
    end(here).alias = None;
    let again = plan(&killed, &wish, 2).unwrap();
    assert_eq!(rehearse(&killed, &again.steps), rehearse(&host(), &steps));
}

#[test]
fn a_number_that_the_bridge_does_not_remember_is_written_down_once() {
    let auto = Connect { ofport: OfPortChoice::Auto, vlan: Some(5), ..request("br0", "c1") };
    let mut host = connected(&host(), &auto, 1);
    let rows = host.switch.values_mut().flat_map(Observed::rows_mut);
    rows.flat_map(|bridge| &mut bridge.ports).for_each(|port| {
        let port = Arc::make_mut(port);
        (port.ofport, port.ofport_request) = (OfPortState::Assigned(OfPort(7)), Some(OfPort(7)));
    });
    let action = |host: &Snapshot| {
        let wiring = resolve(host);
        let one = remembered(host, &wiring, &Restore::default()).unwrap().remove(0);
        restore(host, &wiring, &one, &generated(2))
    };
    let kept = |host: &Snapshot| {
        let port = memory::of(&host.ovsdb_bridges()[0]).next().unwrap().1;
        (port.ofport_request, port.tag)
    };
    assert_eq!(kept(&host), (None, Some(5)));
    let RestoreAction::Again(plan) = action(&host) else { panic!("{host:#?}") };
    assert_eq!(plan.steps.len(), 1, "{plan:#?}");
    let after = rehearse(&host, &plan.steps);
    assert_eq!(kept(&after), (Some(OfPort(7)), Some(5)));
    assert_eq!(action(&after), RestoreAction::There);
}

#[test]
fn what_is_asked_for_by_its_record_needs_no_container_to_be_there() {
    let both = connected(&connected(&host(), &request("br0", "c1"), 1), &request("br1", "c2"), 2);
    let whole = remembered(&both, &resolve(&both), &Restore::default()).unwrap();
    let only = |keys: &[usize]| {
        let keys = keys.iter().map(|at| whole[*at].key().unwrap()).collect();
        Restore { only: Some(keys), ..Restore::default() }
    };
    // c1 has vanished.
    let mut gone = restarted(&restarted(&both, 1, false), 2, true);
    for rows in gone.engines.values_mut() {
        *rows = Observed::Fresh { rows: vec![container(2)].into() };
    }
    let wiring = resolve(&gone);
    let actions = |request: &Restore| -> Vec<RestoreAction> {
        let all = remembered(&gone, &wiring, request).unwrap();
        all.iter().map(|one| restore(&gone, &wiring, one, &generated(3))).collect()
    };
    let both = actions(&only(&[0, 1]));
    assert!(matches!(&both[..], [RestoreAction::Gone, RestoreAction::Again(_)]), "{both:#?}");
    assert_eq!(actions(&only(&[0])), [RestoreAction::Gone]);
    let named = Restore { containers: vec!["c1".to_owned()], ..only(&[0, 1]) };
    assert!(remembered(&gone, &wiring, &named).is_err(), "who is named must be there");
}

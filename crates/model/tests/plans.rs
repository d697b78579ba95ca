//! Plans: what is refused and why, what is planned, and that undoing leaves nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use docker_ovs_model::ids::{ContainerId, Ifindex, Mac, NetnsId, Nsid, OfPort};
use docker_ovs_model::mark::Mark;
use docker_ovs_model::plan::{
    Connect, Disconnect, LeftOver, Luck, Plan, Prune, Refusal, Remedy, Restore, Step, Wanted,
    connect, disconnect, prune, remembered, restore,
};
use docker_ovs_model::snapshot::{Container, Engine, Link, Namespace, Observed, Peer, Scope};
use docker_ovs_model::switch::{Bridge, OfPortState, Port, Via};
use docker_ovs_model::wiring::PortState;
use docker_ovs_model::{Snapshot, rehearse, resolve};
use proptest::prelude::*;

const SWITCH: NetnsId = NetnsId { dev: 4, ino: 1 };

fn home(n: u64) -> NetnsId {
    NetnsId { dev: 4, ino: 10 + n }
}

fn luck(n: u32) -> Luck {
    let [.., last] = n.to_be_bytes();
    Luck { host_end: format!("dov-{n:08x}"), mac: Mac([2, 0, 0, 0, 0, last]), now: 1000 }
}

fn container(n: u64) -> Container {
    Container {
        id: ContainerId(format!("{n:x}").repeat(64).into()),
        name: format!("c{n}").into(),
        state: "running".to_owned(),
        pid: Some(100),
        netns: Some(home(n)),
        netns_trouble: None,
        network_mode: "none".to_owned(),
        labels: BTreeMap::new(),
    }
}

fn namespace(id: NetnsId) -> Namespace {
    let nsids = if id == SWITCH { BTreeMap::new() } else { [(Nsid(0), SWITCH)].into() };
    Namespace { id, names: Vec::new(), nsids, links: Vec::new(), heard: None, trouble: None }
}

/// Three running containers and two bridges, `br0` and `br1`, with nothing on them.
fn host() -> Snapshot {
    let rows = (1..=3).map(container).collect();
    let spaces = [SWITCH, home(1), home(2), home(3)].map(namespace).into();
    let bridge = |name: &str| Bridge {
        name: name.into(),
        datapath_id: None,
        datapath: Some("netdev".to_owned()),
        ports: Vec::new(),
    };
    Snapshot {
        version: Snapshot::VERSION,
        host: "host".to_owned(),
        taken: 0,
        scope: Scope::Everything,
        switch_netns: Some(SWITCH),
        engines: [(Engine("docker".into()), Observed::Fresh { rows })].into(),
        kernel: Observed::Fresh { rows: spaces },
        switch: [(Via::Ovsdb, Observed::Fresh { rows: [bridge("br0"), bridge("br1")].into() })]
            .into(),
    }
}

fn wish(bridge: &str, container: &str) -> Connect {
    Connect { bridge: bridge.to_owned(), container: container.to_owned(), ..Connect::default() }
}

fn plan(host: &Snapshot, wish: &Connect, n: u32) -> Result<Plan, Refusal> {
    connect(host, &resolve(host), wish, &luck(n))
}

fn connected(host: &Snapshot, wish: &Connect, n: u32) -> Snapshot {
    rehearse(host, &plan(host, wish, n).unwrap().steps)
}

/// The host after a container's namespace went, and came back empty if `again`.
fn restarted(host: &Snapshot, n: u64, again: bool) -> Snapshot {
    let mut after = host.clone();
    for space in after.kernel.rows_mut() {
        if space.id == home(n) {
            space.links.clear();
        }
        let word = space.nsids.iter().find(|(_, id)| **id == home(n)).map(|(word, _)| *word);
        let leads =
            |link: &Arc<Link>| word.is_some() && link.peer.is_some_and(|peer| peer.nsid == word);
        space.links.retain(|link| !leads(link));
    }
    if !again {
        for rows in after.engines.values_mut() {
            for row in rows.rows_mut().iter_mut().filter(|row| row.netns == Some(home(n))) {
                (row.pid, row.netns, row.state) = (None, None, "exited".to_owned());
            }
        }
    }
    after
}

fn port(host: &mut Snapshot, port: Port) {
    let rows = host.switch.get_mut(&Via::Ovsdb).unwrap().rows_mut();
    rows[0].ports.push(Arc::new(port));
}

#[test]
fn a_rehearsed_plan_comes_true() {
    let wish = Connect {
        addresses: vec!["192.0.2.7/24".parse().unwrap()],
        vlan: Some(12),
        ..wish("br0", "c1")
    };
    let after = connected(&host(), &wish, 1);
    let wiring = resolve(&after);
    let [found] = wiring.attachments.as_slice() else { panic!("{wiring:#?}") };
    let PortState::On(on) = &found.port else { panic!("{found:#?}") };
    assert_eq!((&*found.link.name, on.ofport), ("eth0", OfPortState::Assigned(OfPort(32768))));
    assert_eq!((on.tag, &found.link.addresses), (Some(12), &wish.addresses));
    assert!(found.notes.is_empty(), "{:?}", found.notes);
}

#[test]
fn free_names_and_numbers_are_the_next_ones() {
    let one = connected(&host(), &wish("br0", "c1"), 1);
    let two = plan(&one, &wish("br0", "c1"), 2).unwrap();
    assert_eq!((&*two.interface, two.ofport()), ("eth1", Some(OfPort(32769))));
    let other = plan(&one, &wish("br1", "c1"), 2).unwrap();
    assert_eq!(other.ofport(), Some(OfPort(32768)), "numbers belong to one bridge");
    let auto = Connect { ofport: Wanted::Auto, ..wish("br0", "c1") };
    assert_eq!(plan(&one, &auto, 2).unwrap().ofport(), None);
}

#[test]
fn refusals_name_what_is_in_the_way() {
    let busy = connected(&host(), &wish("br0", "c1"), 1);
    let refused = |wish: Connect| plan(&busy, &wish, 2).unwrap_err().to_string();
    let exactly = |n| Wanted::Exactly(OfPort(n));
    let said = refused(Connect { ofport: exactly(32768), ..wish("br0", "c2") });
    assert_eq!(said, "OpenFlow port 32768 of br0 is in use: dov-00000001, c1:eth0");
    for bad in [0, 65280, 65534] {
        let said = refused(Connect { ofport: exactly(bad), ..wish("br0", "c2") });
        assert!(said.contains("cannot be asked for") || said.contains("not an OpenFlow"), "{said}");
    }
    let said = refused(Connect { interface: Some("eth0".into()), ..wish("br0", "c1") });
    assert_eq!(said, "container c1 has an interface eth0 already");
    let taken = Some("dov-00000001".to_owned());
    let said = refused(Connect { host_interface: taken, ..wish("br0", "c2") });
    assert_eq!(said, "there is a port of br0 called dov-00000001 already");
    for name in ["", ".", "all", "a b", "a/b", "%d", "sixteen-letters-", "a\0"] {
        let wish = Connect { interface: Some(name.into()), ..wish("br0", "c2") };
        let refusal = plan(&busy, &wish, 2).unwrap_err();
        assert!(matches!(refusal, Refusal::NotAName { .. }), "{name:?}: {refusal:?}");
    }
    let mut host_network = busy.clone();
    for row in host_network.engines.values_mut().flat_map(Observed::rows_mut) {
        row.network_mode = "host".to_owned();
    }
    let refusal = plan(&host_network, &wish("br0", "c2"), 2).unwrap_err();
    assert!(matches!(refusal, Refusal::HostNetwork { .. }), "{refusal:?}");
}

#[test]
fn a_full_bridge_has_no_free_number_and_the_last_one_is_found() {
    let mut full = host();
    for n in 32768..65279_u16 {
        let ofport = OfPortState::Assigned(OfPort(n));
        port(&mut full, Port { iface: format!("p{n}").into(), ofport, ..Port::default() });
    }
    assert_eq!(plan(&full, &wish("br0", "c1"), 1).unwrap().ofport(), Some(OfPort(65279)));
    let asked = Some(OfPort(65279));
    port(&mut full, Port { iface: "last".into(), ofport_request: asked, ..Port::default() });
    let refusal = plan(&full, &wish("br0", "c1"), 1).unwrap_err();
    assert_eq!(refusal, Refusal::NoFreeNumber { bridge: "br0".into() });
    assert_eq!(plan(&full, &wish("br1", "c1"), 1).unwrap().ofport(), Some(OfPort(32768)));
}

#[test]
fn a_link_of_somebody_who_was_killed_is_swept_and_its_name_is_free() {
    let whole = plan(&host(), &wish("br0", "c1"), 1).unwrap();
    let killed = rehearse(&host(), &whole.steps[..1]);
    let again = plan(&killed, &wish("br0", "c1"), 2).unwrap();
    let Step::DeleteLink { name, .. } = &again.steps[0] else { panic!("{again:#?}") };
    assert_eq!((&**name, &*again.interface), ("dov-00000001", "eth0"));
    let after = resolve(&rehearse(&killed, &again.steps));
    assert_eq!(after.attachments.len(), 1);
    let left = prune(&killed, &resolve(&killed), &Prune::default());
    assert!(matches!(left.as_slice(), [LeftOver::Link(_)]), "{left:#?}");
    let with = |change: &dyn Fn(&mut Link)| {
        let mut host = killed.clone();
        let links = host.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
        links.map(Arc::make_mut).filter(|link| link.alias.is_some()).for_each(change);
        prune(&host, &resolve(&host), &Prune::default()).len()
    };
    assert_eq!(with(&|link| link.alias = None), 1, "killed before it could be marked");
    assert_eq!(with(&|link| link.alias = Some("mine".to_owned())), 0, "somebody has marked it");
    assert_eq!(with(&|link| link.master = Some(Ifindex(9))), 0, "a Linux bridge has it");
    let named = |link: &mut Link| (link.alias, link.name) = (None, "dov-uplink".into());
    assert_eq!(with(&named), 0, "a name that only begins like ours");
}

#[test]
fn a_new_attachment_takes_the_place_of_the_one_that_went() {
    let first = Connect { ofport: Wanted::Exactly(OfPort(7)), ..wish("br0", "c1") };
    let gone = restarted(&connected(&host(), &first, 1), 1, true);
    let again = Connect { interface: Some("eth0".into()), ..wish("br0", "c1") };
    let after = connected(&gone, &again, 2);
    let wiring = resolve(&after);
    assert_eq!(wiring.ports.len(), 1, "{wiring:#?}");
    assert_eq!(wiring.attachments[0].port.ofport(), Some(OfPort(7)));
    let other = plan(&gone, &wish("br0", "c1"), 2).unwrap();
    assert_eq!(&*other.interface, "eth1", "what is remembered is not taken by chance");
}

#[test]
fn what_is_restored_has_a_new_name_and_everything_else_as_before() {
    let first = Connect { vlan: Some(5), ofport: Wanted::Exactly(OfPort(7)), ..wish("br0", "c1") };
    let before = connected(&host(), &first, 1);
    let gone = restarted(&before, 1, true);
    let wiring = resolve(&gone);
    let [one] = remembered(&gone, &wiring, &Restore::default()).unwrap().try_into().unwrap();
    let Remedy::Again(plan) = restore(&gone, &wiring, &one, &luck(2)) else { panic!("{one:#?}") };
    let after = rehearse(&gone, &plan.steps);
    let port = |host: &Snapshot| Port::clone(&resolve(host).ports[0].port);
    let (old, new) = (port(&before), port(&after));
    assert_eq!((&*old.iface, &*new.iface), ("dov-00000001", "dov-00000002"));
    assert_eq!(Port { iface: old.iface.clone(), ifindex: old.ifindex, ..new }, old);
    let [one] =
        remembered(&after, &resolve(&after), &Restore::default()).unwrap().try_into().unwrap();
    assert_eq!(restore(&after, &resolve(&after), &one, &luck(3)), Remedy::There);
    let stopped = restarted(&before, 1, false);
    let remedy = restore(&stopped, &resolve(&stopped), &one, &luck(3));
    assert!(matches!(remedy, Remedy::NotToBeTouched { .. }), "its port has another name there");
}

#[test]
fn what_was_plugged_and_never_set_up_is_finished() {
    let wish = Connect { addresses: vec!["10.0.0.1/24".parse().unwrap()], ..wish("br0", "c1") };
    let steps = plan(&host(), &wish, 1).unwrap().steps;
    let remedy = |killed: &Snapshot| {
        let wiring = resolve(killed);
        let one = remembered(killed, &wiring, &Restore::default()).unwrap().remove(0);
        restore(killed, &wiring, &one, &luck(2))
    };
    let killed = rehearse(&host(), &steps[..2]);
    let Remedy::Again(plan) = remedy(&killed) else { panic!("{killed:#?}") };
    assert_eq!(plan.steps, steps[2..]);
    let finished = rehearse(&killed, &plan.steps);
    assert_eq!((remedy(&finished), &finished), (Remedy::There, &rehearse(&host(), &steps)));
    let mut down = finished.clone();
    let links = down.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
    links.for_each(|link| Arc::make_mut(link).up = false);
    assert_eq!(remedy(&down), Remedy::There, "somebody has set it down");
}

#[test]
fn a_number_that_somebody_took_meanwhile_is_not_taken_back() {
    let first = Connect { ofport: Wanted::Exactly(OfPort(7)), ..wish("br0", "c1") };
    let mut gone = restarted(&connected(&host(), &first, 1), 1, true);
    let ofport = OfPortState::Assigned(OfPort(7));
    port(&mut gone, Port { iface: "thief".into(), ofport, ..Port::default() });
    let wiring = resolve(&gone);
    let one = remembered(&gone, &wiring, &Restore::default()).unwrap().remove(0);
    let remedy = restore(&gone, &wiring, &one, &luck(2));
    let Remedy::Refused(refusal) = remedy else { panic!("{remedy:#?}") };
    assert!(refusal.to_string().contains("thief"), "{refusal}");
}

#[test]
fn prune_takes_only_what_nobody_will_come_back_for() {
    let before = connected(&host(), &wish("br0", "c1"), 1);
    let left = |host: &Snapshot, wish: &Prune| prune(host, &resolve(host), wish).len();
    let (normal, stopped) = (Prune::default(), Prune { stopped: true, ..Prune::default() });
    assert_eq!(left(&before, &stopped), 0, "it is in use");
    assert_eq!(left(&restarted(&before, 1, true), &stopped), 0, "it can be restored");
    let exited = restarted(&before, 1, false);
    assert_eq!((left(&exited, &normal), left(&exited, &stopped)), (0, 1));
    let replaced = Connect { interface: Some("eth0".into()), ..wish("br1", "c1") };
    let replaced = connected(&restarted(&before, 1, true), &replaced, 2);
    assert_eq!(left(&replaced, &normal), 1, "the container has another eth0 now");
    let mut removed = exited.clone();
    for rows in removed.engines.values_mut() {
        *rows = Observed::Fresh { rows: (2..=3).map(container).collect() };
    }
    assert_eq!(left(&removed, &normal), 1);
    assert_eq!(resolve(&removed).ports[0].occupant.to_string(), "left behind by c1:eth0");
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
    let mut theirs = connected(&host(), &wish("br0", "c1"), 1);
    let rows = theirs.switch.get_mut(&Via::Ovsdb).unwrap().rows_mut();
    Arc::make_mut(&mut rows[0].ports[0]).external_ids.clear();
    let wish =
        |force| Disconnect { bridge: "br0".into(), container: "c1".into(), interface: None, force };
    let wiring = resolve(&theirs);
    let refusal = disconnect(&theirs, &wiring, &wish(false)).unwrap_err();
    assert!(matches!(refusal, Refusal::NotOurs { .. }), "{refusal:?}");
    let plan = disconnect(&theirs, &wiring, &wish(true)).unwrap();
    assert!(resolve(&rehearse(&theirs, &plan.steps)).attachments.is_empty());
}

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

fn wishes() -> impl Strategy<Value = Connect> {
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
            ..wish(bridge, container)
        },
    )
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
        alias: None,
    })
}

proptest! {
    /// However far a plan was carried out, undoing that in reverse order changes nothing.
    #[test]
    fn a_plan_undone_changes_nothing(
        wishes in prop::collection::vec(wishes(), 1..6),
        restart in prop::option::of(1..=3_u64),
        far in 0..=4_usize,
        index in 1..50_u32,
    ) {
        let mut now = host();
        now.kernel.rows_mut()[0].links.push(stray(index));
        for (n, wish) in (1..).zip(&wishes[1..]) {
            if let Ok(plan) = plan(&now, wish, n) {
                now = rehearse(&now, &plan.steps);
            }
        }
        now = restart.map_or(now.clone(), |n| restarted(&now, n, true));
        let plans = plan(&now, &wishes[0], 99).into_iter();
        let wiring = resolve(&now);
        let again = remembered(&now, &wiring, &Restore::default()).unwrap();
        let again = again.iter().filter_map(|one| match restore(&now, &wiring, one, &luck(99)) {
            Remedy::Again(plan) => Some(plan),
            _ => None,
        });
        for plan in plans.chain(again) {
            let taken: Vec<_> = plan.steps.iter().take(far).collect();
            let done = rehearse(&now, taken.iter().copied());
            let undo: Vec<_> = taken.iter().rev().filter_map(|step| step.undo()).collect();
            prop_assert_eq!(bare(rehearse(&done, &undo)), bare(now.clone()));
        }
    }

    /// No bridge ever has a number twice, and every mark is read as it was written.
    #[test]
    fn numbers_are_never_given_twice(wishes in prop::collection::vec(wishes(), 1..12)) {
        let mut now = host();
        for (n, wish) in (1..).zip(&wishes) {
            if let Ok(plan) = plan(&now, wish, n) {
                now = rehearse(&now, &plan.steps);
            }
        }
        for bridge in now.switch[&Via::Ovsdb].rows() {
            let mut numbers: Vec<_> = bridge.ports.iter().filter_map(|p| p.ofport.assigned()).collect();
            numbers.sort();
            let count = numbers.len();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), count);
            for port in &bridge.ports {
                let mark = Mark::of(port).unwrap();
                prop_assert_eq!(&mark.external_ids(), &port.external_ids);
            }
        }
    }
}

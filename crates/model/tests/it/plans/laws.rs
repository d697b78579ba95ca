//! What holds for whatever is requested, and however far it was carried out.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::identity::World;
use docker_ovs_model::ids::{Ifindex, Name, NetnsId, Nsid, OfPort};
use docker_ovs_model::plan::{
    Connect, Disconnect, KernelStep, Prunable, Prune, Restore, RestoreAction, Step, SwitchStep,
    Wanted, disconnect, prune, remembered, require_here, restore,
};
use docker_ovs_model::port_record::PortRecord;
use docker_ovs_model::snapshot::{Engine, Link, Observed, Peer, Scope};
use docker_ovs_model::switch::SwitchSource;
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, rehearse, resolve};
use proptest::prelude::*;

use crate::plans::scene::{SYSTEM, generated, home, host, plan, request, restarted};

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

/// What happened to the host, one after the other.
#[derive(Clone, Debug)]
enum Event {
    Connect(Connect),
    /// A connect that was killed after its first step.
    Killed(Connect),
    Restart(u64),
    Stop(u64),
    /// The container is removed; its record stays.
    Remove(usize),
    /// Two containers change names.
    Swap,
    /// Another program takes every port.
    DeletePorts,
    /// The rows and the marks were written for another database.
    OtherDatabase,
    /// The interface is moved where no look goes.
    Hide(u64),
    /// A container has a link that stands on one of the host's, or of another container.
    Stand {
        by: usize,
        on: usize,
    },
}

fn happenings() -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        4 => requests().prop_map(Event::Connect),
        2 => requests().prop_map(Event::Killed),
        2 => (1..=3_u64).prop_map(Event::Restart),
        2 => (1..=3_u64).prop_map(Event::Stop),
        1 => (0..3_usize).prop_map(Event::Remove),
        1 => Just(Event::Swap),
        1 => Just(Event::DeletePorts),
        1 => Just(Event::OtherDatabase),
        1 => (1..=3_u64).prop_map(Event::Hide),
        2 => (0..3_usize, 0..4_usize).prop_map(|(by, on)| Event::Stand { by, on }),
    ];
    prop::collection::vec(one, 1..9)
}

fn after(events: &[Event]) -> Snapshot {
    let mut now = host();
    for (n, event) in (1..).zip(events) {
        now = match event {
            Event::Connect(request) | Event::Killed(request) => {
                let Ok(plan) = plan(&now, request, n) else { continue };
                let far = if matches!(event, Event::Killed(_)) { 1 } else { plan.steps.len() };
                rehearse(&now, &plan.steps[..far])
            }
            Event::Restart(n) => restarted(&now, *n, true),
            Event::Stop(n) => restarted(&now, *n, false),
            _ => changed(now, event),
        };
    }
    now
}

fn changed(mut now: Snapshot, event: &Event) -> Snapshot {
    let mut containers: Vec<_> = now.containers().cloned().collect();
    match event {
        Event::Remove(n) if *n < containers.len() => {
            if let Some(netns) = containers.remove(*n).netns {
                now = restarted(&now, netns.ino - 10, true);
            }
        }
        Event::Swap if containers.len() > 1 => {
            let first = containers[0].name.clone();
            containers[0].name = std::mem::replace(&mut containers[1].name, first);
        }
        Event::DeletePorts => {
            for row in now.switch.values_mut().flat_map(Observed::rows_mut) {
                row.ports.clear();
            }
            for space in now.kernel.rows_mut() {
                space.packet_sockets.iter_mut().for_each(BTreeSet::clear);
                space.vswitchd_sockets.iter_mut().for_each(|own| own.links.clear());
            }
        }
        Event::OtherDatabase => {
            let database = now.identities.database.as_mut().unwrap();
            let other = if database.id.as_deref() == Some("other") { SYSTEM } else { "other" };
            database.id = Some(other.to_owned());
        }
        Event::Hide(n) => {
            // Where no source leads, a look knows of nothing that it has not read.
            let own = containers.iter().filter_map(|row| row.netns).find(|id| *id == home(*n));
            let mut spaces = now.kernel.rows_mut().iter_mut();
            if let Some(space) = spaces.find(|space| Some(space.id) == own) {
                space.links.clear();
            }
        }
        Event::Stand { by, on } => {
            if let Some(by) = containers.get(*by).and_then(|row| row.netns) {
                stand(&mut now, by, *on);
            }
        }
        _ => {}
    }
    for rows in now.engines.values_mut() {
        *rows = Observed::Fresh { rows: containers.clone().into() };
    }
    now
}

/// Gives a namespace a link on the last veth of the one at `on`.
fn stand(now: &mut Snapshot, by: NetnsId, on: usize) {
    const WORD: Nsid = Nsid(7);
    let rows = now.kernel.rows_mut();
    let Some(lower) = rows.get(on).filter(|row| row.id != by) else { return };
    let home = lower.id;
    let Some(beneath) = lower.links.iter().rfind(|link| link.is_paired()) else { return };
    let beneath = beneath.ifindex;
    let Some(space) = rows.iter_mut().find(|row| row.id == by && row.is_read()) else { return };
    let ifindex = Ifindex(100 + u32::try_from(space.links.len()).unwrap());
    space.nsids.insert(WORD, home);
    space.links.push(Arc::new(Link {
        ifindex,
        name: format!("up{}", ifindex.0).into(),
        kind: Some("macvlan".to_owned()),
        ethernet: true,
        peer: Some(Peer { ifindex: beneath, nsid: Some(WORD) }),
        ..Link::default()
    }));
}

/// Less of a Snapshot: a source cut, stale, or not identified.
fn cuts(whole: &Snapshot) -> Vec<Snapshot> {
    let why = || SourceError::new(SourceErrorKind::Gone, "it", "no answer");
    let docker = Engine("docker".into());
    let mut cuts = Vec::new();
    let mut cut = |change: &dyn Fn(&mut Snapshot)| {
        let mut less = whole.clone();
        change(&mut less);
        cuts.push(less);
    };
    cut(&|less| less.scope = Scope::One);
    cut(&|less| less.switch_netns = None);
    cut(&|less| less.kernel = Observed::Absent { why: why() });
    cut(&|less| {
        less.engines.insert(docker.clone(), Observed::Absent { why: why() });
    });
    cut(&|less| {
        less.engines.insert(docker.clone(), Observed::Stale { rows: [].into(), why: why() });
    });
    cut(&|less| {
        let rows = Arc::from([]);
        let rows = Observed::Stale { rows, why: why() };
        less.switch.insert(SwitchSource::Ovsdb, rows);
    });
    cut(&|less| less.identities.engines.clear());
    cut(&|less| less.identities.engines.get_mut(&docker).unwrap().id = None);
    cut(&|less| less.identities.database.as_mut().unwrap().id = None);
    cut(&|less| less.identities.database = None);
    for world in [World::Elsewhere { why: "x".into() }, World::Unknown { why: "x".into() }] {
        cut(&|less| less.identities.engines.get_mut(&docker).unwrap().world = world.clone());
        cut(&|less| less.identities.database.as_mut().unwrap().world = world.clone());
    }
    for n in 0..whole.kernel.rows().len() {
        cut(&|less| {
            let space = &mut less.kernel.rows_mut()[n];
            space.links.clear();
            space.source_error = Some(why());
        });
        cut(&|less| less.kernel.rows_mut()[n].links.clear());
        cut(&|less| less.kernel.rows_mut()[n].nsids.clear());
        cut(&|less| {
            let mut rows = less.kernel.rows().to_vec();
            rows.remove(n);
            less.kernel = Observed::Fresh { rows: rows.into() };
        });
    }
    cut(&|less| {
        less.kernel.rows_mut().iter_mut().for_each(|space| space.packet_sockets = None);
    });
    cut(&|less| {
        less.kernel.rows_mut().iter_mut().for_each(|space| space.vswitchd_sockets = None);
    });
    cuts
}

/// Names of the ports and links that a plan takes away.
fn takes(step: &Step) -> Option<Name> {
    match step {
        Step::Kernel(KernelStep::DeleteLink { name, .. }) => Some(name.clone()),
        Step::Switch(SwitchStep::ReplacePort(ports)) => {
            ports.remove.as_ref().map(|port| port.iface.clone())
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
    steps.iter().filter_map(takes).collect()
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
    plans.flat_map(|plan| plan.steps).filter_map(|step| takes(&step)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What less of a Snapshot would have removed, the whole one would have removed too: what
    /// cannot be seen is never taken for gone.
    #[test]
    fn less_of_a_snapshot_never_removes_more(events in happenings()) {
        let whole = after(&events);
        for takes in [taken, disconnected] {
            let may = takes(&whole);
            for (n, less) in cuts(&whole).iter().enumerate() {
                let more: Vec<_> =
                    takes(less).into_iter().filter(|one| !may.contains(one)).collect();
                prop_assert!(more.is_empty(), "{more:?} by cut {n} of {whole:?}");
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
        for found in wiring.attachments.iter().filter(|found| found.link.up) {
            prop_assert!(found.port.port().is_none_or(|port| !taken.contains(&port.iface)));
        }
    }
}

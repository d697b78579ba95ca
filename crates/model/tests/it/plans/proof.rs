//! What is not proven to be gone, or ours, is left alone; and what is proven, is not.

use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::identity::World;
use docker_ovs_model::ids::OfPort;
use docker_ovs_model::memory;
use docker_ovs_model::plan::{
    Connect, Disconnect, KernelStep, PlanError, Prunable, Prune, Restore, RestoreAction, Step,
    SwitchStep, VlanMode, Wanted, disconnect, prune, remembered, renames, restore, undecided,
};
use docker_ovs_model::port_record::{PortRecord, ServiceSlot};
use docker_ovs_model::snapshot::{Container, Engine, Link, Observed, OtherEngine};
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::whereabouts::{Whereabouts, whereabouts};
use docker_ovs_model::wiring::Occupant;
use docker_ovs_model::{PortLinks, Snapshot, SourceError, SourceErrorKind, rehearse, resolve};

use crate::plans::scene::{
    SYSTEM, connected, container, generated, host, plan, port, request, restarted,
};

pub(super) fn docker() -> Engine {
    Engine("docker".into())
}

fn silent() -> SourceError {
    SourceError::new(SourceErrorKind::TimedOut, "Docker", "no answer")
}

/// The host once these are all the containers there are.
pub(super) fn having(host: &Snapshot, rows: Vec<Container>) -> Snapshot {
    let mut host = host.clone();
    host.engines.insert(docker(), Observed::Fresh { rows: rows.into() });
    host
}

/// The host after c1, which had eth0 on br0, was removed.
pub(super) fn removed() -> Snapshot {
    let exited = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false);
    having(&exited, vec![container(2), container(3)])
}

fn pruned(host: &Snapshot) -> usize {
    prune(host, &resolve(host), &Prune::default()).len()
}

fn doubts(host: &Snapshot) -> Vec<String> {
    let all = undecided(host, &resolve(host), &Prune::default());
    all.into_iter().map(|one| one.why).collect()
}

fn restored(host: &Snapshot) -> Vec<RestoreAction> {
    let wiring = resolve(host);
    let all = remembered(host, &wiring, &Restore::default()).unwrap();
    all.iter().map(|one| restore(host, &wiring, one, &generated(9))).collect()
}

fn port_of(host: &mut Snapshot, change: impl Fn(&mut Port)) {
    let bridges = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    bridges.iter_mut().flat_map(|row| &mut row.ports).map(Arc::make_mut).for_each(change);
}

fn links_of(host: &mut Snapshot, change: impl Fn(&mut Link)) {
    let links = host.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
    links.map(Arc::make_mut).for_each(change);
}

fn request_to_disconnect(words: &str, force: bool) -> Disconnect {
    let (bridge, container) = ("br0".to_owned(), words.to_owned());
    Disconnect { bridge, container, interface: None, force }
}

/// What is known no more, and how that comes about.
type Change = (&'static str, fn(&mut Snapshot));

#[test]
fn a_container_is_gone_only_where_every_engine_that_could_have_it_says_so() {
    let gone = removed();
    assert_eq!((pruned(&gone), doubts(&gone).len()), (1, 0));
    assert_eq!(restored(&gone), [RestoreAction::Gone]);
    let changes: [Change; 6] = [
        ("stale", |host| {
            let rows = Arc::from([]);
            host.engines.insert(docker(), Observed::Stale { rows, why: silent() });
        }),
        ("absent", |host| {
            host.engines.insert(docker(), Observed::Absent { why: silent() });
        }),
        ("another engine", |host| {
            host.identities.engines.get_mut(&docker()).unwrap().id = Some("engine-2".into());
        }),
        ("an engine that does not say who it is", |host| {
            host.identities.engines.get_mut(&docker()).unwrap().id = None;
        }),
        ("another PID namespace", |host| {
            host.identities.engines.get_mut(&docker()).unwrap().world =
                World::Elsewhere { why: "its PIDs are of another world".into() };
        }),
        ("an unknown world", |host| {
            host.identities.engines.get_mut(&docker()).unwrap().world =
                World::Unknown { why: "its peer is not seen".into() };
        }),
    ];
    for (what, change) in changes {
        let mut host = gone.clone();
        change(&mut host);
        assert_eq!((pruned(&host), doubts(&host).len()), (0, 1), "{what}");
        let [RestoreAction::NotToBeTouched { why }] = &restored(&host)[..] else {
            panic!("{what}")
        };
        assert!(why.contains("is not known"), "{what}: {why}");
        let request = request_to_disconnect("c1", true);
        let refused = disconnect(&host, &resolve(&host), &request).unwrap_err();
        let unknown = matches!(refused, PlanError::Undecided { .. } | PlanError::Query(_));
        assert!(unknown, "{what}: {refused}");
    }
}

#[test]
fn a_record_without_an_engine_needs_all_engines_of_the_host() {
    let mut gone = removed();
    port_of(&mut gone, |port| {
        port.external_ids.retain(|key, _| !key.starts_with("docker-ovs.engine"));
    });
    assert_eq!(pruned(&gone), 1);
    let other = |rows: Observed<Container>| OtherEngine {
        address: "unix:///run/podman/podman.sock".into(),
        id: None,
        identity: None,
        containers: rows,
    };
    let fresh = |row| Observed::Fresh { rows: [row].into() };
    let with = |rows| Snapshot { other_engines: vec![other(rows)], ..gone.clone() };
    assert_eq!(pruned(&with(fresh(container(7)))), 1, "it has not got it either");
    assert_eq!(pruned(&with(fresh(container(1)))), 0, "it has it");
    assert_eq!(pruned(&with(Observed::Absent { why: silent() })), 0, "it may have it");
    let namesake = Container { name: "c1".into(), ..container(7) };
    let host = with(fresh(namesake));
    assert_eq!((pruned(&host), doubts(&host).len()), (0, 1), "it may be its successor");
}

#[test]
fn a_namesake_in_another_engine_is_no_successor() {
    let mut host = removed();
    let namesake = Container { name: "c1".into(), ..container(7) };
    let podman = Engine("podman".into());
    host.engines.insert(podman.clone(), Observed::Fresh { rows: [namesake.clone()].into() });
    let mut identity = host.identities.engines[&docker()].clone();
    identity.id = Some("podman:/var/lib".into());
    host.identities.engines.insert(podman, identity);
    assert_eq!(restored(&host), [RestoreAction::Gone]);
    assert_eq!(pruned(&host), 1);
    let own = having(&removed(), vec![namesake]);
    let record = PortRecord::of(&resolve(&own).ports[0].port).unwrap();
    assert!(
        matches!(whereabouts(&own, &record), Whereabouts::Replaced(row) if row.id == container(7).id)
    );
}

/// c1, which had eth0 on br0 as port 7, is stopped and called z; another one is called c1.
fn renamed() -> Snapshot {
    let first = Connect { ofport: Wanted::Exactly(OfPort(7)), ..request("br0", "c1") };
    let exited = restarted(&connected(&host(), &first, 1), 1, false);
    let mut rows: Vec<_> = exited.containers().cloned().collect();
    rows[0].name = "z".into();
    rows[1].name = "c1".into();
    having(&exited, rows)
}

#[test]
fn what_a_renamed_container_had_is_not_its_namesakes() {
    let host = renamed();
    let again = Connect { interface: Some("eth0".into()), ..request("br0", "c1") };
    let taken = plan(&host, &again, 2).unwrap();
    assert!(!taken.removes(), "{taken:#?}");
    assert_ne!(taken.ofport(), Some(OfPort(7)));
    assert_eq!(&*plan(&host, &request("br0", "c1"), 2).unwrap().interface, "eth0");
    let refused = disconnect(&host, &resolve(&host), &request_to_disconnect("c1", true));
    assert!(matches!(refused, Err(PlanError::NotConnected { .. })), "{refused:?}");
    assert_eq!(restored(&host), [RestoreAction::NotRunning { state: "exited".into() }]);
    assert_eq!(pruned(&host), 0);
    let narrow = Snapshot {
        scope: docker_ovs_model::snapshot::Scope::One,
        ..having(&host, vec![host.containers().nth(1).unwrap().clone()])
    };
    let refused = plan(&narrow, &again, 2).unwrap_err();
    assert!(matches!(refused, PlanError::Undecided { .. }), "a wider look tells: {refused}");
}

#[test]
fn a_new_name_is_written_down_with_what_the_bridge_remembers() {
    let host = renamed();
    let steps: Vec<_> = renames(&host, &resolve(&host)).into_iter().map(Step::from).collect();
    assert_eq!(steps.len(), 1);
    let after = rehearse(&host, &steps);
    assert!(renames(&after, &resolve(&after)).is_empty());
    let record = PortRecord::of(&resolve(&after).ports[0].port).unwrap();
    assert_eq!(record.name.as_deref(), Some("z"));
    let rest = after.containers().filter(|row| &*row.name != "z").cloned().collect();
    let gone = having(&after, rest);
    assert_eq!(restored(&gone), [RestoreAction::Gone], "no stranger gets it");
    let back = steps.iter().filter_map(Step::undo).collect::<Vec<_>>();
    assert_eq!(rehearse(&after, &back), host);
}

#[test]
fn a_new_name_is_written_down_where_a_bridge_alone_remembers() {
    type Taken = fn(&mut docker_ovs_model::switch::Bridge);
    // Another program has taken the port; or its record; or the port is of another bridge by now.
    let taken: [Taken; 3] = [
        |bridge| bridge.ports.clear(),
        |bridge| {
            bridge.ports.iter_mut().for_each(|port| Arc::make_mut(port).external_ids.clear());
        },
        |_| {},
    ];
    for (at, take) in taken.into_iter().enumerate() {
        let mut host = renamed();
        let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        take(&mut rows[0]);
        if at == 2 {
            rows[1].external_ids = rows[0].external_ids.clone();
        }
        let steps: Vec<_> = renames(&host, &resolve(&host)).into_iter().map(Step::from).collect();
        assert_eq!(steps.len(), if at == 2 { 2 } else { 1 }, "{steps:#?}");
        let after = rehearse(&host, &steps);
        assert!(renames(&after, &resolve(&after)).is_empty());
        let bridges = after.switch[&SwitchSource::Ovsdb].rows();
        for (_, port) in bridges.iter().flat_map(memory::of) {
            let record = PortRecord::of(&port).unwrap();
            assert_eq!(record.name.as_deref(), Some("z"));
            assert_eq!(port.ofport_request, Some(OfPort(7)), "and nothing else is changed");
        }
        // The container goes, and a stranger has its old name.
        let rest = after.containers().filter(|row| &*row.name != "z").cloned().collect();
        let gone = having(&after, rest);
        assert!(restored(&gone).iter().all(|action| *action == RestoreAction::Gone));
        let back: Vec<_> = steps.iter().rev().filter_map(Step::undo).collect();
        assert_eq!(rehearse(&after, &back), host);
        let said = steps.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(said.iter().any(|said| said.starts_with("write ")), "{said:?}");
    }
}

#[test]
fn a_link_whose_other_end_is_not_seen_is_neither_missing_nor_debris() {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    // The interface is moved into a namespace inside the container.
    let inside = host.kernel.rows_mut().iter_mut().skip(1);
    inside.for_each(|space| space.links.clear());
    let wiring = resolve(&host);
    assert!(matches!(wiring.ports[0].occupant, Occupant::Unknown { .. }), "{wiring:#?}");
    let [RestoreAction::NotToBeTouched { why }] = &restored(&host)[..] else { panic!() };
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
fn debris_is_judged_against_the_database_of_its_own_mark() {
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
fn rows_of_another_database_are_left_alone() {
    let mut copy = removed();
    copy.identities.database.as_mut().unwrap().id = Some("system-2".into());
    assert_eq!((pruned(&copy), doubts(&copy).len()), (0, 1));
    let all = Prune { all: true, ..Prune::default() };
    assert_eq!(prune(&copy, &resolve(&copy), &all).len(), 1, "all overrides whose it is");
    let mut running = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, true);
    running.identities.database.as_mut().unwrap().id = Some("system-2".into());
    assert!(matches!(&restored(&running)[..], [RestoreAction::NotToBeTouched { .. }]));
    for world in [
        World::Elsewhere { why: "another machine".into() },
        World::Unknown { why: "its server is not seen".into() },
    ] {
        let mut far = host();
        far.identities.database.as_mut().unwrap().world = world.clone();
        let refused = plan(&far, &request("br0", "c1"), 1).unwrap_err();
        assert!(matches!(refused, PlanError::NotHere { .. }), "{refused}");
        let mut far = host();
        far.identities.engines.get_mut(&docker()).unwrap().world = world;
        let refused = plan(&far, &request("br0", "c1"), 1).unwrap_err();
        assert!(matches!(refused, PlanError::NotHere { .. }), "{refused}");
    }
    let blind = Snapshot { switch_netns: None, ..host() };
    let refused = plan(&blind, &request("br0", "c1"), 1).unwrap_err();
    assert!(matches!(refused, PlanError::NotHere { .. }), "{refused}");
}

/// The host after `ovs-vsctl del-port` took every port.
fn deleted(host: &Snapshot) -> Snapshot {
    let mut host = host.clone();
    for row in host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        row.ports.clear();
    }
    for space in host.kernel.rows_mut() {
        space.packet_sockets = space.packet_sockets.take().map(|_| [].into());
        space.vswitchd_sockets.iter_mut().for_each(|own| own.links.clear());
    }
    host
}

#[test]
fn what_another_program_deleted_is_put_back_from_the_bridges_memory() {
    let first = Connect {
        ofport: Wanted::Exactly(OfPort(7)),
        vlan: Some(10),
        trunks: vec![20, 30],
        ..request("br0", "c1")
    };
    let before = connected(&host(), &first, 1);
    let bare = deleted(&before);
    assert_eq!((pruned(&bare), doubts(&bare).len()), (0, 0), "its link lives");
    let [RestoreAction::Again(plan)] = &restored(&bare)[..] else {
        panic!("{:?}", restored(&bare))
    };
    assert!(!plan.removes());
    assert_eq!(rehearse(&bare, &plan.steps), before);
    let lost = deleted(&restarted(&before, 1, true));
    let [RestoreAction::Again(plan)] = &restored(&lost)[..] else { panic!() };
    let after = resolve(&rehearse(&lost, &plan.steps));
    let port = &after.ports[0].port;
    assert_eq!((port.ofport, port.tag), (OfPortState::Assigned(OfPort(7)), Some(10)));
    assert_eq!(port.vlan_mode.as_deref(), Some("native-untagged"));
    let next = crate::plans::scene::plan(&lost, &request("br0", "c2"), 2).unwrap();
    assert_ne!(next.ofport(), Some(OfPort(7)), "what is remembered is not taken by chance");
}

#[test]
fn the_memory_goes_with_disconnect_and_with_prune_once_the_container_is_gone() {
    let memory = |host: &Snapshot| host.bridges().map(|row| row.external_ids.len()).sum::<usize>();
    let before = connected(&host(), &request("br0", "c1"), 1);
    assert_eq!(memory(&before), 1);
    let plan = disconnect(&before, &resolve(&before), &request_to_disconnect("c1", false)).unwrap();
    assert_eq!(memory(&rehearse(&before, &plan.steps)), 0);
    let bare = deleted(&before);
    let plan = disconnect(&bare, &resolve(&bare), &request_to_disconnect("c1", false)).unwrap();
    let after = rehearse(&bare, &plan.steps);
    assert_eq!(memory(&after), 0);
    assert!(resolve(&after).attachments.is_empty(), "its veth goes too");
    let gone = deleted(&removed());
    let left = prune(&gone, &resolve(&gone), &Prune::default());
    let [Prunable::Memory { step, .. }] = &left[..] else { panic!("{left:#?}") };
    assert_eq!(memory(&rehearse(&gone, [step])), 0);
    let mut silent_engine = gone;
    silent_engine.engines.insert(docker(), Observed::Absent { why: silent() });
    assert_eq!((pruned(&silent_engine), doubts(&silent_engine).len()), (0, 1));
}

#[test]
fn what_ovs_docker_left_of_a_removed_container_goes_and_nothing_else_of_it() {
    let theirs = |words: &str| {
        let mut host = host();
        let ids = [("container_id", words), ("container_iface", "eth1")];
        let external_ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let (iface, kind) = ("0a1b2c3d_l".into(), "system".to_owned());
        port(&mut host, Port { iface, kind, external_ids, ..Port::default() });
        host
    };
    for words in ["nobody", "ffff"] {
        assert_eq!(pruned(&theirs(words)), 1, "{words}");
    }
    let id = container(2).id.0.to_string();
    for words in ["c2", &id, &id[..12], &id[..3]] {
        assert_eq!(pruned(&theirs(words)), 0, "{words} runs, and can be restored");
    }
    let mut silent_engine = theirs("nobody");
    silent_engine.engines.insert(docker(), Observed::Absent { why: silent() });
    assert_eq!((pruned(&silent_engine), doubts(&silent_engine).len()), (0, 1));
}

#[test]
fn the_next_task_of_a_swarm_slot_takes_over() {
    let labelled = |n: u64, name: &str, task: &str| {
        let labels = [("service.name", "shop_web"), ("task.name", task)];
        let labels =
            labels.map(|(key, value)| (format!("com.docker.swarm.{key}"), value.to_owned()));
        Container { name: name.into(), labels: labels.into(), ..container(n) }
    };
    let first = having(&host(), vec![labelled(1, "shop_web.2.aaa", "shop_web.2.aaa")]);
    let before = connected(&first, &request("br0", "shop_web.2.aaa"), 1);
    let next = |task: &str| {
        let gone = restarted(&before, 1, false);
        restored(&having(&gone, vec![labelled(2, task, task)]))
    };
    assert!(matches!(&next("shop_web.2.bbb")[..], [RestoreAction::Again(_)]));
    assert_eq!(next("shop_web.3.bbb"), [RestoreAction::Gone], "another slot");
    assert_eq!(next("shop_web.22.bbb"), [RestoreAction::Gone], "another slot");
    assert_eq!(next("shop_webx.2.bbb"), [RestoreAction::Gone], "another service");
}

#[test]
fn a_port_keeps_the_number_that_it_has_and_frees_the_one_that_it_only_asked_for() {
    let first = Connect { ofport: Wanted::Exactly(OfPort(32768)), ..request("br0", "c1") };
    let mut host = connected(&host(), &first, 1);
    host = restarted(&host, 1, true);
    let mut rows: Vec<_> = resolve(&host).ports.iter().map(|row| Arc::clone(&row.port)).collect();
    let mut moved = Port::clone(&rows.remove(0));
    moved.iface = "dov-00000077".into();
    moved.ofport = OfPortState::Assigned(OfPort(3));
    moved.external_ids.insert("container_id".into(), container(2).id.0.to_string());
    moved.external_ids.insert("docker-ovs.name".into(), "c2".into());
    port(&mut host, moved);
    let numbers: Vec<_> = restored(&host)
        .into_iter()
        .map(|action| match action {
            RestoreAction::Again(plan) => plan.ofport().map(|ofport| ofport.0),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, [Some(3), Some(32768)]);
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

#[test]
fn a_tag_and_trunks_are_a_native_vlan_and_contradictions_are_refused() {
    let mode = |vlan, trunks: &[u16], vlan_mode| {
        let request = Connect { vlan, trunks: trunks.to_vec(), vlan_mode, ..request("br0", "c1") };
        let plan = plan(&host(), &request, 1)?;
        let added = plan.steps.iter().find_map(|step| match step {
            Step::Switch(SwitchStep::ReplacePort(ports)) => ports.add.clone(),
            _ => None,
        });
        Ok::<_, PlanError>(added.unwrap().vlan_mode.clone().unwrap_or_default())
    };
    assert_eq!(mode(Some(10), &[20], None).unwrap(), "native-untagged");
    assert_eq!(mode(Some(10), &[], None).unwrap(), "");
    assert_eq!(mode(None, &[20], None).unwrap(), "");
    assert_eq!(mode(Some(10), &[], Some(VlanMode::NativeTagged)).unwrap(), "native-tagged");
    assert_eq!(mode(None, &[20], Some(VlanMode::Trunk)).unwrap(), "trunk");
    for (vlan, trunks, wanted) in [
        (Some(10), &[20][..], VlanMode::Access),
        (None, &[], VlanMode::Access),
        (Some(10), &[20], VlanMode::Trunk),
        (None, &[20], VlanMode::NativeTagged),
        (None, &[], VlanMode::NativeUntagged),
    ] {
        let refused = mode(vlan, trunks, Some(wanted)).unwrap_err();
        assert!(matches!(refused, PlanError::BadVlans { .. }), "{refused}");
    }
}

#[test]
fn an_interface_that_was_moved_to_another_container_is_not_taken_by_its_new_name_alone() {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    port_of(&mut host, |port| {
        port.external_ids.insert("container_id".into(), container(2).id.0.to_string());
        port.external_ids.insert("docker-ovs.name".into(), "c2".into());
    });
    let wiring = resolve(&host);
    let refused = disconnect(&host, &wiring, &request_to_disconnect("c1", false)).unwrap_err();
    assert!(matches!(refused, PlanError::PortOfAnother { .. }), "{refused}");
    assert!(disconnect(&host, &wiring, &request_to_disconnect("c1", true)).is_ok());
}

/// What `restored` says to a record whose container is written in these words.
fn worded(words: &str, engine: bool) -> Snapshot {
    let mut host = removed();
    port_of(&mut host, |port| {
        port.external_ids.insert("container_id".into(), words.to_owned());
        if !engine {
            port.external_ids.retain(|key, _| !key.starts_with("docker-ovs.engine"));
        }
    });
    host
}

#[test]
fn words_that_are_too_few_for_an_id_are_neither_anybodys_nor_gone() {
    let other = container(2);
    for length in [1, 2, 11] {
        let host = worded(&other.id.0[..length], false);
        assert_eq!(pruned(&host), 0, "{length}");
        let [why] = &doubts(&host)[..] else { panic!("{length}: {:?}", doubts(&host)) };
        assert!(why.contains("may be the beginning of the id of c2"), "{why}");
    }
    // Twelve tell one, and with them it is known to be alive.
    let host = worded(&other.id.0[..12], false);
    assert_eq!((pruned(&host), doubts(&host).len()), (0, 0));
    let record = PortRecord::of(&resolve(&host).ports[0].port).unwrap();
    assert!(record.matches(&other.id.0[..12]) && !record.matches(&other.id.0[..2]));
    let found = whereabouts(&host, &record);
    assert_eq!(found.container().map(|row| &row.id), Some(&other.id));
    // A name that was typed is one beside our own keys, too.
    let host = worded("c2", false);
    assert_eq!((pruned(&host), doubts(&host).len()), (0, 0));
    let host = worded("c2", true);
    assert_eq!(pruned(&host), 1, "what we write is an id, and names the engine");
}

#[test]
fn the_bridges_own_port_is_not_taken_by_force_either() {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    port_of(&mut host, |port| {
        port.iface = "br0".into();
        port.kind = "internal".into();
    });
    for force in [false, true] {
        let request = request_to_disconnect("c1", force);
        let refused = disconnect(&host, &resolve(&host), &request).unwrap_err().to_string();
        assert!(refused.contains("the bridge's own"), "{force}: {refused}");
    }
}

#[test]
fn an_orphaned_port_of_another_database_is_taken_by_force_alone() {
    let mut host = removed();
    port_of(&mut host, |port| {
        port.external_ids.insert("docker-ovs.system".into(), "system-2".into());
    });
    let plan = |force| disconnect(&host, &resolve(&host), &request_to_disconnect("c1", force));
    assert!(matches!(plan(false), Err(PlanError::Undecided { .. })), "{:?}", plan(false));
    assert!(plan(true).is_ok(), "{:?}", plan(true));
}

#[test]
fn a_ports_link_is_found_by_identity_afterwards() {
    let host = connected(&host(), &request("br0", "c1"), 1);
    let wiring = resolve(&host);
    let row = &wiring.ports[0];
    let link = PortLinks::new(&host).of(row).unwrap();
    assert_eq!(link.name, row.port.iface);
    let mut renamed = host.clone();
    let index = link.ifindex;
    links_of(&mut renamed, |link| {
        if link.ifindex == index && link.is_paired() {
            link.name = "other".into();
        }
    });
    port_of(&mut renamed, |port| port.ifindex = Some(index));
    let wiring = resolve(&renamed);
    let found = PortLinks::new(&renamed).of(&wiring.ports[0]);
    assert!(found.is_none_or(|link| &*link.name == "other"), "{found:?}");
    let mut gone = wiring.ports[0].clone();
    gone.bridge = "no-such-bridge".into();
    assert!(PortLinks::new(&renamed).of(&gone).is_none());
}

#[test]
fn a_source_that_was_silent_is_told_from_others() {
    let mut host = host();
    assert_eq!(resolve(&host).timed_out(), None);
    let missing = SourceError::new(SourceErrorKind::Unreachable, "Docker", "there is no socket");
    host.engines.insert(docker(), Observed::Absent { why: missing });
    assert_eq!(resolve(&host).timed_out(), None);
    host.engines.insert(docker(), Observed::Absent { why: silent() });
    assert_eq!(resolve(&host).timed_out(), Some(&silent()));
}

#[test]
fn a_container_of_compose_run_takes_no_place() {
    let labelled = |one_off: &str| {
        let labels = [
            ("project", "shop"),
            ("service", "web"),
            ("container-number", "1"),
            ("oneoff", one_off),
        ];
        let labels =
            labels.map(|(key, value)| (format!("com.docker.compose.{key}"), value.to_owned()));
        Container { labels: labels.into(), ..container(2) }
    };
    let place = |one_off| ServiceSlot::of(&labelled(one_off));
    assert!(place("False").is_same(&place("False")));
    assert!(!place("True").is_same(&place("False")) && !place("true").is_same(&place("true")));
}

/// c1, which has eth0 on br0, whose port has lost its record.
fn without_record() -> Snapshot {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    Arc::make_mut(&mut rows[0].ports[0]).external_ids.clear();
    host
}

fn disconnected(host: &Snapshot, force: bool) -> Snapshot {
    let request = request_to_disconnect("c1", force);
    let plan = disconnect(host, &resolve(host), &request).unwrap();
    rehearse(host, &plan.steps)
}

#[test]
fn what_is_remembered_of_a_port_without_its_record_is_told_and_left_alone() {
    let plugged = without_record();
    let anew = restarted(&plugged, 1, true);
    assert_eq!(restored(&plugged), [RestoreAction::There], "its interface is on it");
    let [RestoreAction::NotToBeTouched { why }] = &restored(&anew)[..] else { panic!() };
    assert_eq!(why, "dov-00000001 is a port of br0 without its record");
    for host in [&plugged, &anew] {
        assert_eq!(pruned(host), 0, "its container lives");
    }
    let exited = restarted(&plugged, 1, false);
    assert_eq!(restored(&exited), [RestoreAction::NotRunning { state: "exited".into() }]);
    let gone = having(&exited, vec![container(2)]);
    assert_eq!(restored(&gone), [RestoreAction::Gone]);
    let wiring = resolve(&gone);
    let left = prune(&gone, &wiring, &Prune::default());
    assert!(matches!(&left[..], [Prunable::Memory { .. }]), "{left:?}");
}

#[test]
fn what_is_remembered_of_another_container_is_not_forgotten_with_a_port_of_its_name() {
    let mut host = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false);
    let port = |host: &mut Snapshot| {
        host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut()[0].ports.pop().unwrap()
    };
    let name = port(&mut host).iface.to_string();
    let request = Connect { host_interface: Some(name), ..request("br0", "c2") };
    let mut host = connected(&host, &request, 2);
    let mut row = Port::clone(&port(&mut host));
    row.external_ids.clear();
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows[0].ports.push(Arc::new(row));
    let plan = disconnect(&host, &resolve(&host), &request_to_disconnect("c2", true)).unwrap();
    let after = rehearse(&host, &plan.steps);
    assert_eq!(restored(&after), [RestoreAction::NotRunning { state: "exited".into() }]);
}

#[test]
fn a_port_without_its_record_is_disconnected_for_good() {
    let plugged = without_record();
    let exited = restarted(&plugged, 1, false);
    for (after, ports) in [(disconnected(&plugged, true), 0), (disconnected(&exited, false), 1)] {
        assert_eq!(after.ovsdb_bridges()[0].ports.len(), ports);
        let anew = restarted(&after, 1, true);
        assert!(restored(&anew).is_empty(), "{:?}", restored(&anew));
    }
}

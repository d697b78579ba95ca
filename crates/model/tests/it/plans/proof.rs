//! What is not proven to be gone, or ours, is left alone; and what is proven, is not.

use std::sync::Arc;

use docker_ovs_model::identity::World;
use docker_ovs_model::ids::OfPort;
use docker_ovs_model::plan::{
    Connect, OfPortChoice, PlanError, Prune, RestoreAction, Step, SwitchStep, VlanMode, disconnect,
    prune,
};
use docker_ovs_model::port_record::{PortRecord, ServiceSlot};
use docker_ovs_model::snapshot::{Container, EngineName, Observed, OtherEngine};
use docker_ovs_model::switch::{OfPortState, Port};
use docker_ovs_model::whereabouts::{Whereabouts, whereabouts};
use docker_ovs_model::{PortLinks, Snapshot, SourceError, SourceErrorKind, rehearse, resolve};

use crate::plans::scene::{
    connected, container, docker, doubts, having, host, links_of, plan, port, port_of, pruned,
    removed, request, request_to_disconnect, restarted, restored, silent,
};

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
    let podman = EngineName("podman".into());
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
    let first = Connect { ofport: OfPortChoice::Exactly(OfPort(32768)), ..request("br0", "c1") };
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
        // What is left of the port that had the record is forgotten; its copy is no interface.
        let forgets = disconnect(&host, &resolve(&host), &request).unwrap();
        assert!(!forgets.removes(), "{force}: {forgets:#?}");
        let after = rehearse(&host, &forgets.steps);
        let refused = disconnect(&after, &resolve(&after), &request).unwrap_err();
        assert!(matches!(refused, PlanError::NotConnected { .. }), "{force}: {refused}");
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

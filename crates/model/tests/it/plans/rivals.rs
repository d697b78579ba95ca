//! Several records of one interface, and what is recorded of others under its name.

use std::sync::Arc;

use docker_ovs_model::ids::OfPort;
use docker_ovs_model::plan::{
    Connect, Disconnect, OfPortChoice, Prune, Restore, RestoreAction, connect, disconnect, prune,
    remembered, restore, undecided,
};
use docker_ovs_model::snapshot::{Container, Observed};
use docker_ovs_model::switch::{Port, SwitchSource};
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, rehearse, resolve};

use crate::plans::scene::{
    bare, connected, container, generated, host, nested, plan, port, request, restarted,
};

fn numbered(bridge: &str, ofport: u16) -> Connect {
    Connect { ofport: OfPortChoice::Exactly(OfPort(ofport)), ..request(bridge, "c1") }
}

/// The host after c1 was connected to br0, its interface was taken away by hand, and it was connected to
/// br1 then.
fn moved_by_hand() -> Snapshot {
    let first = connected(&host(), &numbered("br0", 500), 1);
    let taken = restarted(&first, 1, true);
    let wiring = resolve(&taken);
    let mut later = generated(2);
    later.now += 60;
    let wish = Connect { interface: Some("eth0".to_owned()), ..numbered("br1", 600) };
    let steps = connect(&taken, &wiring, &wish, &later).unwrap().steps;
    rehearse(&taken, &steps)
}

fn actions(host: &Snapshot) -> Vec<(String, RestoreAction)> {
    let wiring = resolve(host);
    let all = remembered(host, &wiring, &Restore::default()).unwrap();
    let action = |one| restore(host, &wiring, one, &generated(9));
    all.iter().map(|one| (one.bridge.to_string(), action(one))).collect()
}

fn made_again(host: &Snapshot) -> Vec<String> {
    let is_again = |action: &RestoreAction| matches!(action, RestoreAction::Again(_));
    actions(host).into_iter().filter(|(_, action)| is_again(action)).map(|(at, _)| at).collect()
}

fn ports_of(host: &mut Snapshot, change: impl Fn(&mut Port)) {
    let bridges = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    bridges.iter_mut().flat_map(|row| &mut row.ports).map(Arc::make_mut).for_each(change);
}

#[test]
fn of_two_records_of_an_interface_the_later_one_is_made_again() {
    let gone = restarted(&moved_by_hand(), 1, true);
    assert_eq!(made_again(&gone), ["br1"]);
    // While it lives, what is left of before stays so.
    assert_eq!(made_again(&moved_by_hand()), Vec::<String>::new());
    let (there, left): (Vec<_>, Vec<_>) = actions(&moved_by_hand())
        .into_iter()
        .partition(|(_, action)| *action == RestoreAction::There);
    assert_eq!((there.len(), left.len()), (1, 1));
}

#[test]
fn of_two_records_of_one_moment_neither_is_chosen_by_chance() {
    let mut gone = restarted(&moved_by_hand(), 1, true);
    ports_of(&mut gone, |port| {
        port.external_ids.insert("docker-ovs.created".to_owned(), "1000".to_owned());
    });
    assert_eq!(made_again(&gone), Vec::<String>::new());
    for (_, action) in actions(&gone) {
        let RestoreAction::NotToBeTouched { why } = action else { panic!("{action:?}") };
        assert!(why.contains("which of them is the last one is not known"), "{why}");
    }
}

#[test]
fn a_record_that_tells_no_time_yields_to_one_that_does() {
    let mut gone = restarted(&connected(&host(), &numbered("br0", 500), 1), 1, true);
    port(&mut gone, bare("aaa", "eth0"));
    let [(_, RestoreAction::Again(plan))] = &actions(&gone)
        .into_iter()
        .filter(|(_, action)| matches!(action, RestoreAction::Again(_)))
        .collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", actions(&gone))
    };
    assert_eq!(plan.ofport(), Some(OfPort(500)));
}

fn request_of(interface: Option<&str>, force: bool) -> Disconnect {
    let interface = interface.map(str::to_owned);
    Disconnect { bridge: "br0".into(), container: "c1".into(), interface, force }
}

/// c1 has eth0 on br0, and a row there is recorded as `interface` of a container of that name in an engine
/// that is not asked.
fn doubtful(interface: &str) -> Snapshot {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    let mut row = bare("old", interface);
    let ids = [
        ("container_id", "ab".repeat(32)),
        ("docker-ovs.name", "c1".to_owned()),
        ("docker-ovs.engine", "podman".to_owned()),
        ("docker-ovs.engine-id", "another".to_owned()),
    ];
    row.external_ids.extend(ids.map(|(key, value)| (key.to_owned(), value)));
    port(&mut host, row);
    host
}

#[test]
fn what_may_be_of_another_stands_in_the_way_of_nothing_but_itself() {
    let host = doubtful("eth1");
    let wiring = resolve(&host);
    let plan_of = |wish: &Disconnect| disconnect(&host, &wiring, wish);
    assert_eq!(&*plan_of(&request_of(Some("eth0"), false)).unwrap().interface, "eth0");
    let doubt = plan_of(&request_of(Some("eth1"), true)).unwrap_err().to_string();
    assert!(doubt.contains("is not touched"), "{doubt}");
    let several = plan_of(&request_of(None, false)).unwrap_err().to_string();
    assert!(several.contains("several interfaces on br0: eth0, eth1"), "{several}");
    // A new interface gets another name, on this bridge and on any other one.
    for bridge in ["br0", "br1"] {
        assert_eq!(&*plan(&host, &request(bridge, "c1"), 2).unwrap().interface, "eth2");
    }
    // Of the same name the one that lives is meant.
    let host = doubtful("eth0");
    let meant = disconnect(&host, &resolve(&host), &request_of(Some("eth0"), false)).unwrap();
    assert!(meant.removes());
}

#[test]
fn beside_an_interface_that_lives_what_is_left_of_an_earlier_one_is_not_meant() {
    let mut host = connected(&host(), &request("br0", "c1"), 1);
    port(&mut host, bare("old", "eth0"));
    for interface in [Some("eth0"), None] {
        let wish = request_of(interface, false);
        let plan = disconnect(&host, &resolve(&host), &wish).unwrap();
        assert_eq!(resolve(&rehearse(&host, &plan.steps)).attachments.len(), 0);
    }
}

#[test]
fn a_number_that_is_remembered_for_another_is_not_given_away() {
    let mut taken = connected(&host(), &numbered("br0", 7), 1);
    for row in taken.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut() {
        row.ports.clear();
    }
    let wish = |bridge: &str, container: &str| Connect {
        ofport: OfPortChoice::Exactly(OfPort(7)),
        ..request(bridge, container)
    };
    let refused = plan(&taken, &wish("br0", "c2"), 2).unwrap_err().to_string();
    assert!(refused.contains("kept for c1:eth0"), "{refused}");
    assert!(plan(&taken, &wish("br1", "c2"), 2).is_ok(), "another bridge has its own");
    let own = Connect { interface: Some("eth0".to_owned()), ..wish("br0", "c1") };
    assert!(plan(&restarted(&taken, 1, true), &own, 2).is_ok(), "its own is given back");
    // Of a container that is gone nothing is kept.
    let mut removed = restarted(&taken, 1, false);
    let rows: Vec<_> = [2, 3].map(container).into();
    removed.engines.insert(docker(), Observed::Fresh { rows: rows.into() });
    assert!(plan(&removed, &wish("br0", "c2"), 2).is_ok());
}

fn docker() -> docker_ovs_model::snapshot::EngineName {
    docker_ovs_model::snapshot::EngineName("docker".into())
}

#[test]
fn what_has_no_process_is_not_stopped_for_that() {
    let stopped = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false);
    let all = Prune { stopped: true, ..Prune::default() };
    let in_state = |state: &str| {
        let mut host = stopped.clone();
        for row in host.engines.values_mut().flat_map(Observed::rows_mut) {
            let dead: fn(&Container) -> bool = |row| row.pid.is_none();
            if dead(row) {
                row.state = state.to_owned();
            }
        }
        let wiring = resolve(&host);
        let doubts: Vec<_> =
            undecided(&host, &wiring, &all).into_iter().map(|one| one.why).collect();
        (prune(&host, &wiring, &all).len(), doubts.join("; "))
    };
    for state in ["exited", "dead", "stopped", "Stopped", "stopped since 7"] {
        assert_eq!(in_state(state), (1, String::new()), "{state}");
    }
    for state in ["restarting", "created", "removing", "paused", "starting", "unknown", ""] {
        let (taken, why) = in_state(state);
        assert_eq!(taken, 0, "{state}");
        assert!(why.contains("not stopped"), "{state}: {why}");
    }
}

#[test]
fn a_name_that_a_silent_engine_may_have_too_is_not_acted_on() {
    let podman = || docker_ovs_model::snapshot::EngineName("podman".into());
    let silent = |kind| SourceError::new(kind, "Podman", "no answer");
    let (hung, away) = (SourceErrorKind::TimedOut, SourceErrorKind::Unreachable);
    let absent = |kind| -> Observed<Container> { Observed::Absent { why: silent(kind) } };
    let stale: Observed<Container> = Observed::Stale { rows: [].into(), why: silent(hung) };
    let with = |engine, rows, is_named| {
        let mut host = connected(&host(), &request("br0", "c1"), 1);
        if is_named {
            host.named_engines.insert(podman());
        }
        host.engines.insert(engine, rows);
        host
    };
    let refused = |host: &Snapshot, words: &str| {
        let joins = plan(host, &request("br0", words), 2).is_err();
        let request = Disconnect { container: words.to_owned(), ..request_of(None, false) };
        let parts = disconnect(host, &resolve(host), &request).is_err();
        let request = Restore { containers: vec![words.to_owned()], only: None };
        assert_eq!(parts, remembered(host, &resolve(host), &request).is_err());
        (joins, parts)
    };
    let id = container(1).id;
    for (rows, is_named, expected) in [
        (absent(hung), true, true),
        (absent(hung), false, true),
        (absent(away), true, true),
        (absent(away), false, false),
        // It had none of that name when it answered last.
        (stale, false, true),
    ] {
        let host = with(podman(), rows.clone(), is_named);
        for words in ["c1", "/c1", id.short()] {
            assert_eq!(refused(&host, words), (expected, expected), "{words} {rows:?} {is_named}");
        }
        for words in [&*id.0, "docker:c1"] {
            assert_eq!(refused(&host, words), (false, false), "{words} {rows:?} {is_named}");
        }
    }
    // What users run for themselves is meant only where the host's engines have no such name.
    let users = docker_ovs_model::snapshot::EngineName("podman@1000".into());
    assert_eq!(refused(&with(users, absent(hung), false), "c1"), (false, false));
}

#[test]
fn an_interface_in_a_namespace_without_containers_counts_before_an_earlier_record() {
    let both = nested(&moved_by_hand());
    let is_again = |host: &Snapshot| made_again(host).contains(&"br0".to_owned());
    assert!(!is_again(&both), "{:#?}", actions(&both));
    // Of the earlier one only the bridge tells.
    let mut alone = both;
    let rows = alone.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows.iter_mut().filter(|row| *row.name == *"br0").for_each(|row| row.ports.clear());
    assert!(!is_again(&alone), "{:#?}", actions(&alone));
}

//! Names of hosts that were read elsewhere are as long as names may be, and stay apart.

use std::sync::Arc;

use docker_ovs_model::Snapshot;
use docker_ovs_model::ids::{ContainerId, LONGEST_NAME, Name, is_cut, name};
use docker_ovs_model::snapshot::{Container, EngineName, Link};
use docker_ovs_model::switch::Port;
use serde_json::Value;

use crate::anonymous::{full, marked};

/// Two that begin alike.
fn long(last: char) -> String {
    format!("{}{last}", "ü".repeat(4 * LONGEST_NAME))
}

#[test]
fn what_is_cut_stays_apart_and_says_so() {
    let (one, other) = (name(&long('1')), name(&long('2')));
    assert_ne!(one, other);
    for cut in [&one, &other] {
        assert!(cut.len() <= LONGEST_NAME && is_cut(cut) && cut.contains('…'), "{cut}");
        assert_eq!(name(cut), *cut, "it is cut once");
    }
    for whole in ["", "web", &"n".repeat(LONGEST_NAME), "a…0123456789abcdef"] {
        assert_eq!(&*name(whole), whole);
        assert!(!is_cut(whole), "{whole}");
    }
}

type Names = fn(&mut Snapshot) -> Vec<String>;

fn first_container(host: &mut Snapshot) -> &mut Container {
    &mut host.engines.get_mut(&EngineName("docker".into())).unwrap().rows_mut()[0]
}

fn first_link(host: &mut Snapshot) -> &mut Link {
    Arc::make_mut(&mut host.kernel.rows_mut()[0].links[0])
}

fn first_port(host: &mut Snapshot) -> &mut Port {
    Arc::make_mut(&mut host.switch.values_mut().next().unwrap().rows_mut()[0].ports[0])
}

/// What is told in rows, each place for itself.
const TOLD: [Names; 12] = [
    |host| vec![first_container(host).id.0.to_string()],
    |host| vec![first_container(host).name.to_string()],
    |host| vec![first_container(host).state.clone()],
    |host| first_link(host).altnames.iter().map(ToString::to_string).collect(),
    |host| vec![first_link(host).name.to_string()],
    |host| first_link(host).kind.iter().cloned().collect(),
    |host| host.kernel.rows()[0].names.clone(),
    |host| vec![first_port(host).iface.to_string()],
    |host| first_port(host).port_name.iter().map(ToString::to_string).collect(),
    |host| first_port(host).bond.iter().cloned().collect(),
    |host| vec![first_port(host).kind.clone()],
    |host| {
        let bridge = &host.switch.values().next().unwrap().rows()[0];
        let fakes = bridge.fake_bridges.iter().map(|fake| fake.name.to_string());
        fakes.chain([bridge.name.to_string()]).collect()
    },
];

#[test]
fn a_long_name_is_cut_wherever_it_stands() {
    let mut host: Value = full();
    let links = &mut host["kernel"]["rows"][0]["links"];
    links[0]["altnames"] = Value::from(vec!["another"]);
    let mark = long('1');
    let mut cut = [0; TOLD.len()];
    for marked in marked(&host, &mark) {
        let Ok(mut marked) = serde_json::from_value::<Snapshot>(marked) else { continue };
        if !marked.engines.contains_key(&EngineName("docker".into())) {
            continue;
        }
        let before = TOLD.map(|names| names(&mut marked));
        marked.cut_names();
        for (i, names) in TOLD.iter().enumerate() {
            let now = names(&mut marked);
            assert!(now.iter().all(|told| told.len() <= LONGEST_NAME), "place {i}: {now:?}");
            let expected: Vec<_> = before[i].iter().map(|whole| name(whole).to_string()).collect();
            assert_eq!(now, expected, "place {i}");
            cut[i] += usize::from(now != before[i]);
        }
    }
    assert!(cut.iter().all(|count| *count > 0), "each place had the mark once: {cut:?}");
}

#[test]
fn names_of_other_engines_are_cut_and_errors_of_ports_are_told_in_part() {
    let mut host: Snapshot = serde_json::from_value(full()).unwrap();
    let mut stranger = first_container(&mut host).clone();
    stranger.id = ContainerId(Name::from(long('1')));
    host.other_engines.push(docker_ovs_model::snapshot::OtherEngine {
        address: "unix:///run/other.sock".to_owned(),
        id: None,
        identity: None,
        containers: Ok(vec![stranger]).into(),
    });
    first_port(&mut host).error = Some(long('2'));
    host.cut_names();
    assert!(is_cut(&host.other_engines[0].containers.rows()[0].id.0));
    let error = first_port(&mut host).error.clone().unwrap();
    assert!(error.len() < 2 * LONGEST_NAME * 2 && error.ends_with('…'), "{error}");
}

#[test]
fn rows_that_are_short_stay_shared() {
    let mut host: Snapshot = serde_json::from_value(full()).unwrap();
    let before = host.clone();
    first_container(&mut host).name = Name::from(long('1'));
    host.cut_names();
    let ports = |host: &Snapshot| host.switch.values().next().unwrap().rows()[0].ports.clone();
    let (was, is) = (ports(&before), ports(&host));
    assert!(was.iter().zip(&is).all(|(was, is)| Arc::ptr_eq(was, is)));
    let links = |host: &Snapshot| host.kernel.rows()[0].links.clone();
    assert!(links(&before).iter().zip(&links(&host)).all(|(was, is)| Arc::ptr_eq(was, is)));
}

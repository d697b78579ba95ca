//! What is told to those who may not ask the sources themselves: whose a port is, and no secret.

use std::collections::BTreeMap;

use docker_ovs_model::filter::Filter;
use docker_ovs_model::snapshot::{EngineName, Observed};
use docker_ovs_model::{Snapshot, Wiring, public, resolve};
use serde_json::Value;

use crate::anonymous::full;
use crate::wiring::{cases, read};

const SECRET: &str = "hunter2";

/// The Wiring without the labels and `external_ids` that its rows carry along.
fn without_ids(wiring: &Wiring) -> Value {
    let mut value = serde_json::to_value(wiring).unwrap();
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(fields) => {
            fields.retain(|key, _| {
                !["labels", "external_ids", "port_external_ids"].contains(&key.as_str())
            });
            fields.values_mut().for_each(strip);
        }
        _ => {}
    }
}

/// Every place for free words has a secret, beside what is there.
fn with_secrets(host: &Snapshot) -> Snapshot {
    let mut host = host.clone();
    let add = |ids: &mut BTreeMap<String, String>| {
        ids.insert("db.password".to_owned(), SECRET.to_owned());
        ids.insert(format!("key-{SECRET}"), "x".to_owned());
    };
    for row in host.engines.values_mut().flat_map(Observed::rows_mut) {
        add(&mut row.labels);
    }
    for row in host.other_engines.iter_mut().flat_map(|other| other.containers.rows_mut()) {
        add(&mut row.labels);
    }
    for bridge in host.switch.values_mut().flat_map(Observed::rows_mut) {
        add(&mut bridge.external_ids);
        for port in &mut bridge.ports {
            let port = std::sync::Arc::make_mut(port);
            add(&mut port.external_ids);
            add(&mut port.port_external_ids);
        }
    }
    host
}

fn hosts() -> Vec<Snapshot> {
    let recorded = cases().into_iter().map(|case| read(&case.join("snapshot.json")));
    recorded.chain([serde_json::from_value(full()).unwrap()]).collect()
}

#[test]
fn no_answer_of_whose_a_port_is_rests_on_what_is_not_told() {
    for host in hosts() {
        let told = public(&host, &[]);
        assert_eq!(without_ids(&resolve(&told)), without_ids(&resolve(&host)), "{}", host.host);
        assert_eq!(public(&told, &[]), told, "what is told is told whole");
    }
}

#[test]
fn no_secret_is_told_with_any_host() {
    for host in hosts() {
        let told = public(&with_secrets(&host), &[]);
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains(SECRET) && !text.contains("db.password"), "{text}");
    }
}

#[test]
fn a_label_is_told_to_who_asks_for_it_and_its_value_to_who_knows_it() {
    let host = with_secrets(&serde_json::from_value(full()).unwrap());
    let labels = |words: &[&str]| {
        let filters: Vec<Filter> = words.iter().map(|word| word.parse().unwrap()).collect();
        let told = public(&host, &filters);
        let row = &told.engines[&EngineName("docker".into())].rows()[0];
        row.labels.get("db.password").cloned()
    };
    assert_eq!(labels(&[]), None);
    assert_eq!(labels(&["container=web", "label=l"]), None);
    assert_eq!(labels(&["label=db.password"]), Some(String::new()));
    assert_eq!(labels(&["label=db.password=wrong"]), None);
    assert_eq!(labels(&["label=db.password=hunter2"]), Some(SECRET.to_owned()));
}

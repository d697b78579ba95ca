//! docs/v1.schema.json and docs/openapi.json come from the types, and the rows fit them.

use docker_ovs_report::v1::{self, schema::definitions};
use model::who;
use serde::Serialize;
use serde_json::{Value, json};

use super::{FULL, HOSTILE, document, host, is_up_to_date};

fn whole() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "docker-ovs v1",
        "description": "What docker ovs prints with --format json and docker ovs serve answers. \
            Objects are only ever given more fields, and enumerations more words.",
        "$defs": definitions("/$defs"),
    })
}

#[test]
fn the_schema_is_that_of_the_types() {
    is_up_to_date("v1.schema.json", &whole());
}

/// The daemon's document has one object that is no v1: the snapshot, a format of its own.
#[test]
fn the_document_of_the_api_has_the_same_objects() {
    let text = std::fs::read_to_string(document("openapi.json")).unwrap();
    let mut api: Value = serde_json::from_str(&text).unwrap();
    let mut objects = definitions("/components/schemas");
    let snapshot = api["components"]["schemas"]["Snapshot"].clone();
    objects.insert("Snapshot".to_owned(), snapshot);
    api["components"]["schemas"] = Value::Object(objects);
    is_up_to_date("openapi.json", &api);
}

/// What a path takes is said of it, in each of its forms.
#[test]
fn the_document_of_the_api_has_what_words_name_a_port_or_a_container() {
    let text = std::fs::read_to_string(document("openapi.json")).unwrap();
    let api: Value = serde_json::from_str(&text).unwrap();
    let who = ["BRIDGE:3", "BRIDGE:0x3", "BRIDGE:LOCAL", "BRIDGE:NAME", "in_port=3", "A MAC"];
    let who = [&who[..], &["an IP address", "CONTAINER:INTERFACE", "host interface"]].concat();
    let container = vec!["docker:web", "pid:N", "netns:NAME", "netns:PATH", "web:eth0"];
    let paths = [("/v1/fleet/who/{what}", who), ("/v1/attachments/{container}", container)];
    for (path, forms) in paths {
        let told = api["paths"][path]["get"]["parameters"][0]["description"].as_str().unwrap();
        for form in forms {
            assert!(told.contains(form), "{path}: {form} in {told:?}");
        }
    }
}

/// Every row of `name` has the promised shape, and no field beyond it.
fn fit<T: Serialize>(name: &str, rows: &[T]) {
    let mut schema = whole();
    for (_, definition) in schema["$defs"].as_object_mut().unwrap() {
        if definition.get("properties").is_some() {
            definition["unevaluatedProperties"] = json!(false);
        }
    }
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for row in rows {
        let row = serde_json::to_value(row).unwrap();
        let errors: Vec<_> = validator.iter_errors(&row).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?} in {row}");
    }
}

#[test]
fn a_port_that_fits_by_its_own_address_has_who_is_behind_it() {
    let (_, wiring) = host(FULL);
    let mut told = 0;
    for port in &wiring.ports {
        let row = v1::Match::new(who::MatchedBy::Mac, &who::Match::Port(port));
        let behind = port.occupant.plugs().iter().flat_map(|plug| plug.tenants.iter());
        let behind: Vec<_> = behind.map(|who| who.id.0.to_string()).collect();
        let ids: Vec<_> = row.tenants.iter().map(|tenant| tenant.id.clone()).collect();
        assert_eq!(behind.first().cloned().unwrap_or_default(), row.id, "{row:?}");
        assert!(behind.iter().all(|id| ids.contains(id)), "{behind:?} {row:?}");
        assert_eq!(row.container.is_empty(), ids.is_empty(), "{row:?}");
        told += ids.len();
    }
    assert!(told > 0);
}

#[test]
fn what_is_printed_fits_the_schema() {
    for scene in [FULL, HOSTILE] {
        let (snapshot, wiring) = host(scene);
        fit("Wiring", &[v1::Wiring::new(&snapshot, &wiring)]);
        fit("Health", &[v1::Health::new(&snapshot), v1::Health::starting()]);
        let found = wiring.attachments.iter();
        fit("Explanation", &found.map(v1::Explanation::new).collect::<Vec<_>>());
        let ports = wiring.ports.iter();
        let hits = ports.map(|port| v1::Match::new(who::MatchedBy::Name, &who::Match::Port(port)));
        fit("Match", &hits.collect::<Vec<_>>());
        let events = model::timeline::Timeline::new().advance(&wiring, snapshot.taken);
        fit("Event", &events.iter().map(v1::Event::from).collect::<Vec<_>>());
    }
    let (message, hint) = ("no such bridge: x".to_owned(), None);
    fit("Error", &[v1::Error { message, hint }]);
}

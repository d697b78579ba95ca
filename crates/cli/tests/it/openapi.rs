//! docs/openapi.json says what the running daemon does.

use crate::tool::Served;
use lab::http::{Answer, ask, head};
use lab::{Bridge, Container, Etcd, Home, KnownMeshes, Plug, Plugged};
use serde_json::{Value, json};

const TEXT: &str = include_str!("../../../../docs/openapi.json");

/// What stands in etcd of a mesh.
const MESH: &str = "{\"Type\":\"geneve\",\"Key\":1,\"DstPort\":6081}";

/// Every path, with a container and a port that are there.
#[test]
fn every_path_answers_as_the_document_says() {
    // What it writes of meshes holds for the whole host.
    lab::alone!(Docker, Etcd);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let (etcd, _known) = (Etcd::start(1), KnownMeshes::keep());
    let daemon = Served::start(&["--etcd", &etcd.endpoints(), "--fleet-host", "here"]);
    etcd.says(&["put", "/docker-ovs/v1/default/nets/m", MESH]);
    lab::wait_until("the mesh is known", || daemon.get("/v1/fleet/meshes").body.contains("\"m\""));
    let document: Value = serde_json::from_str(TEXT).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let real = path
            .replace("{container}", container.name())
            .replace("{what}", container.name())
            .replace("{bridge}", bridge.name())
            .replace("{ofport}", &plug.ofport().to_string());
        let promised = &operations["get"]["responses"]["200"]["content"];
        let promised = promised.as_object().unwrap().iter().next().unwrap();
        if path == "/v1/fleet/events" {
            let mut events = daemon.events_at(path);
            let row = "{\"State\":\"none\"}";
            etcd.says(&["put", "/docker-ovs/v1/default/rows/there/1", row]);
            let told = events.find(|event| event.data["Host"] == "there");
            fits(&document, &told.data, "#/components/schemas/FleetEvent", path);
            continue;
        }
        if path == "/v1/events" {
            let mut events = daemon.events(None);
            fits(&document, &events.next().data, "#/components/schemas/Wiring", path);
            container.ip(&["address", "add", "192.0.2.7/24", "dev", "eth0"]);
            let told = events.find(|event| event.name.is_empty());
            fits(&document, &told.data, "#/components/schemas/Event", path);
            continue;
        }
        let query = match path.as_str() {
            "/v1/trace" => {
                format!("?from={}&to={}:LOCAL&tcp=80&both", container.name(), bridge.name())
            }
            _ => String::new(),
        };
        let answer = daemon.get(&(real + &query));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let kind = format!("content-type: {}", promised.0);
        assert!(answer.head.contains(&kind), "{path}: {}", answer.head);
        if promised.0 == "application/json" {
            check(
                &document,
                &serde_json::from_str(&answer.body).unwrap(),
                &promised.1["schema"],
                path,
            );
        }
    }
}

#[test]
fn refusals_are_as_the_document_says() {
    lab::need!(Lab);
    let daemon = Served::start(&[]);
    let document: Value = serde_json::from_str(TEXT).unwrap();
    for (path, wrong) in [
        ("/v1/attachments", "/v1/attachments?x=y"),
        ("/v1/attachments/{container}", "/v1/attachments/nobody"),
        ("/v1/bridges/{bridge}/ports", "/v1/bridges/nowhere/ports"),
        ("/v1/snapshot", "/v1/snapshot?source=x"),
        ("/v1/trace", "/v1/trace"),
        ("/v1/trace", "/v1/trace?from=nobody&to=nobody"),
    ] {
        let Answer { status, body, .. } = daemon.get(wrong);
        let promised = &document["paths"][path]["get"]["responses"][status.to_string()];
        let schema = &promised["content"]["application/json"]["schema"];
        check(&document, &serde_json::from_str(&body).unwrap(), schema, wrong);
    }
    let etag = daemon.get("/v1/attachments");
    let etag = etag.head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let unchanged = head("GET", "/v1/attachments", &["Host: x", &format!("If-None-Match: {etag}")]);
    assert!([200, 304].contains(&ask(daemon.connect(), &unchanged).status));
}

/// Every route in the source is in the document, and the other way round.
#[test]
fn the_document_has_every_path() {
    let source = include_str!("../../../daemon/src/routes.rs");
    let routes = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut routes: Vec<_> = routes.filter(|path| !is_page(path)).collect();
    let document: Value = serde_json::from_str(TEXT).unwrap();
    let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    routes.sort_unstable();
    paths.sort_unstable();
    assert!(!routes.is_empty());
    assert_eq!(paths, routes);
}

/// The page is for people, and no part of the API.
fn is_page(path: &str) -> bool {
    ["/", "/figure", "/fleet", "/moments", "/page/{version}/{*name}"].contains(&path)
}

/// Whether `value` has the shape of a schema of the document, and no field beyond it.
fn fits(document: &Value, value: &Value, reference: &str, at: &str) {
    check(document, value, &json!({ "$ref": reference }), at);
}

fn check(document: &Value, value: &Value, schema: &Value, at: &str) {
    let mut components = document["components"].clone();
    for (name, object) in components["schemas"].as_object_mut().unwrap() {
        // The snapshot has a format of its own, of which only the top is told.
        if object.get("properties").is_some() && name != "Snapshot" {
            object["unevaluatedProperties"] = json!(false);
        }
    }
    let whole = json!({ "allOf": [schema], "components": components });
    let validator = jsonschema::validator_for(&whole).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{at}: {errors:?} in {value}");
}

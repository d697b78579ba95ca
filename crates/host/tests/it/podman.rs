//! libpod's API as the engine reads it, from a server that is none.

use std::time::Duration;

use host::watch::Watch;
use host::{Host, Question, Settings};
use model::query::{self, QueryError};
use model::snapshot::{Container, Observed};
use model::{Snapshot, SourceErrorKind};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::fake_http::FakeHttp;
use crate::own_kernel::{handle, is_inside};
use crate::rows::kind;

const LIST: &str = "/v5.0.0/libpod/containers/json?all=true";
const EVENTS: &str =
    "/v5.0.0/libpod/events?stream=true&filters=%7B%22type%22%3A%5B%22container%22%5D%7D";
const INFO: &str = "/v5.0.0/libpod/info";

fn open(server: &FakeHttp) -> (Host, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let engines = vec![format!("podman={}", server.socket().display())];
    let rundir = folder.path().to_owned();
    (Host::open(&Settings { engines, rundir, ..Settings::from_env() }).unwrap(), folder)
}

fn inspected(server: &FakeHttp, wanted: &[&str], json: &str) {
    for wanted in wanted {
        server.says(&format!("/v5.0.0/libpod/containers/{wanted}/json"), 200, json);
    }
}

/// A pod with its infra container, both with this process, and a container that has stopped.
fn pod() -> FakeHttp {
    pod_with("")
}

/// The same, with a handle on their namespace.
fn pod_with(handle: &str) -> FakeHttp {
    let (server, pid) = (FakeHttp::listen(), std::process::id());
    let list = format!(
        r#"[{{"Id": "p1", "Names": ["7f3-infra"], "PodName": "lab", "IsInfra": true, "State": "running",
             "Pid": {pid}, "Labels": null}},
            {{"Id": "p2", "Names": ["web"], "PodName": "lab", "State": "running", "Pid": {pid}}},
            {{"Id": "p3", "Names": ["old"], "State": "exited", "Pid": 0, "Labels": {{"a": "b"}}}}]"#
    );
    server.says(LIST, 200, &list);
    let infra = format!(
        r#"{{"Id": "p1", "Name": "7f3-infra", "Pod": "7f3", "IsInfra": true,
            "State": {{"Status": "running", "Pid": {pid}}},
            "HostConfig": {{"NetworkMode": "bridge"}}, "Config": {{"Labels": null}},
            "NetworkSettings": {{"SandboxKey": "{handle}"}}}}"#
    );
    inspected(&server, &["p1"], &infra);
    let web = format!(
        r#"{{"Id": "p2", "Name": "web", "Pod": "7f3", "State": {{"Status": "running", "Pid": {pid}}},
            "NetworkSettings": {{"SandboxKey": "{handle}"}}}}"#
    );
    inspected(&server, &["p2", "web"], &web);
    let old = r#"{"Id": "p3", "Name": "old", "State": {"Status": "exited", "Pid": 0},
        "Config": {"Labels": {"a": "b"}}, "NetworkSettings": {"SandboxKey": "/run/netns/x"}}"#;
    inspected(&server, &["p3", "old"], old);
    for wanted in ["lab", "7f3"] {
        let path = format!("/v5.0.0/libpod/pods/{wanted}/json");
        server.says(&path, 200, r#"{"Name": "lab", "InfraContainerID": "p1"}"#);
    }
    says_info(&server, "file");
    server
}

fn says_info(server: &FakeHttp, events: &str) {
    let info = format!(
        r#"{{"host": {{"eventLogger": "{events}"}}, "store": {{"graphRoot": "/var/lib/c"}},
            "version": {{"Version": "5.8.1"}}}}"#
    );
    server.says(INFO, 200, &info);
}

async fn look(server: &FakeHttp, container: Option<&str>) -> Snapshot {
    let (host, _folder) = open(server);
    let target = container.map(Into::into);
    host.look(&Question { target, tenants: true, ..Question::default() }).await
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    let rows: &[Container] = snapshot.engines[&kind("podman")].rows();
    rows.iter().map(|row| row.name.to_string()).collect()
}

#[tokio::test]
async fn what_holds_a_pod_is_called_as_the_pod_is() {
    let snapshot = look(&pod(), None).await;
    assert_eq!(names(&snapshot), ["lab", "web", "old"]);
    let old = query::container(&snapshot, "old").unwrap();
    assert_eq!((old.pid, old.state.as_str(), old.labels["a"].as_str()), (None, "exited", "b"));
    assert_eq!(old.sandbox, None);
}

#[tokio::test]
async fn a_pod_is_found_by_its_name_with_those_in_its_namespace() {
    if !is_inside("podman::a_pod_is_found_by_its_name_with_those_in_its_namespace") {
        return;
    }
    let handle = handle(std::process::id());
    let snapshot = look(&pod_with(&handle.to_string_lossy()), Some("lab")).await;
    assert_eq!(names(&snapshot), ["lab", "web"]);
    let infra = query::container(&snapshot, "lab").unwrap();
    assert_eq!((&*infra.id.0, infra.netns.is_some()), ("p1", true), "{infra:?}");
}

#[tokio::test]
async fn a_container_is_found_by_its_name_and_one_that_stopped_has_no_namespace() {
    let server = pod();
    let snapshot = look(&server, Some("web")).await;
    assert_eq!(names(&snapshot), ["web", "lab"]);
    let snapshot = look(&server, Some("old")).await;
    let old = query::container(&snapshot, "old").unwrap();
    assert_eq!((old.netns, &old.netns_error), (None, &None));
}

#[tokio::test]
async fn the_network_is_told_by_the_namespace_and_not_by_words() {
    if !is_inside("podman::the_network_is_told_by_the_namespace_and_not_by_words") {
        return;
    }
    // The server is this process, which is in the namespace of the "containers".
    let handle = handle(std::process::id());
    let snapshot = look(&pod_with(&handle.to_string_lossy()), Some("web")).await;
    assert!(query::container(&snapshot, "web").unwrap().on_host_network());
}

#[tokio::test]
async fn what_names_no_container_and_no_pod_is_none() {
    let server = pod();
    for wanted in ["gone", "../info", "-x"] {
        let snapshot = look(&server, Some(wanted)).await;
        assert!(query::container(&snapshot, wanted).is_err(), "{wanted}");
    }
    assert!(server.asked().iter().all(|path| !path.contains("..")), "{:?}", server.asked());
}

fn why_not(snapshot: &Snapshot, wanted: &str) -> QueryError {
    query::container(snapshot, wanted).unwrap_err()
}

#[tokio::test]
async fn only_names_that_may_be_near_are_listed_where_none_has_the_name() {
    let server = pod();
    let filters = "%7B%22name%22%3A%5B%22w%7Ce%7Cpp%7C%2Dinfra%24%22%5D%7D";
    let near = r#"[{"Id": "p1", "Names": ["7f3-infra"], "PodName": "lab", "IsInfra": true},
        {"Id": "p2", "Names": ["web"]}]"#;
    let path = format!("{LIST}&filters={filters}");
    server.says(&path, 200, near);
    let why = why_not(&look(&server, Some("wepp")).await, "wepp");
    assert!(matches!(&why, QueryError::NoSuchContainer { near, .. } if *near == ["web"]), "{why}");
    assert!(server.asked().contains(&path) && !server.asked().contains(&LIST.to_owned()));
    // One that takes no such filter lists all.
    let why = why_not(&look(&server, Some("lub")).await, "lub");
    assert!(matches!(&why, QueryError::NoSuchContainer { near, .. } if *near == ["lab"]), "{why}");
}

#[tokio::test]
async fn what_may_begin_an_id_is_looked_for_among_all() {
    let server = pod();
    let list = r#"[{"Id": "abcd1", "Names": ["one"]}, {"Id": "abcd2", "Names": ["other"]}]"#;
    server.says(LIST, 200, list);
    let why = why_not(&look(&server, Some("abcd")).await, "abcd");
    assert!(
        matches!(&why, QueryError::AmbiguousContainer { candidates, .. } if candidates.len() == 2),
        "{why}"
    );
    assert!(!server.asked().iter().any(|path| path.contains("filters")));
}

#[tokio::test]
async fn an_error_of_podman_is_told_and_its_containers_are_missing() {
    let server = pod();
    server.says(LIST, 500, r#"{"message": "it broke"}"#);
    let snapshot = look(&server, None).await;
    let told = snapshot.engines[&kind("podman")].source_error().unwrap();
    assert!(told.to_string().contains("it broke"), "{told}");
    server.says(LIST, 200, "[");
    let snapshot = look(&server, None).await;
    assert!(matches!(snapshot.engines[&kind("podman")], Observed::Absent { .. }));
}

#[tokio::test]
async fn a_socket_that_is_not_there_says_what_to_do() {
    let engines = vec!["podman=/nonexistent/podman.sock".to_owned()];
    let host = Host::open(&Settings { engines, ..Settings::from_env() }).unwrap();
    let snapshot = host.look(&Question::default()).await;
    let told = snapshot.engines[&kind("podman")].source_error().unwrap();
    assert_eq!(told.kind, SourceErrorKind::Unreachable);
    assert!(told.hint.contains("podman.socket"), "{told:?}");
}

#[tokio::test]
async fn doctor_tells_version_and_namespaces_of_it() {
    let (server, none) = (pod(), FakeHttp::listen());
    for (server, detail, bad) in [(&server, "5.8.1", false), (&none, "404", true)] {
        let (host, _folder) = open(server);
        let checks = host.examine().await;
        let podman = checks.iter().find(|check| check.name == "podman").unwrap();
        assert_eq!(podman.verdict.is_bad(), bad, "{podman:?}");
        assert!(podman.detail.contains(detail), "{podman:?}");
    }
}

/// Waits until a Watch has seen the container `new`.
async fn comes_to_know(mut watch: Watch) -> bool {
    let knows = async { while !names(&*watch.next().await).contains(&"new".to_owned()) {} };
    timeout(Duration::from_secs(20), knows).await.is_ok()
}

#[tokio::test]
async fn events_tell_what_happens() {
    let server = pod();
    let new = r#"{"Id": "p9", "Name": "new", "State": {"Status": "created", "Pid": 0}}"#;
    inspected(&server, &["p9"], new);
    let event = r#"{"Action": "create", "Actor": {"ID": "p9"}}"#;
    server.sends(EVENTS, format!("HTTP/1.1 200 OK\r\n\r\n{event}\n").as_bytes(), false);
    let (host, _folder) = open(&server);
    assert!(comes_to_know(host.watch()).await, "it is in no list");
}

#[tokio::test]
async fn where_there_are_no_events_lists_tell_what_happens() {
    let server = pod();
    says_info(&server, "none");
    let (host, _folder) = open(&server);
    let mut watch = host.watch();
    assert_eq!(names(&*watch.next().await).len(), 3);
    server.says(LIST, 200, r#"[{"Id": "p9", "Names": ["new"], "State": "created", "Pid": 0}]"#);
    assert!(comes_to_know(watch).await);
    assert!(!server.asked().contains(&EVENTS.to_owned()));
}

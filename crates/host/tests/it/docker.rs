//! Docker's API as the engine reads it, from a server that is none.

use std::time::Duration;

use host::{EngineOptions, Host, Question, Settings};
use model::snapshot::{Container, Observed};
use model::{Snapshot, SourceErrorKind, query};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::fake_http::FakeHttp;
use crate::rows::kind;

const EVENTS: &str = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D";
const LIST: &str = "/containers/json?all=true";

fn open(server: &FakeHttp) -> (Host, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let host = Some(format!("unix://{}", server.socket().display()));
    let engine = EngineOptions { host, ..EngineOptions::default() };
    let rundir = folder.path().to_owned();
    (Host::open(&Settings { engine, rundir, ..Settings::from_env() }).unwrap(), folder)
}

/// Two containers that have stopped; `side` shared the network of `web`.
fn stopped() -> FakeHttp {
    let server = FakeHttp::listen();
    server.says("/version", 200, r#"{"Version": "28.1", "ApiVersion": "1.49"}"#);
    server.says(
        LIST,
        200,
        r#"[{"Id": "d1aa", "Names": ["/other/web", "/web"], "State": "exited", "Labels": {"a": "b"},
             "HostConfig": {"NetworkMode": "none"}},
            {"Id": "d2bb", "Names": ["/side"], "State": "exited", "Labels": null,
             "HostConfig": {"NetworkMode": "container:d1aa"}},
            {"Id": "d3cc", "Names": null, "State": "dead"}]"#,
    );
    let web = r#"{"Id": "d1aa", "Name": "/web", "State": {"Status": "exited", "Pid": 0},
        "HostConfig": {"NetworkMode": "none"}, "Config": {"Labels": {"a": "b"}},
        "NetworkSettings": {"SandboxKey": ""}}"#;
    for wanted in ["d1aa", "web"] {
        server.says(&format!("/containers/{wanted}/json"), 200, web);
    }
    server.says("/containers/d2bb/json", 200, r#"{"Id": "d2bb", "Name": "/side"}"#);
    server
}

async fn look(server: &FakeHttp, container: Option<&str>) -> Snapshot {
    let (host, _folder) = open(server);
    let target = container.map(Into::into);
    host.look(&Question { target, tenants: true, ..Question::default() }).await
}

fn rows(snapshot: &Snapshot) -> &[Container] {
    snapshot.engines[&kind("docker")].rows()
}

#[tokio::test]
async fn a_list_has_every_container_under_its_own_name() {
    let snapshot = look(&stopped(), None).await;
    let names: Vec<_> = rows(&snapshot).iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["web", "side", ""]);
    let web = query::container(&snapshot, "web").unwrap();
    assert_eq!((web.state.as_str(), web.labels["a"].as_str()), ("exited", "b"));
}

#[tokio::test]
async fn one_container_comes_with_those_that_share_its_network() {
    let snapshot = look(&stopped(), Some("web")).await;
    let web = query::container(&snapshot, "web").unwrap();
    assert_eq!((web.pid, web.network_mode.as_str(), &*web.id.0), (None, "none", "d1aa"));
    let names: Vec<_> = rows(&snapshot).iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["web", "side"]);
}

#[tokio::test]
async fn what_names_no_single_container_is_none() {
    let server = stopped();
    for wanted in ["gone", "../info"] {
        let snapshot = look(&server, Some(wanted)).await;
        assert!(query::container(&snapshot, wanted).is_err(), "{wanted}");
        assert!(!matches!(snapshot.engines[&kind("docker")], Observed::Absent { .. }));
    }
    assert!(!server.asked().iter().any(|path| path.contains("info")), "it would change the URL");
}

/// Docker 20.10, 28.5, Podman 4.3, and engines that nothing is known of.
#[tokio::test]
async fn what_begins_several_ids_is_ambiguous_in_whatever_words_it_is_refused() {
    for (status, words) in [
        (400, r#"{"message": "Multiple IDs found with provided prefix: d"}"#),
        (400, r#"{"message": "multiple IDs found with provided prefix: d"}"#),
        (500, r#"{"message": "more than one result for container name or ID d: d1aa,d2bb,d3cc"}"#),
        (409, r#"{"message": "conflict"}"#),
        (500, "no JSON at all"),
        (422, ""),
    ] {
        let server = stopped();
        server.says("/containers/d/json", status, words);
        let snapshot = look(&server, Some("d")).await;
        let complaint = query::container(&snapshot, "d").unwrap_err().to_string();
        assert!(complaint.contains("ambiguous"), "{status} {words}: {complaint}");
    }
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_an_error_in_whatever_words() {
    for wanted in ["d1", "web", "else"] {
        let server = stopped();
        let words = r#"{"message": "Multiple IDs found, or more than one, or something broke"}"#;
        server.says(&format!("/containers/{wanted}/json"), 500, words);
        let snapshot = look(&server, Some(wanted)).await;
        let why = snapshot.engines[&kind("docker")].absence().unwrap();
        assert!(why.to_string().contains("status 500"), "{wanted}: {why}");
    }
    // Without a list there is no telling.
    let server = FakeHttp::listen();
    server.says("/containers/d/json", 400, r#"{"message": "Multiple IDs found"}"#);
    server.says(LIST, 500, "");
    let snapshot = look(&server, Some("d")).await;
    let why = snapshot.engines[&kind("docker")].absence().unwrap();
    assert!(why.to_string().contains("status 400"), "{why}");
}

#[tokio::test]
async fn why_docker_does_not_answer_is_said() {
    for (status, body, expected) in [
        (403, "", SourceErrorKind::Denied),
        (500, "", SourceErrorKind::Garbled),
        (200, "{}", SourceErrorKind::Garbled),
    ] {
        let server = FakeHttp::listen();
        server.says(LIST, status, body);
        let snapshot = look(&server, None).await;
        let why = snapshot.engines[&kind("docker")].absence().unwrap();
        assert_eq!(why.kind, expected, "{status}: {why}");
    }
    let server = FakeHttp::listen();
    server.sends(LIST, b"", true);
    let snapshot = look(&server, None).await;
    assert_eq!(snapshot.engines[&kind("docker")].absence().unwrap().kind, SourceErrorKind::Gone);
    std::fs::remove_file(server.socket()).unwrap();
    let snapshot = look(&server, None).await;
    let why = snapshot.engines[&kind("docker")].absence().unwrap();
    assert_eq!(why.kind, SourceErrorKind::Unreachable);
    assert!(why.hint.contains("is dockerd running"), "{}", why.hint);
}

#[tokio::test]
async fn doctor_tells_dockers_version() {
    let server = stopped();
    let (host, _folder) = open(&server);
    let checks = host.examine().await;
    let docker = checks.iter().find(|check| check.name == "docker").unwrap();
    assert_eq!(docker.detail, "28.1, API 1.49");
}

#[tokio::test]
async fn containers_are_followed_by_events() {
    let server = stopped();
    let idle = r#"{"Action": "exec_create: sh", "Actor": {"ID": "d2bb"}}"#;
    let rename = r#"{"Action": "rename", "Actor": {"ID": "d1aa"}}"#;
    server.says("/containers/d1aa/json", 200, r#"{"Id": "d1aa", "Name": "/renamed"}"#);
    let stream = format!("HTTP/1.1 200 OK\r\n\r\n{idle}\n{rename}\n");
    server.sends(EVENTS, stream.as_bytes(), false);
    let (host, _folder) = open(&server);
    let mut watch = host.watch();
    let renamed = async {
        loop {
            let snapshot = watch.next().await;
            if rows(&snapshot).iter().any(|row| &*row.name == "renamed") {
                return;
            }
        }
    };
    timeout(Duration::from_secs(20), renamed).await.expect("the event is heard");
    let asked = server.asked();
    assert!(asked.iter().any(|path| path == "/containers/d1aa/json"));
    assert!(!asked.iter().any(|path| path == "/containers/d2bb/json"), "an exec changes nothing");
}

#[tokio::test]
async fn the_networks_of_an_engine_are_told_by_their_ids() {
    let server = stopped();
    let lan = r#"{"Id": "n1", "Name": "lan", "IPAM": {"Config": [{"Subnet": "192.0.2.0/24"}]},
        "Containers": {"d1aa": {"Name": "web", "EndpointID": "e1", "IPv4Address": "192.0.2.7/24"}}}"#;
    server.says("/networks/n1", 200, lan);
    server.says("/networks/n2", 500, "");
    server.says("/networks", 200, &format!("[{lan}]"));
    server.says("/info", 200, r#"{"ID": "this-engine", "DockerRootDir": "/"}"#);
    let (host, _folder) = open(&server);
    let network = host.engine_network("n1").await.unwrap().unwrap();
    assert_eq!(&*network.name, "lan");
    let endpoint = &network.endpoints["e1"];
    assert_eq!((endpoint.container.as_deref(), &*endpoint.name), (Some("d1aa"), "web"));
    for none in ["n3", "../info"] {
        assert_eq!(host.engine_network(none).await.unwrap(), None, "{none}");
    }
    let refused = host.engine_network("n2").await.unwrap_err();
    assert!(refused.to_string().contains("status 500"), "it may have it: {refused}");
    let by_engine: Vec<_> = host.networks_by_engine().await.into_iter().collect();
    let [(id, networks)] = by_engine.as_slice() else { panic!("{by_engine:?}") };
    assert!(id.starts_with("this-engine:/"), "{id}");
    assert_eq!(*networks, ["n1".to_owned()].into());
    // A list without any is that of an engine which does not know yet.
    for no_list in ["[]", r#"[{"Name": "lan"}]"#, "{}"] {
        server.says("/networks", 200, no_list);
        assert!(host.networks_by_engine().await.is_empty(), "{no_list}");
    }
}

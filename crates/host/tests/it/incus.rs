//! The API of Incus and LXD as the engine reads it, from a server that is none. Answers are those of
//! Incus 6.0.4, cut to what is read and a little more.

use std::time::Duration;

use host::{Host, Question, Settings};
use model::snapshot::Container;
use model::{Snapshot, SourceErrorKind};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::fake_http::FakeHttp;
use crate::rows::kind;

const LIST: &str = "/1.0/instances?recursion=1&all-projects=true";
const UUID: &str = "135104ed-1004-40b5-a80c-cd86c0488d1b";

fn open(server: &FakeHttp) -> (Host, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let engines = vec![format!("incus={}", server.socket().display())];
    let rundir = folder.path().to_owned();
    (Host::open(&Settings { engines, rundir, ..Settings::from_env() }).unwrap(), folder)
}

fn answer(metadata: &str) -> String {
    format!(
        r#"{{"type": "sync", "status": "Success", "status_code": 200, "operation": "",
            "error_code": 0, "error": "", "metadata": {metadata}}}"#
    )
}

fn instance(name: &str, project: &str, more: &str) -> String {
    format!(
        r#"{{"name": "{name}", "project": "{project}", "architecture": "x86_64", "stateful": false,
            "last_used_at": "2026-11-26T20:11:23.231353461Z", {more}}}"#
    )
}

/// A container that runs, with this process; one of another project, which has stopped; a virtual
/// machine; and one of another member of the cluster.
fn some() -> [(&'static str, &'static str, String); 4] {
    let web = format!(
        r#""type": "container", "status": "Running", "location": "none",
        "config": {{"volatile.uuid": "{UUID}", "user.team": "net", "image.os": "x"}}"#
    );
    let api = r#""type": "container", "status": "Stopped", "location": "here",
        "config": {"volatile.uuid": "c2ab3df5-871c-4e92-963b-4117d39534a6"}"#;
    let vm = r#""type": "virtual-machine", "status": "Running", "location": "none", "config": {}"#;
    let far = r#""type": "container", "status": "Running", "location": "there", "config": {}"#;
    [
        ("web", "default", instance("web", "default", &web)),
        ("api", "lab", instance("api", "lab", api)),
        ("vm", "default", instance("vm", "default", vm)),
        ("far", "default", instance("far", "default", far)),
    ]
}

fn serve() -> FakeHttp {
    let (server, all) = (FakeHttp::listen(), some());
    let listed: Vec<_> = all.iter().map(|(_, _, json)| json.clone()).collect();
    server.says(LIST, 200, &answer(&format!("[{}]", listed.join(","))));
    for (name, project, json) in &all {
        server.says(&format!("/1.0/instances/{name}?project={project}"), 200, &answer(json));
    }
    let pid = std::process::id();
    let state =
        |pid: i64| answer(&format!(r#"{{"status": "Running", "pid": {pid}, "network": null}}"#));
    server.says("/1.0/instances/web/state?project=default", 200, &state(pid.into()));
    server.says("/1.0/instances/api/state?project=lab", 200, &state(-1));
    let environment = r#"{"auth": "trusted", "environment": {"server": "incus", "server_name": "here",
        "server_version": "6.0.4", "certificate_fingerprint": "9f2c"}}"#;
    server.says("/1.0", 200, &answer(environment));
    server
}

async fn look(server: &FakeHttp, container: Option<&str>) -> Snapshot {
    let (host, _folder) = open(server);
    let target = container.map(Into::into);
    host.look(&Question { target, tenants: true, ..Question::default() }).await
}

fn rows(snapshot: &Snapshot) -> Vec<Container> {
    snapshot.engines[&kind("incus")].rows().to_vec()
}

fn names(rows: &[Container]) -> Vec<&str> {
    rows.iter().map(|row| &*row.name).collect()
}

#[tokio::test]
async fn containers_of_this_member_are_listed_with_their_projects() {
    let rows = rows(&look(&serve(), None).await);
    let mut names = names(&rows);
    names.sort_unstable();
    assert_eq!(names, ["lab/api", "web"]);
    let of = |name: &str| rows.iter().find(|row| &*row.name == name).unwrap();
    assert_eq!((&*of("web").id.0, &*of("web").state), (UUID, "running"));
    assert_eq!(of("web").pid, Some(std::process::id()));
    assert_eq!(of("web").labels.get("team").map(String::as_str), Some("net"));
    assert_eq!(of("web").labels.len(), 1, "what is not the user's is no label");
    assert_eq!((of("lab/api").pid, &*of("lab/api").state), (None, "stopped"));
}

#[tokio::test]
async fn one_is_found_by_name_and_by_uuid() {
    let server = serve();
    for wanted in ["web", UUID, "135104ed", "incus:web"] {
        let rows = rows(&look(&server, Some(wanted)).await);
        assert_eq!(names(&rows), ["web"], "{wanted}");
        assert_eq!(rows[0].pid, Some(std::process::id()), "{wanted}");
    }
    assert_eq!(names(&rows(&look(&server, Some("lab/api")).await)), ["lab/api"]);
}

/// A name that is none's, whatever its form, asks for no more than that and the list of near ones.
#[tokio::test]
async fn one_that_is_elsewhere_or_no_container_is_not_found() {
    let server = serve();
    for wanted in ["vm", "far", "api", "nope", "../web", "web?project=lab", "lab/../web", ""] {
        let rows = rows(&look(&server, Some(wanted)).await);
        assert!(!names(&rows).contains(&wanted), "{wanted}");
    }
    assert!(server.asked().iter().all(|path| !path.contains("..")), "{:?}", server.asked());
}

#[tokio::test]
async fn what_it_refuses_is_told_in_its_own_words() {
    let server = FakeHttp::listen();
    let refusal = r#"{"type": "error", "error_code": 500, "error": "database is closed",
        "metadata": null}"#;
    server.says(LIST, 500, refusal);
    let snapshot = look(&server, None).await;
    let told = snapshot.engines[&kind("incus")].source_error().unwrap();
    assert!(told.to_string().contains("status 500: database is closed"), "{told}");
    assert!(!told.to_string().contains('{'), "{told}");
}

#[tokio::test]
async fn each_of_the_two_says_what_to_do_where_it_is_not_there() {
    for (engine, hint) in [("incus", "systemctl start incus"), ("lxd", "snap start lxd")] {
        let engines = vec![format!("{engine}=/nonexistent/unix.socket")];
        let host = Host::open(&Settings { engines, ..Settings::from_env() }).unwrap();
        let snapshot = host.look(&Question::default()).await;
        let told = snapshot.engines[&kind(engine)].source_error().unwrap();
        assert_eq!(told.kind, SourceErrorKind::Unreachable);
        assert!(told.hint.contains(hint), "{told:?}");
    }
}

#[tokio::test]
async fn doctor_tells_its_version() {
    let server = serve();
    let (host, _folder) = open(&server);
    let checks = host.examine().await;
    let incus = checks.iter().find(|check| check.name == "incus").unwrap();
    assert_eq!((incus.verdict.is_bad(), &*incus.detail), (false, "6.0.4"), "{incus:?}");
}

/// It tells of nothing by itself: another state, and another start of the same, are found by lists.
#[tokio::test]
async fn one_that_was_started_again_is_inspected_again() {
    let server = serve();
    let (host, _folder) = open(&server);
    let mut watch = host.watch();
    let is_seen = |snapshot: &Snapshot| rows(snapshot).iter().any(|row| row.pid.is_some());
    let seen = async { while !is_seen(&*watch.next().await) {} };
    assert!(timeout(Duration::from_secs(20), seen).await.is_ok(), "it is listed");
    let state = "/1.0/instances/web/state?project=default";
    let before = server.asked().len();
    let again = some().map(|(_, _, json)| json.replace("20:11:23", "20:44:00")).join(",");
    server.says(LIST, 200, &answer(&format!("[{again}]")));
    let asked_again = async {
        while !server.asked()[before..].iter().any(|path| path == state) {
            let _ = timeout(Duration::from_millis(50), watch.next()).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), asked_again).await.is_ok(), "{:?}", server.asked());
}

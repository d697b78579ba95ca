//! A daemon on a recorded host, from its first look to its end.
#![allow(clippy::disallowed_methods, reason = "a test that has no thread to be had fails")]

use host::Origin;
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::running::Running;

async fn running() -> Running {
    let text = include_str!("../../../cli/tests/scenes/article.json");
    Running::start(Origin::recorded(serde_json::from_str(text).unwrap())).await
}

#[tokio::test]
async fn health_attachments_and_metrics_are_of_what_was_recorded() {
    let daemon = running().await;
    let health = daemon.json("/healthz").await;
    assert_eq!(health["Status"], "ok", "{health}");
    let sources = health["Sources"].as_array().unwrap().iter();
    let sources: Vec<_> = sources.map(|row| row["Source"].as_str().unwrap()).collect();
    for name in ["docker", "kernel", "ovsdb"] {
        assert!(sources.contains(&name), "{name} is not in {sources:?}");
    }
    let listed = daemon.json("/v1/attachments").await;
    let of = |row: &&Value| row["Container"] == "webserver";
    let web: Vec<_> = listed.as_array().unwrap().iter().filter(of).collect();
    assert_eq!(web.len(), 1, "{listed}");
    let asked = daemon.json("/v1/attachments/webserver").await;
    for row in [web[0], &asked[0]] {
        assert_eq!(row["Bridge"], "vlanswitch", "{row}");
        assert_eq!(row["OFPort"], 4, "{row}");
    }
    let metrics = daemon.get("/metrics").await;
    assert!(metrics.status == 200 && metrics.head.contains("version=0.0.4"), "{}", metrics.head);
    for line in [
        "docker_ovs_build_info{version=\"1.2.3\",",
        "docker_ovs_source_state{source=\"ovsdb\",state=\"fresh\"} 1\n",
        "docker_ovs_orphaned_ports 1\n",
    ] {
        assert!(metrics.body.contains(line), "{line} is not in {}", metrics.body);
    }
    daemon.stop().await;
}

#[tokio::test]
async fn what_has_no_answer_is_told_why_in_json() {
    let daemon = running().await;
    for (method, path, status, message) in [
        ("GET", "/nothing/here", 404, "there is nothing at /nothing/here"),
        ("POST", "/v1/attachments", 405, "one may only read"),
        ("GET", "/v1/attachments/absent", 404, "absent"),
        ("GET", "/v1/attachments?colour=red", 400, ""),
        ("GET", "/v1/bridges/absent/ports", 404, "absent"),
        ("GET", "/v1/bridges/vlanswitch/ports/77", 404, "no port 77 on vlanswitch"),
        ("GET", "/v1/events?from=yesterday", 400, "from is now, or not given"),
    ] {
        let answer = daemon.asked(method, path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.head.contains("content-type: application/json"), "{path}: {answer:?}");
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        let text = told["message"].as_str().unwrap();
        assert!(!text.is_empty() && text.contains(message), "{path}: {told}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_stream_begins_with_everything_and_ends_with_the_daemon() {
    let daemon = running().await;
    let mut events = daemon.events();
    let (mut events, first) = spawn_blocking(move || {
        let first = events.next();
        (events, first)
    })
    .await
    .unwrap();
    assert_eq!(first.name, "reset");
    assert_eq!(first.data, daemon.json("/v1/wiring").await);
    daemon.stop().await;
    spawn_blocking(move || events.ends()).await.unwrap();
}

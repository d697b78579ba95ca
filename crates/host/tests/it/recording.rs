//! Recordings: reading, asking and examining them.

use host::read_recording;
use host::{Origin, Question, examine_recording, plan_connect, plan_disconnect, plan_restore};
use model::plan::{Connect, Disconnect, Prune, Restore};
use model::switch::SwitchSource;
use model::{Snapshot, SourceErrorKind};

fn article() -> Snapshot {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/tests/scenes/article.json");
    read_recording("the article", &std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn what_is_no_snapshot_is_said() {
    for (text, why) in [
        ("", "not a snapshot"),
        ("{}", "not a snapshot"),
        (r#"{"docker-ovs-snapshot": 99}"#, "too new"),
        (r#"{"docker-ovs-snapshot": 1}"#, "a broken snapshot"),
    ] {
        let source_error = read_recording("it", text.as_bytes()).unwrap_err();
        assert_eq!(source_error.kind, SourceErrorKind::Garbled);
        assert!(source_error.why.contains(why), "{text}: {source_error}");
    }
}

#[tokio::test]
async fn only_the_roads_that_are_asked_for_are_shown() {
    let origin = Origin::recorded(article());
    let look = origin.look(&Question::default()).await;
    assert_eq!(look.snapshot.switch.keys().copied().collect::<Vec<_>>(), [SwitchSource::Ovsdb]);
    let mut without = article();
    without.switch.remove(&SwitchSource::OpenFlow);
    let question = Question { sources: vec![SwitchSource::OpenFlow], ..Question::default() };
    let look = Origin::recorded(without).look(&question).await;
    let why = look.switch(SwitchSource::OpenFlow).unwrap_err().to_string();
    assert!(why.contains("taken without it"), "{why}");
}

#[tokio::test]
async fn a_recording_is_examined_for_what_it_tells() {
    let checks = examine_recording(&article());
    let of = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
    assert_eq!(of("docker").detail, "5 containers");
    assert!(of("ports").detail.contains("orphaned"));
    let mut blind = article();
    let why = model::SourceError::new(SourceErrorKind::Denied, "the kernel", "permission denied");
    blind.kernel = model::Observed::Absent { why };
    let checks = examine_recording(&blind);
    let of = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
    assert!(of("kernel").verdict.is_bad());
    assert!(of("ports").detail.contains("unknown"));
}

#[tokio::test]
async fn changes_are_planned_on_a_recording_and_not_made() {
    let origin = Origin::recorded(article());
    assert!(origin.live().unwrap_err().why.contains("cannot be changed"));
    let request = Connect {
        bridge: "vlanswitch".to_owned(),
        container: "webserver".to_owned(),
        interface: Some("eth7".to_owned()),
        ..Connect::default()
    };
    let (_, plan) = plan_connect(&origin, &request).await.unwrap();
    assert_eq!(&*plan.interface, "eth7");
    let request = Connect { container: "nosuch".to_owned(), ..request };
    assert!(plan_connect(&origin, &request).await.is_err());
    let request = Disconnect {
        bridge: "vlanswitch".to_owned(),
        container: "webserver".to_owned(),
        interface: None,
        force: true,
    };
    let (_, plan) = plan_disconnect(&origin, &request).await.unwrap();
    assert_eq!(&*plan.container.name, "webserver");
    let all = plan_restore(&origin, &Restore::default()).await.unwrap();
    assert!(all.iter().all(|one| !one.what.container.is_empty()));
    let request = Prune { bridge: None, until: None, all: true, stopped: true };
    origin.prune_candidates(&request).await.unwrap();
    let request = Prune { bridge: Some("nosuch".to_owned()), ..request };
    assert!(origin.prune_candidates(&request).await.is_err());
}

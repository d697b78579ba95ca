//! Looking at several engines.

use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use host::Question;
use host::engine::Engine;
use model::query::{self, QueryError};
use model::{Snapshot, SourceErrorKind, resolve};

use crate::fake_engine::FakeEngine;
use crate::own_kernel::{handle, is_inside};
use crate::rows::{container, host, kind, with_pid};

async fn look(engines: &[&Arc<FakeEngine>], wanted: Option<&str>) -> Snapshot {
    let engines = engines.iter().map(|one| Arc::clone(one) as Arc<dyn Engine>).collect();
    let (host, _folder) = host(engines);
    let target = wanted.map(Into::into);
    host.look(&Question { target, tenants: true, ..Question::default() }).await
}

fn two() -> (Arc<FakeEngine>, Arc<FakeEngine>) {
    let docker = FakeEngine::new("docker", vec![container("d1", "web"), container("d2", "db")]);
    let other = FakeEngine::new("other", vec![container("o1", "web"), container("o2", "cache")]);
    (docker, other)
}

#[tokio::test(start_paused = true)]
async fn a_whole_look_has_the_containers_of_every_engine() {
    let (docker, other) = two();
    let snapshot = look(&[&docker, &other], None).await;
    assert_eq!(snapshot.engines[&kind("docker")].rows().len(), 2);
    assert_eq!(snapshot.engines[&kind("other")].rows().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_two_engines_know_is_ambiguous_until_its_engine_is_named() {
    let (docker, other) = two();
    let snapshot = look(&[&docker, &other], Some("web")).await;
    let error = query::container(&snapshot, "web").unwrap_err();
    assert_eq!(error.to_string(), "ambiguous container name: web");
    assert_eq!(error.hint().unwrap(), "name its engine too: docker:web or other:web");
    let snapshot = look(&[&docker, &other], Some("other:web")).await;
    assert_eq!(&*query::container(&snapshot, "other:web").unwrap().id.0, "o1");
    assert!(!snapshot.engines.contains_key(&kind("docker")), "it was not asked");
    let whole = look(&[&docker, &other], None).await;
    assert_eq!(&*query::container(&whole, "docker:web").unwrap().id.0, "d1");
    assert_eq!(&*query::container(&whole, "cache").unwrap().id.0, "o2");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_not_there_is_no_error_as_long_as_another_answers() {
    let (docker, other) = two();
    other.go_down();
    for wanted in [Some("web"), None] {
        let snapshot = look(&[&docker, &other], wanted).await;
        assert_eq!(&*query::container(&snapshot, "web").unwrap().id.0, "d1");
        assert!(snapshot.engines[&kind("other")].absence().is_some());
        let missing = query::container(&snapshot, "wob").unwrap_err();
        assert!(matches!(missing, QueryError::NoSuchContainer { .. }), "{missing}");
    }
    docker.go_down();
    let snapshot = look(&[&docker, &other], Some("web")).await;
    assert!(matches!(query::container(&snapshot, "web"), Err(QueryError::SourceUnavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_was_named_must_answer() {
    let (docker, other) = two();
    other.go_down();
    let mut snapshot = look(&[&docker, &other], None).await;
    snapshot.named_engines.insert(kind("other"));
    assert!(matches!(query::container(&snapshot, "wob"), Err(QueryError::SourceUnavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_hides_no_other() {
    let (docker, other) = two();
    other.hang(true);
    let snapshot = look(&[&docker, &other], None).await;
    assert_eq!(snapshot.engines[&kind("docker")].rows().len(), 2);
    let why = snapshot.engines[&kind("other")].absence().unwrap();
    assert_eq!(why.kind, SourceErrorKind::TimedOut);
}

/// Once it has answered, it is waited for as before.
#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_costs_one_look_its_time_and_is_asked_apart_from_the_next_ones() {
    let (docker, other) = two();
    let (host, _folder) = host(vec![docker, other.clone()]);
    let look = async || {
        let start = tokio::time::Instant::now();
        let mut snapshot = host.look(&Question::default()).await;
        let other = snapshot.engines.remove(&kind("other")).unwrap();
        let why = other.absence().map(|why| (why.kind, why.hint.contains("--timeout")));
        (why, start.elapsed())
    };
    assert_eq!(look().await.0, None);
    other.hang(true);
    let (why, took) = look().await;
    assert_eq!(why, Some((SourceErrorKind::TimedOut, true)));
    assert!(took >= Duration::from_secs(5), "{took:?}");
    for _ in 0..3 {
        let (why, took) = look().await;
        assert_eq!(why, Some((SourceErrorKind::TimedOut, false)), "no option waits longer");
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    other.hang(false);
    assert_eq!(look().await.0, None);
    other.hang(true);
    assert!(look().await.1 >= Duration::from_secs(5), "it is waited for again");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_long_in_starting_hides_no_other() {
    let (docker, _) = two();
    docker.starts("d2", true);
    let snapshot = look(&[&docker], None).await;
    let rows = snapshot.engines[&kind("docker")].rows();
    let of = |id: &str| rows.iter().find(|row| *row.id.0 == *id).unwrap();
    assert_eq!(of("d1").netns_error, None);
    assert_eq!(of("d2").netns_error.as_ref().unwrap().kind, SourceErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_the_engine_cannot_tell_of_hides_no_other() {
    for kind_of in [SourceErrorKind::Unusable, SourceErrorKind::Garbled] {
        let (docker, _) = two();
        docker.refuses("d2", kind_of);
        let snapshot = look(&[&docker], None).await;
        assert!(snapshot.engines[&kind("docker")].is_fresh());
        let rows = snapshot.engines[&kind("docker")].rows();
        let of = |id: &str| rows.iter().find(|row| *row.id.0 == *id).unwrap();
        assert_eq!(of("d1").netns_error, None);
        let why = of("d2").netns_error.clone().unwrap();
        assert!(why.kind == kind_of && why.what.contains("asked about d2"), "{why:?}");
        assert_eq!(resolve(&snapshot).unseen.containers.len(), 1);
    }
    // What concerns all of it is no one's alone.
    let (docker, _) = two();
    docker.refuses("d2", SourceErrorKind::Gone);
    let snapshot = look(&[&docker], None).await;
    assert!(snapshot.engines[&kind("docker")].absence().is_some());
}

#[tokio::test(start_paused = true)]
async fn near_names_are_told_where_no_engine_has_the_container() {
    let (docker, other) = two();
    let snapshot = look(&[&docker, &other], Some("cach")).await;
    let error = query::container(&snapshot, "cach").unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean cache?");
}

#[tokio::test(start_paused = true)]
async fn containers_in_the_same_namespace_come_with_the_one_asked_about() {
    let mut side = container("d3", "sidecar");
    side.row.network_mode = "container:d1".to_owned();
    let docker = FakeEngine::new("docker", vec![container("d1", "web"), side]);
    let snapshot = look(&[&docker], Some("web")).await;
    let ids: Vec<_> =
        snapshot.engines[&kind("docker")].rows().iter().map(|row| row.id.to_string()).collect();
    assert_eq!(ids, ["d1", "d3"]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_names_a_process_twice_proves_nothing() {
    let own = with_pid(container("d1", "web"), process::id());
    let docker = FakeEngine::new("docker", vec![own.clone()]);
    for (again, why) in [
        (own, SourceErrorKind::Unusable),
        (with_pid(container("d1", "web"), 1), SourceErrorKind::Gone),
    ] {
        docker.says_again(again);
        let snapshot = look(&[&docker], Some("web")).await;
        let row = query::container(&snapshot, "web").unwrap();
        assert_eq!((row.netns, row.netns_error.as_ref().unwrap().kind), (None, why));
    }
    assert_eq!(docker.count("inspect d1"), 2, "so that a container that stopped is told from one");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_gone_says_nothing_of_its_container() {
    for (kind_of, told) in [
        (SourceErrorKind::Gone, SourceErrorKind::Unreachable),
        (SourceErrorKind::TimedOut, SourceErrorKind::TimedOut),
        (SourceErrorKind::Denied, SourceErrorKind::Denied),
    ] {
        let own = with_pid(container("d1", "web"), process::id());
        let docker = FakeEngine::new("docker", vec![own]);
        // Asked by name it tells, and when it is asked again it is gone.
        docker.refuses("d1", kind_of);
        let snapshot = look(&[&docker], Some("web")).await;
        let row = query::container(&snapshot, "web").unwrap();
        assert_eq!((row.netns, row.netns_error.as_ref().unwrap().kind), (None, told));
        assert_eq!(resolve(&snapshot).unseen.containers.len(), 1);
    }
}

/// What a look says of a container of this process that its engine has this handle on.
async fn with_handle(handle: PathBuf) -> (Snapshot, Arc<FakeEngine>) {
    let own = with_pid(container("d1", "web"), process::id());
    let own = host::engine::EngineContainer { sandbox: Some(handle), ..own };
    let docker = FakeEngine::new("docker", vec![own]);
    (look(&[&docker], Some("web")).await, docker)
}

#[tokio::test(start_paused = true)]
async fn the_engines_own_handle_proves_the_namespace() {
    if !is_inside("look::the_engines_own_handle_proves_the_namespace") {
        return;
    }
    let link = PathBuf::from("/run/link");
    std::os::unix::fs::symlink(handle(process::id()), &link).unwrap();
    for handle in [handle(process::id()), link] {
        let (snapshot, docker) = with_handle(handle).await;
        assert!(query::container(&snapshot, "web").unwrap().netns.is_some());
        assert_eq!(docker.count("inspect d1"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_of_a_process_once_more_is_no_handle() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("net");
    let own = PathBuf::from(format!("/proc/{}/ns/net", process::id()));
    std::os::unix::fs::symlink(&own, &link).unwrap();
    let others = ["/proc/self/ns/net", "//proc/self/ns/net", "/run/../proc/thread-self/ns/net"];
    let others = others.into_iter().map(PathBuf::from);
    for handle in others.chain([own, link]) {
        let (snapshot, _) = with_handle(handle.clone()).await;
        let row = query::container(&snapshot, "web").unwrap();
        let why = row.netns_error.as_ref().map(|error| error.kind);
        assert_eq!((row.netns, why), (None, Some(SourceErrorKind::Unusable)), "{handle:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_ended_is_a_container_that_stopped_meanwhile() {
    let gone = with_pid(container("d1", "web"), u32::MAX >> 1);
    let docker = FakeEngine::new("docker", vec![gone]);
    let snapshot = look(&[&docker], Some("web")).await;
    let row = query::container(&snapshot, "web").unwrap();
    assert_eq!(row.netns_error.as_ref().unwrap().kind, SourceErrorKind::Gone);
}

#[tokio::test(start_paused = true)]
async fn doctor_checks_each_engine() {
    let (docker, other) = two();
    other.go_down();
    let (host, _folder) = host(vec![docker, other]);
    let checks = host.examine().await;
    let of = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
    assert!(!of("docker").verdict.is_bad());
    assert_eq!((of("docker").target.as_str(), of("docker").detail.as_str()), ("nowhere", "1.0"));
    assert!(of("other").verdict.is_bad() && of("ovsdb").verdict.is_bad());
}

#[test]
fn an_engine_that_is_not_known_is_refused() {
    let engines = vec!["dokcer".to_owned()];
    let error = host::Host::open(&host::Settings { engines, ..host::Settings::from_env() });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("dokcer") && error.contains("docker"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_one_engine_has_is_not_held_up_by_another_that_is_silent() {
    let (docker, other) = two();
    other.hang(true);
    for wanted in ["web", "db"] {
        let look = model::Look::new(look(&[&docker, &other], Some(wanted)).await);
        assert!(look.container(wanted).is_ok());
        let told = look.silent_engines(wanted);
        assert!(matches!(&*told, [one] if one.contains("other at nowhere")), "{told:?}");
        assert!(look.silent_engines(&*format!("docker:{wanted}")).is_empty(), "none but Docker's");
    }
    let by_id = look(&[&docker, &other], Some("d1")).await;
    assert!(!by_id.engines.contains_key(&kind("other")), "no other container has that id");
    let unknown = look(&[&docker, &other], Some("cache")).await;
    let error = query::container(&unknown, "cache").unwrap_err();
    assert!(matches!(error, QueryError::SourceUnavailable(_)), "it may have one: {error}");
}

/// Who an engine is that has no part in the answer is of no use.
#[tokio::test(start_paused = true)]
async fn what_a_silent_engine_calls_itself_is_not_waited_for() {
    let (docker, other) = two();
    other.hang(true);
    let (host, _folder) = host(vec![docker, other]);
    for wanted in ["d1", "web"] {
        let target = Some(wanted.into());
        let question = Question { target, identities: true, ..Question::default() };
        let start = tokio::time::Instant::now();
        let snapshot = host.look(&question).await;
        assert!(snapshot.identities.engines.contains_key(&kind("docker")), "{wanted}");
        assert!(start.elapsed() < Duration::from_secs(3), "{wanted}: {:?}", start.elapsed());
    }
}

/// An inspection of a container that starts is late: it may be one of that very name.
#[tokio::test(start_paused = true)]
async fn an_engine_that_is_late_about_a_name_is_told_with_what_another_one_has() {
    let (docker, other) = two();
    docker.starts("web", true);
    let look = model::Look::new(look(&[&docker, &other], Some("web")).await);
    assert_eq!(&*look.container("web").unwrap().id.0, "o1");
    assert_eq!(look.silent_engines("web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_users_run_is_asked_where_the_host_has_none_of_that_name() {
    let (docker, _) = two();
    let theirs = vec![container("u1", "web"), container("u2", "own")];
    let user = FakeEngine::new("podman@1000", theirs);
    let snapshot = look(&[&docker, &user], Some("web")).await;
    assert_eq!(&*query::container(&snapshot, "web").unwrap().id.0, "d1");
    assert_eq!(user.count("inspect web"), 0);
    let snapshot = look(&[&docker, &user], Some("own")).await;
    assert_eq!(&*query::container(&snapshot, "own").unwrap().id.0, "u2");
    for named in ["podman@1000:web", "podman:web"] {
        let snapshot = look(&[&docker, &user], Some(named)).await;
        assert_eq!(&*query::container(&snapshot, named).unwrap().id.0, "u1", "{named}");
    }
    let whole = look(&[&docker, &user], None).await;
    assert_eq!(&*query::container(&whole, "web").unwrap().id.0, "d1");
    assert_eq!(&*query::container(&whole, "podman@1000:web").unwrap().id.0, "u1");
    user.hang(true);
    let snapshot = look(&[&docker, &user], Some("web")).await;
    assert_eq!(snapshot.engines.len(), 1, "it has no say");
    let start = tokio::time::Instant::now();
    let whole = look(&[&docker, &user], None).await;
    assert!(whole.engines[&kind("podman@1000")].absence().is_some());
    assert!(start.elapsed() < Duration::from_secs(3), "it holds up no other");
}

//! Who the sources are, as looks and watches tell it.

use std::fs;
use std::time::Duration;

use host::Question;
use model::identity::{SourceIdentity, World};
use model::{Observed, Snapshot};
use tokio::time::timeout;

use crate::fake_database::FakeDatabase;
use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::is_inside;
use crate::rows::host;

fn vswitchd(snapshot: &Snapshot) -> &SourceIdentity {
    snapshot.identities.vswitchd.as_ref().unwrap()
}

fn pid_and_doubt(snapshot: &Snapshot) -> (Option<u32>, Option<&str>) {
    let vswitchd = vswitchd(snapshot);
    assert_eq!(snapshot.switch_netns.is_some(), vswitchd.world.is_here());
    (vswitchd.pid, vswitchd.world.doubt())
}

#[tokio::test]
async fn vswitchd_is_who_holds_the_lock_whatever_number_is_in_the_file() {
    let (host, folder) = host(Vec::new());
    let _database = FakeDatabase::listen(folder.path());
    let running = FakeVswitchd::start(folder.path());
    for number in [running.id().to_string(), std::process::id().to_string(), "none".to_owned()] {
        fs::write(folder.path().join("ovs-vswitchd.pid"), number).unwrap();
        let snapshot = host.look(&Question::default()).await;
        assert_eq!(pid_and_doubt(&snapshot), (Some(running.id()), None));
        let database = snapshot.identities.database.unwrap();
        assert!(database.world.is_here(), "{database:?}");
        assert_eq!(database.pid, Some(std::process::id()), "the tests listen there");
    }
}

#[tokio::test]
async fn who_may_only_read_the_file_cannot_be_vswitchd() {
    let (host, folder) = host(Vec::new());
    let _database = FakeDatabase::listen(folder.path());
    fs::write(folder.path().join("ovs-vswitchd.pid"), "1\n").unwrap();
    let reads = FakeVswitchd::reading(folder.path());
    let snapshot = host.look(&Question::default()).await;
    let (pid, doubt) = pid_and_doubt(&snapshot);
    assert!(pid.is_none() && doubt.unwrap().contains("no process holds the lock"), "{doubt:?}");
    drop(reads);
}

#[tokio::test]
async fn without_vswitchd_the_reason_is_told() {
    let (host, folder) = host(Vec::new());
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth1", Some(1))]);
    let snapshot = host.look(&Question::default()).await;
    let (pid, doubt) = pid_and_doubt(&snapshot);
    assert!(pid.is_none() && doubt.unwrap().contains("it does not run"), "{doubt:?}");
    let wiring = model::resolve(&snapshot);
    let occupant = format!("{:?}", wiring.ports[0].occupant);
    assert!(occupant.contains("Unknown") && occupant.contains("does not run"), "{occupant}");
    let world = snapshot.identities.database.unwrap().world;
    assert!(matches!(world, World::Unknown { .. }), "{world:?}");
}

#[tokio::test]
async fn a_watch_tells_when_another_vswitchd_has_the_lock() {
    if !is_inside("identity::a_watch_tells_when_another_vswitchd_has_the_lock") {
        return;
    }
    let (host, folder) = host(Vec::new());
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[]);
    let first = FakeVswitchd::start(folder.path());
    let mut watch = host.watch();
    let mut until = async |what: &str, told: &dyn Fn(&Snapshot) -> bool| {
        let told = async { while !told(&*watch.next().await) {} };
        timeout(Duration::from_secs(20), told).await.unwrap_or_else(|_| panic!("{what}"));
    };
    let pid = first.id();
    until("the first", &|snapshot| pid_and_doubt(snapshot) == (Some(pid), None)).await;
    drop(first);
    // Something happens in the kernel, so that it is looked at again.
    let pair = netns::RouteSocket::here().unwrap();
    pair.set_up(1).unwrap();
    until("it is gone", &|snapshot| matches!(snapshot.kernel, Observed::Stale { .. })).await;
    let second = FakeVswitchd::start(folder.path());
    let pid = second.id();
    until("the second", &|snapshot| {
        snapshot.kernel.is_fresh() && pid_and_doubt(snapshot) == (Some(pid), None)
    })
    .await;
}

//! Reading and following the switch's database.

use std::sync::Arc;
use std::time::Duration;

use host::Question;
use model::ids::OfPort;
use model::switch::{Bridge, OfPortState, SwitchSource};
use model::{Observed, Snapshot, query};
use tokio::time::timeout;

use crate::fake_database::FakeDatabase;
use crate::fake_engine::FakeEngine;
use crate::rows::{container, host};

fn bridges(snapshot: &Snapshot) -> &[Bridge] {
    snapshot.switch[&SwitchSource::Ovsdb].rows()
}

/// The names of all ports, with their numbers.
fn ports(snapshot: &Snapshot) -> Vec<(String, OfPortState)> {
    let ports = bridges(snapshot).iter().flat_map(|bridge| &bridge.ports);
    let mut ports: Vec<_> = ports.map(|port| (port.iface.to_string(), port.ofport)).collect();
    ports.sort_by(|a, b| a.0.cmp(&b.0));
    ports
}

fn assigned(name: &str, number: u16) -> (String, OfPortState) {
    (name.to_owned(), OfPortState::Assigned(OfPort(number)))
}

#[tokio::test]
async fn a_whole_look_reads_every_bridge_with_its_ports() {
    let (host, folder) = host(Vec::new());
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth1", Some(1)), ("veth2", None)]);
    database.bridge("br1", &[]);
    let snapshot = host.look(&Question::default()).await;
    assert_eq!(
        ports(&snapshot),
        [assigned("veth1", 1), ("veth2".to_owned(), OfPortState::Pending)]
    );
    let br0 = query::bridge(&snapshot, "br0").unwrap().bridge;
    let port = &br0.ports[0];
    assert_eq!((port.tag, port.kind.as_str()), (Some(10), "system"));
    assert_eq!(port.options.keys().collect::<Vec<_>>(), ["key"], "secrets are not kept");
    assert!(query::bridge(&snapshot, "br1").unwrap().bridge.ports.is_empty());
}

#[tokio::test]
async fn a_look_at_one_container_names_the_bridge_that_is_asked_about() {
    let docker = FakeEngine::new("docker", vec![container("d1", "web")]);
    let (host, folder) = host(vec![docker]);
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth1", Some(1))]);
    let about = |bridge: &str| Question {
        target: Some("web".into()),
        bridge: Some(bridge.to_owned()),
        ..Question::default()
    };
    let snapshot = host.look(&about("br0")).await;
    assert!(query::bridge(&snapshot, "br0").is_ok() && ports(&snapshot).is_empty());
    let error = query::bridge(&host.look(&about("br7")).await, "br7").unwrap_err();
    assert_eq!(error.hint().unwrap(), "there are br0");
    let every = Question { every_port: true, ..about("br0") };
    assert_eq!(ports(&host.look(&every).await), [assigned("veth1", 1)]);
}

/// The schema is asked for only after a refusal, and fake bridges come with what is read anyway.
#[tokio::test]
async fn a_look_has_no_round_trip_for_what_the_database_may_lack() {
    let docker = FakeEngine::new("docker", vec![container("d1", "web")]);
    let (host, folder) = host(vec![docker]);
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth1", Some(1))]);
    host.look(&Question::default()).await;
    assert_eq!(database.asked(), ["monitor"]);
    let (target, bridge) = (Some("web".into()), Some("br0".to_owned()));
    host.look(&Question { target, bridge, ..Question::default() }).await;
    assert_eq!(database.asked(), ["monitor", "transact"], "no port needs a second one");
}

#[tokio::test]
async fn a_road_that_is_not_there_is_absent_and_says_why() {
    let (host, _folder) = host(Vec::new());
    let snapshot =
        host.look(&Question { sources: SwitchSource::ALL.to_vec(), ..Question::default() }).await;
    assert_eq!(snapshot.switch.len(), 3);
    let why = snapshot.switch[&SwitchSource::Ovsdb].absence().unwrap();
    assert!(why.hint.contains("is Open vSwitch running"), "{why}");
    assert!(snapshot.switch[&SwitchSource::Appctl].absence().is_some());
    // The folder is there, and no bridge is in it.
    assert_eq!(snapshot.switch[&SwitchSource::OpenFlow].rows(), []);
}

#[tokio::test]
async fn counters_are_read_by_name() {
    let (host, folder) = host(Vec::new());
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth1", Some(1)), ("veth2", Some(2))]);
    let all = host.statistics(None).await.unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["veth1", "veth2"]);
    let one = host.statistics(Some("veth2")).await.unwrap();
    assert_eq!(one["veth2"]["rx_bytes"], 5);
    assert_eq!(one.len(), 1);
}

#[tokio::test]
async fn doctor_tells_the_schema_and_the_datapaths() {
    let (host, folder) = host(Vec::new());
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[]);
    let checks = host.examine().await;
    let of = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
    assert_eq!(of("ovsdb").detail, "schema 8.8.0");
    assert!(of("datapath").detail.starts_with("1 netdev"), "{}", of("datapath").detail);
    assert!(of("vswitchd").verdict.is_bad());
}

#[tokio::test]
async fn the_database_is_followed_through_changes_and_outages() {
    let (host, folder) = host(Vec::new());
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth1", Some(1))]);
    let mut watch = host.watch();
    let mut until = async |wanted: &dyn Fn(&Snapshot) -> bool| -> Arc<Snapshot> {
        let seen = async {
            loop {
                let snapshot = watch.next().await;
                if wanted(&snapshot) {
                    return snapshot;
                }
            }
        };
        timeout(Duration::from_secs(20), seen).await.expect("it is seen in time")
    };
    until(&|snapshot| ports(snapshot) == [assigned("veth1", 1)]).await;
    database.bridge("br0", &[("veth1", Some(1)), ("veth2", None)]);
    until(&|snapshot| ports(snapshot).len() == 2).await;
    database.bridge("br0", &[("veth1", Some(1)), ("veth2", Some(2))]);
    until(&|snapshot| ports(snapshot)[1..] == [assigned("veth2", 2)]).await;
    database.end().await;
    let stale = until(&|snapshot| !snapshot.switch[&SwitchSource::Ovsdb].is_fresh()).await;
    assert_eq!(ports(&stale).len(), 2, "what was known is kept");
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("veth3", Some(3))]);
    let back = until(&|snapshot| {
        matches!(snapshot.switch[&SwitchSource::Ovsdb], Observed::Fresh { .. })
            && !ports(snapshot).is_empty()
    });
    assert_eq!(ports(&*back.await), [assigned("veth3", 3)]);
}

//! The sources beside the database: OpenFlow and vswitchd's control socket.

use std::path::Path;

use host::Question;
use model::ids::{DatapathId, DpPort, OfPort};
use model::switch::{Bridge, OfPortState, SwitchSource};
use model::{SourceErrorKind, query};
use tokio::net::UnixListener;

use crate::fake_switch::FakeSwitch;
use crate::rows::host;

const SHOWN: &str = "\
netdev@ovs-netdev: hit:0 missed:0
  br0:
    br0 65534/1: (tap)
    port1 1/2: (system)
    vx0 2/3: (vxlan: key=flow, remote_ip=192.0.2.1)
";

fn all() -> Question {
    Question { sources: vec![SwitchSource::OpenFlow, SwitchSource::Appctl], ..Question::default() }
}

fn numbers(bridge: &Bridge) -> Vec<(String, OfPortState)> {
    bridge.ports.iter().map(|port| (port.iface.to_string(), port.ofport)).collect()
}

fn assigned(name: &str, number: u16) -> (String, OfPortState) {
    (name.to_owned(), OfPortState::Assigned(OfPort(number)))
}

#[tokio::test]
async fn a_bridge_tells_its_ports_by_openflow() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[1, 2], SHOWN);
    let snapshot = host.look(&all()).await;
    let [bridge] = snapshot.switch[&SwitchSource::OpenFlow].rows() else { panic!("{snapshot:#?}") };
    assert_eq!((&*bridge.name, bridge.datapath_id), ("br0", Some(DatapathId(0xab))));
    assert_eq!(numbers(bridge), [assigned("port1", 1), assigned("port2", 2)]);
    assert_eq!(bridge.ports[0].mac, "02:00:00:00:00:01".parse().ok());
}

#[tokio::test]
async fn vswitchd_tells_datapath_ports_and_the_ends_of_tunnels() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[1], SHOWN);
    let snapshot = host.look(&all()).await;
    let [bridge] = snapshot.switch[&SwitchSource::Appctl].rows() else { panic!("{snapshot:#?}") };
    assert_eq!(bridge.datapath.as_deref(), Some("netdev"));
    let names = [assigned("br0", 65534), assigned("port1", 1), assigned("vx0", 2)];
    assert_eq!(numbers(bridge), names);
    let kinds: Vec<_> = bridge.ports.iter().map(|port| port.kind.as_str()).collect();
    assert_eq!(kinds, ["internal", "system", "vxlan"]);
    assert_eq!(bridge.ports[1].dp_port, Some(DpPort(2)));
    assert_eq!(bridge.ports[2].options["remote_ip"], "192.0.2.1");
    let checks = host.examine().await;
    let vswitchd = checks.iter().find(|check| check.name == "vswitchd").unwrap();
    assert!(vswitchd.detail.contains("3.1.0"), "{}", vswitchd.detail);
}

#[tokio::test]
async fn where_no_bridge_has_the_name_each_may_be_the_parent_of_a_fake_one() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[1], SHOWN);
    let question = Question { bridge: Some("br1".to_owned()), ..all() };
    let snapshot = host.look(&Question { sources: vec![SwitchSource::OpenFlow], ..question }).await;
    let error = query::bridge(&snapshot, "br1").unwrap_err();
    assert_eq!(
        error.hint().unwrap(),
        "there are br0; of fake bridges the source ovsdb alone tells"
    );
    assert_eq!(numbers(query::bridge(&snapshot, "br0").unwrap().bridge).len(), 1);
}

/// A container on another bridge would be told to be on none.
#[tokio::test]
async fn beside_the_bridge_that_is_asked_about_the_others_are_read_or_missing() {
    let (host, folder) = host(Vec::new());
    let mut switch = FakeSwitch::listen(folder.path(), "br0", &[1], SHOWN);
    switch.add_bridge(folder.path(), "br1", &[1, 2]);
    let question = Question { bridge: Some("br0".to_owned()), ..all() };
    let read = async || host.look(&question).await.switch[&SwitchSource::OpenFlow].clone();
    let ports = |rows: &[Bridge]| {
        let mut ports: Vec<_> =
            rows.iter().map(|bridge| (bridge.name.to_string(), bridge.ports.len())).collect();
        ports.sort();
        ports
    };
    let called = |name: &str, ports| (name.to_owned(), ports);
    let whole = read().await;
    assert!(whole.is_fresh(), "{whole:?}");
    assert_eq!(ports(whole.rows()), [called("br0", 1), called("br1", 2)]);
    drop(UnixListener::bind(folder.path().join("br2.mgmt")).unwrap());
    let partial = read().await;
    let why = partial.incompleteness().expect("br2 did not answer");
    assert!(why.what.contains("br2.mgmt"), "{why}");
    assert_eq!(ports(partial.rows()), [called("br0", 1), called("br1", 2), called("br2", 0)]);
}

/// A bridge that ovs-vswitchd takes down as soon as it is asked: its socket goes, then the
/// connection.
fn taken_down(rundir: &Path, name: &str) {
    let path = rundir.join(format!("{name}.mgmt"));
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let asked = listener.accept().await.unwrap();
        std::fs::remove_file(path).unwrap();
        drop(asked);
    });
}

#[tokio::test]
async fn a_bridge_that_is_removed_meanwhile_hides_no_other() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[1], SHOWN);
    taken_down(folder.path(), "br1");
    taken_down(folder.path(), "br2");
    let snapshot = host.look(&all()).await;
    let [bridge] = snapshot.switch[&SwitchSource::OpenFlow].rows() else { panic!("{snapshot:#?}") };
    assert_eq!(&*bridge.name, "br0");
}

#[tokio::test]
async fn a_bridge_that_is_asked_for_and_removed_meanwhile_is_not_said_to_have_no_ports() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[1], SHOWN);
    taken_down(folder.path(), "br1");
    let snapshot = host.look(&Question { bridge: Some("br1".to_owned()), ..all() }).await;
    let why = snapshot.switch[&SwitchSource::OpenFlow].absence().unwrap();
    assert!(why.what.contains("br1.mgmt"), "{why}");
}

#[tokio::test]
async fn a_vswitchd_that_ends_meanwhile_is_not_said_to_have_no_bridges() {
    let (host, folder) = host(Vec::new());
    taken_down(folder.path(), "br0");
    taken_down(folder.path(), "br1");
    let question = Question { sources: vec![SwitchSource::OpenFlow], ..Question::default() };
    let snapshot = host.look(&question).await;
    assert!(snapshot.switch[&SwitchSource::OpenFlow].absence().is_some(), "{snapshot:#?}");
}

#[tokio::test]
async fn a_bridge_that_does_not_answer_fails_the_road() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[1], SHOWN);
    drop(UnixListener::bind(folder.path().join("br1.mgmt")).unwrap());
    let snapshot = host.look(&all()).await;
    let why = snapshot.switch[&SwitchSource::OpenFlow].absence().unwrap();
    assert_eq!(why.kind, SourceErrorKind::Unreachable);
    assert!(why.what.contains("br1.mgmt"), "{why}");
}

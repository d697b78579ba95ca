use model::ids::Ifindex;
use model::snapshot::{EngineName, Link};
use model::switch::SwitchSource;

use super::*;
use crate::hosts::tests::state;

/// A recorded scene of the model's tests, whose bridge `br0` is in a mesh with this address.
fn scene(ip: &str) -> Snapshot {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../model/tests/wiring/linux-bridge-by-veth");
    let text = std::fs::read(format!("{folder}/snapshot.json")).unwrap();
    let mut snapshot: Snapshot = serde_json::from_slice(&text).unwrap();
    let rows = snapshot.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    let ids = [("docker-ovs.mesh", "blue"), ("docker-ovs.mesh-ip", ip)];
    rows[0].external_ids.extend(ids.map(|(key, value)| (key.to_owned(), value.to_owned())));
    snapshot
}

/// The underlay's link in the switch's namespace.
fn with_underlay(mut snapshot: Snapshot, ip: &str, mtu: u32) -> Snapshot {
    let home = snapshot.switch_netns.unwrap();
    let link = Link {
        ifindex: Ifindex(99),
        name: "phy".into(),
        addresses: vec![ip.parse().unwrap()],
        mtu,
        ..Link::default()
    };
    let rows = snapshot.kernel.rows_mut();
    rows.iter_mut().find(|row| row.id == home).unwrap().links.push(Arc::new(link));
    snapshot
}

fn told(snapshot: Snapshot, known: Option<&Local>) -> Option<Local> {
    local(&of(snapshot), known)
}

fn of(snapshot: Snapshot) -> State {
    let wiring = Arc::new(model::resolve(&snapshot));
    State {
        snapshot: Arc::new(snapshot),
        found: wiring.clone(),
        wiring,
        ..state(Ok(Vec::new()).into())
    }
}

#[test]
fn what_a_host_tells_is_its_attachments_bridges_and_meshes() {
    let told = told(with_underlay(scene("192.0.2.1"), "192.0.2.1/24", 1500), None).unwrap();
    assert_eq!((told.rows.len(), told.bridges.as_slice()), (1, &["br0".to_owned()][..]));
    let row = told.rows.values().next().unwrap();
    assert!(row.contains("\"Container\":\"a\"") && row.contains("\"Bridge\":\"br0\""), "{row}");
    let of = &told.meshes["blue"];
    assert_eq!((of.bridge.as_str(), of.local_ip), ("br0", "192.0.2.1".parse().ok()));
    assert_eq!((of.mtu, of.uplinks.as_slice()), (Some(1446), &[][..]));
    assert_eq!((&told.hidden, told.left_out), (&UnseenRows::default(), 0));
}

#[test]
fn an_underlay_of_ipv6_leaves_less_and_one_that_is_not_found_is_not_guessed() {
    let six = with_underlay(scene("2001:db8::1"), "2001:db8::1/64", 9000);
    assert_eq!(told(six, None).unwrap().meshes["blue"].mtu, Some(9000 - 74));
    assert_eq!(told(scene("192.0.2.1"), None).unwrap().meshes["blue"].mtu, None);
    let small = with_underlay(scene("192.0.2.1"), "192.0.2.1/24", 50);
    assert_eq!(told(small, None).unwrap().meshes["blue"].mtu, None);
}

#[test]
fn what_was_told_already_is_not_told_again() {
    let scene = || with_underlay(scene("192.0.2.1"), "192.0.2.1/24", 1500);
    let first = told(scene(), None).unwrap();
    assert_eq!(told(scene(), Some(&first)), None);
    let other = with_underlay(self::scene("192.0.2.1"), "192.0.2.1/24", 1400);
    assert_eq!(told(other, Some(&first)).unwrap().meshes["blue"].mtu, Some(1346));
}

#[test]
fn what_was_not_seen_is_as_it_was_told_and_what_is_missing_is_not_gone() {
    let whole = with_underlay(scene("192.0.2.1"), "192.0.2.1/24", 1500);
    let mut known = told(whole.clone(), None).unwrap();
    known.meshes.get_mut("blue").unwrap().uplinks = vec!["qvo0".to_owned()];
    let mut blind = whole;
    let why = model::SourceError::new(model::SourceErrorKind::Denied, "kernel", "no rights");
    blind.kernel = Observed::Absent { why };
    let told = told(blind, Some(&known)).unwrap();
    assert!(told.hidden.all);
    let of = &told.meshes["blue"];
    assert_eq!((of.mtu, of.uplinks.as_slice()), (Some(1446), &["qvo0".to_owned()][..]));
}

/// One that is found by itself, as containerd without its CRI plugin.
#[test]
fn an_engine_that_never_answers_hides_what_it_has_and_nothing_else() {
    let mut scene = with_underlay(scene("192.0.2.1"), "192.0.2.1/24", 1500);
    let why =
        model::SourceError::new(model::SourceErrorKind::Unreachable, "cri", "no such service");
    scene.engines.insert(EngineName("cri".into()), Observed::Absent { why });
    let told = told(scene, None).unwrap();
    let engines = ["cri".to_owned()].into();
    assert_eq!(told.hidden, UnseenRows { engines, ..UnseenRows::default() });
}

#[test]
fn uplinks_that_are_allowed_are_not_told() {
    let mut scene = with_underlay(scene("192.0.2.1"), "192.0.2.1/24", 1500);
    let home = scene.switch_netns.unwrap();
    let rows = scene.kernel.rows_mut();
    let links = &mut rows.iter_mut().find(|row| row.id == home).unwrap().links;
    let master = links.iter().find(|link| *link.name == *"qbr0").unwrap().ifindex;
    let name = "eno1".into();
    links.push(Arc::new(Link {
        ifindex: Ifindex(98),
        name,
        master: Some(master),
        ..Link::default()
    }));
    assert_eq!(told(scene.clone(), None).unwrap().meshes["blue"].uplinks, ["qvo0"]);
    let rows = scene.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows[0].external_ids.insert("docker-ovs.mesh-uplink".to_owned(), "allowed".to_owned());
    let told = told(scene, None).unwrap();
    assert_eq!(told.meshes["blue"].uplinks, [""; 0]);
}

#[test]
fn without_the_switch_nothing_is_told() {
    let fresh = Arc::new(of(scene("192.0.2.1")));
    assert!(has_switch(&fresh));
    let mut away = scene("192.0.2.1");
    let why = model::SourceError::new(model::SourceErrorKind::Gone, "ovsdb", "away");
    let rows = away.switch[&SwitchSource::Ovsdb].rows().to_vec();
    away.switch.insert(SwitchSource::Ovsdb, Observed::Stale { rows: rows.into(), why });
    assert!(!has_switch(&Arc::new(of(away))));
}

use std::sync::Arc;

use model::Snapshot;
use model::ids::OfPort;
use model::switch::{OfPortState, Port};
use report::v1::FromHost;

use super::*;

fn member(host: &str, number: u16, ip: &str) -> MeshMember {
    MeshMember {
        from: FromHost { host: host.to_owned(), liveness: Liveness::Live, stale_since: None },
        number: Some(number),
        ofport: Some(64_000 + number),
        bridge: "br0".to_owned(),
        local_ip: Some(ip.to_owned()),
        mtu: Some(1446),
        uplinks: Vec::new(),
        notes: Vec::new(),
    }
}

fn mesh() -> Mesh {
    Mesh {
        mesh: "blue".to_owned(),
        kind: "geneve".to_owned(),
        key: 7,
        dst_port: 6081,
        mtu: Some(1446),
        members: vec![member("a", 1, "192.0.2.1"), member("b", 2, "192.0.2.2")],
    }
}

/// The tunnel from a to b, as it should be.
fn tunnel() -> Port {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    Port {
        iface: "dov000007-2".into(),
        kind: "geneve".to_owned(),
        ofport: OfPortState::Assigned(OfPort(64_002)),
        ofport_request: Some(OfPort(64_002)),
        options: pairs(&[
            ("remote_ip", "192.0.2.2"),
            ("local_ip", "192.0.2.1"),
            ("key", "7"),
            ("dst_port", "6081"),
        ]),
        external_ids: pairs(&[("docker-ovs.tunnel-mesh", "blue"), ("docker-ovs.tunnel-host", "b")]),
        protected: true,
        bfd: true,
        ..Port::default()
    }
}

fn rows(mesh: &Mesh, port: Option<Port>, bfd: Option<&str>) -> Vec<Check> {
    let ports = port.into_iter().map(Arc::new).collect();
    let bridges = [Bridge { name: "br0".into(), ports, ..Bridge::default() }];
    let states = bfd.map(|state| ("dov000007-2".to_owned(), state.to_owned()));
    let states = states.into_iter().collect();
    check_mesh(mesh, "a", &SwitchView { bridges: &bridges, attachments: &[], states: &states })
}

/// The only row: how it is judged, what it is about, and what it says.
fn row(mesh: &Mesh, port: Option<Port>, bfd: Option<&str>) -> (Verdict, String, String) {
    let mut rows = rows(mesh, port, bfd);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = rows.remove(0);
    assert_eq!(row.check, "mesh blue");
    assert_eq!(row.hint.is_empty(), row.verdict == Verdict::Ok, "{row:?}");
    (row.verdict, row.target, row.detail)
}

fn fails(mesh: &Mesh, port: Option<Port>, bfd: Option<&str>, why: &str) {
    let (verdict, target, detail) = row(mesh, port, bfd);
    assert_eq!((verdict, target.as_str()), (Verdict::Fail, "b"), "{detail}");
    assert!(detail.contains(why), "{detail}");
}

#[test]
fn a_tunnel_that_carries_is_well() {
    let detail = "dov000007-2 is port 64002 of br0, BFD is up".to_owned();
    assert_eq!(row(&mesh(), Some(tunnel()), Some("up")), (Verdict::Ok, "b".to_owned(), detail));
}

#[test]
fn a_tunnel_that_bfd_does_not_call_up_fails() {
    fails(&mesh(), Some(tunnel()), Some("down"), "BFD is down");
    fails(&mesh(), Some(tunnel()), Some("init"), "BFD is init");
    fails(&mesh(), Some(tunnel()), None, "BFD is unknown");
}

#[test]
fn a_tunnel_that_is_other_than_the_mesh_fails_whatever_bfd_says() {
    let with = |key: &str, value: &str| {
        let mut port = tunnel();
        port.options.insert(key.to_owned(), value.to_owned());
        Some(port)
    };
    let vxlan = Some(Port { kind: "vxlan".to_owned(), ..tunnel() });
    for (port, why) in [
        (vxlan, "its type is vxlan, and should be geneve"),
        (with("key", "8"), "its key is 8, and should be 7"),
        (with("dst_port", "4789"), "its UDP port is 4789, and should be 6081"),
        (
            with("remote_ip", "192.0.2.9"),
            "its remote address is 192.0.2.9, and should be 192.0.2.2",
        ),
        (with("local_ip", "192.0.2.8"), "its local address is 192.0.2.8, and should be 192.0.2.1"),
    ] {
        fails(&mesh(), port, Some("up"), why);
    }
}

#[test]
fn a_tunnel_that_passes_less_or_more_than_it_should_fails_whatever_bfd_says() {
    for (port, why) in [
        (
            Port { protected: false, ..tunnel() },
            "its column protected is false, and should be true",
        ),
        (Port { tag: Some(5), ..tunnel() }, "its column tag is 5, and should be empty"),
        (Port { trunks: vec![7, 8], ..tunnel() }, "its column trunks is 7,8, and should be empty"),
        (
            Port { vlan_mode: Some("access".to_owned()), ..tunnel() },
            "its column vlan_mode is access, and should be empty",
        ),
        (Port { bfd: false, ..tunnel() }, "its bfd:enable is false, and should be true"),
    ] {
        fails(&mesh(), Some(port), Some("up"), why);
    }
}

#[test]
fn a_tunnel_that_is_missing_or_on_no_number_or_on_another_one_fails() {
    fails(&mesh(), None, None, "no tunnel");
    let without = Port { ofport: OfPortState::default(), ..tunnel() };
    fails(&mesh(), Some(without), Some("up"), "dov000007-2 has no OpenFlow port");
    let other = Port { ofport: OfPortState::Assigned(OfPort(9)), ..tunnel() };
    fails(&mesh(), Some(other), Some("up"), "is port 9, and should be 64002");
}

#[test]
fn a_member_that_cannot_be_reached_yet_is_told_with_the_reason() {
    let mut mesh = mesh();
    mesh.members[1].notes = vec!["it has no number yet".to_owned()];
    fails(&mesh, None, None, "no tunnel: it has no number yet");
}

#[test]
fn a_peer_that_is_silent_is_noted_and_fails_only_where_the_tunnel_does() {
    let mut mesh = mesh();
    mesh.members[1].from.liveness = Liveness::Stale;
    mesh.members[1].from.stale_since = Some("2026-01-02T03:04:05.000Z".to_owned());
    let (verdict, _, detail) = row(&mesh, Some(tunnel()), Some("up"));
    assert_eq!(verdict, Verdict::Note);
    assert!(detail.ends_with("its daemon is silent since 2026-01-02T03:04:05.000Z"), "{detail}");
    fails(&mesh, Some(tunnel()), Some("down"), "silent since");
    mesh.members[1].from.stale_since = None;
    assert!(row(&mesh, Some(tunnel()), Some("up")).2.ends_with("its daemon is silent"));
}

#[test]
fn one_that_is_kept_out_for_a_second_uplink_is_told_that_alone() {
    let mut mesh = mesh();
    mesh.members[0].notes = vec!["kept out: it has the uplink up0 and b has up0".to_owned()];
    let (verdict, target, detail) = row(&mesh, None, None);
    assert_eq!((verdict, target.as_str()), (Verdict::Fail, "a"));
    assert!(detail.starts_with("kept out: it has the uplink up0"), "{detail}");
    // The other one keeps its tunnel, which leads to none.
    let mut mesh = self::mesh();
    mesh.members[1].notes = vec!["kept out: it has the uplink up0 and a has up0".to_owned()];
    fails(&mesh, Some(tunnel()), Some("down"), "BFD is down");
}

#[test]
fn a_mesh_that_carries_too_little_and_interfaces_that_send_too_much_are_told() {
    let small = Mesh { mtu: Some(1279), ..mesh() };
    let told = rows(&small, Some(tunnel()), Some("up"));
    assert_eq!((told[0].verdict, told.len()), (Verdict::Note, 2));
    assert!(told[0].detail.contains("carries 1279 bytes, and IPv6 needs 1280"), "{told:?}");
    // A recorded host, whose container has 1500 bytes on br0.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../model/tests/wiring/linux-bridge-by-veth");
    let text = std::fs::read(format!("{folder}/snapshot.json")).unwrap();
    let look = Look::new(Arc::new(serde_json::from_slice::<Snapshot>(&text).unwrap()));
    let states = BTreeMap::new();
    let told = check_mesh(&mesh(), "a", &SwitchView::new(&look, &states));
    assert_eq!((told[0].verdict, told[0].target.as_str()), (Verdict::Fail, "a"));
    assert!(
        told[0].detail.contains("a:eth0 has MTU 1500: the mesh carries 1446 bytes"),
        "{told:?}"
    );
    let large = Mesh { mtu: Some(8946), ..mesh() };
    let told = check_mesh(&large, "a", &SwitchView::new(&look, &states));
    assert!(told.iter().all(|row| !row.detail.contains("MTU")), "{told:?}");
}

#[test]
fn a_host_that_is_no_member_is_told_how_to_be_one() {
    let mesh = Mesh { members: vec![member("b", 2, "192.0.2.2")], ..mesh() };
    let (verdict, _, detail) = row(&mesh, None, None);
    assert_eq!((verdict, detail.as_str()), (Verdict::Note, "this host is no member"));
}

/// A bridge that is in the mesh by its own row.
fn member_bridge() -> Bridge {
    let ids = [("docker-ovs.mesh", "blue"), ("docker-ovs.mesh-ip", "192.0.2.1")];
    let external_ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Bridge { name: "br0".into(), external_ids, ..Bridge::default() }
}

#[test]
fn what_is_of_a_mesh_that_the_fleet_does_not_know_fails() {
    let states = BTreeMap::new();
    let left = Bridge { external_ids: BTreeMap::new(), ..member_bridge() };
    let with_tunnel = Bridge { ports: vec![Arc::new(tunnel())], ..left.clone() };
    for bridge in [member_bridge(), with_tunnel] {
        let bridges = [bridge];
        let seen = SwitchView { bridges: &bridges, attachments: &[], states: &states };
        for wanted in [None, Some("blue")] {
            let told = unknown_meshes(&[], wanted, "a", &seen);
            assert_eq!((told.len(), told[0].verdict), (1, Verdict::Fail));
            assert_eq!(told[0].detail, "br0 is in the mesh blue, which the fleet does not know");
        }
        assert_eq!(unknown_meshes(&[], Some("red"), "a", &seen), []);
        assert_eq!(unknown_meshes(&[mesh()], None, "a", &seen), []);
    }
    let seen = SwitchView { bridges: &[left], attachments: &[], states: &states };
    assert_eq!(unknown_meshes(&[], None, "a", &seen), []);
}

#[test]
fn a_member_that_the_fleet_does_not_know_fails() {
    let (mesh, states) = (Mesh { members: Vec::new(), ..mesh() }, BTreeMap::new());
    let bridges = [member_bridge()];
    let seen = SwitchView { bridges: &bridges, attachments: &[], states: &states };
    let told = check_mesh(&mesh, "a", &seen);
    assert_eq!((told.len(), told[0].verdict), (1, Verdict::Fail));
    assert!(told[0].detail.starts_with("br0 is in it"), "{told:?}");
}

#[test]
fn a_bridge_that_forwards_nothing_by_itself_is_noted() {
    let states = BTreeMap::from([("dov000007-2".to_owned(), "up".to_owned())]);
    let fail_mode = Some("secure".to_owned());
    let bridges = [Bridge { fail_mode, ports: vec![Arc::new(tunnel())], ..member_bridge() }];
    let seen = SwitchView { bridges: &bridges, attachments: &[], states: &states };
    let told = check_mesh(&mesh(), "a", &seen);
    assert_eq!((told.len(), told[0].verdict), (2, Verdict::Note));
    assert!(told[0].detail.contains("fail_mode secure: it forwards nothing but"), "{told:?}");
}

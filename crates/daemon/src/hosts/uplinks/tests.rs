use std::sync::Arc;

use model::Observed;
use model::ids::Ifindex;
use model::snapshot::Peer;
use model::switch::{Bridge, Port, SwitchSource};

use super::*;

/// A recorded scene of the model's tests, whose bridge is `br0`.
fn scene(name: &str) -> Snapshot {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../model/tests/wiring");
    let text = std::fs::read(format!("{folder}/{name}/snapshot.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn of(snapshot: &Snapshot) -> Vec<String> {
    uplinks(snapshot, &model::resolve(snapshot), "br0", &[])
}

fn links(snapshot: &mut Snapshot) -> &mut Vec<Arc<Link>> {
    let home = snapshot.switch_netns.unwrap();
    let mut rows = snapshot.kernel.rows_mut().iter_mut();
    &mut rows.find(|row| row.id == home).unwrap().links
}

fn link(ifindex: u32, name: &str, kind: Option<&str>, master: Option<u32>) -> Arc<Link> {
    Arc::new(Link {
        ifindex: Ifindex(ifindex),
        name: name.into(),
        kind: kind.map(Into::into),
        ethernet: true,
        up: true,
        master: master.map(Ifindex),
        ..Link::default()
    })
}

/// One end of a pair within the host.
fn end(ifindex: u32, name: &str, other: u32, master: Option<u32>) -> Arc<Link> {
    let peer = Some(Peer { ifindex: Ifindex(other), nsid: None });
    Arc::new(Link { peer, ..Link::clone(&link(ifindex, name, Some("veth"), master)) })
}

fn ports(snapshot: &mut Snapshot) -> &mut Vec<Arc<Port>> {
    let rows = snapshot.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    &mut rows.iter_mut().find(|row| *row.name == *"br0").unwrap().ports
}

fn port(iface: &str, kind: &str) -> Arc<Port> {
    Arc::new(Port { iface: iface.into(), kind: kind.to_owned(), ..Port::default() })
}

#[test]
fn a_linux_bridge_with_containers_alone_is_no_uplink_and_with_a_cable_it_is() {
    let mut scene = scene("linux-bridge-by-veth");
    assert_eq!(of(&scene), [""; 0], "there is a container behind it, and nothing else");
    links(&mut scene).push(link(40, "dummy0", Some("dummy"), Some(4)));
    assert_eq!(of(&scene), [""; 0], "a dummy leads nowhere");
    links(&mut scene).push(link(50, "eno1", None, Some(4)));
    assert_eq!(of(&scene), ["qvo0"], "the cable is beside the container");
}

#[test]
fn a_cable_is_found_behind_several_linux_bridges_and_vlans() {
    let mut scene = scene("linux-bridge-by-veth");
    let more = [
        link(60, "lb1", Some("bridge"), None),
        end(61, "a0", 62, Some(4)),
        end(62, "a1", 61, Some(60)),
    ];
    links(&mut scene).extend(more);
    assert_eq!(of(&scene), [""; 0]);
    // Round in a circle, which ends.
    links(&mut scene).extend([end(63, "b0", 64, Some(4)), end(64, "b1", 63, Some(60))]);
    assert_eq!(of(&scene), [""; 0]);
    // A VLAN of the second bridge is a member of a third one, which has the cable.
    let peer = Some(Peer { ifindex: Ifindex(60), nsid: None });
    let vlan = Link { peer, ..Link::clone(&link(65, "lb1.7", Some("vlan"), Some(66))) };
    links(&mut scene).extend([Arc::new(vlan), link(66, "lb2", Some("bridge"), None)]);
    assert_eq!(of(&scene), [""; 0]);
    links(&mut scene).push(link(67, "eno1", None, Some(66)));
    assert_eq!(of(&scene), ["qvo0"]);
}

#[test]
fn a_cable_is_an_uplink_also_where_a_container_is_stacked_on_it() {
    let mut scene = scene("macvlan-over-nic");
    ports(&mut scene).push(port("enp1s0", "system"));
    assert_eq!(of(&scene), ["enp1s0"]);
}

#[test]
fn ports_of_containers_tunnels_and_this_host_are_none() {
    let mut scene = scene("linux-bridge-by-veth");
    // The container's veth on the bridge itself, the bridge's own port, an internal one, a tunnel.
    let own = ports(&mut scene);
    own.clear();
    own.extend([port("va", "system"), port("br0", "internal"), port("host0", "internal")]);
    own.push(port("dov000001-2", "geneve"));
    links(&mut scene).push(link(70, "host0", Some("openvswitch"), None));
    assert_eq!(of(&scene), [""; 0]);
    // The internal one is put on a Linux bridge: as long as that has nothing else it ends there.
    links(&mut scene).retain(|link| *link.name != *"host0");
    links(&mut scene).push(link(70, "host0", Some("openvswitch"), Some(71)));
    links(&mut scene).push(link(71, "lb9", Some("bridge"), None));
    assert_eq!(of(&scene), [""; 0]);
    links(&mut scene).push(link(72, "eno1", None, Some(71)));
    assert_eq!(of(&scene), ["host0"]);
}

#[test]
fn links_of_other_kinds_and_pairs_within_the_host_are_uplinks() {
    let mut scene = scene("linux-bridge-by-veth");
    let own = ports(&mut scene);
    own.clear();
    for name in ["bond0", "tap0", "up0", "eno1.7"] {
        own.push(port(name, "system"));
    }
    links(&mut scene).extend([
        link(80, "bond0", Some("bond"), None),
        link(81, "tap0", Some("tun"), None),
        end(82, "up0", 83, None),
        end(83, "up1", 82, None),
        link(84, "eno1.7", Some("vlan"), None),
    ]);
    assert_eq!(of(&scene), ["bond0", "eno1.7", "tap0", "up0"]);
}

#[test]
fn uplinks_of_bridges_behind_patches_count_and_what_was_not_seen_is_as_it_was_known() {
    let mut scene = scene("linux-bridge-by-veth");
    let own = ports(&mut scene);
    own.clear();
    let patch = |name: &str, peer: &str| {
        let options = [("peer".to_owned(), peer.to_owned())].into();
        Arc::new(Port { options, ..Port::clone(&port(name, "patch")) })
    };
    own.push(patch("to-ext", "to-int"));
    let ports = vec![patch("to-int", "to-ext"), port("eno1", "system")];
    let ext = Bridge { name: "br-ext".into(), ports, ..Bridge::default() };
    let rows = scene.switch.get_mut(&SwitchSource::Ovsdb).unwrap();
    *rows = Observed::Fresh { rows: rows.rows().iter().cloned().chain([ext]).collect() };
    links(&mut scene).push(link(90, "eno1", None, None));
    assert_eq!(of(&scene), ["eno1 on br-ext"]);
    // The kernel is not read: only what was known is told.
    let why = model::SourceError::new(model::SourceErrorKind::Denied, "kernel", "no rights");
    scene.kernel = Observed::Absent { why };
    let wiring = model::resolve(&scene);
    let known = ["eno1 on br-ext".to_owned()];
    assert_eq!(uplinks(&scene, &wiring, "br0", &known), known);
    assert_eq!(uplinks(&scene, &wiring, "br0", &[]), [""; 0]);
}

#[test]
fn an_uplink_is_its_link_whatever_that_is_called() {
    /// The port, and its link as vswitchd holds it.
    fn renamed(iface: &str, link: Link) -> Vec<String> {
        let mut scene = scene("linux-bridge-by-veth");
        let own = ports(&mut scene);
        own.clear();
        let held = Port { ifindex: Some(link.ifindex), ..Port::clone(&port(iface, "system")) };
        own.push(Arc::new(held));
        let datapath = link_of_the_datapath();
        let held = Link { master: Some(datapath.ifindex), ..link };
        links(&mut scene).extend([Arc::new(held), datapath]);
        let rows = scene.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        for bridge in rows.iter_mut() {
            bridge.datapath = Some("system".to_owned());
        }
        of(&scene)
    }
    fn link_of_the_datapath() -> Arc<Link> {
        link(90, "ovs-system", Some("openvswitch"), None)
    }
    let cable = |name: &str| Link::clone(&link(50, name, None, None));
    assert_eq!(renamed("eno1", cable("eno1")), ["eno1"]);
    assert_eq!(renamed("eno1", cable("wan")), ["eno1"], "renamed");
    let with_other = Link { altnames: vec!["eno1".into()], ..cable("wan") };
    assert_eq!(renamed("eno1", with_other), ["eno1"], "its name is another one of it");
    assert_eq!(renamed("enp0s31f6-uplink-1", cable("enp0s31f6-uplin")), ["enp0s31f6-uplink-1"]);
    // A port that was given the name of a cable, and whose link is a container's or a dummy.
    let dummy = |name: &str| Link::clone(&link(50, name, Some("dummy"), None));
    assert_eq!(renamed("eno1", dummy("eno1")), [""; 0]);
    assert_eq!(renamed("eno1", dummy("d0")), [""; 0], "renamed, a dummy leads nowhere");
}

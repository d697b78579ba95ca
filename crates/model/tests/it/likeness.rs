//! What is only like a port by name or address is no more than that for whatever is behind it.

use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, Mac, NetnsId, Nsid, OfPort};
use docker_ovs_model::plan::{Disconnect, PlanError, disconnect};
use docker_ovs_model::snapshot::{Link, Peer};
use docker_ovs_model::switch::{OfPortState, Port};
use docker_ovs_model::wiring::AttachmentState;
use docker_ovs_model::{Snapshot, resolve};

use crate::plans::scene::{SWITCH, home, host};

const MAC: Mac = Mac([2, 0x42, 0, 0, 0, 0x55]);

/// A link of this kind, which is enslaved to that of index `master`, if that is not 0.
pub(crate) fn link(ifindex: u32, name: &str, kind: &str, master: u32) -> Link {
    Link {
        ifindex: Ifindex(ifindex),
        name: name.into(),
        kind: Some(kind.to_owned()),
        ethernet: true,
        mtu: 1500,
        up: true,
        master: Some(Ifindex(master)).filter(|master| master.0 != 0),
        ..Link::default()
    }
}

/// The same, whose other end or parent is that of index `peer`, in the namespace called `nsid`.
pub(crate) fn to(link: Link, peer: u32, nsid: Option<i32>) -> Link {
    Link { peer: Some(Peer { ifindex: Ifindex(peer), nsid: nsid.map(Nsid) }), ..link }
}

pub(crate) fn put(host: &mut Snapshot, netns: NetnsId, links: impl IntoIterator<Item = Link>) {
    let rows = host.kernel.rows_mut();
    let row = rows.iter_mut().find(|row| row.id == netns).unwrap();
    row.links.extend(links.into_iter().map(Arc::new));
}

pub(crate) fn names(host: &mut Snapshot, netns: NetnsId, nsid: i32, other: NetnsId) {
    let rows = host.kernel.rows_mut();
    rows.iter_mut().find(|row| row.id == netns).unwrap().nsids.insert(Nsid(nsid), other);
}

/// Makes a port of `br0`.
pub(crate) fn plug(host: &mut Snapshot, iface: &str, kind: &str) {
    let bridges = host.switch.values_mut().next().unwrap().rows_mut();
    let port = Port {
        iface: iface.into(),
        ofport: OfPortState::Assigned(OfPort(7)),
        kind: kind.to_owned(),
        ..Port::default()
    };
    bridges[0].ports.push(Arc::new(port));
}

/// A container with a bridge that all of its links are on or above, and another one that has a veth to it.
/// `like` is what leads on; the port `int0` has no link of its own.
fn bridged(like: &[Link]) -> Snapshot {
    let mut host = host();
    plug(&mut host, "int0", "internal");
    let bridges = host.switch.values_mut().next().unwrap().rows_mut();
    Arc::make_mut(&mut bridges[0].ports[0]).mac = Some(MAC);
    put(&mut host, home(1), like.iter().cloned());
    put(
        &mut host,
        home(1),
        [
            link(5, "lb", "bridge", 0),
            to(link(6, "lb.10", "vlan", 0), 5, None),
            to(link(7, "mv", "macvlan", 0), 5, None),
            to(link(8, "vb", "veth", 5), 9, Some(2)),
        ],
    );
    put(&mut host, home(2), [to(link(9, "eth0", "veth", 0), 8, Some(1))]);
    names(&mut host, home(1), 2, home(2));
    names(&mut host, home(2), 1, home(1));
    host
}

fn by_mac(ifindex: u32, name: &str, master: u32) -> Link {
    Link { mac: Some(MAC), ..link(ifindex, name, "tun", master) }
}

#[test]
fn what_is_on_a_linux_bridge_with_what_is_like_a_port_may_be_on_another() {
    let ways: [(&str, &[Link]); 3] = [
        ("by address", &[by_mac(10, "tap0", 5)]),
        ("by name", &[link(10, "int0", "tun", 5)]),
        ("by a bond", &[link(11, "bond0", "bond", 5), by_mac(10, "tap0", 11)]),
    ];
    for (what, like) in ways {
        let wiring = resolve(&bridged(like));
        for name in ["lb", "lb.10", "mv", "eth0"] {
            let mut found = wiring.attachments.iter().filter(|found| *found.link.name == *name);
            let found = found.next().unwrap();
            assert!(matches!(found.port, AttachmentState::On(_)), "{what}: {found:#?}");
            assert!(found.rests_on_likeness(), "{what}: {found:#?}");
        }
    }
}

#[test]
fn what_the_kernel_or_words_tell_of_a_linux_bridge_is_more_than_likeness() {
    let mut told = bridged(&[by_mac(10, "tap0", 5)]);
    let bridges = told.switch.values_mut().next().unwrap().rows_mut();
    let ids = &mut Arc::make_mut(&mut bridges[0].ports[0]).external_ids;
    ids.insert("container_id".to_owned(), "1".repeat(64));
    ids.insert("container_iface".to_owned(), "tap0".to_owned());
    let mut seen = bridged(&[to(link(10, "up", "veth", 5), 20, Some(0))]);
    put(&mut seen, SWITCH, [to(link(20, "v", "veth", 0), 10, Some(1))]);
    names(&mut seen, SWITCH, 1, home(1));
    plug(&mut seen, "v", "system");
    for host in [told, seen] {
        let wiring = resolve(&host);
        for name in ["lb", "lb.10", "mv", "eth0"] {
            let mut found = wiring.attachments.iter().filter(|found| *found.link.name == *name);
            let found = found.next().unwrap();
            assert!(matches!(found.port, AttachmentState::On(_)), "{found:#?}");
            assert!(!found.rests_on_likeness(), "{found:#?}");
        }
    }
}

#[test]
fn a_port_that_something_is_only_like_is_not_taken_by_force_either() {
    for (what, like) in [
        ("by address", Link { mac: Some(MAC), ..link(10, "tap0", "tun", 0) }),
        ("by name", link(10, "int0", "tun", 0)),
    ] {
        for (words, force) in [(false, false), (false, true), (true, true)] {
            let mut host = bridged(std::slice::from_ref(&like));
            if words {
                let bridges = host.switch.values_mut().next().unwrap().rows_mut();
                let ids = &mut Arc::make_mut(&mut bridges[0].ports[0]).external_ids;
                ids.insert("container_id".to_owned(), "1".repeat(64));
                ids.insert("container_iface".to_owned(), like.name.to_string());
            }
            let request = Disconnect {
                bridge: "br0".to_owned(),
                container: "c1".to_owned(),
                interface: Some(like.name.to_string()),
                force,
            };
            match disconnect(&host, &resolve(&host), &request) {
                Ok(_) => assert!(words, "{what}"),
                // Without force as well: what is refused either way does not say that force helps.
                Err(error @ PlanError::OnlyLike { .. }) => {
                    assert!(!words && error.to_string().contains("alone"), "{what}: {error}");
                    let hint = error.hint().unwrap();
                    assert!(hint.contains("del-port") && !hint.contains("force"), "{what}: {hint}");
                }
                Err(other) => panic!("{what}: {other}"),
            }
        }
    }
}

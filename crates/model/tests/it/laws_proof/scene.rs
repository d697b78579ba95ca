//! Containers whose interfaces get to the switch in any way there is.

use std::sync::Arc;

use docker_ovs_model::ids::{ContainerId, Ifindex, Mac, NetnsId, Nsid, OfPort};
use docker_ovs_model::snapshot::{Container, Link, Namespace, Observed, Peer, Snapshot};
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::plans::scene;

pub(super) const SWITCH: NetnsId = NetnsId { dev: 4, ino: 1 };

pub(super) fn home(i: u64) -> NetnsId {
    NetnsId { dev: 4, ino: 100 + i }
}

/// How an interface of a container gets to the switch, as far as it does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Veth,
    /// Opened by an alternative name.
    Altname,
    /// Given another name afterwards.
    Renamed,
    /// An internal port that was moved; under its own name or another.
    Moved {
        renamed: bool,
    },
    /// An SR-IOV function, claimed by words or by an address.
    Function {
        words: bool,
    },
    /// Onto a Linux bridge of the switch's namespace, which has an uplink, or has none.
    LinuxBridge {
        uplink: bool,
    },
    /// Into the namespace of the container before, onto a Linux bridge there.
    ByAnother,
    /// Two veths in a bond, and a VLAN on that.
    Bond,
    /// A macvlan over the interface of the container before, which may have any way itself.
    OverAnother,
    /// A macvlan over an internal port, or over a veth that is a port.
    OverPort {
        internal: bool,
    },
    /// Nowhere: its port stayed behind.
    Gone,
}

pub(super) fn ways() -> impl Strategy<Value = Vec<Way>> {
    let way = prop::sample::select(vec![
        Way::Veth,
        Way::Altname,
        Way::Renamed,
        Way::Moved { renamed: false },
        Way::Moved { renamed: true },
        Way::Function { words: false },
        Way::Function { words: true },
        Way::LinuxBridge { uplink: true },
        Way::LinuxBridge { uplink: false },
        Way::ByAnother,
        Way::Bond,
        Way::OverAnother,
        Way::OverPort { internal: true },
        Way::OverPort { internal: false },
        Way::Gone,
    ]);
    vec(way, 1..5)
}

pub(super) fn link(ifindex: u32, name: &str, kind: Option<&str>) -> Link {
    Link {
        ifindex: Ifindex(ifindex),
        name: name.into(),
        kind: kind.map(str::to_owned),
        ethernet: true,
        mac: Some(mac(0, ifindex)),
        mtu: 1500,
        up: true,
        ..Link::default()
    }
}

pub(super) fn mac(home: u8, ifindex: u32) -> Mac {
    let [.., high, low] = ifindex.to_be_bytes();
    Mac([2, 0, 0, home, high, low])
}

fn container(i: u64) -> Container {
    let (id, name) = (format!("{i:x}").repeat(64), format!("c{i}"));
    let pid = u32::try_from(100 + i).ok();
    let (id, name) = (ContainerId(id.into()), name.into());
    Container { id, name, pid, netns: Some(home(i)), ..scene::container(1) }
}

/// A switch, and containers with nothing in them.
fn host(count: u64) -> Snapshot {
    let mut host = scene::host();
    let rows = (0..count).map(container).collect();
    *host.engines.values_mut().next().unwrap() = Observed::Fresh { rows };
    let switch = Namespace { nsids: [].into(), ..host.switch_namespace().unwrap().clone() };
    let inside = |i| Namespace { id: home(i), nsids: [(Nsid(0), SWITCH)].into(), ..switch.clone() };
    let spaces = std::iter::once(switch.clone()).chain((0..count).map(inside)).collect();
    host.kernel = Observed::Fresh { rows: spaces };
    host
}

/// A scene as the kernel and the switch would have it: both ends of every pair name each other.
pub(super) struct Scene {
    pub(super) snapshot: Snapshot,
    next: u32,
}

impl Scene {
    pub(super) fn new(ways: &[Way]) -> Self {
        let count = u64::try_from(ways.len()).unwrap();
        let mut scene = Self { snapshot: host(count), next: 10 };
        for (i, way) in (0..count).zip(ways) {
            scene.go(i, *way);
        }
        scene
    }

    fn space(&mut self, id: NetnsId) -> &mut Namespace {
        self.snapshot.kernel.rows_mut().iter_mut().find(|ns| ns.id == id).unwrap()
    }

    fn add(&mut self, netns: NetnsId, link: Link) {
        self.space(netns).links.push(Arc::new(link));
    }

    fn port(&mut self, port: Port) {
        let rows = self.snapshot.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
        let number = u16::try_from(rows[0].ports.len()).unwrap() + 1;
        let ofport = OfPortState::Assigned(OfPort(number));
        rows[0].ports.push(Arc::new(Port { ofport, ..port }));
    }

    fn system_port(&mut self, name: &str, ifindex: Option<u32>) {
        let ifindex = ifindex.map(Ifindex);
        if let Some(index) = ifindex {
            let here = self.space(SWITCH);
            here.packet_sockets.get_or_insert_default().insert(index);
            here.vswitchd_sockets.get_or_insert_default().links.insert(index);
        }
        let kind = "system".to_owned();
        self.port(Port { iface: name.into(), kind, ifindex, ..Port::default() });
    }

    /// A pair of veths; gives the index of the first, which is one less than the second's.
    fn pair(&mut self, near: NetnsId, inside: &str, far: NetnsId, outside: &str) -> u32 {
        let own = self.next;
        self.next += 2;
        let (away, back) = (self.called(near, far), self.called(far, near));
        let peer = |index, nsid| Some(Peer { ifindex: Ifindex(index), nsid });
        self.add(near, Link { peer: peer(own + 1, away), ..link(own, inside, Some("veth")) });
        self.add(far, Link { peer: peer(own, back), ..link(own + 1, outside, Some("veth")) });
        own
    }

    fn called(&mut self, from: NetnsId, to: NetnsId) -> Option<Nsid> {
        if from == to {
            return None;
        }
        let row = self.space(from);
        let known = row.nsids.iter().find(|(_, id)| **id == to).map(|(nsid, _)| *nsid);
        Some(known.unwrap_or_else(|| {
            let nsid = Nsid(i32::try_from(row.nsids.len()).unwrap());
            row.nsids.insert(nsid, to);
            nsid
        }))
    }

    fn enslave(&mut self, netns: NetnsId, ifindex: u32, master: u32) {
        let links = self.space(netns).links.iter_mut();
        for link in links.filter(|link| link.ifindex.0 == ifindex) {
            Arc::make_mut(link).master = Some(Ifindex(master));
        }
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn go(&mut self, i: u64, way: Way) {
        let (here, name) = (home(i), format!("h{i}"));
        match way {
            Way::Veth => {
                let own = self.pair(here, "eth0", SWITCH, &name);
                self.system_port(&name, Some(own + 1));
            }
            Way::Altname => {
                let own = self.pair(here, "eth0", SWITCH, &name);
                let links = self.space(SWITCH).links.iter_mut();
                let end = links.filter(|link| link.ifindex.0 == own + 1);
                end.for_each(|link| Arc::make_mut(link).altnames = vec![format!("alt{i}").into()]);
                self.system_port(&format!("alt{i}"), Some(own + 1));
            }
            Way::Renamed => {
                let own = self.pair(here, "eth0", SWITCH, &name);
                self.system_port(&format!("was{i}"), Some(own + 1));
            }
            Way::Moved { renamed } => {
                let index = self.fresh();
                let inside = if renamed { "eth0" } else { &name };
                let found = link(index, inside, Some("tun"));
                let (iface, kind) = (name.as_str().into(), "internal".to_owned());
                let configured_mac = found.mac.filter(|_| renamed);
                self.add(here, found);
                self.port(Port { iface, kind, configured_mac, ..Port::default() });
            }
            Way::Function { words } => {
                let index = self.fresh();
                let found = link(index, "eth0", None);
                let attached = ("attached-mac".to_owned(), found.mac.unwrap().to_string());
                let named = [
                    ("container_id".to_owned(), format!("c{i}")),
                    ("container_iface".to_owned(), "eth0".to_owned()),
                ];
                self.add(here, found);
                let external_ids =
                    if words { named.into() } else { [attached].into_iter().collect() };
                let (iface, kind) = (name.into(), "dpdk".to_owned());
                self.port(Port { iface, kind, external_ids, ..Port::default() });
            }
            Way::LinuxBridge { uplink } => {
                let bridge = self.fresh();
                self.add(SWITCH, link(bridge, &format!("lb{i}"), Some("bridge")));
                let own = self.pair(here, "eth0", SWITCH, &name);
                self.enslave(SWITCH, own + 1, bridge);
                if uplink {
                    let own = self.pair(SWITCH, &format!("in{i}"), SWITCH, &format!("up{i}"));
                    self.enslave(SWITCH, own, bridge);
                    self.system_port(&format!("up{i}"), Some(own + 1));
                }
            }
            Way::ByAnother => {
                let there = if i == 0 { SWITCH } else { home(i - 1) };
                let bridge = self.fresh();
                self.add(there, link(bridge, &format!("lb{i}"), Some("bridge")));
                let own = self.pair(here, "eth0", there, &name);
                self.enslave(there, own + 1, bridge);
                let own = self.pair(there, &format!("in{i}"), SWITCH, &format!("up{i}"));
                self.enslave(there, own, bridge);
                self.system_port(&format!("up{i}"), Some(own + 1));
            }
            Way::Bond => {
                let (bond, vlan) = (self.fresh(), self.fresh());
                self.add(here, link(bond, "bond0", Some("bond")));
                let peer = Some(Peer { ifindex: Ifindex(bond), nsid: None });
                self.add(here, Link { peer, ..link(vlan, "bond0.7", Some("vlan")) });
                for member in 0..2 {
                    let end = format!("{name}-{member}");
                    let own = self.pair(here, &format!("eth{member}"), SWITCH, &end);
                    self.enslave(here, own, bond);
                    self.system_port(&end, Some(own + 1));
                }
            }
            Way::OverAnother => {
                let there = home(i.checked_sub(1).unwrap_or(i));
                let ethernet = |link: &&Arc<Link>| link.ethernet;
                let lower = self.space(there).links.iter().find(ethernet).map(|link| link.ifindex);
                self.over(here, there, lower.unwrap_or(Ifindex(7)));
            }
            Way::OverPort { internal: true } => {
                let index = self.fresh();
                self.add(SWITCH, link(index, &name, Some("tun")));
                let (iface, kind) = (name.as_str().into(), "internal".to_owned());
                let ifindex = Some(Ifindex(index));
                self.port(Port { iface, kind, ifindex, ..Port::default() });
                self.over(here, SWITCH, Ifindex(index));
            }
            Way::OverPort { internal: false } => {
                let own = self.pair(SWITCH, &name, SWITCH, &format!("o{i}"));
                self.system_port(&name, Some(own));
                self.over(here, SWITCH, Ifindex(own));
            }
            Way::Gone => self.system_port(&name, None),
        }
    }

    /// A macvlan in `here` over a link of `there`.
    fn over(&mut self, here: NetnsId, there: NetnsId, lower: Ifindex) {
        let (index, nsid) = (self.fresh(), self.called(here, there));
        let peer = Some(Peer { ifindex: lower, nsid });
        self.add(here, Link { peer, ..link(index, "eth0", Some("macvlan")) });
    }
}

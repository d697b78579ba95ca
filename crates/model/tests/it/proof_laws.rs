//! What may never follow: another answer from less of the same Snapshot, and another's port from
//! what a container can do inside its own namespace.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::identity::{SourceIdentity, World};
use docker_ovs_model::ids::{ContainerId, Ifindex, Mac, NetnsId, Nsid, OfPort};
use docker_ovs_model::snapshot::{Container, Link, Namespace, Observed, Peer, Snapshot};
use docker_ovs_model::switch::{OfPortState, Port, SwitchSource};
use docker_ovs_model::wiring::{Attachment, Occupant, PortState, SwitchPort};
use docker_ovs_model::{SourceError, SourceErrorKind, Wiring, resolve};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::plans::scene;

const SWITCH: NetnsId = NetnsId { dev: 4, ino: 1 };

fn home(i: u64) -> NetnsId {
    NetnsId { dev: 4, ino: 100 + i }
}

/// How an interface of a container gets to the switch, as far as it does.
#[derive(Clone, Copy, Debug)]
enum Way {
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

fn ways() -> impl Strategy<Value = Vec<Way>> {
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

fn link(ifindex: u32, name: &str, kind: Option<&str>) -> Link {
    Link {
        ifindex: Ifindex(ifindex),
        name: name.into(),
        kind: kind.map(str::to_owned),
        ethernet: true,
        mac: Some(mac(0, ifindex)),
        addresses: Vec::new(),
        mtu: 1500,
        up: true,
        peer: None,
        master: None,
        vlan: None,
        alias: None,
        altnames: Vec::new(),
        tx_checksum_offload: None,
        gateways: None,
    }
}

fn mac(home: u8, ifindex: u32) -> Mac {
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
struct Scene {
    snapshot: Snapshot,
    next: u32,
}

impl Scene {
    fn new(ways: &[Way]) -> Self {
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
            self.space(SWITCH).packet_sockets.get_or_insert_default().insert(index);
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

/// What is taken away of a Snapshot.
#[derive(Clone, Copy, Debug)]
enum Cut {
    KernelAbsent,
    KernelStale,
    SwitchAbsent,
    SwitchStale,
    EngineAbsent,
    NamespaceDropped(usize),
    NamespaceUnread(usize),
    NamespaceEmpty(usize),
    SwitchNetns,
    PacketSockets,
    Vswitchd { elsewhere: bool },
    Database { elsewhere: bool },
    Narrow(u64),
}

fn cuts() -> impl Strategy<Value = Cut> {
    prop_oneof![
        Just(Cut::KernelAbsent),
        Just(Cut::KernelStale),
        Just(Cut::SwitchAbsent),
        Just(Cut::SwitchStale),
        Just(Cut::EngineAbsent),
        (0..5usize).prop_map(Cut::NamespaceDropped),
        (0..5usize).prop_map(Cut::NamespaceUnread),
        (0..5usize).prop_map(Cut::NamespaceEmpty),
        Just(Cut::SwitchNetns),
        Just(Cut::PacketSockets),
        any::<bool>().prop_map(|elsewhere| Cut::Vswitchd { elsewhere }),
        any::<bool>().prop_map(|elsewhere| Cut::Database { elsewhere }),
        (0..5u64).prop_map(Cut::Narrow),
    ]
}

fn why() -> SourceError {
    SourceError::new(SourceErrorKind::Denied, "it", "no")
}

fn stale<T: Clone>(rows: &mut Observed<T>) {
    *rows = Observed::Stale { rows: rows.rows().into(), why: why() };
}

fn identity(elsewhere: bool) -> SourceIdentity {
    let why = "a test says so".to_owned();
    let world = if elsewhere { World::Elsewhere { why } } else { World::Unknown { why } };
    SourceIdentity { id: None, pid: None, world }
}

fn cut(snapshot: &mut Snapshot, cut: Cut) {
    match cut {
        Cut::KernelAbsent => snapshot.kernel = Observed::Absent { why: why() },
        Cut::KernelStale => stale(&mut snapshot.kernel),
        Cut::SwitchAbsent => {
            snapshot.switch.values_mut().for_each(|rows| *rows = Observed::Absent { why: why() });
        }
        Cut::SwitchStale => snapshot.switch.values_mut().for_each(stale),
        Cut::EngineAbsent => {
            snapshot.engines.values_mut().for_each(|rows| *rows = Observed::Absent { why: why() });
        }
        Cut::NamespaceDropped(i) => {
            let mut rows = snapshot.kernel.rows().to_vec();
            if !rows.is_empty() {
                rows.remove(i % rows.len());
                snapshot.kernel = Observed::Fresh { rows: rows.into() };
            }
        }
        Cut::NamespaceUnread(i) => {
            let rows = snapshot.kernel.rows_mut();
            let i = i % rows.len().max(1);
            if let Some(row) = rows.get_mut(i) {
                row.links.clear();
                row.source_error = Some(why());
            }
        }
        Cut::NamespaceEmpty(i) => {
            let rows = snapshot.kernel.rows_mut();
            let i = i % rows.len().max(1);
            rows.get_mut(i).into_iter().for_each(|row| row.links.clear());
        }
        Cut::SwitchNetns => snapshot.switch_netns = None,
        Cut::PacketSockets => {
            snapshot.kernel.rows_mut().iter_mut().for_each(|row| row.packet_sockets = None);
        }
        Cut::Vswitchd { elsewhere } => snapshot.identities.vswitchd = Some(identity(elsewhere)),
        Cut::Database { elsewhere } => snapshot.identities.database = Some(identity(elsewhere)),
        Cut::Narrow(i) => narrow(snapshot, home(i)),
    }
}

/// What a look at one container brings: its namespace, and of the switch's the links that those
/// inside lead to, with what these stand on and are enslaved to. All of the switch's where only
/// what is missing there can tell.
fn narrow(snapshot: &mut Snapshot, home: NetnsId) {
    snapshot.scope = docker_ovs_model::snapshot::Scope::One;
    let mut rows = snapshot.kernel.rows().to_vec();
    rows.retain(|row| row.id == home || row.id == SWITCH);
    let Some(inside) = rows.iter().find(|row| row.id == home).cloned() else { return };
    let blind =
        |link: &Arc<Link>| link.ethernet && matches!(link.kind.as_deref(), None | Some("tun"));
    if !inside.links.iter().any(blind) && inside.exits().next().is_none() {
        let peers = inside.links.iter().filter_map(|link| link.peer);
        let there = peers.filter(|p| p.nsid.is_some_and(|n| inside.nsids.get(&n) == Some(&SWITCH)));
        let mut open: Vec<Ifindex> = there.map(|peer| peer.ifindex).collect();
        for row in rows.iter_mut().filter(|row| row.id == SWITCH) {
            let mut seen = BTreeSet::new();
            while let Some(next) = open.pop().filter(|next| seen.insert(*next)) {
                let met = row.links.iter().filter(|l| l.ifindex == next || l.master == Some(next));
                let peers = |link: &Arc<Link>| link.peer.filter(|peer| peer.nsid.is_none());
                open.extend(met.flat_map(|l| {
                    [Some(l.ifindex), l.master, peers(l).map(|peer| peer.ifindex)]
                        .into_iter()
                        .flatten()
                }));
                open.retain(|index| !seen.contains(index));
            }
            row.links.retain(|link| seen.contains(&link.ifindex));
            row.nsids.retain(|_, id| *id == home);
        }
    }
    snapshot.kernel = Observed::Fresh { rows: rows.into() };
}

fn key(found: &Attachment) -> (NetnsId, Ifindex) {
    (found.netns, found.link.ifindex)
}

fn where_it_is(state: &PortState) -> String {
    let place = state.port().map(|port| format!("{}/{}", port.bridge, port.iface));
    format!("{} {place:?} {:?}", state.word(), state.several())
}

/// The same, or unknown.
fn agrees(part: &Wiring, whole: &Wiring) -> Result<(), TestCaseError> {
    for found in &part.attachments {
        let Some(told) = whole.attachments.iter().find(|other| key(other) == key(found)) else {
            // Without the switch's namespace its own links look like a container's.
            prop_assert!(found.netns == SWITCH, "{found:#?} is made up");
            prop_assert!(matches!(found.port, PortState::Unknown { .. }), "{found:#?}");
            continue;
        };
        let same = where_it_is(&found.port) == where_it_is(&told.port);
        let unknown = matches!(found.port, PortState::Unknown { .. });
        prop_assert!(same || unknown, "{found:#?}\nbut the whole says\n{told:#?}");
    }
    for port in &part.ports {
        let told = whole.ports.iter().find(|other| other.port.iface == port.port.iface).unwrap();
        match (&port.occupant, &told.occupant) {
            // A link of the host may lead to a container that was not seen.
            (Occupant::Unknown { .. }, _) | (Occupant::Host { .. }, Occupant::Plugged { .. }) => {}
            (Occupant::Orphaned { .. }, told) => prop_assert!(told.is_orphaned(), "{port:#?}"),
            (Occupant::Plugged { plugs: part }, Occupant::Plugged { plugs: whole }) => {
                let all: BTreeSet<_> = whole.iter().map(|p| (p.netns, &p.interface)).collect();
                let known = part.iter().all(|p| all.contains(&(p.netns, &p.interface)));
                prop_assert!(known, "{part:?} {whole:?}");
            }
            (part, whole) => prop_assert_eq!(part, whole),
        }
    }
    Ok(())
}

/// What a container with CAP_NET_ADMIN can make inside its namespace: a kind, a name, an address,
/// an alternative name, a master, a link beneath.
type Made = (Option<&'static str>, String, Mac, Option<String>, Option<u32>, Option<u32>);

fn made() -> impl Strategy<Value = Made> {
    let kinds = [
        None,
        Some("tun"),
        Some("openvswitch"),
        Some("bridge"),
        Some("bond"),
        Some("dummy"),
        Some("vlan"),
        Some("macvlan"),
        Some("gretap"),
        Some("veth"),
    ];
    let name = prop_oneof![(0..5u32).prop_map(|i| format!("h{i}")), Just("eth0".to_owned())];
    let macs = prop_oneof![
        (10..24u32).prop_map(|index| mac(0, index)),
        Just(Mac([0; 6])),
        Just(Mac([1, 0, 0, 0, 0, 0])),
    ];
    let alt = prop::option::of((0..5u32).prop_map(|i| format!("alt{i}")));
    let index = || prop::option::of(10..30u32);
    (prop::sample::select(kinds.to_vec()), name, macs, alt, index(), index())
}

fn put(snapshot: &mut Snapshot, home: NetnsId, made: &[Made]) {
    let rows = snapshot.kernel.rows_mut();
    let row = rows.iter_mut().find(|row| row.id == home).unwrap();
    for (index, (kind, name, mac, alt, master, beneath)) in (1000..).zip(made) {
        let own = row.links.iter().any(|link| *link.name == **name);
        let name = if own { format!("x{index}") } else { name.clone() };
        let known = |index: &u32| row.links.iter().any(|link| link.ifindex.0 == *index);
        let beneath = beneath.filter(|index| known(index) && *kind != Some("veth"));
        row.links.push(Arc::new(Link {
            mac: Some(*mac),
            altnames: alt.iter().map(|name| name.as_str().into()).collect(),
            master: master.filter(known).map(Ifindex),
            peer: beneath.map(|index| Peer { ifindex: Ifindex(index), nsid: None }),
            ..link(index, &name, *kind)
        }));
    }
}

fn noted(notes: &[Note]) -> bool {
    notes.iter().any(|note| {
        matches!(
            note,
            Note::NotProven { .. }
                | Note::Contested { .. }
                | Note::Ambiguous { .. }
                | Note::PartlySeen { .. }
                | Note::FalseClaim { .. }
        )
    })
}

/// The interfaces of others on a port.
fn others(port: &SwitchPort, home: NetnsId) -> Vec<(NetnsId, String)> {
    let Occupant::Plugged { plugs } = &port.occupant else { return Vec::new() };
    let others = plugs.iter().filter(|plug| plug.netns != home);
    others.map(|plug| (plug.netns, plug.interface.to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn less_of_a_snapshot_never_gives_another_answer(ways in ways(), cuts in vec(cuts(), 1..3)) {
        let whole = Scene::new(&ways).snapshot;
        let mut part = whole.clone();
        for what in cuts {
            cut(&mut part, what);
        }
        agrees(&resolve(&part), &resolve(&whole))?;
    }

    #[test]
    fn what_is_made_inside_one_namespace_never_takes_others_port_unnoted(
        ways in ways(),
        at in 0..5u64,
        made in vec(made(), 1..4),
    ) {
        let before = Scene::new(&ways).snapshot;
        let home = home(at % u64::try_from(ways.len()).unwrap());
        let mut after = before.clone();
        put(&mut after, home, &made);
        let (before, after) = (resolve(&before), resolve(&after));
        for told in before.attachments.iter().filter(|found| found.netns != home) {
            let found = after.attachments.iter().find(|other| key(other) == key(told)).unwrap();
            let same = where_it_is(&found.port) == where_it_is(&told.port);
            prop_assert!(same || noted(&found.notes), "{told:#?}\n became\n{found:#?}");
        }
        for (told, found) in before.ports.iter().zip(&after.ports) {
            let (was, is) = (others(told, home), others(found, home));
            let taken = was.is_empty() && is.is_empty() && told.occupant != found.occupant;
            let lives = matches!(told.occupant, Occupant::Host { .. }) && taken;
            prop_assert!(!lives, "{told:#?}\n became\n{found:#?}");
            let orphaned = told.occupant.is_orphaned();
            prop_assert!(!orphaned || found.occupant.is_orphaned(), "{found:#?}");
        }
    }

    #[test]
    fn who_is_on_a_port_by_name_or_address_alone_is_noted_on_both_sides(ways in ways()) {
        let wiring = resolve(&Scene::new(&ways).snapshot);
        for found in wiring.attachments.iter().filter(|found| found.port.port().is_some()) {
            let port = found.port.port().unwrap();
            let row = wiring.ports.iter().find(|row| row.port.iface == port.iface).unwrap();
            let unproven = |notes: &[Note]| {
                notes.iter().any(|note| matches!(note, Note::NotProven { .. }))
            };
            prop_assert_eq!(unproven(&found.notes), unproven(&row.notes));
        }
    }
}

/// Every way gives what it should, so that the laws above are not empty.
#[test]
fn each_way_leads_where_it_should() {
    let states = |way: Way| -> Vec<String> {
        let wiring = resolve(&Scene::new(&[way]).snapshot);
        let inside = wiring.attachments.iter();
        inside.map(|found| format!("{} {}", found.link.name, where_it_is(&found.port))).collect()
    };
    let on = |name: &str, port: &str| vec![format!("{name} on Some(\"br0/{port}\") None")];
    assert_eq!(states(Way::Veth), on("eth0", "h0"));
    assert_eq!(states(Way::Altname), on("eth0", "alt0"));
    assert_eq!(states(Way::Renamed), on("eth0", "was0"));
    assert_eq!(states(Way::Moved { renamed: false }), on("h0", "h0"));
    assert_eq!(states(Way::Moved { renamed: true }), on("eth0", "h0"));
    assert_eq!(states(Way::Function { words: true }), on("eth0", "h0"));
    assert_eq!(states(Way::Function { words: false }), on("eth0", "h0"));
    assert_eq!(states(Way::LinuxBridge { uplink: true }), on("eth0", "up0"));
    assert_eq!(states(Way::LinuxBridge { uplink: false }), ["eth0 none None None"]);
    assert_eq!(states(Way::ByAnother), on("eth0", "up0"));
    assert_eq!(
        states(Way::Bond),
        [
            "bond0 several None Some(\"it is on several ports: br0/h0-0 (1), br0/h0-1 (2)\")",
            "bond0.7 several None Some(\"it is on several ports: br0/h0-0 (1), br0/h0-1 (2)\")",
            "eth0 on Some(\"br0/h0-0\") None",
            "eth1 on Some(\"br0/h0-1\") None",
        ]
    );
    assert_eq!(states(Way::OverPort { internal: true }), on("eth0", "h0"));
    assert_eq!(states(Way::OverPort { internal: false }), ["eth0 none None None"]);
    let over = resolve(&Scene::new(&[Way::Veth, Way::OverAnother, Way::OverAnother]).snapshot);
    let on = |port: &str| format!("on Some(\"br0/{port}\") None");
    let each: Vec<_> = over.attachments.iter().map(|found| where_it_is(&found.port)).collect();
    assert_eq!(each, [on("h0"), on("h0"), on("h0")]);
    let gone = resolve(&Scene::new(&[Way::Gone]).snapshot);
    assert!(gone.ports.iter().any(|port| port.occupant.is_orphaned()));
}

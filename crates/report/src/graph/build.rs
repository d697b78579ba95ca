//! From a Wiring to a Scene: what is on each jack, then where it goes.

use std::collections::BTreeMap;

use model::dialects::claims_of;
use model::endpoint_record::EndpointRecord;
use model::port_record::PortRecord;
use model::wiring::{self, SwitchPort, Wiring};

use super::escape::{clean, slug};
use super::fit::Fit;
use super::geometry::{Area, Point};
use super::jack::{Jack, Plug};
use super::scene::{Cord, End, Front, Scene};
use super::{label, layout};
use crate::v1::{self, Occupant};

/// Container-side links on one port.
type Links = Vec<v1::Explanation>;

/// What a port is made for: its bridge, a container and its interface. Whenever that container starts the port is
/// made again, with the same number and another name.
type Purpose<'a> = (&'a str, &'a str, &'a str);

/// How many ports have a purpose: those that are orphaned, and others.
#[derive(Clone, Copy, Default)]
struct Rivals {
    orphaned: usize,
    others: usize,
}

impl Scene {
    /// The bridges of `wiring`, or only the one called `bridge`; of a fake bridge its ports.
    pub fn new(wiring: &Wiring, bridge: Option<&str>) -> Self {
        Self::fitted(wiring, bridge, Fit::default())
    }

    /// The same, laid out to fit.
    pub fn fitted(wiring: &Wiring, bridge: Option<&str>, fit: Fit) -> Self {
        let mut scene = Self { host: clean(&wiring.host), ..Self::default() };
        scene.fronts = fronts(wiring, bridge);
        scene.cords = cords(&scene.fronts);
        layout::place(&mut scene, fit);
        scene
    }
}

fn fronts(wiring: &Wiring, wanted: Option<&str>) -> Vec<Front> {
    let links = links(wiring);
    let purposes = purposes(wiring);
    let mut fronts = BTreeMap::<&str, Front>::new();
    for row in wiring.ports.iter().filter(|row| wanted.is_none_or(|name| row.is_on(name))) {
        let port = v1::Port::from(row);
        let on_it = links.get(&(&*row.bridge, &*row.port.iface)).map_or(&[][..], Vec::as_slice);
        let front = fronts.entry(&row.bridge).or_default();
        front.bridge = clean(&port.bridge);
        front.datapath_id = port.datapath_id.clone();
        front.jacks.push(jack(id(row, &purposes), row, &port, on_it));
    }
    fronts.into_values().map(sorted).collect()
}

fn sorted(mut front: Front) -> Front {
    front.jacks.sort_by(|a, b| a.rank().cmp(&b.rank()));
    front
}

/// The container-side links by the bridge and the interface they are on.
fn links(wiring: &Wiring) -> BTreeMap<(&str, &str), Links> {
    let mut links = BTreeMap::<_, Links>::new();
    for found in &wiring.attachments {
        for port in found.port.ports() {
            let here: &mut Links = links.entry((&*port.bridge, &*port.iface)).or_default();
            here.push(v1::Explanation::new(found));
        }
    }
    links
}

/// What a port is made for, where its row says that it is made for one container.
fn purpose(row: &SwitchPort) -> Option<Purpose<'_>> {
    let (container, interface) = match &row.occupant {
        wiring::Occupant::Plugged { plugs } => {
            let [plug] = plugs.as_slice() else { return None };
            // Others may share its namespace, and come and go.
            let recorded = PortRecord::of(&row.port);
            let is_recorded = |id: &str| recorded.as_ref().is_some_and(|of| of.container == id);
            let mut tenants = plug.tenants.iter();
            let tenant = match &*plug.tenants {
                [tenant] => tenant,
                _ => tenants.find(|tenant| is_recorded(&tenant.id.0))?,
            };
            (&*tenant.name, &*plug.interface)
        }
        wiring::Occupant::Orphaned { last: Some(last) } => {
            let known = last.container.as_ref().map(|container| &*container.name);
            (known.unwrap_or(&last.words), last.interface.as_deref()?)
        }
        _ => return None,
    };
    // One that no program made for it keeps its name for as long as it is there.
    let is_recorded = !claims_of(&row.port).is_empty() || EndpointRecord::of(&row.port).is_some();
    is_recorded.then_some((&*row.bridge, container, interface))
}

fn purposes(wiring: &Wiring) -> BTreeMap<Purpose<'_>, Rivals> {
    let mut purposes = BTreeMap::<_, Rivals>::new();
    for row in &wiring.ports {
        let Some(purpose) = purpose(row) else { continue };
        let rivals = purposes.entry(purpose).or_default();
        let count =
            if row.occupant.is_orphaned() { &mut rivals.orphaned } else { &mut rivals.others };
        *count += 1;
    }
    purposes
}

/// What a port is known by from one picture to the next: its purpose, if it is the one port that has it or the one
/// of them that is in use, else its name.
fn id(row: &SwitchPort, purposes: &BTreeMap<Purpose<'_>, Rivals>) -> String {
    let alone = purpose(row).filter(|purpose| {
        let Rivals { orphaned, others } = purposes.get(purpose).copied().unwrap_or_default();
        if row.occupant.is_orphaned() { orphaned == 1 && others == 0 } else { others == 1 }
    });
    match alone {
        Some((bridge, container, interface)) => {
            format!("jack-{}-{}-{}", slug(bridge), slug(container), slug(interface))
        }
        None => format!("jack-{}-{}", slug(&row.bridge), slug(&row.port.iface)),
    }
}

/// Patch ports that name each other. One that names a port which names a third is not
/// connected to it (ofproto-dpif.c, `ofport_update_peer`).
fn cords(fronts: &[Front]) -> Vec<Cord> {
    let mut patches = BTreeMap::<(&str, &str), End>::new();
    for (front, row) in fronts.iter().enumerate() {
        for (jack, port) in row.jacks.iter().enumerate() {
            if let Some(peer) = &port.peer {
                patches.insert((&port.port, peer), End { front, jack });
            }
        }
    }
    let pair = |(&(port, peer), &from): (&(&str, &str), &End)| {
        let to = *patches.get(&(peer, port))?;
        (from < to).then(|| Cord { from, to, path: Vec::new() })
    };
    let mut cords: Vec<_> = patches.iter().filter_map(pair).collect();
    cords.sort_by_key(|cord| (cord.from, cord.to));
    cords
}

/// The jack for a port, given the links on it. Its place is not known yet.
fn jack(id: String, row: &SwitchPort, port: &v1::Port, links: &[v1::Explanation]) -> Jack {
    let mut plugs: Vec<_> = port.links.iter().map(|link| plug(link, links)).collect();
    plugs.sort();
    let mut jack = Jack {
        id,
        port: clean(&port.port),
        number: port.ofport,
        state: port.state,
        occupant: port.occupant,
        who: clean(&port.who),
        vlan: port.vlan,
        vlan_mode: port.vlan_mode,
        trunks: port.trunks.clone(),
        cvlans: port.cvlans.clone(),
        fake_bridge: port.fake_bridge.as_deref().map(clean),
        peer: port.peer.as_deref().map(clean).filter(|_| port.occupant == Occupant::Patch),
        remote: port.remote_ip.as_deref().map(clean).filter(|_| port.occupant == Occupant::Tunnel),
        mac: port.mac.clone(),
        plugs,
        caption: String::new(),
        lines: Vec::new(),
        details: Vec::new(),
        evidence: links.iter().flat_map(|link| &link.steps).map(step).collect(),
        area: Area::default(),
        socket: Point::default(),
        drop: 0,
    };
    jack.caption = caption(&jack, &clean(&port.bridge));
    jack.lines = label::lines(&jack, &row.occupant, port);
    jack.details = details(&jack, port);
    jack
}

fn plug(plug: &v1::PortLink, links: &[v1::Explanation]) -> Plug {
    let names: Vec<_> = plug.tenants.iter().map(|who| clean(&who.called)).collect();
    let mut engines: Vec<_> = plug.tenants.iter().map(|who| clean(&who.engine)).collect();
    engines.sort();
    engines.dedup();
    let mut links = links.iter().map(|explanation| &explanation.attachment);
    let link = links.find(|link| link.netns == plug.netns && link.interface == plug.interface);
    Plug {
        who: if names.is_empty() { plug.netns.clone() } else { names.join("+") },
        interface: clean(&plug.interface),
        netns: plug.netns.clone(),
        mac: link.and_then(|link| link.mac.clone()),
        addresses: link.map(|link| link.addresses.clone()).unwrap_or_default(),
        tenants: names,
        engines,
    }
}

/// What a jack is, in one line.
fn caption(jack: &Jack, bridge: &str) -> String {
    let number = match jack.number {
        Some(_) => format!("port {}", jack.label()),
        None => format!("{} port {}", jack.state, jack.port),
    };
    let names: Vec<_> = jack.plugs.iter().map(|p| format!("{} {}", p.who, p.interface)).collect();
    let who = if names.is_empty() { jack.who.clone() } else { names.join(", ") };
    format!("{number} of {bridge}: {who}")
}

/// What there is to say of a jack that may not fit beneath it; its caption first.
fn details(jack: &Jack, port: &v1::Port) -> Vec<String> {
    let mut details = vec![jack.caption.clone()];
    for plug in &jack.plugs {
        let words = [&plug.interface].into_iter().chain(&plug.mac).chain(&plug.addresses);
        details.push(words.cloned().collect::<Vec<_>>().join(", "));
    }
    let mac = jack.mac.iter().map(|mac| format!(", {mac}")).collect::<String>();
    details.push(format!("interface {} ({}){mac}", jack.port, clean(&port.kind)));
    details.extend(jack.vlans());
    details.extend(jack.fake_bridge.iter().map(|name| format!("fake bridge {name}")));
    details.extend(port.bond.iter().map(|bond| format!("bond {}", clean(bond))));
    details.extend(port.ofport_request.map(|number| format!("port {number} was asked for")));
    details.extend(port.dp_port.map(|number| format!("datapath port {number}")));
    details.extend(port.error.iter().chain(&port.notes).map(|text| clean(text)));
    details
}

/// A step of an explanation in one line.
fn step(step: &v1::Step) -> String {
    let source = if step.source.is_empty() { String::new() } else { format!(" ({})", step.source) };
    clean(&format!("{}: {}{source}", step.name, step.found))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use model::ids::{ContainerId, EngineName, NetnsId, OfPort, name};
    use model::switch::{OfPortState, Port};
    use model::wiring::{ContainerRef, LastTenant, Occupant, Plug, SwitchPort, Unseen, Wiring};

    use super::Scene;

    const CONNECTED: [(&str, &str); 2] = [("container_id", "abc"), ("container_iface", "eth0")];
    const BY_DRIVER: [(&str, &str); 2] =
        [("docker-ovs.network", "n"), ("docker-ovs.endpoint", "e")];

    fn container(called: &str) -> ContainerRef {
        ContainerRef {
            name: name(called),
            id: ContainerId(name("abc")),
            engine: EngineName(name("docker")),
            qualified: Some(name("docker:web")),
        }
    }

    fn plug(tenants: &[&str], ino: u64) -> Plug {
        Plug {
            tenants: tenants.iter().map(|called| Arc::new(container(called))).collect(),
            netns: NetnsId { dev: 4, ino },
            netns_names: Vec::new(),
            interface: name("eth0"),
        }
    }

    fn plugged(tenants: &[&str]) -> Occupant {
        Occupant::Plugged { plugs: vec![plug(tenants, 1)] }
    }

    fn orphaned(words: &str, known: Option<&str>) -> Occupant {
        let (words, container) = (words.to_owned(), known.map(container));
        let last = LastTenant { words, container, interface: Some("eth0".to_owned()) };
        Occupant::Orphaned { last: Some(last) }
    }

    fn port(iface: &str, occupant: Occupant, ids: &[(&str, &str)]) -> SwitchPort {
        let id = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let port = Port {
            iface: name(iface),
            ofport: OfPortState::Assigned(OfPort(7)),
            kind: "system".to_owned(),
            external_ids: ids.iter().map(id).collect::<BTreeMap<_, _>>(),
            ..Port::default()
        };
        SwitchPort {
            bridge: name("br0"),
            datapath_id: None,
            fake_bridge: None,
            port: Arc::new(port),
            ofports: model::OfPortBySource::default(),
            occupant,
            notes: Vec::new(),
        }
    }

    fn ids(ports: Vec<SwitchPort>) -> Vec<String> {
        let wiring = Wiring {
            host: "h".to_owned(),
            taken: 0,
            attachments: Vec::new(),
            ports,
            source_errors: Vec::new(),
            unseen: Unseen::default(),
        };
        let scene = Scene::new(&wiring, None);
        let mut ids: Vec<_> = scene.jacks().map(|jack| jack.id.clone()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn a_jack_outlives_a_restart_of_its_container() {
        for of in [&CONNECTED, &BY_DRIVER] {
            let first = ids(vec![port("v1", plugged(&["web"]), of)]);
            assert_eq!(first, ["jack-br0-web-eth0"]);
            let known = ids(vec![port("v1", orphaned("abc", Some("web")), of)]);
            let removed = ids(vec![port("v1", orphaned("web", None), of)]);
            let again = ids(vec![port("v2", plugged(&["web"]), of)]);
            assert_eq!([known, removed, again], [first.clone(), first.clone(), first]);
        }
    }

    #[test]
    fn a_port_that_is_made_for_no_container_alone_is_known_by_its_name() {
        let both = Occupant::Plugged { plugs: vec![plug(&["web"], 1), plug(&["db"], 2)] };
        let nameless = Occupant::Orphaned { last: None };
        let unknown = Occupant::Unknown { why: "?".to_owned() };
        for occupant in [plugged(&[]), both, nameless, unknown] {
            assert_eq!(ids(vec![port("v1", occupant, &CONNECTED)]), ["jack-br0-v1"]);
        }
        // Of several that share its namespace the row names one, or none.
        let shared = || plugged(&["web", "sidecar"]);
        assert_eq!(ids(vec![port("v1", shared(), &CONNECTED)]), ["jack-br0-web-eth0"]);
        assert_eq!(ids(vec![port("v1", shared(), &BY_DRIVER)]), ["jack-br0-v1"]);
        // No program made it, and none makes it again.
        assert_eq!(ids(vec![port("v1", plugged(&["web"]), &[])]), ["jack-br0-v1"]);
    }

    #[test]
    fn of_several_ports_for_one_interface_that_in_use_has_its_id() {
        let web = |iface| port(iface, plugged(&["web"]), &CONNECTED);
        let left = |iface| port(iface, orphaned("abc", Some("web")), &CONNECTED);
        assert_eq!(ids(vec![left("v1"), web("v2")]), ["jack-br0-v1", "jack-br0-web-eth0"]);
        let all = ids(vec![left("v1"), left("v2"), web("v3")]);
        assert_eq!(all, ["jack-br0-v1", "jack-br0-v2", "jack-br0-web-eth0"]);
        for alike in [vec![left("v1"), left("v2")], vec![web("v1"), web("v2")]] {
            assert_eq!(ids(alike), ["jack-br0-v1", "jack-br0-v2"]);
        }
        let all = ids(vec![web("v1"), web("v2"), left("v3")]);
        assert_eq!(all, ["jack-br0-v1", "jack-br0-v2", "jack-br0-v3"]);
        // Names that look like others stay apart.
        let odd = ids(vec![port("web-eth0", plugged(&[]), &[]), web("v2")]);
        assert_eq!(odd, ["jack-br0-web-eth0", "jack-br0-web_2deth0"]);
    }
}

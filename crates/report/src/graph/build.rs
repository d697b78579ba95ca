//! From a Wiring to a Scene: what is on each jack, then where it goes.

use std::collections::{BTreeMap, BTreeSet};

use model::told::some;
use model::wiring::{SwitchPort, Wiring};

use super::escape::clean;
use super::fit::Fit;
use super::geometry::{Area, Point};
use super::jack::{Jack, JackLink};
use super::jack_id::{id, purposes};
use super::scene::{Cord, End, Front, Scene};
use super::{label, layout};
use crate::v1::{self, Occupant};

/// Container-side links on one port.
type Links = Vec<v1::Explanation>;

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
fn jack(
    (id, owner): (String, Option<String>),
    row: &SwitchPort,
    port: &v1::Port,
    links: &[v1::Explanation],
) -> Jack {
    let mut plugs: Vec<_> = port.links.iter().map(|link| plug(link, links)).collect();
    plugs.sort();
    let mut jack = Jack {
        id,
        owner,
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
    jack.details = details(&jack, port, links);
    jack
}

fn plug(plug: &v1::PortLink, links: &[v1::Explanation]) -> JackLink {
    let names: Vec<_> = plug.tenants.iter().map(|who| clean(&who.called)).collect();
    let mut engines: Vec<_> = plug.tenants.iter().map(|who| clean(&who.engine)).collect();
    engines.sort();
    engines.dedup();
    let mut links = links.iter().map(|explanation| &explanation.attachment);
    let link = links.find(|link| link.netns == plug.netns && link.interface == plug.interface);
    JackLink {
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
fn details(jack: &Jack, port: &v1::Port, links: &[v1::Explanation]) -> Vec<String> {
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
    details.extend(notes_of_links(port, links).iter().map(|text| clean(text)));
    details
}

/// What is uncertain about the links on it, each once, beside what is told of the port itself.
fn notes_of_links(port: &v1::Port, links: &[v1::Explanation]) -> Vec<String> {
    let notes = links.iter().flat_map(|link| &link.attachment.notes);
    let all: BTreeSet<_> = notes.filter(|note| !port.notes.contains(note)).collect();
    some(all.into_iter().cloned())
}

/// A step of an explanation in one line.
fn step(step: &v1::Step) -> String {
    let source = if step.source.is_empty() { String::new() } else { format!(" ({})", step.source) };
    clean(&format!("{}: {}{source}", step.name, step.found))
}

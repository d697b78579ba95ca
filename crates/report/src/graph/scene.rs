//! What is drawn, and where: the tree that every notation reads.

use std::collections::{BTreeMap, BTreeSet};

use model::wiring::Wiring;

use super::escape::clean;
use super::jack::{Jack, Links, Plug};
use super::layout;
use crate::v1;

/// Everything to draw. Lengths are CSS pixels from the upper left corner.
///
/// Every text in it is free of control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// Name of the host.
    pub host: String,
    /// Width of the whole.
    pub w: u32,
    /// Height of the whole.
    pub h: u32,
    /// The bridges, by name.
    pub fronts: Vec<Front>,
    /// Patch cords between jacks.
    pub cords: Vec<Cord>,
}

/// A bridge, as the front of a switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Name of the bridge.
    pub bridge: String,
    /// Its datapath id, 16 hexadecimal digits.
    pub datapath_id: Option<String>,
    /// Its ports by OpenFlow number, then those without one, LOCAL last.
    pub jacks: Vec<Jack>,
    /// Where it is.
    pub area: Area,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

/// How much of everything a scene has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bridges.
    pub bridges: usize,
    /// Ports, also those without a number.
    pub ports: usize,
    /// Containers that are plugged in.
    pub containers: usize,
    /// Ports that were left behind.
    pub left_behind: usize,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// From the left.
    pub x: u32,
    /// From above.
    pub y: u32,
}

/// A patch between two bridges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cord {
    /// One end.
    pub from: End,
    /// The other.
    pub to: End,
    /// Where it bends, from one socket to the other.
    pub path: Vec<Point>,
}

/// Where a cord ends: indexes into [`Scene::fronts`] and [`Front::jacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Which front.
    pub front: usize,
    /// Which of its jacks.
    pub jack: usize,
}

impl Scene {
    /// The bridges of `wiring`, or only the one called `bridge`.
    pub fn new(wiring: &Wiring, bridge: Option<&str>) -> Self {
        let mut scene = Self { host: clean(&wiring.host), ..Self::default() };
        scene.fronts = fronts(wiring, bridge);
        scene.cords = cords(&scene.fronts);
        layout::place(&mut scene);
        scene
    }

    /// All jacks, in order.
    pub(super) fn jacks(&self) -> impl Iterator<Item = &Jack> {
        self.fronts.iter().flat_map(|front| &front.jacks)
    }

    /// One plug for each namespace that has some.
    pub(super) fn people(&self) -> Vec<&Plug> {
        let plugs = self.jacks().flat_map(|jack| &jack.plugs);
        plugs.map(|plug| (plug.key(), plug)).collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// How much of everything there is.
    pub fn counts(&self) -> Counts {
        let tenants = self.jacks().flat_map(|jack| &jack.plugs).flat_map(|plug| &plug.tenants);
        Counts {
            bridges: self.fronts.len(),
            ports: self.jacks().count(),
            containers: tenants.collect::<BTreeSet<_>>().len(),
            left_behind: self.jacks().filter(|jack| jack.is_left_behind()).count(),
        }
    }

    /// The jack at an end of a cord, with the front it is on.
    pub(super) fn at(&self, end: End) -> (&Front, &Jack) {
        let front = &self.fronts[end.front];
        (front, &front.jacks[end.jack])
    }
}

fn fronts(wiring: &Wiring, wanted: Option<&str>) -> Vec<Front> {
    let links = links(wiring);
    let mut fronts = BTreeMap::<&str, Front>::new();
    for row in wiring.ports.iter().filter(|row| wanted.is_none_or(|name| *row.bridge == *name)) {
        let port = v1::Port::from(row);
        let on_it = links.get(&(&*row.bridge, &*row.port.iface)).map_or(&[][..], Vec::as_slice);
        let front = fronts.entry(&row.bridge).or_default();
        front.bridge = clean(&port.bridge);
        front.datapath_id = port.datapath_id.clone();
        front.jacks.push(Jack::new(row, &port, on_it));
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
        let Some(port) = found.port.port() else { continue };
        let here: &mut Links = links.entry((&*port.bridge, &*port.iface)).or_default();
        here.push(v1::Explanation::new(found));
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

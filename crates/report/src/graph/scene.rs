//! What is drawn, and where: the tree that every notation reads. [`super::build`] makes it.

use std::collections::{BTreeMap, BTreeSet};

use super::fit::Measures;
use super::geometry::{Area, Point};
use super::jack::{Jack, JackLink};

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
    /// How large the jacks are.
    pub measures: Measures,
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

/// How much of everything a scene has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bridges.
    pub bridges: usize,
    /// Ports, also those without a number.
    pub ports: usize,
    /// Containers that are plugged in.
    pub containers: usize,
    /// Orphaned ports.
    pub orphaned: usize,
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
    /// All jacks, in order.
    pub(super) fn jacks(&self) -> impl Iterator<Item = &Jack> {
        self.fronts.iter().flat_map(|front| &front.jacks)
    }

    /// One plug for each namespace that has some.
    pub(super) fn namespaces(&self) -> Vec<&JackLink> {
        let plugs = self.jacks().flat_map(|jack| &jack.plugs);
        plugs.map(|plug| (plug.key(), plug)).collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// Whether jacks have a name alone beneath, and no label.
    pub fn is_dense(&self) -> bool {
        self.measures.is_dense
    }

    /// How much of everything there is.
    pub fn counts(&self) -> Counts {
        let tenants = self.jacks().flat_map(|jack| &jack.plugs).flat_map(|plug| &plug.tenants);
        Counts {
            bridges: self.fronts.len(),
            ports: self.jacks().count(),
            containers: tenants.collect::<BTreeSet<_>>().len(),
            orphaned: self.jacks().filter(|jack| jack.is_orphaned()).count(),
        }
    }

    /// The jack at an end of a cord, with the front it is on.
    #[allow(clippy::indexing_slicing, reason = "an end is made with the front and jack it is of")]
    pub(super) fn at(&self, end: End) -> (&Front, &Jack) {
        let front = &self.fronts[end.front];
        (front, &front.jacks[end.jack])
    }
}

//! How much room a picture has, and how large its jacks are drawn.

use super::layout::{COLUMNS, EAR, LANE, MARGIN};

/// With more jacks than this a picture is dense, where it may choose.
const DENSE_FROM: usize = 96;

/// The narrowest and widest room that counts, in CSS pixels.
const NARROWEST: u32 = 256;
const WIDEST: u32 = 4096;

/// What a picture has to fit into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// The width that there is, in CSS pixels; eight jacks in a row if none is told.
    pub width: Option<u32>,
    /// How large jacks are.
    pub density: Density,
}

/// How large jacks are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// As many as there are decide.
    Auto,
    /// Each has its label beneath.
    #[default]
    Labels,
    /// Each has a name alone, so that hundreds are seen at once.
    Dense,
}

/// Lengths of a jack, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// Its width, lines included.
    pub(super) cell: u32,
    /// The middle of the socket, from the left.
    pub(super) centre: u32,
    /// Height of what is above the socket: its number, or nothing where that is beside it.
    pub(super) number: u32,
    /// Height of the socket.
    pub(super) socket: u32,
    /// From the socket down to what is written beneath, when no cord runs between.
    pub(super) drop: u32,
    /// From one row to the next.
    pub(super) gap: u32,
    /// A front is at least so many jacks wide, to hold its title.
    pub(super) fewest: usize,
    /// Whether there is a name alone beneath.
    pub(super) is_dense: bool,
}

const LABELS: Measures = Measures {
    cell: 128,
    centre: 64,
    number: 20,
    socket: 36,
    drop: 18,
    gap: 16,
    fewest: 4,
    is_dense: false,
};

const DENSE: Measures = Measures {
    cell: 64,
    centre: 47,
    number: 4,
    socket: 18,
    drop: 2,
    gap: 3,
    fewest: 8,
    is_dense: true,
};

impl Fit {
    /// The same with a width that many windows share, so that few pictures have to be drawn.
    pub fn rounded(self) -> Self {
        let step = LABELS.cell / 2;
        let width = self.width.map(|width| width.clamp(NARROWEST, WIDEST) / step * step);
        Self { width, ..self }
    }

    /// How a picture with so many jacks and cords is drawn, and how many jacks are in a row at most.
    pub(super) fn of(self, jacks: usize, lanes: u32) -> (Measures, usize) {
        let is_dense = match self.density {
            Density::Auto => jacks > DENSE_FROM,
            Density::Labels => false,
            Density::Dense => true,
        };
        let measures = if is_dense { DENSE } else { LABELS };
        let usual = length(COLUMNS) * LABELS.cell;
        let beside = 2 * (MARGIN + EAR) + if lanes == 0 { 0 } else { LANE * (lanes + 1) };
        let room = self.width.map_or(usual, |width| width.saturating_sub(beside));
        let columns = usize::try_from(room / measures.cell).unwrap_or(COLUMNS);
        (measures, columns.max(2))
    }
}

/// A count as a length.
fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

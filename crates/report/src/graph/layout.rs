//! Where everything goes: fronts above one another, jacks in rows, cords around them.

use super::geometry::{Area, Point};
use super::jack::Jack;
use super::scene::{Cord, End, Front, Scene};

/// Jacks in a row; a bridge with more has more rows.
const COLUMNS: usize = 8;
/// A front is at least so many jacks wide, to hold its title.
const COLUMNS_MIN: usize = 4;
/// Around everything, and between fronts.
const MARGIN: u32 = 20;
/// Width of the part of a front that is screwed to the rack.
pub(super) const EAR: u32 = 24;
/// Height of a front's title.
pub(super) const TITLE: u32 = 48;
/// Beneath the last row of a front.
const FOOT: u32 = 14;
/// Width of a jack with its lines.
pub(super) const CELL: u32 = 128;
/// Height of the number above a socket.
pub(super) const NUMBER: u32 = 20;
/// Height of a socket.
pub(super) const SOCKET: u32 = 36;
/// From a socket down to its lines, when no cord runs between.
const DROP: u32 = 18;
/// What each cord between a socket and its lines takes.
const LANE: u32 = 8;
/// Height of the strip above the lines.
pub(super) const STRIP: u32 = 19;
/// Height of a line.
pub(super) const LINE: u32 = 15;
/// Beneath the lines: inside their label, then to the next row.
pub(super) const PAD: u32 = 7;
const GAP: u32 = 16;
/// More cords than this beside the fronts, or in a row, run over one another.
const LANES_MAX: usize = 24;

/// Gives every front, jack and cord its place, and the scene its size.
pub(super) fn place(scene: &mut Scene) {
    let ends: Vec<End> = scene.cords.iter().flat_map(|cord| [cord.from, cord.to]).collect();
    let widest = scene.fronts.iter().map(|front| front.jacks.len()).max().unwrap_or(0);
    let columns = widest.clamp(COLUMNS_MIN, COLUMNS);
    let mut y = MARGIN;
    for (number, front) in scene.fronts.iter_mut().enumerate() {
        let mine = ends.iter().filter(|end| end.front == number).map(|end| end.jack);
        place_front(front, y, columns, &mine.collect::<Vec<_>>());
        y += front.area.h + MARGIN;
    }
    let right = MARGIN + 2 * EAR + length(columns) * CELL;
    route(scene, right, &ends);
    let beside =
        if scene.cords.is_empty() { 0 } else { LANE * length(lane(scene.cords.len())) + LANE };
    (scene.w, scene.h) = (right + beside + MARGIN, y.max(MARGIN + TITLE + MARGIN));
}

/// Lays out one front at height `y`; cords end at the jacks in `ends`.
fn place_front(front: &mut Front, y: u32, columns: usize, ends: &[usize]) {
    let mut below = y + TITLE;
    for (row, jacks) in front.jacks.chunks_mut(columns).enumerate() {
        let here = row * columns..(row + 1) * columns;
        let cords = ends.iter().filter(|end| here.contains(*end)).count();
        let drop = DROP + LANE * length(lane(cords));
        let lines = jacks.iter().map(|jack| jack.lines.len()).max().unwrap_or(0);
        let h = NUMBER + SOCKET + drop + STRIP + length(lines) * LINE + PAD;
        for (column, jack) in jacks.iter_mut().enumerate() {
            let x = MARGIN + EAR + length(column) * CELL;
            jack.area = Area { x, y: below, w: CELL, h };
            jack.drop = drop;
        }
        below += h + GAP;
    }
    let w = 2 * EAR + length(columns) * CELL;
    front.area = Area { x: MARGIN, y, w, h: below - GAP + FOOT - y };
}

/// Leads each cord down from its socket, out to the right of all fronts, and back in.
fn route(scene: &mut Scene, right: u32, ends: &[End]) {
    let depth = |scene: &Scene, end: End| {
        let (_, jack) = scene.at(end);
        let beside = |other: &&End| {
            other.front == end.front && scene.at(**other).1.area.y == jack.area.y && **other < end
        };
        (socket(jack), LANE * length(lane(ends.iter().filter(beside).count())) + DROP / 2 + 4)
    };
    let mut cords: Vec<Cord> = std::mem::take(&mut scene.cords);
    for (number, cord) in cords.iter_mut().enumerate() {
        let beside = right + LANE * (length(number % LANES_MAX) + 1);
        let ((from, down), (to, up)) = (depth(scene, cord.from), depth(scene, cord.to));
        let ys = [from.y, from.y + down, from.y + down, to.y + up, to.y + up, to.y];
        let xs = [from.x, from.x, beside, beside, to.x, to.x];
        cord.path = xs.into_iter().zip(ys).map(|(x, y)| Point { x, y }).collect();
    }
    scene.cords = cords;
}

/// The middle of the lower edge of a jack's socket.
pub(super) fn socket(jack: &Jack) -> Point {
    Point { x: jack.area.x + CELL / 2, y: jack.area.y + NUMBER + SOCKET }
}

fn lane(cords: usize) -> usize {
    cords.min(LANES_MAX)
}

/// A count as a length.
fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

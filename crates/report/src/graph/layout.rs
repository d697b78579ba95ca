//! Where everything goes: fronts above one another, jacks in rows, cords around them.

use super::fit::{Fit, Measures};
use super::geometry::{Area, Point};
use super::jack::Jack;
use super::scene::{Cord, End, Front, Scene};

/// Labelled jacks in a row, where no width is told; a bridge with more has more rows.
pub(super) const COLUMNS: usize = 8;
/// Around everything, and between fronts.
pub(super) const MARGIN: u32 = 20;
/// Width of the part of a front that is screwed to the rack.
pub(super) const EAR: u32 = 24;
/// Height of a front's title.
pub(super) const TITLE: u32 = 48;
/// Beneath the last row of a front.
const FOOT: u32 = 14;
/// What each cord between a socket and its lines takes.
pub(super) const LANE: u32 = 8;
/// Height of the strip above the lines.
pub(super) const STRIP: u32 = 19;
/// Height of a line.
pub(super) const LINE: u32 = 15;
/// Beneath the lines, inside their label.
pub(super) const PAD: u32 = 7;
/// Height of the name beneath a jack that has no label.
pub(super) const NAME: u32 = 13;
/// More cords than this beside the fronts, or in a row, run over one another.
const LANES_MAX: usize = 24;

/// Gives every front, jack and cord its place, and the scene its size.
pub(super) fn place(scene: &mut Scene, fit: Fit) {
    let ends: Vec<End> = scene.cords.iter().flat_map(|cord| [cord.from, cord.to]).collect();
    let lanes = length(lane(scene.cords.len()));
    let (measures, most) = fit.of(scene.jacks().count(), lanes);
    scene.measures = measures;
    let widest = scene.fronts.iter().map(|front| front.jacks.len()).max().unwrap_or(0);
    let columns = widest.clamp(measures.fewest.min(most), most);
    let mut y = MARGIN;
    for (number, front) in scene.fronts.iter_mut().enumerate() {
        let mine = ends.iter().filter(|end| end.front == number).map(|end| end.jack);
        place_front(front, y, columns, measures, &mine.collect::<Vec<_>>());
        y += front.area.h + MARGIN;
    }
    let right = MARGIN + 2 * EAR + length(columns) * measures.cell;
    route(scene, right, &ends);
    let beside = if lanes == 0 { 0 } else { LANE * lanes + LANE };
    (scene.w, scene.h) = (right + beside + MARGIN, y.max(MARGIN + TITLE + MARGIN));
}

/// Lays out one front at height `y`; cords end at the jacks in `ends`.
fn place_front(front: &mut Front, y: u32, columns: usize, measures: Measures, ends: &[usize]) {
    let Measures { cell, number, socket, gap, .. } = measures;
    let mut below = y + TITLE;
    for (row, jacks) in front.jacks.chunks_mut(columns).enumerate() {
        let here = row * columns..(row + 1) * columns;
        let cords = ends.iter().filter(|end| here.contains(*end)).count();
        let drop = measures.drop + LANE * length(lane(cords));
        let h = number + socket + drop + beneath(jacks, measures);
        for (column, jack) in jacks.iter_mut().enumerate() {
            let x = MARGIN + EAR + length(column) * cell;
            jack.area = Area { x, y: below, w: cell, h };
            jack.socket = Point { x: x + measures.centre, y: below + number + socket };
            jack.drop = drop;
        }
        below += h + gap;
    }
    let w = 2 * EAR + length(columns) * cell;
    front.area = Area { x: MARGIN, y, w, h: below - gap + FOOT - y };
}

/// Height of what is written beneath a row.
fn beneath(jacks: &[Jack], measures: Measures) -> u32 {
    if measures.is_dense {
        return NAME;
    }
    let lines = jacks.iter().map(|jack| jack.lines.len()).max().unwrap_or(0);
    STRIP + length(lines) * LINE + PAD
}

/// Leads each cord down from its socket, out to the right of all fronts, and back in.
fn route(scene: &mut Scene, right: u32, ends: &[End]) {
    let depth = |scene: &Scene, end: End| {
        let (_, jack) = scene.at(end);
        let beside = |other: &&End| {
            other.front == end.front && scene.at(**other).1.area.y == jack.area.y && **other < end
        };
        let first = scene.measures.drop / 2 + 4;
        (jack.socket, LANE * length(lane(ends.iter().filter(beside).count())) + first)
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

fn lane(cords: usize) -> usize {
    cords.min(LANES_MAX)
}

/// A count as a length.
fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

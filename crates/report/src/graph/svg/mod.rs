//! The picture as SVG 1.1: alone as a document, or as a part of the page.

mod jack;

use std::collections::BTreeSet;
use std::fmt::Write;

use askama::Template;
use jack::JackView;

use super::escape::{shorten, slug};
use super::geometry::{Area, Point};
use super::jack::Jack;
use super::layout::{EAR, TITLE};
use super::scene::{Cord, Front, Scene};
use super::style::stylesheet;

/// Shapes that every socket and plug repeats: 44 by 36, the upper left corner at 0.
const SHAPES: &str = "<defs>\
<g id=\"ovs-socket\"><rect class=\"ovs-bezel\" width=\"44\" height=\"36\" rx=\"5\"/>\
<path class=\"ovs-hole\" d=\"M5 5h34v20h-7v6H12v-6H5z\"/>\
<path class=\"ovs-gold\" d=\"M11.5 5v6m3-6v6m3-6v6m3-6v6m3-6v6m3-6v6m3-6v6m3-6v6\" stroke-width=\"1.3\"/></g>\
<g id=\"ovs-plug\"><path d=\"M8 12h28v12a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2z\"/>\
<path d=\"M15 24h14v5l-3 9h-8l-3-9z\"/>\
<path d=\"M10 14.5h24\" stroke=\"#fff\" stroke-opacity=\".45\" stroke-width=\"1.5\"/>\
<path d=\"M17 29h10m-9.5 3h9\" stroke=\"#000\" stroke-opacity=\".3\"/></g></defs>";

/// A front that is narrower has its title in two lines, without the datapath id.
const NARROW: u32 = 540;

/// The whole as a file of its own.
#[derive(Template)]
#[template(path = "picture.svg")]
struct Picture<'a> {
    scene: &'a Scene,
    style: String,
    inside: Inside<'a>,
}

/// The whole for a page.
#[derive(Template)]
#[template(path = "figure.svg")]
struct Figure<'a> {
    scene: &'a Scene,
    inside: Inside<'a>,
}

/// Faces, then cords, with a margin that sets them off from what they cross, then what hangs
/// over them.
#[derive(Template)]
#[template(path = "inside.svg")]
struct Inside<'a> {
    scene: &'a Scene,
    live: bool,
}

/// The front of a switch without its jacks.
#[derive(Template)]
#[template(path = "plate.svg")]
struct Plate<'a> {
    front: &'a Front,
    key: String,
    x: u32,
    y: u32,
    right: u32,
    /// Height of an ear without its round corners.
    inner: u32,
    name: String,
    summary: String,
    /// The datapath id, if there is room for it.
    datapath: Option<&'a str>,
    /// Whether the title takes two lines.
    is_narrow: bool,
    /// Where its first line stands.
    title: u32,
    /// The middle of each, and where its slot begins.
    screws: [(u32, u32, String); 4],
}

/// The whole as a file of its own: valid XML, light and dark as its reader wishes.
pub fn svg(scene: &Scene) -> String {
    let inside = Inside { scene, live: false };
    written(&Picture { scene, style: stylesheet(), inside })
}

/// The whole for a page that has [`stylesheet`]: each jack can be focused, and carries what
/// there is to say of it.
pub fn figure(scene: &Scene) -> String {
    let inside = Inside { scene, live: true };
    written(&Figure { scene, inside })
}

/// The same for a page without a script: there is nothing to press, and each jack says what it is itself.
pub fn still(scene: &Scene) -> String {
    let inside = Inside { scene, live: false };
    written(&Figure { scene, inside })
}

fn written(template: &impl Template) -> String {
    // Writing to a string fails only if a value cannot be displayed, and all of ours can.
    template.render().unwrap_or_default()
}

impl<'a> Plate<'a> {
    fn new(front: &'a Front) -> Self {
        let Area { x, y, w, h } = front.area;
        let right = x + w;
        let foot = y + h;
        let is_narrow = w < NARROW;
        let screws =
            [(x + 9, y + 16), (x + 9, foot - 16), (right - 9, y + 16), (right - 9, foot - 16)];
        Self {
            front,
            key: slug(&front.bridge),
            x,
            y,
            right,
            inner: h - 16,
            name: shorten(&front.bridge, if is_narrow { 20 } else { 40 }),
            summary: shorten(&summary(front), usize::try_from((w - 2 * EAR) / 7).unwrap_or(0)),
            datapath: front.datapath_id.as_deref().filter(|_| !is_narrow),
            is_narrow,
            title: y + if is_narrow { 22 } else { 31 },
            screws: screws.map(|(x, y)| (x, y, slot(x, y))),
        }
    }
}

/// The upper left end of a screw's slot.
fn slot(x: u32, y: u32) -> String {
    format!("{} {}", f64::from(x) - 2.5, f64::from(y) - 2.5)
}

impl<'a> Inside<'a> {
    fn plate(front: &'a Front) -> Plate<'a> {
        Plate::new(front)
    }

    fn jack(&self, front: &'a Front, jack: &'a Jack) -> JackView<'a> {
        JackView::new(front, jack, &self.scene.measures, self.live)
    }

    fn key(front: &Front) -> String {
        slug(&front.bridge)
    }

    fn cords(&self) -> impl Iterator<Item = CordView<'a>> {
        self.scene.cords.iter().map(|cord| CordView::new(self.scene, cord))
    }
}

/// A patch cord.
struct CordView<'a> {
    from: &'a Jack,
    to: &'a Jack,
    name: String,
    path: String,
}

impl<'a> CordView<'a> {
    fn new(scene: &'a Scene, cord: &Cord) -> Self {
        let ((a, from), (b, to)) = (scene.at(cord.from), scene.at(cord.to));
        let name = format!("patch from {} {} to {} {}", a.bridge, from.port, b.bridge, to.port);
        Self { from, to, name, path: rounded(&cord.path) }
    }
}

/// How many ports there are, and how many are in use or need a look.
fn summary(front: &Front) -> String {
    let mut words = vec![count(front.jacks.len(), "port")];
    let plugged: BTreeSet<_> =
        front.jacks.iter().flat_map(|jack| &jack.plugs).map(|plug| &plug.netns).collect();
    let orphaned = front.jacks.iter().filter(|jack| jack.is_orphaned()).count();
    words.extend((!plugged.is_empty()).then(|| format!("{} plugged in", plugged.len())));
    words.extend((orphaned > 0).then(|| format!("{orphaned} orphaned")));
    words.join(" · ")
}

/// `1 port`, `2 ports`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A line through these points, its corners rounded.
fn rounded(points: &[Point]) -> String {
    const BEND: f64 = 7.0;
    let at = |p: &Point| (f64::from(p.x), f64::from(p.y));
    let Some(first) = points.first() else { return String::new() };
    let mut path = format!("M{} {}", first.x, first.y);
    for three in points.windows(3) {
        let [a, b, c] = three else { continue };
        let [a, b, c] = [at(a), at(b), at(c)];
        let before = towards(b, a, BEND);
        let after = towards(b, c, BEND);
        let ((px, py), (bx, by), (ax, ay)) = (before, b, after);
        let _ = write!(path, "L{px} {py}Q{bx} {by} {ax} {ay}");
    }
    let last = points.last().unwrap_or(first);
    path + &format!("L{} {}", last.x, last.y)
}

/// From one point so far towards another; they share a coordinate.
fn towards(from: (f64, f64), to: (f64, f64), far: f64) -> (f64, f64) {
    let step = |a: f64, b: f64| a + (b - a).clamp(-far, far);
    (step(from.0, to.0), step(from.1, to.1))
}

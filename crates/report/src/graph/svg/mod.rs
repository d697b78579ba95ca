//! The picture as SVG 1.1: alone as a document, or as a part of the page.

mod jack;

use std::collections::BTreeSet;
use std::fmt::Write;

use jack::draw_jack;

use super::escape::{shorten, slug, xml};
use super::geometry::{Area, Point};
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

/// The whole as a file of its own: valid XML, light and dark as its reader wishes.
pub fn svg(scene: &Scene) -> String {
    let (w, h) = (scene.w, scene.h);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"wiring\" role=\"img\" \
        aria-labelledby=\"ovs-title ovs-desc\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
        <title id=\"ovs-title\">{}</title>\n<desc id=\"ovs-desc\">{}</desc>\n\
        <style>{}</style>\n<rect class=\"ground\" width=\"{w}\" height=\"{h}\"/>\n{}</svg>\n",
        xml(&title(scene)),
        xml(&description(scene)),
        stylesheet(),
        inside(scene, false),
    )
}

/// The whole for a page that has [`stylesheet`]: each jack can be focused, and carries what
/// there is to say of it.
pub fn figure(scene: &Scene) -> String {
    let (w, h, title) = (scene.w, scene.h, xml(&title(scene)));
    format!(
        "<svg class=\"wiring\" role=\"group\" aria-label=\"{title}\" \
        width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n{}</svg>\n",
        inside(scene, true)
    )
}

fn title(scene: &Scene) -> String {
    format!("Open vSwitch wiring of {}", scene.host)
}

/// The whole in words.
fn description(scene: &Scene) -> String {
    let jacks = scene.fronts.iter().flat_map(|front| &front.jacks);
    let captions: Vec<_> = jacks.map(|jack| jack.caption.as_str()).collect();
    if captions.is_empty() { "No bridges.".to_owned() } else { captions.join("; ") }
}

/// Faces, then cords, then what hangs over them.
fn inside(scene: &Scene, live: bool) -> String {
    let mut out = format!("{SHAPES}\n");
    scene.fronts.iter().for_each(|front| out += &plate(front));
    scene.cords.iter().for_each(|cord| out += &draw_cord(scene, cord));
    for front in &scene.fronts {
        let (id, name) = (slug(&front.bridge), xml(&front.bridge));
        let jacks: String = front.jacks.iter().map(|jack| draw_jack(front, jack, live)).collect();
        let _ = writeln!(
            out,
            "<g id=\"bridge-{id}\" role=\"group\" aria-label=\"bridge {name}\">\n{jacks}</g>"
        );
    }
    if scene.fronts.is_empty() {
        let (x, y) = (scene.w / 2, scene.h / 2);
        let _ = writeln!(out, "<text class=\"mid soft\" x=\"{x}\" y=\"{y}\">no bridges</text>");
    }
    out
}

/// The front of a switch without its jacks.
fn plate(front: &Front) -> String {
    let Area { x, y, w, h } = front.area;
    let (right, foot) = (x + w, y + h);
    let ear = |x: u32, round: &str| format!("<path class=\"ear\" d=\"M{x} {y}{round}\"/>");
    let inner = h - 16;
    let left = ear(x + EAR - 6, &format!("h-10a8 8 0 0 0-8 8v{inner}a8 8 0 0 0 8 8h10z"));
    let other = ear(right - EAR + 6, &format!("h10a8 8 0 0 1 8 8v{inner}a8 8 0 0 1-8 8h-10z"));
    let screws: String =
        [(x + 9, y + 16), (x + 9, foot - 16), (right - 9, y + 16), (right - 9, foot - 16)]
            .map(|(x, y)| screw(x, y))
            .concat();
    let (key, name, base) = (slug(&front.bridge), xml(&shorten(&front.bridge, 40)), y + 31);
    let id =
        front.datapath_id.as_deref().map_or(String::new(), |id| format!("datapath {} · ", xml(id)));
    format!(
        "<g id=\"front-{key}\"><rect class=\"plate\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"8\"/>{left}{other}{screws}\
        <text class=\"bridge\" x=\"{}\" y=\"{base}\">{name}</text>\
        <text class=\"mono soft end\" x=\"{}\" y=\"{base}\">{id}{}</text>\
        <path class=\"rule\" d=\"M{} {}H{}\"/></g>\n",
        x + EAR + 8,
        right - EAR - 8,
        summary(front),
        x + EAR,
        y + TITLE - 5,
        right - EAR,
    )
}

fn screw(x: u32, y: u32) -> String {
    format!(
        "<circle class=\"screw\" cx=\"{x}\" cy=\"{y}\" r=\"4.5\"/><path class=\"rule\" d=\"M{} {}l5 5\"/>",
        f64::from(x) - 2.5,
        f64::from(y) - 2.5
    )
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

/// A patch cord, with a margin that sets it off from what it crosses.
fn draw_cord(scene: &Scene, cord: &Cord) -> String {
    let path = rounded(&cord.path);
    let ((a, from), (b, to)) = (scene.at(cord.from), scene.at(cord.to));
    let name = xml(&format!("patch from {} {} to {} {}", a.bridge, from.port, b.bridge, to.port));
    let (from, to) = (&from.id, &to.id);
    format!(
        "<g id=\"cord-{from}-{to}\"><title>{name}</title>\
        <path class=\"casing\" d=\"{path}\"/><path class=\"cord\" d=\"{path}\"/></g>\n"
    )
}

/// A line through these points, its corners rounded.
fn rounded(points: &[Point]) -> String {
    const BEND: f64 = 7.0;
    let at = |p: &Point| (f64::from(p.x), f64::from(p.y));
    let Some(first) = points.first() else { return String::new() };
    let mut path = format!("M{} {}", first.x, first.y);
    for three in points.windows(3) {
        let [a, b, c] = [at(&three[0]), at(&three[1]), at(&three[2])];
        let (before, after) = (towards(b, a, BEND), towards(b, c, BEND));
        let ((px, py), (bx, by), (ax, ay)) = (before, b, after);
        let _ = write!(path, "L{px} {py}Q{bx} {by} {ax} {ay}");
    }
    let last = points[points.len() - 1];
    path + &format!("L{} {}", last.x, last.y)
}

/// From one point so far towards another; they share a coordinate.
fn towards(from: (f64, f64), to: (f64, f64), far: f64) -> (f64, f64) {
    let step = |a: f64, b: f64| a + (b - a).clamp(-far, far);
    (step(from.0, to.0), step(from.1, to.1))
}

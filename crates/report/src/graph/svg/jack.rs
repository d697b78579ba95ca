//! One port in the picture.

use crate::graph::colour::hue;
use crate::graph::escape::{LETTERS, shorten, xml};
use crate::graph::geometry::Area;
use crate::graph::jack::{Ink, Jack, Line};
use crate::graph::layout::{CELL, LINE, NUMBER, PAD, SOCKET, STRIP, socket};
use crate::graph::scene::Front;
use crate::v1::{Occupant, PortState};

/// Width of a socket.
const SOCKET_W: u32 = 44;

/// The number, the socket and the label of one port; what is only for a page if it is `live`.
pub(super) fn draw_jack(front: &Front, jack: &Jack, live: bool) -> String {
    let Area { x, y, .. } = jack.area;
    let (middle, base) = (x + CELL / 2, y + 14);
    let label = jack.label();
    let led = middle - 8 - u32::try_from(label.len()).unwrap_or(0) * 4;
    format!(
        "<g id=\"{}\" class=\"{}\"{}>{}<desc>{}</desc>{}\
        <circle class=\"led\" cx=\"{led}\" cy=\"{}\" r=\"3\"/>\
        <text class=\"number mid\" x=\"{middle}\" y=\"{base}\">{label}</text>{}{}</g>\n",
        jack.id,
        classes(jack),
        if live { handles(front, jack) } else { " role=\"img\"".to_owned() },
        if live { String::new() } else { format!("<title>{}</title>", xml(&jack.caption)) },
        xml(&jack.details[1..].join("\n")),
        if live { focus(jack) } else { String::new() },
        base - 4,
        draw_socket(jack),
        draw_label(jack),
    )
}

/// What it is, for the style sheet.
fn classes(jack: &Jack) -> String {
    let state = Some(jack.state).filter(|state| *state != PortState::On);
    let vlan = jack.vlan.filter(|_| state.is_none() && !jack.is_orphaned());
    let vlan = vlan.map(|tag| format!(" v{}", hue(tag))).unwrap_or_default();
    let state = state.map(|state| format!(" {state}")).unwrap_or_default();
    format!("jack {}{vlan}{state}", jack.occupant)
}

/// What a program in the page takes hold of it by.
fn handles(front: &Front, jack: &Jack) -> String {
    let number = jack.number.map(|n| format!(" data-ofport=\"{n}\"")).unwrap_or_default();
    let (name, bridge) = (xml(&jack.caption), xml(&front.bridge));
    let (strip, label) = (jack.strip(), jack.label());
    let words = [vec![strip.as_str(), &label], jack.words()].concat();
    let (find, evidence) = (several(&words).to_lowercase(), several(&jack.evidence));
    format!(
        " role=\"button\" tabindex=\"-1\" aria-label=\"{name}\" data-bridge=\"{bridge}\"{number} \
        data-find=\"{find}\" data-evidence=\"{evidence}\""
    )
}

/// Lines in an attribute. No text of a scene has line ends of its own.
fn several<T: AsRef<str>>(lines: &[T]) -> String {
    lines.iter().map(|line| xml(line.as_ref())).collect::<Vec<_>>().join("&#10;")
}

/// Where the page shows that it is focused, found or selected.
fn focus(jack: &Jack) -> String {
    let Area { x, y, w, .. } = jack.area;
    let h = NUMBER + SOCKET + jack.drop + label_height(jack) + 6;
    format!(
        "<rect class=\"halo\" x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{h}\" rx=\"8\"/>",
        x + 1,
        w - 2
    )
}

/// The socket with what is in it, and the cable down to the label.
fn draw_socket(jack: &Jack) -> String {
    let end = socket(jack);
    let (x, y, foot) = (end.x - SOCKET_W / 2, jack.area.y + NUMBER, end.y + jack.drop);
    let hole = format!("<use href=\"#ovs-socket\" x=\"{x}\" y=\"{y}\"/>");
    let plug =
        |out: u32| format!("<use class=\"plug\" href=\"#ovs-plug\" x=\"{x}\" y=\"{}\"/>", y + out);
    let cable = |from: u32| format!("<path class=\"cable\" d=\"M{} {from}V{foot}\"/>", end.x);
    let sign = |sign: &str| {
        format!("<text class=\"sign mid\" x=\"{}\" y=\"{}\">{sign}</text>", end.x, y + 21)
    };
    let rest = match (jack.state, jack.occupant) {
        (PortState::On, Occupant::Patch) => plug(0),
        (PortState::On, Occupant::Orphaned) => cable(end.y + 4) + &rim(x, y),
        (PortState::On, Occupant::Local) => sign("⌂"),
        (PortState::On, Occupant::Unknown) => sign("?") + &rim(x, y),
        (PortState::On, _) => cable(end.y) + &plug(0),
        (PortState::Pending, _) => cable(end.y + 12) + &plug(12) + &sign("…") + &rim(x, y),
        (PortState::Failed, _) => cable(end.y + 12) + &plug(12) + &sign("×") + &rim(x, y),
    };
    hole + &rest
}

/// What marks a socket that needs a look.
fn rim(x: u32, y: u32) -> String {
    format!(
        "<rect class=\"rim\" x=\"{}\" y=\"{}\" width=\"48\" height=\"40\" rx=\"7\" fill=\"none\" stroke-width=\"2\"/>",
        x - 2,
        y - 2
    )
}

fn label_height(jack: &Jack) -> u32 {
    STRIP + u32::try_from(jack.lines.len()).unwrap_or(0) * LINE + PAD
}

/// The label at the end of the cable; that of an orphaned port hangs askew.
fn draw_label(jack: &Jack) -> String {
    let (x, w, h) = (jack.area.x + 4, CELL - 8, label_height(jack));
    let (y, middle) = (jack.area.y + NUMBER + SOCKET + jack.drop, jack.area.x + CELL / 2);
    let askew = if jack.is_orphaned() {
        format!(" transform=\"rotate(-3 {middle} {y})\"")
    } else {
        String::new()
    };
    let lines =
        jack.lines.iter().zip(1..).map(|(line, n)| draw_line(line, middle, y + STRIP + n * LINE));
    format!(
        "<g{askew}><rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"5\"/>\
        <path class=\"strip\" d=\"M{x} {}v-{}a5 5 0 0 1 5-5h{}a5 5 0 0 1 5 5v{}z\"/>\
        <text class=\"what mid\" x=\"{middle}\" y=\"{}\">{}</text>\
        <g class=\"lines mid\">{}</g></g>",
        y + STRIP,
        STRIP - 5,
        w - 10,
        STRIP - 5,
        y + 13,
        xml(&shorten(&jack.strip(), LETTERS)),
        lines.collect::<String>(),
    )
}

fn draw_line(line: &Line, x: u32, y: u32) -> String {
    let class = match line.ink {
        Ink::Strong => "strong",
        Ink::Plain => "plain",
        Ink::Faint => "soft",
        Ink::Alarm => "alarm",
    };
    let text = xml(&shorten(&line.text, LETTERS));
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>")
}

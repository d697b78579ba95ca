//! One port in the picture.

use askama::Template;

use crate::graph::colour::hue;
use crate::graph::escape::{LETTERS, shorten};
use crate::graph::jack::Jack;
use crate::graph::layout::{CELL, LINE, NUMBER, PAD, SOCKET, STRIP, socket};
use crate::graph::scene::Front;
use crate::v1::{Occupant, PortState};

/// Width of a socket.
const SOCKET_W: u32 = 44;
/// Width of a label.
const WIDTH: u32 = CELL - 8;

/// The number, the socket and the label of one port; what is only for a page if it is `live`.
#[derive(Template)]
#[template(path = "jack.svg")]
pub(super) struct JackView<'a> {
    jack: &'a Jack,
    live: bool,
    bridge: &'a str,
    label: String,
    strip: String,
    /// What the page finds it by, in small letters.
    find: Vec<String>,
    hue: Option<u16>,
    led: u32,
    middle: u32,
    base: u32,
    /// The upper left corner of the socket.
    x: u32,
    y: u32,
    contents: Contents,
    /// Where the label begins, and how high it is.
    top: u32,
    height: u32,
    /// Class, text and height of each.
    lines: Vec<(&'static str, String, u32)>,
}

impl<'a> JackView<'a> {
    pub(super) fn new(front: &'a Front, jack: &'a Jack, live: bool) -> Self {
        let label = jack.label();
        let strip = jack.strip();
        let end = socket(jack);
        let top = end.y + jack.drop;
        let lines = jack.lines.iter().zip(1..).map(|(line, n)| {
            (line.ink.class(), shorten(&line.text, LETTERS), top + STRIP + n * LINE)
        });
        let coloured = jack.state == PortState::On && !jack.is_orphaned();
        Self {
            jack,
            live,
            bridge: &front.bridge,
            find: if live { found_by(jack, &strip, &label) } else { Vec::new() },
            hue: jack.vlan.filter(|_| coloured).map(hue),
            led: end.x - 8 - u32::try_from(label.len()).unwrap_or(0) * 4,
            middle: end.x,
            base: jack.area.y + 14,
            x: end.x - SOCKET_W / 2,
            y: jack.area.y + NUMBER,
            contents: Contents::of(jack, end.y),
            top,
            height: STRIP + u32::try_from(jack.lines.len()).unwrap_or(0) * LINE + PAD,
            lines: lines.collect(),
            strip: shorten(&strip, LETTERS),
            label,
        }
    }
}

/// What the page finds a jack by, in small letters.
fn found_by(jack: &Jack, strip: &str, label: &str) -> Vec<String> {
    [strip, label].into_iter().chain(jack.words()).map(str::to_lowercase).collect()
}

/// What is in a socket.
#[derive(Default)]
struct Contents {
    /// A cable down to the label, from this height.
    cable: Option<u32>,
    /// A plug, so far out of the socket.
    plug: Option<u32>,
    sign: Option<&'static str>,
    /// A rim around a socket that needs a look.
    rim: bool,
}

impl Contents {
    /// The foot of the socket is at `foot`.
    fn of(jack: &Jack, foot: u32) -> Self {
        let nothing = Self::default();
        let loose =
            |sign| Self { cable: Some(foot + 12), plug: Some(12), sign: Some(sign), rim: true };
        match (jack.state, jack.occupant) {
            (PortState::Pending, _) => loose("…"),
            (PortState::Failed, _) => loose("×"),
            (PortState::On, Occupant::Patch) => Self { plug: Some(0), ..nothing },
            (PortState::On, Occupant::Orphaned) => {
                Self { cable: Some(foot + 4), rim: true, ..nothing }
            }
            (PortState::On, Occupant::Local) => Self { sign: Some("⌂"), ..nothing },
            (PortState::On, Occupant::Unknown) => Self { sign: Some("?"), rim: true, ..nothing },
            (PortState::On, _) => Self { cable: Some(foot), plug: Some(0), ..nothing },
        }
    }
}

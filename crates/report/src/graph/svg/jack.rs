//! One port in the picture.

use std::collections::BTreeSet;

use askama::Template;

use crate::graph::colour::hue;
use crate::graph::escape::{LETTERS, shorten};
use crate::graph::fit::Measures;
use crate::graph::jack::Jack;
use crate::graph::layout::{LINE, NAME, PAD, STRIP};
use crate::graph::scene::Front;
use crate::v1::{Occupant, PortState};

/// Width of a socket, and of one without a label.
const SOCKET_W: u32 = 44;
const DENSE_W: u32 = 22;
/// Letters of the name of a jack without a label.
const NAME_LETTERS: usize = 10;

/// The number, the socket and the label of one port, or its name alone where the picture is dense;
/// what is only for a page if it is `live`.
#[derive(Template)]
#[template(path = "jack.svg")]
pub(super) struct JackView<'a> {
    jack: &'a Jack,
    live: bool,
    is_dense: bool,
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
    /// Size of the socket.
    w: u32,
    h: u32,
    /// Where the label or the name begins, and how wide and high it is.
    top: u32,
    width: u32,
    height: u32,
    /// Height of what is marked when it is found, or has the focus.
    halo: u32,
    /// The name in short.
    name: String,
    /// Class, text and height of each.
    lines: Vec<(&'static str, String, u32)>,
}

impl<'a> JackView<'a> {
    pub(super) fn new(front: &'a Front, jack: &'a Jack, measures: &Measures, live: bool) -> Self {
        let label = jack.label();
        let strip = jack.strip();
        let (end, is_dense) = (jack.socket, measures.is_dense);
        let w = if is_dense { DENSE_W } else { SOCKET_W };
        let top = end.y + jack.drop;
        let height = if is_dense {
            NAME
        } else {
            STRIP + u32::try_from(jack.lines.len()).unwrap_or(0) * LINE + PAD
        };
        let lines = jack.lines.iter().zip(1..).map(|(line, n)| {
            (line.ink.class(), shorten(&line.text, LETTERS), top + STRIP + n * LINE)
        });
        let coloured = jack.state == PortState::On && !jack.is_orphaned();
        Self {
            jack,
            live,
            is_dense,
            bridge: &front.bridge,
            find: if live { found_by(front, jack, &strip, &label) } else { Vec::new() },
            hue: jack.own_vlan().filter(|_| coloured).map(hue),
            led: if is_dense {
                end.x + w / 2 + 3
            } else {
                end.x - 8 - u32::try_from(label.len()).unwrap_or(0) * 4
            },
            middle: jack.area.x + measures.cell / 2,
            base: if is_dense { end.y - 5 } else { jack.area.y + measures.number - 6 },
            x: end.x - w / 2,
            y: jack.area.y + measures.number,
            w,
            h: measures.socket,
            contents: Contents::of(jack, end.y),
            top,
            width: measures.cell - 8,
            height,
            halo: top + height + if is_dense { 2 } else { 6 } - jack.area.y,
            name: shorten(&jack.name(), NAME_LETTERS),
            lines: lines.collect(),
            strip: shorten(&strip, LETTERS),
            label,
        }
    }

    fn engines(&self) -> BTreeSet<&'a str> {
        self.jack.plugs.iter().flat_map(|plug| &plug.engines).map(String::as_str).collect()
    }

    fn addresses(&self) -> impl Iterator<Item = &'a str> {
        self.jack.plugs.iter().flat_map(|plug| &plug.addresses).map(String::as_str)
    }
}

/// What the page finds a jack by, in small letters.
fn found_by(front: &Front, jack: &Jack, strip: &str, label: &str) -> Vec<String> {
    [strip, label, &front.bridge].into_iter().chain(jack.words()).map(str::to_lowercase).collect()
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

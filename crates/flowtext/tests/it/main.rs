//! What Open vSwitch printed, and any bytes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

mod addresses;
mod bytes;
mod changes;
mod elsewhere;
mod escapes;
mod fixtures;
mod places;
mod tables;

use std::net::IpAddr;

use docker_ovs_flowtext::{Annotator, Labels, Style};

/// Labels every place by what it is: `o` an OpenFlow port, with its bridge, `d` a datapath port, with its datapath, `n`
/// the name of a port, `m` and `i` addresses.
pub(crate) struct Kinds;

impl Labels for Kinds {
    fn of_port(&self, bridge: Option<&str>, port: &[u8]) -> Option<&str> {
        let known = port.iter().all(u8::is_ascii_digit)
            || port.starts_with(b"0x")
            || port.eq_ignore_ascii_case(b"LOCAL")
            || is_name(port);
        known.then_some(match bridge {
            None => "o",
            Some("flw0") => "o flw0",
            Some("flw1") => "o flw1",
            Some(_) => "o elsewhere",
        })
    }

    fn dp_port(&self, datapath: Option<&str>, port: &[u8]) -> Option<&str> {
        let known = port.iter().all(u8::is_ascii_digit) || is_name(port);
        known.then_some(match datapath {
            None => "d",
            Some("system@ovs-system") => "d system",
            Some("netdev@ovs-netdev") => "d netdev",
            Some(_) => "d elsewhere",
        })
    }

    fn port_name(&self, name: &[u8]) -> Option<&str> {
        is_name(name).then_some("n")
    }

    fn mac(&self, _: [u8; 6]) -> Option<&str> {
        Some("m")
    }

    fn ip(&self, _: IpAddr) -> Option<&str> {
        Some("i")
    }
}

/// The names of the ports in the fixtures.
fn is_name(word: &[u8]) -> bool {
    let word = docker_ovs_flowtext::unquoted(word);
    word.starts_with(b"flw") || word.starts_with(b"veth")
}

/// The text with its labels, in one piece.
pub(crate) fn annotated(text: &[u8], style: &Style) -> Vec<u8> {
    in_pieces(text, text.len().max(1), style)
}

/// The same in pieces of a size.
pub(crate) fn in_pieces(text: &[u8], size: usize, style: &Style) -> Vec<u8> {
    with(Kinds, text, size, style)
}

/// The same with other labels.
pub(crate) fn with(labels: impl Labels, text: &[u8], size: usize, style: &Style) -> Vec<u8> {
    let mut annotator = Annotator::new(labels, style.clone());
    let mut out = Vec::new();
    for piece in text.chunks(size.max(1)) {
        annotator.push(piece, &mut out);
    }
    annotator.finish(&mut out);
    out
}

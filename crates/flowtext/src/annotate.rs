//! A filter that says after each port who is on it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use regex::bytes::Regex;

use crate::escapes;
use crate::names::unquoted;
use crate::passes::Passes;
use crate::place::{Found, Place};
use crate::scan::Scanner;

/// So much of a line is looked at together, in bytes; a longer one is looked at in parts.
const LONGEST: usize = 64 << 10;

/// Who is where. What is not known has no label, and is not annotated.
pub trait Labels {
    /// Who is on the OpenFlow port that a text calls `port`: a number, in decimal or hexadecimal,
    /// or a name; `bridge` where the text says so, else the one that was asked about.
    fn of_port(&self, bridge: Option<&str>, port: &[u8]) -> Option<&str> {
        let _ = (bridge, port);
        None
    }

    /// The same of a datapath port, by number or name; `datapath` where the text says so, as `system@ovs-system`.
    fn dp_port(&self, datapath: Option<&str>, port: &[u8]) -> Option<&str> {
        let _ = (datapath, port);
        None
    }

    /// Who is on the port of this name.
    fn port_name(&self, name: &[u8]) -> Option<&str> {
        let _ = name;
        None
    }

    /// Whose Ethernet address that is.
    fn mac(&self, mac: [u8; 6]) -> Option<&str> {
        let _ = mac;
        None
    }

    /// Whose IP address that is.
    fn ip(&self, ip: IpAddr) -> Option<&str> {
        let _ = ip;
        None
    }
}

impl<L: Labels> Labels for &L {
    fn of_port(&self, bridge: Option<&str>, port: &[u8]) -> Option<&str> {
        (**self).of_port(bridge, port)
    }

    fn dp_port(&self, datapath: Option<&str>, port: &[u8]) -> Option<&str> {
        (**self).dp_port(datapath, port)
    }

    fn port_name(&self, name: &[u8]) -> Option<&str> {
        (**self).port_name(name)
    }

    fn mac(&self, mac: [u8; 6]) -> Option<&str> {
        (**self).mac(mac)
    }

    fn ip(&self, ip: IpAddr) -> Option<&str> {
        (**self).ip(ip)
    }
}

/// How it is said.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Style {
    /// The label instead of the port, not after it in angle brackets.
    pub replace: bool,
    /// In colour, by the escape sequences of ECMA-48.
    pub colour: bool,
    /// Ethernet addresses too.
    pub macs: bool,
    /// IP addresses too.
    pub ips: bool,
    /// Where ports stand in other texts.
    pub patterns: Vec<Pattern>,
}

/// A regular expression that tells where an OpenFlow port stands: in the group called `port`, or
/// else in the first one; the group `bridge` may tell the bridge.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a text is no [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(String);

impl std::fmt::Display for BadPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPattern {}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let pattern = Regex::new(text).map_err(|error| BadPattern(error.to_string()))?;
        if pattern.captures_len() < 2 {
            return Err(BadPattern(
                "it has no group for the port, as in 'port ([0-9]+)'".to_owned(),
            ));
        }
        Ok(Self(pattern))
    }
}

/// Annotates a text that comes in pieces of any size, line by line.
#[derive(Debug)]
pub struct Annotator<L> {
    labels: L,
    style: Style,
    scanner: Scanner,
    about: About,
    /// What has come of a line whose end has not.
    begun: Vec<u8>,
}

/// What the text is about at present, where it says so.
#[derive(Debug, Default)]
struct About {
    /// The bridges that it is in, the innermost last.
    bridges: Vec<String>,
    /// The trace that it is in.
    passes: Passes,
    /// The datapath.
    datapath: Option<String>,
}

impl About {
    fn bridge(&self) -> Option<&str> {
        self.bridges.last().map(String::as_str)
    }

    /// Takes what the text says of itself with a word; what has a label says nothing of the text.
    fn tell(&mut self, found: Found, word: &[u8]) {
        match found {
            Found::Bridge => {
                let written = unquoted(word);
                let name = self.passes.enter(&String::from_utf8_lossy(&written)).to_owned();
                self.bridges.push(name);
            }
            Found::BridgeEnds => drop(self.bridges.pop()),
            Found::FirstBridge => {
                self.bridges.clear();
                self.passes.end();
            }
            Found::PassBegins => self.passes.begin(),
            Found::PassBridge => {
                self.bridges.clear();
                self.bridges.extend(self.passes.elsewhere().map(str::to_owned));
            }
            Found::Forked => {
                let innermost = self.bridges.last().map(String::as_str);
                self.passes.fork(innermost);
            }
            Found::Resumed => self.passes.resume(),
            Found::Datapath => self.datapath = Some(String::from_utf8_lossy(word).into_owned()),
            Found::DatapathEnds => self.datapath = None,
            Found::OfPort | Found::DpPort | Found::PortName | Found::Mac(_) | Found::Ip(_) => {}
        }
    }
}

impl<L: Labels> Annotator<L> {
    /// One that has seen nothing yet.
    pub fn new(labels: L, style: Style) -> Self {
        let scanner = Scanner::new(style.macs, style.ips);
        Self { labels, style, scanner, about: About::default(), begun: Vec::new() }
    }

    /// Takes a piece of the text, and appends to `out` what of it is certain: all lines that have
    /// come to their end.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut piece = piece;
        if !self.begun.is_empty() {
            let end = memchr::memchr(b'\n', piece).map_or(piece.len(), |at| at + 1);
            let (line, rest) = piece.split_at(end);
            self.begun.extend_from_slice(line);
            piece = rest;
            if self.begun.ends_with(b"\n") {
                let line = std::mem::take(&mut self.begun);
                self.annotate(&line, out);
                self.begun = line;
                self.begun.clear();
            }
        }
        let whole = memchr::memrchr(b'\n', piece).map_or(0, |at| at + 1);
        let (lines, rest) = piece.split_at(whole);
        self.annotate(lines, out);
        self.begun.extend_from_slice(rest);
        if self.begun.len() > LONGEST {
            self.cut(out);
        }
    }

    /// The text has come to its end: appends what is left of it.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let rest = std::mem::take(&mut self.begun);
        self.annotate(&rest, out);
    }

    /// Says from now on what these labels know.
    pub fn relabel(&mut self, labels: L) {
        self.labels = labels;
    }

    /// Annotates the beginning of a line that is longer than can be held, where it may be cut.
    fn cut(&mut self, out: &mut Vec<u8>) {
        let begun = std::mem::take(&mut self.begun);
        let end = memchr::memrchr2(b',', b' ', &begun).map_or(begun.len(), |at| at + 1);
        let (part, rest) = begun.split_at(end);
        self.annotate(part, out);
        self.begun.extend_from_slice(rest);
    }

    fn annotate(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let Self { labels, style, scanner, about, .. } = self;
        let mut writer = Writer { text, style, out, done: 0 };
        if !style.patterns.is_empty() {
            with_patterns(scanner, text, &style.patterns, |place, on| match on {
                Some(on) => writer.say(place, labels.of_port(Some(on), &said(text, place))),
                None => writer.place(labels, about, place, &said(text, place)),
            });
        } else if escapes::may_have(text) {
            let each = &mut |place| writer.place(labels, about, place, &said(text, place));
            scanner.coloured(text, each);
        } else {
            let each = &mut |place| writer.place(labels, about, place, word(text, place));
            scanner.lines(text, each);
        }
        writer.copy(text.len());
    }
}

/// A line without what ends it: `$` of a pattern is the end of its words.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What the scanner finds and what the patterns find, in order: where both tell of the same words, the patterns do; of
/// two patterns that overlap the first.
fn with_patterns(
    scanner: &mut Scanner,
    text: &[u8],
    patterns: &[Pattern],
    mut each: impl FnMut(Place, Option<&str>),
) {
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let offset = line.as_ptr() as usize - text.as_ptr() as usize;
        let mut places = Vec::new();
        let mut is_told = vec![false; line.len()];
        for Pattern(pattern) in patterns {
            for found in pattern.captures_iter(without_end(line)) {
                let Some(port) = found.name("port").or_else(|| found.get(1)) else { continue };
                let on = found.name("bridge");
                let on = on.map(|on| String::from_utf8_lossy(on.as_bytes()).into_owned());
                let place = Place { start: port.start(), end: port.end(), found: Found::OfPort };
                is_told.get_mut(port.range()).unwrap_or_default().fill(true);
                places.push((place, on));
            }
        }
        scanner.scan(line, |place| {
            let words = is_told.get(place.start..place.end).unwrap_or_default();
            // What the text is about from here on is so in any case.
            if !place.found.is_labelled() || !words.contains(&true) {
                places.push((place, None));
            }
        });
        // What a text is about from here on is so of what stands here.
        places.sort_by_key(|(place, _)| (place.start, place.found.is_labelled()));
        for (place, on) in places {
            each(place.behind(offset), on.as_deref());
        }
    }
}

fn word(text: &[u8], place: Place) -> &[u8] {
    text.get(place.start..place.end).unwrap_or_default()
}

/// The word there, whatever colours it has.
fn said(text: &[u8], place: Place) -> Cow<'_, [u8]> {
    escapes::without(word(text, place))
}

/// Copies a text, and says in between what is known.
struct Writer<'a> {
    text: &'a [u8],
    style: &'a Style,
    out: &'a mut Vec<u8>,
    /// How much of the text is copied.
    done: usize,
}

impl Writer<'_> {
    /// What the text says at a place with `word`.
    fn place<L: Labels>(&mut self, labels: &L, about: &mut About, place: Place, word: &[u8]) {
        let label = match place.found {
            Found::OfPort => labels.of_port(about.bridge(), word),
            Found::DpPort => labels.dp_port(about.datapath.as_deref(), word),
            Found::PortName => labels.port_name(word),
            Found::Mac(mac) => labels.mac(mac),
            Found::Ip(ip) => labels.ip(ip),
            told => {
                about.tell(told, word);
                None
            }
        };
        self.say(place, label);
    }

    fn say(&mut self, place: Place, label: Option<&str>) {
        let Some(label) = label.filter(|_| place.start >= self.done) else { return };
        self.copy(if self.style.replace { place.start } else { place.end });
        self.done = place.end;
        let (colour, plain): (&[u8], &[u8]) =
            if self.style.colour { (b"\x1b[36m", b"\x1b[0m") } else { (b"", b"") };
        let (open, close): (&[u8], &[u8]) =
            if self.style.replace { (b"", b"") } else { (b"<", b">") };
        for part in [colour, open, label.as_bytes(), close, plain] {
            self.out.extend_from_slice(part);
        }
        if self.style.replace {
            // What ends a colour may stand in the word that is left out.
            for sequence in escapes::only(word(self.text, place)) {
                self.out.extend_from_slice(sequence);
            }
        }
    }

    fn copy(&mut self, end: usize) {
        self.out.extend_from_slice(self.text.get(self.done..end).unwrap_or_default());
        self.done = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Labels for Nothing {}

    /// However deep bridges are in each other, as none are in a real trace, as many are kept.
    #[test]
    fn a_text_that_never_leaves_a_bridge_takes_no_more_room() {
        let pattern =
            Style { patterns: vec!["port ([0-9]+)".parse().unwrap()], ..Style::default() };
        for style in [Style::default(), pattern] {
            let mut annotator = Annotator::new(Nothing, style);
            let mut out = Vec::new();
            let mut kept = 0;
            for number in 0..5000_usize {
                let indent = " ".repeat(number.min(64));
                let line =
                    format!("{indent}bridge(\"br{number}\")\n{indent} 0. in_port={number}\n");
                out.clear();
                annotator.push(line.as_bytes(), &mut out);
                kept = kept.max(annotator.about.bridges.len());
            }
            assert!((1..=32).contains(&kept), "{kept}");
            assert!(
                annotator.about.bridges.capacity() <= 64 && annotator.begun.capacity() <= LONGEST
            );
            // What is left is left.
            annotator.push(b"bridge(\"br0\")\n", &mut out);
            assert_eq!(annotator.about.bridges, ["br0"]);
        }
    }
}

//! Where ports stand in a text, in one pass.
//!
//! The places are those at which the printers of Open vSwitch write a port (lib/ofp-actions.c,
//! lib/ofp-match.c, lib/odp-util.c, lib/learn.c, lib/bundle.c, ofproto/ofproto-dpif-trace.c): what a
//! word means is told by the word before it and by the parentheses around it. A number anywhere else
//! is no port.

use std::net::IpAddr;

use crate::line::{Head, Row, described, head};
use crate::names::{is_quiet_action, quoted_end};
use crate::word::{self, Word, is_word, word_end};

/// So deep parentheses are followed; what is deeper has no ports that are found.
const DEEPEST: usize = 32;

/// What stands at a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An OpenFlow port of the bridge that the text is about: a number, in decimal or `0x…`, or a
    /// name, maybe in quotes. It may be a word that names no port, as `NORMAL` or a register.
    OfPort,
    /// A datapath port, by number or name.
    DpPort,
    /// The name of a port where no number can stand.
    PortName,
    /// The name of a bridge, maybe in quotes: OpenFlow ports from here on are those of that bridge.
    Bridge,
    /// Nothing: OpenFlow ports from here on are those of the bridge before the last one.
    BridgeEnds,
    /// Nothing: OpenFlow ports from here on are again those of the bridge that was asked about.
    FirstBridge,
    /// An Ethernet address.
    Mac([u8; 6]),
    /// An IP address.
    Ip(IpAddr),
}

/// A part of the text that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub found: Found,
}

/// What the next word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Key {
    /// Nothing that is known.
    #[default]
    Other,
    OfPort,
    DpPort,
    /// A value that is written to a field: `load:0x3->NXM_OF_IN_PORT[]`.
    Written,
    /// A list of ports, up to the closing parenthesis.
    Members,
}

/// What parentheses are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Frame {
    #[default]
    Other,
    /// A list of OpenFlow actions.
    OfActions,
    /// A list of datapath actions.
    DpActions,
    /// `output(port=3,max_len=100)`
    Output,
}

/// Finds the ports of a text that comes in pieces.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about where it is")]
pub struct Scanner {
    /// Whether Ethernet addresses are looked for.
    macs: bool,
    /// Whether IP addresses are.
    ips: bool,
    frames: [Frame; DEEPEST],
    depth: usize,
    /// Parentheses that are open beyond [`DEEPEST`].
    beyond: usize,
    /// What the list of actions outside of all parentheses is of.
    list: Frame,
    key: Key,
    /// Whether an action may begin here, which may be a port alone.
    bare: bool,
    /// Whether the line begins here.
    fresh: bool,
    /// How far the bridges are indented that a trace is in, the innermost last.
    bridges: Vec<usize>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new(false, false)
    }
}

impl Scanner {
    /// One that looks for Ethernet addresses (`macs`) and IP addresses (`ips`) too, or not.
    pub fn new(macs: bool, ips: bool) -> Self {
        Self {
            macs,
            ips,
            frames: [Frame::Other; DEEPEST],
            depth: 0,
            beyond: 0,
            list: Frame::Other,
            key: Key::Other,
            bare: false,
            fresh: true,
            bridges: Vec::new(),
        }
    }

    /// Tells of each place in `piece`, in order. A piece ends where a line does, or else after a
    /// blank or a comma; what a line has begun is known when the next piece comes.
    pub fn scan(&mut self, piece: &[u8], mut each: impl FnMut(Place)) {
        let mut at = 0;
        while let Some(byte) = piece.get(at).copied() {
            if self.fresh {
                let head = head(piece, at);
                self.fresh = false;
                self.leave_bridges(piece, at, &head, &mut each);
                if !matches!(head, Head::Nothing) {
                    at = self.begin(&head, at, &mut each);
                    continue;
                }
            }
            at = if self.is_idle() {
                self.skip(piece, at, &mut each)
            } else if is_word(byte) {
                self.word(piece, at, &mut each)
            } else if byte == b'"' {
                self.quoted(piece, at, &mut each)
            } else {
                self.mark(piece, byte, at, &mut each)
            };
        }
    }

    /// Whether nothing that stands here means anything but a key, a parenthesis, a quotation mark and
    /// the end of the line: so it is in most of a text.
    #[inline]
    fn is_idle(&self) -> bool {
        let outside = self.depth == 0 && self.list == Frame::Other;
        outside && self.key == Key::Other && !self.bare && !self.macs && !self.ips
    }

    /// Goes on to what means something.
    fn skip(&mut self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) -> usize {
        let rest = piece.get(at..).unwrap_or_default();
        // Nearly every key says nothing about ports, which its last letter tells.
        let mut before = 0;
        let stops = |byte: &u8| {
            let last = std::mem::replace(&mut before, *byte);
            word::wakes(*byte) && !word::is_idle_key(last, *byte)
        };
        let Some(length) = rest.iter().position(stops) else { return piece.len() };
        let stop = at + length;
        match rest.get(length) {
            Some(b'"') => self.quoted(piece, stop, each),
            Some(b'\n') => {
                self.end_line();
                stop + 1
            }
            _ => {
                let before = rest.get(..length).unwrap_or_default();
                let word = before.iter().rev().take_while(|byte| is_word(**byte)).count();
                match word {
                    0 if rest.get(length) == Some(&b'(') => {
                        self.open(Frame::Other);
                        stop + 1
                    }
                    0 => stop + 1,
                    word => self.delimited(piece, stop - word, stop, each),
                }
            }
        }
    }

    /// A line that is indented no further than a bridge is not of that bridge any more
    /// (`oftrace_node_print_details` of ofproto/ofproto-dpif-trace.c); the outermost one has no end
    /// but that of the trace.
    fn leave_bridges(
        &mut self,
        piece: &[u8],
        at: usize,
        head: &Head,
        each: &mut impl FnMut(Place),
    ) {
        if self.bridges.is_empty() && !matches!(head, Head::Bridge { .. }) {
            return;
        }
        let rest = piece.get(at..).unwrap_or_default();
        let indent = rest.iter().take_while(|byte| **byte == b' ').count();
        let is_blank = matches!(rest.get(indent), None | Some(b'\n' | b'\r' | b'-'));
        let begins = matches!(head, Head::Bridge { .. });
        while let Some(outer) = self.bridges.last().copied() {
            if outer < indent || (!begins && (is_blank || outer == 0)) {
                break;
            }
            self.bridges.pop();
            each(Place { start: at, end: at, found: Found::BridgeEnds });
        }
        if begins && self.bridges.len() < DEEPEST {
            self.bridges.push(indent);
        }
    }

    /// What a line of its own kind begins with; where to go on.
    fn begin(&mut self, head: &Head, at: usize, each: &mut impl FnMut(Place)) -> usize {
        match head {
            Head::Nothing => at,
            Head::Row(Row { places, end }) => {
                for (start, end, found) in places.iter().flatten().copied() {
                    each(Place { start, end, found });
                }
                *end
            }
            &Head::Bridge { start, end } => {
                each(Place { start, end, found: Found::Bridge });
                end
            }
            Head::FirstBridge => {
                self.bridges.clear();
                each(Place { start: at, end: at, found: Found::FirstBridge });
                at
            }
            &Head::DpActions(end) => {
                self.bridges.clear();
                each(Place { start: at, end: at, found: Found::FirstBridge });
                self.list = Frame::DpActions;
                self.bare = true;
                end
            }
        }
    }

    /// A byte that is neither of a word nor a quotation mark.
    fn mark(&mut self, piece: &[u8], byte: u8, at: usize, each: &mut impl FnMut(Place)) -> usize {
        match byte {
            b'\n' => self.end_line(),
            b'(' => self.open(Frame::Other),
            b')' => self.close(),
            b',' => {
                self.bare = self.frame() != Frame::Other;
                if self.key != Key::Members {
                    self.key = Key::Other;
                }
            }
            b' ' | b'\t' => self.blank(piece, at),
            b':' if self.ips => {
                if let Some(end) = self.ipv6(piece, at, each) {
                    return end;
                }
                self.forget();
            }
            _ => self.forget(),
        }
        at + 1
    }

    fn forget(&mut self) {
        self.key = Key::Other;
        self.bare = false;
    }

    /// A blank ends a list of actions, unless it stands after a comma, as users write it.
    fn blank(&mut self, piece: &[u8], at: usize) {
        let before = at.checked_sub(1).and_then(|at| piece.get(at));
        let goes_on = before == Some(&b',') && self.frame() == Frame::OfActions;
        if self.depth == 0 && !goes_on {
            self.list = Frame::Other;
            self.bare = false;
        }
        self.key = Key::Other;
    }

    fn end_line(&mut self) {
        self.depth = 0;
        self.beyond = 0;
        self.list = Frame::Other;
        self.fresh = true;
        self.forget();
    }

    fn frame(&self) -> Frame {
        let inner = self.depth.checked_sub(1).and_then(|at| self.frames.get(at));
        if self.beyond > 0 { Frame::Other } else { inner.copied().unwrap_or(self.list) }
    }

    fn open(&mut self, frame: Frame) {
        match self.frames.get_mut(self.depth) {
            Some(slot) => {
                *slot = frame;
                self.depth += 1;
            }
            None => self.beyond += 1,
        }
        self.key = Key::Other;
        self.bare = matches!(frame, Frame::OfActions | Frame::DpActions);
    }

    fn close(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else {
            self.depth = self.depth.saturating_sub(1);
        }
        self.forget();
    }

    /// A name in quotes, where it ends on its line.
    fn quoted(&mut self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) -> usize {
        let Some(end) = quoted_end(piece, at) else {
            self.forget();
            return at + 1;
        };
        self.value(piece, at, end, each);
        self.bare = false;
        if self.key != Key::Members {
            self.key = Key::Other;
        }
        end
    }

    /// A word: a value, a key, or what parentheses are of; where to go on.
    fn word(&mut self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) -> usize {
        if (self.macs || self.ips)
            && let Some(end) = self.address(piece, at, each)
        {
            return end;
        }
        let end = word_end(piece, at);
        self.delimited(piece, at, end, each)
    }

    /// The same of a word whose end is known.
    fn delimited(
        &mut self,
        piece: &[u8],
        at: usize,
        end: usize,
        each: &mut impl FnMut(Place),
    ) -> usize {
        let next = piece.get(end).copied();
        if next == Some(b'(')
            && let Some(name) = described(piece, at, end)
        {
            each(Place { start: at, end, found: Found::OfPort });
            each(name);
            self.forget();
            return name.end;
        }
        if self.key != Key::Other || self.bare {
            self.value(piece, at, end, each);
            self.bare = false;
        }
        match next {
            Some(b'(') => {
                self.call(word::packed(piece, at, end));
                end + 1
            }
            Some(b'=' | b':') => {
                let word = word::packed(piece, at, end);
                self.name(word, next == Some(b'='), piece.get(end + 1).copied());
                end + 1
            }
            _ => {
                if self.key != Key::Members {
                    self.key = Key::Other;
                }
                end
            }
        }
    }

    /// Tells of a word that stands where a port may.
    fn value(&self, piece: &[u8], start: usize, end: usize, each: &mut impl FnMut(Place)) {
        let next = piece.get(end).copied();
        let found = match self.key {
            Key::OfPort | Key::Members => Some(Found::OfPort),
            Key::DpPort => Some(Found::DpPort),
            Key::Written => writes_port(piece, end).then_some(Found::OfPort),
            Key::Other if !self.bare => None,
            Key::Other => {
                let ends = matches!(next, None | Some(b',' | b')' | b' ' | b'\n' | b'\r'));
                let word = piece.get(start..end).unwrap_or_default();
                let port = ends && !is_quiet_action(word);
                match self.frame() {
                    Frame::OfActions => port.then_some(Found::OfPort),
                    Frame::DpActions => port.then_some(Found::DpPort),
                    Frame::Output | Frame::Other => None,
                }
            }
        };
        // A register, as in output:NXM_NX_REG0[], is none.
        if let Some(found) = found.filter(|_| next != Some(b'[')) {
            each(Place { start, end, found });
        }
    }

    /// `WORD(`
    fn call(&mut self, word: Word) {
        let around = self.frame();
        let (frame, key) = match word {
            word::RESUBMIT | word::ENQUEUE => (Frame::Other, Key::OfPort),
            word::OUTPUT => (Frame::Output, Key::Other),
            word::CLONE if around == Frame::DpActions => (Frame::DpActions, Key::Other),
            word::WRITE_ACTIONS | word::APPLY_ACTIONS | word::EXEC | word::CLONE => {
                (Frame::OfActions, Key::Other)
            }
            word::ACTIONS | word::GT | word::LE => (Frame::DpActions, Key::Other),
            word::IN_PORT | word::TNL_POP | word::TNL_PORT | word::OUT_PORT => {
                (Frame::Other, Key::DpPort)
            }
            _ => (Frame::Other, Key::Other),
        };
        self.open(frame);
        self.key = key;
    }

    /// `WORD=` or `WORD:`, and what stands after that.
    #[inline]
    fn name(&mut self, word: Word, equals: bool, next: Option<u8>) {
        self.key = match word {
            word::IN_PORT
            | word::IN_PORT_OXM
            | word::ACTSET_OUTPUT
            | word::OUT_PORT
            | word::PORT_NO
            | word::SAMPLING_PORT
                if equals =>
            {
                Key::OfPort
            }
            word::OUTPUT | word::ENQUEUE | word::RESUBMIT if !equals => Key::OfPort,
            word::WATCH_PORT => Key::OfPort,
            word::PORT if equals && self.frame() == Frame::Output => Key::OfPort,
            word::MEMBERS | word::SLAVES if !equals => Key::Members,
            word::LOAD | word::SET_FIELD | word::REG_LOAD if !equals => Key::Written,
            word::ACTIONS => {
                self.list(if equals { Frame::OfActions } else { Frame::DpActions }, next);
                Key::Other
            }
            word::BUCKET if equals => {
                self.list = Frame::Other;
                Key::Other
            }
            _ => Key::Other,
        };
    }

    /// A list of actions begins, where it does so at once: features are told after a blank.
    fn list(&mut self, kind: Frame, next: Option<u8>) {
        if self.depth == 0 && next != Some(b' ') {
            self.list = kind;
            self.bare = true;
        }
    }

    /// An address that begins here, where those are looked for; where it ends.
    fn address(&self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) -> Option<usize> {
        let before = at.checked_sub(1).and_then(|at| piece.get(at)).copied();
        if self.macs
            && let Some(mac) = mac(piece, at).filter(|_| before != Some(b':'))
        {
            each(Place { start: at, end: at + 17, found: Found::Mac(mac) });
            return Some(at + 17);
        }
        if !self.ips {
            return None;
        }
        if let Some((ip, end)) = ipv4(piece, at) {
            each(Place { start: at, end, found: Found::Ip(ip) });
            return Some(end);
        }
        if before == Some(b':') { None } else { self.ipv6(piece, at, each) }
    }

    fn ipv6(&self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) -> Option<usize> {
        if !self.ips {
            return None;
        }
        let rest = piece.get(at..)?;
        let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
        let length = rest.iter().take(40).position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let text = std::str::from_utf8(rest.get(..length)?).ok()?;
        // Where a colon follows the address, it is no part of it.
        let address = text.parse().ok().map(|ip| (ip, length)).or_else(|| {
            let shorter = text.strip_suffix(':').filter(|text| !text.ends_with(':'))?;
            shorter.parse().ok().map(|ip| (ip, shorter.len()))
        });
        let (ip, length) = address?;
        each(Place { start: at, end: at + length, found: Found::Ip(IpAddr::V6(ip)) });
        Some(at + length)
    }
}

/// Whether a value that ends at `end` is written to the port a packet came in by.
fn writes_port(text: &[u8], end: usize) -> bool {
    let Some(field) = text.get(end..).and_then(|rest| rest.strip_prefix(b"->")) else {
        return false;
    };
    let (field, rest) = field.split_at(word_end(field, 0));
    // A part of the field is no port.
    let whole = !rest.starts_with(b"[") || rest.starts_with(b"[]");
    whole
        && matches!(
            field,
            b"in_port"
                | b"in_port_oxm"
                | b"NXM_OF_IN_PORT"
                | b"OXM_OF_IN_PORT"
                | b"actset_output"
                | b"OXM_OF_ACTSET_OUTPUT"
        )
}

/// The Ethernet address that stands at `at` and ends there: more groups would be an IPv6 address.
pub(crate) fn mac(text: &[u8], at: usize) -> Option<[u8; 6]> {
    let digits = text.get(at..at + 17)?;
    let mut mac = [0; 6];
    for (byte, group) in mac.iter_mut().zip(digits.chunks(3)) {
        let (high, low) = (hex(*group.first()?)?, hex(*group.get(1)?)?);
        if group.get(2).is_some_and(|mark| *mark != b':') {
            return None;
        }
        *byte = high << 4 | low;
    }
    let rest = text.get(at + 17..).unwrap_or_default();
    let goes_on = match rest {
        [b':', next, ..] => next.is_ascii_hexdigit() || *next == b':',
        [next, ..] => next.is_ascii_alphanumeric(),
        [] => false,
    };
    (!goes_on).then_some(mac)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The IPv4 address that stands at `at`, and where it ends. tcpdump(1) writes a port after a fifth
/// dot.
fn ipv4(text: &[u8], at: usize) -> Option<(IpAddr, usize)> {
    let rest = text.get(at..)?;
    if !rest.first()?.is_ascii_digit() {
        return None;
    }
    let mut dots = 0;
    let ends = |byte: &u8| {
        dots += usize::from(*byte == b'.');
        !(byte.is_ascii_digit() || *byte == b'.') || dots > 3
    };
    let length = rest.iter().take(16).position(ends).unwrap_or(rest.len().min(16));
    let text = std::str::from_utf8(rest.get(..length)?).ok()?;
    let text = text.strip_suffix('.').unwrap_or(text);
    let after = rest.get(text.len());
    let goes_on = after.is_some_and(|byte| is_word(*byte) && *byte != b'.');
    if goes_on {
        return None;
    }
    let ip = text.parse().ok()?;
    Some((IpAddr::V4(ip), at + text.len()))
}

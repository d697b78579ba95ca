//! Where ports stand in a text, in one pass.
//!
//! The places are those at which the printers of Open vSwitch write a port (lib/ofp-actions.c,
//! lib/ofp-match.c, lib/odp-util.c, lib/learn.c, lib/bundle.c, ofproto/ofproto-dpif-trace.c): what a
//! word means is told by the word before it and by the parentheses around it. A number anywhere else
//! is no port.

use memchr::{memchr, memrchr};

use crate::address::{goes_on, ipv4, ipv6, mac};
use crate::escapes::{ESC, Plain, may_have};
use crate::line::{Head, Listing, Row, described, head, is_of_table};
use crate::meaning::{self, Frame, Key};
use crate::names::{is_quiet_action, quoted_end};
use crate::place::{Found, Place};
use crate::word::{self, Word, is_word, word_end};

/// So deep parentheses are followed, and bridges; what is deeper has no ports that are found.
const DEEPEST: usize = 32;

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
    /// Whether the line tells of an OpenFlow message, whose number stands before.
    message: bool,
    /// How far the bridges are indented that a trace is in, the innermost last.
    bridges: Vec<usize>,
    /// What the lines are a list of.
    listing: Listing,
    /// The line that is looked at without its colours.
    plain: Plain,
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
            message: false,
            bridges: Vec::new(),
            listing: Listing::None,
            plain: Plain::default(),
        }
    }

    /// Tells of each place in `piece`, in order. A piece ends where a line does, or else after a
    /// blank or a comma; what a line has begun is known when the next piece comes. Escape sequences of ECMA-48, as
    /// `--color` makes them, are nothing; a place may have some of them inside.
    pub fn scan(&mut self, piece: &[u8], mut each: impl FnMut(Place)) {
        if may_have(piece) {
            self.coloured(piece, &mut each);
        } else {
            self.lines(piece, &mut each);
        }
    }

    /// The same of a text that has escape sequences: lines that have some are looked at without them.
    #[cold]
    pub(crate) fn coloured(&mut self, piece: &[u8], each: &mut dyn FnMut(Place)) {
        let mut plain = std::mem::take(&mut self.plain);
        let mut done = 0;
        let mut rest = piece;
        while !rest.is_empty() {
            let escape = memchr(ESC, rest).map(|at| rest.get(..at).unwrap_or_default());
            let begin = |before| memrchr(b'\n', before).map_or(0, |at| at + 1);
            let (lines, behind) = rest.split_at(escape.map_or(rest.len(), begin));
            self.lines(lines, &mut |place: Place| each(place.behind(done)));
            done += lines.len();
            let end = memchr(b'\n', behind).map_or(behind.len(), |at| at + 1);
            let (line, behind) = behind.split_at(end);
            plain.read(line);
            self.lines(&plain.text, &mut |place| each(plain.place(place).behind(done)));
            done += line.len();
            rest = behind;
        }
        self.plain = plain;
    }

    /// Tells of each place in a text without escape sequences.
    pub(crate) fn lines(&mut self, piece: &[u8], each: &mut impl FnMut(Place)) {
        let mut at = 0;
        while let Some(byte) = piece.get(at).copied() {
            if self.fresh {
                self.leave_listing(piece, at, each);
                let head = head(piece, at, self.listing);
                self.fresh = false;
                let enters = self.leave_bridges(piece, at, &head, each);
                if !matches!(head, Head::Nothing) {
                    at = self.begin(&head, at, enters, each);
                    continue;
                }
                // A line of `ovs-ofctl diff-flows` and of diff(1) begins with it, whatever it is of.
                if matches!(byte, b'+' | b'-') {
                    at += 1;
                    continue;
                }
            }
            at = if self.is_idle() {
                self.skip(piece, at, each)
            } else if is_word(byte) {
                self.word(piece, at, each)
            } else if byte == b'"' {
                self.quoted(piece, at, each)
            } else {
                self.mark(piece, byte, at, each)
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
        let stops =
            |(at, byte): (usize, &u8)| word::wakes(*byte) && !word::is_idle_key(rest, at, *byte);
        let Some(length) = rest.iter().enumerate().position(stops) else { return piece.len() };
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
                        self.parenthesis(piece, stop);
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
    /// but that of the trace. Whether the line is of one more bridge from here on.
    fn leave_bridges(
        &mut self,
        piece: &[u8],
        at: usize,
        head: &Head,
        each: &mut impl FnMut(Place),
    ) -> bool {
        let begins = matches!(head, Head::Bridge { .. } | Head::TableOf { .. });
        if self.bridges.is_empty() && !begins {
            return false;
        }
        let rest = piece.get(at..).unwrap_or_default();
        let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let is_blank = matches!(rest.get(indent), None | Some(b'\n' | b'\r' | b'-'));
        while let Some(outer) = self.bridges.last().copied() {
            if outer < indent || (!begins && (is_blank || outer == 0)) {
                break;
            }
            self.bridges.pop();
            each(Place { start: at, end: at, found: Found::BridgeEnds });
        }
        let enters = begins && self.bridges.len() < DEEPEST;
        if enters {
            self.bridges.push(indent);
        }
        enters
    }

    /// A line that is not indented is not of a datapath any more (`show_dpif` of lib/dpctl.c); one that is no row is
    /// of no MAC table.
    fn leave_listing(&mut self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) {
        let is_indented = || matches!(piece.get(at), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
        let (is_inside, found) = match self.listing {
            Listing::None => return,
            Listing::Ports | Listing::Bridges => (is_indented(), Found::DatapathEnds),
            Listing::Tables => (is_of_table(piece, at), Found::FirstBridge),
        };
        if is_inside {
            return;
        }
        if self.listing == Listing::Tables {
            self.bridges.clear();
        }
        self.listing = Listing::None;
        each(Place { start: at, end: at, found });
    }

    /// What a line of its own kind begins with; where to go on.
    fn begin(
        &mut self,
        head: &Head,
        at: usize,
        enters: bool,
        each: &mut impl FnMut(Place),
    ) -> usize {
        match head {
            Head::Nothing => at,
            Head::Row(Row { places, end }) => {
                for (start, end, found) in places.iter().flatten().copied() {
                    each(Place { start, end, found });
                }
                *end
            }
            &Head::Bridge { start, end } => {
                // The last one that is kept stands for all that are deeper: which of them it is, is not told.
                let is_last = self.bridges.len() >= DEEPEST;
                let told = if is_last { start } else { end };
                if enters {
                    each(Place { start, end: told, found: Found::Bridge });
                }
                end
            }
            &Head::Datapath { start, end, listing } => {
                self.listing = listing;
                each(Place { start, end, found: Found::Datapath });
                end
            }
            Head::Tables => {
                self.bridges.clear();
                each(Place { start: at, end: at, found: Found::FirstBridge });
                self.listing = Listing::Tables;
                at
            }
            &Head::TableOf { start, end, has_row } => {
                if enters {
                    each(Place { start, end, found: Found::Bridge });
                }
                // The rest of the line is a row like those below it.
                self.fresh = has_row;
                end
            }
            &Head::TracedFlow { begins } => {
                self.bridges.clear();
                let told = [begins.then_some(Found::PassBegins), Some(Found::PassBridge)];
                for found in told.into_iter().flatten() {
                    each(Place { start: at, end: at, found });
                }
                at
            }
            Head::Forked => {
                each(Place { start: at, end: at, found: Found::Forked });
                at
            }
            Head::Resumed => {
                each(Place { start: at, end: at, found: Found::Resumed });
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
            b'(' => self.parenthesis(piece, at),
            b')' => self.close(),
            b',' => {
                self.bare = self.frame() != Frame::Other;
                if self.key != Key::Members {
                    self.key = Key::Other;
                }
            }
            b' ' | b'\t' => self.blank(piece, at),
            b':' if self.ips => {
                if let Some((ip, end)) = ipv6(piece, at) {
                    each(Place { start: at, end, found: Found::Ip(ip) });
                    return end;
                }
                self.forget();
            }
            _ => self.forget(),
        }
        at + 1
    }

    /// A parenthesis that no word stands before; of `(xid=0x2)` the line tells of a message
    /// (`ofp_header_to_string__` of lib/ofp-print.c).
    fn parenthesis(&mut self, piece: &[u8], at: usize) {
        let rest = piece.get(at..).unwrap_or_default();
        self.message |= self.depth == 0 && rest.starts_with(b"(xid=0x");
        self.open(Frame::Other);
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
        let comes = self.key == Key::OfPortBehindBlank;
        self.key = if comes { Key::OfPort } else { Key::Other };
    }

    fn end_line(&mut self) {
        self.message = false;
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
        if !self.value(piece, at, end, each) {
            self.quoted_addresses(piece, at + 1, end - 1, each);
        }
        self.bare = false;
        if self.key != Key::Members {
            self.key = Key::Other;
        }
        end
    }

    /// The addresses between quotation marks, where those are looked for. Of ports nothing is told there but in
    /// whole, by what stands before.
    fn quoted_addresses(
        &self,
        piece: &[u8],
        start: usize,
        end: usize,
        each: &mut impl FnMut(Place),
    ) {
        let mut at = if self.macs || self.ips { start } else { end };
        while at < end {
            let byte = piece.get(at).copied().unwrap_or_default();
            let is_ipv6 = byte == b':' && self.ips;
            let address =
                if is_word(byte) || is_ipv6 { self.address(piece, at, each) } else { None };
            at = match address {
                Some(end) => end,
                None if is_word(byte) => word_end(piece, at),
                None => at + 1,
            };
        }
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
                let word = word::key(piece, at, end);
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

    /// Tells of a word that stands where a port may; whether it is one.
    fn value(&self, piece: &[u8], start: usize, end: usize, each: &mut impl FnMut(Place)) -> bool {
        let next = piece.get(end).copied();
        let found = match self.key {
            Key::OfPort | Key::Members => Some(Found::OfPort),
            Key::OfPortBehindBlank => None,
            Key::DpPort => Some(Found::DpPort),
            Key::Written => meaning::writes_port(piece, end).then_some(Found::OfPort),
            Key::Other if !self.bare => None,
            Key::Other => {
                let ends = matches!(next, None | Some(b',' | b')' | b' ' | b'\n' | b'\r'));
                let word = piece.get(start..end).unwrap_or_default();
                let port = ends && !is_quiet_action(word);
                match self.frame() {
                    Frame::OfActions => port.then_some(Found::OfPort),
                    Frame::DpActions => port.then_some(Found::DpPort),
                    Frame::Output
                    | Frame::Userspace
                    | Frame::Sampled
                    | Frame::TunnelPush
                    | Frame::Other => None,
                }
            }
        };
        // A register, as in output:NXM_NX_REG0[], is none.
        let found = found.filter(|_| next != Some(b'['));
        if let Some(found) = found {
            each(Place { start, end, found });
        }
        found.is_some()
    }

    /// `WORD(`
    fn call(&mut self, word: Word) {
        let (frame, key) = meaning::opened(word, self.frame());
        self.open(frame);
        self.key = key;
    }

    /// `WORD=` or `WORD:`, and what stands after that.
    #[inline]
    fn name(&mut self, word: Word, equals: bool, next: Option<u8>) {
        match word {
            word::ACTIONS => {
                self.list(if equals { Frame::OfActions } else { Frame::DpActions }, next);
            }
            word::ACTION if equals => self.list(Frame::OfActions, next),
            word::BUCKET if equals => self.list = Frame::Other,
            _ => {}
        }
        self.key = meaning::named(word, equals, self.frame());
        if self.message && self.depth == 0 && self.key == Key::Other {
            self.key = meaning::named_in_message(word, equals);
        }
    }

    /// A list of actions begins, where it does so at once: features are told after a blank.
    fn list(&mut self, kind: Frame, next: Option<u8>) {
        if self.depth == 0 && next != Some(b' ') {
            self.list = kind;
            self.bare = true;
        }
    }

    /// An address that begins here, where those are looked for; where it ends. That of the end of a range begins
    /// behind a hyphen.
    fn address(&self, piece: &[u8], at: usize, each: &mut impl FnMut(Place)) -> Option<usize> {
        let at = if piece.get(at) == Some(&b'-') { at + 1 } else { at };
        if self.macs
            && let Some(mac) = mac(piece, at).filter(|_| !goes_on(piece, at))
        {
            each(Place { start: at, end: at + 17, found: Found::Mac(mac) });
            return Some(at + 17);
        }
        if !self.ips {
            return None;
        }
        let ip = ipv4(piece, at).or_else(|| ipv6(piece, at).filter(|_| !goes_on(piece, at)));
        let (ip, end) = ip?;
        each(Place { start: at, end, found: Found::Ip(ip) });
        Some(end)
    }
}

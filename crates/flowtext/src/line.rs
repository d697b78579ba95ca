//! Lines that are no flows, known by how they begin.

use crate::address::{ipv4, ipv6, mac};
use crate::names::quoted_end;
use crate::passes::FORKED;
use crate::place::{Found, Place};
use crate::word::{is_word, word_end};

/// What a line begins with.
pub(crate) enum Head {
    /// Nothing of its own kind.
    Nothing,
    /// A row of a table.
    Row(Row),
    /// `bridge("br0")` of ofproto/trace, `br0:` of dpif/show: where the name is.
    Bridge {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// `system@ovs-system:` of dpctl/show and dpif/show: where the name is.
    Datapath {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
        /// What is listed below it.
        listing: Listing,
    },
    /// The header of MAC tables of several bridges.
    Tables,
    /// The name of a bridge in the first column of such a table.
    TableOf {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
        /// Whether a row is behind it.
        has_row: bool,
    },
    /// A flow of ofproto/trace, which is of the bridge in which the pass goes on.
    TracedFlow {
        /// Whether the pass begins with it.
        begins: bool,
    },
    /// That the packet of ofproto/trace is copied, and the copy has a pass of its own.
    Forked,
    /// `recirc(0x1) - resume conntrack …` of ofproto/trace: the pass of such a copy comes.
    Resumed,
    /// `Datapath actions: `, up to there.
    DpActions(usize),
}

/// What the lines are a list of, below the name of a datapath or a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Of nothing that is known.
    #[default]
    None,
    /// The ports of a datapath, of dpctl/show.
    Ports,
    /// The bridges of a datapath with their ports, of dpif/show.
    Bridges,
    /// The MAC tables of several bridges, of fdb/show.
    Tables,
}

/// The ports of a row, and where to go on.
pub(crate) struct Row {
    pub(crate) places: [Option<(usize, usize, Found)>; 3],
    pub(crate) end: usize,
}

impl Row {
    fn of(start: usize, end: usize, found: Found) -> Head {
        Head::Row(Self { places: [Some((start, end, found)), None, None], end })
    }
}

/// What begins at `at`, where a line does.
pub(crate) fn head(text: &[u8], at: usize, listing: Listing) -> Head {
    let start = skip_blanks(text, at);
    if listing == Listing::Bridges && start > at {
        return listed(text, start).unwrap_or(Head::Nothing);
    }
    let rest = text.get(start..).unwrap_or_default();
    if listing == Listing::Tables {
        // Whatever is no row of them has ended the list.
        return table_row(text, at).unwrap_or(Head::Nothing);
    }
    let known = match rest.first() {
        Some(b'p') => {
            let row = || port_row(text, start, rest).filter(|_| listing == Listing::Ports);
            port_line(text, start, rest).or_else(row)
        }
        Some(b'P' | b'I') => database_line(text, start, rest),
        Some(b'b') => bridge_line(text, start, rest),
        Some(b'B') => is_header_of_tables(rest).then_some(Head::Tables),
        Some(b'F' | b'M') => {
            let flows = [&b"Flow: "[..], b"Final flow: ", b"Megaflow: "];
            let is_flow = flows.iter().any(|flow| rest.starts_with(flow));
            is_flow.then_some(Head::TracedFlow { begins: rest.starts_with(b"Flow: ") })
        }
        Some(b'0'..=b'9') => captured_line(text, start, rest),
        Some(b'-') => rest.starts_with(FORKED.as_bytes()).then_some(Head::Forked),
        Some(b'r') => (start == at && rest.starts_with(b"recirc(0x")).then_some(Head::Resumed),
        Some(b'D') => {
            let list = b"Datapath actions: ";
            rest.starts_with(list).then(|| Head::DpActions(start + list.len()))
        }
        _ => None,
    };
    let row = || {
        let end = name_end(text, start)?;
        let datapath = || if start == at { datapath_line(text, start, end) } else { None };
        let captured = || captured_without_time(text, start, end);
        fdb_row(text, start, end).or_else(datapath).or_else(captured)
    };
    known.or_else(row).unwrap_or(Head::Nothing)
}

fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Where the name or number ends that begins at `at`.
fn name_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => quoted_end(text, at),
        byte if is_word(*byte) => Some(word_end(text, at)),
        _ => None,
    }
}

/// `port  3: rx pkts=…` and `port 3 queue 1: …` of ovs-ofctl, `port=3` of its queue-get-config.
fn port_line(text: &[u8], start: usize, rest: &[u8]) -> Option<Head> {
    if rest.starts_with(b"port=") {
        let end = name_end(text, start + 5)?;
        let ends = matches!(text.get(end), None | Some(b'\n' | b'\r'));
        return ends.then(|| Row::of(start + 5, end, Found::OfPort));
    }
    let (port, end) = port_word(text, start, rest)?;
    let after = text.get(end..)?;
    let is_row = after.starts_with(b": rx pkts=") || after.starts_with(b" queue ");
    is_row.then(|| Row::of(port, end, Found::OfPort))
}

/// Where the word behind `port ` begins and ends.
fn port_word(text: &[u8], start: usize, rest: &[u8]) -> Option<(usize, usize)> {
    let port = rest.starts_with(b"port ").then(|| skip_blanks(text, start + 5))?;
    Some((port, name_end(text, port)?))
}

/// `port 3: veth1` of dpctl/show; other texts have such lines too, and mean another port.
fn port_row(text: &[u8], start: usize, rest: &[u8]) -> Option<Head> {
    let (port, end) = port_word(text, start, rest)?;
    let after = text.get(end..)?;
    let is_number = text.get(port..end)?.iter().all(u8::is_ascii_digit);
    let name = skip_blanks(text, end + 1);
    if !is_number || !after.starts_with(b": ") {
        return None;
    }
    let name_end = name_end(text, name)?;
    let ends = matches!(text.get(name_end), None | Some(b'\n' | b'\r'))
        || text.get(name_end..)?.starts_with(b" (");
    ends.then_some(Head::Row(Row {
        places: [Some((port, end, Found::DpPort)), Some((name, name_end, Found::PortName)), None],
        end: name_end,
    }))
}

/// `Port veth1` and `Interface veth1` of `ovs-vsctl show`, up to the end of the line.
fn database_line(text: &[u8], start: usize, rest: &[u8]) -> Option<Head> {
    let word = [&b"Port "[..], b"Interface "].into_iter().find(|word| rest.starts_with(word))?;
    let name = start + word.len();
    let end = name_end(text, name)?;
    let ends = matches!(text.get(end), None | Some(b'\n' | b'\r'));
    ends.then(|| Row::of(name, end, Found::PortName))
}

/// `bridge("br0")` of ofproto/trace.
fn bridge_line(text: &[u8], start: usize, rest: &[u8]) -> Option<Head> {
    if !rest.starts_with(b"bridge(\"") {
        return None;
    }
    let name = start + 7;
    let end = quoted_end(text, name)?;
    (text.get(end) == Some(&b')')).then_some(Head::Bridge { start: name, end })
}

/// `system@ovs-system:` of dpctl/show; the name may go on behind its first word, which ends at `end`. What
/// comes before the @ is a type of datapath (ovs-vswitchd.conf.db(5), `datapath_type`): `root@node1:` is none.
fn datapath_line(text: &[u8], start: usize, end: usize) -> Option<Head> {
    const LONGEST: usize = 128;
    const TYPES: [&[u8]; 3] = [b"system@", b"netdev@", b"dummy@"];
    let word = text.get(start..end)?;
    let is_named = TYPES.iter().any(|kind| word.starts_with(kind));
    let rest = text.get(start..).filter(|_| is_named)?;
    let length = rest.iter().take(LONGEST).position(u8::is_ascii_whitespace);
    let length = length.unwrap_or(rest.len());
    let name = rest.get(..length)?.strip_suffix(b":")?;
    let behind = rest.get(length..)?;
    let listing = match behind.first() {
        None | Some(b'\n' | b'\r') => Listing::Ports,
        _ if behind.starts_with(b" hit:") => Listing::Bridges,
        _ => return None,
    };
    Some(Head::Datapath { start, end: start + name.len(), listing })
}

/// `br0:` and `veth1 3/2: (system)` of dpif/show (`dpif_show_backer` of ofproto/ofproto-dpif.c): the name, its
/// OpenFlow number, and its number in the datapath, where it has one. Names stand there as they are.
fn listed(text: &[u8], start: usize) -> Option<Head> {
    let rest = text.get(start..)?;
    let line = rest.get(..rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()))?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(numbers_end) = line.windows(3).position(|mark| mark == b": (") else {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let is_bridge = matches!(line.get(colon + 1..)?, [] | [b' ', b'h', b'i', b't', b':', ..]);
        return is_bridge.then_some(Head::Bridge { start, end: start + colon });
    };
    let name_end = line.get(..numbers_end)?.iter().rposition(|byte| *byte == b' ')?;
    let slash =
        name_end + line.get(name_end..numbers_end)?.iter().position(|byte| *byte == b'/')?;
    let number = |from: usize, to: usize| {
        let digits = line.get(from..to)?;
        (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some((from, to))
    };
    let at = |(from, to): (usize, usize), found: Found| (start + from, start + to, found);
    let ofport = number(name_end + 1, slash)?;
    Some(Head::Row(Row {
        places: [
            Some(at((0, name_end), Found::PortName)),
            Some(at(ofport, Found::OfPort)),
            number(slash + 1, numbers_end).map(|port| at(port, Found::DpPort)),
        ],
        end: start + numbers_end,
    }))
}

/// A row of `fdb/show`: port, which ends at `end`, VLAN, MAC, age; or of `mdb/show`, which has a group's address or
/// `querier` in place of the MAC.
fn fdb_row(text: &[u8], port: usize, end: usize) -> Option<Head> {
    let vlan = skip_blanks(text, end);
    let vlan_end = word_end(text, vlan);
    if vlan < end + 2
        || vlan_end == vlan
        || !text.get(vlan..vlan_end)?.iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    let address = skip_blanks(text, vlan_end);
    let is_row = address > vlan_end && (mac(text, address).is_some() || is_group(text, address));
    is_row.then(|| Row::of(port, end, Found::OfPort))
}

/// `Bridge   Port  VLAN  MAC                Age`, as `fdb/show` of Open vSwitch 4.0 begins that was asked about several
/// bridges, or about none.
fn is_header_of_tables(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] = [b"Bridge", b"Port", b"VLAN", b"MAC", b"Age"];
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.take(WORDS.len() + 1).eq(WORDS)
}

/// Whether the line that begins at `at` is of such a table.
pub(crate) fn is_of_table(text: &[u8], at: usize) -> bool {
    table_row(text, at).is_some()
}

/// A row of such a table. The name of a bridge stands at the begin of its first row, or alone where it has learnt
/// nothing; the other rows are indented.
fn table_row(text: &[u8], at: usize) -> Option<Head> {
    let start = skip_blanks(text, at);
    let end = name_end(text, start)?;
    if start > at {
        return fdb_row(text, start, end);
    }
    let behind = skip_blanks(text, end);
    let is_alone = matches!(text.get(behind), None | Some(b'\n' | b'\r'));
    let is_row = || fdb_row(text, behind, name_end(text, behind)?);
    let has_row = behind > end && is_row().is_some();
    (is_alone || has_row).then_some(Head::TableOf { start, end, has_row })
}

/// Whether `239.1.1.1  5` or `querier  5`, to the end of the line, stands here: an address may stand anywhere.
fn is_group(text: &[u8], at: usize) -> bool {
    let querier = || {
        let end = word_end(text, at);
        (text.get(at..end)? == b"querier").then_some(end)
    };
    let address = ipv4(text, at).or_else(|| ipv6(text, at)).map(|(_, end)| end);
    let Some(end) = address.or_else(querier) else { return false };
    let age = skip_blanks(text, end);
    let age_end = word_end(text, age);
    let is_age = text.get(age..age_end).unwrap_or_default().iter().all(u8::is_ascii_digit);
    let ends = matches!(text.get(age_end), None | Some(b'\n' | b'\r'));
    age > end && age_end > age && is_age && ends
}

/// `18:00:00.123456 veth1 Out 02:42:…` of `tcpdump -e -i any`.
fn captured_line(text: &[u8], start: usize, rest: &[u8]) -> Option<Head> {
    let name = skip_blanks(text, start + time_end(rest)?);
    let end = name_end(text, name)?;
    way_end(text, end).map(|_| Row::of(name, end, Found::PortName))
}

/// `veth1 Out ifindex 7 02:42:…`, as the same tells it with `-t`; the name ends at `end`.
fn captured_without_time(text: &[u8], start: usize, end: usize) -> Option<Head> {
    let index = text.get(skip_blanks(text, way_end(text, end)?)..)?.strip_prefix(b"ifindex ")?;
    let digits = index.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_index = digits > 0 && index.get(digits) == Some(&b' ');
    is_index.then(|| Row::of(start, end, Found::PortName))
}

/// Where the word ends that tells which way a packet went by the link whose name ends at `name_end`.
fn way_end(text: &[u8], name_end: usize) -> Option<usize> {
    let way = skip_blanks(text, name_end);
    let way_end = word_end(text, way);
    let ways: [&[u8]; 6] = [b"In", b"Out", b"P", b"B", b"M", b"OG"];
    let is_way = way > name_end && ways.contains(&text.get(way..way_end)?);
    (is_way && text.get(way_end) == Some(&b' ')).then_some(way_end)
}

/// How long the time is that a line of tcpdump(1) begins with: `18:00:00.123456`, with its date before it by `-tttt`,
/// or the seconds since the Unix epoch by `-tt`.
fn time_end(rest: &[u8]) -> Option<usize> {
    const LONGEST: usize = 32;
    let word = |from: usize| {
        let rest = rest.get(from..)?;
        let length = rest.iter().take(LONGEST).position(|byte| *byte == b' ')?;
        Some((rest.get(..length)?, from + length))
    };
    let is_time = |word: &[u8]| word.get(2) == Some(&b':') && word.get(5) == Some(&b':');
    let is_date =
        |word: &[u8]| word.len() == 10 && word.get(4) == Some(&b'-') && word.get(7) == Some(&b'-');
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let (first, end) = word(0)?;
    if is_date(first) {
        return word(end + 1).filter(|(time, _)| is_time(time)).map(|(_, end)| end);
    }
    let parts: Vec<_> = first.split(|byte| *byte == b'.').collect();
    let is_epoch = parts.len() == 2 && parts.into_iter().all(is_number);
    (is_time(first) || is_epoch).then_some(end)
}

/// `3(veth1): addr:…` of `ovs-ofctl show`, `dump-ports-desc` and `monitor`: the number ends at
/// `end`; the place of the name.
pub(crate) fn described(text: &[u8], start: usize, end: usize) -> Option<Place> {
    if text.get(end) != Some(&b'(') {
        return None;
    }
    let number = text.get(start..end)?;
    if !number.iter().all(u8::is_ascii_digit) && number != b"LOCAL" {
        return None;
    }
    let name = end + 1;
    let length = text.get(name..)?.iter().take(64).position(|byte| matches!(byte, b')' | b'\n'))?;
    let is_port = text.get(name + length..)?.starts_with(b"): addr:");
    is_port.then_some(Place { start: name, end: name + length, found: Found::PortName })
}

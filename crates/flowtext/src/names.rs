//! Names of ports as Open vSwitch prints them: as they are, or in quotes with the escapes of JSON
//! (`namemap_put` in lib/ofp-util.c, `string_needs_quotes` in lib/ovsdb-data.c).

use std::borrow::Cow;

/// The longest name in quotes that is looked for, in bytes: escapes make a name of 15 bytes, or one
/// that the database has, longer.
const LONGEST: usize = 512;

/// Where the quoted name ends that begins at `at`, behind its quotation mark; none where it does not
/// end on its line.
pub(crate) fn quoted_end(text: &[u8], at: usize) -> Option<usize> {
    let inside = text.get(at + 1..)?;
    let mut escaped = false;
    for (offset, byte) in inside.iter().take(LONGEST).enumerate() {
        match byte {
            b'\n' => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + offset + 2),
            _ => {}
        }
    }
    None
}

/// The number that a word is, in decimal or, after `0x`, hexadecimal digits; none of a name. What is too large is
/// `u64::MAX`.
pub fn number(word: &[u8]) -> Option<u64> {
    let (digits, radix) = word.strip_prefix(b"0x").map_or((word, 10), |digits| (digits, 16));
    let add = |number: u64, byte: &u8| {
        let digit = char::from(*byte).to_digit(radix)?;
        Some(number.saturating_mul(radix.into()).saturating_add(digit.into()))
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}

/// The number of the OpenFlow port that a word means which is no name: [`number`], or `LOCAL` in letters of either
/// case, which comes before a name (`ofputil_port_from_string` of lib/ofp-port.c).
pub fn of_port_number(word: &[u8]) -> Option<u64> {
    /// `OFPP_LOCAL`
    const LOCAL: u64 = 0xfffe;
    number(word).or_else(|| word.eq_ignore_ascii_case(b"LOCAL").then_some(LOCAL))
}

/// A name without its quotes and escapes; one that has none as it is.
pub fn unquoted(word: &[u8]) -> Cow<'_, [u8]> {
    let inside = word.strip_prefix(b"\"").and_then(|word| word.strip_suffix(b"\""));
    let Some(inside) = inside else { return Cow::Borrowed(word) };
    if !inside.contains(&b'\\') {
        return Cow::Borrowed(inside);
    }
    let mut name = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, if byte == b'\\' { bytes.next() } else { None }) {
            (_, Some(b'n')) => name.push(b'\n'),
            (_, Some(b't')) => name.push(b'\t'),
            (_, Some(b'r')) => name.push(b'\r'),
            (_, Some(b'b')) => name.push(8),
            (_, Some(b'f')) => name.push(12),
            (_, Some(b'u')) => name.extend(unicode(&mut bytes)),
            (_, Some(other)) => name.push(other),
            (byte, None) => name.push(byte),
        }
    }
    Cow::Owned(name)
}

/// What four hexadecimal digits stand for, as UTF-8.
fn unicode(bytes: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let digits: String = bytes.take(4).map(char::from).collect();
    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    code.map(|code| code.to_string().into_bytes()).unwrap_or_default()
}

/// Actions that stand alone, as a port may: in lists they are never ports (ovs-actions(7),
/// lib/odp-util.c). `LOCAL`, in letters of either case, is a port.
pub(crate) fn is_quiet_action(word: &[u8]) -> bool {
    const QUIET: [&[u8]; 25] = [
        b"drop",
        b"normal",
        b"flood",
        b"all",
        b"controller",
        b"exit",
        b"ct",
        b"ct_clear",
        b"dec_ttl",
        b"dec_mpls_ttl",
        b"dec_nsh_ttl",
        b"strip_vlan",
        b"pop_vlan",
        b"pop_queue",
        b"pop_mpls",
        b"pop_eth",
        b"pop_nsh",
        b"decap",
        b"clear_actions",
        b"nat",
        b"in_port",
        b"table",
        b"any",
        b"unset",
        b"none",
    ];
    word.len() <= 13 && QUIET.iter().any(|quiet| word.eq_ignore_ascii_case(quiet))
}

#[cfg(test)]
mod tests {
    use super::{number, of_port_number, quoted_end, unquoted};

    #[test]
    fn a_word_is_a_number_or_a_name() {
        for (word, expected) in [
            ("3", Some(3)),
            ("0x3", Some(3)),
            ("0xFFfe", Some(65_534)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("0x", None),
            ("0xg", None),
            ("3a", None),
            ("+3", None),
            ("", None),
            ("\"3\"", None),
            ("local", None),
        ] {
            assert_eq!(number(word.as_bytes()), expected, "{word}");
        }
        for (word, expected) in [
            ("LOCAL", Some(65_534)),
            ("local", Some(65_534)),
            ("\"LOCAL\"", None),
            ("0x7", Some(7)),
        ] {
            assert_eq!(of_port_number(word.as_bytes()), expected, "{word}");
        }
    }

    #[test]
    fn a_name_is_what_its_quotes_hold() {
        assert_eq!(&*unquoted(b"veth1"), b"veth1");
        assert_eq!(&*unquoted(b"\"patch-a\""), b"patch-a");
        assert_eq!(&*unquoted(br#""a\"\\\u00e9b""#), "a\"\\éb".as_bytes());
        assert_eq!(&*unquoted(b"\"\\"), b"\"\\");
        assert_eq!(quoted_end(br#""a\"b",3"#, 0), Some(6));
        assert_eq!(quoted_end(b"\"a\nb\"", 0), None);
        assert_eq!(quoted_end(b"\"a", 0), None);
    }
}

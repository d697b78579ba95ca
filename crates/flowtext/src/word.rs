//! Words, and those that tell what stands after them.

/// A word of at most 16 bytes as one number; 0 for longer ones. All are compared at once.
pub(crate) type Word = u128;

/// What words are made of: what names of interfaces usually are.
const fn makes_words(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'@' | b'+' | b'%' | b'#' | b'~'
        | b'$' | 0x80..)
}

/// What a function says of each byte.
macro_rules! table {
    ($holds:ident) => {{
        let mut table = [false; 256];
        let mut byte = 0u8;
        loop {
            // No other index than that of the byte, which the table has.
            if let Some((slot, _)) = table.split_at_mut(byte as usize).1.split_first_mut() {
                *slot = $holds(byte);
            }
            if byte == u8::MAX {
                break table;
            }
            byte += 1;
        }
    }};
}

/// The same of each byte: most of a text is words, which are gone through byte by byte.
static WORDS: [bool; 256] = table!(makes_words);

/// What means something where a line has begun nothing yet.
static WAKING: [bool; 256] = table!(is_waking);

const fn is_waking(byte: u8) -> bool {
    matches!(byte, b'=' | b':' | b'(' | b'"' | b'\n')
}

/// Whether this byte means something where a line has begun nothing yet.
#[inline]
pub(crate) fn wakes(byte: u8) -> bool {
    WAKING.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether a key that ends where `mark` stands, at `at`, tells nothing: none of those that do ends with its last
/// letter. `duration=`, `n_packets=` and `n_bytes=` are in every flow, and end as `action=` and `actions=` do.
#[inline]
pub(crate) fn is_idle_key(text: &[u8], at: usize, mark: u8) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let last = before.last().copied().unwrap_or_default();
    match mark {
        b'=' if last == b'n' => !matches!(before, [.., b'a', b'c', b't', b'i', b'o', b'n']),
        b'=' if last == b's' => !matches!(before, [.., b'n', b's']),
        b'=' => !matches!(last, b't' | b'm' | b'o'),
        b':' => !matches!(last, b't' | b'e' | b's' | b'd'),
        _ => false,
    }
}

/// The key between `at` and `end`. Those of a packet that was paused are known by what stands behind their prefix
/// (`ofputil_packet_in_private_format` of lib/ofp-packet.c).
#[inline]
pub(crate) fn key(text: &[u8], at: usize, end: usize) -> Word {
    match packed(text, at, end) {
        0 => of_paused(text, at, end),
        key => key,
    }
}

#[cold]
fn of_paused(text: &[u8], at: usize, end: usize) -> Word {
    let word = text.get(at..end).unwrap_or_default();
    match word.strip_prefix(b"continuation.") {
        Some(b"actions" | b"action_set") => ACTIONS,
        Some(key) => packed(key, 0, key.len()),
        None => 0,
    }
}

/// Whether words have this byte.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    WORDS.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Where the word ends that begins at `at`; the hyphen of an arrow (`->`) is no part of it.
pub(crate) fn word_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
    let arrow =
        length > 1 && rest.get(length) == Some(&b'>') && rest.get(length - 1) == Some(&b'-');
    at + if arrow { length - 1 } else { length }
}

/// The word between `at` and `end`.
#[inline]
pub(crate) fn packed(text: &[u8], at: usize, end: usize) -> Word {
    let length = end.saturating_sub(at);
    if length == 0 || length > 16 {
        return 0;
    }
    let rest = text.get(at..).unwrap_or_default();
    if let Some((chunk, _)) = rest.split_first_chunk::<16>() {
        let unused = 8 * (16 - length);
        return u128::from_le_bytes(*chunk) << unused >> unused;
    }
    // Near the end of the text.
    let word = rest.get(..length).unwrap_or_default();
    word.iter().rev().fold(0, |packed, byte| packed << 8 | Word::from(*byte))
}

const fn of(word: &[u8]) -> Word {
    let mut rest = word;
    let mut packed = 0;
    while let Some((last, before)) = rest.split_last() {
        packed = packed << 8 | *last as Word;
        rest = before;
    }
    packed
}

macro_rules! words {
    ($($name:ident = $word:literal)*) => {
        $(pub(crate) const $name: Word = of($word);)*
    };
}

words! {
    ACTION = b"action"
    ACTIONS = b"actions"
    ACTSET_OUTPUT = b"actset_output"
    APPLY_ACTIONS = b"apply_actions"
    BUCKET = b"bucket"
    CLONE = b"clone"
    ENQUEUE = b"enqueue"
    EXEC = b"exec"
    FLOW_SAMPLE = b"flow_sample"
    GT = b"gt"
    IN_PORT = b"in_port"
    IN_PORT_OXM = b"in_port_oxm"
    IPFIX = b"ipfix"
    LE = b"le"
    LOAD = b"load"
    MEMBERS = b"members"
    OUTPUT = b"output"
    OUTPUT_PORT = b"output_port"
    OUT_PORT = b"out_port"
    PORT = b"port"
    PORT_NO = b"port_no"
    REG_LOAD = b"reg_load"
    RESUBMIT = b"resubmit"
    SAMPLING_PORT = b"sampling_port"
    SET_FIELD = b"set_field"
    SLAVES = b"slaves"
    TNL_POP = b"tnl_pop"
    TNL_PORT = b"tnl_port"
    TNL_PUSH = b"tnl_push"
    TUNNEL_OUT_PORT = b"tunnel_out_port"
    USERSPACE = b"userspace"
    WATCH_PORT = b"watch_port"
    WRITE_ACTIONS = b"write_actions"
}

#[cfg(test)]
mod tests {
    use super::{ACTIONS, IN_PORT, WRITE_ACTIONS, is_idle_key, key, packed};

    #[test]
    fn keys_are_known_by_their_last_letters() {
        for key in [
            "in_port",
            "in_port_oxm",
            "actset_output",
            "out_port",
            "output_port",
            "tunnel_out_port",
            "port_no",
            "sampling_port",
            "watch_port",
            "port",
            "action",
            "actions",
            "bucket",
            "continuation.actions",
            "continuation.action_set",
        ] {
            assert!(!is_idle_key(key.as_bytes(), key.len(), b'='), "{key}");
        }
        for key in ["", "duration", "n_packets", "n_bytes", "s", "n"] {
            assert!(is_idle_key(key.as_bytes(), key.len(), b'='), "{key}");
        }
        for key in [
            "output",
            "enqueue",
            "resubmit",
            "watch_port",
            "members",
            "slaves",
            "load",
            "set_field",
            "reg_load",
            "actions",
        ] {
            assert!(!is_idle_key(key.as_bytes(), key.len(), b':'), "{key}");
        }
    }

    #[test]
    fn a_word_is_packed_the_same_wherever_it_stands() {
        let text = b"in_port=3,write_actions(";
        assert_eq!(packed(text, 0, 7), IN_PORT);
        assert_eq!(packed(text, 10, 23), WRITE_ACTIONS);
        assert_eq!(packed(b"in_port", 0, 7), IN_PORT);
        assert_eq!((packed(b"", 0, 0), packed(&[b'x'; 40], 0, 17)), (0, 0));
    }

    #[test]
    fn a_key_of_a_paused_packet_is_known_without_its_prefix() {
        for (text, expected) in [
            ("continuation.actions", ACTIONS),
            ("continuation.action_set", ACTIONS),
            ("continuation.in_port", IN_PORT),
            ("in_port", IN_PORT),
            ("discontinuation.actions", 0),
            ("something.else.actions", 0),
        ] {
            assert_eq!(key(text.as_bytes(), 0, text.len()), expected, "{text}");
        }
    }
}

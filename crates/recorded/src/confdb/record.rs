//! The records of a log, each with its length and SHA-1 (Open vSwitch `ovsdb/log.c`).

use std::io::{self, BufRead, Read};

use sha1::{Digest, Sha1};

/// The longest record that is read, in bytes: a switch's whole database is a hundredth of that.
const LONGEST: usize = 256 << 20;
/// So much memory is taken before a record was read, in bytes.
const ROOM: usize = 64 << 10;
/// A record's head is shorter.
const LONGEST_HEAD: u64 = 128;

/// Room for one record after the other.
#[derive(Default)]
pub(super) struct Room {
    head: Vec<u8>,
    json: Vec<u8>,
}

/// A record that is whole.
pub(super) struct Record<'a> {
    pub(super) is_clustered: bool,
    pub(super) json: &'a str,
    /// With its head, in bytes.
    pub(super) length: u64,
}

/// The next record; none at the end, and what is wrong where it is damaged.
pub(super) fn next<'a>(
    file: &mut impl BufRead,
    room: &'a mut Room,
) -> io::Result<Result<Option<Record<'a>>, String>> {
    let Room { head, json } = room;
    head.clear();
    json.clear();
    let read = Read::take(&mut *file, LONGEST_HEAD).read_until(b'\n', head)?;
    if read == 0 {
        return Ok(Ok(None));
    }
    let Some((is_clustered, length, sum)) = parse_head(head) else {
        return Ok(Err("it does not begin with a record".to_owned()));
    };
    if length > LONGEST {
        return Ok(Err(format!("a record of {length} bytes is too long to be read")));
    }
    // Its head may tell a length that is not there.
    json.reserve(length.min(ROOM));
    let most = u64::try_from(length).unwrap_or(u64::MAX);
    Read::take(&mut *file, most).read_to_end(json)?;
    if json.len() < length {
        return Ok(Err(format!("it ends after {} of {length} bytes", json.len())));
    }
    if Sha1::digest(&*json)[..] != sum {
        return Ok(Err("its SHA-1 is another one than its head tells".to_owned()));
    }
    let Ok(json) = std::str::from_utf8(json) else {
        return Ok(Err("its JSON is not UTF-8".to_owned()));
    };
    let length = u64::try_from(head.len() + json.len()).unwrap_or(u64::MAX);
    Ok(Ok(Some(Record { is_clustered, json, length })))
}

/// `OVSDB JSON 14759 9f604c5d2c00bcf76587d2235cbacff5d52548a6`
fn parse_head(head: &[u8]) -> Option<(bool, usize, [u8; 20])> {
    let mut words = std::str::from_utf8(head).ok()?.strip_suffix('\n')?.split(' ');
    let is_clustered = match (words.next()?, words.next()?) {
        ("OVSDB", "JSON") => false,
        ("OVSDB", "CLUSTER") => true,
        _ => return None,
    };
    let length = words.next()?.parse().ok()?;
    let sum = hash(words.next()?)?;
    words.next().is_none().then_some((is_clustered, length, sum))
}

/// A SHA-1 in lower case, as all versions write it.
fn hash(text: &str) -> Option<[u8; 20]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut sum = [0; 20];
    let pairs = text.as_bytes().chunks_exact(2);
    for (byte, pair) in sum.iter_mut().zip(pairs) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    (text.len() == 40).then_some(sum)
}

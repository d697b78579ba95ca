//! Escape sequences of ECMA-48, by which programs colour what they print: no part of what a text says.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::place::Place;

/// What each begins with.
pub(crate) const ESC: u8 = 0x1b;

/// Where the control sequence ends that begins at `at`: `ESC [`, parameters, a final byte. Those of colours have no
/// intermediate bytes, and so none has a blank or a comma, where a long line may be cut.
fn sequence_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix(b"\x1b[")?;
    let parameters = rest.iter().take_while(|byte| matches!(byte, 0x30..=0x3f)).count();
    let is_final = matches!(rest.get(parameters)?, 0x40..=0x7e);
    is_final.then_some(at + b"\x1b[".len() + parameters + 1)
}

/// The sequences of a text, in order: where each begins and ends.
fn sequences(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    memchr_iter(ESC, text).filter_map(|start| Some((start, sequence_end(text, start)?)))
}

/// Whether a text may have any.
#[inline]
pub(crate) fn may_have(text: &[u8]) -> bool {
    memchr(ESC, text).is_some()
}

/// A word without the sequences in it; one that has none as it is.
pub(crate) fn without(word: &[u8]) -> Cow<'_, [u8]> {
    if !may_have(word) {
        return Cow::Borrowed(word);
    }
    let mut plain = Plain::default();
    plain.read(word);
    Cow::Owned(plain.text)
}

/// The sequences of a word, without the word.
pub(crate) fn only(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    sequences(word).filter_map(|(start, end)| word.get(start..end))
}

/// A line without its sequences, and where it stood with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    pub(crate) text: Vec<u8>,
    /// Where each part begins that has no sequence in it: here, and in the line as it came.
    parts: Vec<(usize, usize)>,
}

impl Plain {
    /// Takes a line instead of the one before.
    pub(crate) fn read(&mut self, line: &[u8]) {
        self.text.clear();
        self.parts.clear();
        self.parts.push((0, 0));
        let mut done = 0;
        for (start, end) in sequences(line) {
            self.text.extend_from_slice(line.get(done..start).unwrap_or_default());
            self.parts.push((self.text.len(), end));
            done = end;
        }
        self.text.extend_from_slice(line.get(done..).unwrap_or_default());
    }

    /// Where a place of this text is in the line as it came: from its first byte to its last one.
    pub(crate) fn place(&self, Place { start, end, found }: Place) -> Place {
        let before = self.came(start);
        let behind = end.checked_sub(1).filter(|last| *last >= start);
        Place { start: before, end: behind.map_or(before, |last| self.came(last) + 1), found }
    }

    fn came(&self, at: usize) -> usize {
        let part = self.parts.partition_point(|(here, _)| *here <= at).checked_sub(1);
        let (here, came) = part.and_then(|part| self.parts.get(part)).copied().unwrap_or_default();
        came + (at - here)
    }
}

#[cfg(test)]
mod tests {
    use super::{only, without};

    #[test]
    fn a_sequence_ends_with_its_final_byte() {
        for (text, plain) in [
            (&b"a\x1b[mb"[..], &b"ab"[..]),
            (b"a\x1b[01;31m\x1b[Kb", b"ab"),
            (b"\x1b[38:5:1ma", b"a"),
            (b"\x1b[?25la", b"a"),
            (b"\x1b[2 qa", b"\x1b[2 qa"),
            (b"\x1b[3", b"\x1b[3"),
            (b"\x1b[3\x1b[ma", b"\x1b[3a"),
            (b"\x1b[3\n", b"\x1b[3\n"),
            (b"\x1b]a", b"\x1b]a"),
            (b"\x1b", b"\x1b"),
        ] {
            assert_eq!(&*without(text), plain);
            let others: usize = only(text).map(<[u8]>::len).sum();
            assert_eq!(others + plain.len(), text.len());
        }
    }
}

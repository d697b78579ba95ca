//! Cells that cannot break a table or a terminal.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// The text with control characters written as escapes: names and `external_ids` are
/// other people's words, and a terminal obeys what it is sent.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_direction(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Marks that turn the writing direction and so may make a line read as another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Columns that a text takes on a terminal (Unicode Standard Annex 11): two for most letters
/// of East Asia, none for a record that combines with the letter before it.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

#[cfg(test)]
mod tests {
    use super::{printable, width};

    #[test]
    fn a_terminal_is_sent_no_control_characters() {
        assert_eq!(printable("a\x1b[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(printable("naïve 名"), "naïve 名");
    }

    #[test]
    fn a_letter_is_as_wide_as_a_terminal_shows_it() {
        assert_eq!(["br0", "名", "é", "e\u{301}", "한"].map(width), [3, 2, 1, 1, 2]);
    }
}

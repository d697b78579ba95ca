//! Cells of a table, with nothing in them that a terminal would obey.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a cell of a table takes at most, unless `--no-trunc` is given.
pub const CELL: usize = 64;

/// Bytes that one column may take on average, with all marks that combine with its letter.
const MARKS: usize = 8;

/// The text with control characters written as escapes, as `\u{1b}`: names and `external_ids` are
/// other people's words, and a terminal obeys what it is sent.
pub fn printable(text: &str) -> String {
    filtered(text, |_| false).into_owned()
}

/// The same for whole lines: their ends, and the tabs that a template sets, stay.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    filtered(text, |c| matches!(c, '\n' | '\t'))
}

fn filtered(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_odd = |c: char| is_control_or_format(c) && !stays(c);
    if !text.chars().any(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) {
            // A string takes whatever is written to it.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal or a reader of lines may do something else with a character than show it: the
/// general categories Cc (control characters), Cf (format characters, all that turn the writing
/// direction among them: `Bidi_Control`), Zl and Zp (line and paragraph separators) of the Unicode
/// Standard, section 4.5.
pub(crate) fn is_control_or_format(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        get_general_category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// Columns that a text takes on a terminal (Unicode Standard Annex 11): two for most letters
/// of East Asia, none for a mark that combines with the letter before it.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// At most `columns` of a text; of a longer one the end gives way to an ellipsis, as with Docker.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    // Marks that combine take no column, and would have no end.
    let longest = columns * MARKS;
    let mut used = 0;
    let mut head = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        let end = at + c.len_utf8();
        if used > columns || end > longest {
            return Cow::Owned(text.get(..head).unwrap_or_default().to_owned() + "…");
        }
        if used < columns {
            head = end;
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::{cut, printable, printable_lines, width};

    #[test]
    fn a_terminal_is_sent_no_control_characters() {
        assert_eq!(printable("a\x1b[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(printable("naïve 名"), "naïve 名");
    }

    #[test]
    fn what_is_obeyed_is_told_by_its_property() {
        for odd in [
            '\0',
            '\x7f',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{fff9}',
            '\u{110bd}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
        ] {
            let escaped = format!("\\u{{{:x}}}", u32::from(odd));
            assert_eq!(printable(&format!("a{odd}b")), format!("a{escaped}b"));
        }
        for even in ['~', '\u{a0}', 'é', '\u{301}', '名', '\u{3000}', '\u{1f600}', '\u{e000}'] {
            assert_eq!(printable(&even.to_string()), even.to_string());
        }
    }

    #[test]
    fn lines_keep_their_ends() {
        assert_eq!(printable_lines("a\tb\nc\r\n"), "a\tb\nc\\u{d}\n");
    }

    #[test]
    fn a_letter_is_as_wide_as_a_terminal_shows_it() {
        assert_eq!(["br0", "名", "é", "e\u{301}", "한"].map(width), [3, 2, 1, 1, 2]);
    }

    #[test]
    fn a_long_cell_ends_in_an_ellipsis_and_takes_no_more_than_its_columns() {
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("abcde", 4), "abc…");
        assert_eq!(cut("名名", 4), "名名");
        assert_eq!(cut("名名名", 4), "名…");
        assert_eq!(cut("名名名", 5), "名名…");
        let marks = "\u{301}".repeat(1 << 20);
        assert!(cut(&marks, 64).len() <= 64 * 8 + 3);
    }
}

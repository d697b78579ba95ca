//! Other people's words, made harmless for each notation.

use std::fmt::{self, Write};

use askama::filters::Escaper;

use crate::cell::{printable, width};

/// Width in letters that a text may take before it is shortened.
pub(super) const LETTERS: usize = 17;

/// The text without what XML 1.0 cannot hold (section 2.2) or what turns the writing
/// direction; both stay visible as escapes. Every text of a scene has passed here.
pub fn clean(text: &str) -> String {
    let text = printable(text);
    text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

/// Letters and digits stay, every other byte becomes `_` and two hexadecimal digits: fit for
/// an identifier, and different for different texts.
pub(super) fn slug(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    };
    text.bytes().map(one).collect()
}

/// At most `letters` wide: the middle gives way to an ellipsis, as names differ at both ends.
pub(super) fn shorten(text: &str, letters: usize) -> String {
    if width(text) <= letters {
        return text.to_owned();
    }
    let tail_width = letters.saturating_sub(1) / 2;
    let head = fitting(text.chars(), letters.saturating_sub(1) - tail_width);
    let tail = fitting(text.chars().rev(), tail_width);
    let tail: String = tail.chars().rev().collect();
    format!("{head}…{tail}")
}

/// For XML 1.0 and HTML, as text and as a quoted attribute: what templates escape with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Xml;

impl Escaper for Xml {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        let mut rest = text;
        let special = ['&', '<', '>', '"', '\''];
        while let Some((plain, found)) = rest.find(special).and_then(|at| rest.split_at_checked(at))
        {
            out.write_str(plain)?;
            let mut found = found.chars();
            out.write_str(match found.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = found.as_str();
        }
        out.write_str(rest)
    }
}

/// The same as a text of its own.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A string takes whatever is written to it.
    let _ = Xml.write_escaped_str(&mut out, text);
    out
}

/// For a quoted label of Graphviz, which knows escapes and HTML entities
/// (<https://graphviz.org/docs/attr-types/escString/>).
pub(super) fn dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

/// For a quoted label of Mermaid: what may have a meaning there, or in HTML, becomes a
/// decimal entity code.
pub(super) fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

fn fitting(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut left = room;
    chars
        .take_while(|&c| {
            left.checked_sub(width(c.encode_utf8(&mut [0; 4]))).map(|rest| left = rest).is_some()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_spelt_out() {
        assert_eq!(clean("a\0\u{ffff}\u{202e}b"), "a\\u{0}\\u{ffff}\\u{202e}b");
    }

    #[test]
    fn each_notation_has_its_own_escapes() {
        let text = r#"<a href="x">&'\\"#;
        assert_eq!(xml(text), r"&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\");
        assert_eq!(dot(text), r#"<a href=\"x\">&amp;'\\\\"#);
        assert_eq!(mermaid("web_1 <b>:"), "web_1 #60;b#62;#58;");
    }

    #[test]
    fn slugs_are_plain_and_differ() {
        assert_eq!(slug("to-kiwi"), "to_2dkiwi");
        assert_ne!(slug("a_2d"), slug("a-"));
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shorten("firewall_ext", 17), "firewall_ext");
        assert_eq!(shorten("compose_project_web_1", 17), "compose_…ct_web_1");
        assert_eq!(shorten("名名名名", 5), "名…名");
        assert_eq!(shorten("abc", 0), "…");
    }
}

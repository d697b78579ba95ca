//! Comma-separated values as RFC 4180 has them, with the bare line ends of the 2014 script. Control
//! characters are escaped, line breaks too: a line is a row.

use crate::cell::printable;

/// One line, without its end.
pub(crate) fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    fields.map(field).collect::<Vec<_>>().join(",")
}

/// Quoted where a comma or a quote would be misread (RFC 4180, section 2).
fn field(text: &str) -> String {
    let text = printable(text);
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn only_fields_that_need_it_are_quoted() {
        let fields = ["eth0", "", "a,b", "say \"hi\"", "two\nlines"];
        assert_eq!(line(fields.into_iter()), r#"eth0,,"a,b","say ""hi""",two\u{a}lines"#);
    }
}

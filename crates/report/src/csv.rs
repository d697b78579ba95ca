//! Comma-separated values as RFC 4180 has them, with the article's bare line ends.

/// One line, without its end.
pub(crate) fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    fields.map(field).collect::<Vec<_>>().join(",")
}

/// Quoted where a comma, a quote or a line break would be misread (RFC 4180, section 2).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn only_fields_that_need_it_are_quoted() {
        let fields = ["eth0", "", "a,b", "say \"hi\"", "two\nlines"];
        assert_eq!(line(fields.into_iter()), "eth0,,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"");
    }
}

//! Taking lists apart, where parentheses hold together.

/// The parts of `text` between commas that are in no parentheses and no brackets; blanks around them
/// are dropped, and so are parts of nothing but blanks.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.get(..outside(text, b',')) {
            Some(part) if part.len() < text.len() => {
                rest = text.get(part.len() + 1..);
                Some(part.trim())
            }
            _ => {
                rest = None;
                Some(text.trim())
            }
        }
    })
    .filter(|part| !part.is_empty())
}

/// Where the first `mark` outside of all parentheses, brackets, braces and quotes is; the end of the
/// text where there is none.
pub(crate) fn outside(text: &str, mark: u8) -> usize {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            _ if byte == mark && depth == 0 => return at,
            b'"' => quoted = true,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// `NAME(INSIDE)`, or `NAME` alone.
pub(crate) fn call(text: &str) -> (&str, Option<&str>) {
    let (name, inside, _) = call_and_rest(text);
    (name, inside)
}

/// `NAME(INSIDE)REST`, or `NAME` alone; what has no closing parenthesis is inside to its end.
pub(crate) fn call_and_rest(text: &str) -> (&str, Option<&str>, &str) {
    let Some((name, behind)) = text.split_once('(') else { return (text, None, "") };
    let (inside, rest) = behind.split_at(outside(behind, b')'));
    (name, Some(inside), rest.strip_prefix(')').unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parentheses_and_quotes_hold_together() {
        let all: Vec<_> = parts("a, b(c,d(e,f)),\"g,h\",x[0..1,2] ,,y").collect();
        assert_eq!(all, ["a", "b(c,d(e,f))", "\"g,h\"", "x[0..1,2]", "y"]);
        assert_eq!(parts("").count(), 0);
        assert_eq!(parts("a(b,c").collect::<Vec<_>>(), ["a(b,c"]);
    }
}

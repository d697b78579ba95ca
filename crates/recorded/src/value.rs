//! Values as Open vSwitch's programs print them: `[]`, `{key="a b"}`, `[1, 2]`, `"veth0"`, a bare word
//! (ovs-vsctl(8), "Database Values"). They become what stands for them in JSON (RFC 7047, section 5.1).

use serde_json::{Value, json};

/// No value of a switch is nested deeper: a map of atoms.
const DEEPEST: usize = 3;

/// The value at the beginning of `text`, and what follows it; none where there is none.
pub(crate) fn value(text: &str) -> Option<(Value, &str)> {
    nested(text, DEEPEST)
}

fn nested(text: &str, depth: usize) -> Option<(Value, &str)> {
    let depth = depth.checked_sub(1)?;
    if let Some(rest) = text.strip_prefix('[') {
        let (items, rest) = list(rest, ']', |rest| nested(rest, depth))?;
        return Some((json!(["set", items]), rest));
    }
    if let Some(rest) = text.strip_prefix('{') {
        let (pairs, rest) = list(rest, '}', |rest| pair(rest, depth))?;
        return Some((json!(["map", pairs]), rest));
    }
    atom(text)
}

fn list(
    text: &str,
    end: char,
    item: impl Fn(&str) -> Option<(Value, &str)>,
) -> Option<(Vec<Value>, &str)> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(rest) = rest.strip_prefix(end) {
            return Some((items, rest));
        }
        let (found, after) = item(rest)?;
        items.push(found);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.starts_with(end) => after,
            None => return None,
        };
    }
}

fn pair(text: &str, depth: usize) -> Option<(Value, &str)> {
    let (key, rest) = atom(text)?;
    let (value, rest) = nested(rest.strip_prefix('=')?, depth)?;
    Some((json!([key, value]), rest))
}

fn atom(text: &str) -> Option<(Value, &str)> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let end = text.find(|c: char| c.is_whitespace() || "[]{}=,\"".contains(c));
    let (word, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    (!word.is_empty()).then(|| (bare(word), rest))
}

fn bare(word: &str) -> Value {
    if let Ok(number) = word.parse::<i64>() {
        return json!(number);
    }
    match word {
        "true" => json!(true),
        "false" => json!(false),
        _ if is_uuid(word) => json!(["uuid", word]),
        _ => json!(word),
    }
}

fn quoted(text: &str) -> Option<(Value, &str)> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let (string, rest) = text.split_at_checked(at + 1)?;
                let string: String = serde_json::from_str(string).ok()?;
                return Some((json!(string), rest));
            }
            _ => {}
        }
    }
    None
}

/// Whether it is a row's id: 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(word: &str) -> bool {
    let is_part = |(part, length): (&str, usize)| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let parts: Vec<_> = word.split('-').collect();
    parts.len() == 5 && parts.into_iter().zip([8, 4, 4, 4, 12]).all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_stand_for() {
        let id = "d9dec6d5-4c27-4a11-a757-6ebcd982be76";
        let expected = [
            ("[]", json!(["set", []])),
            ("{}", json!(["map", []])),
            ("[1, 2]", json!(["set", [1, 2]])),
            ("\"a \\\" b\"", json!("a \" b")),
            ("veth1", json!("veth1")),
            ("-1", json!(-1)),
            ("true", json!(true)),
            (id, json!(["uuid", id])),
            ("{a=\"b, c\", \"d e\"=f}", json!(["map", [["a", "b, c"], ["d e", "f"]]])),
        ];
        for (text, wanted) in expected {
            assert_eq!(value(text), Some((wanted, "")), "{text}");
        }
        assert_eq!(value("veth1  []").map(|(_, rest)| rest), Some("  []"));
        for bad in ["", "[", "[1", "{a}", "\"x", "[[[[1]]]]", "[1 2]"] {
            assert_eq!(value(bad), None, "{bad}");
        }
    }
}

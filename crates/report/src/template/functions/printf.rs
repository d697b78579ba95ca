//! `printf`, and the verbs of a format.

use std::fmt::Write;
use std::sync::Arc;

use gotmpl::{MissingKey, Template, Value};

use super::texts::text;

/// As Go's, where a value that is null is printed as nothing, in as many columns as its verb asks for.
pub(super) fn printf(args: &[Value], null: &Arc<str>) -> gotmpl::Result<Value> {
    let is_null = |value: &Value| matches!(value, Value::String(text) if Arc::ptr_eq(text, null));
    let (Some(Value::String(format)), true) = (args.first(), args.iter().any(is_null)) else {
        return built_in_text("printf", args);
    };
    let for_null = |verb: &str| {
        let columns = verb.trim_end_matches(char::is_alphabetic);
        // Neither zeros nor a sign are before what is nothing. A precision stays: it may take an argument.
        let (left, width) = columns
            .trim_start_matches('%')
            .chars()
            .partition::<String, _>(|flag| matches!(flag, '-' | '+' | '#' | ' '));
        let width = width.trim_start_matches('0');
        format!("%{}{width}s", if left.contains('-') { "-" } else { "" })
    };
    let format = by_verb(format, |verb, at| match args.iter().skip(1).nth(at) {
        Some(value) if is_null(value) => for_null(verb),
        _ => verb.to_owned(),
    });
    let rest = args.iter().skip(1).cloned();
    let args: Vec<_> = std::iter::once(text(format)).chain(rest).collect();
    built_in_text("printf", &args)
}

/// A format of `printf` with each of its verbs as `shown` has it, which is given the verb and where its argument
/// is, counted from 0; `%%` is none.
pub(in crate::template) fn by_verb(
    format: &str,
    mut shown: impl FnMut(&str, usize) -> String,
) -> String {
    let mut out = String::new();
    let mut rest = format;
    let mut next = 0_usize;
    while let Some(at) = rest.find('%') {
        let (before, verb) = rest.split_at(at);
        out.push_str(before);
        let end = verb.char_indices().skip(1).find(|(_, c)| c.is_alphabetic() || *c == '%');
        let Some((end, last)) = end else { return out + verb };
        let (verb, after) = verb.split_at(end + last.len_utf8());
        next = argument(verb, next);
        if last == '%' {
            out.push_str(verb);
        } else {
            out.push_str(&shown(verb, next));
            next = next.saturating_add(1);
        }
        rest = after;
    }
    out + rest
}

/// Where a verb's argument is, if nothing in it says otherwise at `next`: `[2]` is the second one, and `*` takes
/// one for a width or a precision.
fn argument(verb: &str, next: usize) -> usize {
    let taken = |text: &str| text.matches('*').count();
    let mut parts = verb.split('[');
    let next = next.saturating_add(parts.next().map_or(0, taken));
    parts.fold(next, |next, part| {
        let (number, after) = part.split_once(']').unwrap_or(("", part));
        let named = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        named.unwrap_or(next).saturating_add(taken(after))
    })
}

/// What the function of that name prints, which its own name would not reach.
fn built_in_text(name: &str, args: &[Value]) -> gotmpl::Result<Value> {
    let mut call = format!("{{{{{name}");
    for index in 0..args.len() {
        // A string takes whatever is written to it.
        let _ = write!(call, " (index . {index})");
    }
    let template = Template::new(name).missing_key(MissingKey::Error).parse(&(call + "}}"))?;
    Ok(text(template.execute_to_string(&Value::List(args.to_vec().into()))?))
}

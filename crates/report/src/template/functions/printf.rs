//! `printf`, and the verbs of a format.

use std::fmt::Write;
use std::sync::Arc;

use gotmpl::{MissingKey, Template, Value};

use super::texts::text;

/// As Go's, where a value that is null is printed as nothing, in as many columns as its verb asks for.
pub(super) fn printf(args: &[Value], null: &Arc<str>) -> gotmpl::Result<Value> {
    let is_null = |value: &Value| matches!(value, Value::String(text) if Arc::ptr_eq(text, null));
    let Some((Value::String(format), values)) = args.split_first() else {
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
    let format = by_verb(&with_columns(format, values), |verb, at| match values.get(at) {
        Some(value) if is_null(value) => for_null(verb),
        _ => verb.to_owned(),
    });
    let args: Vec<_> = std::iter::once(text(format)).chain(values.iter().cloned()).collect();
    built_in_text("printf", &args)
}

/// The format with the widths and precisions written out that its arguments are, where a verb names arguments by their
/// numbers: the library reads one number of a verb, and Go one before each `*` and one before the letter, as in
/// `%[3]*.[2]*[1]f`.
fn with_columns(format: &str, values: &[Value]) -> String {
    let mut next = 0;
    by_verb(format, |verb, at| {
        let written = written_out(verb, next, at, values);
        next = at.saturating_add(1);
        written.unwrap_or_else(|| verb.to_owned())
    })
}

/// A verb so, of which what comes `next` is its first argument, and what is `at` is printed. None where nothing has to
/// be written out, or an argument is no number of columns: what is wrong about it the library tells.
fn written_out(verb: &str, mut next: usize, at: usize, values: &[Value]) -> Option<String> {
    verb.contains('[').then_some(())?;
    verb.contains('*').then_some(())?;
    let mut out = String::new();
    let mut rest = verb;
    while let Some(mark) = rest.find(['*', '[']) {
        let (before, marked) = rest.split_at(mark);
        out.push_str(before);
        if let Some(after) = marked.strip_prefix('*') {
            push_columns(&mut out, values.get(next)?)?;
            next = next.saturating_add(1);
            rest = after;
        } else {
            let (number, after) = marked.strip_prefix('[')?.split_once(']')?;
            next = number.parse::<usize>().ok()?.checked_sub(1)?;
            rest = after;
        }
    }
    let precision = rest.trim_end_matches(char::is_alphabetic);
    let letter = rest.strip_prefix(precision)?;
    (precision.is_empty() || precision.starts_with('.')).then_some(())?;
    out.push_str(precision);
    Some(format!("{out}[{}]{letter}", at.saturating_add(1)))
}

/// Adds what a `*` stands for: a precision behind a point, else a width behind the flags, which is to the left where it
/// is negative.
fn push_columns(out: &mut String, value: &Value) -> Option<()> {
    let columns = match value {
        Value::Int(columns) => *columns,
        Value::Uint(columns) => i64::try_from(*columns).ok()?,
        _ => return None,
    };
    if out.ends_with('.') {
        out.push_str(&u64::try_from(columns).ok()?.to_string());
        return Some(());
    }
    let flags = out.strip_prefix('%')?;
    flags.chars().all(|flag| "-+# 0".contains(flag)).then_some(())?;
    if columns < 0 {
        out.insert(1, '-');
    }
    // A zero would be read as the flag.
    if columns != 0 {
        out.push_str(&columns.unsigned_abs().to_string());
    }
    Some(())
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

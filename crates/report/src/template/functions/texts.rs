//! Functions that make texts of texts.

use gotmpl::{TemplateError, Value};

pub(super) fn text(text: String) -> Value {
    Value::String(text.into())
}

pub(super) fn text_of(value: Option<&Value>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// `{{join .Addresses ","}}`
pub(super) fn join(args: &[Value]) -> String {
    let between = text_of(args.get(1));
    match args.first() {
        Some(Value::List(items)) => {
            items.iter().map(ToString::to_string).collect::<Vec<_>>().join(&between)
        }
        other => text_of(other),
    }
}

/// `{{split .Port "-"}}`
pub(super) fn split(args: &[Value]) -> Value {
    let whole = text_of(args.first());
    let between = text_of(args.get(1));
    let part = |part: &str| Value::String(part.into());
    // Between no letters there are all letters, as in Go; Rust has an empty text at both ends besides.
    if between.is_empty() {
        return Value::List(whole.chars().map(|c| text(c.to_string())).collect());
    }
    Value::List(whole.split(&between).map(part).collect())
}

/// The first letter of each word as a capital.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_first = true;
    for c in text.chars() {
        if is_first {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        // As Go's strings.Title has it.
        is_first =
            if c.is_ascii() { !(c.is_ascii_alphanumeric() || c == '_') } else { c.is_whitespace() };
    }
    out
}

/// More blanks than that are no column.
const MAX_PAD: i64 = 1024;

/// `{{pad .Container 1 2}}`: blanks before and after what is not empty.
pub(super) fn pad(args: &[Value]) -> gotmpl::Result<Value> {
    let whole = text_of(args.first());
    let before = length("pad", args.get(1))?;
    let after = length("pad", args.get(2))?;
    if whole.is_empty() {
        return Ok(text(whole));
    }
    Ok(text(format!("{}{whole}{}", " ".repeat(before), " ".repeat(after))))
}

/// `{{truncate .ID 12}}`: the first letters.
pub(super) fn truncate(args: &[Value]) -> gotmpl::Result<Value> {
    let whole = text_of(args.first());
    let Some(Value::Int(most)) = args.get(1) else {
        return length("truncate", args.get(1)).map(|_| Value::Nil);
    };
    let most = usize::try_from(*most).map_err(|_| not_a_length("truncate", args.get(1)))?;
    Ok(text(whole.chars().take(most).collect()))
}

fn length(name: &str, value: Option<&Value>) -> gotmpl::Result<usize> {
    match value {
        Some(Value::Int(n)) if (0..=MAX_PAD).contains(n) => Ok(usize::try_from(*n).unwrap_or(0)),
        other => Err(not_a_length(name, other)),
    }
}

fn not_a_length(name: &str, value: Option<&Value>) -> TemplateError {
    TemplateError::Exec(format!("{name} takes lengths, and {:?} is none", text_of(value)))
}

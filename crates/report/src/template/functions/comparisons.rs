//! Functions that compare.

use std::fmt::Write;
use std::sync::Arc;

use gotmpl::{Template, Value};

/// What compares values.
pub(super) const COMPARISONS: [&str; 6] = ["eq", "ne", "lt", "le", "gt", "ge"];

/// Compares as the function of that name does, where what is null may stand for a number: it is equal to
/// none, and neither less nor greater. To a text it is the empty one.
pub(super) fn compared(name: &str, args: &[Value], null: &Arc<str>) -> gotmpl::Result<Value> {
    let is_null = |value: &Value| matches!(value, Value::String(text) if Arc::ptr_eq(text, null));
    let Some((first, others)) = args.split_first() else { return built_in(name, args) };
    let differs = |other: &&Value| {
        let is_text = |value| matches!(value, &Value::String(_));
        (is_null(first) && !is_text(other)) || (is_null(other) && !is_text(first))
    };
    let (unlike, like): (Vec<_>, Vec<_>) = others.iter().partition(differs);
    if unlike.is_empty() {
        return built_in(name, args);
    }
    if like.is_empty() {
        return Ok(Value::Bool(name == "ne"));
    }
    let rest: Vec<_> = std::iter::once(first).chain(like).cloned().collect();
    built_in(name, &rest)
}

/// What the function of that name makes of these, which its own name would not reach.
fn built_in(name: &str, args: &[Value]) -> gotmpl::Result<Value> {
    let mut text = format!("{{{{{name}");
    for index in 0..args.len() {
        // A string takes whatever is written to it.
        let _ = write!(text, " (index . {index})");
    }
    let dot = Value::List(args.to_vec().into());
    let said = Template::new(name).parse(&(text + "}}"))?.execute_to_string(&dot)?;
    Ok(Value::Bool(said == "true"))
}

//! Docker's `--format TEMPLATE`: Go templates over the v1 row.

use gotmpl::{MissingKey, Template, Value, to_value};
use serde::Serialize;
use serde_json::Value as Json;

use crate::format::FormatError;

/// Renders `text` with `row` as its dot. What is null in JSON is empty here.
pub(crate) fn render<T: Serialize>(text: &str, row: &T) -> Result<String, FormatError> {
    let json = serde_json::to_value(row).map_err(|error| FormatError::template(text, &error))?;
    let dot =
        to_value(&without_nulls(json)).map_err(|error| FormatError::template(text, &error))?;
    parse(text)?.execute_to_string(&dot).map_err(|error| FormatError::template(text, &error))
}

/// Checks a template before anything is asked.
pub(crate) fn check(text: &str) -> Result<(), FormatError> {
    parse(text).map(drop)
}

fn parse(text: &str) -> Result<Template, FormatError> {
    Template::new("format")
        .missing_key(MissingKey::Error)
        .func("json", |args| Ok(Value::String(json(args.first()).into())))
        .func("join", |args| Ok(Value::String(join(args).into())))
        .func("lower", |args| Ok(Value::String(text_of(args).to_lowercase().into())))
        .func("upper", |args| Ok(Value::String(text_of(args).to_uppercase().into())))
        .parse(&unescaped(text))
        .map_err(|error| FormatError::template(text, &error))
}

/// Docker lets a shell user write `\t` and `\n` in a template.
fn unescaped(text: &str) -> String {
    text.replace("\\t", "\t").replace("\\n", "\n")
}

fn text_of(args: &[Value]) -> String {
    args.first().map(ToString::to_string).unwrap_or_default()
}

/// `{{join .Addresses ","}}`
fn join(args: &[Value]) -> String {
    let between = args.get(1).map(ToString::to_string).unwrap_or_default();
    match args.first() {
        Some(Value::List(items)) => {
            items.iter().map(ToString::to_string).collect::<Vec<_>>().join(&between)
        }
        _ => text_of(args),
    }
}

fn json(value: Option<&Value>) -> String {
    value.map_or(Json::Null, to_json).to_string()
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(b) => (*b).into(),
        Value::Int(n) => (*n).into(),
        Value::Uint(n) => (*n).into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(map) => map.iter().map(|(key, item)| (key.to_string(), to_json(item))).collect(),
        Value::Nil => Json::Null,
        other => Json::String(other.to_string()),
    }
}

fn without_nulls(json: Json) -> Json {
    match json {
        Json::Null => Json::String(String::new()),
        Json::Array(items) => items.into_iter().map(without_nulls).collect(),
        Json::Object(map) => {
            map.into_iter().map(|(key, item)| (key, without_nulls(item))).collect()
        }
        other => other,
    }
}

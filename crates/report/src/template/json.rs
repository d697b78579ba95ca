//! A row as a template sees it, and what `json` writes of it.

use std::fmt::Write;
use std::sync::Arc;

use gotmpl::Value;
use serde_json::Value as Json;

use crate::cell::is_control_or_format;

/// What `json` writes: the same as `--format json` does.
pub(super) struct Writer {
    /// The empty text that stands for null: it is told from others by where it is stored.
    pub(super) null: Arc<str>,
    /// The row as the template sees it, whose fields are sorted by name,
    pub(super) dot: Value,
    /// and its JSON, whose fields are in their own order.
    pub(super) whole: Arc<str>,
}

impl Writer {
    pub(super) fn json(&self, value: Option<&Value>) -> Arc<str> {
        match (value, &self.dot) {
            (Some(Value::Map(asked)), Value::Map(dot)) if Arc::ptr_eq(asked, dot) => {
                in_ascii(&self.whole)
            }
            (value, _) => {
                in_ascii(&value.map_or(Json::Null, |value| self.to_json(value)).to_string())
            }
        }
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::Bool(b) => (*b).into(),
            Value::Int(n) => (*n).into(),
            Value::Uint(n) => (*n).into(),
            Value::Float(n) => (*n).into(),
            Value::List(items) => items.iter().map(|item| self.to_json(item)).collect(),
            Value::Map(map) => {
                map.iter().map(|(key, item)| (key.to_string(), self.to_json(item))).collect()
            }
            Value::String(text) if Arc::ptr_eq(text, &self.null) => Json::Null,
            Value::Nil => Json::Null,
            other => Json::String(other.to_string()),
        }
    }
}

/// The same JSON, with what a terminal obeys as escapes of JSON (RFC 8259, section 7): a template's
/// output is made printable, which must not make other JSON of it.
fn in_ascii(json: &str) -> Arc<str> {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_control_or_format(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A string takes whatever is written to it.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.into()
}

pub(super) fn from_json(json: Json, null: &Arc<str>) -> Value {
    match json {
        Json::Null => Value::String(Arc::clone(null)),
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Value::Int(n),
            (None, Some(n)) => Value::Uint(n),
            (None, None) => Value::Float(n.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::String(text.into()),
        Json::Array(items) => {
            Value::List(items.into_iter().map(|item| from_json(item, null)).collect())
        }
        Json::Object(map) => {
            let fields = map.into_iter().map(|(key, item)| (key.into(), from_json(item, null)));
            Value::Map(Arc::new(fields.collect()))
        }
    }
}

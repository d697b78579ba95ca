//! Docker's `--format TEMPLATE`: Go templates over the v1 row.

use std::fmt::Write;
use std::sync::Arc;

use gotmpl::{MissingKey, Template, TemplateError, Value};
use serde::Serialize;
use serde_json::Value as Json;

use crate::cell::is_control_or_format;
use crate::format_error::FormatError;

/// Renders `text` with `row` as its dot. What is null in JSON is printed as nothing, and is null
/// again for `json`.
pub(crate) fn render<T: Serialize>(text: &str, row: &T) -> Result<String, FormatError> {
    let wrong = |error: serde_json::Error| FormatError::template(text, &error);
    let whole = serde_json::to_string(row).map_err(wrong)?;
    let null = Arc::from("");
    let dot = from_json(serde_json::to_value(row).map_err(wrong)?, &null);
    let writer = Writer { null, dot: dot.clone(), whole: whole.into() };
    parse(text, writer)?.execute_to_string(&dot).map_err(|error| {
        let told = FormatError::template(text, &error);
        if is_of_template(&error) { told } else { told.of_row() }
    })
}

/// Whether an error is the same with every row: a name that there is not is there in none. The others are of
/// what is in a row.
fn is_of_template(error: &TemplateError) -> bool {
    matches!(
        error,
        TemplateError::MissingKey { .. }
            | TemplateError::UndefinedTemplate(_)
            | TemplateError::UndefinedFunction(_)
            | TemplateError::UndefinedVariable(_)
            | TemplateError::ArgCount { .. }
    )
}

/// Checks a template before anything is asked.
pub(crate) fn check(text: &str) -> Result<(), FormatError> {
    let writer = Writer { null: "".into(), dot: Value::Nil, whole: "".into() };
    parse(text, writer).map(drop)
}

fn parse(text: &str, writer: Writer) -> Result<Template, FormatError> {
    let mut template = Template::new("format").missing_key(MissingKey::Error);
    for name in COMPARISONS {
        let null = Arc::clone(&writer.null);
        template = template.func(name, move |args| compared(name, args, &null));
    }
    template
        .func("json", move |args| Ok(Value::String(writer.json(args.first()))))
        .func("join", |args| Ok(Value::String(join(args).into())))
        .func("lower", |args| Ok(Value::String(text_of(args).to_lowercase().into())))
        .func("upper", |args| Ok(Value::String(text_of(args).to_uppercase().into())))
        .parse(&unescaped(text))
        .map_err(|error| FormatError::template(text, &error))
}

/// What compares values.
const COMPARISONS: [&str; 6] = ["eq", "ne", "lt", "le", "gt", "ge"];

/// Compares as the function of that name does, where what is null may stand for a number: it is equal to
/// none, and neither less nor greater. To a text it is the empty one.
fn compared(name: &str, args: &[Value], null: &Arc<str>) -> gotmpl::Result<Value> {
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

/// What `json` writes: the same as `--format json` does.
struct Writer {
    /// The empty text that stands for null: it is told from others by where it is stored.
    null: Arc<str>,
    /// The row as the template sees it, whose fields are sorted by name,
    dot: Value,
    /// and its JSON, whose fields are in their own order.
    whole: Arc<str>,
}

impl Writer {
    fn json(&self, value: Option<&Value>) -> Arc<str> {
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

fn from_json(json: Json, null: &Arc<str>) -> Value {
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

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::render;

    #[derive(Serialize)]
    struct Row {
        port: Option<u16>,
        name: &'static str,
        bridge: Option<u16>,
        macs: Vec<Option<u16>>,
    }

    const ROW: Row = Row { port: Some(3), name: "", bridge: None, macs: Vec::new() };

    #[test]
    fn what_is_null_is_printed_as_nothing_and_written_as_null() {
        let shown = |text| render(text, &ROW).unwrap();
        assert_eq!(shown("<{{.bridge}}><{{.port}}>"), "<><3>");
        assert_eq!(shown("{{json .bridge}} {{json .name}} {{json .macs}}"), "null \"\" []");
        assert_eq!(shown("{{if .bridge}}on{{else}}off{{end}}"), "off");
        assert_eq!(shown("{{json .}}"), serde_json::to_string(&ROW).unwrap());
    }

    #[test]
    fn what_is_null_compares_with_numbers_and_with_texts() {
        let shown = |text: &str| render(text, &ROW).unwrap();
        assert_eq!(shown("{{eq .bridge 3}} {{eq 3 .bridge}} {{ne .bridge 3}}"), "false false true");
        assert_eq!(
            shown("{{lt .bridge 3}} {{ge .bridge 3}} {{gt 3 .bridge}}"),
            "false false false"
        );
        assert_eq!(
            shown("{{eq .bridge \"\"}} {{eq .bridge \"x\"}} {{ne .bridge \"\"}}"),
            "true false false"
        );
        assert_eq!(
            shown("{{eq .bridge 3 \"\"}} {{eq .port 4 3}} {{eq .bridge .bridge}}"),
            "true true true"
        );
        assert_eq!(shown("{{eq .port 3}} {{lt .port 4}} {{.port | eq 3}}"), "true true true");
        // What is no null is compared as ever.
        assert!(render("{{eq .name 3}}", &ROW).unwrap_err().is_of_row());
        assert!(render("{{eq .port}}", &ROW).is_err());
    }

    #[test]
    fn a_row_may_not_suit_a_template_that_another_one_suits() {
        assert!(render("{{.bridge.name}}", &ROW).unwrap_err().is_of_row());
        assert_eq!(render("{{if .bridge}}{{.bridge.name}}{{end}}", &ROW).unwrap(), "");
        for text in ["{{index .macs 0}}", "{{range .bridge}}{{end}}", "{{slice .name 1}}"] {
            assert!(render(text, &ROW).unwrap_err().is_of_row(), "{text}");
        }
        for text in ["{{.nmae}}", "{{template \"none\"}}", "{{eq .port}}"] {
            assert!(!render(text, &ROW).unwrap_err().is_of_row(), "{text}");
        }
    }

    #[test]
    fn json_in_a_template_is_the_same_value_and_printable() {
        let row = Row { name: "a\u{202e}\u{e0041}\u{7f}\n\"b", ..ROW };
        for text in ["{{json .name}}", "{{json .}}"] {
            let json = render(text, &row).unwrap();
            assert_eq!(crate::printable(&json), json);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(*value.get("name").unwrap_or(&value), row.name);
        }
    }
}

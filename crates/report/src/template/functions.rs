//! The functions that a template may call: Go's own and Docker's.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use gotmpl::{FuncMap, MissingKey, Template, TemplateError, Value, ValueFunc};

use super::json::Writer;

/// A function's name, and the least and the largest number of its arguments.
type Function = (&'static str, usize, usize);

const ANY: usize = usize::MAX;

/// Those that Docker adds (docker/cli, `templates/templates.go`).
const OF_DOCKER: [Function; 8] = [
    ("json", 1, 1),
    ("join", 1, 2),
    ("split", 2, 2),
    ("lower", 1, 1),
    ("upper", 1, 1),
    ("title", 1, 1),
    ("pad", 3, 3),
    ("truncate", 2, 2),
];

/// Those that every Go template has (text/template, "Functions").
const OF_GO: [Function; 19] = [
    ("and", 1, ANY),
    ("call", 1, ANY),
    ("eq", 2, ANY),
    ("ge", 2, 2),
    ("gt", 2, 2),
    ("html", 1, ANY),
    ("index", 1, ANY),
    ("js", 1, ANY),
    ("le", 2, 2),
    ("len", 1, 1),
    ("lt", 2, 2),
    ("ne", 2, 2),
    ("not", 1, 1),
    ("or", 1, ANY),
    ("print", 0, ANY),
    ("printf", 1, ANY),
    ("println", 0, ANY),
    ("slice", 1, 4),
    ("urlquery", 1, ANY),
];

/// Whether there is such a function, and it takes so many arguments.
///
/// # Errors
/// Why it cannot be called.
pub(super) fn callable(name: &str, count: usize) -> Result<(), String> {
    let mut all = OF_DOCKER.iter().chain(&OF_GO);
    let Some((_, least, most)) = all.find(|(known, ..)| *known == name) else {
        let all = OF_DOCKER.iter().chain(&OF_GO).map(|(name, ..)| *name);
        let all = all.collect::<Vec<_>>().join(", ");
        return Err(format!("there is no function {name}; there are {all}"));
    };
    if (*least..=*most).contains(&count) {
        return Ok(());
    }
    let wanted = match (least, most) {
        (least, most) if least == most => format!("{least}"),
        (least, &ANY) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    };
    Err(format!("{name} takes {wanted} arguments, and has {count}"))
}

/// The row that functions are called for.
pub(super) type Current = Arc<Mutex<Writer>>;

/// What is called by which name, beside what the library has; `null` stands for what is null.
pub(super) fn functions(current: &Current, null: &Arc<str>) -> FuncMap {
    let mut all: Vec<(&str, ValueFunc)> = Vec::new();
    for name in COMPARISONS {
        let null = Arc::clone(null);
        all.push((name, Arc::new(move |args| compared(name, args, &null))));
    }
    let (current, null) = (Arc::clone(current), Arc::clone(null));
    all.push(("json", {
        Arc::new(move |args| {
            let writer = current.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(Value::String(writer.json(args.first())))
        })
    }));
    all.push(("printf", Arc::new(move |args| printf(args, &null))));
    all.push(("join", Arc::new(|args| Ok(text(join(args))))));
    all.push(("split", Arc::new(|args| Ok(split(args)))));
    all.push(("lower", Arc::new(|args| Ok(text(text_of(args.first()).to_lowercase())))));
    all.push(("upper", Arc::new(|args| Ok(text(text_of(args.first()).to_uppercase())))));
    all.push(("title", Arc::new(|args| Ok(text(title(&text_of(args.first())))))));
    all.push(("pad", Arc::new(pad)));
    all.push(("truncate", Arc::new(truncate)));
    all.into_iter().map(|(name, function)| (name.to_owned(), function)).collect()
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

fn text(text: String) -> Value {
    Value::String(text.into())
}

fn text_of(value: Option<&Value>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// `{{join .Addresses ","}}`
fn join(args: &[Value]) -> String {
    let between = text_of(args.get(1));
    match args.first() {
        Some(Value::List(items)) => {
            items.iter().map(ToString::to_string).collect::<Vec<_>>().join(&between)
        }
        other => text_of(other),
    }
}

/// `{{split .Port "-"}}`
fn split(args: &[Value]) -> Value {
    let (whole, between) = (text_of(args.first()), text_of(args.get(1)));
    let part = |part: &str| Value::String(part.into());
    // Between no letters there are all letters, as in Go; Rust has an empty text at both ends besides.
    if between.is_empty() {
        return Value::List(whole.chars().map(|c| text(c.to_string())).collect());
    }
    Value::List(whole.split(&between).map(part).collect())
}

/// The first letter of each word as a capital.
fn title(text: &str) -> String {
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
fn pad(args: &[Value]) -> gotmpl::Result<Value> {
    let whole = text_of(args.first());
    let (before, after) = (length("pad", args.get(1))?, length("pad", args.get(2))?);
    if whole.is_empty() {
        return Ok(text(whole));
    }
    Ok(text(format!("{}{whole}{}", " ".repeat(before), " ".repeat(after))))
}

/// `{{truncate .ID 12}}`: the first letters.
fn truncate(args: &[Value]) -> gotmpl::Result<Value> {
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

/// As Go's, where a value that is null is printed as nothing, in as many columns as its verb asks for.
fn printf(args: &[Value], null: &Arc<str>) -> gotmpl::Result<Value> {
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
pub(super) fn by_verb(format: &str, mut shown: impl FnMut(&str, usize) -> String) -> String {
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

#[cfg(test)]
mod tests {
    use super::{OF_DOCKER, OF_GO, callable};

    #[test]
    fn dockers_functions_are_all_there() {
        // docker/cli, templates/templates.go: basicFunctions.
        let docker = ["json", "split", "join", "title", "lower", "upper", "pad", "truncate"];
        for name in docker {
            assert!(OF_DOCKER.iter().any(|(known, ..)| *known == name), "{name}");
        }
        assert_eq!(OF_DOCKER.len(), docker.len());
    }

    #[test]
    fn the_functions_of_go_are_those_of_the_library() {
        for (name, least, _) in OF_GO {
            let args = " 1".repeat(least);
            let template = gotmpl::Template::new(name).parse(&format!("{{{{{name}{args}}}}}"));
            let said = template.unwrap().execute_to_string(&gotmpl::Value::Nil);
            assert!(
                !matches!(said, Err(gotmpl::TemplateError::UndefinedFunction(_))),
                "{name}: {said:?}"
            );
        }
    }

    #[test]
    fn a_call_is_refused_for_its_name_and_for_its_arguments() {
        assert_eq!(callable("pad", 3), Ok(()));
        assert_eq!(callable("pad", 2).unwrap_err(), "pad takes 3 arguments, and has 2");
        assert_eq!(callable("eq", 1).unwrap_err(), "eq takes at least 2 arguments, and has 1");
        assert_eq!(callable("slice", 5).unwrap_err(), "slice takes 1 to 4 arguments, and has 5");
        assert!(callable("sprig", 1).unwrap_err().starts_with("there is no function sprig"));
    }

    #[test]
    fn the_functions_are_those_that_the_manual_lists() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/output.md");
        let manual = std::fs::read_to_string(path).unwrap();
        for (name, ..) in OF_DOCKER {
            assert!(manual.contains(&format!("| `{name} ")), "{name}");
        }
        for (name, ..) in OF_GO {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }
}

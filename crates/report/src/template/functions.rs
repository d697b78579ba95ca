//! The functions that a template may call: Go's own and Docker's.

mod comparisons;
mod printf;
mod texts;

use std::sync::{Arc, Mutex, PoisonError};

use gotmpl::{FuncMap, Value, ValueFunc};

use super::json::Writer;
use comparisons::{COMPARISONS, compared};
use printf::printf;
use texts::{join, pad, split, text, text_of, title, truncate};

pub(super) use printf::by_verb;

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
    let current = Arc::clone(current);
    let null = Arc::clone(null);
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

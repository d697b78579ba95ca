//! docs/output.md has each field of the schema, with its type, and nothing else.

use std::collections::BTreeMap;

use super::{document, shape};

/// Fields with their types by object, as the tables beneath the headings say.
fn told() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = std::fs::read_to_string(document("output.md")).unwrap();
    let mut told = BTreeMap::<String, BTreeMap<String, String>>::new();
    let mut object = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut object);
        } else if let Some(row) = line.strip_prefix("| `") {
            let (field, rest) = row.split_once("` | ").unwrap();
            let kind = rest.split(" | ").next().unwrap().to_owned();
            told.entry(object.clone()).or_default().insert(field.to_owned(), kind);
        }
    }
    told
}

#[test]
fn the_reference_has_every_field_and_no_other() {
    let (told, real) = (told(), shape::objects());
    for (object, fields) in &real {
        assert_eq!(told.get(object), Some(fields), "docs/output.md, {object}");
    }
    let beyond: Vec<_> = told.keys().filter(|object| !real.contains_key(*object)).collect();
    assert!(beyond.is_empty(), "docs/output.md tells of {beyond:?}");
}

#[test]
fn the_reference_has_every_word_of_every_enumeration() {
    let text = std::fs::read_to_string(document("output.md")).unwrap();
    for (name, words) in shape::enumerations() {
        let line = text.lines().find(|line| line.starts_with(&format!("- **{name}**:")));
        let line = line.unwrap_or_else(|| panic!("docs/output.md has no {name}"));
        let told: Vec<_> = line.split('`').skip(1).step_by(2).collect();
        assert_eq!(told, words, "{name}");
    }
}

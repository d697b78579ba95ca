//! v1 only grows: no field goes, none changes its type, no word is taken back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{document, is_up_to_date, shape};

const BASELINE: &str = "v1.baseline.json";

#[test]
fn no_field_and_no_word_of_v1_goes_or_changes() {
    let text = std::fs::read_to_string(document(BASELINE)).unwrap_or("{}".to_owned());
    let before: Value = serde_json::from_str(&text).unwrap();
    let (objects, words) = (shape::objects(), shape::enumerations());
    for (name, fields) in before["objects"].as_object().into_iter().flatten() {
        for (field, kind) in fields.as_object().unwrap() {
            let now = objects.get(name).and_then(|fields| fields.get(field));
            assert_eq!(now.map(String::as_str), kind.as_str(), "{name}.{field} was promised");
        }
    }
    for (name, promised) in before["words"].as_object().into_iter().flatten() {
        for word in promised.as_array().unwrap() {
            let now = words.get(name).into_iter().flatten();
            assert!(now.into_iter().any(|now| *now == *word), "{name}: {word} was promised");
        }
    }
    // What is new is promised from now on.
    is_up_to_date(BASELINE, &baseline(&objects, &words));
}

fn baseline(
    objects: &BTreeMap<String, BTreeMap<String, String>>,
    words: &BTreeMap<String, Vec<String>>,
) -> Value {
    json!({ "objects": objects, "words": words })
}

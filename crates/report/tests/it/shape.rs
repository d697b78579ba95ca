//! A schema in few words: what `docs/output.md` and the baseline say of a field.

use std::collections::BTreeMap;

use docker_ovs_report::v1::schema::definitions;
use serde_json::Value;

/// Fields of each object with their types, in words.
pub(crate) fn objects() -> BTreeMap<String, BTreeMap<String, String>> {
    let all = definitions("/$defs").into_iter();
    let objects = all.filter_map(|(name, schema)| {
        let fields = schema["properties"].as_object()?;
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let typed = fields.iter().map(|(field, schema)| {
            let may_be_absent = !required.iter().any(|name| *name == **field);
            let absent = if may_be_absent { ", may be absent" } else { "" };
            (field.clone(), type_of(schema) + absent)
        });
        Some((name, typed.collect()))
    });
    objects.collect()
}

/// The words that each enumeration has.
pub(crate) fn enumerations() -> BTreeMap<String, Vec<String>> {
    let all = definitions("/$defs").into_iter();
    all.filter_map(|(name, schema)| {
        let words = words(&schema);
        (!words.is_empty()).then_some((name, words))
    })
    .collect()
}

fn words(schema: &Value) -> Vec<String> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let told = schema["oneOf"].as_array().into_iter().flatten().flat_map(|one| {
        let several = one["enum"].as_array().into_iter().flatten();
        one.get("const").into_iter().chain(several)
    });
    listed.chain(told).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `string`, `integer or null`, `list of Tenant`, `map of integer or null`, `State`.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(several) = schema["anyOf"].as_array() {
        return several.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    let kinds: Vec<_> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    match kinds.as_slice() {
        ["array"] => format!("list of {}", type_of(&schema["items"])),
        ["object"] => format!("map of {}", type_of(&schema["additionalProperties"])),
        kinds => kinds.join(" or "),
    }
}

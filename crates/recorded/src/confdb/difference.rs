//! Values of columns that are told as differences (`ovsdb_datum_apply_diff`).

use serde_json::Value;

/// A set or map that differs from `before` by the items of `by`: those that were there go, others come,
/// and a key that has another value takes that.
pub(super) fn difference(before: &Value, by: &Value) -> Value {
    if let (Some(before), Some(by)) = (items(before, "map"), items(by, "map")) {
        let mut pairs = before.to_vec();
        for change in by {
            let key = change.get(0);
            match pairs.iter().position(|pair| pair.get(0) == key) {
                Some(at) if pairs.get(at) == Some(change) => drop(pairs.remove(at)),
                Some(at) => pairs.splice(at..=at, [change.clone()]).for_each(drop),
                None => pairs.push(change.clone()),
            }
        }
        return tagged("map", pairs);
    }
    let (before, by) = (atoms(before), atoms(by));
    let kept = before.iter().filter(|atom| !by.contains(atom));
    let came = by.iter().filter(|atom| !before.contains(atom));
    tagged("set", kept.chain(came).cloned().collect())
}

fn tagged(tag: &str, items: Vec<Value>) -> Value {
    Value::Array(vec![Value::String(tag.to_owned()), Value::Array(items)])
}

fn items<'a>(value: &'a Value, tag: &str) -> Option<&'a [Value]> {
    let [Value::String(found), Value::Array(items)] = value.as_array()?.as_slice() else {
        return None;
    };
    (found == tag).then_some(items)
}

/// The items of a set; one atom stands for itself.
fn atoms(value: &Value) -> Vec<Value> {
    items(value, "set").map_or_else(|| vec![value.clone()], <[Value]>::to_vec)
}

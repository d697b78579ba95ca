//! Values of columns that are told as differences (`ovsdb_datum_apply_diff`).

use std::collections::HashMap;

use serde_json::Value;

/// Shorter sets and maps are looked through.
const LONG: usize = 16;

/// Where the items of a long set or map are, by the atom or the key. A bridge of thousands of ports would
/// be looked through for each that comes and goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(HashMap<Value, usize>);

impl Places {
    fn find(&mut self, items: &[Value], is_map: bool, wanted: &Value) -> Option<usize> {
        if items.len() < LONG && self.0.is_empty() {
            return items.iter().position(|item| key(item, is_map) == wanted);
        }
        if self.0.is_empty() {
            let keys = items.iter().map(|item| key(item, is_map).clone());
            self.0 = keys.zip(0..).collect();
        }
        self.0.get(wanted).copied()
    }

    fn push(&mut self, items: &mut Vec<Value>, is_map: bool, item: Value) {
        if !self.0.is_empty() {
            self.0.insert(key(&item, is_map).clone(), items.len());
        }
        items.push(item);
    }

    /// The last one takes its place: sets and maps have no order.
    fn remove(&mut self, items: &mut Vec<Value>, is_map: bool, at: usize) {
        let gone = items.swap_remove(at);
        if self.0.remove(key(&gone, is_map)).is_some()
            && let Some(place) = items.get(at).and_then(|moved| self.0.get_mut(key(moved, is_map)))
        {
            *place = at;
        }
    }
}

/// An atom of a set stands for itself, a pair of a map by its key.
fn key(item: &Value, is_map: bool) -> &Value {
    item.get(0).filter(|_| is_map).unwrap_or(item)
}

/// Changes a set or map by the items of `by`: those that were there go, others come, and a key that has
/// another value takes that. `places` are those of this column, and of no other.
pub(super) fn apply(column: &mut Value, by: Value, places: &mut Places) {
    let is_map = is(column, "map") && is(&by, "map");
    let tag = if is_map { "map" } else { "set" };
    let mut items = items(std::mem::take(column), tag);
    for change in self::items(by, tag) {
        let at = places.find(&items, is_map, key(&change, is_map));
        match at.and_then(|at| Some((at, items.get_mut(at)?))) {
            Some((at, item)) if *item == change => places.remove(&mut items, is_map, at),
            Some((_, item)) => *item = change,
            None => places.push(&mut items, is_map, change),
        }
    }
    *column = Value::Array(vec![Value::String(tag.to_owned()), Value::Array(items)]);
}

fn is(value: &Value, tag: &str) -> bool {
    value.as_array().is_some_and(|pair| pair.len() == 2 && pair.first().is_some_and(|it| it == tag))
}

/// The items of a set or map; one atom stands for itself.
fn items(value: Value, tag: &str) -> Vec<Value> {
    match value {
        Value::Array(mut pair) if pair.len() == 2 && pair.first().is_some_and(|it| it == tag) => {
            match pair.pop() {
                Some(Value::Array(items)) => items,
                other => {
                    pair.extend(other);
                    vec![Value::Array(pair)]
                }
            }
        }
        atom => vec![atom],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(column: &Value) -> Vec<String> {
        let mut all: Vec<_> =
            column[1].as_array().unwrap().iter().map(ToString::to_string).collect();
        all.sort();
        all
    }

    /// Against a plain set, through lengths on either side of what is long.
    #[test]
    fn a_set_is_what_came_and_did_not_go() {
        let id = |n: u64| json!(["uuid", format!("{n:08x}")]);
        let (mut column, mut places) = (id(0), Places::default());
        let mut expected = std::collections::BTreeSet::from([0]);
        let mut seed = 7_u64;
        for step in 0..5000 {
            let range = if step % 1000 < 500 { 60 } else { 8 };
            let mut changes = std::collections::BTreeSet::new();
            for _ in 0..=step % 3 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                changes.insert(seed % range);
            }
            for n in &changes {
                if !expected.remove(n) {
                    expected.insert(*n);
                }
            }
            let mut by: Vec<_> = changes.into_iter().map(id).collect();
            let by = if by.len() == 1 { by.remove(0) } else { json!(["set", by]) };
            apply(&mut column, by, &mut places);
            let all: Vec<_> = expected.iter().map(|n| id(*n).to_string()).collect();
            assert_eq!(sorted(&column), all, "{step}");
        }
    }

    #[test]
    fn a_map_takes_other_values_of_its_keys() {
        let pairs = |all: &[(u64, &str)]| json!(["map", all]);
        let long: Vec<_> = (0..40).map(|key| (key, "a")).collect();
        for (count, places) in [(3, 0), (40, 41)] {
            let (mut column, mut known) = (pairs(&long[..count]), Places::default());
            // One goes, one has another value, one comes, and another.
            let by = pairs(&[(1, "a"), (2, "b"), (90, "c"), (91, "d")]);
            apply(&mut column, by, &mut known);
            let mut expected: Vec<_> =
                long[..count].iter().filter(|pair| pair.0 != 1 && pair.0 != 2).copied().collect();
            expected.extend([(2, "b"), (90, "c"), (91, "d")]);
            assert_eq!(sorted(&column), sorted(&pairs(&expected)));
            assert_eq!(known.0.len(), places);
        }
    }

    #[test]
    fn what_is_no_set_stands_for_itself() {
        let mut column = json!("a");
        apply(&mut column, json!(["set", ["a", "b"]]), &mut Places::default());
        assert_eq!(column, json!(["set", ["b"]]));
    }
}

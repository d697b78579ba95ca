//! Names that look like one that none has.

use crate::snapshot::{EngineName, Snapshot};

use super::told;

/// Names that look like it, of the engines that were asked for.
pub(super) fn near(snapshot: &Snapshot, engines: &[&EngineName], wanted: &str) -> Vec<String> {
    let asked = snapshot.containers_by_engine();
    let names = asked.filter(|(name, _)| engines.contains(name)).map(|(_, row)| &*row.name);
    let allowed = near_distance(wanted);
    let near = names.filter_map(|name| Some((distance(wanted, name, allowed)?, name)));
    let mut near: Vec<_> = near.collect();
    near.sort_unstable();
    near.dedup();
    told(near.into_iter().map(|(_, name)| name.to_owned()))
}

/// How many letters a name that is near may be away.
fn near_distance(wanted: &str) -> usize {
    wanted.chars().count().div_ceil(3).min(3)
}

/// Parts of `wanted`, of which each name that is near has one: there is one part more than letters may
/// differ. None where it is too short for that.
pub fn parts_of_near_names(wanted: &str) -> Option<Vec<String>> {
    let (letters, count): (Vec<_>, _) = (wanted.chars().collect(), near_distance(wanted) + 1);
    let length = letters.len() / count;
    if length == 0 {
        return None;
    }
    let part = |i: usize| {
        let end = if i + 1 == count { letters.len() } else { (i + 1) * length };
        letters.get(i * length..end).map(|part| part.iter().collect())
    };
    (0..count).map(part).collect()
}

/// Levenshtein distance, if it is one that is allowed; a name that merely begins with `wanted`, or is it in a
/// namespace (`NAMESPACE/NAME`, which crictl and nerdctl leave out), counts as one step away.
fn distance(wanted: &str, name: &str, allowed: usize) -> Option<usize> {
    if wanted.len() >= 3 && name.starts_with(wanted) {
        return Some(1);
    }
    if name.rsplit_once('/').is_some_and(|(_, inside)| inside == wanted) {
        return Some(1);
    }
    // Names are as far apart as their lengths at least. The distance itself costs as many steps as both lengths
    // multiplied, and `wanted` may be of any length.
    let lengths = wanted.chars().count().abs_diff(name.chars().count());
    if lengths > allowed {
        return None;
    }
    Some(strsim::levenshtein(wanted, name)).filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_namespace_is_near() {
        let is_near = |wanted: &str, name: &str| {
            distance(wanted, name, near_distance(wanted)).is_some_and(|steps| steps <= 1)
        };
        assert!(is_near("web", "default/web"));
        assert!(is_near("db", "kube-system/db"));
        assert!(is_near("web", "web1"));
        for (wanted, name) in [("web", "default/web-7"), ("default", "kube/web"), ("", "a/b")] {
            assert!(!is_near(wanted, name), "{wanted} {name}");
        }
        // Each name that is near has a part of what is wanted.
        let parts = parts_of_near_names("web").unwrap();
        assert!(parts.iter().any(|part| "default/web".contains(part.as_str())));
    }
}

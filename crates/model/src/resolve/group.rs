//! Values under keys that nearly always have one.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Nearly always one, which then needs no heap.
pub(super) type OneOrMore<T> = SmallVec<[T; 1]>;

/// Collects values under their keys, in order.
pub(super) fn group<K: Hash + Eq, V>(
    pairs: impl Iterator<Item = (K, V)>,
) -> FxHashMap<K, OneOrMore<V>> {
    let mut groups: FxHashMap<K, OneOrMore<V>> = FxHashMap::default();
    groups.reserve(pairs.size_hint().0);
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

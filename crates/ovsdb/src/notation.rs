//! Column values as they stand on the wire (RFC 7047 section 5.1).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::{BorrowedStrDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor,
};

/// A set: a bare atom where there is exactly one, else `["set", [atom, …]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<T>(pub Vec<T>);

/// A set of none or one, which is how OVSDB spells an optional value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Optional<T>(pub Option<T>);

/// A map, `["map", [[key, value], …]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<K, V>(pub BTreeMap<K, V>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Optional<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Deref for Set<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<K, V> Deref for Map<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SetVisitor(PhantomData)).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Optional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Set(mut values) = Set::deserialize(deserializer)?;
        match values.len() {
            0 | 1 => Ok(Self(values.pop())),
            many => Err(de::Error::invalid_length(many, &"a set of at most one")),
        }
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Map<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (tag, pairs) = <(String, Vec<(K, V)>)>::deserialize(deserializer)?;
        if tag != "map" {
            return Err(de::Error::invalid_value(de::Unexpected::Str(&tag), &"\"map\""));
        }
        Ok(Self(pairs.into_iter().collect()))
    }
}

struct SetVisitor<T>(PhantomData<T>);

/// A bare atom: the value goes on to `T` as it came.
macro_rules! atom {
    ($($visit:ident: $type:ty),*) => {$(
        fn $visit<E: de::Error>(self, atom: $type) -> Result<Vec<T>, E> {
            Ok(vec![T::deserialize(atom.into_deserializer())?])
        }
    )*};
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for SetVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an atom or [\"set\", [atom, …]]")
    }

    atom!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_borrowed_str<E: de::Error>(self, atom: &'de str) -> Result<Vec<T>, E> {
        Ok(vec![T::deserialize(BorrowedStrDeserializer::new(atom))?])
    }

    /// `["set", […]]`, or an atom that is itself a pair, such as `["uuid", "…"]`.
    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Vec<T>, A::Error> {
        let tag: String =
            pair.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
        if tag != "set" {
            let pair = Tagged { tag: Some(tag), rest: pair };
            return Ok(vec![T::deserialize(SeqAccessDeserializer::new(pair))?]);
        }
        let values = pair.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
        match pair.next_element::<de::IgnoredAny>()? {
            None => Ok(values),
            Some(_) => Err(de::Error::invalid_length(3, &self)),
        }
    }
}

/// A sequence whose first element, already read, is put back in front.
struct Tagged<A> {
    tag: Option<String>,
    rest: A,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Tagged<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        match self.tag.take() {
            Some(tag) => seed.deserialize(StrDeserializer::new(&tag)).map(Some),
            None => self.rest.next_element_seed(seed),
        }
    }
}

//! Row identifiers.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The identifier of a row, `["uuid", "…"]` on the wire (RFC 7047 section 5.1, `<uuid>`).
///
/// The bare text is read too: it is what names a row in a monitor's reply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

/// A text that is no UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} is not a UUID", jsonrpc::excerpt(.0))]
pub struct InvalidUuid(String);

impl FromStr for Uuid {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        parse(text).map(Self).ok_or_else(|| InvalidUuid(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<u128> {
    let mut value = 0;
    if text.len() != 36 {
        return None;
    }
    for (place, character) in text.chars().enumerate() {
        match (place, character) {
            (8 | 13 | 18 | 23, '-') => {}
            (8 | 13 | 18 | 23, _) => return None,
            _ => value = value << 4 | u128::from(character.to_digit(16)?),
        }
    }
    Some(value)
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let (time_low, rest) = hex.split_at(8);
        write!(f, "{time_low}-{}-{}-{}-{}", &rest[..4], &rest[4..8], &rest[8..12], &rest[12..])
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ("uuid", self.to_string()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UuidVisitor)
    }
}

struct UuidVisitor;

impl<'de> Visitor<'de> for UuidVisitor {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[\"uuid\", \"…\"]")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Uuid, A::Error> {
        match pair.next_element::<String>()?.as_deref() {
            Some("uuid") => {}
            Some(other) => return Err(de::Error::invalid_value(de::Unexpected::Str(other), &self)),
            None => return Err(de::Error::invalid_length(0, &self)),
        }
        let text: String =
            pair.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
        match pair.next_element::<de::IgnoredAny>()? {
            None => self.visit_str(&text),
            Some(_) => Err(de::Error::invalid_length(3, &self)),
        }
    }
}

//! Row identifiers.

use std::fmt;
use std::str::FromStr;

use ::uuid::fmt::Hyphenated;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The identifier of a row, `["uuid", "…"]` on the wire (RFC 7047 section 5.1, `<uuid>`).
///
/// The bare text is read too: it is what names a row in a monitor's reply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(::uuid::Uuid);

/// A text that is no UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} is not a UUID", jsonrpc::excerpt(.0))]
pub struct InvalidUuid(String);

impl FromStr for Uuid {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        let invalid = || InvalidUuid(text.to_owned());
        // Of the forms that the library reads, RFC 7047 knows only the one with hyphens.
        if text.len() != Hyphenated::LENGTH {
            return Err(invalid());
        }
        ::uuid::Uuid::try_parse(text).map(Self).map_err(|_| invalid())
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
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

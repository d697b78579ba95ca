//! A transaction as it is written, borrowed from its record: of most rows nothing is ever asked, as later
//! ones take their place, so a column is kept as its text until something needs it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::rows::ids;

/// A string, borrowed where it has no escapes.
#[derive(Debug)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        from.deserialize_str(Borrowing)
    }
}

/// The members of an object, in the order in which they are written.
#[derive(Debug)]
pub(super) struct Members<'a, T>(pub(super) Vec<(Text<'a>, T)>);

impl<T> Default for Members<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Members<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<T> {
            type Value = Members<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut of: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = of.next_entry()? {
                    all.push(member);
                }
                Ok(Members(all))
            }
        }

        from.deserialize_map(Each(PhantomData))
    }
}

/// The columns of a row.
pub(super) type Columns<'a> = Members<'a, &'a RawValue>;

impl Columns<'_> {
    /// The row ids in a column; none where it is not told of.
    pub(super) fn ids(&self, column: &str) -> Option<Vec<String>> {
        let (_, raw) = self.0.iter().find(|(name, _)| name.0 == column)?;
        Some(ids(serde_json::from_str(raw.get()).ok().as_ref()))
    }
}

/// Rows by their ids; none for one that goes.
pub(super) type ById<'a> = Members<'a, Option<Columns<'a>>>;

/// A transaction, with the tables that are of use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Written<'a> {
    #[serde(rename = "_date", borrow)]
    pub(super) date: Option<&'a RawValue>,
    #[serde(rename = "_comment", borrow)]
    pub(super) comment: Option<&'a RawValue>,
    #[serde(rename = "_is_diff", borrow)]
    pub(super) is_diff: Option<&'a RawValue>,
    #[serde(rename = "Bridge", borrow)]
    pub(super) bridges: ById<'a>,
    #[serde(rename = "Interface", borrow)]
    pub(super) interfaces: ById<'a>,
    #[serde(rename = "Open_vSwitch", borrow)]
    pub(super) switches: ById<'a>,
    #[serde(rename = "Port", borrow)]
    pub(super) ports: ById<'a>,
}

//! Which fields the v1 objects have, of what type: known before there is a row.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The objects in words: `"Attachment": {"Addresses": "list of string", …}`. A test keeps it to the types.
const OBJECTS: &str = include_str!("../../../../docs/v1.baseline.json");

type Fields = BTreeMap<String, String>;

#[derive(serde::Deserialize)]
struct Baseline {
    objects: BTreeMap<String, Fields>,
}

static KNOWN: LazyLock<BTreeMap<String, Fields>> =
    // What a test has read can be read.
    LazyLock::new(|| {
        serde_json::from_str(OBJECTS).map(|b: Baseline| b.objects).unwrap_or_default()
    });

/// The type of a value, in the words of [`OBJECTS`]; empty where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind(&'static str);

impl Kind {
    /// The object of that name; not known where there is none.
    pub(super) fn object(name: &str) -> Self {
        Self(KNOWN.get_key_value(name).map(|(name, _)| name.as_str()).unwrap_or_default())
    }

    /// The type of one of its fields.
    ///
    /// # Errors
    /// It has no such field.
    pub(super) fn field(self, name: &str) -> Result<Self, String> {
        let word = self.word();
        if let Some(fields) = KNOWN.get(word) {
            let unknown = || {
                let all = fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("{word} has no field {name}; its fields are {all}")
            };
            return fields.get(name).map(|kind| Self(kind)).ok_or_else(unknown);
        }
        match word.split_once(' ') {
            Some(("map", _)) => Ok(self.item()),
            _ if word.is_empty() => Ok(Self::default()),
            _ => Err(format!("{word} has no field {name}: it is no object")),
        }
    }

    /// The type of what is in a list or a map.
    pub(super) fn item(self) -> Self {
        let word = self.word();
        let inner = word.strip_prefix("list of ").or_else(|| word.strip_prefix("map of "));
        inner.map(Self).unwrap_or_default()
    }

    fn word(self) -> &'static str {
        let word = self.0.strip_suffix(", may be absent").unwrap_or(self.0);
        if word.starts_with("map of ") {
            word
        } else {
            word.strip_suffix(" or null").unwrap_or(word)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, Kind};
    use crate::v1::Row;

    #[test]
    fn the_rows_of_every_verb_are_known() {
        for row in crate::v1::ROWS {
            assert!(KNOWN.contains_key(*row), "{row}");
        }
        assert_eq!(crate::v1::Attachment::NAME, "Attachment");
    }

    #[test]
    fn a_field_has_the_type_that_the_schema_tells() {
        let event = Kind::object("Event");
        let field = |kind: Kind, name: &str| kind.field(name).unwrap();
        assert_eq!(field(event, "Attachment").word(), "Attachment");
        assert_eq!(field(field(event, "Attachment"), "Tenants").item().word(), "Tenant");
        assert!(
            event.field("Nope").unwrap_err().starts_with("Event has no field Nope; its fields")
        );
        assert!(field(event, "Time").field("Year").is_err());
        assert_eq!(Kind::object("Nothing").field("Anything"), Ok(Kind::default()));
    }
}

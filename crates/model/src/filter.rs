//! `--filter KEY=VALUE`, as Docker has it: the same key twice means either, two keys mean both.

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

use crate::snapshot::Container;
use crate::wiring::{Attachment, ContainerRef};

/// The keys there are.
const KEYS: [&str; 5] = ["container", "bridge", "vlan", "status", "label"];

/// One `--filter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    key: &'static str,
    value: String,
}

/// A filter that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{:?}: use KEY=VALUE with one of {}", .0, KEYS.join(", "))]
pub struct BadFilter(String);

impl Filter {
    /// Whether it looks at labels, which are costly to come by.
    pub fn needs_labels(&self) -> bool {
        self.key == "label"
    }
}

impl FromStr for Filter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let parts = text.split_once('=');
        let known = |(key, value): (&str, &str)| {
            let key = KEYS.into_iter().find(|known| *known == key)?;
            Some(Self { key, value: value.to_owned() })
        };
        parts.and_then(known).ok_or_else(|| BadFilter(text.to_owned()))
    }
}

/// All filters of a command.
#[derive(Clone, Copy, Debug)]
pub struct Filters<'a>(pub &'a [Filter]);

impl Filters<'_> {
    /// Whether a tenant's attachment passes; `row` is that tenant's container.
    pub fn pass(
        self,
        attachment: &Attachment,
        who: &ContainerRef,
        row: Option<&Container>,
    ) -> bool {
        let port = attachment.port.port();
        self.agree(&Facts {
            name: &who.name,
            id: &who.id.0,
            bridge: port.map(|port| &*port.bridge),
            vlan: port.and_then(|port| port.tag),
            status: attachment.port.word(),
            labels: row.map(|row| &row.labels),
        })
    }

    /// Every label must fit; of the other keys one value each.
    pub fn agree(self, facts: &Facts<'_>) -> bool {
        let labels = self.0.iter().filter(|filter| filter.key == "label");
        let others = KEYS.iter().filter(|key| **key != "label").all(|key| {
            let mut asked = self.0.iter().filter(|filter| filter.key == *key).peekable();
            asked.peek().is_none() || asked.any(|filter| facts.fit(filter))
        });
        others && labels.into_iter().all(|filter| facts.fit(filter))
    }
}

/// What filters look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Name of the container.
    pub name: &'a str,
    /// Its full id.
    pub id: &'a str,
    /// The bridge it is on.
    pub bridge: Option<&'a str>,
    /// Its access VLAN.
    pub vlan: Option<u16>,
    /// `on`, `pending`, `failed`, `none`, `unknown` or `orphaned`.
    pub status: &'a str,
    /// The container's labels.
    pub labels: Option<&'a BTreeMap<String, String>>,
}

impl Facts<'_> {
    fn fit(&self, filter: &Filter) -> bool {
        let value = filter.value.as_str();
        match filter.key {
            "container" => self.name == value || (!value.is_empty() && self.id.starts_with(value)),
            "bridge" => self.bridge == Some(value),
            "vlan" => self.vlan.is_some_and(|tag| tag.to_string() == value),
            "status" => self.status == value,
            _ => self.labels.is_some_and(|labels| has_label(labels, value)),
        }
    }
}

/// `label=KEY` or `label=KEY=VALUE`.
fn has_label(labels: &BTreeMap<String, String>, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|have| have == value),
        None => labels.contains_key(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(filters: &[&str], facts: &Facts<'_>) -> bool {
        let filters: Vec<Filter> = filters.iter().map(|text| text.parse().unwrap()).collect();
        Filters(&filters).agree(facts)
    }

    #[test]
    fn the_same_key_means_either_and_two_keys_mean_both() {
        let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
        let facts = Facts {
            name: "web",
            id: "ab12",
            bridge: Some("br0"),
            vlan: Some(10),
            status: "on",
            labels: Some(&labels),
        };
        assert!(pass(&[], &facts));
        assert!(pass(&["container=db", "container=web"], &facts));
        assert!(pass(&["container=ab1", "vlan=10", "bridge=br0", "status=on"], &facts));
        assert!(!pass(&["container=web", "bridge=br1"], &facts));
        assert!(pass(&["label=tier", "label=tier=web"], &facts));
        assert!(!pass(&["label=tier", "label=tier=db"], &facts));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        for bad in ["", "bridge", "colour=red", "=x"] {
            assert!(bad.parse::<Filter>().is_err(), "{bad:?}");
        }
    }
}

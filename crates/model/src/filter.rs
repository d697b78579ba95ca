//! `--filter KEY=VALUE`, as Docker has it: the same key twice means either, but every label must fit; two keys
//! mean both.

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

use crate::ids::{begins_id, is_short_id, without_slash};
use crate::snapshot::{Container, EngineName};
use crate::target::NamedInterface;
use crate::wiring::{Attachment, ContainerRef, PortRef, SwitchPort};

/// The keys there are.
pub const KEYS: [&str; 5] = ["container", "bridge", "vlan", "status", "label"];
/// The states that `status=` takes.
pub const STATES: [&str; 7] = ["on", "pending", "failed", "several", "none", "unknown", ORPHANED];
/// The state of a port whose link is gone.
const ORPHANED: &str = "orphaned";
pub use crate::vlan::LAST_VLAN;
use crate::vlan::Vlans;

/// One `--filter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    key: &'static str,
    value: String,
    /// What the value of `container` may mean, the likeliest first.
    readings: Vec<ContainerReading>,
}

/// A container that a filter may mean, and maybe one of its interfaces, as [`NamedInterface::readings`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct ContainerReading {
    word: String,
    interface: Option<String>,
    /// Whether a container has the word as its name: then it is no id.
    is_name: bool,
    /// The same of what stands behind an engine, `docker:web`, among the containers of that engine.
    is_name_of_engine: bool,
}

impl ContainerReading {
    fn all(value: &str) -> Vec<Self> {
        let read = |(word, interface): (&str, Option<&str>)| Self {
            word: word.to_owned(),
            interface: interface.map(str::to_owned),
            is_name: false,
            is_name_of_engine: false,
        };
        NamedInterface::from(value).readings().map(read).collect()
    }

    /// Whether it is the interface that is known, or may be, as none is.
    fn is_interface(&self, known: Option<&str>) -> bool {
        self.interface.as_deref().is_none_or(|wanted| known.is_none_or(|known| known == wanted))
    }
}

/// A filter that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadFilter {
    /// There is no such key.
    #[error("{:?}: use KEY=VALUE with one of {}", .0, KEYS.join(", "))]
    Key(String),
    /// The key does not take that value.
    #[error("{key}={value}: {key} is {takes}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        takes: String,
    },
}

impl Filter {
    /// Whether it looks at labels, which are costly to come by.
    pub fn needs_labels(&self) -> bool {
        self.key == "label"
    }

    /// Whether it asks for ports whose link is gone.
    pub fn wants_orphans(&self) -> bool {
        self.key == "status" && self.value == ORPHANED
    }

    /// Whether it looks at VLANs, which only the database tells.
    pub fn needs_vlans(&self) -> bool {
        self.key == "vlan"
    }

    /// Whether it looks at the port, which is not known of what may be on any.
    pub fn is_of_port(&self) -> bool {
        matches!(self.key, "bridge" | "vlan")
    }

    /// The same filters among containers of these engines and names: what is the name of one is the beginning
    /// of no id.
    pub fn among<'n>(
        filters: &[Self],
        containers: impl Iterator<Item = (&'n str, &'n str)>,
    ) -> Vec<Self> {
        let mut all = filters.to_vec();
        let mut of_containers: Vec<_> =
            all.iter_mut().filter(|filter| filter.key == "container").collect();
        if !of_containers.is_empty() {
            for (engine, name) in containers {
                for reading in of_containers.iter_mut().flat_map(|filter| &mut filter.readings) {
                    let of_engine = behind(engine, &reading.word).map(without_slash);
                    reading.is_name_of_engine |= of_engine == Some(name);
                    reading.is_name |= without_slash(&reading.word) == name;
                }
            }
        }
        all
    }

    /// Its two sides.
    pub fn pair(&self) -> (&str, &str) {
        (self.key, &self.value)
    }

    /// The label it names, if it is about one, with its value where that counts.
    pub fn label(&self) -> Option<(&str, Option<&str>)> {
        let named = (self.key == "label").then_some(self.value.as_str())?;
        Some(named.split_once('=').map_or((named, None), |(key, value)| (key, Some(value))))
    }

    /// The bridge it names, if it is about one.
    pub fn bridge(&self) -> Option<&str> {
        (self.key == "bridge").then_some(self.value.as_str())
    }
}

impl FromStr for Filter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let parts = text.split_once('=');
        let known = |(key, value)| Some((KEYS.into_iter().find(|known| *known == key)?, value));
        let unknown = || BadFilter::Key(text.to_owned());
        let (key, value): (_, &str) = parts.and_then(known).ok_or_else(unknown)?;
        match takes(key, value) {
            None => {
                let of_container = key == "container";
                let readings = if of_container { ContainerReading::all(value) } else { Vec::new() };
                Ok(Self { key, value: value.to_owned(), readings })
            }
            Some(takes) => Err(BadFilter::Value { key, value: value.to_owned(), takes }),
        }
    }
}

/// What `key` takes, if `value` is not of that kind.
fn takes(key: &str, value: &str) -> Option<String> {
    let digits = || value.bytes().all(|byte| byte.is_ascii_digit());
    let is_tag = || digits() && value.parse::<u16>().is_ok_and(|tag| tag <= LAST_VLAN);
    match key {
        "vlan" if !is_tag() => Some(format!("a tag from 0 to {LAST_VLAN}")),
        "status" if !STATES.contains(&value) => Some(format!("one of {}", STATES.join(", "))),
        _ if value.is_empty() => Some("not empty".to_owned()),
        _ => None,
    }
}

/// All filters of a command.
#[derive(Clone, Copy, Debug)]
pub struct Filters<'a>(pub &'a [Filter]);

impl Filters<'_> {
    /// Whether a tenant's attachment passes; `row` is that tenant's container, where it is known.
    pub fn pass(
        self,
        attachment: &Attachment,
        who: &ContainerRef,
        row: Option<&Container>,
    ) -> bool {
        let (name, engine) = (&*who.name, Some(&*who.engine.0));
        self.any_port(attachment, FilterFields::new(name, engine, &who.id.0, Labels::of(row)))
    }

    /// Whether the attachment of a namespace without containers passes: that goes by its own name.
    pub fn pass_namespace(self, attachment: &Attachment) -> bool {
        let name = attachment.netns_names.first().map_or("", String::as_str);
        self.any_port(attachment, FilterFields::new(name, None, "", Labels::NoContainer))
    }

    /// Whether an attachment passes at one of the ports that it is on, or may be on.
    fn any_port(self, attachment: &Attachment, of: FilterFields<'_>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let interface = Some(&*attachment.link.name);
        let of = FilterFields { status: attachment.port.word(), interface, ..of };
        let at = |port: &PortRef| {
            self.agree(&FilterFields {
                bridge: Some(&port.bridge),
                fake_bridge: port.fake_bridge.as_deref(),
                vlans: port.vlans.clone(),
                ..of.clone()
            })
        };
        match attachment.ports() {
            [] => self.agree(&of),
            ports => ports.iter().any(at),
        }
    }

    /// Whether an interface of an engine's container could pass, of which nothing else is known.
    pub fn may_pass(self, engine: &EngineName, row: &Container) -> bool {
        let labels = Labels::Known(&row.labels);
        let fields = FilterFields::new(&row.name, Some(&engine.0), &row.id.0, labels);
        let mut named = self.0.iter().filter(|filter| filter.key == "container").peekable();
        let mut labels = self.0.iter().filter(|filter| filter.key == "label");
        (named.peek().is_none() || named.any(|filter| fields.fit(filter)))
            && labels.all(|filter| fields.fit(filter))
    }

    /// Every label must fit; of the other keys one value each.
    pub fn agree(self, fields: &FilterFields<'_>) -> bool {
        let labels = self.0.iter().filter(|filter| filter.key == "label");
        let others = KEYS.iter().filter(|key| **key != "label").all(|key| {
            let mut asked = self.0.iter().filter(|filter| filter.key == *key).peekable();
            asked.peek().is_none() || asked.any(|filter| fields.fit(filter))
        });
        others && labels.into_iter().all(|filter| fields.fit(filter))
    }
}

/// What is known of a container's labels.
#[derive(Clone, Copy, Debug)]
pub enum Labels<'a> {
    /// These and no others.
    Known(&'a BTreeMap<String, String>),
    /// There is a container, or was, whose labels are not known: it may have any.
    Unknown,
    /// There is no container that could have labels.
    NoContainer,
}

impl<'a> Labels<'a> {
    /// Of a container; unknown without its row.
    pub fn of(row: Option<&'a Container>) -> Self {
        row.map_or(Self::Unknown, |row| Self::Known(&row.labels))
    }

    /// Whether it has, or may have, `label=KEY` or `label=KEY=VALUE`.
    fn may_have(self, wanted: &str) -> bool {
        match self {
            Self::Known(labels) => has_label(labels, wanted),
            Self::Unknown => true,
            Self::NoContainer => false,
        }
    }
}

/// What filters look at.
#[derive(Clone, Debug)]
pub struct FilterFields<'a> {
    /// Name of the container.
    pub name: &'a str,
    /// The engine that runs it, where that is known.
    pub engine: Option<&'a str>,
    /// Its full id.
    pub id: &'a str,
    /// The interface, where it is known which one.
    pub interface: Option<&'a str>,
    /// The bridge it is on.
    pub bridge: Option<&'a str>,
    /// The fake bridge it is on.
    pub fake_bridge: Option<&'a str>,
    /// The VLANs of its port; none where it is on none, or the source does not tell them.
    pub vlans: Option<Vlans>,
    /// `on`, `pending`, `failed`, `none`, `unknown` or `orphaned`.
    pub status: &'a str,
    /// The container's labels.
    pub labels: Labels<'a>,
}

impl<'a> FilterFields<'a> {
    /// Of a container, on no port yet.
    fn new(name: &'a str, engine: Option<&'a str>, id: &'a str, labels: Labels<'a>) -> Self {
        Self {
            name,
            engine,
            id,
            interface: None,
            bridge: None,
            fake_bridge: None,
            vlans: None,
            status: "",
            labels,
        }
    }

    /// Of an orphaned port: its container is the last one that had it, whose row `find` knows by its id.
    pub fn of_orphaned(
        row: &'a SwitchPort,
        find: impl FnOnce(&ContainerRef) -> Option<&'a Container>,
    ) -> Self {
        let last = row.occupant.last_tenant();
        let known = last.and_then(|last| last.container.as_ref());
        let words = last.map_or("", |last| &last.words);
        Self {
            name: known.map_or(words, |known| &known.name),
            engine: known.map(|known| &*known.engine.0),
            // Words may be a name as well.
            id: known.map_or(if is_short_id(words) { words } else { "" }, |known| &known.id.0),
            interface: last.and_then(|last| last.interface.as_deref()),
            bridge: Some(&row.bridge),
            fake_bridge: row.fake_bridge.as_deref(),
            vlans: row.vlans(),
            status: ORPHANED,
            labels: Labels::of(known.and_then(find)),
        }
    }

    /// Whether the container, and the interface where one is named, is what a filter means: a word that is the name of a
    /// container as it stands names no interface.
    fn is_meant(&self, readings: &[ContainerReading]) -> bool {
        let meant = |word: &str, is_name: bool| {
            let is_own = self.name == without_slash(word) || self.id == word;
            is_own || (!is_name && begins_id(word, self.id))
        };
        let fits = |reading: &ContainerReading| {
            let word = reading.word.as_str();
            let without_engine = self.engine.and_then(|engine| behind(engine, word));
            let is_container = meant(word, reading.is_name)
                || without_engine.is_some_and(|word| meant(word, reading.is_name_of_engine));
            is_container && reading.is_interface(self.interface)
        };
        let is_name = |reading: &ContainerReading| reading.is_name || reading.is_name_of_engine;
        let named = readings.iter().position(is_name);
        let counting = named.map_or(readings, |at| readings.get(..=at).unwrap_or(readings));
        counting.iter().any(fits)
    }

    fn fit(&self, filter: &Filter) -> bool {
        let value = filter.value.as_str();
        match filter.key {
            "container" => self.is_meant(&filter.readings),
            "bridge" => [self.bridge, self.fake_bridge].contains(&Some(value)),
            "vlan" => {
                let vlan = value.parse().ok();
                self.vlans.as_ref().zip(vlan).is_some_and(|(vlans, vlan)| vlans.carry(vlan))
            }
            "status" => self.status == value,
            _ => self.labels.may_have(value),
        }
    }
}

/// What stands behind an engine, or behind its kind.
fn behind<'v>(engine: &str, value: &'v str) -> Option<&'v str> {
    let kind = engine.split_once('@').map_or(engine, |(kind, _)| kind);
    [engine, kind].into_iter().find_map(|word| value.strip_prefix(word)?.strip_prefix(':'))
}

/// `label=KEY` or `label=KEY=VALUE`.
fn has_label(labels: &BTreeMap<String, String>, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|have| have == value),
        None => labels.contains_key(wanted),
    }
}

#[cfg(test)]
mod tests;

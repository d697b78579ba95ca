//! What a port's `external_ids` remember of an attachment: enough to make it again.
//!
//! The database is the only memory. Keys of our own begin with [`PREFIX`]; `container_id` and
//! `container_iface` are ovs-docker's (ovs-docker, in Open vSwitch's utilities), so that
//! either program understands the other's ports.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::ids::{Mac, is_full_id, is_local_id, is_short_id, short_if_id};
use crate::snapshot::{Cidr, Container};
use crate::switch::Port;
use crate::told::excerpt;

mod alias;
mod place;

pub(crate) use alias::Alias;
pub use alias::{is_marked_in, short_system};
pub use place::ServiceSlot;
pub(crate) use place::is_own_label;

/// MTUs that a veth takes, in bytes: `ETH_MIN_MTU` to `ETH_MAX_MTU` of the kernel.
const MTUS: RangeInclusive<u32> = 68..=65535;

/// What the keys of our own begin with.
pub const PREFIX: &str = "docker-ovs.";
/// The key of the hardware address that the interface inside has: of an attachment's record and of an endpoint's.
pub const MAC: &str = "docker-ovs.mac";
/// What the alias of a link begins with that we made.
pub const ALIAS: &str = "docker-ovs ";

/// The keys of our own, without [`PREFIX`].
pub(crate) const OWN_KEYS: [&str; 15] = [
    "compose-project",
    "compose-service",
    "compose-number",
    "swarm-service",
    "swarm-slot",
    "engine",
    "engine-id",
    "system",
    "name",
    "mac",
    "ip",
    "gateway",
    "mtu",
    "created",
    "numbered",
];

/// An attachment as the database remembers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortRecord {
    /// The container as its row names it; its full id where we wrote it.
    pub container: String,
    /// Name of the interface inside.
    pub interface: String,
    /// Whether we wrote it.
    pub ours: bool,
    /// Name of the container.
    pub name: Option<String>,
    /// Its place in a Compose project or a Swarm service.
    pub place: ServiceSlot,
    /// The engine that ran it. A record of earlier versions, or of ovs-docker, does not say; one of the kind alone
    /// is of an engine that told no id.
    pub engine: Option<EngineMark>,
    /// The database that it was written to: its system-id. As above.
    pub system: Option<String>,
    /// Hardware address of the interface inside.
    pub mac: Option<Mac>,
    /// Its addresses.
    pub addresses: Vec<Cidr>,
    /// Gateways of its default routes.
    pub gateways: Vec<IpAddr>,
    /// Its MTU in bytes.
    pub mtu: Option<u32>,
    /// When it was made, in seconds since the Unix epoch.
    pub created: Option<u64>,
    /// Since when its container, by name, has its number with this interface, where that is longer than the port is
    /// there: in seconds since the Unix epoch.
    pub numbered: Option<u64>,
}

/// Which engine a container is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineMark {
    /// Its kind, as `docker`: [`crate::snapshot::EngineName`].
    pub kind: String,
    /// What it calls itself: [`crate::identity::SourceIdentity::id`]; none where it has no such id, or did not
    /// tell it.
    pub id: Option<String>,
}

impl EngineMark {
    /// Docker's own `ID`, where that is all that the mark tells of an engine, see [`bare_id`].
    pub(crate) fn bare_id(&self) -> Option<&str> {
        bare_id(&self.kind, self.id.as_deref()?)
    }

    /// Whether an engine of the recorded kind that is called `id` is this one, or may be for all that the mark tells.
    pub(crate) fn may_be(&self, id: &str) -> bool {
        self.id.as_deref().is_some_and(|own| may_be_called(&self.kind, own, id))
    }
}

/// Docker's own `ID`, where it is all that is told of an engine of this kind: earlier versions wrote that down alone,
/// of an engine beyond a relay or a network the place is not known, and one whose place is not the first
/// process's is called after its process. Several dockerds of one host may have one `ID`.
pub(crate) fn bare_id<'a>(kind: &str, id: &'a str) -> Option<&'a str> {
    let bare = match id.split_once(":/") {
        Some((bare, place)) => Some(bare).filter(|_| place.contains('@')),
        None => Some(id),
    };
    // Podman has Docker's API too, and an id of another form.
    bare.filter(|bare| kind == "docker" && is_dockers(bare))
}

/// Whether an engine of this kind that was called `own` is, or may be, the one that is called `id`.
pub(crate) fn may_be_called(kind: &str, own: &str, id: &str) -> bool {
    let is_bare = |bare: &str| {
        id.strip_prefix(bare).is_some_and(|place| place.is_empty() || place.starts_with(":/"))
    };
    own == id || bare_id(kind, own).is_some_and(is_bare)
}

impl fmt::Display for EngineMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        self.id.iter().try_for_each(|id| write!(f, " {id}"))
    }
}

/// Whether it is Docker's `ID` of `GET /info`: twelve words of four characters, or a UUID.
fn is_dockers(id: &str) -> bool {
    let is_word = |word: &str, len| {
        word.len() == len && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let words: Vec<_> = id.split(':').collect();
    let of_key = words.len() == 12 && words.iter().all(|word| is_word(word, 4));
    let groups: Vec<_> = id.split('-').collect();
    let lens = [8, 4, 4, 4, 12];
    let is_uuid = groups.len() == lens.len()
        && groups.iter().zip(lens).all(|(group, len)| is_word(group, len));
    of_key || is_uuid
}

impl PortRecord {
    /// What the row of `port` remembers, if it is ours or ovs-docker's.
    pub fn of(port: &Port) -> Option<Self> {
        Self::read(&port.external_ids)
    }

    /// The same, of `external_ids` wherever they are.
    pub fn read(ids: &BTreeMap<String, String>) -> Option<Self> {
        let text = |key: &str| ids.get(key).filter(|text| !text.is_empty()).cloned();
        let own = |key: &str| text(&format!("{PREFIX}{key}"));
        let engine = own("engine").map(|kind| EngineMark { kind, id: own("engine-id") });
        Some(Self {
            container: text("container_id")?,
            interface: text("container_iface")?,
            ours: ids.keys().any(|key| key.starts_with(PREFIX)),
            name: own("name"),
            place: ServiceSlot::read(own),
            engine,
            system: own("system"),
            mac: parsed(own("mac")),
            addresses: list(own("ip").as_ref()),
            gateways: list(own("gateway").as_ref()),
            mtu: parsed(own("mtu")),
            created: parsed(own("created")),
            numbered: parsed(own("numbered")),
        })
    }

    /// What `external_ids` say of the interface inside that cannot be read, and is therefore not in the record, or is
    /// no MTU: the first such key with its value.
    pub(crate) fn unread(ids: &BTreeMap<String, String>) -> Option<String> {
        let is_read = |key: &str, text: &str| match key {
            "mac" => text.parse::<Mac>().is_ok(),
            "ip" => text.split(',').all(|word| word.parse::<Cidr>().is_ok()),
            "gateway" => text.split(',').all(|word| word.parse::<IpAddr>().is_ok()),
            _ => text.parse::<u32>().is_ok_and(|mtu| MTUS.contains(&mtu)),
        };
        ["mac", "ip", "gateway", "mtu"].into_iter().find_map(|key| {
            let text = ids.get(&format!("{PREFIX}{key}")).filter(|text| !text.is_empty())?;
            (!is_read(key, text)).then(|| format!("{PREFIX}{key} is {}", excerpt(text.clone())))
        })
    }

    /// Since when its container has its number, in seconds since the Unix epoch.
    pub fn has_number_since(&self) -> Option<u64> {
        self.numbered.or(self.created)
    }

    /// The same for another container, or for the same one under another name.
    pub fn for_container(self, container: &Container) -> Self {
        Self {
            container: container.id.0.to_string(),
            name: Some(container.name.to_string()),
            place: ServiceSlot::of(container),
            ours: true,
            ..self
        }
    }

    /// The keys to be written.
    pub fn external_ids(&self) -> BTreeMap<String, String> {
        let own = |key: &str| format!("{PREFIX}{key}");
        let mut ids = BTreeMap::from([
            ("container_id".to_owned(), self.container.clone()),
            ("container_iface".to_owned(), self.interface.clone()),
        ]);
        ids.extend(self.place.keys().into_iter().map(|(key, value)| (own(key), value.clone())));
        let rest = [
            ("engine", self.engine.as_ref().map(|engine| engine.kind.clone())),
            ("engine-id", self.engine.as_ref().and_then(|engine| engine.id.clone())),
            ("system", self.system.clone()),
            ("name", self.name.clone()),
            ("mac", self.mac.map(|mac| mac.to_string())),
            ("ip", joined(&self.addresses)),
            ("gateway", joined(&self.gateways)),
            ("mtu", self.mtu.map(|mtu| mtu.to_string())),
            ("created", self.created.map(|created| created.to_string())),
            ("numbered", self.numbered.map(|numbered| numbered.to_string())),
        ];
        ids.extend(rest.into_iter().filter_map(|(key, value)| Some((own(key), value?))));
        ids
    }

    /// The container that its own words name: by its id, or the beginning of it that tells one; by its name
    /// where that was typed, as with ovs-docker. Whether a name may count is for [`crate::whereabouts`].
    pub(crate) fn names(&self, row: &Container) -> bool {
        let words = self.container.as_str();
        let begins = || is_short_id(words) && row.id.0.starts_with(words);
        *row.id.0 == *words || begins() || (self.is_typed() && *row.name == *words)
    }

    /// Whether its container was written down by a person, or a program that was told by one. What we write
    /// is a full id, and says of which engine.
    fn is_typed(&self) -> bool {
        !self.ours || (self.engine.is_none() && !is_full_id(&self.container))
    }

    /// Whether it names no engine, and its container by a word that another engine may have too: what an engine
    /// calls a container by its full id is no other one's.
    pub(crate) fn is_by_word(&self) -> bool {
        self.engine.is_none() && !is_full_id(&self.container)
    }

    /// Whether its words may mean a container, though they do not tell: they are too few for an id. What is unique in
    /// its engine only is a name, which is typed whole.
    pub(crate) fn may_mean(&self, row: &Container) -> bool {
        let words = self.container.as_str();
        let is_begun = !is_local_id(&row.id.0) && row.id.0.starts_with(words);
        self.is_typed() && !words.is_empty() && is_begun
    }

    /// Whether `row` may be what replaces the recorded container, once that is gone.
    pub fn is_replaced_by(&self, row: &Container) -> bool {
        self.name.as_deref() == Some(&*row.name) || self.place.is_same(&ServiceSlot::of(row))
    }

    /// Whether an alias is that of the link that was made for this interface, on whichever bridge.
    pub fn has_alias(&self, alias: &str) -> bool {
        Alias::read(alias).is_some_and(|alias| {
            alias.container == self.container && alias.interface == self.interface
        })
    }

    /// Whether `words` may mean its container.
    pub fn matches(&self, words: &str) -> bool {
        let id =
            self.container == words || (is_short_id(words) && self.container.starts_with(words));
        id || self.name.as_deref() == Some(words)
    }

    /// How its container is called: by name where that is known, else as in the row.
    pub fn owner_name(&self) -> &str {
        self.name.as_deref().unwrap_or(short_if_id(&self.container))
    }

    /// The alias of the link on the host's side.
    pub fn alias(&self, bridge: &str) -> String {
        let alias = Alias {
            container: &self.container,
            interface: &self.interface,
            bridge,
            system: self.system.as_deref().map(short_system),
            leaving: None,
        };
        alias.to_string()
    }
}

fn parsed<T: FromStr>(text: Option<String>) -> Option<T> {
    text?.parse().ok()
}

fn list<T: FromStr>(text: Option<&String>) -> Vec<T> {
    text.into_iter().flat_map(|text| text.split(',')).filter_map(|word| word.parse().ok()).collect()
}

fn joined<T: Display>(items: &[T]) -> Option<String> {
    let words: Vec<_> = items.iter().map(ToString::to_string).collect();
    (!words.is_empty()).then(|| words.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let record = PortRecord {
            container: "ab".repeat(32),
            interface: "eth1".into(),
            ours: true,
            name: Some("web".into()),
            place: ServiceSlot {
                compose: Some(["shop", "web", "1"].map(str::to_owned)),
                swarm: Some(["api", "3"].map(str::to_owned)),
            },
            engine: Some(EngineMark { kind: "docker".into(), id: Some("E1".into()) }),
            system: Some("0ef0ad27-60b7-45c0-b4ee-e0590285d115".into()),
            mac: "02:00:00:00:00:07".parse().ok(),
            addresses: vec!["192.0.2.7/24".parse().unwrap(), "2001:db8::7/64".parse().unwrap()],
            gateways: vec!["192.0.2.1".parse().unwrap()],
            mtu: Some(1400),
            created: Some(1_700_000_000),
            numbered: Some(1_600_000_000),
        };
        let port = Port { external_ids: record.external_ids(), ..Port::default() };
        let alias = record.alias("br0");
        let alias = Alias::read(&alias).unwrap();
        assert_eq!(
            (alias.container, alias.interface, alias.bridge),
            (&*record.container, "eth1", "br0")
        );
        assert_eq!(alias.system.as_deref(), Some("0ef0ad27-60b7-45c0-b4ee-e0590285d115"));
        assert_eq!(PortRecord::of(&port), Some(record));
    }

    #[test]
    fn an_alias_tells_an_id_with_slashes_from_the_interface() {
        for container in ["dev/c1@lxd", "a/b/c", "c1@lxd"] {
            for system in [None, Some("rack/7".to_owned())] {
                let record = PortRecord {
                    container: container.into(),
                    interface: "eth0".into(),
                    system: system.clone(),
                    ..PortRecord::default()
                };
                let alias = record.alias("br0");
                let read = Alias::read(&alias).unwrap();
                let said = (read.container, read.interface, read.bridge, read.system);
                assert_eq!(said, (container, "eth0", "br0", system));
            }
        }
    }

    #[test]
    fn other_peoples_words_are_no_mark_and_odd_values_are_left_out() {
        assert_eq!(PortRecord::of(&Port::default()), None);
        let ids = [
            ("container_id", "web"),
            ("container_iface", "eth1"),
            ("docker-ovs.ip", "nonsense,192.0.2.7/24,192.0.2.7/99"),
            ("docker-ovs.mtu", "-1"),
        ];
        let external_ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let port = Port { external_ids, ..Port::default() };
        let record = PortRecord::of(&port).unwrap();
        assert_eq!(record.addresses, ["192.0.2.7/24".parse().unwrap()]);
        assert_eq!((record.mtu, record.owner_name()), (None, "web"));
        let unread = PortRecord::unread(&port.external_ids).unwrap();
        assert_eq!(unread, "docker-ovs.ip is nonsense,192.0.2.7/24,192.0.2.7/99");
    }
}

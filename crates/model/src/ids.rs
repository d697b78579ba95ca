//! The numbers and names that get mixed up, each as a type of its own.
//!
//! An OpenFlow port, a datapath port and an ifindex are all small integers; a
//! script that confuses two of them prints a wrong answer that looks right.
//! There is no `From<u32>` between them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A name that is met again and again: shared, not copied.
pub type Name = Arc<str>;

/// The longest name that is kept, in bytes: as that of a file (`NAME_MAX`), and more than the 15
/// bytes of a link. The database and engines set no limit, and a name is told in every row.
pub const LONGEST_NAME: usize = 255;

/// What the names begin with that we give to links of the host.
pub const HOST_END: &str = "dov-";

/// What stands where a longer name was cut.
const ELLIPSIS: char = '…';

/// Digits of what tells names apart that begin alike.
const DIGEST: usize = 16;

/// A name, cut where it is longer than [`LONGEST_NAME`]: its beginning, an ellipsis, and a digest
/// of the whole, so that two names do not become one.
pub fn name(text: &str) -> Name {
    if text.len() <= LONGEST_NAME {
        return text.into();
    }
    let room = LONGEST_NAME - ELLIPSIS.len_utf8() - DIGEST;
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let beginning = text.get(..end).unwrap_or_default();
    let mut digest = rustc_hash::FxHasher::default();
    text.hash(&mut digest);
    format!("{beginning}{ELLIPSIS}{:0DIGEST$x}", digest.finish()).into()
}

/// Whether [`name`] cut it.
pub fn is_cut(name: &str) -> bool {
    let long = name.len() > LONGEST_NAME - ELLIPSIS.len_utf8() - DIGEST;
    let digest = name.rsplit_once(ELLIPSIS).map(|(_, digest)| digest);
    let is_digest =
        |text: &str| text.len() == DIGEST && text.bytes().all(|b| b.is_ascii_hexdigit());
    long && digest.is_some_and(is_digest)
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// OpenFlow port: the number of an interface on *one* bridge, 1–65279, or
    /// 65534 for [`OfPort::LOCAL`] (ovs-vswitchd.conf.db(5), Interface `ofport`).
    OfPort(u16)
}
number! {
    /// Datapath port, unique in one datapath; the second number of
    /// `ovs-appctl dpif/show`'s `3/6` (ovs-vswitchd(8)).
    DpPort(u32)
}
number! {
    /// Index of a link, unique only inside its namespace (netdevice(7)); 0 is none's.
    #[derive(Default)]
    Ifindex(u32)
}
number! {
    /// What one network namespace calls another (`RTM_GETNSID`,
    /// linux/net_namespace.h); means nothing outside the namespace that said it.
    Nsid(i32)
}

impl OfPort {
    /// The bridge's own port, `OFPP_LOCAL` (OpenFlow 1.0, section 5.2.1).
    pub const LOCAL: Self = Self(65534);
}

/// Identity of a network namespace: device and inode of its nsfs file, as
/// namespaces(7) says to compare them. Shown as `net:[4026531840]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NetnsId {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number, what `readlink /proc/PID/ns/net` shows in brackets.
    pub ino: u64,
}

impl NetnsId {
    /// How a user calls it: `netns:NAME` by the first of its names, else as it is shown.
    pub fn called(&self, names: &[String]) -> String {
        match names.first() {
            Some(name) if name.contains(':') => name.clone(),
            Some(name) => format!("netns:{name}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for NetnsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "net:[{}]", self.ino)
    }
}

/// The key of a link: an ifindex means nothing without its namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkKey {
    /// The namespace the link lives in.
    pub netns: NetnsId,
    /// Its index there.
    pub ifindex: Ifindex,
}

/// An Ethernet address; written `9a:69:12:bc:3d:1d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Whether it can tell one link from another: not all zeros, as many tunnels and virtual ports
    /// have it, and no group address (IEEE 802), which no link has.
    pub fn identifies(self) -> bool {
        self.0 != [0; 6] && self.0[0] & 1 == 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is neither six hexadecimal bytes joined by `:` or `-`, nor three groups of four
/// digits joined by `.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an Ethernet address such as 9a:69:12:bc:3d:1d")]
pub struct NotAMac;

impl FromStr for Mac {
    type Err = NotAMac;

    fn from_str(text: &str) -> Result<Self, NotAMac> {
        if text.contains('.') {
            return dotted(text);
        }
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|p| p.len() == 2).ok_or(NotAMac)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| NotAMac)?;
        }
        parts.next().map_or(Ok(Self(bytes)), |_| Err(NotAMac))
    }
}

/// As switches of Cisco write it: `0242.ac11.0003`.
fn dotted(text: &str) -> Result<Mac, NotAMac> {
    let group = |text: &str| {
        let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(text, 16).ok().filter(|_| digits).map(u16::to_be_bytes)
    };
    let groups: Option<Vec<[u8; 2]>> = text.split('.').map(group).collect();
    let bytes = groups.and_then(|groups| groups.concat().try_into().ok());
    bytes.map(Mac).ok_or(NotAMac)
}

impl Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Full id of a container: 64 hexadecimal digits with Docker and Podman.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerId(pub Name);

impl ContainerId {
    /// The first 12 characters, as `docker ps` shows it.
    pub fn short(&self) -> &str {
        short_id(&self.0)
    }
}

/// The name of a container as its user gives it, where the API, and so `docker inspect`, has a
/// slash before it: `/web` is `web`.
pub fn without_slash(wanted: &str) -> &str {
    wanted.strip_prefix('/').unwrap_or(wanted)
}

/// The first 12 characters of an id, as `docker ps` shows it.
pub fn short_id(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Words that name a container: cut to 12 characters if they are a full id, as they are if
/// not.
pub fn short_if_id(words: &str) -> &str {
    if is_full_id(words) { short_id(words) } else { words }
}

/// Whether words are the full id of a container: 64 hexadecimal digits.
pub fn is_full_id(words: &str) -> bool {
    words.len() == 64 && words.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether the id of a container is unique in its engine only: it is the container's name there, with what has
/// that name behind it, as in `web@lxc`.
pub fn is_local_id(id: &str) -> bool {
    id.contains('@')
}

/// Whether words are enough of an id to tell one: what `docker ps` shows has 12 hexadecimal digits. A name may
/// look like fewer.
pub fn is_short_id(words: &str) -> bool {
    words.len() >= 12 && words.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a word means a container by the beginning of its id: four digits at least, as fewer may as well be a
/// number. Of what is recorded the id may be the beginning of the word.
pub fn begins_id(word: &str, id: &str) -> bool {
    let is_beginning = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_beginning && (id.starts_with(word) || (is_short_id(id) && word.starts_with(id)))
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who runs containers, by the API it speaks: `docker` also for Podman's
/// Docker-compatible socket. Of several of one kind the others are called after where they are, as
/// `docker@/run/other.sock`, or after the user who runs them: `podman@1000`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EngineName(pub Name);

impl EngineName {
    /// Its kind: `docker` of `docker@/run/other.sock`.
    pub fn kind(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(kind, _)| kind)
    }

    /// What stands behind its kind: the address of `docker@/run/other.sock`, the user of `podman@1000`.
    pub fn place(&self) -> Option<&str> {
        Some(self.0.split_once('@')?.1)
    }

    /// The user who runs it for themselves: 1000 of `podman@1000`.
    pub fn user(&self) -> Option<u32> {
        self.place()?.parse().ok()
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Datapath id of a bridge: 64 bits, written as 16 hexadecimal digits
/// (ovs-vswitchd.conf.db(5), Bridge `datapath_id`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatapathId(pub u64);

impl fmt::Display for DatapathId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for DatapathId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DatapathId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_all_three_notations() {
        let mac = Mac([2, 0x42, 0xac, 0x11, 0, 3]);
        for text in ["02:42:ac:11:00:03", "02-42-AC-11-00-03", "0242.ac11.0003", "0242.AC11.0003"] {
            assert_eq!(text.parse(), Ok(mac), "{text}");
        }
        for bad in [
            "0242.ac11",
            "0242.ac11.0003.0004",
            "0242.ac11.+003",
            "0242.ac11.03",
            "..",
            "192.0.2.7",
        ] {
            assert_eq!(bad.parse::<Mac>(), Err(NotAMac), "{bad}");
        }
    }
}

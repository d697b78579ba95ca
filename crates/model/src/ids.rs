//! The numbers and names that get mixed up, each as a type of its own.
//!
//! An OpenFlow port, a datapath port and an ifindex are all small integers; a
//! script that confuses two of them prints a wrong answer that looks right.
//! There is no `From<u32>` between them.

mod container_id;
mod mac;
mod names;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use container_id::{
    ContainerId, EngineName, begins_id, is_full_id, is_local_id, is_short_id, short_id,
    short_if_id, without_slash,
};
pub use mac::{Mac, NotAMac};
pub use names::{HOST_END, LONGEST_NAME, Name, is_cut, name};

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

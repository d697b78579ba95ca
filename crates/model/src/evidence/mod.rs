//! Why an answer is what it is, and what is uncertain about it.

mod note;

pub use note::Note;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{Ifindex, Name, NetnsId};
use crate::switch::{OfPortState, SwitchSource};

/// What one step found, by which rule, from which source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "found")]
pub enum Evidence {
    /// Step 1: the engine says the container's process, the kernel its namespace.
    Namespace {
        /// Whose process.
        container: Name,
        /// Its PID.
        pid: Option<u32>,
        /// Its namespace.
        netns: NetnsId,
    },
    /// Step 3: the kernel names the other end of a veth.
    VethPeer {
        /// Namespace of the other end.
        netns: NetnsId,
        /// Its index there.
        ifindex: Ifindex,
        /// Its name there.
        name: Name,
        /// How it was confirmed.
        confirmed: Confirmed,
        /// Whether that namespace is another one than the switch's: its indexes and names are no host link's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elsewhere: bool,
    },
    /// Step 3: the kernel names the link beneath.
    Lower {
        /// Namespace of the link beneath.
        netns: NetnsId,
        /// Its name there.
        name: Name,
        /// Whether that namespace is another one than the switch's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elsewhere: bool,
    },
    /// Step 3: the other end is enslaved to a Linux bridge.
    LinuxBridge {
        /// Name of the Linux bridge.
        bridge: Name,
        /// The link that ties it to the switch.
        through: Name,
    },
    /// Step 4: a link of the switch's namespace has the interface's name.
    SameName {
        /// The name.
        iface: Name,
    },
    /// Step 4: vswitchd holds a link of the switch's namespace, whatever its name.
    SameIfindex {
        /// Its index there.
        ifindex: Ifindex,
        /// Its name there.
        link: Name,
        /// Name of the interface.
        iface: Name,
    },
    /// Step 4: the interface's name is an alternative name of a link of the switch's namespace.
    AltName {
        /// The link's name.
        link: Name,
        /// Name of the interface.
        iface: Name,
    },
    /// Step 4: a link of the switch's namespace has what the kernel keeps of the interface's name.
    CutName {
        /// The link's name.
        link: Name,
        /// Name of the interface.
        iface: Name,
    },
    /// Step 4: an internal port without a link in the switch's namespace has the link's name.
    InternalName {
        /// The name.
        iface: Name,
    },
    /// Step 4: `external_ids` name the container and its interface, or its address.
    ExternalIds {
        /// Which program writes this dialect.
        writer: String,
        /// Name of the interface that carries them.
        iface: Name,
    },
    /// Step 4: the port has the link's hardware address.
    SameMac {
        /// Name of the interface.
        iface: Name,
    },
    /// Step 5: a switch source says the number.
    Number {
        /// The source.
        source: SwitchSource,
        /// The bridge.
        bridge: Name,
        /// What it says.
        ofport: OfPortState,
    },
}

impl Evidence {
    /// Which of the five steps of the 2014 script this belongs to, 1–5.
    pub fn step(&self) -> u8 {
        match self {
            Self::Namespace { .. } => 1,
            Self::VethPeer { .. } | Self::Lower { .. } | Self::LinuxBridge { .. } => 3,
            Self::SameName { .. }
            | Self::SameIfindex { .. }
            | Self::AltName { .. }
            | Self::CutName { .. }
            | Self::InternalName { .. }
            | Self::ExternalIds { .. }
            | Self::SameMac { .. } => 4,
            Self::Number { .. } => 5,
        }
    }
}

/// How sure the kernel's word about a veth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmed {
    /// Both ends name the other's namespace and index.
    BothWays,
    /// The far end names this index, but its namespace could not be checked.
    ByIndex,
    /// Only the far end says where this one is.
    FromFarEnd,
}

impl fmt::Display for Confirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BothWays => "confirmed from both ends",
            Self::ByIndex => "confirmed by index only",
            Self::FromFarEnd => "known from the far end",
        })
    }
}

impl fmt::Display for OfPortState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assigned(port) => port.fmt(f),
            Self::Pending => f.write_str("not assigned yet"),
            Self::Failed => f.write_str("failed"),
        }
    }
}

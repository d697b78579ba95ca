//! What is uncertain about an answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{Ifindex, Name};
use crate::switch::{OfPortState, SwitchSource};
use crate::told::{TOLD, joined};

/// What is uncertain about an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "note")]
pub enum Note {
    /// Several ports fit equally well; none is picked.
    Ambiguous {
        /// The ports, as `bridge/interface`.
        candidates: Vec<String>,
    },
    /// Other ports fit equally well, of which the question was not.
    FitsElsewhere {
        /// The ports, as `bridge/interface`.
        candidates: Vec<String>,
    },
    /// Switch sources disagree about the number.
    Conflict {
        /// Each source and what it says.
        says: Vec<(SwitchSource, OfPortState)>,
    },
    /// A row's `external_ids` claim this link, but the kernel says otherwise.
    FalseClaim {
        /// Which program writes this dialect.
        writer: String,
        /// The claiming port, as `bridge/interface`.
        port: String,
    },
    /// The `external_ids` of the port name another interface than the one whose link it has: links have
    /// swapped their names, or one was moved. The userspace datapath may still receive by the link that
    /// the port had before.
    NamesAnother {
        /// The port, as `bridge/interface`.
        port: String,
        /// The owner that they name, as `container:interface`.
        owner: String,
    },
    /// Nothing but a name or an address ties the interface to the port, and the container can set
    /// both.
    NotProven {
        /// The port, as `bridge/interface`.
        port: String,
        /// What it rests on, in words.
        by: String,
    },
    /// The port fits several links equally well, this one among them; none is picked.
    Contested {
        /// The port, as `bridge/interface`.
        port: String,
    },
    /// What the interface sends leaves by a link of the host that is a port too: past the switch,
    /// which takes only what comes in by that link.
    PastPort {
        /// The port, as `bridge/interface`.
        port: String,
        /// The link's name.
        link: Name,
    },
    /// The way may lead to other ports too: a part of it was not seen.
    PartlySeen {
        /// Which, and why not.
        why: String,
    },
    /// The port's link was given another name since vswitchd opened it.
    Renamed {
        /// Name of the interface, which the link had.
        iface: Name,
        /// The link's name now.
        link: Name,
    },
    /// OVS knows the link by another index than the kernel: it has not noticed a re-creation.
    OldIfindex {
        /// What OVS believes.
        ovs: Ifindex,
        /// What the kernel says.
        kernel: Ifindex,
    },
    /// The userspace datapath does not listen to the link: it was made again under its old name.
    Deaf,
    /// The userspace datapath does not listen to the link, and nothing shows that it listens to another
    /// one instead: vswitchd is starting, or the port is deaf.
    NotOpened,
    /// TCP and UDP that leave by this link do not arrive: it leaves their checksums to its
    /// hardware, and the userspace datapath does not finish them.
    ChecksumOffload {
        /// The link that ends at the port, in a container or before it.
        link: Name,
    },
    /// The number that was asked for is not the one that was given.
    NotAsRequested {
        /// What was asked for.
        requested: u16,
    },
    /// The first process of a container left the network namespace that its engine made.
    TwoNamespaces {
        /// Its name.
        container: Name,
    },
    /// The answer rests on rows read earlier.
    Stale {
        /// Why there is nothing newer.
        why: String,
    },
}

impl Note {
    /// Whether it tells of a look, and not of what was looked at: a source has not caught up with another
    /// one, or could not see all, or it is no part of an answer. Such notes come and go with each start
    /// of a container, on many rows at once; no event tells them alone.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Stale { .. }
                | Self::PartlySeen { .. }
                | Self::OldIfindex { .. }
                | Self::NotOpened
                | Self::ChecksumOffload { .. }
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambiguous { candidates } => {
                write!(f, "ambiguous: it could be any of {}", joined(candidates, ", ", TOLD))
            }
            Self::FitsElsewhere { candidates } => {
                write!(
                    f,
                    "the bridge that was asked about decides: {} would fit as well",
                    joined(candidates, ", ", TOLD)
                )
            }
            Self::Conflict { says } => {
                let said: Vec<_> =
                    says.iter().map(|(source, n)| format!("{source} says {n}")).collect();
                write!(f, "conflict: {}", said.join(", "))
            }
            Self::FalseClaim { writer, port } => {
                write!(
                    f,
                    "{port} claims this interface ({writer} external_ids); the kernel disagrees"
                )
            }
            Self::NamesAnother { port, owner } => write!(
                f,
                "{port} was made for {owner}: links have swapped their names, or one was moved, and \
                 what is sent may come in by the port that the link had before"
            ),
            Self::NotProven { port, by } => {
                write!(f, "it rests on its {by} alone that it is on {port}")
            }
            Self::Contested { port } => {
                write!(f, "several interfaces fit {port} equally well, this one among them")
            }
            Self::PastPort { port, link } => write!(
                f,
                "what it sends leaves by {link}, past the switch: port {port} takes only what \
                 comes in by that link"
            ),
            Self::PartlySeen { why } => {
                write!(f, "it may be on other ports too, as not all of the way was seen: {why}")
            }
            Self::Renamed { iface, link } => {
                write!(f, "the link of port {iface} is called {link} now")
            }
            Self::OldIfindex { ovs, kernel } => {
                write!(f, "OVS knows the link as ifindex {ovs}, the kernel as {kernel}")
            }
            Self::Deaf => f.write_str(
                "deaf: the link was made again under its old name, and no packet passes until \
                 the port is removed and, in a later transaction, added again",
            ),
            Self::NotOpened => f.write_str(
                "not opened: vswitchd does not listen to the link now, and no packet passes; \
                 it is starting, or the port is deaf",
            ),
            Self::ChecksumOffload { link } => write!(
                f,
                "no TCP and no UDP from here arrives: {link} leaves checksums to its hardware, \
                 and the userspace datapath does not finish them; ethtool -K {link} tx off there \
                 helps"
            ),
            Self::NotAsRequested { requested } => write!(f, "port {requested} was requested"),
            Self::TwoNamespaces { container } => write!(
                f,
                "{container} has two network namespaces: its first process left the one that its \
                 engine made"
            ),
            Self::Stale { why } => write!(f, "stale: {why}"),
        }
    }
}

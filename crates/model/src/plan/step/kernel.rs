//! The kernel's steps: links, their addresses and routes.

use std::fmt;
use std::net::IpAddr;

use crate::ids::{Ifindex, Mac, Name, NetnsId};
use crate::plan::name;
use crate::port_record::Alias;
use crate::snapshot::Cidr;
use crate::wiring::ContainerRef;

/// A veth between the switch's namespace and a container's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veth {
    /// Name of the host's end.
    pub host_end: Name,
    /// The container.
    pub container: ContainerRef,
    /// Its namespace.
    pub netns: NetnsId,
    /// Name of the end inside.
    pub interface: Name,
    /// Hardware address of the end inside; the kernel's choice if none.
    pub mac: Option<Mac>,
    /// MTU of both ends in bytes; the kernel's choice if none.
    pub mtu: Option<u32>,
    /// What is noted on the host's end, so that it is known for ours.
    pub alias: String,
}

impl Veth {
    /// Whether it is known for ours by its name alone.
    pub fn is_known(&self) -> bool {
        name::is_generated(&self.host_end)
    }
}

/// What rtnetlink(7) and ethtool(8) are asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum KernelStep {
    /// Deletes a link of the switch's namespace that leads nowhere any more, with its other
    /// end. Nothing uses it, so it has no undo.
    DeleteLink {
        /// Its name.
        name: Name,
        /// Its index: another link of the same name is left alone.
        ifindex: Ifindex,
        /// Its alias, and the index of its other end, as they were seen: a link that has another
        /// one now is left alone.
        alias: Option<String>,
        /// As above.
        peer: Option<Ifindex>,
    },
    /// Notes another alias on a link of the switch's namespace: what is to become of it outlives the
    /// program.
    SetAlias {
        /// Its name.
        name: Name,
        /// Its index.
        ifindex: Ifindex,
        /// Its alias as it was seen: a link that has another one now is left alone.
        from: String,
        /// The new one.
        to: String,
    },
    /// Makes a veth; the host's end is up, the other one down.
    MakeVeth(Veth),
    /// Takes it away again.
    UnmakeVeth(Veth),
    /// Closes a veth's end in the switch's namespace to the host's own kernel, and notes on it whose it is:
    /// what making it ends with. It has no undo: it is how the link was to be.
    FinishHostEnd {
        /// Its name.
        name: Name,
        /// Its index. Another link of this name is left alone, and one that has an alias.
        ifindex: Ifindex,
        /// What is noted on it.
        alias: String,
    },
    /// Turns the transmit checksum offload of the end inside on or off.
    SetTxChecksumOffload {
        /// The container.
        container: Name,
        /// Its namespace.
        netns: NetnsId,
        /// The end inside.
        interface: Name,
        /// Whether it is to be on.
        on: bool,
    },
    /// Gives the end inside the hardware address and MTU that it was made with and lost since. It has
    /// no undo: what it has instead was not asked for.
    Adjust {
        /// The container.
        container: Name,
        /// Its namespace.
        netns: NetnsId,
        /// The end inside.
        interface: Name,
        /// Its hardware address, where that is another one.
        mac: Option<Mac>,
        /// Its MTU in bytes, where that is another one.
        mtu: Option<u32>,
    },
    /// Gives the end inside its addresses and routes and sets it up. Goes with the veth.
    Configure {
        /// The container.
        container: Name,
        /// Its namespace.
        netns: NetnsId,
        /// The end inside.
        interface: Name,
        /// Its addresses.
        addresses: Vec<Cidr>,
        /// Gateways of default routes.
        gateways: Vec<IpAddr>,
    },
}

impl KernelStep {
    /// What brings things back to where they were; none where nothing needs to be done.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::MakeVeth(veth) => Some(Self::UnmakeVeth(veth.clone())),
            Self::UnmakeVeth(veth) => Some(Self::MakeVeth(veth.clone())),
            Self::SetAlias { name, ifindex, from, to } => {
                let (name, ifindex, from, to) = (name.clone(), *ifindex, to.clone(), from.clone());
                Some(Self::SetAlias { name, ifindex, from, to })
            }
            Self::SetTxChecksumOffload { container, netns, interface, on } => {
                Some(Self::SetTxChecksumOffload {
                    container: container.clone(),
                    netns: *netns,
                    interface: interface.clone(),
                    on: !on,
                })
            }
            Self::DeleteLink { .. }
            | Self::FinishHostEnd { .. }
            | Self::Adjust { .. }
            | Self::Configure { .. } => None,
        }
    }
}

impl fmt::Display for KernelStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeleteLink { name, .. } => write!(f, "delete the link {name}"),
            Self::SetAlias { name, to, .. } => {
                let leaves = Alias::read(to).is_some_and(|alias| alias.leaving.is_some());
                let what = if leaves { "is to be deleted" } else { "stays" };
                write!(f, "note on the link {name} that it {what}")
            }
            Self::FinishHostEnd { name, .. } => {
                write!(
                    f,
                    "close the link {name} to the host's own kernel, and note on it whose it is"
                )
            }
            Self::MakeVeth(veth) => {
                let Veth { host_end, container, interface, .. } = veth;
                write!(f, "make a veth from {host_end} to {interface} in {}", container.name)?;
                veth.mac.iter().try_for_each(|mac| write!(f, ", mac {mac}"))?;
                veth.mtu.iter().try_for_each(|mtu| write!(f, ", mtu {mtu}"))
            }
            Self::UnmakeVeth(veth) => write!(f, "delete the veth {}", veth.host_end),
            Self::SetTxChecksumOffload { container, interface, on, .. } => {
                let word = if *on { "on" } else { "off" };
                write!(f, "turn {word} transmit checksum offload of {interface} in {container}")
            }
            Self::Adjust { container, interface, mac, mtu, .. } => {
                write!(f, "set {interface} in {container} as it was made")?;
                mac.iter().try_for_each(|mac| write!(f, ", mac {mac}"))?;
                mtu.iter().try_for_each(|mtu| write!(f, ", mtu {mtu}"))
            }
            Self::Configure { container, interface, addresses, gateways, .. } => {
                write!(f, "set {interface} in {container} up")?;
                addresses.iter().try_for_each(|cidr| write!(f, ", address {cidr}"))?;
                gateways.iter().try_for_each(|ip| write!(f, ", default route via {ip}"))
            }
        }
    }
}

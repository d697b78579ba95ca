//! The steps of a plan, and how each is undone.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::{Ifindex, Mac, Name, NetnsId, OfPort};
use crate::snapshot::Cidr;
use crate::switch::Port;
use crate::wiring::ContainerRef;

use super::name;

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
        name::is_drawn(&self.host_end)
    }
}

/// Interfaces, on any bridge, and the OpenFlow port numbers they ask for.
pub type Asking = BTreeMap<Name, OfPort>;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Deletes a link of the switch's namespace that leads nowhere any more, with its other
    /// end. Nobody misses it, so it has no undo.
    DeleteLink {
        /// Its name.
        name: Name,
        /// Its index: another link of the same name is left alone.
        ifindex: Ifindex,
    },
    /// Makes a veth; the host's end is up, the other one down.
    MakeVeth(Veth),
    /// Takes it away again.
    UnmakeVeth(Veth),
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
    /// Takes a port from a bridge, or puts one on it, or both at once: one transaction.
    Swap {
        /// The bridge.
        bridge: Name,
        /// What is taken away.
        remove: Option<Arc<Port>>,
        /// What is put in its place.
        add: Option<Arc<Port>>,
        /// Whether it keeps settings of the old one that we know nothing of.
        inherit: bool,
        /// Those that were seen to ask for the number of either port, the old one among them: if
        /// others turn up meanwhile, nothing is done.
        bystanders: Asking,
    },
    /// Waits until vswitchd has given the port a number, or failed to.
    Await {
        /// The bridge.
        bridge: Name,
        /// The interface.
        iface: Name,
        /// The number that was asked for.
        wanted: Option<OfPort>,
    },
}

impl Step {
    /// Whether this makes a veth, and `next` the port of its host's end: they may be taken at
    /// once. Not where the link gets its name only after it was made.
    pub fn goes_with(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::MakeVeth(veth), Self::Swap { add: Some(port), .. }) => {
                port.iface == veth.host_end && veth.is_known()
            }
            _ => false,
        }
    }

    /// What brings things back to where they were; none where nothing needs to be done, or
    /// nothing can.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::MakeVeth(veth) => Some(Self::UnmakeVeth(veth.clone())),
            Self::UnmakeVeth(veth) => Some(Self::MakeVeth(veth.clone())),
            Self::Swap { bridge, remove, add, bystanders, .. } => Some(Self::Swap {
                bridge: bridge.clone(),
                remove: add.clone(),
                add: remove.clone(),
                inherit: true,
                bystanders: afterwards(bystanders, remove.as_deref(), add.as_deref()),
            }),
            Self::SetTxChecksumOffload { container, netns, interface, on } => {
                Some(Self::SetTxChecksumOffload {
                    container: container.clone(),
                    netns: *netns,
                    interface: interface.clone(),
                    on: !on,
                })
            }
            Self::DeleteLink { .. } | Self::Configure { .. } | Self::Await { .. } => None,
        }
    }
}

/// Who asks for which number once one port was put in the place of another.
fn afterwards(before: &Asking, removed: Option<&Port>, added: Option<&Port>) -> Asking {
    let mut asking = before.clone();
    asking.retain(|name, _| removed.is_none_or(|port| port.iface != *name));
    asking.extend(added.and_then(|port| Some((port.iface.clone(), port.ofport_request?))));
    asking
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeleteLink { name, .. } => write!(f, "delete the link {name}"),
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
            Self::Configure { container, interface, addresses, gateways, .. } => {
                write!(f, "set {interface} in {container} up")?;
                addresses.iter().try_for_each(|cidr| write!(f, ", address {cidr}"))?;
                gateways.iter().try_for_each(|ip| write!(f, ", default route via {ip}"))
            }
            Self::Swap { bridge, remove, add, .. } => {
                swap(f, bridge, remove.as_deref(), add.as_deref())
            }
            Self::Await { bridge, iface, .. } => {
                write!(f, "wait for the OpenFlow port of {iface} on {bridge}")
            }
        }
    }
}

fn swap(
    f: &mut fmt::Formatter<'_>,
    bridge: &str,
    remove: Option<&Port>,
    add: Option<&Port>,
) -> fmt::Result {
    match (remove, add) {
        (Some(old), None) => write!(f, "remove port {} from {bridge}", old.iface),
        (Some(old), Some(new)) => {
            write!(f, "replace port {} of {bridge} by {}", old.iface, new.iface)
        }
        (None, Some(new)) => write!(f, "add port {} to {bridge}", new.iface),
        (None, None) => write!(f, "leave {bridge} as it is"),
    }?;
    let Some(new) = add else { return Ok(()) };
    new.ofport_request.iter().try_for_each(|ofport| write!(f, ", ofport {ofport}"))?;
    new.tag.iter().try_for_each(|tag| write!(f, ", vlan {tag}"))?;
    let trunks: Vec<_> = new.trunks.iter().map(ToString::to_string).collect();
    if trunks.is_empty() { Ok(()) } else { write!(f, ", trunk {}", trunks.join(",")) }
}

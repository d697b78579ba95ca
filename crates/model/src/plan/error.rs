//! Why a request is refused, before anything is touched.

use std::net::IpAddr;

use thiserror::Error;

use crate::ids::{Mac, OfPort};
use crate::query::QueryError;

/// Why nothing is done.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlanError {
    /// The container or the bridge is not there, or cannot be seen.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The container has no network of its own.
    #[error("container {name} shares the host's network: it can have no interface of its own")]
    HostNetwork {
        /// Its name.
        name: String,
    },
    /// The container has such an interface already.
    #[error("container {container} has an interface {interface} already")]
    InterfaceTaken {
        /// Its name.
        container: String,
        /// The interface.
        interface: String,
    },
    /// The container has that address already.
    #[error("container {container} has the address {address} already, on {interface}")]
    AddressTaken {
        /// Its name.
        container: String,
        /// The interface that has it.
        interface: String,
        /// The address.
        address: IpAddr,
    },
    /// No link can have that name.
    #[error("{name:?} cannot be the name of an interface: {why}")]
    NotAName {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The hardware address identifies no interface.
    #[error("{mac} cannot be the address of an interface: it is {why}")]
    BadMac {
        /// The address.
        mac: Mac,
        /// What it is.
        why: &'static str,
    },
    /// No interface can have that address.
    #[error("{address} cannot be the address of an interface: {why}")]
    BadAddress {
        /// The address.
        address: String,
        /// Why not.
        why: &'static str,
    },
    /// What its port records of an interface is not understood.
    #[error("its record cannot be read: {what}")]
    BadRecord {
        /// The key, and what it says.
        what: String,
    },
    /// The kernel takes no such MTU beside an address of IPv6.
    #[error("an MTU of {mtu} is too small for IPv6, which needs {least}")]
    SmallMtu {
        /// The MTU, in bytes.
        mtu: u32,
        /// The least, in bytes.
        least: u32,
    },
    /// Nothing can be sent by way of that gateway.
    #[error("{gateway} cannot be a gateway: {why}")]
    BadGateway {
        /// The gateway.
        gateway: IpAddr,
        /// Why not.
        why: &'static str,
    },
    /// The container sends to everywhere by another interface.
    #[error(
        "container {container} has a default route already, by {interface} via {via}: {gateway} cannot be another"
    )]
    RouteTaken {
        /// The container.
        container: String,
        /// The interface that has it.
        interface: String,
        /// Its gateway.
        via: IpAddr,
        /// What was asked for.
        gateway: IpAddr,
    },
    /// The gateway cannot be reached by way of the new interface.
    #[error("the gateway {gateway} is in none of the networks of the addresses given")]
    FarGateway {
        /// The gateway.
        gateway: IpAddr,
    },
    /// Another port has the number.
    #[error("OpenFlow port {ofport} of {bridge} is in use: {who}")]
    NumberInUse {
        /// The bridge.
        bridge: String,
        /// The number.
        ofport: OfPort,
        /// Who has it.
        who: String,
    },
    /// The bridge remembers the number for an interface whose port another program has taken.
    #[error("OpenFlow port {ofport} of {bridge} is kept for {who}, whose port was taken away")]
    NumberKept {
        /// The bridge.
        bridge: String,
        /// The number.
        ofport: OfPort,
        /// The container and interface that it is kept for.
        who: String,
    },
    /// The number may not be asked for.
    #[error("{ofport} is not an OpenFlow port that can be asked for")]
    BadNumber {
        /// The number.
        ofport: OfPort,
    },
    /// Every number is taken.
    #[error("{bridge} has no free OpenFlow port from {} to {}", super::FIRST_FREE, super::LAST)]
    NoFreeNumber {
        /// The bridge.
        bridge: String,
    },
    /// A fake bridge has one VLAN.
    #[error("{bridge} is the fake bridge of VLAN {vlan} on {parent}: a port on it has no other")]
    OtherVlan {
        /// The fake bridge.
        bridge: String,
        /// Its VLAN.
        vlan: u16,
        /// The bridge it is on.
        parent: String,
    },
    /// The host's end of the veth cannot be called so.
    #[error("there is {what} called {name} already")]
    HostNameTaken {
        /// The name.
        name: String,
        /// A port of which bridge, or an interface of the host.
        what: String,
    },
    /// There is nothing to be removed.
    #[error("no interface{} of {container} was found on {bridge}", interface.as_ref().map(|name| format!(" {name}")).unwrap_or_default())]
    NotConnected {
        /// The container.
        container: String,
        /// The interface that was asked for, if one was.
        interface: Option<String>,
        /// The bridge.
        bridge: String,
        /// What is connected to it.
        have: Vec<String>,
    },
    /// It is not clear which of several is meant.
    #[error("{container} has several interfaces on {bridge}: {}", have.join(", "))]
    Several {
        /// The container.
        container: String,
        /// The bridge.
        bridge: String,
        /// The interfaces.
        have: Vec<String>,
    },
    /// Neither docker-ovs nor ovs-docker made it.
    #[error("port {port} has no record that docker-ovs or ovs-docker made it")]
    NotOurs {
        /// The port.
        port: String,
    },
    /// A network driver made it, for a network of an engine.
    #[error("port {port} is of the network {network}")]
    NetworkPort {
        /// The port.
        port: String,
        /// Name or id of the network.
        network: String,
        /// Its engine.
        engine: String,
    },
    /// It is recorded as another container's.
    #[error("port {port} is recorded as an interface of {owner}")]
    PortOfAnother {
        /// The port.
        port: String,
        /// Whose.
        owner: String,
    },
    /// What would be changed may be alive, or another's.
    #[error("{what} is not touched: {why}")]
    Undecided {
        /// What would be changed.
        what: String,
        /// What cannot be told, and what would have to be seen.
        why: String,
    },
    /// The engine's containers have no links of this host.
    #[error("container {container} of {engine} cannot be connected: {why}")]
    Rootless {
        /// The container.
        container: String,
        /// Its engine.
        engine: String,
        /// Why not.
        why: String,
    },
    /// A source may be another machine's.
    #[error("nothing is changed: {what} is not proven to be this host's: {why}")]
    NotHere {
        /// The source.
        what: String,
        /// Why not.
        why: String,
    },
    /// The requested VLANs contradict each other.
    #[error("a port of VLAN mode {mode} {why}")]
    BadVlans {
        /// The mode.
        mode: &'static str,
        /// What is wrong with them.
        why: &'static str,
    },
    /// It is one of several interfaces of one port.
    #[error("port {port} is a member of the bond {bond}")]
    Bonded {
        /// The interface.
        port: String,
        /// The bond.
        bond: String,
    },
    /// The interface is on it by way of a Linux bridge or another link.
    #[error("port {port} is not {interface}'s own, which is on it by way of {through}")]
    NotItsOwn {
        /// The port.
        port: String,
        /// The interface inside.
        interface: String,
        /// The link that leads there.
        through: String,
    },
    /// Whether the interface is on it is not proven.
    #[error(
        "port {port} is not touched: that {interface} is on it is told by a name or a hardware address \
         alone, which any link may have"
    )]
    OnlyLike {
        /// The port.
        port: String,
        /// The interface inside.
        interface: String,
    },
    /// An upper link of another namespace would be gone with it.
    #[error("{upper} stands on {interface}, and would be gone with it")]
    HasUpper {
        /// The interface inside.
        interface: String,
        /// Its upper link, in words.
        upper: String,
    },
}

impl PlanError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Query(error) => return error.hint(),
            Self::HostNetwork { .. } => "docker run --network none makes one that can",
            Self::InterfaceTaken { .. } => {
                "--interface gives the new one another name; docker ovs port shows where the \
                 other one is"
            }
            Self::AddressTaken { .. } => "docker ovs port shows where that interface is",
            Self::NumberInUse { .. } => {
                "--ofport takes another number; without it a free one is chosen"
            }
            Self::NumberKept { .. } => {
                "--ofport takes another number; docker ovs restore gives this one back, and docker ovs \
                 disconnect forgets it"
            }
            Self::BadNumber { .. } => "it takes 1 to 65279, or auto",
            Self::NoFreeNumber { .. } => "--ofport auto leaves the choice to Open vSwitch",
            Self::OtherVlan { parent, .. } => {
                return Some(format!("connect it to {parent} for other VLANs"));
            }
            Self::HostNameTaken { .. } => "without --host-interface a free name is chosen",
            Self::FarGateway { .. } => "--ip gives the interface an address in its network",
            Self::RouteTaken { .. } => {
                "without --gateway the interface reaches its own networks alone"
            }
            Self::BadMac { .. } => "without --mac one is chosen",
            Self::NotConnected { have, .. } if have.is_empty() => return None,
            Self::NotConnected { have, .. } => {
                return Some(format!("connected are {}", have.join(", ")));
            }
            Self::Several { .. } => "--interface says which one",
            Self::NetworkPort { network, engine, .. } => {
                return Some(format!("{engine} network disconnect {network} CONTAINER removes it"));
            }
            Self::NotOurs { .. } | Self::PortOfAnother { .. } => "--force removes it nevertheless",
            Self::Undecided { .. } | Self::NotHere { .. } => {
                "docker ovs doctor tells what answers, and docker ovs ports what was seen"
            }
            Self::Rootless { .. } => "what root runs can be connected: sudo podman run",
            Self::NotItsOwn { .. } => "ovs-vsctl del-port takes it from all that is on it",
            Self::OnlyLike { .. } => "ovs-vsctl del-port removes it, whatever is on it",
            Self::HasUpper { .. } => "ip link delete removes it in its namespace first",
            Self::Bonded { .. } => "ovs-vsctl del-bond-iface takes it out of the bond",
            Self::NotAName { .. }
            | Self::BadAddress { .. }
            | Self::BadRecord { .. }
            | Self::BadGateway { .. }
            | Self::SmallMtu { .. }
            | Self::BadVlans { .. } => return None,
        };
        Some(text.to_owned())
    }
}

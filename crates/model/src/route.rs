//! What a kernel does with a packet before it leaves a network namespace.

use std::net::IpAddr;

use crate::ids::{Ifindex, Mac};

/// Where the kernel of a network namespace sends what is for an address, by all of its rules and tables, as
/// `ip route get` of ip-route(8) tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Nowhere: the address is one of the namespace itself.
    Local,
    /// Out by a link.
    Out(RouteOut),
    /// Nowhere, and why: no route, or one of type `blackhole`, `unreachable` or `prohibit`.
    Refused {
        /// What the kernel tells the sender, in words.
        why: String,
    },
}

/// A route out of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteOut {
    /// The link that the packet leaves by.
    pub ifindex: Ifindex,
    /// The next hop; none where the address is on the link.
    pub gateway: Option<IpAddr>,
    /// The address that the packet is sent from, where the sender binds to none.
    pub source: Option<IpAddr>,
    /// Who the packet is for.
    pub cast: Cast,
    /// The MAC that the kernel has for the next hop (ip-neighbour(8)); none where it has yet to ask.
    pub neighbor: Option<Mac>,
}

/// Who a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// One.
    Unicast,
    /// All on the link.
    Broadcast,
    /// A group.
    Multicast,
}

/// What is asked of the kernel about what a process there sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteQuestion {
    /// To which address.
    pub to: IpAddr,
    /// From which one, if the sender binds to it.
    pub from: Option<IpAddr>,
    /// By which link, if the sender binds to it, as `ping -I` does.
    pub by: Option<Ifindex>,
    /// What is in it; none where rules are to be asked about any packet.
    pub transport: Option<Transport>,
}

/// What is in a packet, which rules of ip-rule(8) may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The protocol, by its number.
    pub protocol: u8,
    /// The ports, from and to.
    pub ports: Option<(u16, u16)>,
}

/// What rules of ip-rule(8) look at in a namespace besides addresses, links and protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleKeys {
    /// The port that a packet comes from.
    pub port_src: bool,
    /// The port that it goes to.
    pub port_dst: bool,
    /// Who sends it.
    pub user: bool,
}

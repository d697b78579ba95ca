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
    /// What the kernel writes into what it sends there.
    pub sending: SendSettings,
}

/// What a kernel writes into packets that it sends: settings of the route (ip-route(8)), or of ip-sysctl of the kernel's
/// documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendSettings {
    /// How many routers a packet may pass (`hoplimit`; `ip_default_ttl`, `hop_limit`); none where that is not known.
    pub hops: Option<u8>,
    /// Whether a connection of TCP may be begun with ECN, which is two more flags (`features ecn`; `tcp_ecn`).
    pub asks_ecn: bool,
    /// How the kernel asks for a MAC that it has not.
    pub asking: Asking,
    /// Whether the route puts it into another packet (`encap`).
    pub wraps: bool,
}

/// How a kernel asks for the MAC of a next hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// From the address that the packet has, as is usual.
    #[default]
    AsSender,
    /// Maybe from another one (`arp_announce`).
    MaybeAsAnother,
    /// Not at all, and drops the packet (`mcast_solicit` and `app_solicit`, both 0).
    Never,
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

/// What is asked of the kernel about what comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntakeQuestion {
    /// By which link.
    pub by: Ifindex,
    /// From which address.
    pub from: IpAddr,
    /// For which one.
    pub to: IpAddr,
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

/// How a kernel answers a question for a MAC that it gets by a link: settings of that link, or of all, of ip-sysctl of the
/// kernel's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerSettings {
    /// For which of its own addresses it answers by ARP (`arp_ignore`).
    pub arp_ignore: u8,
    /// Whether it answers by ARP only by the link that it would send to the asker by (`arp_filter`, `rp_filter` 1).
    pub by_route: bool,
    /// Whether it forwards and answers for addresses that it sends to by another link (`proxy_arp`, `proxy_ndp`).
    pub proxies_between: bool,
    /// The same for those that it sends to by that very link (`proxy_arp_pvlan`).
    pub proxies_within: bool,
    /// What makes the address that is asked for one of its own.
    pub kept_by: KeptBy,
}

/// What makes an address one of a kernel's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptBy {
    /// A link that has it, if anything.
    #[default]
    Address,
    /// A route of type `local`: no link has it.
    Route,
}

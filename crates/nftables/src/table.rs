//! What a table says.

use std::net::IpAddr;

/// A table of the family `inet`, for IPv4 and IPv6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its chains; none twice at one hook.
    pub chains: Vec<Chain>,
}

/// A base chain, whose policy is to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Where packets come by.
    pub hook: Hook,
    /// Tried in this order.
    pub rules: Vec<Rule>,
}

/// Where packets come by, with the type and priority that a chain has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// What comes in, before it is routed: `type nat`, priority `dstnat`.
    Prerouting,
    /// What this host forwards: `type filter`, priority `filter`.
    Forward,
    /// What this host sends itself: `type nat`, priority `dstnat`.
    Output,
    /// What leaves, after it was routed: `type nat`, priority `srcnat`.
    Postrouting,
}

/// What is done with the packets that match everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// All of these.
    pub matches: Vec<Match>,
    /// What is done.
    pub verdict: Verdict,
}

/// What a packet is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// It came in by this link.
    From {
        /// The link's name, of at most 15 bytes.
        link: String,
    },
    /// It leaves by this link, or by any other one.
    To {
        /// The link's name, of at most 15 bytes.
        link: String,
        /// Whether it is this one.
        is: bool,
    },
    /// Its source is in this range.
    Source {
        /// The range's first address.
        ip: IpAddr,
        /// How many bits of it count.
        prefix: u8,
    },
    /// Its destination is in this range, or outside of it.
    Destination {
        /// The range's first address.
        ip: IpAddr,
        /// How many bits of it count.
        prefix: u8,
        /// Whether it is in it.
        is: bool,
    },
    /// Its destination is an address of this host's.
    ToThisHost,
    /// It is IPv4, or IPv6, as this address is.
    FamilyOf(IpAddr),
    /// It is for this port.
    Port {
        /// Of which protocol.
        protocol: Protocol,
        /// The port.
        port: u16,
    },
    /// It belongs to a connection whose destination was translated.
    Translated,
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// Its number (IANA, protocol numbers).
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }
}

/// What is done with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is lost.
    Drop,
    /// Its source becomes the address of the link that it leaves by.
    Masquerade,
    /// Its destination becomes this one.
    Translate {
        /// The address.
        ip: IpAddr,
        /// The port.
        port: u16,
    },
}

//! What is found in a text, and where.

use std::net::IpAddr;

/// What stands at a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An OpenFlow port of the bridge that the text is about: a number, in decimal or `0x…`, or a
    /// name, maybe in quotes. It may be a word that names no port, as `NORMAL` or a register.
    OfPort,
    /// A datapath port, by number or name.
    DpPort,
    /// The name of a port where no number can stand.
    PortName,
    /// The name of a bridge, maybe in quotes: OpenFlow ports from here on are those of that bridge. It is empty where
    /// bridges are in each other too deeply to be followed.
    Bridge,
    /// Nothing: OpenFlow ports from here on are those of the bridge before the last one.
    BridgeEnds,
    /// Nothing: OpenFlow ports from here on are again those of the bridge that was asked about.
    FirstBridge,
    /// Nothing: the flow of a pass of a trace comes.
    PassBegins,
    /// Nothing: OpenFlow ports from here on are those of the bridge in which the present pass of a trace goes on.
    PassBridge,
    /// Nothing: in the bridge that the text is in the packet of a trace is copied, and the copy has a pass of its own.
    Forked,
    /// Nothing: the pass of the next copy is announced.
    Resumed,
    /// The name of a datapath, `system@ovs-system`: datapath ports from here on are those of that one.
    Datapath,
    /// Nothing: datapath ports from here on are again those of the bridge that was asked about.
    DatapathEnds,
    /// An Ethernet address.
    Mac([u8; 6]),
    /// An IP address.
    Ip(IpAddr),
}

impl Found {
    /// Whether it is something that has a label; else it tells what the text is about.
    pub(crate) fn is_labelled(self) -> bool {
        match self {
            Self::OfPort | Self::DpPort | Self::PortName | Self::Mac(_) | Self::Ip(_) => true,
            Self::Bridge
            | Self::BridgeEnds
            | Self::FirstBridge
            | Self::PassBegins
            | Self::PassBridge
            | Self::Forked
            | Self::Resumed
            | Self::Datapath
            | Self::DatapathEnds => false,
        }
    }
}

/// A part of the text that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub found: Found,
}

impl Place {
    /// The same in a text that has so many bytes more before it.
    pub(crate) fn behind(self, before: usize) -> Self {
        Self { start: self.start + before, end: self.end + before, found: self.found }
    }
}

//! Links as rtnetlink(7) tells them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::cidr::Cidr;
use crate::ids::{Ifindex, Mac, Name, Nsid};

/// A kernel network device, as rtnetlink(7) describes it inside its namespace. The default one has
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Index, unique in the namespace only.
    pub ifindex: Ifindex,
    /// Name, at most 15 bytes.
    pub name: Name,
    /// `IFLA_INFO_KIND`: `veth`, `macvlan`, `vlan`, `openvswitch`, …; none for hardware and `lo`.
    pub kind: Option<String>,
    /// Whether it is an Ethernet device (`ARPHRD_ETHER`), what the 2014 script lists.
    pub ethernet: bool,
    /// Hardware address.
    pub mac: Option<Mac>,
    /// Addresses with prefix length.
    #[serde(default)]
    pub addresses: Vec<Cidr>,
    /// Those of them that are tentative, or that another one was found to have (ip-address(8)): Linux takes nothing for
    /// these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tentative: Vec<IpAddr>,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// Whether it does no ARP (`IFF_NOARP`): Linux takes none by it, and asks for no MAC.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_arp: bool,
    /// `IFLA_LINK`: the peer of a veth, the parent of a macvlan, ipvlan or vlan.
    pub peer: Option<Peer>,
    /// What it sends by where `IFLA_LINK` does not tell that: the links beneath a vxlan, an amt or an hsr.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub underlays: Vec<Peer>,
    /// The link this one is enslaved to (`IFLA_MASTER`).
    pub master: Option<Ifindex>,
    /// VLAN id, for kind `vlan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// The EtherType of its tags, for kind `vlan`: 0x8100 of IEEE 802.1Q, 0x88a8 of 802.1ad; none where that was not
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_protocol: Option<u16>,
    /// Whether it passes packets by their VLAN (`vlan_filtering` of ip-link(8)), for kind `bridge`; none where that was
    /// not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_filtering: Option<bool>,
    /// Its alias (`IFLA_IFALIAS`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its alternative names (`IFLA_ALT_IFNAME`), by which programs may open it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altnames: Vec<Name>,
    /// Whether it sends TCP and UDP with checksums that what is behind it must finish
    /// (`tx-checksumming` of ethtool(8)); none where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_checksum_offload: Option<bool>,
    /// Gateways of the default routes that go out by it; none where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateways: Option<Vec<IpAddr>>,
}

impl Link {
    /// The addresses by which Linux takes packets. Those of IPv6 go with a link that is down (`addrconf_ifdown` of
    /// net/ipv6/addrconf.c); those of IPv4 stay the host's own, whatever their link is (`fib_sync_down_dev` of
    /// net/ipv4/fib_semantics.c leaves what is of scope host).
    pub fn local_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(|address| address.ip).filter(|ip| self.up || ip.is_ipv4())
    }

    /// Whether it is one end of a pair: then `peer` is its other end. For other kinds that is the
    /// link beneath, if anything.
    pub fn is_paired(&self) -> bool {
        matches!(self.kind.as_deref(), Some("veth" | "netkit"))
    }

    /// Whether it is what the 2014 script lists: an Ethernet device, and none that the kernel's
    /// tunnels put into every namespace by themselves.
    pub fn is_interface(&self) -> bool {
        self.ethernet && !self.is_fallback_tunnel()
    }

    /// Whether it is a tunnel's fallback device, which every namespace has once the module is
    /// loaded (`gretap0`, `erspan0`; net.core.fb_tunnels_only_for_init_net): it has no remote end,
    /// and nothing is sent by it. Known by its address of zeros, whatever its name: the kernel
    /// gives each Ethernet tunnel that is made on request a random address, takes no invalid one
    /// (net/ipv4/ip_gre.c, net/ipv6/ip6_gre.c), and brings no link with such an address up
    /// (`eth_validate_addr`). Other fallback devices (`tunl0`, `gre0`, `sit0`, `ip6tnl0`,
    /// `ip_vti0`, …) are no Ethernet devices.
    pub fn is_fallback_tunnel(&self) -> bool {
        const KINDS: [&str; 4] = ["gretap", "erspan", "ip6gretap", "ip6erspan"];
        let is_tunnel = self.kind.as_deref().is_some_and(|kind| KINDS.contains(&kind));
        is_tunnel && self.mac.is_some_and(|mac| mac.0 == [0; 6])
    }

    /// Its name and its alternative ones: no other link of its namespace can have any of them.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.altnames.iter().map(|name| &**name))
    }

    /// Whether it sends what it is given by another link: then `peer` is that one
    /// (`IFLA_LINK` of linux/if_link.h).
    pub fn has_parent(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| Self::KINDS_WITH_PARENT.contains(&kind))
    }

    /// The driver by which what it sends may arrive at other links of that one's which stand on the same parent, as it
    /// does in the modes that are the usual ones: `macvlan_queue_xmit` of drivers/net/macvlan.c, `ipvlan_queue_xmit`
    /// of drivers/net/ipvlan/ipvlan_core.c. None where it goes out by the parent alone.
    pub fn driver_of_siblings(&self) -> Option<&'static str> {
        match self.kind.as_deref()? {
            "macvlan" | "macvtap" => Some("macvlan"),
            "ipvlan" | "ipvtap" => Some("ipvlan"),
            _ => None,
        }
    }

    /// The kinds of links that have a parent.
    pub const KINDS_WITH_PARENT: [&str; 6] =
        ["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"];

    /// The links that it sends by and that it goes with, or is of no use without. The peer of a paired link
    /// is none.
    pub fn lowers(&self) -> impl Iterator<Item = Peer> {
        let told = self.peer.filter(|_| !self.is_paired());
        told.into_iter().chain(self.underlays.iter().copied())
    }

    /// Of an ipvtap the kernel tells the parent's index, and never in which namespace that is
    /// (`ipvtap_link_ops` of drivers/net/ipvlan/ipvtap.c have no `get_link_net`). It has its parent's
    /// hardware address.
    pub fn hides_its_parents_netns(&self) -> bool {
        self.kind.as_deref() == Some("ipvtap")
    }

    /// Whether the link beneath it may be in another namespace although the kernel names none: it is none of
    /// those beside it, `links`, that has the index and the hardware address of the parent.
    pub fn may_stand_elsewhere<'a>(&self, links: impl IntoIterator<Item = &'a Self>) -> bool {
        let Some(beneath) = self.peer.filter(|_| self.hides_its_parents_netns()) else {
            return false;
        };
        let is_it = |link: &Self| link.ifindex == beneath.ifindex && self.has_mac_of(link);
        beneath.nsid.is_none() && !links.into_iter().any(is_it)
    }

    /// Whether both have one hardware address, which tells them from others.
    pub fn has_mac_of(&self, other: &Self) -> bool {
        self.mac.is_some_and(|mac| mac.identifies() && other.mac == Some(mac))
    }

    /// The namespace that it leads straight to, as its own calls that; none where it leads to no
    /// other one.
    pub fn leads_to(&self) -> Option<Nsid> {
        self.peer.filter(|_| self.is_paired() || self.has_parent())?.nsid
    }
}

/// The other link, as the kernel says it: relative to the namespace that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Peer {
    /// Its index in *its* namespace.
    pub ifindex: Ifindex,
    /// That namespace, as this one calls it; none when it is this one.
    pub nsid: Option<Nsid>,
}

//! Changes to links and addresses (rtnetlink(7)).

use std::fmt;
use std::io;
use std::net::IpAddr;

use rustix::io::Errno;

use crate::link_name::valid_name;
use crate::message::{NLA_F_NESTED, NLM_F_CREATE_NEW, nested};
use crate::netlink::refusal;
use crate::rows::{
    IFA_ADDRESS, IFA_FLAGS, IFA_LOCAL, IFADDRMSG, IFF_UP, IFINFOMSG, IFLA_ADDRESS, IFLA_IFALIAS,
    IFLA_IFNAME, IFLA_MTU,
};
use crate::socket::{RTM_NEWADDR, is_index};
use crate::{Error, RouteSocket};

const RTM_DELLINK: u16 = 17;
const RTM_SETLINK: u16 = 19;
const RTM_DELADDR: u16 = 21;
const IFA_F_NODAD: u32 = 0x02;
pub(crate) const AF_INET: u8 = 2;
pub(crate) const AF_INET6: u8 = 10;
/// Longest alias in bytes (`IFALIASZ` less its NUL).
const LONGEST_ALIAS: usize = 255;

impl RouteSocket {
    /// Deletes a link; a veth goes with its other end. False if there is no such link.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn delete_link(&self, ifindex: u32) -> Result<bool, Error> {
        let what = format_args!("delete link {ifindex}");
        let header = header(ifindex, 0);
        match self.change_of(ifindex, what, RTM_DELLINK, 0, &header, &[]) {
            Err(error) if error.is_without_link() => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// The same by name, where no index of it is known.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Change`].
    pub fn delete_link_named(&self, name: &str) -> Result<bool, Error> {
        let bytes = valid_name(name)?;
        let what = format_args!("delete link {name}");
        match self.0.change(what, RTM_DELLINK, 0, &header(0, 0), &[(IFLA_IFNAME, &bytes)]) {
            Err(error) if error.is_without_link() => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Sets a link up administratively. The kernel puts it in operation a moment later, and
    /// may drop packets till then.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn set_up(&self, ifindex: u32) -> Result<(), Error> {
        let what = format_args!("set link {ifindex} up");
        self.change_of(ifindex, what, RTM_SETLINK, 0, &header(ifindex, IFF_UP), &[])
    }

    /// Notes an alias on a link, of at most 255 bytes; an empty one removes it. No
    /// [`LinkWatch`](crate::LinkWatch) is told of it while the link is down.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn set_alias(&self, ifindex: u32, alias: &str) -> Result<(), Error> {
        let what = format_args!("set the alias of link {ifindex}");
        if alias.len() > LONGEST_ALIAS {
            return Err(refusal(what, io::Error::other("longer than 255 bytes")));
        }
        if alias.contains('\0') {
            return Err(refusal(what, io::Error::other("a NUL is in it")));
        }
        self.set(ifindex, what, IFLA_IFALIAS, alias.as_bytes())
    }

    /// Renames a link. Kernels before 6.2 refuse that (`EBUSY`) while it is up.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Change`].
    pub fn rename(&self, ifindex: u32, name: &str) -> Result<(), Error> {
        let bytes = valid_name(name)?;
        self.set(ifindex, format_args!("rename link {ifindex} to {name}"), IFLA_IFNAME, &bytes)
    }

    /// Gives a link another hardware address.
    ///
    /// # Errors
    /// [`Error::Change`]; `EADDRNOTAVAIL` for zeros or a multicast address.
    pub fn set_mac(&self, ifindex: u32, mac: [u8; 6]) -> Result<(), Error> {
        let what = format_args!("set the hardware address of link {ifindex}");
        self.set(ifindex, what, IFLA_ADDRESS, &mac)
    }

    /// Gives a link another MTU, in bytes.
    ///
    /// # Errors
    /// [`Error::Change`]; `EINVAL` outside what its driver takes.
    pub fn set_mtu(&self, ifindex: u32, mtu: u32) -> Result<(), Error> {
        let what = format_args!("set the MTU of link {ifindex} to {mtu}");
        self.set(ifindex, what, IFLA_MTU, &mtu.to_ne_bytes())
    }

    /// Adds an address, of `prefix` bits, to a link; well if it has it already. An IPv6
    /// address can be used at once: no neighbour is asked whether it is a duplicate (`nodad`).
    ///
    /// # Errors
    /// [`Error::Change`]; `EEXIST` where the link has an IPv6 address with another prefix,
    /// `EACCES` where IPv6 is disabled on the link.
    pub fn add_address(&self, ifindex: u32, ip: IpAddr, prefix: u8) -> Result<(), Error> {
        let mut header = [0; IFADDRMSG];
        header[..2].copy_from_slice(&[family(ip), prefix]);
        header[4..].copy_from_slice(&ifindex.to_ne_bytes());
        let bytes = octets(ip);
        let nodad = IFA_F_NODAD.to_ne_bytes();
        let mut attributes = vec![(IFA_LOCAL, &bytes[..]), (IFA_ADDRESS, &bytes[..])];
        if ip.is_ipv6() {
            attributes.push((IFA_FLAGS, &nodad));
        }
        let what = format_args!("add address {ip}/{prefix} to link {ifindex}");
        match self.change_of(ifindex, what, RTM_NEWADDR, NLM_F_CREATE_NEW, &header, &attributes) {
            Err(error) if error.errno() == Some(Errno::EXIST.raw_os_error()) => {
                let all = self.addresses()?;
                let is = all.iter().any(|a| (a.ifindex, a.ip, a.prefix) == (ifindex, ip, prefix));
                if is { Ok(()) } else { Err(error) }
            }
            other => other,
        }
    }

    /// Removes an address, of `prefix` bits, from a link; well if it has not got it.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn remove_address(&self, ifindex: u32, ip: IpAddr, prefix: u8) -> Result<(), Error> {
        let mut header = [0; IFADDRMSG];
        header[..2].copy_from_slice(&[family(ip), prefix]);
        header[4..].copy_from_slice(&ifindex.to_ne_bytes());
        let bytes = octets(ip);
        let what = format_args!("remove address {ip}/{prefix} from link {ifindex}");
        match self.change_of(ifindex, what, RTM_DELADDR, 0, &header, &[(IFA_LOCAL, &bytes)]) {
            Err(error) if error.errno() == Some(Errno::ADDRNOTAVAIL.raw_os_error()) => Ok(()),
            other => other,
        }
    }

    /// Has the kernel take no part in IPv4 on a link without addresses: it answers no ARP request that comes
    /// in by it (`arp_ignore` 1), takes no packet that does for the host's (`rp_filter` 1: no source is
    /// reached by it), and forwards none (`forwarding` 0; all in ip-sysctl of the kernel's documentation).
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn disable_ipv4(&self, ifindex: u32) -> Result<(), Error> {
        // `IPV4_DEVCONF_*` of linux/ip.h.
        const FORWARDING: u16 = 1;
        const RP_FILTER: u16 = 8;
        const ARP_IGNORE: u16 = 19;
        let what = format_args!("disable IPv4 on link {ifindex}");
        self.set_ipv4(ifindex, what, &[(FORWARDING, 0), (RP_FILTER, 1), (ARP_IGNORE, 1)])
    }

    /// Tells a link's neighbours that its IPv4 addresses are at its hardware address, by a gratuitous ARP
    /// request for each; and from now on whenever the link is set up or gets another hardware address
    /// (`arp_notify` 1, ip-sysctl of the kernel's documentation). Those of IPv6 are told by an unsolicited
    /// neighbour advertisement where `ndisc_notify` is set. Well if the link has no hardware address.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn announce(&self, ifindex: u32) -> Result<(), Error> {
        /// `IPV4_DEVCONF_ARP_NOTIFY` of linux/ip.h.
        const ARP_NOTIFY: u16 = 22;
        let what = format_args!("have link {ifindex} announce its addresses");
        self.set_ipv4(ifindex, what, &[(ARP_NOTIFY, 1)])?;
        // The kernel tells of it whenever that is set, be it the one that it has.
        let mac = self.link(ifindex)?.and_then(|link| link.mac);
        mac.map_or(Ok(()), |mac| self.set_mac(ifindex, mac))
    }

    fn set_ipv4(
        &self,
        ifindex: u32,
        what: fmt::Arguments<'_>,
        settings: &[(u16, u32)],
    ) -> Result<(), Error> {
        const IFLA_AF_SPEC: u16 = 26;
        const IFLA_INET_CONF: u16 = 1;
        let values: Vec<_> =
            settings.iter().map(|(setting, value)| (*setting, value.to_ne_bytes())).collect();
        let values: Vec<_> = values.iter().map(|(setting, value)| (*setting, &value[..])).collect();
        let settings = nested(&[], &values);
        let of_ipv4 = nested(&[], &[(IFLA_INET_CONF | NLA_F_NESTED, &settings)]);
        let families = nested(&[], &[(u16::from(AF_INET) | NLA_F_NESTED, &of_ipv4)]);
        let attribute = (IFLA_AF_SPEC | NLA_F_NESTED, &families[..]);
        self.change_of(ifindex, what, RTM_SETLINK, 0, &header(ifindex, 0), &[attribute])
    }

    fn set(
        &self,
        ifindex: u32,
        what: fmt::Arguments<'_>,
        attribute: u16,
        value: &[u8],
    ) -> Result<(), Error> {
        let header = header(ifindex, 0);
        self.change_of(ifindex, what, RTM_SETLINK, 0, &header, &[(attribute, value)])
    }

    /// A change that names a link.
    pub(crate) fn change_of(
        &self,
        ifindex: u32,
        what: fmt::Arguments<'_>,
        kind: u16,
        flags: u16,
        fixed: &[u8],
        attributes: &[(u16, &[u8])],
    ) -> Result<(), Error> {
        if !is_index(ifindex) {
            return Err(refusal(what, Errno::NODEV.into()));
        }
        self.0.change(what, kind, flags, fixed, attributes)
    }
}

/// `struct ifinfomsg` with flags to be set.
pub(crate) fn header(ifindex: u32, flags: u32) -> [u8; IFINFOMSG] {
    let mut header = [0; IFINFOMSG];
    header[4..8].copy_from_slice(&ifindex.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..16].copy_from_slice(&flags.to_ne_bytes());
    header
}

pub(crate) fn family(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { AF_INET } else { AF_INET6 }
}

pub(crate) fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

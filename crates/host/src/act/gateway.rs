//! A link of this program's network namespace as the gateway of a network: it has addresses, and is up.

use std::net::IpAddr;
use std::path::Path;

use model::ids::Name;
use model::snapshot::Cidr;
use model::{SourceError, SourceErrorKind};
use netns::{Error, Link, RouteSocket};

use crate::{Host, failure, kernel};

/// Whether packets of IPv4 are forwarded from one link to another (ip-sysctl of the kernel's documentation).
const IP_FORWARD: &str = "/proc/sys/net/ipv4/ip_forward";

/// The kinds of links of internal ports: in the kernel's datapath, and in vswitchd's own.
const KINDS: [&str; 2] = ["openvswitch", "tun"];

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayLink {
    /// The link.
    pub name: Name,
    /// Its addresses.
    pub addresses: Vec<Cidr>,
    /// Its MTU in bytes, if it is to have another one than it is made with.
    pub mtu: Option<u32>,
}

impl Host {
    /// Whether the links of vswitchd's ports are in this program's network namespace.
    ///
    /// # Errors
    /// vswitchd's network namespace is not known.
    pub fn is_switch_here(&self) -> Result<bool, SourceError> {
        let switch = self.identify_switch(true).netns?;
        Ok(kernel::id(&switch) == kernel::id(&kernel::own_namespace()?))
    }
}

impl GatewayLink {
    /// Whether it is up and has its addresses.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn is_set_up(&self) -> Result<bool, SourceError> {
        let socket = open()?;
        let Some(link) = self.link(&socket)? else { return Ok(false) };
        let has = has_addresses(&socket, &link, &self.addresses).map_err(|e| self.failed(&e))?;
        Ok(link.up && has)
    }

    /// Sets it up: false where vswitchd has not made it yet.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn set_up(&self) -> Result<bool, SourceError> {
        let socket = open()?;
        let Some(link) = self.link(&socket)? else { return Ok(false) };
        match self.set_up_link(&socket, &link) {
            Ok(()) => Ok(true),
            // vswitchd has taken it away, or makes it anew.
            Err(error) if error.is_without_link() => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn set_up_link(&self, socket: &RouteSocket, link: &Link) -> Result<(), Error> {
        self.mtu.map_or(Ok(()), |mtu| socket.set_mtu(link.ifindex, mtu))?;
        socket.set_up(link.ifindex)?;
        let mut all = self.addresses.iter();
        all.try_for_each(|cidr| socket.add_address(link.ifindex, cidr.ip, cidr.prefix))
    }

    /// Takes the addresses from it; well where it is gone.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn take_addresses(&self) -> Result<(), SourceError> {
        let socket = open()?;
        let Some(link) = self.link(&socket)? else { return Ok(()) };
        let mut all = self.addresses.iter();
        match all.try_for_each(|cidr| socket.remove_address(link.ifindex, cidr.ip, cidr.prefix)) {
            // vswitchd has taken the link away meanwhile.
            Err(error) if !error.is_without_link() => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }

    fn link(&self, socket: &RouteSocket) -> Result<Option<Link>, SourceError> {
        let called = socket.link_named(&self.name).map_err(|error| self.failed(&error))?;
        Ok(called.filter(|link| self.is_it(link)))
    }

    /// Whether a link is one that vswitchd has made under this name. Where that was renamed, any other one may have
    /// the name by now, or as an alternative one.
    fn is_it(&self, link: &Link) -> bool {
        link.name == *self.name && link.kind.as_deref().is_some_and(|kind| KINDS.contains(&kind))
    }

    fn failed(&self, error: &Error) -> SourceError {
        failure::of_chain(format!("the gateway {}", self.name), error, "run as root")
    }
}

/// The link that has this address in this program's network namespace.
///
/// # Errors
/// The kernel does not answer.
pub fn link_with_address(ip: IpAddr) -> Result<Option<Name>, SourceError> {
    let failed = |error: Error| failure::of_chain("the kernel".to_owned(), &error, "run as root");
    let socket = open()?;
    let addresses = socket.addresses().map_err(failed)?;
    let Some(address) = addresses.iter().find(|address| address.ip == ip) else { return Ok(None) };
    let link = socket.link(address.ifindex).map_err(failed)?;
    Ok(link.map(|link| link.name.as_str().into()))
}

/// Has the kernel forward packets of IPv4 in this program's network namespace, as dockerd does when it
/// starts. IPv6 is left as it is: a host that forwards it does not listen to its own routers any more.
///
/// # Errors
/// The kernel refuses.
pub fn forward_ipv4() -> Result<(), SourceError> {
    let failed = |error| SourceError::new(SourceErrorKind::Unusable, IP_FORWARD, error);
    if files::read_text(Path::new(IP_FORWARD)).map_err(failed)?.trim() == "1" {
        return Ok(());
    }
    std::fs::write(IP_FORWARD, "1").map_err(failed)
}

fn open() -> Result<RouteSocket, SourceError> {
    RouteSocket::here()
        .map_err(|error| failure::of_chain("the kernel".into(), &error, "run as root"))
}

fn has_addresses(socket: &RouteSocket, link: &Link, wanted: &[Cidr]) -> Result<bool, Error> {
    let has = socket.addresses_of(link.ifindex)?;
    let has = |cidr: &Cidr| has.iter().any(|one| (one.ip, one.prefix) == (cidr.ip, cidr.prefix));
    Ok(wanted.iter().all(has))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_a_link_of_an_internal_port_by_its_own_name() {
        let gateway = GatewayLink { name: "br9".into(), addresses: Vec::new(), mtu: None };
        let link = |name: &str, kind: Option<&str>, altnames: &[&str]| Link {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            altnames: altnames.iter().map(|name| (*name).to_owned()).collect(),
            ..Link::default()
        };
        for kind in KINDS {
            assert!(gateway.is_it(&link("br9", Some(kind), &[])), "{kind}");
            assert!(!gateway.is_it(&link("lan0", Some(kind), &["br9"])), "{kind}");
        }
        for kind in [None, Some("dummy"), Some("bridge"), Some("veth")] {
            assert!(!gateway.is_it(&link("br9", kind, &[])), "{kind:?}");
        }
    }
}

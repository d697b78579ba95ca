//! A NETLINK_ROUTE socket: belongs to the namespace it was opened in, whichever thread uses it.

use std::os::fd::AsRawFd;

use netlink_sys::protocols::NETLINK_ROUTE;

use crate::message::nested;
use crate::netlink::Netlink;
use crate::rows::{
    self, Address, IFADDRMSG, IFINFOMSG, IFLA_EXT_MASK, IFLA_IFNAME, IFLA_INFO_KIND, IFLA_LINKINFO,
    IFLA_MASTER, IFLA_TARGET_NETNSID, Link,
};
use crate::{Error, Netns};

pub(crate) const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
pub(crate) const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const RTM_NEWNSID: u16 = 88;
const RTM_GETNSID: u16 = 90;
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;
/// Whichever is free (`NETNSA_NSID_NOT_ASSIGNED`).
const ANY_NSID: [u8; 4] = (-1i32).to_ne_bytes();
/// Leaves counters out of link messages (`RTEXT_FILTER_SKIP_STATS`).
const SKIP_STATS: [u8; 4] = 8u32.to_ne_bytes();
const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
/// Longest name of a link in bytes (`IFNAMSIZ` less its NUL).
pub(crate) const LONGEST_NAME: usize = 15;

/// Asks the kernel about links, addresses, routes and namespaces, and changes them; from any
/// thread, in the namespace it was opened in. After an error a dump may be left half read:
/// then open another one.
///
/// Each change is one request that the kernel acknowledges or refuses ([`Error::Change`]), and
/// takes CAP_NET_ADMIN.
pub struct RouteSocket(pub(crate) Netlink);

impl RouteSocket {
    /// A socket in the calling thread's namespace.
    ///
    /// # Errors
    /// [`Error::Socket`].
    pub fn here() -> Result<Self, Error> {
        let netlink = Netlink::here(NETLINK_ROUTE)?;
        // Older kernels do not know it; they ignore filters, which is checked below.
        let _ = netlink.socket.set_netlink_get_strict_chk(true);
        Ok(Self(netlink))
    }

    /// Every link of the namespace.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn links(&self) -> Result<Vec<Link>, Error> {
        self.0.dump(
            RTM_GETLINK,
            &[0; IFINFOMSG],
            &[(IFLA_EXT_MASK, &SKIP_STATS)],
            RTM_NEWLINK,
            rows::link,
        )
    }

    /// The links enslaved to `master`.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn links_of_master(&self, master: u32) -> Result<Vec<Link>, Error> {
        let filter = master.to_ne_bytes();
        let wanted = [(IFLA_EXT_MASK, &SKIP_STATS[..]), (IFLA_MASTER, &filter[..])];
        let mut links =
            self.0.dump(RTM_GETLINK, &[0; IFINFOMSG], &wanted, RTM_NEWLINK, rows::link)?;
        links.retain(|link| link.master == Some(master));
        Ok(links)
    }

    /// The links of a kind, as `vlan`. A kernel that does not know the kind, as its module was never needed,
    /// tells all links: what came is looked through.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn links_of_kind(&self, kind: &str) -> Result<Vec<Link>, Error> {
        let filter = nested(&[], &[(IFLA_INFO_KIND, kind.as_bytes())]);
        let wanted = [(IFLA_EXT_MASK, &SKIP_STATS[..]), (IFLA_LINKINFO, &filter[..])];
        let mut links =
            self.0.dump(RTM_GETLINK, &[0; IFINFOMSG], &wanted, RTM_NEWLINK, rows::link)?;
        links.retain(|link| link.kind.as_deref() == Some(kind));
        Ok(links)
    }

    /// One link by index; none if there is no such link.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn link(&self, ifindex: u32) -> Result<Option<Link>, Error> {
        if !is_index(ifindex) {
            return Ok(None);
        }
        let mut fixed = [0; IFINFOMSG];
        fixed[4..8].copy_from_slice(&ifindex.to_ne_bytes());
        self.one_link(&fixed, &[(IFLA_EXT_MASK, &SKIP_STATS)])
    }

    /// One link, by its index there, of the namespace that this one calls `nsid`; none if there is no such
    /// link.
    ///
    /// # Errors
    /// As the conversation fails; also without CAP_NET_ADMIN there, and where no namespace is called so.
    pub fn link_elsewhere(&self, ifindex: u32, nsid: i32) -> Result<Option<Link>, Error> {
        if !is_index(ifindex) {
            return Ok(None);
        }
        let mut fixed = [0; IFINFOMSG];
        fixed[4..8].copy_from_slice(&ifindex.to_ne_bytes());
        let there = nsid.to_ne_bytes();
        let wanted = [(IFLA_EXT_MASK, &SKIP_STATS[..]), (IFLA_TARGET_NETNSID, &there[..])];
        match self.0.ask(RTM_GETLINK, 0, &fixed, &wanted, RTM_NEWLINK, rows::link_there) {
            Ok(found) => Ok(of_namespace(nsid, found)?.into_iter().next()),
            Err(Error::Socket(error)) if error.raw_os_error() == Some(ENODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every link of the namespace that this one calls `nsid`. What they are enslaved to and stand on is told
    /// by its index there.
    ///
    /// # Errors
    /// As [`RouteSocket::link_elsewhere`].
    pub fn links_elsewhere(&self, nsid: i32) -> Result<Vec<Link>, Error> {
        let there = nsid.to_ne_bytes();
        let wanted = [(IFLA_EXT_MASK, &SKIP_STATS[..]), (IFLA_TARGET_NETNSID, &there[..])];
        let read = rows::link_there;
        of_namespace(nsid, self.0.dump(RTM_GETLINK, &[0; IFINFOMSG], &wanted, RTM_NEWLINK, read)?)
    }

    /// One link by name; none if there is no such link.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn link_named(&self, name: &str) -> Result<Option<Link>, Error> {
        if name.len() > LONGEST_NAME || name.contains('\0') {
            return Ok(None);
        }
        let name = [name.as_bytes(), &[0]].concat();
        self.one_link(&[0; IFINFOMSG], &[(IFLA_EXT_MASK, &SKIP_STATS), (IFLA_IFNAME, &name)])
    }

    fn one_link(&self, fixed: &[u8], wanted: &[(u16, &[u8])]) -> Result<Option<Link>, Error> {
        match self.0.ask(RTM_GETLINK, 0, fixed, wanted, RTM_NEWLINK, rows::link) {
            Ok(found) => Ok(found.into_iter().next()),
            Err(Error::Socket(error)) if error.raw_os_error() == Some(ENODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every address of the namespace.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn addresses(&self) -> Result<Vec<Address>, Error> {
        self.dump_addresses([0; IFADDRMSG])
    }

    /// Every address of one link; none if there is no such link.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn addresses_of(&self, ifindex: u32) -> Result<Vec<Address>, Error> {
        let mut fixed = [0; IFADDRMSG];
        fixed[4..].copy_from_slice(&ifindex.to_ne_bytes());
        match self.dump_addresses(fixed) {
            Ok(mut addresses) => {
                addresses.retain(|address| address.ifindex == ifindex);
                Ok(addresses)
            }
            Err(Error::Socket(error)) if error.raw_os_error() == Some(ENODEV) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn dump_addresses(&self, fixed: [u8; IFADDRMSG]) -> Result<Vec<Address>, Error> {
        let read = |body: &[u8]| Some(rows::address(body));
        let rows = self.0.dump(RTM_GETADDR, &fixed, &[], RTM_NEWADDR, read)?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// What this namespace calls `other`; none where it has no word for it yet.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn nsid_of(&self, other: &Netns) -> Result<Option<i32>, Error> {
        use std::os::fd::AsFd;
        let file = other.as_fd().as_raw_fd().to_ne_bytes();
        // struct rtgenmsg is one byte, padded to four.
        let read = |body: &[u8]| Some(rows::nsid(body));
        let found =
            self.0.ask(RTM_GETNSID, 0, &[0; 4], &[(NETNSA_FD, &file)], RTM_NEWNSID, read)?;
        Ok(found.into_iter().flatten().next())
    }

    /// Has this namespace call `other` something, if it does not yet: a
    /// [`LinkWatch`](crate::LinkWatch) hears only namespaces that have an id. It goes with `other`.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn assign_nsid(&self, other: &Netns) -> Result<(), Error> {
        use std::os::fd::AsFd;
        let file = other.as_fd().as_raw_fd().to_ne_bytes();
        let wanted = [(NETNSA_NSID, &ANY_NSID[..]), (NETNSA_FD, &file[..])];
        let what = format_args!("give an id to a namespace");
        match self.0.change(what, RTM_NEWNSID, 0, &[0; 4], &wanted) {
            Err(error) if error.errno() == Some(EEXIST) => Ok(()),
            other => other,
        }
    }
}

/// Links of the namespace that is called `nsid`. A kernel that does not know the question, before Linux 4.15,
/// answers it of the socket's own namespace, and does not say of which one.
fn of_namespace(nsid: i32, found: Vec<(Option<i32>, Link)>) -> Result<Vec<Link>, Error> {
    if found.iter().any(|(told, _)| *told != Some(nsid)) {
        return Err(Error::Malformed("a link of another namespace than was asked about"));
    }
    Ok(found.into_iter().map(|(_, link)| link).collect())
}

/// Whether a link can have it. The kernel takes others for "any" or "see its name".
pub(crate) fn is_index(ifindex: u32) -> bool {
    ifindex != 0 && i32::try_from(ifindex).is_ok()
}

//! Notifications that links or addresses changed (netlink(7), multicast groups of rtnetlink(7)).

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use netlink_sys::{Socket, protocols::NETLINK_ROUTE};
use rustix::io::Errno;

use crate::Error;
use crate::message::{HEADER, u16_at, u32_at};
use crate::netlink::KERNEL;
use crate::socket::{RTM_NEWADDR, RTM_NEWLINK};

const RTNLGRP_LINK: u32 = 1;
const RTNLGRP_IPV4_IFADDR: u32 = 5;
const RTNLGRP_IPV6_IFADDR: u32 = 9;
const RTNLGRP_NSID: u32 = 28;
const GROUPS: [u32; 4] = [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NSID];
const IFF_PROMISC: u32 = 0x100;
const IFF_ALLMULTI: u32 = 0x200;
/// Room for the head of a datagram, which has one notification; the kernel drops what does not fit.
const BUFFER: usize = 64;
const RTM_DELLINK: u16 = 17;
const RTM_DELADDR: u16 = 21;

/// Told by the kernel when links, addresses or the ids of namespaces change: a reason to look
/// again, and where, not what to see. Open it before the first look. Its descriptor is readable when
/// there is something to [`drain`](Self::drain).
#[derive(Debug)]
pub struct LinkWatch {
    socket: Socket,
}

/// What was waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// How many changes the kernel told of, without those of promiscuity.
    pub changes: usize,
    /// The links that these were changes of, or of addresses of theirs, by index. A watch of all
    /// namespaces hears of links of each.
    pub links: BTreeSet<u32>,
    /// How many were of something else, as the id of a namespace.
    pub others: usize,
    /// How often it told that a link takes all packets or no longer does, and that nothing else of it
    /// is different: some packet socket may have been opened or closed.
    pub promiscuity: usize,
    /// More happened than the kernel kept for us (`ENOBUFS`): anything may have changed.
    pub lost: bool,
}

impl LinkWatch {
    /// Watches the calling thread's namespace and, with `all_namespaces`, all those for which it has an
    /// id (`NETLINK_LISTEN_ALL_NSID`); that takes CAP_NET_BROADCAST.
    ///
    /// # Errors
    /// [`Error::Watch`]; [`Error::WatchAll`], permission denied where the capability is missing.
    pub fn here(all_namespaces: bool) -> Result<Self, Error> {
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(Error::Watch)?;
        if all_namespaces {
            socket.set_listen_all_namespaces(true).map_err(Error::WatchAll)?;
        }
        join(&mut socket).map_err(Error::Watch)?;
        Ok(Self { socket })
    }

    /// Takes all that is waiting, and waits for nothing.
    ///
    /// # Errors
    /// [`Error::Watch`], where the socket fails.
    pub fn drain(&self) -> Result<Drained, Error> {
        let mut drained = Drained::default();
        let mut buffer = Vec::with_capacity(BUFFER);
        loop {
            buffer.clear();
            match self.socket.recv_from(&mut buffer, 0) {
                // Others in the namespace can write to this socket too.
                Ok((_, sender)) if sender.port_number() == KERNEL => drained.add(&buffer),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(drained),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(Errno::NOBUFS.raw_os_error()) => {
                    drained.lost = true;
                }
                Err(error) => return Err(Error::Watch(error)),
            }
        }
    }
}

impl Drained {
    fn add(&mut self, notification: &[u8]) {
        if is_of_promiscuity(notification) {
            self.promiscuity += 1;
            return;
        }
        self.changes += 1;
        match link_of(notification) {
            Some(link) => drop(self.links.insert(link)),
            None => self.others += 1,
        }
    }
}

/// The link that a notification is about: `ifi_index` of struct ifinfomsg, or `ifa_index` of struct
/// ifaddrmsg, which stand at the same place (rtnetlink(7)).
fn link_of(notification: &[u8]) -> Option<u32> {
    let kind = u16_at(notification, 4)?;
    let of_link = [RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR].contains(&kind);
    if of_link { u32_at(notification, HEADER + 4) } else { None }
}

/// Whether `ifi_change` of struct ifinfomsg has no other flags than these: `dev_change_flags` and
/// `__dev_set_promiscuity` of net/core/dev.c tell of them alone, and of nothing that `ifi_flags` has not.
fn is_of_promiscuity(notification: &[u8]) -> bool {
    let is_link = u16_at(notification, 4) == Some(RTM_NEWLINK);
    let changed = u32_at(notification, HEADER + 12).unwrap_or(0);
    is_link && changed != 0 && changed & !(IFF_PROMISC | IFF_ALLMULTI) == 0
}

fn join(socket: &mut Socket) -> io::Result<()> {
    socket.set_non_blocking(true)?;
    socket.bind_auto()?;
    GROUPS.into_iter().try_for_each(|group| socket.add_membership(group))
}

impl AsFd for LinkWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for LinkWatch {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

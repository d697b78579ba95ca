//! Notifications that links or addresses changed (netlink(7), multicast groups of rtnetlink(7)).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use netlink_sys::{Socket, protocols::NETLINK_ROUTE};
use rustix::io::Errno;

use crate::Error;
use crate::netlink::KERNEL;

const RTNLGRP_LINK: u32 = 1;
const RTNLGRP_IPV4_IFADDR: u32 = 5;
const RTNLGRP_IPV6_IFADDR: u32 = 9;
const RTNLGRP_NSID: u32 = 28;
const GROUPS: [u32; 4] = [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NSID];
/// A datagram's content is not looked at; the kernel drops what does not fit.
const BUFFER: usize = 64;

/// Told by the kernel when links, addresses or the ids of namespaces change: a reason to look
/// again, not what to see. Open it before the first look. Its descriptor is readable when
/// there is something to [`drain`](Self::drain).
#[derive(Debug)]
pub struct LinkWatch {
    socket: Socket,
}

/// What was waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// How many changes the kernel told of.
    pub changes: usize,
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
                Ok((_, sender)) => {
                    drained.changes += usize::from(sender.port_number() == KERNEL);
                }
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

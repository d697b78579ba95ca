//! A NETLINK_ROUTE socket: belongs to the namespace it was opened in, whoever uses it.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use netlink_sys::{Socket, protocols::NETLINK_ROUTE};
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use crate::message::{self, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};
use crate::rows::{self, Address, IFINFOMSG, IFLA_EXT_MASK, IFLA_IFNAME, IFLA_MASTER, Link};
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
/// What the kernel fills at most in one datagram of a dump.
const BUFFER: usize = 64 * 1024;
/// The kernel answers at once; this only keeps a defect from hanging us.
const PATIENCE: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 8;
const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
/// The kernel's port number (netlink(7)).
pub(crate) const KERNEL: u32 = 0;
/// Longest name of a link in bytes (`IFNAMSIZ` less its NUL).
pub(crate) const LONGEST_NAME: usize = 15;

/// Asks the kernel about links, addresses, routes and namespaces, and changes them; from any
/// thread, in the namespace it was opened in. After an error a dump may be left half read:
/// then open another one.
///
/// Each change is one request that the kernel acknowledges or refuses ([`Error::Change`]), and
/// takes CAP_NET_ADMIN.
pub struct RouteSocket {
    pub(crate) socket: Socket,
    sequence: Cell<u32>,
    buffer: RefCell<Vec<u8>>,
}

impl RouteSocket {
    /// A socket in the calling thread's namespace.
    ///
    /// # Errors
    /// [`Error::Socket`].
    pub fn here() -> Result<Self, Error> {
        let open = || {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
            // Older kernels do not know it; they ignore filters, which is checked below.
            let _ = socket.set_netlink_get_strict_chk(true);
            Ok(socket)
        };
        let socket = open().map_err(Error::Socket)?;
        Ok(Self {
            socket,
            sequence: Cell::new(0),
            buffer: RefCell::new(Vec::with_capacity(BUFFER)),
        })
    }

    /// Every link of the namespace.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn links(&self) -> Result<Vec<Link>, Error> {
        self.dump(
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
            self.dump(RTM_GETLINK, &[0; IFINFOMSG], &wanted, RTM_NEWLINK, rows::link)?;
        links.retain(|link| link.master == Some(master));
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
        match self.ask(RTM_GETLINK, 0, fixed, wanted, RTM_NEWLINK, rows::link) {
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
        let rows =
            self.dump(RTM_GETADDR, &[0; 8], &[], RTM_NEWADDR, |body| Some(rows::address(body)))?;
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
        let found = self.ask(RTM_GETNSID, 0, &[0; 4], &[(NETNSA_FD, &file)], RTM_NEWNSID, read)?;
        Ok(found.into_iter().flatten().next())
    }

    /// Has this namespace call `other` something, if it does not yet: a
    /// [`LinkWatch`](crate::LinkWatch) hears only namespaces that have an id. It goes with `other`.
    ///
    /// # Errors
    /// [`Error::Change`].
    pub fn give_nsid(&self, other: &Netns) -> Result<(), Error> {
        use std::os::fd::AsFd;
        let file = other.as_fd().as_raw_fd().to_ne_bytes();
        let wanted = [(NETNSA_NSID, &ANY_NSID[..]), (NETNSA_FD, &file[..])];
        let what = format_args!("give an id to a namespace");
        match self.change(what, RTM_NEWNSID, 0, &[0; 4], &wanted) {
            Err(error) if error.errno() == Some(EEXIST) => Ok(()),
            other => other,
        }
    }

    /// A dump is asked for again when links changed while it was made.
    pub(crate) fn dump<T>(
        &self,
        kind: u16,
        fixed: &[u8],
        wanted: &[(u16, &[u8])],
        answer: u16,
        read: fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        for _ in 0..ATTEMPTS {
            match self.ask(kind, NLM_F_DUMP, fixed, wanted, answer, read) {
                Err(Error::Restless) => {}
                other => return other,
            }
        }
        Err(Error::Restless)
    }

    pub(crate) fn ask<T>(
        &self,
        kind: u16,
        flags: u16,
        fixed: &[u8],
        wanted: &[(u16, &[u8])],
        answer: u16,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        let request = message::request(kind, flags, sequence, fixed, wanted);
        self.socket.send(&request, 0).map_err(Error::Socket)?;
        let deadline = Instant::now() + PATIENCE;
        let (mut found, mut restless) = (Vec::new(), false);
        let mut buffer = self.buffer.borrow_mut();
        loop {
            self.receive(&mut buffer, deadline)?;
            for message in message::messages(&buffer) {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                restless |= message.flags & NLM_F_DUMP_INTR != 0;
                match message.kind {
                    NLMSG_DONE if restless => return Err(Error::Restless),
                    NLMSG_DONE => return dump_failed(message.body).map_or(Ok(found), Err),
                    NLMSG_ERROR => return refused(message.body).map_or(Ok(found), Err),
                    kind if kind == answer => {
                        found.push(read(message.body).ok_or(Error::Malformed("a row is cut off"))?);
                        if flags & NLM_F_DUMP == 0 {
                            return Ok(found);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// The kernel's next datagram. Others in the namespace can write to this socket too, a
    /// container with CAP_NET_ADMIN for one; what they write is no answer.
    pub(crate) fn receive(&self, buffer: &mut Vec<u8>, deadline: Instant) -> Result<(), Error> {
        while Instant::now() < deadline {
            buffer.clear();
            match self.socket.recv_from(buffer, 0) {
                Ok((_, sender)) if sender.port_number() == KERNEL => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(Error::Socket(error)),
            }
        }
        Err(Error::Socket(io::ErrorKind::TimedOut.into()))
    }
}

/// Whether a link can have it. The kernel takes others for "any" or "see its name".
pub(crate) fn is_index(ifindex: u32) -> bool {
    ifindex != 0 && i32::try_from(ifindex).is_ok()
}

/// A dump that fails half-way says so where it ends; without that its rows would pass as all.
pub(crate) fn dump_failed(body: &[u8]) -> Option<Error> {
    if body.is_empty() { None } else { refused(body) }
}

/// The error an NLMSG_ERROR carries; none for an acknowledgement.
fn refused(body: &[u8]) -> Option<Error> {
    match message::i32_at(body, 0) {
        Some(0) => None,
        Some(errno) => Some(Error::Socket(io::Error::from_raw_os_error(errno.saturating_neg()))),
        None => Some(Error::Malformed("an error is cut off")),
    }
}

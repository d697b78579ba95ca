//! A netlink conversation: one request at a time, and the kernel's answers to it (netlink(7)).

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use netlink_sys::Socket;
use rustix::net::RecvFlags;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use crate::Error;
use crate::message::{self, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};

/// What the kernel fills at most in one datagram of a dump.
const BUFFER: usize = 64 * 1024;
/// The kernel answers at once; this only keeps a defect from hanging us.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 8;
/// `MSG_DONTWAIT` of recv(2).
const AT_ONCE: i32 = RecvFlags::DONTWAIT.bits().cast_signed();
/// The kernel's port number (netlink(7)).
pub(crate) const KERNEL: u32 = 0;

/// A netlink socket of any protocol: belongs to the namespace it was opened in, whichever
/// thread uses it. After an error a dump may be left half read: then open another one.
pub(crate) struct Netlink {
    pub(crate) socket: Socket,
    sequence: Cell<u32>,
    buffer: RefCell<Vec<u8>>,
}

impl Netlink {
    /// A socket of `protocol` in the calling thread's namespace.
    pub(crate) fn here(protocol: isize) -> Result<Self, Error> {
        let open = || {
            let mut socket = Socket::new(protocol)?;
            socket.bind_auto()?;
            set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER_TIMEOUT))?;
            Ok(socket)
        };
        let socket = open().map_err(Error::Socket)?;
        let sequence = Cell::new(0);
        let buffer = RefCell::new(Vec::with_capacity(BUFFER));
        Ok(Self { socket, sequence, buffer })
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
                Err(Error::DumpInterrupted) => {}
                other => return other,
            }
        }
        Err(Error::DumpInterrupted)
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
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut found = Vec::new();
        let mut interrupted = false;
        let mut buffer = self.buffer.borrow_mut();
        loop {
            self.receive(&mut buffer, deadline)?;
            for message in message::messages(&buffer) {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                match message.kind {
                    NLMSG_DONE if interrupted => return Err(Error::DumpInterrupted),
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
    /// container with CAP_NET_ADMIN for one; what they write is no answer. Where this program was
    /// stopped meanwhile, the time is over and the answer there: it is looked for once more.
    pub(crate) fn receive(&self, buffer: &mut Vec<u8>, deadline: Instant) -> Result<(), Error> {
        loop {
            let is_over = Instant::now() >= deadline;
            let flags = if is_over { AT_ONCE } else { 0 };
            buffer.clear();
            match self.socket.recv_from(buffer, flags) {
                Ok((_, sender)) if sender.port_number() == KERNEL => return Ok(()),
                Ok(_) if is_over => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(Error::Socket(error)),
            }
        }
        Err(Error::Socket(io::ErrorKind::TimedOut.into()))
    }

    /// One request that changes something, and its acknowledgement.
    pub(crate) fn change(
        &self,
        what: fmt::Arguments<'_>,
        kind: u16,
        flags: u16,
        fixed: &[u8],
        attributes: &[(u16, &[u8])],
    ) -> Result<(), Error> {
        let flags = flags | NLM_F_ACK;
        match self.ask(kind, flags, fixed, attributes, NLMSG_ERROR, |_| Some(())) {
            Ok(_) => Ok(()),
            Err(Error::Socket(source)) => Err(refusal(what, source)),
            Err(other) => Err(other),
        }
    }
}

pub(crate) fn refusal(what: fmt::Arguments<'_>, source: io::Error) -> Error {
    Error::Change { what: what.to_string(), source }
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

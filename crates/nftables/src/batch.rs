//! A batch: messages that the kernel carries out all, or none of them.

use std::io;
use std::time::Duration;

use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_NETFILTER;
use rustix::io::Errno;
use rustix::net::sockopt::{
    Timeout, set_socket_send_buffer_size, set_socket_send_buffer_size_force, set_socket_timeout,
    socket_send_buffer_size,
};

use crate::bytes::{Attributes, errors, message};
use crate::table::{Chain, Hook, Table};
use crate::{Error, expression};

/// The kernel answers at once; this only keeps a defect from hanging the caller.
pub(crate) const NETLINK_TIMEOUT: Duration = Duration::from_secs(5);

/// So much of a socket's buffer is for what comes with a message, at most.
const SENDING: usize = 4 << 10;

pub(crate) const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;

/// The subsystem, `NFNL_SUBSYS_NFTABLES` of linux/netfilter/nfnetlink.h.
pub(crate) const NFTABLES: u8 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEW_TABLE: u16 = 0;
const DELETE_TABLE: u16 = 2;
const NEW_CHAIN: u16 = 3;
const NEW_RULE: u16 = 6;

/// `NFPROTO_INET` of linux/netfilter.h.
const INET: u8 = 1;

const NFTA_TABLE_NAME: u16 = 1;

/// Puts a table in place of the one that had its name in the calling thread's network namespace, or
/// makes it. Takes CAP_NET_ADMIN.
///
/// # Errors
/// [`Error`]; the table is as it was before.
pub fn replace(table: &Table) -> Result<(), Error> {
    let mut batch = Batch::default();
    batch.delete_table(&table.name);
    batch.add(NEW_TABLE, NLM_F_CREATE, named(&table.name));
    for chain in &table.chains {
        batch.add(NEW_CHAIN, NLM_F_CREATE, self::chain(&table.name, chain));
        for rule in &chain.rules {
            let name = place(chain.hook).name;
            let attributes = Attributes::new().text(NFTA_RULE_TABLE, &table.name);
            let attributes = attributes.text(NFTA_RULE_CHAIN, name);
            let attributes = attributes.nested(NFTA_RULE_EXPRESSIONS, &expression::of(rule));
            batch.add(NEW_RULE, NLM_F_CREATE | NLM_F_APPEND, attributes);
        }
    }
    batch.carry_out(&table.name)
}

const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;

/// Removes the table of this name; well if there is none, as in a kernel without nftables.
///
/// # Errors
/// [`Error`].
pub fn remove(name: &str) -> Result<(), Error> {
    let mut batch = Batch::default();
    batch.delete_table(name);
    match batch.carry_out(name) {
        Err(error) if error.is_unknown_to_kernel() => Ok(()),
        other => other,
    }
}

impl Error {
    /// Whether the kernel says that it knows of no tables, or not of this one or of what a rule needs.
    pub fn is_unknown_to_kernel(&self) -> bool {
        let (said, meanings) = match self {
            Self::Socket(source) => (source, &[Errno::PROTONOSUPPORT, Errno::AFNOSUPPORT][..]),
            Self::Refused { source, .. } => (source, &[Errno::NOENT, Errno::OPNOTSUPP][..]),
        };
        let errno = said.raw_os_error();
        meanings.iter().any(|meaning| errno == Some(meaning.raw_os_error()))
    }
}

fn named(table: &str) -> Attributes {
    Attributes::new().text(NFTA_TABLE_NAME, table)
}

/// Number of a hook, and what a chain there is.
struct HookPlace {
    name: &'static str,
    hook: u32,
    kind: &'static str,
    priority: i32,
}

fn place(hook: Hook) -> HookPlace {
    // enum nf_inet_hooks and enum nf_ip_hook_priorities.
    let place = |name, hook, kind, priority| HookPlace { name, hook, kind, priority };
    match hook {
        Hook::Prerouting => place("prerouting", 0, "nat", -100),
        Hook::Forward => place("forward", 2, "filter", 0),
        Hook::Output => place("output", 3, "nat", -100),
        Hook::Postrouting => place("postrouting", 4, "nat", 100),
    }
}

fn chain(table: &str, chain: &Chain) -> Attributes {
    const NFTA_CHAIN_TABLE: u16 = 1;
    const NFTA_CHAIN_NAME: u16 = 3;
    const NFTA_CHAIN_HOOK: u16 = 4;
    const NFTA_CHAIN_POLICY: u16 = 5;
    const NFTA_CHAIN_TYPE: u16 = 7;
    const NFTA_HOOK_HOOKNUM: u16 = 1;
    const NFTA_HOOK_PRIORITY: u16 = 2;
    const NF_ACCEPT: u32 = 1;
    let place = place(chain.hook);
    let hook = Attributes::new()
        .number(NFTA_HOOK_HOOKNUM, place.hook)
        .number(NFTA_HOOK_PRIORITY, place.priority.cast_unsigned());
    Attributes::new()
        .text(NFTA_CHAIN_TABLE, table)
        .text(NFTA_CHAIN_NAME, place.name)
        .nested(NFTA_CHAIN_HOOK, &hook)
        .number(NFTA_CHAIN_POLICY, NF_ACCEPT)
        .text(NFTA_CHAIN_TYPE, place.kind)
}

/// Kind, flags and content of each message.
#[derive(Default)]
struct Batch(Vec<(u16, u16, Attributes)>);

impl Batch {
    fn add(&mut self, kind: u16, flags: u16, attributes: Attributes) {
        self.0.push((u16::from(NFTABLES) << 8 | kind, flags | NLM_F_REQUEST, attributes));
    }

    /// A table that is not there cannot be deleted, so it is made first.
    fn delete_table(&mut self, name: &str) {
        self.add(NEW_TABLE, NLM_F_CREATE, named(name));
        self.add(DELETE_TABLE, 0, named(name));
    }

    fn carry_out(mut self, table: &str) -> Result<(), Error> {
        // The kernel tells of each message that it refuses; of what it does only where that is asked.
        if let Some((_, flags, _)) = self.0.last_mut() {
            *flags |= NLM_F_ACK;
        }
        match self.converse() {
            Ok(0) => Ok(()),
            Ok(error) => {
                let source = io::Error::from_raw_os_error(error.saturating_neg());
                Err(Error::Refused { table: table.to_owned(), source })
            }
            Err(error) => Err(Error::Socket(error)),
        }
    }

    /// The messages in one, numbered from 1 on.
    fn bytes(&self) -> Vec<u8> {
        let (subsystem, none) = ([0, 0, 0, NFTABLES], Attributes::new);
        let mut bytes = message(BATCH_BEGIN, NLM_F_REQUEST, 0, subsystem, &none());
        let mut sequence = 0;
        for (kind, flags, attributes) in &self.0 {
            sequence += 1;
            bytes.extend(message(*kind, *flags, sequence, [INET, 0, 0, 0], attributes));
        }
        bytes.extend(message(BATCH_END, NLM_F_REQUEST, sequence + 1, subsystem, &none()));
        bytes
    }

    /// The first error; 0 where all of it was done.
    fn converse(&self) -> io::Result<i32> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        set_socket_timeout(&socket, Timeout::Recv, Some(NETLINK_TIMEOUT))?;
        // Each message may be refused, and the first refusal is what counts: it does not matter that there is no
        // room for the last.
        socket.set_no_enobufs(true)?;
        let bytes = self.bytes();
        make_room(&socket, bytes.len());
        socket.send(&bytes, 0)?;
        let mut buffer = Vec::with_capacity(64 << 10);
        loop {
            buffer.clear();
            let (_, sender) = socket.recv_from(&mut buffer, 0)?;
            if sender.port_number() != 0 {
                // Not the kernel's word.
                continue;
            }
            let told = errors(&buffer);
            if let Some((_, error)) = told.iter().find(|(_, error)| *error != 0) {
                return Ok(*error);
            }
            if told.iter().any(|(sequence, _)| *sequence as usize == self.0.len()) {
                return Ok(0);
            }
        }
    }
}

/// Lets a socket send so many bytes at once: a batch cannot be sent in parts, and the kernel refuses what is
/// longer than the socket's buffer, however much room there is. Where the buffer cannot be made as large,
/// sending says so.
fn make_room(socket: &Socket, length: usize) {
    // The kernel takes twice of what it is told, and some of it for itself (netlink_sendmsg,
    // net/netlink/af_netlink.c).
    let room = length.saturating_add(SENDING);
    if socket_send_buffer_size(socket).is_ok_and(|size| size >= room) {
        return;
    }
    // More than net.core.wmem_max takes CAP_NET_ADMIN in the first user namespace.
    let forced = set_socket_send_buffer_size_force(socket, room);
    let _ = forced.or_else(|_| set_socket_send_buffer_size(socket, room));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_room_for_what_it_is_to_send() {
        let size = |length| {
            let socket = Socket::new(NETLINK_NETFILTER).unwrap();
            let before = socket_send_buffer_size(&socket).unwrap();
            make_room(&socket, length);
            (before, socket_send_buffer_size(&socket).unwrap())
        };
        let (before, after) = size(100);
        assert_eq!(before, after, "it has enough");
        let (before, after) = size(before);
        assert!(after > before, "{after}");
    }

    #[test]
    fn a_kernel_without_nftables_has_no_table() {
        let io = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        let refused = |errno| Error::Refused { table: "example".to_owned(), source: io(errno) };
        for errno in [Errno::NOENT, Errno::OPNOTSUPP] {
            assert!(refused(errno).is_unknown_to_kernel(), "{errno}");
        }
        assert!(Error::Socket(io(Errno::PROTONOSUPPORT)).is_unknown_to_kernel());
        for errno in [Errno::PERM, Errno::BUSY, Errno::AGAIN, Errno::MSGSIZE] {
            for error in [refused(errno), Error::Socket(io(errno))] {
                assert!(!error.is_unknown_to_kernel(), "{errno}");
            }
        }
    }
}

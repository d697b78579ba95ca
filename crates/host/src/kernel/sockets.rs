//! The packet sockets of the switch's namespace, and which of them are vswitchd's.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use model::ids::Ifindex;
use model::snapshot::{Namespace, VswitchdSockets};
use netns::{Netns, PacketSocket};

use super::rows::id;
use crate::identity::sockets::{opened_by, sockets_of};

/// The stack of a thread that reads, in bytes: some nested calls, and no large value on it.
const STACK: usize = 128 * 1024;

/// Tells which packet sockets are vswitchd's.
#[derive(Debug, Default)]
pub(crate) struct SocketOwner {
    /// Its process, where that is known.
    vswitchd: Option<u32>,
    /// What was found out, by inode: whose a socket is does not change while it is open.
    known: Mutex<KnownSockets>,
}

#[derive(Debug, Default)]
struct KnownSockets {
    own: BTreeSet<u64>,
    of_others: BTreeSet<u64>,
    /// Asked for once, and not found: a socket is there a moment before its descriptor.
    not_found: BTreeSet<u64>,
}

impl SocketOwner {
    pub(crate) fn of(vswitchd: Option<u32>) -> Self {
        Self { vswitchd, known: Mutex::default() }
    }

    /// The same once all that it had open was read: only what came since is looked for.
    pub(crate) fn after(SocketsAhead { vswitchd, reader }: SocketsAhead) -> Self {
        let own = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        let known = KnownSockets { own, ..KnownSockets::default() };
        Self { vswitchd, known: Mutex::new(known) }
    }

    /// None where vswitchd has ended, or its descriptors may not be read.
    fn own(&self, all: &[PacketSocket]) -> Option<VswitchdSockets> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let vswitchd = self.vswitchd?;
        known.update(all, |sockets| opened_by(vswitchd, sockets).ok())?;
        let own = || all.iter().filter(|socket| known.own.contains(&socket.inode));
        let lost = own().filter(|socket| socket.link.is_none()).count();
        Some(VswitchdSockets { links: links(own()), lost })
    }
}

/// The sockets of vswitchd, which a thread reads while sources are waited for: it has a descriptor or two for each
/// port, and each is one call.
pub(crate) struct SocketsAhead {
    vswitchd: Option<u32>,
    /// None where there is no process, or no thread to be had.
    reader: Option<JoinHandle<BTreeSet<u64>>>,
}

impl SocketsAhead {
    /// Of this process, if it is known.
    pub(crate) fn read(vswitchd: Option<u32>) -> Self {
        let read = |pid| move || sockets_of(pid).unwrap_or_default();
        let start = |pid| thread::Builder::new().stack_size(STACK).spawn(read(pid)).ok();
        Self { vswitchd, reader: vswitchd.and_then(start) }
    }
}

impl KnownSockets {
    /// Asks which of these sockets vswitchd has open only where one was not there before.
    fn update(
        &mut self,
        all: &[PacketSocket],
        open: impl Fn(&BTreeSet<u64>) -> Option<BTreeSet<u64>>,
    ) -> Option<()> {
        let there: BTreeSet<_> = all.iter().map(|socket| socket.inode).collect();
        self.own.retain(|inode| there.contains(inode));
        self.of_others.retain(|inode| there.contains(inode));
        let is_known = |inode: &u64| self.own.contains(inode) || self.of_others.contains(inode);
        let new: BTreeSet<_> = there.into_iter().filter(|inode| !is_known(inode)).collect();
        if !new.is_empty() {
            let own = open(&new)?;
            let not_own = new.difference(&own).copied();
            let (twice, once): (BTreeSet<_>, _) =
                not_own.partition(|inode| self.not_found.contains(inode));
            self.own.extend(own);
            self.of_others.extend(twice);
            self.not_found = once;
        }
        Some(())
    }
}

/// Notes in the switch's rows which links packet sockets listen to, and which of them are vswitchd's.
/// After the ports were read: what has a number then is open.
pub(crate) fn read_packet_sockets(
    switch: &Netns,
    owner: &SocketOwner,
    mut rows: Vec<&mut Namespace>,
) {
    rows.retain(|row| row.id == id(switch));
    if rows.is_empty() {
        return;
    }
    let read = netns::visit(&[switch], |_, _| Ok(Sockets::read(owner)));
    for sockets in read.into_iter().flatten() {
        for here in &mut rows {
            sockets.note(here);
        }
    }
}

/// What is noted in a namespace's row; none where it cannot be told.
pub(super) struct Sockets {
    links: Option<BTreeSet<Ifindex>>,
    of_vswitchd: Option<VswitchdSockets>,
}

impl Sockets {
    /// Those of the namespace that the calling thread is in.
    pub(super) fn read(owner: &SocketOwner) -> Self {
        let all = netns::packet_sockets().ok();
        let links = all.as_ref().map(|all| links(all.iter()));
        Self { links, of_vswitchd: all.and_then(|all| owner.own(&all)) }
    }

    pub(super) fn note(&self, here: &mut Namespace) {
        here.packet_sockets.clone_from(&self.links);
        here.vswitchd_sockets.clone_from(&self.of_vswitchd);
    }
}

fn links<'a>(sockets: impl Iterator<Item = &'a PacketSocket>) -> BTreeSet<Ifindex> {
    sockets.filter_map(|socket| socket.link).map(Ifindex).collect()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use super::{BTreeSet, KnownSockets, PacketSocket, SocketOwner, SocketsAhead};

    /// Which sockets are known for vswitchd's after a look in which there are these, and it has `open`.
    fn own(known: &mut KnownSockets, sockets: &[u64], open: &[u64]) -> Vec<u64> {
        let all: Vec<_> =
            sockets.iter().map(|inode| PacketSocket { link: Some(1), inode: *inode }).collect();
        let open: BTreeSet<u64> = open.iter().copied().collect();
        known.update(&all, |asked| Some(asked.intersection(&open).copied().collect())).unwrap();
        known.own.iter().copied().collect()
    }

    #[test]
    fn a_socket_that_has_no_descriptor_yet_is_looked_for_once_more() {
        let mut known = KnownSockets::default();
        assert!(own(&mut known, &[1, 2], &[]).is_empty());
        assert_eq!(own(&mut known, &[1, 2], &[1, 2]), [1, 2]);
        assert_eq!(own(&mut known, &[1, 2], &[]), [1, 2], "they are open still");
        let mut known = KnownSockets::default();
        assert!(own(&mut known, &[1, 2], &[]).is_empty());
        assert!(own(&mut known, &[1, 2], &[]).is_empty());
        assert!(own(&mut known, &[1, 2], &[1, 2]).is_empty(), "they are another process's");
        assert!(own(&mut known, &[1], &[1, 2]).is_empty());
        assert_eq!(own(&mut known, &[1, 2], &[1, 2]), [2], "another socket by then");
    }

    #[test]
    fn what_was_read_ahead_is_known_and_what_came_since_is_looked_for() {
        let inode_of = |socket: &UdpSocket| -> u64 {
            let path = format!("/proc/self/fd/{}", socket.as_raw_fd());
            let target = std::fs::read_link(path).unwrap().to_string_lossy().into_owned();
            target.strip_prefix("socket:[").unwrap().strip_suffix(']').unwrap().parse().unwrap()
        };
        let before = UdpSocket::bind("127.0.0.1:0").unwrap();
        let owner = SocketOwner::after(SocketsAhead::read(Some(std::process::id())));
        assert!(owner.known.lock().unwrap().own.contains(&inode_of(&before)));
        let since = UdpSocket::bind("127.0.0.1:0").unwrap();
        let row = |link, inode| PacketSocket { link: Some(link), inode };
        let all = [row(1, inode_of(&before)), row(2, inode_of(&since)), row(3, 1)];
        let own = owner.own(&all).unwrap();
        let links: Vec<_> = own.links.iter().map(|link| link.0).collect();
        assert_eq!((links, own.lost), (vec![1, 2], 0), "the third is another process's");
        assert!(SocketOwner::after(SocketsAhead::read(None)).own(&all).is_none());
    }

    #[test]
    fn where_descriptors_may_not_be_read_nothing_is_known() {
        let all = [PacketSocket { link: Some(1), inode: 1 }];
        assert_eq!(KnownSockets::default().update(&all, |_| None), None);
    }
}

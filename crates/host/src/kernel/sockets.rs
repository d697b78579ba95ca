//! The packet sockets of the switch's namespace, and which of them are vswitchd's.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use model::ids::Ifindex;
use model::snapshot::{Namespace, VswitchdSockets};
use netns::{Netns, PacketSocket};

use super::rows::id;
use crate::identity::sockets::open_sockets;

/// Tells which packet sockets are vswitchd's.
#[derive(Debug, Default)]
pub(crate) struct SocketOwner {
    /// Its process, where that is known.
    vswitchd: Option<u32>,
    /// What was found out, by inode: whose a socket is does not change while it is open.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    own: BTreeSet<u64>,
    of_others: BTreeSet<u64>,
}

impl SocketOwner {
    pub(crate) fn of(vswitchd: Option<u32>) -> Self {
        Self { vswitchd, known: Mutex::default() }
    }

    /// None where vswitchd has ended, or its descriptors may not be read.
    fn own(&self, all: &[PacketSocket]) -> Option<VswitchdSockets> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.update(all, self.vswitchd?)?;
        let own = || all.iter().filter(|socket| known.own.contains(&socket.inode));
        let lost = own().filter(|socket| socket.link.is_none()).count();
        Some(VswitchdSockets { links: links(own()), lost })
    }
}

impl Known {
    /// Reads the descriptors of `vswitchd` only for a socket that was not there before.
    fn update(&mut self, all: &[PacketSocket], vswitchd: u32) -> Option<()> {
        let there: BTreeSet<_> = all.iter().map(|socket| socket.inode).collect();
        let is_known = |inode: &u64| self.own.contains(inode) || self.of_others.contains(inode);
        if there.iter().all(is_known) {
            self.own.retain(|inode| there.contains(inode));
            self.of_others.retain(|inode| there.contains(inode));
        } else {
            let open = open_sockets(vswitchd).ok()?;
            (self.own, self.of_others) = there.into_iter().partition(|inode| open.contains(inode));
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

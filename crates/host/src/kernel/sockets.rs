//! The packet sockets of the switch's namespace, and which of them are vswitchd's.

use std::collections::BTreeSet;

use model::ids::Ifindex;
use model::snapshot::{Namespace, VswitchdSockets};
use netns::{Netns, PacketSocket};

use super::rows::id;
use crate::identity::process::open_sockets;

/// Notes in the switch's row which links packet sockets listen to, and which of them are those of
/// vswitchd, the process `vswitchd`. After the ports were read: what has a number then is open.
pub(crate) fn read_packet_sockets(switch: &Netns, vswitchd: Option<u32>, rows: &mut [Namespace]) {
    let Some(here) = rows.iter_mut().find(|row| row.id == id(switch)) else { return };
    let read = netns::visit(&[switch], |_, _| Ok(Sockets::read(vswitchd)));
    read.into_iter().flatten().for_each(|sockets| sockets.note(here));
}

/// What is noted in a namespace's row; none where it cannot be told.
pub(super) struct Sockets {
    links: Option<BTreeSet<Ifindex>>,
    of_vswitchd: Option<VswitchdSockets>,
}

impl Sockets {
    /// Those of the namespace that the calling thread is in.
    pub(super) fn read(vswitchd: Option<u32>) -> Self {
        let all = netns::packet_sockets().ok();
        let links = all.as_ref().map(|all| links(all.iter()));
        Self { links, of_vswitchd: all.zip(vswitchd).and_then(|(all, pid)| of_process(&all, pid)) }
    }

    pub(super) fn note(self, here: &mut Namespace) {
        (here.packet_sockets, here.vswitchd_sockets) = (self.links, self.of_vswitchd);
    }
}

/// None where the process has ended, or its descriptors may not be read.
fn of_process(all: &[PacketSocket], pid: u32) -> Option<VswitchdSockets> {
    let open = open_sockets(pid).ok()?;
    let own = || all.iter().filter(|socket| open.contains(&socket.inode));
    let lost = own().filter(|socket| socket.link.is_none()).count();
    Some(VswitchdSockets { links: links(own()), lost })
}

fn links<'a>(sockets: impl Iterator<Item = &'a PacketSocket>) -> BTreeSet<Ifindex> {
    sockets.filter_map(|socket| socket.link).map(Ifindex).collect()
}

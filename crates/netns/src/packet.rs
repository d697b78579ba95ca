//! The links that packet sockets are bound to (packet(7), proc_pid_net(5)).

use std::io;

/// A packet socket that is, or was, bound to one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketSocket {
    /// The index of its link; none once that was deleted or moved to another namespace.
    pub link: Option<u32>,
    /// The socket's inode, by which its owner's descriptors name it: `socket:[INODE]`.
    pub inode: u64,
}

/// The packet sockets that are bound to one link, in the namespace of the calling thread: inside
/// [`visit`](crate::visit), in the one that is visited. Only of interest on this machine, where the
/// userspace datapath of Open vSwitch has one for each of its system ports.
///
/// # Errors
/// Where /proc is not mounted, or the kernel has no packet sockets.
pub fn packet_sockets() -> io::Result<Vec<PacketSocket>> {
    // Not /proc/net: that is the namespace of the process's first thread.
    std::fs::read_to_string("/proc/thread-self/net/packet").map(|text| bound(&text))
}

pub(crate) fn bound(text: &str) -> Vec<PacketSocket> {
    text.lines().skip(1).filter_map(row).collect()
}

/// A row below the header. The index is -1 for a socket whose link is gone (`packet_notifier` of
/// net/packet/af_packet.c), 0 for one that listens to all.
fn row(text: &str) -> Option<PacketSocket> {
    let mut fields = text.split_whitespace().skip(4);
    let index: i64 = fields.next()?.parse().ok()?;
    let inode = fields.nth(3)?.parse().ok()?;
    let link = u32::try_from(index).ok();
    (index != 0).then_some(PacketSocket { link, inode })
}

#[cfg(test)]
mod tests {
    use super::{PacketSocket, bound};

    #[test]
    fn a_socket_whose_link_is_gone_listens_to_nothing() {
        let text = "\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
000000004698aced 2      3    0000   0     0 0      0      47826
000000004906e18e 3      3    0003   1073  1 0      0      683512
0000000053542578 2      3    0003   -1    0 0      0      683513
";
        let listens = PacketSocket { link: Some(1073), inode: 683_512 };
        assert_eq!(bound(text), [listens, PacketSocket { link: None, inode: 683_513 }]);
        assert!(bound("").is_empty());
    }
}

//! The links that packet sockets are bound to (packet(7), proc_pid_net(5)).

use std::collections::BTreeSet;
use std::io;

/// The indexes of the links that a packet socket is bound to, in the namespace of the calling
/// thread: inside [`visit`](crate::visit), in the one that is visited. Only of interest on this
/// machine, where the userspace datapath of Open vSwitch has one for each of its system ports.
///
/// # Errors
/// Where /proc is not mounted, or the kernel has no packet sockets.
pub fn packet_socket_links() -> io::Result<BTreeSet<u32>> {
    // Not /proc/net: that is the namespace of the process's first thread.
    std::fs::read_to_string("/proc/thread-self/net/packet").map(|text| bound(&text))
}

/// The fifth column, below its header; -1 for a socket whose link is gone, 0 for one that
/// listens to all.
fn bound(text: &str) -> BTreeSet<u32> {
    let fields = text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(4));
    fields.filter_map(|index| index.parse().ok()).filter(|index| *index != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::bound;

    #[test]
    fn a_socket_whose_link_is_gone_listens_to_nothing() {
        let text = "\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
000000004698aced 2      3    0000   0     0 0      0      47826
000000004906e18e 3      3    0003   1073  1 0      0      683512
0000000053542578 2      3    0003   -1    0 0      0      683513
";
        assert_eq!(bound(text), [1073].into());
        assert!(bound("").is_empty());
    }
}

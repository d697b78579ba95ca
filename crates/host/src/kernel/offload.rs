//! Which links send TCP and UDP with unfinished checksums.

use std::sync::Arc;

use model::ids::NetnsId;
use model::snapshot::Link;
use netns::EthtoolSocket;

/// Whose offload is of interest: that of a link whose other end may be a port.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// In the namespace of a container.
    EveryVeth,
    /// In the switch's: the other ends of the rest are inside containers.
    VethsWithin,
}

impl Of {
    pub(super) fn those_in(netns: NetnsId, switch: Option<NetnsId>) -> Self {
        if Some(netns) == switch { Self::VethsWithin } else { Self::EveryVeth }
    }

    fn fits(self, link: &Link) -> bool {
        let within = || link.peer.is_some_and(|peer| peer.nsid.is_none());
        link.is_paired() && (self == Self::EveryVeth || within())
    }
}

/// Notes it in these links of the namespace that the calling thread is in. Where it cannot be
/// told, by a kernel before Linux 5.6 for one, or of a link that has gone, nothing is noted.
pub(super) fn note(links: &mut [Arc<Link>], of: Of) {
    let mut wanted = links.iter_mut().filter(|link| of.fits(link)).peekable();
    if wanted.peek().is_none() {
        return;
    }
    let Ok(features) = EthtoolSocket::here() else { return };
    for link in wanted {
        let offload = features.tx_checksum_offload(link.ifindex.0);
        Arc::make_mut(link).tx_checksum_offload = offload.ok();
    }
}

//! Whether the kernel of a namespace takes what comes in by a link, by its routes.

use std::io;

use model::Snapshot;
use model::ids::NetnsId;
use model::route::IntakeQuestion;
use netns::{Error, RouteSocket, RouteType};
use rustix::io::Errno;

use crate::Host;

/// What the kernel tells of a packet that it does not take: one from an address that none comes from, one that `rp_filter`
/// refuses, and what rules and routes refuse (`ip_route_input_slow` of net/ipv4/route.c).
const REFUSALS: [Errno; 5] =
    [Errno::INVAL, Errno::XDEV, Errno::HOSTUNREACH, Errno::NETUNREACH, Errno::ACCESS];

impl Host {
    /// Whether the kernel of a namespace of `snapshot` takes a packet as its own, by all rules and tables there; none where
    /// that cannot be told. Nothing is sent.
    pub fn is_taken(
        &self,
        snapshot: &Snapshot,
        netns: NetnsId,
        asked: &IntakeQuestion,
    ) -> Option<bool> {
        let space = self.namespace_of(snapshot, netns)?;
        let told = netns::visit(&[&space], |_, socket| is_taken(socket, asked));
        told.into_iter().next()?.ok().flatten()
    }
}

fn is_taken(socket: &RouteSocket, asked: &IntakeQuestion) -> Result<Option<bool>, Error> {
    match socket.route_in(asked.to, asked.from, asked.by.0) {
        Ok(taken) => Ok(taken.map(|taken| is_own(taken.kind))),
        Err(Error::Socket(error)) if is_refusal(&error) => Ok(Some(false)),
        Err(error) => Err(error),
    }
}

/// Whether what has such a route stays: all else is sent on, or dropped.
const fn is_own(kind: RouteType) -> bool {
    matches!(kind, RouteType::Local | RouteType::Broadcast | RouteType::Multicast)
}

fn is_refusal(error: &io::Error) -> bool {
    REFUSALS.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_on_or_dropped_is_not_taken() {
        use RouteType::{Blackhole, Broadcast, Local, Multicast, Prohibit, Unicast, Unreachable};
        assert!([Local, Broadcast, Multicast].into_iter().all(is_own));
        assert!(![Unicast, Blackhole, Unreachable, Prohibit].into_iter().any(is_own));
    }

    /// What says nothing of the packet, as that the link is gone, refuses none.
    #[test]
    fn an_error_of_the_question_is_no_refusal() {
        let is = |errno: Errno| is_refusal(&io::Error::from_raw_os_error(errno.raw_os_error()));
        assert!(is(Errno::INVAL) && is(Errno::XDEV));
        assert!(!is(Errno::NODEV) && !is(Errno::MSGSIZE) && !is(Errno::PERM));
    }
}

//! Whether the namespace that a container is in is the host's own.

use model::ids::NetnsId;
use model::snapshot::Container;

use crate::identity::process::Process;

/// The network namespace of this host.
pub(super) struct HostNetns {
    /// Its first process's, where that may be looked at.
    first: Option<NetnsId>,
    /// This program's, which may have been given another one.
    own: Option<NetnsId>,
}

impl HostNetns {
    pub(super) fn read() -> Self {
        let of = |pid| {
            let (dev, ino) = Process::open(pid).and_then(|process| process.netns_file()).ok()?;
            Some(NetnsId { dev, ino })
        };
        Self { first: of(1), own: of(std::process::id()) }
    }

    /// Says in a row whether the container has the host's network. That is told by the namespace, and not by the
    /// words that it was made with: one that joins another container's says nothing of what that one has.
    pub(super) fn note_in(&self, row: &mut Container, netns: NetnsId) {
        let here = Some(netns);
        if here == self.first {
            "host".clone_into(&mut row.network_mode);
        } else if row.on_host_network() && here != self.own {
            // Its engine's host is a container, or a user's namespace: it has what that one has.
            row.network_mode.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::ids::ContainerId;
    use netns::Netns;

    use super::*;
    use crate::kernel;

    fn noted(host: &HostNetns, mode: &str, netns: NetnsId) -> String {
        let mut row = Container {
            id: ContainerId("c".into()),
            name: "c".into(),
            state: "running".to_owned(),
            pid: Some(7),
            netns: None,
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: mode.to_owned(),
            labels: BTreeMap::new(),
        };
        host.note_in(&mut row, netns);
        row.network_mode
    }

    #[test]
    fn what_has_the_hosts_namespace_is_on_the_hosts_network_whatever_it_was_made_with() {
        let [first, own, other] = [1, 2, 3].map(|ino| NetnsId { dev: 4, ino });
        let host = HostNetns { first: Some(first), own: Some(own) };
        for mode in ["host", "container:h", "ns:/proc/1/ns/net", ""] {
            assert_eq!(noted(&host, mode, first), "host", "{mode}");
        }
        assert_eq!(noted(&host, "host", other), "", "it is its engine's host");
        for mode in ["container:h", "bridge", ""] {
            assert_eq!(noted(&host, mode, other), mode);
            // This program may be in a container's namespace itself.
            assert_eq!(noted(&host, mode, own), mode);
        }
        assert_eq!(noted(&host, "host", own), "host");
        let unseen = HostNetns { first: None, own: Some(own) };
        for (mode, netns, told) in
            [("host", own, "host"), ("host", other, ""), ("container:h", own, "container:h")]
        {
            assert_eq!(noted(&unseen, mode, netns), told);
        }
    }

    #[test]
    fn the_namespace_of_the_first_process_is_the_hosts() {
        let host = HostNetns::read();
        let Ok(first) = Netns::of_process(1) else { return };
        assert_eq!(host.first, Some(kernel::id(&first)));
    }
}

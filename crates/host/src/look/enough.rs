//! Whether what was read is enough for an answer, or more has to be read.

use std::collections::{BTreeMap, BTreeSet};

use model::Look;
use model::evidence::Evidence;
use model::ids::{Ifindex, Name, NetnsId};
use model::snapshot::{Link, Namespace, Observed};
use model::switch::{Bridge, Port};
use model::wiring::{Attachment, AttachmentState};

/// The index of `lo` in each namespace, which no link of another one leads to (LOOPBACK_IFINDEX of
/// include/net/flow.h).
const LOOPBACK: Ifindex = Ifindex(1);

/// Whether it is not known of an interface that it is on a port: the way may go on by what was not read.
pub(super) fn lacks_a_port(look: &Look) -> bool {
    look.wiring.attachments.iter().any(|one| one.ports().is_empty())
}

/// Whether a look at one container or namespace leaves out what decides: what is like a port may not be the
/// only one, and vswitchd may listen to a link whose port the database calls otherwise.
pub(super) fn leaves_out(look: &Look) -> bool {
    let here = look.snapshot.switch_namespace();
    let is_heard = |found: &Evidence| match found {
        Evidence::VethPeer { ifindex, elsewhere: false, .. } => {
            here.and_then(|here| here.is_listened_to(*ifindex)) == Some(true)
        }
        _ => false,
    };
    let is_missed = |one: &Attachment| {
        one.port == AttachmentState::NotOnSwitch && one.evidence.iter().any(is_heard)
    };
    look.wiring.attachments.iter().any(|one| one.rests_on_likeness() || is_missed(one))
}

/// Whether a port seems to have a link of another name: only what vswitchd listens to tells that it
/// is not just an old index.
pub(super) fn is_index_doubtful<'b>(
    kernel: &Observed<Namespace>,
    mut bridges: impl Iterator<Item = &'b Bridge>,
) -> bool {
    let links = || kernel.rows().iter().flat_map(|row| &row.links);
    let other_name = |port: &Port| {
        let held =
            || links().any(|link| Some(link.ifindex) == port.ifindex && link.name != port.iface);
        port.kind == "system" && port.ifindex.is_some() && held()
    };
    bridges.any(|bridge| bridge.ports.iter().any(|port| other_name(port)))
}

/// Whether a veth ends on a link of the switch's namespace that seems to be no port and is enslaved to nothing:
/// only what vswitchd listens to tells that it is none.
pub(super) fn is_port_missed<'b>(
    kernel: &Observed<Namespace>,
    switch: Option<NetnsId>,
    bridges: impl Iterator<Item = &'b Bridge>,
) -> bool {
    let here = kernel.rows().iter().filter(|row| Some(row.id) == switch);
    let mut ends = here.flat_map(|row| &row.links);
    let names = port_names(bridges);
    ends.any(|link| link.is_paired() && link.master.is_none() && !is_called(link, &names))
}

/// Whether a link of the switch's namespace, among those that one container's lead to, leads on to another namespace,
/// which a look at that container leaves out. A member of a Linux bridge may be another container's: of these it is
/// asked whether anything goes on there. Where all of the switch's namespace was read, what it leads to was followed.
pub(super) fn leads_further(here: &Namespace) -> bool {
    if here.links.iter().any(|link| link.ifindex == LOOPBACK) {
        return false;
    }
    let bridges = here.links.iter().filter(|link| link.kind.as_deref() == Some("bridge"));
    let bridges: BTreeSet<_> = bridges.map(|bridge| bridge.ifindex).collect();
    let is_member = |link: &Link| link.master.is_some_and(|master| bridges.contains(&master));
    here.exits().any(|(link, _)| !link.is_paired() || !is_member(link))
}

/// Where the ways from another namespace end among the links of the switch's.
#[derive(Clone, Copy, Default)]
pub(super) struct Ways {
    /// One ends on a port, or on what a port is enslaved to.
    pub(super) to_port: bool,
    /// One ends on links that seem to be no ports: a link that stands on one of them may be.
    pub(super) open: bool,
}

impl Ways {
    pub(super) fn of<'b>(
        kernel: &Observed<Namespace>,
        switch: Option<NetnsId>,
        bridges: impl Iterator<Item = &'b Bridge>,
    ) -> Self {
        let here = kernel.rows().iter().find(|row| Some(row.id) == switch);
        let Some(here) = here else { return Self::default() };
        let names = port_names(bridges);
        let by_index: BTreeMap<_, _> = here.links.iter().map(|link| (link.ifindex, link)).collect();
        let is_port = |link: &Link| {
            let other = link.peer.filter(|peer| link.is_paired() && peer.nsid.is_none());
            let other = other.and_then(|peer| by_index.get(&peer.ifindex));
            let is_datapath = link.kind.as_deref() == Some("openvswitch");
            is_datapath
                || is_called(link, &names)
                || other.is_some_and(|other| is_called(other, &names))
        };
        // Masters that a port is or is enslaved to.
        let members = here.links.iter().filter(|link| is_port(link));
        let on_port: BTreeSet<_> =
            members.flat_map(|link| [Some(link.ifindex), link.master]).collect();
        let is_open = |end: &Link| {
            let mut at = Some(end);
            for _ in 0..by_index.len() {
                let Some(link) = at else { break };
                if on_port.contains(&Some(link.ifindex)) {
                    return false;
                }
                at = link.master.and_then(|master| by_index.get(&master)).map(|master| &***master);
            }
            true
        };
        let ends = here.links.iter().filter(|link| link.leads_to().is_some() && link.is_paired());
        ends.fold(Self::default(), |ways, end| {
            let open = is_open(end);
            Self { to_port: ways.to_port || !open, open: ways.open || open }
        })
    }
}

fn port_names<'b>(bridges: impl Iterator<Item = &'b Bridge>) -> BTreeSet<&'b Name> {
    bridges.flat_map(|bridge| &bridge.ports).map(|port| &port.iface).collect()
}

/// Whether a link has one of these names.
fn is_called(link: &Link, names: &BTreeSet<&Name>) -> bool {
    names.contains(&link.name) || link.altnames.iter().any(|name| names.contains(name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::ids::Nsid;
    use model::snapshot::Peer;

    use super::*;

    const HOME: NetnsId = NetnsId { dev: 4, ino: 1 };
    const SWITCH: NetnsId = NetnsId { dev: 4, ino: 2 };

    fn link(ifindex: u32, kind: &str, nsid: Option<i32>, master: Option<u32>) -> Arc<Link> {
        let kind = Some(kind.to_owned());
        let peer = Some(Peer { ifindex: Ifindex(2), nsid: nsid.map(Nsid) });
        let (ifindex, master) = (Ifindex(ifindex), master.map(Ifindex));
        Arc::new(Link { ifindex, kind, peer, master, ..Link::default() })
    }

    #[test]
    fn a_way_that_leaves_the_switchs_namespace_by_one_link_is_read_to_its_end() {
        let here = |links: &[Arc<Link>]| Namespace {
            nsids: [(Nsid(0), HOME)].into(),
            links: links.to_vec(),
            ..Namespace::empty(SWITCH, Vec::new())
        };
        let bridge = Arc::new(Link { peer: None, ..(*link(30, "bridge", None, None)).clone() });
        let (own, bond) = (link(20, "veth", Some(0), Some(30)), link(31, "bond", None, None));
        let plain = [own.clone(), bridge.clone(), link(21, "veth", Some(1), Some(30))];
        assert!(!leads_further(&here(&plain)), "another container's on the same Linux bridge");
        assert!(!leads_further(&here(&[own, link(22, "veth", None, None)])));
        assert!(leads_further(&here(&[link(21, "veth", Some(1), None)])), "a macvlan stands on it");
        assert!(leads_further(&here(&[bond, link(21, "veth", Some(1), Some(31))])), "of a bond");
        let further = [bridge, link(21, "macvlan", Some(1), Some(30))];
        assert!(leads_further(&here(&further)));
        let lo = Arc::new(Link { ifindex: LOOPBACK, ..Link::default() });
        assert!(!leads_further(&here(&[&further[..], &[lo]].concat())), "all of it was read");
    }
}

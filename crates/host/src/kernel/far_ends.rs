//! The namespaces that ports' veths lead to, where nothing goes on from there, and which processes are in them: who
//! is at a port, without reading any namespace but the switch's. And whether nothing leads to a bridge's own link.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use model::ids::{Ifindex, NetnsId};
use netns::{Error, Netns, RouteSocket};

use super::inhabited::processes;
use super::rows::id;
use super::unread_ways::goes_on;
use super::uses::upper_elsewhere;

/// The link of a port: its name, and the index that vswitchd holds it by, where that is known.
pub(crate) type PortLink = (String, Option<Ifindex>);

/// The processes that are shown, by the network namespace that each is in.
pub(crate) struct Inhabitants(BTreeMap<NetnsId, BTreeSet<u32>>);

impl Inhabitants {
    /// All of them; none where one beside the first may not be looked at, or others may be hidden. Costs a call for
    /// each process.
    pub(crate) fn read() -> Option<Self> {
        // Where the first process is hidden, those of other users are (`hidepid`, proc(5)).
        if netns::is_hidden(1) {
            return None;
        }
        let mut all: BTreeMap<NetnsId, BTreeSet<u32>> = BTreeMap::new();
        for pid in processes().ok()? {
            match std::fs::metadata(format!("/proc/{pid}/ns/net")) {
                Ok(file) => {
                    let netns = NetnsId { dev: file.dev(), ino: file.ino() };
                    all.entry(netns).or_default().insert(pid);
                }
                Err(error) if has_ended(pid, &error) => {}
                // The first one of some machines may not be looked at, and is in no container of theirs.
                Err(_) if pid == 1 => {}
                Err(_) => return None,
            }
        }
        Some(Self(all))
    }

    /// The processes in this namespace, by their numbers.
    pub(crate) fn of(&self, netns: NetnsId) -> impl Iterator<Item = u32> {
        self.0.get(&netns).into_iter().flatten().copied()
    }

    /// The namespace that each of these links of the switch's leads to, among those with a process; none where one
    /// of them is no veth, or what arrives at its other end goes on from there.
    pub(crate) fn behind(&self, switch: &Netns, links: &[PortLink]) -> Option<Vec<NetnsId>> {
        let read = netns::visit(&[switch], |_, socket| {
            let nsids = links.iter().map(|link| plain_end(socket, link));
            let Some(nsids) = nsids.collect::<Result<Option<Vec<i32>>, Error>>()? else {
                return Ok(None);
            };
            let known = self.known_as(socket, id(switch), nsids.iter().copied().collect())?;
            let homes: Option<Vec<NetnsId>> =
                nsids.iter().map(|nsid| known.get(nsid).copied()).collect();
            Ok(homes)
        });
        read.into_iter().next()?.ok()?
    }

    /// Which namespaces the socket's own calls so; the words alone lead to none.
    fn known_as(
        &self,
        socket: &RouteSocket,
        own: NetnsId,
        mut wanted: BTreeSet<i32>,
    ) -> Result<BTreeMap<i32, NetnsId>, Error> {
        let mut known = BTreeMap::new();
        for (netns, pids) in self.0.iter().filter(|(netns, _)| **netns != own) {
            if wanted.is_empty() {
                break;
            }
            let opened = pids.iter().filter_map(|pid| Netns::of_process(*pid).ok());
            let Some(space) = { opened }.find(|space| id(space) == *netns) else { continue };
            if let Some(nsid) = socket.nsid_of(&space)?.filter(|nsid| wanted.remove(nsid)) {
                known.insert(nsid, *netns);
            }
        }
        Ok(known)
    }
}

/// Whether that is why its namespace cannot be told: it may not have been waited for yet, and while it ends the kernel
/// refuses (`proc_ns_get_link` of fs/proc/namespaces.c).
fn has_ended(pid: u32, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || !Path::new(&format!("/proc/{pid}")).exists()
}

/// The link of a port, where its name and the index that vswitchd holds it by agree.
fn link_of(
    socket: &RouteSocket,
    name: &str,
    held: Option<Ifindex>,
) -> Result<Option<netns::Link>, Error> {
    let is_it =
        |link: &netns::Link| link.name == name && held.is_none_or(|held| held.0 == link.ifindex);
    Ok(socket.link_named(name)?.filter(is_it))
}

/// Whether no other link leads to this one of the switch's, in whichever namespace: it is enslaved to nothing, and none
/// stands on it. Reads the links of all namespaces.
pub(crate) fn is_alone(switch: &Netns, (name, held): &PortLink) -> bool {
    let read = netns::visit(&[switch], |_, socket| {
        let Some(link) = link_of(socket, name, *held)? else { return Ok(None) };
        let own = link.ifindex;
        Ok((!goes_on(own, &socket.links()?)).then_some(own))
    });
    let Some(Ok(Some(own))) = read.into_iter().next() else { return false };
    let known = BTreeSet::from([id(switch)]);
    matches!(upper_elsewhere(switch, &BTreeSet::from([own]), &known), Ok(None))
}

/// What the socket's namespace calls the one at the other end of this veth, where that end is enslaved to nothing and no
/// other link stands on it; none of any other link, or where that cannot be told.
fn plain_end(socket: &RouteSocket, (name, held): &PortLink) -> Result<Option<i32>, Error> {
    let link = link_of(socket, name, *held)?.filter(|link| link.kind.as_deref() == Some("veth"));
    let Some(link) = link else { return Ok(None) };
    if let Some(master) = link.master {
        // The kernel's datapath is the master of its ports.
        let master = socket.link(master)?.and_then(|master| master.kind);
        if master.as_deref() != Some("openvswitch") {
            return Ok(None);
        }
    }
    let (Some(end), Some(nsid)) = (link.link, link.link_nsid.filter(|nsid| *nsid >= 0)) else {
        return Ok(None);
    };
    let Ok(there) = socket.links_elsewhere(nsid) else { return Ok(None) };
    let is_end = |link: &netns::Link| link.ifindex == end && link.kind.as_deref() == Some("veth");
    Ok((there.iter().any(is_end) && !goes_on(end, &there)).then_some(nsid))
}

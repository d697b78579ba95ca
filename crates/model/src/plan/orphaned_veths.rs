//! Links that a program of ours made and could not bring to an end, because it was killed: no
//! port yet, or no port any more.
//!
//! Each is judged against the database that its own mark names. What that does not say is not
//! known: a link without it is orphaned only while it is not yet in use, so that the veth of a
//! killed `connect` goes, and another database's living port stays.

use std::sync::Arc;

use crate::ids::{LinkKey, NetnsId};
use crate::memory;
use crate::port_record::{ALIAS, Alias, short_system};
use crate::snapshot::{Link, Observed, Snapshot};
use crate::wiring::Wiring;

use super::name;
use super::other_use::has_address;
use super::upper_links::{Upper, foreign_upper};

/// What a link of the switch's namespace is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A port, another program's, or another database's.
    Kept,
    /// To be removed.
    Orphaned,
    /// It may be either.
    Undecided(String),
}

/// Judges a link. The caller holds the lock of the database, so no process that shares it is
/// still at it.
pub(super) fn judge(snapshot: &Snapshot, wiring: &Wiring, link: &Link) -> Verdict {
    if is_kept_for_restore(snapshot, link) {
        return Verdict::Kept;
    }
    judge_forgotten(snapshot, wiring, link)
}

/// The same once what the bridge remembers of it goes too.
pub(super) fn judge_forgotten(snapshot: &Snapshot, wiring: &Wiring, link: &Link) -> Verdict {
    if !is_marked(link) || is_port(wiring, link) || link.master.is_some() {
        return Verdict::Kept;
    }
    let ports = snapshot.ovsdb();
    if !ports.is_some_and(Observed::is_fresh) {
        return undecided("the ports of the switch's database were not read");
    }
    let sockets = snapshot.switch_namespace().and_then(|here| here.packet_sockets.as_ref());
    match sockets {
        Some(sockets) if sockets.contains(&link.ifindex) => return Verdict::Kept,
        Some(_) => {}
        None => return undecided("which links vswitchd listens to was not read"),
    }
    if has_address(link) {
        return undecided(
            "it has an address on this host, and may be in use; ip link delete removes it",
        );
    }
    let Some((home, far)) = far_end(snapshot, link) else {
        return undecided("its other end is in a namespace that was not read");
    };
    let alias = link.alias.as_deref().and_then(Alias::read);
    let verdict = match alias.and_then(|alias| alias.system).as_deref() {
        Some(system) => by_mark(snapshot, system),
        None if !far.up && far.addresses.is_empty() => Verdict::Orphaned,
        None => undecided(
            "which database has its port is not noted on it, and its other end is in use; \
             ip link delete removes it",
        ),
    };
    if verdict == Verdict::Orphaned {
        unless_it_has_an_upper(snapshot, link, home, far)
    } else {
        verdict
    }
}

/// An orphaned veth may have an upper link that lives.
fn unless_it_has_an_upper(snapshot: &Snapshot, link: &Link, home: NetnsId, far: &Link) -> Verdict {
    let here = snapshot.switch_netns.map(|netns| LinkKey { netns, ifindex: link.ifindex });
    let there = LinkKey { netns: home, ifindex: far.ifindex };
    let ends: Vec<_> = here.into_iter().chain([there]).collect();
    match foreign_upper(snapshot, &ends, home) {
        None => Verdict::Orphaned,
        Some(Upper::Foreign(upper)) => Verdict::Undecided(format!("{upper} stands on it")),
        Some(Upper::Unknown(why)) => Verdict::Undecided(why),
    }
}

fn undecided(why: &str) -> Verdict {
    Verdict::Undecided(why.to_owned())
}

/// Whether we made it, by its alias, or by its name where it was not given one yet.
fn is_marked(link: &Link) -> bool {
    let marked = link.alias.as_deref().is_some_and(|alias| alias.starts_with(ALIAS));
    let generated = link.alias.is_none() && name::is_generated(&link.name);
    link.kind.as_deref() == Some("veth") && (marked || generated)
}

/// Whether any port is this link, by name or by the index that vswitchd holds.
fn is_port(wiring: &Wiring, link: &Link) -> bool {
    let same =
        |port: &crate::switch::Port| port.iface == link.name || port.ifindex == Some(link.ifindex);
    wiring.ports.iter().any(|row| same(&row.port))
}

fn by_mark(snapshot: &Snapshot, system: &str) -> Verdict {
    let own = snapshot.identities.database.as_ref().and_then(|database| database.id.as_deref());
    match own.map(short_system) {
        None => {
            undecided("it is of a database with a system-id; the one that was asked tells none")
        }
        Some(own) if own != system => Verdict::Kept,
        Some(_) => Verdict::Orphaned,
    }
}

/// Whether its port was taken by another program than ours, so that `restore` gives it back:
/// `disconnect` forgets it in the transaction that takes the port.
fn is_kept_for_restore(snapshot: &Snapshot, link: &Link) -> bool {
    let Some(alias) = link.alias.as_deref().and_then(Alias::read) else { return false };
    let key = format!("{}{}/{}", memory::PREFIX, alias.container, alias.interface);
    let rows = snapshot.ovsdb_bridges();
    let mut all = rows.iter().flat_map(memory::of);
    all.any(|(known, port)| known == key && port.iface == link.name)
}

/// The other end and its namespace, if both say so.
fn far_end<'a>(snapshot: &'a Snapshot, link: &Link) -> Option<(NetnsId, &'a Arc<Link>)> {
    let here = snapshot.switch_netns?;
    let peer = link.peer?;
    let points_back = |id, far: &Link| {
        let home = snapshot.namespace(id)?;
        let back = far.peer?;
        let there = back.nsid.map_or(Some(id), |nsid| home.nsids.get(&nsid).copied());
        (far.ifindex == peer.ifindex && back.ifindex == link.ifindex && there == Some(here))
            .then_some(())
    };
    let known =
        peer.nsid.map_or(Some(here), |nsid| snapshot.namespace(here)?.nsids.get(&nsid).copied());
    let spaces = snapshot.kernel.rows().iter();
    let spaces = spaces.filter(|space| known.is_none_or(|known| space.id == known));
    let mut ends = spaces.flat_map(|space| {
        let ends = space.links.iter().filter(|far| points_back(space.id, far).is_some());
        ends.map(|far| (space.id, far))
    });
    ends.next().filter(|_| ends.next().is_none())
}

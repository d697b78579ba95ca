//! Links that a program of ours made and could not bring to an end, because it was killed: no
//! port yet, or no port any more.
//!
//! Each is judged against the database that its own mark names. That this has no port for it, and
//! its bridge remembers none, proves nothing while it is in use: the bridge may have been deleted
//! and made again, or the database been lost. So a link is orphaned where it was never used, as the
//! veth of a killed `connect`, or where its alias says that `disconnect` was about to delete it.

use std::sync::Arc;

use crate::ids::{LinkKey, NetnsId};
use crate::memory;
use crate::port_mark::{PortMark, bears_alias_of};
use crate::port_record::{ALIAS, Alias, PortRecord, short_system};
use crate::snapshot::{Link, Observed, Snapshot};
use crate::switch::Port;
use crate::wiring::{SwitchPort, Wiring};

use super::KernelStep;
use super::name;
use super::other_use::has_address;
use super::upper_links::{Upper, foreign_upper, upper_of};

/// What a link of the switch's namespace is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VethState {
    /// A port, another program's, or another database's.
    Kept,
    /// To be removed.
    Orphaned,
    /// It may be either.
    Undecided(String),
}

/// Judges a link. The caller holds the lock of the database, so no process that shares it is
/// still at it.
pub(super) fn judge(snapshot: &Snapshot, wiring: &Wiring, link: &Link) -> VethState {
    if is_kept_for_restore(snapshot, link) {
        return VethState::Kept;
    }
    judge_as(snapshot, wiring, link, Asked::ForNone)
}

/// The same of a link whose end was asked for by its container and interface, which the bridge
/// remembers: it may be in use.
pub(super) fn judge_forgotten(snapshot: &Snapshot, wiring: &Wiring, link: &Link) -> VethState {
    judge_as(snapshot, wiring, link, Asked::ForThis)
}

/// Whether the end of this very link was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    ForThis,
    ForNone,
}

fn judge_as(snapshot: &Snapshot, wiring: &Wiring, link: &Link, asked: Asked) -> VethState {
    if !is_marked(link) || is_port(wiring, link) || link.master.is_some() {
        return VethState::Kept;
    }
    let ports = snapshot.ovsdb();
    if !ports.is_some_and(Observed::is_fresh) {
        return undecided("the ports of the switch's database were not read");
    }
    let sockets = snapshot.switch_namespace().and_then(|here| here.packet_sockets.as_ref());
    match sockets {
        Some(sockets) if sockets.contains(&link.ifindex) => return VethState::Kept,
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
    let (system, leaving) = alias.as_ref().map_or((None, None), |alias| {
        (alias.system.as_deref(), alias.leaving.filter(|index| *index == link.ifindex))
    });
    let may_be_used = asked == Asked::ForThis || leaving.is_some();
    let verdict = match system.map(|system| by_mark(snapshot, system)) {
        Some(VethState::Orphaned) if may_be_used => VethState::Orphaned,
        Some(VethState::Orphaned) if is_in_use(far) => undecided(
            "neither a port nor its bridge knows of it, and its other end is in use; \
             ip link delete removes it",
        ),
        Some(VethState::Orphaned) => by_place(snapshot, alias.as_ref(), home, far),
        Some(verdict) => verdict,
        None if !is_in_use(far) => by_place(snapshot, alias.as_ref(), home, far),
        None => undecided(
            "which database has its port is not noted on it, and its other end is in use; \
             ip link delete removes it",
        ),
    };
    if verdict != VethState::Orphaned {
        return verdict;
    }
    let here = snapshot.switch_netns.map(|netns| LinkKey { netns, ifindex: link.ifindex });
    let there = LinkKey { netns: home, ifindex: far.ifindex };
    let ends: Vec<_> = here.into_iter().chain([there]).collect();
    unless_it_has_an_upper(snapshot, &ends, home, may_be_used)
}

/// Whether the end inside was ever set up, as far as it shows: it is made down and bare.
fn is_in_use(far: &Link) -> bool {
    far.up || !far.addresses.is_empty() || far.master.is_some()
}

/// A veth that was never used is where it was made, and has the name that it was made with: another
/// one bears a copy of an alias, or has been moved or renamed on purpose.
fn by_place(
    snapshot: &Snapshot,
    alias: Option<&Alias<'_>>,
    home: NetnsId,
    far: &Link,
) -> VethState {
    let Some(alias) = alias else { return VethState::Orphaned };
    // An alias names no engine: several may have a container of that id.
    let all = snapshot.containers_by_engine();
    let of_host = all.filter(|(engine, _)| snapshot.identities.refusal(engine).is_none());
    let its = of_host.filter(|(_, row)| *row.id.0 == *alias.container);
    let mut made_in = its.filter_map(|(_, row)| row.netns).peekable();
    let is_known = made_in.peek().is_some();
    if is_known && (*far.name != *alias.interface || made_in.all(|netns| netns != home)) {
        return undecided(
            "its other end is not the interface that it was made for; ip link delete removes it",
        );
    }
    VethState::Orphaned
}

/// An orphaned veth may have an upper link that lives. What its container has on an interface goes with
/// that; what was never used has nothing on it.
fn unless_it_has_an_upper(
    snapshot: &Snapshot,
    ends: &[LinkKey],
    home: NetnsId,
    may_be_used: bool,
) -> VethState {
    let any = || if may_be_used { None } else { upper_of(snapshot, ends, None) };
    match foreign_upper(snapshot, ends, home).or_else(any) {
        None => VethState::Orphaned,
        Some(Upper::Foreign(upper)) => VethState::Undecided(format!("{upper} stands on it")),
        Some(Upper::Unknown(why)) => VethState::Undecided(why),
    }
}

fn undecided(why: &str) -> VethState {
    VethState::Undecided(why.to_owned())
}

/// Whether we made it, by its alias, or by its name where it was not given one yet.
fn is_marked(link: &Link) -> bool {
    let marked = link.alias.as_deref().is_some_and(|alias| alias.starts_with(ALIAS));
    let generated = link.alias.is_none() && name::is_generated(&link.name);
    link.kind.as_deref() == Some("veth") && (marked || generated)
}

/// Whether any port is this link, by name or by the index that vswitchd holds.
fn is_port(wiring: &Wiring, link: &Link) -> bool {
    wiring.ports.iter().any(|row| is(&row.port, link))
}

/// By any of its names: vswitchd opens a link by an alternative one too.
fn is(port: &Port, link: &Link) -> bool {
    has_name(port, link) || port.ifindex == Some(link.ifindex)
}

fn has_name(port: &Port, link: &Link) -> bool {
    link.all_names().any(|name| *name == *port.iface)
}

/// The row whose port a link is, or may be: by any of its names, or by the index that vswitchd held, unless
/// the port is proven to have lost its link. An index outlives its link in the row, and is given again.
pub(super) fn port_of<'a>(wiring: &'a Wiring, link: &Link) -> Option<&'a SwitchPort> {
    let holds =
        |row: &SwitchPort| row.port.ifindex == Some(link.ifindex) && !row.occupant.is_orphaned();
    wiring.ports.iter().find(|row| has_name(&row.port, link) || holds(row))
}

fn by_mark(snapshot: &Snapshot, system: &str) -> VethState {
    let own = snapshot.identities.database.as_ref().and_then(|database| database.id.as_deref());
    match own.map(short_system) {
        None => {
            undecided("it is of one database; the one that was asked does not tell which it is")
        }
        Some(own) if own != system => VethState::Kept,
        Some(_) => VethState::Orphaned,
    }
}

/// Whether its port was taken by another program than ours, so that `restore` gives it back:
/// `disconnect` forgets it in the transaction that takes the port. What bears the record's alias is
/// its link under any name but one that we gave: under another one of these it may be what was to
/// replace a link that is gone, and is judged by itself.
fn is_kept_for_restore(snapshot: &Snapshot, link: &Link) -> bool {
    let Some(alias) = link.alias.as_deref().and_then(Alias::read) else { return false };
    let key = format!("{}{}/{}", memory::PREFIX, alias.container, alias.interface);
    let here = || snapshot.switch_namespace().into_iter().flat_map(|here| &here.links);
    let is_it = |port: &Port| {
        port.iface == link.name
            || !name::is_generated(&link.name)
            || here().any(|other| other.name == port.iface)
    };
    let rows = snapshot.ovsdb_bridges();
    let mut all = rows.iter().flat_map(memory::of);
    all.any(|(known, port)| known == key && is_it(&port))
}

/// The link that bears the alias of what a port's row records, made for this bridge, and may live: it was
/// given another name, be it that of another port, or another namespace.
pub(super) fn renamed_link<'a>(
    snapshot: &'a Snapshot,
    wiring: &Wiring,
    row: &SwitchPort,
) -> Option<&'a Arc<Link>> {
    let mark = PortMark::of(&row.bridge, &row.port);
    let is_of_another = |link: &Link| {
        let others = wiring.ports.iter().filter(|other| is(&other.port, link));
        let mut others = others.filter(|other| !is_row(other, row));
        others.any(|other| PortMark::of(&other.bridge, &other.port).is_on(link))
    };
    let mut here = snapshot.switch_namespace().into_iter().flat_map(|here| &here.links);
    let renamed = here.find(|link| {
        mark.is_on(link)
            && !is_of_another(link)
            && judge(snapshot, wiring, link) != VethState::Orphaned
    });
    let others = snapshot.kernel.rows().iter();
    let others = others.filter(|space| Some(space.id) != snapshot.switch_netns);
    renamed.or_else(|| others.flat_map(|space| &space.links).find(|link| mark.is_on(link)))
}

/// Whether an interface of a namespace may be the other end of a port's link that was moved out of the switch's
/// namespace: its own other end bears the alias of the record, or has the port's name; or is not seen.
pub(super) fn may_be_end_of(
    snapshot: &Snapshot,
    home: NetnsId,
    inside: &Link,
    (port, record): (&Port, &PortRecord),
) -> bool {
    let Some(peer) = inside.peer.filter(|_| inside.is_paired()) else { return false };
    let there = match peer.nsid {
        None => Some(home),
        Some(nsid) => snapshot.namespace(home).and_then(|home| home.nsids.get(&nsid).copied()),
    };
    let links = there.and_then(|there| snapshot.namespace(there)).map(|there| &there.links);
    let end = links.and_then(|links| links.iter().find(|end| end.ifindex == peer.ifindex));
    end.is_none_or(|end| bears_alias_of(end, record) || has_name(port, end))
}

fn is_row(one: &SwitchPort, other: &SwitchPort) -> bool {
    one.bridge == other.bridge && one.port.iface == other.port.iface
}

/// Notes on a link of ours that it is to be deleted, and gives the link as it is then; none where
/// it bears no mark that says which database has its port, or says so already.
pub(super) fn marked_as_leaving(link: &Link) -> Option<(KernelStep, Link)> {
    let from = link.alias.clone()?;
    let alias = Alias::read(&from).filter(|alias| alias.system.is_some())?;
    let to = Alias { leaving: Some(link.ifindex), ..alias }.to_string();
    let step = KernelStep::SetAlias {
        name: link.name.clone(),
        ifindex: link.ifindex,
        from: from.clone(),
        to: to.clone(),
    };
    (from != to).then(|| (step, Link { alias: Some(to), ..link.clone() }))
}

/// Takes that note back from a link that stays.
pub(super) fn marked_as_staying(link: &Link) -> Option<KernelStep> {
    let from = link.alias.clone()?;
    let alias = Alias::read(&from).filter(|alias| alias.leaving.is_some())?;
    let to = Alias { leaving: None, ..alias }.to_string();
    Some(KernelStep::SetAlias { name: link.name.clone(), ifindex: link.ifindex, from, to })
}

/// The other end and its namespace, if both say so.
pub(super) fn far_end<'a>(snapshot: &'a Snapshot, link: &Link) -> Option<(NetnsId, &'a Arc<Link>)> {
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

//! What may be missing of a Snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::identity::{SourceIdentity, World};
use docker_ovs_model::ids::{Ifindex, NetnsId};
use docker_ovs_model::snapshot::{Link, Observed, Snapshot};
use docker_ovs_model::{SourceError, SourceErrorKind};
use proptest::prelude::*;

use super::scene::{SWITCH, home};

/// What is taken away of a Snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    KernelAbsent,
    KernelStale,
    SwitchAbsent,
    SwitchStale,
    EngineAbsent,
    EngineStale,
    NamespaceDropped(usize),
    NamespaceUnread(usize),
    NamespaceEmpty(usize),
    SwitchNetns,
    PacketSockets,
    Vswitchd { elsewhere: bool },
    Database { elsewhere: bool },
    Engines { elsewhere: bool },
    Narrow(u64),
}

pub(super) fn cuts() -> impl Strategy<Value = Cut> {
    prop_oneof![
        Just(Cut::KernelAbsent),
        Just(Cut::KernelStale),
        Just(Cut::SwitchAbsent),
        Just(Cut::SwitchStale),
        Just(Cut::EngineAbsent),
        Just(Cut::EngineStale),
        (0..5usize).prop_map(Cut::NamespaceDropped),
        (0..5usize).prop_map(Cut::NamespaceUnread),
        (0..5usize).prop_map(Cut::NamespaceEmpty),
        Just(Cut::SwitchNetns),
        Just(Cut::PacketSockets),
        any::<bool>().prop_map(|elsewhere| Cut::Vswitchd { elsewhere }),
        any::<bool>().prop_map(|elsewhere| Cut::Database { elsewhere }),
        any::<bool>().prop_map(|elsewhere| Cut::Engines { elsewhere }),
        (0..5u64).prop_map(Cut::Narrow),
    ]
}

fn why() -> SourceError {
    SourceError::new(SourceErrorKind::Denied, "it", "no")
}

fn stale<T: Clone>(rows: &mut Observed<T>) {
    *rows = Observed::Stale { rows: rows.rows().into(), why: why() };
}

fn identity(elsewhere: bool) -> SourceIdentity {
    let why = "a test says so".to_owned();
    let world = if elsewhere { World::Elsewhere { why } } else { World::Unknown { why } };
    SourceIdentity::new(None, world)
}

pub(super) fn cut(snapshot: &mut Snapshot, cut: Cut) {
    match cut {
        Cut::KernelAbsent => snapshot.kernel = Observed::Absent { why: why() },
        Cut::KernelStale => stale(&mut snapshot.kernel),
        Cut::SwitchAbsent => {
            snapshot.switch.values_mut().for_each(|rows| *rows = Observed::Absent { why: why() });
        }
        Cut::SwitchStale => snapshot.switch.values_mut().for_each(stale),
        Cut::EngineAbsent => {
            snapshot.engines.values_mut().for_each(|rows| *rows = Observed::Absent { why: why() });
        }
        Cut::EngineStale => snapshot.engines.values_mut().for_each(stale),
        Cut::NamespaceDropped(i) => {
            let mut rows = snapshot.kernel.rows().to_vec();
            if !rows.is_empty() {
                rows.remove(i % rows.len());
                snapshot.kernel = Observed::Fresh { rows: rows.into() };
            }
        }
        Cut::NamespaceUnread(i) => {
            let rows = snapshot.kernel.rows_mut();
            let i = i % rows.len().max(1);
            if let Some(row) = rows.get_mut(i) {
                row.links.clear();
                row.source_error = Some(why());
            }
        }
        Cut::NamespaceEmpty(i) => {
            let rows = snapshot.kernel.rows_mut();
            let i = i % rows.len().max(1);
            rows.get_mut(i).into_iter().for_each(|row| row.links.clear());
        }
        Cut::SwitchNetns => snapshot.switch_netns = None,
        Cut::PacketSockets => {
            for row in snapshot.kernel.rows_mut() {
                (row.packet_sockets, row.vswitchd_sockets) = (None, None);
            }
        }
        Cut::Vswitchd { elsewhere } => snapshot.identities.vswitchd = Some(identity(elsewhere)),
        Cut::Database { elsewhere } => snapshot.identities.database = Some(identity(elsewhere)),
        Cut::Engines { elsewhere } => {
            for name in snapshot.engines.keys() {
                snapshot.identities.engines.insert(name.clone(), identity(elsewhere));
            }
        }
        Cut::Narrow(i) => narrow(snapshot, home(i)),
    }
}

/// What a look at one container brings: its namespace, and of the switch's the links that those
/// inside lead to, with what these stand on and are enslaved to. All of the switch's where only
/// what is missing there can tell.
fn narrow(snapshot: &mut Snapshot, home: NetnsId) {
    snapshot.scope = docker_ovs_model::snapshot::Scope::One;
    let mut rows = snapshot.kernel.rows().to_vec();
    rows.retain(|row| row.id == home || row.id == SWITCH);
    let Some(inside) = rows.iter().find(|row| row.id == home).cloned() else { return };
    let blind =
        |link: &Arc<Link>| link.ethernet && matches!(link.kind.as_deref(), None | Some("tun"));
    if !inside.links.iter().any(blind) && inside.exits().next().is_none() {
        let peers = inside.links.iter().filter_map(|link| link.peer);
        let there = peers.filter(|p| p.nsid.is_some_and(|n| inside.nsids.get(&n) == Some(&SWITCH)));
        let mut open: Vec<Ifindex> = there.map(|peer| peer.ifindex).collect();
        for row in rows.iter_mut().filter(|row| row.id == SWITCH) {
            let mut seen = BTreeSet::new();
            while let Some(next) = open.pop().filter(|next| seen.insert(*next)) {
                let met = row.links.iter().filter(|l| l.ifindex == next || l.master == Some(next));
                let peers = |link: &Arc<Link>| link.peer.filter(|peer| peer.nsid.is_none());
                open.extend(met.flat_map(|l| {
                    [Some(l.ifindex), l.master, peers(l).map(|peer| peer.ifindex)]
                        .into_iter()
                        .flatten()
                }));
                open.retain(|index| !seen.contains(index));
            }
            row.links.retain(|link| seen.contains(&link.ifindex));
            row.nsids.retain(|_, id| *id == home);
        }
    }
    snapshot.kernel = Observed::Fresh { rows: rows.into() };
}

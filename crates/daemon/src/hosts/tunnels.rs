//! Keeps the tunnels of this host's meshes.
//!
//! What is to be there is made at once. What is to go needs a reason that is known: the other host left
//! the mesh, was taken out of the fleet, or this one left. Of those at most a tenth, or one, goes at
//! once; the others after another look.

mod refused;

use std::collections::BTreeSet;
use std::sync::Arc;

use fleet::Fleet;
use fleet::mesh::{Tunnel, Wanted};
use host::{Host, MeshOfBridge, Tunnel as Port, TunnelChange, TunnelSettings};
use tokio::time::Duration;
use tracing::{info, warn};

use self::refused::TunnelBackoff;
use super::wait_for_news;
use crate::daemon::Daemon;
use crate::state::State;

/// After so long it is looked again, whatever happened: a second look at what is to go, and a port that
/// another program took.
const AGAIN: Duration = Duration::from_secs(10);

/// Keeps them, for ever.
pub(crate) async fn keep(host: Host, daemon: Arc<Daemon>, fleet: Arc<Fleet>) {
    let mut looks = daemon.published.follow();
    let mut changes = fleet.changes();
    let mut told = None;
    let mut refused = TunnelBackoff::default();
    loop {
        let state = looks.borrow_and_update().clone();
        changes.borrow_and_update();
        if let (Some(state), Some(wanted)) = (state, fleet.wanted_tunnels())
            && let Some(change) = change(&state, &wanted, &refused.due(&state))
        {
            let done = host.change_tunnels(&change).await;
            match done {
                Ok(()) => {
                    told = None;
                    tell(&change);
                }
                Err(why) => {
                    let why = why.to_string();
                    if told.as_ref() != Some(&why) {
                        warn!("tunnels of the mesh are not as they should be: {why}");
                        told = Some(why);
                    }
                }
            }
        }
        wait_for_news(&mut looks, &mut changes, refused.wait(AGAIN)).await;
    }
}

fn tell(change: &TunnelChange) {
    for port in &change.add {
        info!("tunnel {} to {} ({}) is on {}", port.name, port.host, port.remote_ip, port.bridge);
    }
    for (bridge, name) in &change.remove {
        info!("tunnel {name} is no longer on {bridge}");
    }
}

/// What is to be done; none where all is as it should be, or the switch was not seen. Those that are
/// `refused` are there in the database alone.
fn change(state: &State, wanted: &Wanted, refused: &BTreeSet<String>) -> Option<TunnelChange> {
    let bridges = state.snapshot.ovsdb().filter(|rows| rows.is_fresh())?;
    let there: Vec<_> = bridges.rows().iter().flat_map(host::tunnels_of).collect();
    let wanted_ports: Vec<_> = wanted.tunnels.iter().map(port).collect();
    let is_there = |port: &&Port| there.contains(port) && !refused.contains(&port.name);
    // What the fleet was told of this host may be of an earlier look than this one.
    let memberships = bridges.rows().iter().filter_map(|row| Some((row, MeshOfBridge::of(row)?)));
    let memberships: Vec<_> = memberships.collect();
    let is_member = |port: &&Port| {
        memberships.iter().any(|(row, of)| {
            *row.name == *port.bridge
                && of.mesh == port.mesh
                && of.local_ip.to_string() == port.local_ip
        })
    };
    let add = wanted_ports.iter().filter(|port| !is_there(port)).filter(is_member);
    let add: Vec<_> = add.cloned().collect();
    // One of the same name is replaced; and so is one of another name to the same host or the same place, which
    // the switch cannot have beside it.
    let replaced = there.iter().filter(|port| add.iter().any(|new| is_in_place_of(new, port)));
    let replaced: Vec<_> = replaced.map(place).collect();
    let mut gone: Vec<_> = there
        .iter()
        .filter(|port| !wanted_ports.iter().any(|wanted| wanted.name == port.name))
        .filter(|port| {
            let has_left = !memberships.iter().any(|(_, of)| of.mesh == port.mesh);
            is_to_go(port, wanted, has_left)
        })
        .collect();
    gone.truncate((there.len() / 10).max(1));
    let remove: BTreeSet<_> = gone.into_iter().map(place).chain(replaced).collect();
    let change = TunnelChange { add, remove: remove.into_iter().collect() };
    (!change.add.is_empty() || !change.remove.is_empty()).then_some(change)
}

/// Whether it is known that a tunnel is not to be there: that nothing is known of its host is no reason.
/// `has_left` is whether no bridge is in its mesh by this look.
fn is_to_go(port: &Port, wanted: &Wanted, has_left: bool) -> bool {
    (has_left && wanted.has_left(&port.mesh))
        || wanted.kept_out.contains_key(&port.mesh)
        || wanted.left.contains(&(port.mesh.clone(), port.host.clone()))
}

fn is_in_place_of(new: &Port, old: &Port) -> bool {
    let same_host = new.mesh == old.mesh && new.host == old.host;
    new.name == old.name || same_host || new.leads_where(old)
}

fn place(port: &Port) -> (String, String) {
    (port.bridge.clone(), port.name.clone())
}

fn port(tunnel: &Tunnel) -> Port {
    Port {
        bridge: tunnel.bridge.clone(),
        name: tunnel.name.clone(),
        mesh: tunnel.mesh.clone(),
        host: tunnel.host.clone(),
        kind: tunnel.kind.to_owned(),
        remote_ip: tunnel.remote_ip.to_string(),
        local_ip: tunnel.local_ip.to_string(),
        key: tunnel.key,
        dst_port: tunnel.dst_port,
        ofport: tunnel.ofport,
        settings: TunnelSettings::default(),
    }
}

#[cfg(test)]
mod tests;

//! What this host tells the fleet, of each look.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use fleet::{Fleet, Local, Membership, UnseenRows, mesh};
use model::snapshot::Observed;
use model::switch::Bridge;
use model::wiring::Unseen;
use model::{Snapshot, Wiring};
use report::{Wanted, list};
use tokio::sync::watch;
use tokio::time::{Duration, sleep};
use tracing::debug;

use super::uplinks::uplinks;
use crate::daemon::Daemon;
use crate::state::State;

/// Looks that come in this time are told together.
const COLLECTED: Duration = Duration::from_millis(20);

/// Follows the host, and gives on what of it is to be told, for ever.
pub(crate) async fn tell(
    daemon: Arc<Daemon>,
    fleet: Arc<Fleet>,
    tell: watch::Sender<Option<Arc<Local>>>,
) {
    let mut changes = daemon.published.follow();
    loop {
        let state = changes.borrow_and_update().clone();
        if let Some(state) = state.filter(has_switch) {
            let known = tell.borrow().clone();
            match daemon.pool.run(move || local(&state, known.as_deref())).await {
                Ok(Some(local)) => {
                    fleet.set_local(&local);
                    tell.send_replace(Some(Arc::new(local)));
                }
                Ok(None) => {}
                Err(why) => debug!("the fleet is not told of a look: {}", why.message()),
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
        sleep(COLLECTED).await;
    }
}

/// Whether the look has the switch, without which nothing is told.
fn has_switch(state: &Arc<State>) -> bool {
    state.snapshot.ovsdb().is_some_and(Observed::is_fresh)
}

/// What is told of this look; none where that is what was told last.
fn local(state: &State, known: Option<&Local>) -> Option<Local> {
    let (snapshot, wiring) = (&state.snapshot, &state.wiring);
    let rows = list(snapshot, wiring, &Wanted { all: true, ..Wanted::default() });
    let bridges = bridges(snapshot);
    let names = bridges.iter().map(|bridge| bridge.name.to_string()).collect();
    let mut local = Local::new(rows.iter(), names);
    // What is missing there is not gone.
    local.hidden = hidden(&wiring.unseen);
    local.meshes = memberships(snapshot, wiring, bridges, known);
    (known != Some(&local)).then_some(local)
}

fn hidden(unseen: &Unseen) -> UnseenRows {
    let Unseen { everything, engines, switch, ports, namespaces, containers } = unseen;
    UnseenRows {
        // Rows do not say which namespace they are of in a way that outlives it.
        all: *everything || *switch || *ports || !namespaces.is_empty(),
        engines: engines.iter().map(ToString::to_string).collect(),
        containers: containers.iter().map(ToString::to_string).collect(),
    }
}

fn bridges(snapshot: &Snapshot) -> &[Bridge] {
    snapshot.ovsdb_bridges()
}

/// The meshes that the bridges' rows say they are in; of several bridges in one mesh the first. What this
/// look did not see of one is as it was `known`.
fn memberships(
    snapshot: &Snapshot,
    wiring: &Wiring,
    bridges: &[Bridge],
    known: Option<&Local>,
) -> BTreeMap<String, Membership> {
    let mut meshes = BTreeMap::new();
    for bridge in bridges {
        let Some((name, of)) = host::MeshOfBridge::of(bridge).map(|of| (of.mesh.clone(), of))
        else {
            continue;
        };
        let known = known.and_then(|known| known.meshes.get(&name));
        let known = known
            .filter(|known| known.bridge == *bridge.name && known.local_ip == Some(of.local_ip));
        let (mtu_known, uplinks_known) =
            known.map_or((None, &[][..]), |known| (known.mtu, &known.uplinks));
        let uplinks = || uplinks(snapshot, wiring, &bridge.name, uplinks_known);
        let membership = Membership {
            bridge: bridge.name.to_string(),
            local_ip: Some(of.local_ip),
            mtu: mtu(snapshot, of.local_ip, mtu_known),
            uplinks: if of.allow_uplink { Vec::new() } else { uplinks() },
        };
        meshes.entry(name).or_insert(membership);
    }
    meshes
}

/// What the link with this address leaves for interfaces inside a tunnel; none where no link of the
/// switch's namespace has it, and what was `known` where that was not read.
fn mtu(snapshot: &Snapshot, ip: IpAddr, known: Option<u32>) -> Option<u32> {
    let Some(here) = snapshot.switch_namespace().filter(|here| here.is_read()) else {
        return known;
    };
    let link = here.links.iter().find(|link| link.addresses.iter().any(|cidr| cidr.ip == ip))?;
    link.mtu.checked_sub(mesh::overhead(ip))
}

#[cfg(test)]
mod tests;

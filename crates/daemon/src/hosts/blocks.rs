//! Claims blocks of addresses for this host's networks in a mesh, and writes down for the network driver
//! what this host has and which meshes there are: the driver asks nothing but the switch's database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use etcd::Client;
use fleet::{Fleet, blocks, tell_kept_blocks};
use host::{ExternalIdsGuard, Host, KnownMeshes, OpenVSwitchIds};
use model::SourceError;
use model::address_pool::{self, Pool};
use tokio::time::{Duration, Instant};
use tracing::{info, warn};

use super::wait_for_news;
use crate::daemon::Daemon;

/// After so long it is looked again, whatever happened.
const AGAIN: Duration = Duration::from_secs(5);

/// So long after the first pass of a run a block is waited for that this machine has under another name: one that it
/// had a moment ago is silent by then (a lease of 20 s). Which blocks these are is kept in the switch's database, for
/// the run that noticed may end before that.
const RENAMED: Duration = Duration::from_secs(60);

/// What is known of one run.
#[derive(Debug, Default)]
struct Run {
    /// When the first pass was.
    since: Option<Instant>,
    /// The lease with which it is told that its blocks stand in etcd as this machine's.
    told: Option<i64>,
}

/// Keeps them, for ever.
pub(crate) async fn keep(etcd: Client, host: Host, daemon: Arc<Daemon>, fleet: Arc<Fleet>) {
    let mut looks = daemon.published.follow();
    let mut changes = fleet.changes();
    let (mut told, mut run) = (None, Run::default());
    loop {
        looks.borrow_and_update();
        changes.borrow_and_update();
        let why = pass(&etcd, &host, &fleet, &mut run).await.err();
        if let Some(why) = why.as_ref().filter(|why| told.as_ref() != Some(*why)) {
            warn!("blocks of addresses stay as they are: {why}");
        }
        told = why;
        wait_for_news(&mut looks, &mut changes, AGAIN).await;
    }
}

async fn pass(etcd: &Client, host: &Host, fleet: &Fleet, run: &mut Run) -> Result<(), String> {
    let text = |error: SourceError| error.to_string();
    let mut own = OpenVSwitchIds::of(host).await.map_err(text)?;
    let ids = own.read().await.map_err(text)?;
    announce(&mut own, &ids, fleet).await.map_err(text)?;
    // Without the name a claim would be another host's.
    if !fleet.condition().published {
        return Ok(());
    }
    let waits = run.since.get_or_insert_with(Instant::now).elapsed() <= RENAMED;
    let pools = address_pool::of(&ids);
    let own_host = fleet.claimant();
    let mut is_whole = true;
    for pool in pools.values() {
        let Some(mesh) = &pool.record.mesh else { continue };
        let about = format!("{} of the mesh {mesh}", pool.record.subnet);
        if pool.record.released {
            if blocks::are_to_give_back(pool, pools.values()) {
                let subnet = &pool.record.subnet;
                let given = blocks::give_back(etcd, fleet.keys(), &own_host, mesh, subnet).await;
                // What is left is looked at anew by the next pass.
                if !given.map_err(|error| error.to_string())? {
                    continue;
                }
            }
            change(&mut own, pool, &pool.forget(), &about).await.map_err(text)?;
            continue;
        }
        let earlier = if waits { pool.waiting.clone() } else { BTreeSet::new() };
        let kept = blocks::keep(etcd, fleet.keys(), &own_host, pool, &earlier).await;
        let kept = kept.map_err(|error| error.to_string())?;
        is_whole &= kept.is_whole;
        let waiting = if waits { kept.waiting } else { BTreeSet::new() };
        let kept = kept.own;
        if (&kept, &waiting) != (&pool.blocks, &pool.waiting)
            && change(&mut own, pool, &pool.with_blocks(&kept, &waiting), &about)
                .await
                .map_err(text)?
        {
            tell(pool, &kept, &about);
        }
    }
    if is_whole {
        let told = tell_kept_blocks(etcd, fleet, &mut run.told).await;
        told.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Where the driver was faster, the next pass does it.
async fn change(
    own: &mut OpenVSwitchIds,
    pool: &Pool,
    change: &model::memory::MemoryChange,
    about: &str,
) -> Result<bool, SourceError> {
    own.change(change, &ExternalIdsGuard::Includes(pool.rests_on()), &format!("blocks of {about}"))
        .await
}

fn tell(pool: &Pool, kept: &BTreeSet<u32>, about: &str) {
    for place in kept.difference(&pool.blocks).filter_map(|place| pool.record.block(*place)) {
        info!("the block {place} of {about} is this host's");
    }
    for place in pool.blocks.difference(kept).filter_map(|place| pool.record.block(*place)) {
        warn!("the block {place} of {about} is another host's: nothing more is handed out of it");
    }
}

/// Writes down which meshes there are; while other hosts are not heard of, that these may not be all.
async fn announce(
    own: &mut OpenVSwitchIds,
    ids: &BTreeMap<String, String>,
    fleet: &Fleet,
) -> Result<(), SourceError> {
    let before = KnownMeshes::of(ids);
    let known = match (fleet.known_meshes(), &before) {
        (Some(meshes), _) => KnownMeshes::all(fleet.name(), meshes),
        (None, Some(before)) => KnownMeshes { by: None, ..before.clone() },
        (None, None) => return Ok(()),
    };
    if before.as_ref() != Some(&known) {
        let rests_on = ExternalIdsGuard::Includes(BTreeMap::new());
        own.change(&known.written(), &rests_on, "the meshes of the fleet").await?;
    }
    Ok(())
}

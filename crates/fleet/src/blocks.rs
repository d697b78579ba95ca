//! Blocks of addresses of networks in a mesh: of which subnet which block is which host's.
//!
//! A block is claimed ahead of time by making its key, which fails where another host has made it, and
//! is written down by the host then; addresses are handed out of what is written down alone. So a host goes
//! on with its blocks while etcd is away. No block is given back because of silence: only by the host that
//! has it, when its network is gone, or by hand.
//!
//! A host is a machine: beside the name stands which one it was, so that a machine that is called something else
//! goes on with its blocks, and another one that is called as it was does not. Both keys are written in one
//! transaction: where their revisions differ something else has written one of them since, as an earlier
//! release does, and only the name counts.

mod claims;
mod decide;
mod living;
mod release;

use std::collections::BTreeSet;

use etcd::{Client, Compare, Error, KeyValue, Op, Txn};
use ipnet::IpNet;
use model::address_pool::Pool;

use crate::keys::{Key, Keys};
use claims::{Claims, host_of};
use living::look_up;

pub use decide::{BlockHolder, Claimant, Decision, Holders, are_to_give_back, decide};
pub use release::{Released, release};

/// How often a claim is tried again where other hosts are faster.
const TRIES: usize = 20;

/// What is kept of a pool's blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The blocks that are this host's.
    pub own: BTreeSet<u32>,
    /// As in [`Decision::waiting`].
    pub waiting: BTreeSet<u32>,
    /// Whether etcd has them all, each with this host and machine.
    pub is_whole: bool,
}

/// The blocks that are this host's, claimed as far as that is wanted; `earlier` as for [`decide`].
///
/// # Errors
/// etcd: nothing is known then, and what is written down stays.
pub async fn keep(
    etcd: &Client,
    keys: &Keys,
    host: &Claimant,
    pool: &Pool,
    earlier: &BTreeSet<u32>,
) -> Result<Kept, Error> {
    let Some(mesh) = &pool.record.mesh else {
        return Ok(Kept { own: pool.blocks.clone(), waiting: BTreeSet::new(), is_whole: true });
    };
    let subnet = pool.record.subnet;
    let mut kept = Kept::default();
    for _ in 0..TRIES {
        let claims = Claims::list(etcd, keys, &keys.blocks_of(mesh, &subnet)).await?;
        let mut holders = Holders::new();
        for ((_, _, place), claim) in &claims.0 {
            let is_there = pool.record.block(*place).is_some() || pool.blocks.contains(place);
            if is_there {
                holders.insert(*place, claim.holder.clone());
            }
        }
        // Only where it matters: most hosts are called as ever.
        let is_noted = |place: &u32| pool.blocks.contains(place) || earlier.contains(place);
        if holders.iter().any(|(place, of)| is_noted(place) && of.host != host.host) {
            look_up(etcd, keys, &host.host, &mut holders).await?;
        }
        let decision = decide(host, pool, earlier, &holders);
        kept = Kept { own: decision.own, waiting: decision.waiting, is_whole: false };
        let new = decision.missing.into_iter().chain(decision.next).map(|place| (place, None));
        let mine = decision.to_write.into_iter().filter_map(|place| {
            Some((place, Some(claims.0.get(&(mesh.clone(), subnet, place))?.revision)))
        });
        let mut is_done = true;
        for (place, revision) in new.chain(mine).collect::<Vec<_>>() {
            let claimed = etcd.txn(claim(keys, host, mesh, &subnet, place, revision)).await?;
            if claimed.is_some() {
                kept.own.insert(place);
            } else {
                // Another host was faster, or the call broke off: the list tells.
                kept.own.remove(&place);
                is_done = false;
            }
        }
        if is_done {
            kept.is_whole = true;
            break;
        }
    }
    Ok(kept)
}

/// Writes down whose a block is, where no host has it, or as it was read.
fn claim(
    keys: &Keys,
    host: &Claimant,
    mesh: &str,
    subnet: &IpNet,
    place: u32,
    revision: Option<i64>,
) -> Txn {
    let key = keys.block(mesh, subnet, place);
    let put = |key: String, value: &str| Op::Put { key, value: value.to_owned().into(), lease: 0 };
    let mut ops = vec![put(key.clone(), &host.host)];
    if !host.machine.is_empty() {
        ops.push(put(keys.block_machine(mesh, subnet, place), &host.machine));
    }
    let as_read = match revision {
        Some(revision) => Compare::Unchanged(key, revision),
        None => Compare::Missing(key),
    };
    Txn { compare: vec![as_read], ops }
}

/// Gives back the blocks of a host in a subnet of a mesh; whether none is left, for one may have changed meanwhile.
///
/// # Errors
/// etcd: some may be given back.
pub async fn give_back(
    etcd: &Client,
    keys: &Keys,
    host: &Claimant,
    mesh: &str,
    subnet: &IpNet,
) -> Result<bool, Error> {
    let claims = Claims::list(etcd, keys, &keys.blocks_of(mesh, subnet)).await?;
    let deleted = claims.delete(etcd, keys, &[], |of| of.is_named_as(host)).await?;
    Ok(deleted.left == 0)
}

/// All blocks of a mesh, or of all: mesh, subnet, place and host of each.
///
/// # Errors
/// etcd.
pub async fn all(
    etcd: &Client,
    keys: &Keys,
    mesh: Option<&str>,
) -> Result<Vec<(String, IpNet, u32, String)>, Error> {
    let prefix = mesh.map_or_else(|| keys.blocks(), |mesh| keys.blocks_of_mesh(mesh));
    let block = |row: KeyValue| {
        let Some(Key::Block(mesh, subnet, place)) = keys.read(&row.key) else { return None };
        Some((mesh.to_owned(), subnet, place, host_of(&row)?))
    };
    let (mut blocks, _) = etcd.list(&prefix, block).await?;
    blocks.sort();
    Ok(blocks)
}

/// Whose a block of the pool's subnet is.
pub(crate) fn holder(keys: &Keys, pool: &Pool, row: &KeyValue) -> Option<(u32, String)> {
    let Some(Key::Block(_, _, place)) = keys.read(&row.key) else { return None };
    let is_there = pool.record.block(place).is_some() || pool.blocks.contains(&place);
    // A block whose holder cannot be read has one all the same.
    is_there.then(|| (place, host_of(row).unwrap_or_default()))
}

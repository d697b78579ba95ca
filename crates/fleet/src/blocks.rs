//! Blocks of addresses of networks in a mesh: of which subnet which block is which host's.
//!
//! A block is claimed ahead of time by making its key, which fails where another host has made it, and
//! is written down by the host then; addresses are handed out of what is written down alone. So a host goes
//! on with its blocks while etcd is away. No block is given back because of silence: only by the host that
//! has it, when its network is gone, or by hand.

mod decide;

use std::collections::BTreeSet;

use etcd::{Client, Compare, Error, KeyValue, Op, Txn};
use ipnet::IpNet;
use model::address_pool::Pool;

use crate::keys::{Key, Keys};

pub use decide::{Decision, Holders, are_to_give_back, decide};

/// How often a claim is tried again where other hosts are faster.
const TRIES: usize = 20;

/// The blocks that are this host's, claimed as far as that is wanted.
///
/// # Errors
/// etcd: nothing is known then, and what is written down stays.
pub async fn keep(
    etcd: &Client,
    keys: &Keys,
    host: &str,
    pool: &Pool,
) -> Result<BTreeSet<u32>, Error> {
    let Some(mesh) = &pool.record.mesh else { return Ok(pool.blocks.clone()) };
    let subnet = pool.record.subnet;
    let mut own = BTreeSet::new();
    for _ in 0..TRIES {
        let holder = |row| holder(keys, pool, &row);
        let (holders, _) = etcd.list(&keys.blocks_of(mesh, &subnet), holder).await?;
        let decision = decide(host, pool, &holders.into_iter().collect());
        own = decision.own;
        let claims = decision.missing.into_iter().chain(decision.next);
        let mut is_done = true;
        for place in claims {
            let key = keys.block(mesh, &subnet, place);
            let put = Op::Put { key: key.clone(), value: host.to_owned().into(), lease: 0 };
            let txn = Txn { compare: vec![Compare::Missing(key)], ops: vec![put] };
            match etcd.txn(txn).await? {
                Some(_) => _ = own.insert(place),
                // Another host was faster, or the call broke off: the list tells.
                None => is_done = false,
            }
        }
        if is_done {
            break;
        }
    }
    Ok(own)
}

/// Gives back the blocks of a host in a subnet of a mesh.
///
/// # Errors
/// etcd: some may be given back.
pub async fn give_back(
    etcd: &Client,
    keys: &Keys,
    host: &str,
    mesh: &str,
    subnet: &IpNet,
) -> Result<(), Error> {
    delete(etcd, &keys.blocks_of(mesh, subnet), host).await.map(drop)
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

/// Gives back all blocks that a host has in a mesh, and how many those were.
///
/// # Errors
/// etcd: some may be given back.
pub async fn release(etcd: &Client, keys: &Keys, mesh: &str, host: &str) -> Result<usize, Error> {
    delete(etcd, &keys.blocks_of_mesh(mesh), host).await
}

/// Deletes those keys of a prefix that are a host's, as long as they are as they were read; how many it has.
async fn delete(etcd: &Client, prefix: &str, host: &str) -> Result<usize, Error> {
    let (mut pages, mut count) = (etcd.pages(prefix, 0), 0);
    while let Some(page) = pages.next().await? {
        for row in page.rows.into_iter().filter(|row| row.value == host.as_bytes()) {
            count += 1;
            let Ok(key) = String::from_utf8(row.key.to_vec()) else { continue };
            let compare = vec![Compare::Unchanged(key.clone(), row.mod_revision)];
            etcd.txn(Txn { compare, ops: vec![Op::Delete(key)] }).await?;
        }
    }
    Ok(count)
}

/// Whose a block of the pool's subnet is.
pub(crate) fn holder(keys: &Keys, pool: &Pool, row: &KeyValue) -> Option<(u32, String)> {
    let Some(Key::Block(_, _, place)) = keys.read(&row.key) else { return None };
    let is_there = pool.record.block(place).is_some() || pool.blocks.contains(&place);
    // A block whose holder cannot be read has one all the same.
    is_there.then(|| (place, host_of(row).unwrap_or_default()))
}

fn host_of(row: &KeyValue) -> Option<String> {
    let host = std::str::from_utf8(&row.value).ok()?;
    crate::keys::is_name(host).then(|| host.to_owned())
}

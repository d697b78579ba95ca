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

mod decide;
mod release;

use std::collections::{BTreeMap, BTreeSet};

use etcd::{Client, Compare, Error, KeyValue, Op, Txn};
use ipnet::IpNet;
use model::address_pool::Pool;

use crate::host::{HostRecord, Machine};
use crate::keys::{Key, Keys};

pub use decide::{BlockHolder, Claimant, Decision, Holders, are_to_give_back, decide};
pub use release::{Released, release};

/// How often a claim is tried again where other hosts are faster.
const TRIES: usize = 20;
/// The longest hash of a machine that is read, in bytes: ours have 32.
const LONGEST_HASH: usize = 64;

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

/// A block as it stands in etcd.
#[derive(Debug)]
struct BlockClaim {
    holder: BlockHolder,
    /// The revision of its key.
    revision: i64,
}

/// Blocks, by mesh, subnet and place.
#[derive(Debug)]
struct Claims(BTreeMap<(String, IpNet, u32), BlockClaim>);

impl Claims {
    async fn list(etcd: &Client, keys: &Keys, prefix: &str) -> Result<Self, Error> {
        let (rows, _) =
            etcd.list(prefix, |row| Some(row).filter(|row| is_block(keys, row))).await?;
        Ok(Self::of(keys, &rows))
    }

    fn of(keys: &Keys, rows: &[KeyValue]) -> Self {
        let (mut claims, mut machines) = (BTreeMap::new(), Vec::new());
        for row in rows {
            match keys.read(&row.key) {
                Some(Key::Block(mesh, subnet, place)) => {
                    // A block whose holder cannot be read has one all the same.
                    let host = host_of(row).unwrap_or_default();
                    let holder = BlockHolder { host, machine: None, lives: true };
                    let claim = BlockClaim { holder, revision: row.mod_revision };
                    claims.insert((mesh.to_owned(), subnet, place), claim);
                }
                Some(Key::BlockMachine(mesh, subnet, place)) => {
                    machines.push(((mesh.to_owned(), subnet, place), row));
                }
                _ => {}
            }
        }
        for (key, row) in machines {
            if let Some(claim) = claims.get_mut(&key)
                && claim.revision == row.mod_revision
            {
                let hash = std::str::from_utf8(&row.value).ok();
                let hash = hash.filter(|hash| (1..=LONGEST_HASH).contains(&hash.len()));
                claim.holder.machine = hash.map(ToOwned::to_owned);
            }
        }
        Self(claims)
    }

    /// Those that `is_of` says of, deleted as long as they are as they were read and `holds` does.
    async fn delete(
        &self,
        etcd: &Client,
        keys: &Keys,
        holds: &[Compare],
        is_of: impl Fn(&BlockHolder) -> bool,
    ) -> Result<Deleted, Error> {
        let mut deleted = Deleted::default();
        for ((mesh, subnet, place), of) in self.0.iter().filter(|(_, of)| is_of(&of.holder)) {
            let key = keys.block(mesh, subnet, *place);
            let mut compare = holds.to_vec();
            compare.push(Compare::Unchanged(key.clone(), of.revision));
            let machine = Op::Delete(keys.block_machine(mesh, subnet, *place));
            let ops = vec![Op::Delete(key.clone()), machine];
            let is_done = etcd.txn(Txn { compare, ops }).await?.is_some();
            // A call that broke off may have done it all the same: the key tells.
            if is_done || etcd.get(&key).await?.0.is_none() {
                deleted.gone += 1;
            } else {
                deleted.left += 1;
            }
        }
        Ok(deleted)
    }
}

/// How many blocks are gone, and how many stay, for something has changed since they were read.
#[derive(Clone, Copy, Debug, Default)]
struct Deleted {
    gone: usize,
    left: usize,
}

fn is_block(keys: &Keys, row: &KeyValue) -> bool {
    matches!(keys.read(&row.key), Some(Key::Block(..) | Key::BlockMachine(..)))
}

/// Which hosts are alive, each with the machine that it is, and as of which revision of etcd.
async fn living(etcd: &Client, keys: &Keys) -> Result<(BTreeMap<String, Machine>, i64), Error> {
    let living = |row: KeyValue| {
        let Some(Key::Alive(host)) = keys.read(&row.key) else { return None };
        Some((host.to_owned(), Machine::read(&row.value).unwrap_or_default()))
    };
    let (living, header) = etcd.list(&keys.alives(), living).await?;
    Ok((living.into_iter().collect(), header.revision))
}

/// Which machine a host tells that it is; of a block that an earlier release has claimed nothing else tells that.
async fn machine_of(etcd: &Client, keys: &Keys, host: &str) -> Result<Option<String>, Error> {
    let (record, _) = etcd.get(&keys.host(host)).await?;
    let record = record.and_then(|row| HostRecord::read(&row.value).ok());
    Ok(record.map(|record| record.machine).filter(|machine| !machine.is_empty()))
}

/// Looks up which of the others live, and which machine those are of which that is not written down.
async fn look_up(
    etcd: &Client,
    keys: &Keys,
    own: &str,
    holders: &mut Holders,
) -> Result<(), Error> {
    let (living, _) = living(etcd, keys).await?;
    let mut machines = BTreeMap::<String, Option<String>>::new();
    let others = |holder: &&mut BlockHolder| !holder.host.is_empty() && holder.host != own;
    for holder in holders.values_mut().filter(others) {
        if holder.machine.is_none() {
            holder.machine = if let Some(known) = machines.get(&holder.host) {
                known.clone()
            } else {
                let machine = machine_of(etcd, keys, &holder.host).await?;
                machines.insert(holder.host.clone(), machine.clone());
                machine
            };
        }
        holder.lives = does_live(holder, &living);
    }
    Ok(())
}

/// Whether the holder lives by the name that it had, and not another machine that is called so now.
fn does_live(holder: &BlockHolder, living: &BTreeMap<String, Machine>) -> bool {
    let is_it = |Machine { machine, .. }: &Machine| {
        machine.is_empty() || holder.machine.as_ref().is_none_or(|of| of == machine)
    };
    living.get(&holder.host).is_some_and(is_it)
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

fn host_of(row: &KeyValue) -> Option<String> {
    let host = std::str::from_utf8(&row.value).ok()?;
    crate::keys::is_name(host).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: String, value: &str, mod_revision: i64) -> KeyValue {
        let (key, value) = (key.into(), value.to_owned().into());
        KeyValue { key, value, create_revision: 1, mod_revision, lease: 0 }
    }

    pub(super) fn living(hosts: &[(&str, &str)]) -> BTreeMap<String, Machine> {
        let host = |(host, machine): &(&str, &str)| {
            let machine = (*machine).to_owned();
            ((*host).to_owned(), Machine { machine, ..Machine::default() })
        };
        hosts.iter().map(host).collect()
    }

    #[test]
    fn a_machine_counts_with_the_name_that_it_was_written_with() {
        let (keys, net) = (Keys::new("f"), "192.0.2.0/24".parse().unwrap());
        let block = |place| keys.block("blue", &net, place);
        let machine = |place| keys.block_machine("blue", &net, place);
        let long = "x".repeat(LONGEST_HASH + 1);
        let claims = Claims::of(
            &keys,
            &[
                row(block(1), "h3", 7),
                row(machine(1), "m3", 7),
                // Claimed by an earlier release, and by one after that was given back.
                row(block(2), "h1", 9),
                row(block(3), "h1", 12),
                row(machine(3), "m3", 10),
                row(machine(4), "m3", 10),
                row(block(5), "h 1", 13),
                row(machine(5), &long, 13),
            ],
        );
        let all = claims.0.iter().map(|((.., place), claim)| {
            let BlockHolder { host, machine, .. } = &claim.holder;
            (*place, host.as_str(), machine.as_deref())
        });
        let all: Vec<_> = all.collect();
        assert_eq!(all, [(1, "h3", Some("m3")), (2, "h1", None), (3, "h1", None), (5, "", None)]);
    }

    #[test]
    fn another_machine_that_is_called_so_now_is_not_the_holder() {
        let living = living(&[("h3", "m3"), ("h9", "")]);
        let lives = |host: &str, machine: Option<&str>| {
            let (host, machine) = (host.to_owned(), machine.map(ToOwned::to_owned));
            does_live(&BlockHolder { host, machine, lives: true }, &living)
        };
        assert!(lives("h3", Some("m3")) && !lives("h3", Some("m1")));
        assert!(lives("h3", None) && lives("h9", Some("m9")), "it is not known which machine");
        assert!(!lives("h1", Some("m3")) && !lives("h1", None));
    }
}

//! The blocks as they stand in etcd: read, and deleted as long as they are as they were read.

use std::collections::BTreeMap;

use etcd::{Client, Compare, Error, KeyValue, Op, Txn};
use ipnet::IpNet;

use super::BlockHolder;
use crate::keys::{Key, Keys};

/// The longest hash of a machine that is read, in bytes: ours have 32.
const LONGEST_HASH: usize = 64;

/// A block as it stands in etcd.
#[derive(Debug)]
pub(super) struct BlockClaim {
    pub(super) holder: BlockHolder,
    /// The revision of its key.
    pub(super) revision: i64,
}

/// Blocks, by mesh, subnet and place.
#[derive(Debug)]
pub(super) struct Claims(pub(super) BTreeMap<(String, IpNet, u32), BlockClaim>);

impl Claims {
    pub(super) async fn list(etcd: &Client, keys: &Keys, prefix: &str) -> Result<Self, Error> {
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
    pub(super) async fn delete(
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
pub(super) struct Deleted {
    pub(super) gone: usize,
    pub(super) left: usize,
}

fn is_block(keys: &Keys, row: &KeyValue) -> bool {
    matches!(keys.read(&row.key), Some(Key::Block(..) | Key::BlockMachine(..)))
}

/// The name of a host that stands as a value.
pub(super) fn host_of(row: &KeyValue) -> Option<String> {
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
}

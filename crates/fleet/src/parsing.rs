//! What other hosts write, read from any bytes: for fuzzing and its corpora.

use etcd::KeyValue;
use model::address_pool::Pool;

use crate::blocks;
use crate::keys::Keys;

/// Whose a block of the pool's subnet is, by what stands in etcd.
pub fn holder(keys: &Keys, pool: &Pool, row: &KeyValue) -> Option<(u32, String)> {
    blocks::holder(keys, pool, row)
}

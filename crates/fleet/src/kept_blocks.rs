//! That the blocks of a host stand in etcd as its machine's, beside its sign of life.

use etcd::{Client, Compare, Error, Op, Txn};

use crate::fleet::Fleet;
use crate::host::Machine;

/// Tells beside this run's sign of life that its blocks stand in etcd as this machine's, once for each lease: `told`
/// is that of which it was told.
///
/// # Errors
/// etcd: it is to be told again.
pub async fn tell_kept_blocks(
    etcd: &Client,
    fleet: &Fleet,
    told: &mut Option<i64>,
) -> Result<(), Error> {
    let lease = fleet.condition().lease.filter(|lease| *told != Some(*lease));
    let Some(lease) = lease else { return Ok(()) };
    let key = fleet.keys().alive(fleet.host());
    let (there, _) = etcd.get(&key).await?;
    // Another run's is not to be written over.
    let Some(there) = there.filter(|row| row.lease == lease) else { return Ok(()) };
    let Ok(machine) = Machine::read(&there.value) else { return Ok(()) };
    let machine = Machine { blocks_kept: true, ..machine };
    let value = serde_json::to_vec(&machine).unwrap_or_default().into();
    let compare = vec![Compare::Unchanged(key.clone(), there.mod_revision)];
    let ops = vec![Op::Put { key, value, lease }];
    if etcd.txn(Txn { compare, ops }).await?.is_some() {
        *told = Some(lease);
    }
    Ok(())
}

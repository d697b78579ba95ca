//! Gives back, by hand, the blocks of a host that is no more: those of a machine that lives stay.

use std::collections::{BTreeMap, BTreeSet};

use etcd::{Client, Compare, Error};

use super::BlockHolder;
use super::claims::{Claims, Deleted};
use super::living::{living, machine_of};
use crate::host::{HostRecord, Machine};
use crate::keys::Keys;

/// What became of the blocks that a host had in a mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// How many were given back.
    pub count: usize,
    /// The name by which the machine lives that has the others, its own first.
    pub living: Option<String>,
    /// How many stay because it is not known whether their machine is gone: one that is called as the host came
    /// alive with another id and has not told yet which blocks are its own, or something changed meanwhile.
    pub unknown: usize,
    /// Whether some of them stay because a daemon that is alive has not told which blocks are its own: one of an
    /// earlier release never does.
    pub is_untold: bool,
}

/// Gives back the blocks that a host has in a mesh, but for those of a machine that lives, under whatever name, and
/// is in the mesh. Another machine may be called as the host was, or have been it before it was installed anew; until
/// it has told which blocks are its own, it may be the same one with another id.
///
/// # Errors
/// etcd: some may be given back.
pub async fn release(
    etcd: &Client,
    keys: &Keys,
    mesh: &str,
    host: &str,
) -> Result<Released, Error> {
    // What is claimed from here on is not among them.
    let claims = Claims::list(etcd, keys, &keys.blocks_of_mesh(mesh)).await?;
    let of = claims.0.values().map(|claim| &claim.holder).filter(|of| of.host == host);
    let mut machines: BTreeSet<_> = of.map(|of| of.machine.clone()).collect();
    if machines.is_empty() {
        // One that lives may be about to claim some.
        machines.insert(None);
    }
    let (living, revision) = living(etcd, keys).await?;
    let is_settled = living.get(host).is_none_or(|machine| machine.blocks_kept);
    let mut holders = BTreeMap::new();
    for machine in machines {
        let mut may_be = BTreeSet::from([machine.clone()]);
        if machine.is_none() {
            may_be.insert(machine_of(etcd, keys, host).await?);
        }
        let names = lives_as(host, &may_be, &living);
        if let Some(name) = first_in_mesh(etcd, keys, mesh, host, names).await? {
            holders.insert(machine, name);
        }
    }
    let is_free = |of: &BlockHolder| of.host == host && !holders.contains_key(&of.machine);
    let deleted = if is_settled {
        // One that comes alive from here on may be the machine.
        let holds = [Compare::NoneSince(keys.alives(), revision)];
        claims.delete(etcd, keys, &holds, is_free).await?
    } else {
        let left = claims.0.values().filter(|claim| is_free(&claim.holder)).count();
        Deleted { gone: 0, left }
    };
    let living = holders.into_values().min_by_key(|name| name != host);
    let is_untold = !is_settled && deleted.left > 0;
    Ok(Released { count: deleted.gone, living, unknown: deleted.left, is_untold })
}

/// The first of the names that is the host's own, or is in the mesh.
async fn first_in_mesh(
    etcd: &Client,
    keys: &Keys,
    mesh: &str,
    host: &str,
    names: Vec<String>,
) -> Result<Option<String>, Error> {
    for name in names {
        if name == host {
            return Ok(Some(name));
        }
        let (record, _) = etcd.get(&keys.host(&name)).await?;
        let record = record.and_then(|row| HostRecord::read(&row.value).ok());
        // One that is in no such mesh has no container there: several hosts may be played on one machine.
        if record.is_none_or(|record| record.meshes.contains_key(mesh)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The names by which the machines live that its blocks are of, its own first; a none among `machines` is a block
/// of which that is not known.
fn lives_as(
    host: &str,
    machines: &BTreeSet<Option<String>>,
    living: &BTreeMap<String, Machine>,
) -> Vec<String> {
    let is_known =
        |machine: &String| !machine.is_empty() && machines.contains(&Some(machine.clone()));
    // Where it is not known, of the blocks or of the one that lives, whatever lives by that name has them.
    let has = |name: &str, machine: &String| {
        is_known(machine) || (name == host && (machine.is_empty() || machines.contains(&None)))
    };
    let names = living.iter().filter(|(name, of)| has(name, &of.machine)).map(|(name, _)| name);
    let (own, others): (Vec<_>, Vec<_>) = names.cloned().partition(|name| name == host);
    own.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::living::tests::living;

    #[test]
    fn a_machine_that_lives_keeps_its_blocks_under_whatever_name() {
        let living = living(&[("h3b", "m3"), ("h1", "m1"), ("h9", "")]);
        let lives = |host: &str, machines: &[Option<&str>]| {
            let machines = machines.iter().map(|machine| machine.map(ToOwned::to_owned));
            lives_as(host, &machines.collect(), &living).join(" ")
        };
        assert_eq!(lives("h3", &[Some("m3")]), "h3b", "it was renamed");
        assert_eq!(lives("h3", &[Some("m4")]), "");
        assert_eq!(lives("h3", &[None]), "");
        assert_eq!(lives("h1", &[Some("m1")]), "h1");
        assert_eq!(lives("h1", &[None]), "h1", "it is not known which machine");
        assert_eq!(lives("h1", &[Some("m3")]), "h3b");
        assert_eq!(lives("h1", &[Some("m1"), Some("m3"), None]), "h1 h3b");
        // Another machine is called as the one was that is off.
        assert_eq!(lives("h1", &[Some("m4")]), "");
        assert_eq!(lives("h9", &[None]), "h9");
        assert_eq!(lives("h9", &[Some("m9")]), "h9", "it goes by its name, as its blocks do");
    }
}

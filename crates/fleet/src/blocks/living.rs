//! Which hosts live, and which machine each of them is.

use std::collections::BTreeMap;

use etcd::{Client, Error, KeyValue};

use super::{BlockHolder, Holders};
use crate::host::{HostRecord, Machine};
use crate::keys::{Key, Keys};

/// Which hosts are alive, each with the machine that it is, and as of which revision of etcd.
pub(super) async fn living(
    etcd: &Client,
    keys: &Keys,
) -> Result<(BTreeMap<String, Machine>, i64), Error> {
    let living = |row: KeyValue| {
        let Some(Key::Alive(host)) = keys.read(&row.key) else { return None };
        Some((host.to_owned(), Machine::read(&row.value).unwrap_or_default()))
    };
    let (living, header) = etcd.list(&keys.alives(), living).await?;
    Ok((living.into_iter().collect(), header.revision))
}

/// Which machine a host tells that it is; of a block that an earlier release has claimed nothing else tells that.
pub(super) async fn machine_of(
    etcd: &Client,
    keys: &Keys,
    host: &str,
) -> Result<Option<String>, Error> {
    let (record, _) = etcd.get(&keys.host(host)).await?;
    let record = record.and_then(|row| HostRecord::read(&row.value).ok());
    Ok(record.map(|record| record.machine).filter(|machine| !machine.is_empty()))
}

/// Looks up which of the others live, and which machine those are of which that is not written down.
pub(super) async fn look_up(
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::blocks) fn living(hosts: &[(&str, &str)]) -> BTreeMap<String, Machine> {
        let host = |(host, machine): &(&str, &str)| {
            let machine = (*machine).to_owned();
            ((*host).to_owned(), Machine { machine, ..Machine::default() })
        };
        hosts.iter().map(host).collect()
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

//! Names and numbers of which each is one host's only.

use std::collections::BTreeSet;

use etcd::{Client, Compare, Error, Op, Txn};

use crate::host::Machine;
use crate::keys::{Key, Keys};
use crate::mesh::MAX_NUMBERS;

/// How long a host is taken for alive without a sign of life, in seconds.
pub(crate) const TTL: i64 = 20;

/// Why this host is not told of.
#[derive(Debug)]
pub(crate) enum NotClaimed {
    /// etcd.
    Etcd(Error),
    /// Another machine or run has the name.
    Taken(String),
}

impl From<Error> for NotClaimed {
    fn from(error: Error) -> Self {
        Self::Etcd(error)
    }
}

/// Takes the name `host`, for as long as `lease` lives. One that is taken by an earlier run on the same
/// boot of the same machine is taken over.
pub(crate) async fn claim_name(
    etcd: &Client,
    keys: &Keys,
    host: &str,
    machine: &Machine,
    lease: i64,
) -> Result<(), NotClaimed> {
    let key = keys.alive(host);
    let value = serde_json::to_vec(machine).unwrap_or_default();
    let put = || Op::Put { key: key.clone(), value: value.clone().into(), lease };
    let new = Txn { compare: vec![Compare::Missing(key.clone())], ops: vec![put()] };
    if etcd.txn(new).await?.is_some() {
        return Ok(());
    }
    let (Some(there), _) = etcd.get(&key).await? else {
        return Err(NotClaimed::Taken(format!("the name {host} has just become free")));
    };
    let holder = Machine::read(&there.value).unwrap_or_default();
    if let Some(why) = why_not(host, &holder, machine) {
        return Err(NotClaimed::Taken(why));
    }
    let over = Txn {
        compare: vec![Compare::Unchanged(key.clone(), there.mod_revision)],
        ops: vec![put()],
    };
    match etcd.txn(over).await? {
        Some(_) => Ok(()),
        None => Err(NotClaimed::Taken(format!("the name {host} is just being taken"))),
    }
}

/// Why the name is not to be taken over from its holder.
pub(crate) fn why_not(host: &str, holder: &Machine, own: &Machine) -> Option<String> {
    if holder.machine != own.machine {
        return Some(format!(
            "another machine is called {host}: give this one another name (--fleet-host)"
        ));
    }
    // Of one that has no id only the boot tells which it is.
    let is_unknown = own.machine.is_empty() && (own.boot.is_empty() || own.boot != holder.boot);
    if is_unknown {
        return Some(format!(
            "another machine is called {host}, which needs another name (--fleet-host), or it was this one before \
             its reboot, which ends by itself: without /etc/machine-id that is not known"
        ));
    }
    if holder.boot != own.boot {
        return Some(format!(
            "a machine with this one's machine id is called {host}: this one before its reboot, which ends by \
             itself, or a copy of it, which needs a machine id of its own (systemd-machine-id-setup)"
        ));
    }
    let later = holder.run != own.run && holder.started > own.started;
    later.then(|| format!("a daemon that was started later on this machine is called {host}"))
}

/// The number of `host`: the one it has, or else `earlier`, which it had before etcd lost all, or else the
/// least that is free.
pub(crate) async fn claim_number(
    etcd: &Client,
    keys: &Keys,
    host: &str,
    earlier: Option<u16>,
) -> Result<u16, NotClaimed> {
    loop {
        let number_of = |row: etcd::KeyValue| match keys.read(&row.key) {
            Some(Key::Number(number)) => Some((number, row.value == host.as_bytes())),
            _ => None,
        };
        let (numbers, _) = etcd.list(&keys.numbers(), number_of).await?;
        let own =
            numbers.iter().find(|(number, is_own)| *is_own && (1..=MAX_NUMBERS).contains(number));
        if let Some((number, _)) = own {
            return Ok(*number);
        }
        let taken: BTreeSet<_> = numbers.into_iter().map(|(number, _)| number).collect();
        let all = earlier.into_iter().chain(1..=MAX_NUMBERS);
        let Some(free) = all.into_iter().find(|number| !taken.contains(number)) else {
            return Err(NotClaimed::Taken(format!("all {MAX_NUMBERS} numbers of hosts are taken")));
        };
        let key = keys.number(free);
        let value = host.to_owned().into();
        let put = Op::Put { key: key.clone(), value, lease: 0 };
        // Where another host was faster, or the call broke off, the list tells.
        etcd.txn(Txn { compare: vec![Compare::Missing(key)], ops: vec![put] }).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(machine: &str, boot: &str, run: &str, started: u64) -> Machine {
        let (machine, boot, run) = (machine.into(), boot.into(), run.into());
        Machine { machine, boot, run, started, blocks_kept: false }
    }

    #[test]
    fn only_an_earlier_run_on_the_same_boot_gives_way() {
        let own = machine("m", "b", "r2", 2);
        assert_eq!(why_not("h", &machine("m", "b", "r1", 1), &own), None);
        assert_eq!(why_not("h", &own, &own), None);
        for (other, why) in [
            (machine("m", "b", "r3", 3), "started later"),
            (machine("m", "b0", "r1", 1), "before its reboot"),
            (machine("n", "b", "r1", 1), "another machine"),
            (Machine::default(), "another machine"),
        ] {
            let told = why_not("h", &other, &own).unwrap();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn machines_without_an_id_are_told_apart_by_their_boots() {
        let own = machine("", "b", "r2", 2);
        assert_eq!(why_not("h", &machine("", "b", "r1", 1), &own), None);
        let later = why_not("h", &machine("", "b", "r3", 3), &own).unwrap();
        assert!(later.contains("started later"), "{later}");
        for (other, own) in [
            (machine("", "b0", "r1", 1), &own),
            (machine("m", "b", "r1", 1), &own),
            (own.clone(), &machine("m", "b", "r1", 1)),
            (Machine::default(), &own),
            // Nothing at all is known of either.
            (machine("", "", "r1", 1), &machine("", "", "r2", 2)),
        ] {
            let told = why_not("h", &other, own).unwrap();
            assert!(told.contains("another machine is called h"), "{told}");
            assert!(told.contains("(--fleet-host)"), "{told}");
        }
    }
}

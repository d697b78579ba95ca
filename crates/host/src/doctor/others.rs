//! Who else acts on these ports: what is kept today may be removed by another program tomorrow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use model::dialects::claims_of;
use model::health::{Check, Verdict};
use model::port_record::PortRecord;
use model::switch::{Bridge, Port};
use model::{Observed, Snapshot};

use crate::identity::process::Process;

/// A program that makes and removes ports.
struct Program {
    name: &'static str,
    /// What its process is called, at most 15 bytes (proc_pid_comm(5)).
    comm: &'static str,
    /// Where it listens.
    sockets: &'static [&'static str],
    /// What it does to the ports of others, if that is known.
    does: &'static str,
}

const PROGRAMS: [Program; 6] = [
    Program {
        name: "Incus",
        comm: "incusd",
        sockets: &["/var/lib/incus/unix.socket", "/run/incus/unix.socket"],
        does: "from 7.2 on deletes, when it starts, every port whose link is gone",
    },
    Program {
        name: "LXD",
        comm: "lxd",
        sockets: &["/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"],
        does: "",
    },
    Program {
        name: "neutron's agent",
        comm: "neutron-openvsw",
        sockets: &[],
        does: "tags the ports of its bridges, and removes those that it does not know",
    },
    Program { name: "OVN", comm: "ovn-controller", sockets: &[], does: "" },
    Program { name: "Antrea", comm: "antrea-agent", sockets: &[], does: "" },
    Program { name: "Kube-OVN", comm: "kube-ovn-daemon", sockets: &[], does: "" },
];

/// Who else there is, by processes, sockets and rows.
pub(super) fn check(snapshot: &Snapshot) -> Check {
    let (seen, acting) = running();
    let rows = writers(snapshot);
    let unread = snapshot.switch.values().all(|rows| rows.absence().is_some());
    let mut found = acting;
    found.extend(rows.iter().map(|(writer, count)| match count {
        1 => format!("1 port of {writer}"),
        count => format!("{count} ports of {writer}"),
    }));
    let (verdict, detail) = match (found.as_slice(), seen) {
        ([], false) => (Verdict::Note, "unknown: not all processes are seen".to_owned()),
        ([], true) if unread => (Verdict::Note, "unknown: no ports were read".to_owned()),
        ([], true) => {
            let names = PROGRAMS.map(|program| program.name).join(", ");
            (Verdict::Ok, format!("no port of another program's, and none of {names} runs here"))
        }
        (found, _) => (Verdict::Note, found.join("; ")),
    };
    let hint =
        if found.is_empty() { "" } else { "docker ovs restore makes again what they remove" };
    let name = "others".to_owned();
    let target = "bridges".to_owned();
    Check { name, target, verdict, detail, hint: hint.to_owned() }
}

/// Whether every process is seen, and which of the programs run.
fn running() -> (bool, Vec<String>) {
    let every = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = every.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let processes: BTreeMap<_, _> =
        pids.filter_map(|pid| Some((Process::open(pid).ok()?.comm(), pid))).collect();
    // With hidepid= (proc(5)) that of the first process is not among them.
    let seen = processes.values().any(|pid| *pid == 1) || Process::open(1).is_ok();
    let found = PROGRAMS.iter().filter_map(|program| {
        let how = match processes.get(program.comm) {
            Some(pid) => format!("process {pid}"),
            None => (*program.sockets.iter().find(|path| Path::new(path).exists())?).to_owned(),
        };
        let does =
            if program.does.is_empty() { String::new() } else { format!(" {}", program.does) };
        Some(format!("{} ({how}){does}", program.name))
    });
    (seen, found.collect())
}

/// Which programs wrote rows of ports that are not ours, and how many. ovs-docker writes what is read as a record
/// too.
fn writers(snapshot: &Snapshot) -> BTreeMap<&'static str, usize> {
    writers_in(snapshot.switch.values().flat_map(Observed::rows))
}

fn writers_in<'b>(bridges: impl Iterator<Item = &'b Bridge>) -> BTreeMap<&'static str, usize> {
    let ports = bridges.flat_map(|bridge| &bridge.ports);
    let mut seen = BTreeSet::new();
    let mut writers = BTreeMap::new();
    let is_others = |port: &&Arc<Port>| PortRecord::of(port).is_none_or(|record| !record.ours);
    for port in ports.filter(is_others) {
        for claim in claims_of(port) {
            if seen.insert((&port.iface, claim.writer)) {
                *writers.entry(claim.writer).or_default() += 1;
            }
        }
    }
    writers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of ports with these keys.
    fn told(ports: &[&[(&str, &str)]]) -> BTreeMap<&'static str, usize> {
        let port = |(at, keys): (usize, &&[(&str, &str)])| {
            let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Arc::new(Port {
                iface: format!("p{at}").into(),
                external_ids: keys.collect(),
                ..Port::default()
            })
        };
        let ports = ports.iter().enumerate().map(port).collect();
        let bridge = Bridge { name: "br0".into(), ports, ..Bridge::default() };
        writers_in(std::iter::once(&bridge))
    }

    #[test]
    fn ports_of_others_are_told_by_who_wrote_them() {
        let by_hand = [("container_id", "web"), ("container_iface", "eth1")];
        let ours = [by_hand[0], by_hand[1], ("docker-ovs.name", "web")];
        let without = [("container_id", "web")];
        let pipework = [("pipework.interface", "eth1"), ("pipework.nspid", "7")];
        assert_eq!(told(&[&ours, &[]]), BTreeMap::new());
        assert_eq!(told(&[&by_hand, &ours]), BTreeMap::from([("ovs-docker", 1)]));
        let all = told(&[&by_hand, &by_hand, &without, &pipework]);
        assert_eq!(all, BTreeMap::from([("ovs-docker", 3), ("pipework", 1)]));
    }
}

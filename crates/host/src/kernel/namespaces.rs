//! The namespaces that a look starts from: the switch's, our own, those with a name.

use std::path::{Path, PathBuf};

use model::{Trouble, TroubleKind};
use netns::Netns;

/// The namespace ovs-vswitchd lives in, by the PID file in `rundir` (ovs-vswitchd(8)); our
/// own where that cannot be told, as with a vswitchd of another PID namespace.
pub(crate) fn switch_namespace(rundir: &Path) -> Result<Netns, Trouble> {
    match vswitchd(rundir) {
        Some(pid) => Netns::of_process(pid).or_else(|_| own_namespace()),
        None => own_namespace(),
    }
}

/// The namespace this program runs in.
pub(crate) fn own_namespace() -> Result<Netns, Trouble> {
    Netns::current().map_err(|error| trouble("this network namespace".into(), &error))
}

/// The namespaces with a name under /run/netns (ip-netns(8)).
pub(crate) fn named() -> Vec<(String, Netns)> {
    netns::named()
        .into_iter()
        .filter_map(|(name, path)| Some((name, Netns::open(&path).ok()?)))
        .collect()
}

fn vswitchd(rundir: &Path) -> Option<u32> {
    let pid = std::fs::read_to_string(rundir.join("ovs-vswitchd.pid")).ok()?;
    let pid: u32 = pid.trim().parse().ok()?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    (name.trim() == "ovs-vswitchd").then_some(pid)
}

/// The namespace that `pid:N` or `netns:NAME|PATH` asks for; none for other words.
pub(crate) fn open_target(wanted: &str) -> Option<Result<Netns, Trouble>> {
    let opened = if let Some(pid) = wanted.strip_prefix("pid:") {
        match pid.parse() {
            Ok(pid) => Netns::of_process(pid),
            Err(_) => return Some(Err(not_a_pid(wanted))),
        }
    } else {
        let name = wanted.strip_prefix("netns:")?;
        let path =
            if name.contains('/') { name.into() } else { PathBuf::from("/run/netns").join(name) };
        Netns::open(&path)
    };
    let remedy = "ip netns list names the namespaces there are; pid: takes a running process";
    Some(opened.map_err(|error| {
        let trouble = trouble(wanted.to_owned(), &error);
        if trouble.kind == TroubleKind::Denied { trouble } else { trouble.remedy(remedy) }
    }))
}

fn not_a_pid(wanted: &str) -> Trouble {
    Trouble::new(TroubleKind::Unusable, wanted, "not a process id").remedy("write pid:1234")
}

/// Puts an error of the netns crate into words.
pub(crate) fn trouble(what: String, error: &netns::Error) -> Trouble {
    crate::failure::of_chain(what, error, "run as root, or with CAP_SYS_ADMIN and CAP_SYS_PTRACE")
}

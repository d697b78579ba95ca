//! A check-up: what can be reached, what not, and what to do about it.

mod forwarding;
mod identities;
mod network_driver;
mod others;

use futures_util::future::join_all;
use model::evidence::Note;
use model::health::{Check, Verdict};
use model::snapshot::Container;
use model::switch::Bridge;
use model::told::{TOLD, joined};
use model::wiring::{Attachment, Wire};
use model::{Observed, Snapshot, SourceError, SourceErrorKind, Wiring, resolve};
use rustix::thread::{CapabilitySet, capabilities};

use crate::deadline::Deadline;
use crate::engine::{Configured, Engine};
use crate::switch::appctl;
use crate::{Host, Question};

impl Host {
    /// Checks every source and privilege a look needs.
    pub async fn examine(&self) -> Vec<Check> {
        let due = Deadline::after(self.timeout);
        let engines = self.engines.now();
        let answering = join_all(engines.iter().map(|engine| check_engine(engine, due)));
        let everything = Question {
            traffic: true,
            identities: true,
            other_engines: true,
            ..Question::default()
        };
        // All at once: what is silent is waited for once.
        let (mut checks, (ovsdb, datapath), vswitchd, snapshot) = tokio::join!(
            answering,
            self.check_ovsdb(due),
            self.check_vswitchd(due),
            self.look(&everything)
        );
        for (checked, engine) in checks.iter_mut().zip(&engines) {
            // An engine may tell its version, and not what it runs.
            let unread = snapshot.engines.get(&engine.name).and_then(Observed::source_error);
            if let (Verdict::Ok, Some(error)) = (checked.verdict, unread) {
                *checked = check(&checked.name, checked.target.clone(), Err(error.clone()));
            }
            let refusal = snapshot.identities.refusal(&engine.name);
            note_refusal(checked, refusal);
        }
        let privileges = check_privileges();
        let namespace = identities::check_namespace(&snapshot);
        checks.extend([ovsdb, vswitchd, privileges, namespace, datapath]);
        checks.extend(identities::check(&snapshot));
        checks.extend(check_traffic(&snapshot));
        checks.push(others::check(&snapshot));
        checks.extend(network_driver::check(&snapshot));
        checks.extend(forwarding::check(&snapshot));
        checks
    }

    async fn check_ovsdb(&self, due: Deadline) -> (Check, Check) {
        let remote = self.db.as_ref().map(ToString::to_string).unwrap_or_default();
        let ask = async {
            let mut database = self.database(due).await?;
            let what = database.what().to_owned();
            due.hold(|| what.clone(), async {
                Ok((database.version().await?, database.bridges().await?))
            })
            .await
        };
        match ask.await {
            Ok((version, bridges)) => (check("ovsdb", remote, Ok(version)), datapath(&bridges)),
            Err(source_error) => {
                let unknown =
                    SourceError::new(source_error.kind, "datapath", "unknown without OVSDB");
                (
                    check("ovsdb", remote, Err(source_error)),
                    check("datapath", String::new(), Err(unknown)),
                )
            }
        }
    }

    async fn check_vswitchd(&self, due: Deadline) -> Check {
        let folder = self.rundir.display().to_string();
        let ask = due.hold(|| appctl::what(&self.rundir), appctl::version(&self.rundir));
        check("vswitchd", folder, ask.await)
    }
}

/// Whether an engine answers.
async fn check_engine(configured: &Configured, due: Deadline) -> Check {
    let ask = async {
        let engine = configured.engine()?;
        let due = configured.due(due);
        due.hold(|| engine.what(), engine.version()).await
    };
    let address = configured.engine().map(Engine::address).unwrap_or_default();
    let answer = ask.await;
    let is_other =
        matches!(&answer, Err(why) if why.kind == SourceErrorKind::NotServed && !configured.named);
    let mut checked = check(&configured.name.to_string(), address, answer);
    if is_other {
        // It was found by its place alone, and no container is missing for it.
        checked.verdict = Verdict::Note;
    }
    checked
}

/// What the containers of an engine that answers cannot have.
fn note_refusal(checked: &mut Check, refusal: Option<String>) {
    if let (Verdict::Ok, Some(why)) = (checked.verdict, refusal) {
        checked.verdict = Verdict::Note;
        checked.detail += "; its containers are shown, and cannot be connected: ";
        checked.detail += &why;
    }
}

/// Checks what a recording tells: which sources were seen, and how the ports are.
pub fn examine_recording(snapshot: &Snapshot) -> Vec<Check> {
    let engines = snapshot
        .engines
        .iter()
        .map(|(engine, rows)| recorded(&engine.to_string(), rows, "container"));
    let sources =
        snapshot.switch.iter().map(|(source, rows)| recorded(&source.to_string(), rows, "bridge"));
    let kernel = recorded("kernel", &snapshot.kernel, "namespace");
    engines.chain([kernel]).chain(sources).chain(check_traffic(snapshot)).collect()
}

/// One source, as it was when the recording was made.
fn recorded<T>(name: &str, rows: &Observed<T>, what: &str) -> Check {
    let count = match rows.rows().len() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let target = "the recording".to_owned();
    if let Observed::Partial { why, .. } = rows {
        let detail = format!("{count}, and there may be others: {}", why.why);
        return Check { verdict: Verdict::Note, ..check(name, target, Ok(detail)) };
    }
    check(name, target, rows.source_error().map_or(Ok(count), |why| Err(why.clone())))
}

/// A port can look perfect and pass nothing, or ping alone.
fn check_traffic(snapshot: &Snapshot) -> [Check; 2] {
    let missing =
        snapshot.kernel.source_error().or(missing_switch(snapshot)).map(ToString::to_string);
    let Some(why) = missing.or(snapshot.switch_netns_error().map(ToOwned::to_owned)) else {
        let wiring = resolve(snapshot);
        let checks = [check_ports(snapshot, &wiring), check_checksums(snapshot, &wiring)];
        return checks.map(|check| with_unread(snapshot, check));
    };
    ["ports", "checksums"].map(|name| Check {
        name: name.to_owned(),
        target: "bridges".to_owned(),
        verdict: Verdict::Note,
        detail: format!("unknown: {why}"),
        hint: String::new(),
    })
}

const ORPHANED: &str = "docker ovs restore --all makes again what containers lost; docker ovs \
                           prune removes what no container needs";
const NOT_OPENED: &str = "ovs-vswitchd does not listen to their links now: look again once it has \
                          started; explain names each";
const DEAF: &str = "the links were made again under their old names: ovs-vsctl del-port, then \
                    add-port in a later transaction";

fn missing_switch(snapshot: &Snapshot) -> Option<&SourceError> {
    snapshot.switch.values().find_map(Observed::source_error)
}

/// Nothing is well of what was not looked at.
fn with_unread(snapshot: &Snapshot, check: Check) -> Check {
    let unread = |row: &&Container| {
        let gone = |error: &SourceError| error.kind == SourceErrorKind::Gone;
        let home = row.netns.and_then(|netns| snapshot.namespace(netns));
        row.netns_error.as_ref().is_some_and(|error| !gone(error))
            || home.is_some_and(|home| home.source_error.is_some())
    };
    let unread: Vec<_> =
        snapshot.containers().filter(unread).map(|row| row.name.to_string()).collect();
    if unread.is_empty() {
        return check;
    }
    let detail =
        format!("{}; unknown of {}, whose links could not be read", check.detail, some_of(&unread));
    Check { verdict: Verdict::Note, detail, ..check }
}

fn check(name: &str, target: String, found: Result<String, SourceError>) -> Check {
    let name = name.to_owned();
    match found {
        Ok(detail) => Check { name, target, verdict: Verdict::Ok, detail, hint: String::new() },
        Err(source_error) => {
            let SourceError { why, hint, .. } = source_error;
            Check { name, target, verdict: Verdict::Fail, detail: why, hint }
        }
    }
}

/// Whether the switch hears every port, and something is on it.
fn check_ports(snapshot: &Snapshot, wiring: &Wiring) -> Check {
    let noted = |note: &Note| -> Vec<String> {
        let rows = wiring.ports.iter().filter(|row| row.notes.contains(note));
        rows.map(|row| format!("{}/{}", row.bridge, row.port.iface)).collect()
    };
    let deaf = noted(&Note::Deaf);
    let not_opened = noted(&Note::NotOpened);
    let left = wiring.ports.iter().filter(|row| row.occupant.is_orphaned()).count();
    let count = wiring.ports.len();
    let (verdict, detail, hint) = match (deaf.as_slice(), left) {
        ([], 0) if !hears(snapshot) => {
            let detail = format!("{count}, none orphaned; unknown whether any is deaf");
            (Verdict::Note, detail, "run as root: the kernel tells which links ovs-vswitchd hears")
        }
        ([], _) if !not_opened.is_empty() => {
            let detail = format!("{} not opened: {}", not_opened.len(), some_of(&not_opened));
            (Verdict::Note, detail, NOT_OPENED)
        }
        ([], 0) => (Verdict::Ok, format!("{count}, none deaf or orphaned"), ""),
        ([], left) => (Verdict::Note, format!("{left} of {count} orphaned"), ORPHANED),
        (deaf, _) => (Verdict::Note, format!("deaf: {}", some_of(deaf)), DEAF),
    };
    let name = "ports".to_owned();
    let target = "bridges".to_owned();
    Check { name, target, verdict, detail, hint: hint.to_owned() }
}

/// Whether it was read which links the switch listens to, or that is no question: only the
/// userspace datapath can be deaf.
fn hears(snapshot: &Snapshot) -> bool {
    let mut datapaths = snapshot.bridges().map(|bridge| bridge.datapath.as_deref());
    let kernel_only = datapaths.all(|datapath| datapath == Some("system"));
    kernel_only || snapshot.switch_namespace().is_some_and(|ns| ns.vswitchd_sockets.is_some())
}

/// Whether TCP and UDP arrive on bridges that do not finish checksums.
fn check_checksums(snapshot: &Snapshot, wiring: &Wiring) -> Check {
    let switch = snapshot.bridges();
    let bridges: Vec<_> = switch.filter(|bridge| bridge.leaves_checksums()).collect();
    let on_them = wiring.attachments.iter().filter(|attachment| {
        let port = attachment.port.port();
        port.is_some_and(|port| bridges.iter().any(|bridge| bridge.name == port.bridge))
    });
    let lost = |attachment: &&Attachment| {
        attachment.notes.iter().any(|note| matches!(note, Note::ChecksumOffload { .. }))
    };
    let unread = |attachment: &&Attachment| {
        let veth = matches!(attachment.wire, Wire::Veth { .. });
        veth && attachment.link.tx_checksum_offload.is_none()
    };
    let names = |found: &dyn Fn(&&Attachment) -> bool| {
        on_them.clone().filter(|attachment| found(attachment)).map(Attachment::label).collect()
    };
    let (lost, unread): (Vec<_>, Vec<_>) = (names(&lost), names(&unread));
    let (verdict, detail, hint) = match (lost.as_slice(), unread.as_slice()) {
        ([], []) if snapshot.bridges().any(|bridge| bridge.datapath.is_none()) => {
            (Verdict::Note, "unknown: no source told which datapath the bridges use".to_owned(), "")
        }
        ([], []) if bridges.is_empty() => {
            (Verdict::Ok, "every bridge finishes them".to_owned(), "")
        }
        ([], []) => (Verdict::Ok, "every interface finishes its own".to_owned(), ""),
        ([], unread) => (Verdict::Note, format!("unknown of {}", some_of(unread)), UNREAD),
        (lost, _) => {
            let detail = format!("no TCP and no UDP from {} arrives", some_of(lost));
            (Verdict::Note, detail, CHECKSUMS)
        }
    };
    let name = "checksums".to_owned();
    let target = "bridges".to_owned();
    Check { name, target, verdict, detail, hint: hint.to_owned() }
}

/// The first few, and how many more there are.
fn some_of(names: &[String]) -> String {
    joined(names, ", ", TOLD)
}

const CHECKSUMS: &str = "docker ovs restore --all mends what docker-ovs connected; of others, \
                         nsenter --net --target PID ethtool --offload INTERFACE tx off";
const UNREAD: &str = "the kernel must have ethtool's netlink family (Linux 5.6)";

/// Entering a container's namespace needs both (setns(2), ptrace(2) on /proc/PID/ns).
fn check_privileges() -> Check {
    let wanted = [
        ("CAP_SYS_ADMIN", CapabilitySet::SYS_ADMIN),
        ("CAP_SYS_PTRACE", CapabilitySet::SYS_PTRACE),
    ];
    let names: Vec<_> = wanted.iter().map(|(name, _)| *name).collect();
    let found = capabilities(None)
        .map_err(|error| SourceError::new(SourceErrorKind::Denied, "capabilities", error));
    let found = found.and_then(|sets| {
        let missing = wanted.iter().filter(|(_, one)| !sets.effective.contains(*one));
        let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
        if missing.is_empty() {
            return Ok("all there".to_owned());
        }
        let why = format!("{} missing", missing.join(" and "));
        Err(SourceError::new(SourceErrorKind::Denied, "privileges", why)
            .hint("run as root, or give the program these capabilities with setcap(8)"))
    });
    check("privileges", names.join(" "), found)
}

/// Which datapaths bridges use, and whether the kernel could serve new ones.
fn datapath(bridges: &[Bridge]) -> Check {
    let mut types: Vec<_> =
        bridges.iter().filter_map(|bridge| bridge.datapath.as_deref()).collect();
    types.sort_unstable();
    let count = |kind: &str| types.iter().filter(|t| **t == kind).count();
    let mut kinds = types.clone();
    kinds.dedup();
    let used: Vec<_> = kinds.iter().map(|kind| format!("{} {kind}", count(kind))).collect();
    let fakes = bridges.iter().flat_map(|bridge| {
        let parent = &bridge.name;
        bridge.fake_bridges.iter().map(move |fake| format!("{} on {parent}", fake.name))
    });
    let fakes: Vec<_> = fakes.collect();
    let fakes =
        if fakes.is_empty() { String::new() } else { format!("; fake: {}", some_of(&fakes)) };
    let bridges = if used.is_empty() { "no bridges".to_owned() } else { used.join(", ") } + &fakes;
    let target = "bridges".to_owned();
    let name = "datapath".to_owned();
    if std::path::Path::new("/sys/module/openvswitch").exists() {
        let detail = format!("{bridges}; the kernel has the openvswitch module");
        return Check { name, target, verdict: Verdict::Ok, detail, hint: String::new() };
    }
    let works = count("system") == 0;
    Check {
        name,
        target,
        verdict: if works { Verdict::Note } else { Verdict::Fail },
        detail: format!("{bridges}; no openvswitch module was found in /sys/module"),
        hint: "bridges need datapath_type=netdev, or modprobe openvswitch".to_owned(),
    }
}

//! What was found in the files of a recording, each known by what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read};

use host::RecordedAnswers;
use model::Snapshot;
use model::ids::{EngineName, Nsid};
use model::snapshot::Container;
use model::switch::Bridge;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{KEPT, TEXT};
use crate::called::{answer_of, bridge_of, file_name, namespace_of};
use crate::confdb::{self, Log, SCHEMA, is_log};
use crate::tables::Tables;
use crate::texts::Shown;
use crate::{links, openflow, texts};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The moment that is asked about, in milliseconds since the Unix epoch.
    pub(crate) at: Option<u64>,
    /// A capture's own.
    pub(crate) snapshot: Option<Snapshot>,
    /// A database's file, of several the one that was written last; with its name.
    pub(crate) log: Option<(String, Log)>,
    /// What `ovs-vsctl list` and `ovsdb-client dump` print.
    pub(crate) tables: Tables,
    /// How many lines of their texts are none of a table's.
    pub(crate) unread: usize,
    pub(crate) shown: Option<Shown>,
    /// What ovs-ofctl prints, of each bridge.
    pub(crate) openflow: Vec<Bridge>,
    /// What `dpif/show` prints.
    pub(crate) datapaths: Vec<Bridge>,
    /// The host's own links.
    pub(crate) links: Vec<LinksText>,
    /// Texts of links by the name of the namespace.
    pub(crate) namespaces: BTreeMap<String, Vec<LinksText>>,
    /// What the host calls namespaces.
    pub(crate) nsids: BTreeMap<String, Option<Nsid>>,
    /// Containers by engine.
    pub(crate) engines: BTreeMap<EngineName, Vec<Container>>,
    pub(crate) host: Option<String>,
    /// What vswitchd answered about flows and MAC tables.
    pub(crate) answers: RecordedAnswers,
    /// Of how many files these are.
    pub(crate) answered: usize,
    /// How many snapshots there are.
    pub(crate) snapshots: usize,
    /// Where the reports of sos are, of which a recording may be one: each is of another host or moment.
    pub(crate) reports: BTreeSet<String>,
    /// Whether our own programs recorded these answers, and no other.
    pub(crate) answers_are_captured: bool,
    /// How long all texts are of which something is kept, in bytes.
    kept: usize,
    /// How many files come after those, and were not read.
    passed_over: usize,
    pub(crate) remarks: Vec<String>,
}

/// What ip(8) printed of the links of a namespace.
#[derive(Debug)]
pub(crate) struct LinksText {
    /// What its file is called.
    pub(crate) called: String,
    pub(crate) text: String,
}

/// Where a report of sos has what is of use.
const OF_SOS: [&str; 6] = [
    "sos_commands/openvswitch/",
    "sos_commands/networking/",
    "sos_commands/docker/",
    "sos_commands/podman/",
    "sos_commands/crio/",
    "sos_commands/host/",
];

impl Gathered {
    pub(crate) fn new(at: Option<u64>) -> Self {
        Self { at, ..Self::default() }
    }

    /// Whether there is what tells of one moment only: that of the recording.
    pub(crate) fn tells_of_one_moment(&self) -> bool {
        !(self.links.is_empty()
            && self.namespaces.is_empty()
            && self.engines.is_empty()
            && self.openflow.is_empty()
            && self.datapaths.is_empty()
            && self.shown.is_none())
    }

    /// Leaves all that tells of one moment only.
    pub(crate) fn forget_one_moment(&mut self) {
        let Self { at, log, host, reports, remarks, .. } = std::mem::take(self);
        *self = Self { at, log, host, reports, remarks, ..Self::default() };
    }

    /// Whether a file may be of use: of a report of sos only what is known, of any other folder all.
    pub(crate) fn wants(called: &str) -> bool {
        let is_of_sos = called.contains("sos_commands/") || called.contains("sos_reports/");
        let is_known = OF_SOS.iter().any(|folder| called.contains(folder));
        let of_root =
            ["/etc/", "/var/", "/usr/", "/proc/", "/sys/", "/boot/", "/run/", "/sos_logs/"];
        // People make recordings there; what a report has of a host's root is elsewhere.
        let rooted = format!("/{called}").replace("/var/tmp/", "/");
        let is_of_root = of_root.iter().any(|folder| rooted.contains(folder));
        let name = called.rsplit('/').next().unwrap_or_default();
        if is_of_sos { is_known } else { !is_of_root || name == "conf.db" || name == "hostname" }
    }

    /// Takes a file, if it is one that is known.
    ///
    /// # Errors
    /// Reading fails.
    pub(crate) fn take(&mut self, called: &str, file: &mut dyn BufRead) -> io::Result<()> {
        if let Some((report, _)) = called.split_once("sos_commands/") {
            self.reports.insert(report.trim_end_matches('/').to_owned());
        }
        if is_log(file.fill_buf()?) {
            return self.take_log(called, file);
        }
        if self.kept >= KEPT {
            self.passed_over += 1;
            return Ok(());
        }
        let mut bytes = Vec::new();
        let most = u64::try_from(TEXT).unwrap_or(u64::MAX);
        Read::take(&mut *file, most + 1).read_to_end(&mut bytes)?;
        if bytes.len() > TEXT {
            let why = format!("it is longer than {} MiB, and was not read", TEXT >> 20);
            self.remarks.push(format!("{called}: {why}"));
            return Ok(());
        }
        if self.take_bytes(called, &bytes) {
            self.kept += bytes.len();
        }
        Ok(())
    }

    /// What was not read, if anything was not: all that is kept is within a bound.
    pub(crate) fn left_unread(&self) -> Option<String> {
        let (files, most) = (self.passed_over, KEPT >> 20);
        let why = format!("{files} files were not read: {most} MiB are read of those before them");
        (files > 0).then_some(why)
    }

    fn take_log(&mut self, called: &str, file: &mut dyn BufRead) -> io::Result<()> {
        let at = self.at;
        let log = confdb::read(file, None, |next| {
            at.is_none_or(|at| next.date.is_none_or(|date| date <= at))
        })?;
        if !log.schema.is_empty() && log.schema != SCHEMA {
            let schema = &log.schema;
            self.remarks.push(format!(
                "{}: it is the database {schema}, which has no ports of a switch",
                named(called, "the database")
            ));
            return Ok(());
        }
        if let (0, Some(first)) = (log.transactions, log.goes_on_at) {
            let called = named(called, "the database");
            let first = time(first);
            self.remarks
                .push(format!("{called} knows nothing before {first}, when it was compacted"));
            return Ok(());
        }
        if let Some(damage) = &log.damage {
            let (offset, why) = (damage.offset, &damage.why);
            let called = named(called, "the database");
            self.remarks.push(format!(
                "{called} is damaged at byte {offset}, and was read up to there: {why}"
            ));
        }
        let last = |log: &Log| log.dates.map_or(0, |(_, last)| last);
        let (mut taken, mut left) = ((called.to_owned(), log), self.log.take());
        if let Some(before) = left.as_mut().filter(|before| last(&before.1) >= last(&taken.1)) {
            std::mem::swap(before, &mut taken);
        }
        if let Some((left, _)) = left {
            let taken = named(&taken.0, "the one before");
            self.remarks.push(format!(
                "{}: {taken} is a database that was written later, and is taken instead",
                named(&left, "the database")
            ));
        }
        self.log = Some(taken);
        Ok(())
    }

    /// Whether it is one that is known, so that something of it may be kept.
    fn take_bytes(&mut self, called: &str, bytes: &[u8]) -> bool {
        let trimmed = bytes.trim_ascii_start();
        if trimmed.starts_with(b"{\"docker-ovs-snapshot\"") {
            match host::read_recording(called, bytes) {
                Ok(snapshot) => self.take_snapshot(called, snapshot),
                Err(error) => self.remarks.push(error.to_string()),
            }
            return true;
        }
        if trimmed.starts_with(RecordedAnswers::BEGINS.as_bytes()) {
            match RecordedAnswers::from_json(bytes) {
                Ok(answers) => {
                    self.answered += 1;
                    self.answers_are_captured = self.answered == 1;
                    self.answers.extend(answers);
                }
                Err(why) => self.remarks.push(format!("{called}: {why}")),
            }
            return true;
        }
        let text = String::from_utf8_lossy(bytes);
        self.take_text(called, without_prompt(&text))
    }

    /// Of several the one that was taken last.
    fn take_snapshot(&mut self, called: &str, snapshot: Snapshot) {
        self.snapshots += 1;
        let is_later = self.snapshot.as_ref().is_none_or(|known| known.taken < snapshot.taken);
        if self.snapshot.is_some() {
            let word = if is_later { "it was taken last of" } else { "it is left out of" };
            self.remarks.push(format!("{called}: {word} several snapshots"));
        }
        if is_later {
            self.snapshot = Some(snapshot);
        }
    }

    /// Of two that tell of one container the later one.
    fn take_containers(&mut self, called: &str, engine: &'static str, rows: Vec<Container>) {
        let known = self.engines.entry(EngineName(engine.into())).or_default();
        for row in rows {
            match known.iter_mut().find(|other| other.id == row.id) {
                Some(other) if *other == row => {}
                Some(other) => {
                    let name = &row.name;
                    self.remarks.push(format!(
                        "{called}: it tells of {name} otherwise than another file, and is taken"
                    ));
                    *other = row;
                }
                None => known.push(row),
            }
        }
    }

    /// Of two that tell of one bridge the later one.
    fn take_openflow(&mut self, called: &str, bridge: Bridge) {
        match self.openflow.iter_mut().find(|other| other.name == bridge.name) {
            Some(other) if *other == bridge => {}
            Some(other) => {
                let name = &bridge.name;
                self.remarks.push(format!(
                    "{called}: it tells of {name} otherwise than another file, and is taken"
                ));
                *other = bridge;
            }
            None => self.openflow.push(bridge),
        }
    }

    /// What the host has one of, and a file tells otherwise than one before it.
    fn replaced(&mut self, called: &str, is_other: bool) {
        if is_other {
            self.remarks
                .push(format!("{called}: it tells otherwise than another file, and is taken"));
        }
    }

    /// By what it says first; a file that says nothing that is known is passed over. Whether it is known.
    fn take_text(&mut self, called: &str, text: &str) -> bool {
        if text.trim_start().starts_with(['[', '{'])
            && let Some(rows) = host::recorded::inspected(text)
        {
            self.take_containers(called, engine_of(text), rows);
        } else if openflow::is_ports(text) {
            for bridge in openflow::bridges(text, bridge_of(called).as_deref()) {
                self.take_openflow(called, bridge);
            }
        } else if links::is_links(text) {
            let own = LinksText { called: called.to_owned(), text: text.to_owned() };
            match namespace_of(called) {
                Some(name) => self.namespaces.entry(name).or_default().push(own),
                None => self.links.push(own),
            }
        } else if let Some(shown) = texts::show(text) {
            self.replaced(called, self.shown.as_ref().is_some_and(|known| *known != shown));
            self.shown = Some(shown);
        } else if let Some(unread) =
            texts::dump(text, &mut self.tables).or_else(|| texts::list(text, &mut self.tables))
        {
            self.unread += unread;
        } else if let Some(bridges) = host::recorded::datapaths(text) {
            let is_other = !self.datapaths.is_empty() && self.datapaths != bridges;
            self.replaced(called, is_other);
            self.datapaths = bridges;
        } else {
            return self.take_named(called, text);
        }
        true
    }

    /// What only its name tells. Whether it does.
    fn take_named(&mut self, called: &str, text: &str) -> bool {
        if let Some(command) = answer_of(file_name(called), text) {
            self.answered += 1;
            self.answers_are_captured = false;
            // A report may have one answer several times, as by each version of OpenFlow.
            let old = self.answers.insert(command, text.to_owned());
            self.kept = self.kept.saturating_sub(old.map_or(0, |old| old.len()));
            return true;
        }
        match file_name(called) {
            "ip_netns" | "ip_netns_list" => self.nsids = links::namespaces(text),
            "hostname" | "hostname_-f" => {
                let host = text.trim();
                let is_name =
                    !host.is_empty() && host.len() < 256 && !host.contains(char::is_whitespace);
                let host = Some(host.to_owned()).filter(|_| is_name);
                let is_other = host.is_some() && self.host.is_some() && self.host != host;
                self.replaced(called, is_other);
                self.host = host.or(self.host.take());
            }
            _ => return false,
        }
        true
    }
}

/// Whose `inspect` it is. Labels, variables and commands are the user's: a key of the container itself counts.
fn engine_of(text: &str) -> &'static str {
    /// Podman alone has the key, Docker has `HostConfig.Runtime`.
    #[derive(Deserialize)]
    struct Printed {
        #[serde(rename = "OCIRuntime")]
        runtime: Option<IgnoredAny>,
    }
    let all: Vec<Printed> = serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(text).map(|one| vec![one]))
        .unwrap_or_default();
    if all.iter().any(|one| one.runtime.is_some()) { "podman" } else { "docker" }
}

pub(crate) fn named<'a>(called: &'a str, otherwise: &'a str) -> &'a str {
    if called.is_empty() { otherwise } else { called }
}

/// RFC 3339, as all that is told.
pub(crate) fn time(at: u64) -> String {
    model::moment::rfc3339(at)
}

/// A text that was copied from a terminal begins with the command.
fn without_prompt(text: &str) -> &str {
    let begins = text.trim_start();
    let is_prompt = begins.starts_with("$ ") || begins.starts_with("# ");
    begins.split_once('\n').filter(|_| is_prompt).map_or(text, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: &str = "1: lo: <LOOPBACK,UP> mtu 65536\n";
    const FLOWS: &str = " cookie=0x0, table=0, priority=0 actions=NORMAL\n";

    fn take(gathered: &mut Gathered, called: &str, text: &str) {
        gathered.take(called, &mut text.as_bytes()).unwrap();
    }

    #[test]
    fn all_texts_together_are_bounded() {
        let mut gathered = Gathered::new(None);
        // What is of no use costs nothing.
        take(&mut gathered, "notes", "what was done\n");
        assert_eq!((gathered.kept, gathered.left_unread()), (0, None));
        let of_use = [
            ("links", LINKS),
            ("networking/namespaces/web/ip_address", LINKS),
            ("ovs-ofctl_dump-flows_br0", FLOWS),
            ("ovs-appctl_fdb.show_br0", " port  VLAN  MAC                Age\n"),
        ];
        for (called, text) in of_use {
            let before = gathered.kept;
            take(&mut gathered, called, text);
            assert_eq!(gathered.kept, before + text.len(), "{called}");
        }
        gathered.kept = KEPT;
        for (called, text) in of_use {
            take(&mut gathered, &format!("{called}1"), text);
        }
        assert_eq!((gathered.links.len(), gathered.namespaces.len(), gathered.answered), (1, 1, 2));
        let told = gathered.left_unread().unwrap();
        assert!(told.starts_with("4 files were not read: 128 MiB"), "{told}");
    }
}

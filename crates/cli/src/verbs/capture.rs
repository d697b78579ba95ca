//! `docker ovs capture FILE`.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use host::{Host, Origin, Question, RecordedAnswers, SwitchCommand};
use model::switch::SwitchSource;
use model::{Observed, Snapshot, SourceErrorKind, anonymise};
use tempfile::NamedTempFile;

use crate::args::CaptureArgs;
use crate::outcome::{CliError, Outcome};
use crate::release::LINE;
use crate::writer;

const NO_ANSWERS: &str = "flows and MAC tables are not in it: a daemon tells none, nor does a recording that has \
    none of its moment; docker ovs capture on the host itself saves them";

/// Saves everything, by every source, the tables of the switch's database, and the flows and MAC tables of
/// its bridges. What could not be had is said in it, and on stderr.
///
/// # Errors
/// The file cannot be written.
pub async fn run(origin: &Origin, args: &CaptureArgs) -> Result<Outcome, CliError> {
    let sources = SwitchSource::ALL.to_vec();
    let question = Question { sources, traffic: true, identities: true, ..Question::default() };
    let look = origin.look(&question).await;
    let mut remarks = look.remarks();
    let snapshot = if args.anonymise { Arc::new(anonymise(&look.snapshot)) } else { look.snapshot };
    let mut files = vec![("about.txt".to_owned(), format!("docker-ovs capture 1\n{LINE}\n"))];
    files.push(("snapshot.json".to_owned(), json(&*snapshot)?));
    if let (Origin::Live(host), false) = (origin, args.anonymise) {
        // What the look waited for in vain is told already, and not waited for once more.
        if !is_silent(&snapshot, SwitchSource::Ovsdb) {
            match host.database_tables().await {
                Ok(tables) => {
                    for (table, rows) in tables {
                        files.push((format!("ovsdb/{table}.json"), json(&rows)?));
                    }
                }
                Err(why) => remarks.push(why.to_string()),
            }
        }
        let (answers, missing) = if is_silent(&snapshot, SwitchSource::Appctl) {
            (RecordedAnswers::default(), None)
        } else {
            answers(host, &snapshot).await
        };
        files.push(("vswitchd.json".to_owned(), json(&answers)?));
        remarks.extend(missing);
    }
    match origin {
        Origin::Recorded(_, answers) if !args.anonymise => {
            if answers.are_of_its_moment() {
                files.push(("vswitchd.json".to_owned(), json(&**answers)?));
            } else {
                remarks.push(NO_ANSWERS.to_owned());
            }
        }
        _ => {}
    }
    let bytes = archive(&files).and_then(|bytes| write(&args.file, &bytes));
    bytes
        .map_err(|error| CliError::new(format!("cannot write {}: {error}", args.file.display())))?;
    remarks.dedup();
    Ok(Outcome { remarks, ..Outcome::default() })
}

fn is_silent(snapshot: &Snapshot, source: SwitchSource) -> bool {
    let why = snapshot.switch.get(&source).and_then(Observed::absence);
    why.is_some_and(|why| why.kind == SourceErrorKind::TimedOut)
}

/// The flows and the MAC table of each bridge, and why one is missing. Where vswitchd does not answer it is
/// not asked again.
async fn answers(host: &Host, snapshot: &Snapshot) -> (RecordedAnswers, Option<String>) {
    let (mut answers, mut missing) = (RecordedAnswers::default(), None);
    let bridges: BTreeSet<_> = snapshot.bridges().map(|bridge| &*bridge.name).collect();
    for bridge in bridges {
        // Releases before 2.10 do not count.
        let counts = SwitchCommand::FdbStatistics(bridge);
        for command in [SwitchCommand::Flows(bridge), SwitchCommand::Fdb(bridge), counts] {
            match host.ask_vswitchd(command).await {
                Ok(answer) => {
                    answers.insert(command, answer);
                }
                Err(why) if why.kind == SourceErrorKind::Unusable && command == counts => {}
                Err(why) if why.kind == SourceErrorKind::Unusable => {
                    missing = Some(format!("{bridge}: {why}"));
                }
                Err(why) => return (answers, Some(why.to_string())),
            }
        }
    }
    (answers, missing)
}

fn json<T: serde::Serialize>(what: &T) -> Result<String, CliError> {
    let text = serde_json::to_string(what);
    text.map(|text| text + "\n")
        .map_err(|error| CliError::new(format!("cannot write the capture: {error}")))
}

/// A tar archive without owners and times.
fn archive(files: &[(String, String)]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut head = tar::Header::new_ustar();
        head.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
        head.set_mode(0o644);
        head.set_mtime(0);
        archive.append_data(&mut head, format!("docker-ovs-capture/{name}"), content.as_bytes())?;
    }
    archive.into_inner()
}

/// Whole or not at all, and for its owner alone: it has names and addresses.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.as_os_str() == "-" {
        // A reader that has seen enough is no error.
        return match writer::print_bytes(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        };
    }
    let is_other = fs::metadata(path).is_ok_and(|found| !found.is_file());
    if is_other {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    // Where others may write, a name that can be guessed may be a link of theirs to any file.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut beside = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    Ok(())
}

//! What was known at a moment, of what `serve` has kept.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use host::Origin;
use journal::{KnownSpan, LAG, Moment, Past, Unknown};
use model::moment::rfc3339 as told;

use crate::args::SourceOptions;
use crate::outcome::CliError;
use crate::writer;

const HOW: &str = "docker ovs serve keeps it from when it first runs";

/// The host as it was at `at`, in milliseconds since the Unix epoch. Where that is from is told on
/// stderr.
///
/// # Errors
/// There is no history, or it does not know that moment.
pub(crate) fn origin(sources: &SourceOptions, at: u64) -> Result<Origin, CliError> {
    let now = host::now();
    if at > now {
        let why = format!("{} is yet to come: it is {} now", told(at), told(now));
        return Err(CliError::new(why));
    }
    wait_until(Duration::from_millis(at).saturating_add(LAG), now);
    let (past, folder) = match open(sources) {
        Ok(opened) => opened,
        Err(none) => return by_database(at).ok_or(none),
    };
    let found = past.at(at).map_err(|error| unreadable(&folder, &error))?;
    match found {
        Ok(Moment { snapshot, known, is_repeated }) => {
            writer::tell("docker-ovs", &format!("{}: {}", as_of(at), source(&folder, known)));
            if is_repeated {
                let again = "the clock was set back, and went through this time more than once; \
                    this is the last of them";
                writer::tell("docker-ovs", again);
            }
            Ok(Origin::recorded(snapshot))
        }
        Err(unknown) => by_database(at).ok_or_else(|| not_known(at, &folder, unknown)),
    }
}

/// What was seen in the last second may be on its way to the disk.
#[allow(clippy::disallowed_methods, reason = "what is waited for is that time passes")]
fn wait_until(settled: Duration, now: u64) {
    std::thread::sleep(settled.saturating_sub(Duration::from_millis(now)));
}

/// The ports as they were by the log of this host's own database, where that goes back so far. It knows
/// no links and no containers.
fn by_database(at: u64) -> Option<Origin> {
    let file = database()?;
    let recording = recorded::read(&file, Some(at)).ok()?;
    let told = |text: &str| writer::tell("docker-ovs", text);
    told(&format!("{}: no journal knows it; by the log of {}", as_of(at), file.display()));
    recording.remarks.iter().for_each(|remark| told(remark));
    Some(Origin::recorded(recording.snapshot))
}

/// The file of this host's database, where Open vSwitch has it and no other one is asked for.
pub(crate) fn database() -> Option<PathBuf> {
    if std::env::var_os("OVS_RUNDIR").is_some() {
        return None;
    }
    let named = std::env::var_os("OVS_DBDIR").map(PathBuf::from);
    let folders = named.into_iter().chain(USUAL_DATABASES.map(PathBuf::from));
    folders.map(|folder| folder.join("conf.db")).find(|file| file.is_file())
}

/// `OVS_DBDIR` of Debian and Fedora, of snaps and of what is built by hand (ovs-vswitchd(8)).
const USUAL_DATABASES: [&str; 3] =
    ["/etc/openvswitch", "/var/lib/openvswitch", "/usr/local/etc/openvswitch"];

/// The journal, and its folder.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) fn open(sources: &SourceOptions) -> Result<(Past, PathBuf), CliError> {
    let Some(folder) = sources.history_dir() else {
        return Err(CliError::new("--history-dir none: there is no history to read"));
    };
    let past = Past::open(&folder, host::now()).map_err(|error| unreadable(&folder, &error))?;
    Ok((past, folder))
}

fn as_of(at: u64) -> String {
    format!("as of {}", told(at))
}

fn source(folder: &Path, known: KnownSpan) -> String {
    let from = told(known.from);
    let until = told(known.until);
    format!("the journal in {} knows {from} to {until} without a gap", folder.display())
}

/// Why a moment is not known, and what is known next to it.
fn not_known(at: u64, folder: &Path, unknown: Unknown) -> CliError {
    let folder = folder.display();
    let message = |why| CliError::new(format!("{} is not known: {why}", told(at)));
    match unknown {
        Unknown { before: None, after: None } => {
            message(format!("the journal in {folder} has nothing yet")).hint(HOW)
        }
        Unknown { before: None, after: Some(after) } => {
            message(format!("the journal in {folder} begins at {}", told(after)))
        }
        Unknown { before: Some(before), after: None } => {
            message(format!("the journal in {folder} ends at {}", told(before)))
                .hint("no daemon keeps it now; without --at the host is asked")
        }
        Unknown { before: Some(before), after: Some(after) } => {
            let (before, after) = (told(before), told(after));
            message(format!("the journal in {folder} has a gap from {before} to {after}"))
                .hint(format!("--at {before} and --at {after} are known"))
        }
    }
}

fn unreadable(folder: &Path, error: &std::io::Error) -> CliError {
    let failed = CliError::new(format!("cannot read the history in {}: {error}", folder.display()));
    match error.kind() {
        ErrorKind::NotFound => failed.hint(HOW),
        ErrorKind::PermissionDenied => failed.hint("root may read it"),
        _ => failed,
    }
}

//! Opening what the command line names: the live host, a saved snapshot, or a daemon's.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use client::Server;
use host::{Host, Origin, Settings, read_recording};

use model::Snapshot;
use model::moment::rfc3339 as told;
use model::switch::SwitchSource;
use recorded::Recording;

use crate::args::SourceOptions;
use crate::args::Verb;
use crate::limit::Limit;
use crate::outcome::CliError;
use crate::past;
use crate::writer;

/// Of what [`Verb::no_server`] refuses before.
const NOT_SERVED: &str = "no daemon has the answer of this verb";

impl SourceOptions {
    /// What these options name. `limit` starts where all that is recorded is there, or can be read
    /// without waiting for its writer.
    ///
    /// # Errors
    /// A snapshot that cannot be read, a daemon that does not answer, an option that makes no
    /// sense.
    pub async fn open(&self, verb: &Verb, limit: &Limit) -> Result<Origin, CliError> {
        self.open_for(verb, verb.sources(), limit).await
    }

    /// The same for the names alone that a verb may be given: a daemon has those of the database at hand.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_for_names(&self, verb: &Verb) -> Result<Origin, CliError> {
        let sources = verb.sources().map(|_| vec![SwitchSource::Ovsdb]);
        self.open_for(verb, sources, &Limit::none()).await
    }

    async fn open_for(
        &self,
        verb: &Verb,
        sources: Option<Vec<SwitchSource>>,
        limit: &Limit,
    ) -> Result<Origin, CliError> {
        if let Some(server) = self.daemon(verb, sources.is_some())? {
            let sources = sources.ok_or_else(|| CliError::new(NOT_SERVED))?;
            let told = self.told_by(&server, &sources, verb).await?;
            limit.start(self.timeout());
            return Ok(told);
        }
        if let (Some(at), None) = (self.at, &self.from) {
            limit.start(self.timeout());
            return past::origin(self, at);
        }
        match &self.from {
            Some(path) => self.recorded(path, self.at, limit),
            None => live(&self.settings()),
        }
    }

    /// The daemon that is asked. One may be set for good, whatever is asked: what is named on the command line counts.
    fn daemon(&self, verb: &Verb, is_served: bool) -> Result<Option<Server>, CliError> {
        let or_env = is_served && !self.names_source(verb);
        self.server.named(matches!(verb, Verb::Serve(_)), or_env)
    }

    async fn told_by(
        &self,
        server: &Server,
        sources: &[SwitchSource],
        verb: &Verb,
    ) -> Result<Origin, CliError> {
        let told = client::snapshot(server, sources, verb.filters(), self.at, self.timeout());
        Ok(Origin::recorded(told.await?))
    }

    /// What the daemon tells now that these options name; none where none is asked, or about what was.
    pub async fn told_now(&self, verb: &Verb) -> Option<Result<Origin, CliError>> {
        let sources = verb.sources().filter(|_| self.at.is_none())?;
        match self.daemon(verb, true) {
            Ok(server) => Some(self.told_by(&server?, &sources, verb).await),
            Err(error) => Some(Err(error)),
        }
    }

    /// A snapshot that was saved, or what a log tells of the moment `at`, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// It cannot be read, or is of another moment.
    pub(crate) fn recorded(
        &self,
        path: &Path,
        at: Option<u64>,
        limit: &Limit,
    ) -> Result<Origin, CliError> {
        let what = format!("the snapshot {}", path.display());
        let failed = |error| CliError::new(format!("cannot read {what}: {error}"));
        let is_stdin = path.as_os_str() == "-";
        // What comes by stdin is waited for. A file is not, from before it is opened: it may be a pipe that
        // nothing writes to.
        if !is_stdin {
            limit.start(self.timeout());
        }
        // A pipe is read once; the name of a file may tell what is in it.
        if !is_stdin && fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            let recording = recorded::read(path, at)?;
            require_moment(&what, at, &recording.snapshot)?;
            return Ok(opened(recording));
        }
        let from: Box<dyn Read> = if is_stdin {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(failed)?)
        };
        let ended = || {
            if is_stdin {
                limit.start(self.timeout());
            }
        };
        let from = UntilItEnds { from, ended: Some(ended) };
        let mut from = BufReader::with_capacity(PEEK, from);
        if is_json(from.fill_buf().map_err(failed)?) {
            let text = whole(from).map_err(failed)?;
            let snapshot = read_recording(&what, &text)?;
            require_moment(&what, at, &snapshot)?;
            return Ok(Origin::recorded(snapshot));
        }
        let called = path.file_name().filter(|_| !is_stdin).unwrap_or_default();
        let what = format!("the recording {}", path.display());
        let recording = recorded::read_named(from, &called.to_string_lossy(), &what, at)?;
        require_moment(&what, at, &recording.snapshot)?;
        Ok(opened(recording))
    }
}

/// What is read, and what is to begin where that is all: also where its reader wants no more of it.
struct UntilItEnds<R, F: FnOnce()> {
    from: R,
    ended: Option<F>,
}

impl<R: Read, F: FnOnce()> Read for UntilItEnds<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.end();
        }
        Ok(read)
    }
}

impl<R, F: FnOnce()> UntilItEnds<R, F> {
    fn end(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended();
        }
    }
}

impl<R, F: FnOnce()> Drop for UntilItEnds<R, F> {
    fn drop(&mut self) {
        self.end();
    }
}

/// All that comes, of which there is no more than of any host.
fn whole(from: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= LONGEST) {
        return Ok(text);
    }
    let why = format!("it is longer than {} MiB", LONGEST >> 20);
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}

/// Makes sure that a recording is of the moment that is asked about. A log tells of many, a snapshot of one.
fn require_moment(what: &str, at: Option<u64>, snapshot: &Snapshot) -> Result<(), CliError> {
    let taken = snapshot.taken;
    match at.filter(|at| *at != taken) {
        None => Ok(()),
        Some(at) => {
            let (at, taken) = (told(at), told(taken));
            Err(CliError::new(format!("{what} is of {taken}, and tells nothing of {at}")))
        }
    }
}

fn opened(recording: Recording) -> Origin {
    for remark in &recording.remarks {
        writer::tell("docker-ovs", remark);
    }
    Origin::recorded_with(recording.snapshot, recording.answers)
}

/// What is looked at to know what a file is, in bytes.
const PEEK: usize = 64 << 10;
/// The longest snapshot that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// A saved snapshot, or what cannot be anything else.
fn is_json(begins: &[u8]) -> bool {
    let text = begins.trim_ascii_start();
    // Tables and containers begin so, too: what Open vSwitch's programs and engines print as JSON.
    let has = |key: &[u8]| text.windows(key.len()).any(|words| words == key);
    let is_snapshot = has(b"\"docker-ovs-snapshot\"");
    let is_other = [&b"\"headings\""[..], b"\"data\"", b"\"Id\"", b"\"docker-ovs-vswitchd\""];
    begins.is_empty() || (text.starts_with(b"{") && (is_snapshot || !is_other.into_iter().any(has)))
}

fn live(settings: &Settings) -> Result<Origin, CliError> {
    let host = Host::open(settings)?;
    #[cfg(debug_assertions)]
    let host = crate::stop_after::observed(host);
    Ok(Origin::Live(host))
}

/// The live host, for a verb that goes on.
///
/// # Errors
/// A recording, which does not change.
pub fn followed(origin: &Origin) -> Result<&Host, CliError> {
    let refused = |_| CliError::new("a snapshot does not change");
    origin.live().map_err(refused)
}

/// The live host, for a verb that asks vswitchd what no recording has: what would become of a packet, how
/// counters go on.
///
/// # Errors
/// A recording.
pub fn asked_live(origin: &Origin) -> Result<&Host, CliError> {
    let refused = |_| CliError::new("no recording has the answer, for which vswitchd is asked");
    origin.live().map_err(refused)
}

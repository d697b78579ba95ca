//! Opening what the command line names: the live host, a saved snapshot, or a daemon's.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use host::{Host, Origin, Settings, read_recording};

use crate::args::SourceOptions;
use crate::args::Verb;
use crate::limit::Limit;
use crate::outcome::CliError;
use crate::past;
use crate::writer;

const NOT_SERVED: &str = "--server is for verbs that only read, and look once";

impl SourceOptions {
    /// What these options name. `limit` starts where all that is recorded is there, or can be read
    /// without waiting for its writer.
    ///
    /// # Errors
    /// A snapshot that cannot be read, a daemon that does not answer, an option that makes no
    /// sense.
    pub async fn open(&self, verb: &Verb, limit: &Limit) -> Result<Origin, CliError> {
        if let Some(server) = self.server.named(matches!(verb, Verb::Serve(_)))? {
            let sources = verb.sources().ok_or_else(|| CliError::new(NOT_SERVED))?;
            let snapshot =
                client::snapshot(&server, &sources, verb.filters(), self.at, self.timeout())
                    .await?;
            limit.start(self.timeout());
            return Ok(Origin::recorded(snapshot));
        }
        if let (Some(at), None) = (self.at, &self.from) {
            limit.start(self.timeout());
            return past::origin(self, at);
        }
        match &self.from {
            Some(path) => self.recorded(path, limit),
            None => live(&self.settings()),
        }
    }

    /// A snapshot that was saved.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn recorded(&self, path: &Path, limit: &Limit) -> Result<Origin, CliError> {
        let what = format!("the snapshot {}", path.display());
        let failed = |error| CliError::new(format!("cannot read {what}: {error}"));
        let recording = if path.as_os_str() == "-" {
            let mut stdin = std::io::stdin().lock();
            let read = if is_json(stdin.fill_buf().map_err(failed)?) {
                let mut text = Vec::new();
                stdin.read_to_end(&mut text).map_err(failed)?;
                limit.start(self.timeout());
                return Ok(Origin::recorded(read_recording(&what, &text)?));
            } else {
                recorded::read_stream(stdin, &what, self.at)
            };
            limit.start(self.timeout());
            read?
        } else {
            limit.start(self.timeout());
            if !path.is_dir() && begins_as_json(path).map_err(failed)? {
                let text = std::fs::read(path).map_err(failed)?;
                return Ok(Origin::recorded(read_recording(&what, &text)?));
            }
            recorded::read(path, self.at)?
        };
        for remark in &recording.remarks {
            writer::tell("docker-ovs", remark);
        }
        Ok(Origin::recorded(recording.snapshot))
    }
}

/// A saved snapshot, or what cannot be anything else.
fn is_json(begins: &[u8]) -> bool {
    // The one other text that begins so is a dump of a database.
    let is_dump = begins.windows(11).any(|words| words == b"\"headings\":");
    let text = begins.trim_ascii_start();
    text.is_empty() || (text.starts_with(b"{") && !is_dump)
}

fn begins_as_json(path: &Path) -> io::Result<bool> {
    let mut begins = [0; 64];
    let read = File::open(path)?.read(&mut begins)?;
    Ok(is_json(begins.get(..read).unwrap_or_default()))
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
    let refused = |_| CliError::new("a snapshot does not change: this verb takes no --from");
    origin.live().map_err(refused)
}

/// The live host, for a verb that asks vswitchd what no snapshot has.
///
/// # Errors
/// A recording.
pub fn asked_live(origin: &Origin) -> Result<&Host, CliError> {
    let refused =
        |_| CliError::new("a snapshot has no flows: this verb asks vswitchd, and takes no --from");
    origin.live().map_err(refused)
}

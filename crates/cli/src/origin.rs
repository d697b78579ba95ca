//! Opening what the command line names: the live host, a saved snapshot, or a daemon's.

use std::io::Read;
use std::path::Path;

use host::{Host, Origin, Settings, read_recording};

use crate::args::SourceOptions;
use crate::args::Verb;
use crate::limit::Limit;
use crate::outcome::CliError;

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
                client::snapshot(&server, &sources, verb.filters(), self.timeout()).await?;
            limit.start(self.timeout());
            return Ok(Origin::recorded(snapshot));
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
        let text = if path.as_os_str() == "-" {
            let mut text = Vec::new();
            let read = std::io::stdin().read_to_end(&mut text);
            limit.start(self.timeout());
            read.map(|_| text)
        } else {
            limit.start(self.timeout());
            std::fs::read(path)
        };
        let text = text.map_err(|error| CliError::new(format!("cannot read {what}: {error}")))?;
        Ok(Origin::recorded(read_recording(&what, &text)?))
    }
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

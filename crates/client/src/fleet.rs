//! Asks a daemon for what it knows of all hosts of its fleet.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use host::deadline::Deadline;
use host::transport::{Http, Lines};
use model::{SourceError, SourceErrorKind};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use crate::failure::source_error;
use crate::server::{Access, Server};

/// What an event is after on its line.
const DATA: &[u8] = b"data: ";
/// The line before an event that says that others were not sent.
const RESET: &[u8] = b"event: reset";

/// The longest answer, in bytes: all that a daemon keeps of one host is a half of that.
const LONGEST: usize = 64 << 20;
/// What is held of all answers together once they are read, in bytes: some 1 KiB for each row, or as many VLANs
/// as a daemon keeps of one host. What a daemon keeps of all hosts would be more memory than a client is to have.
const HELD: usize = 128 << 20;
/// What is held of answers that are not rows is less than this, in bytes.
const SMALL: usize = 8 << 20;
/// How long all answers together may be, in bytes: twice what a daemon keeps of all hosts.
const LONGEST_OF_ALL: usize = 512 << 20;

/// A daemon that is of a fleet.
pub struct FleetClient {
    what: String,
    access: Access,
    http: Http,
    /// All answers together are due by then.
    deadline: Deadline,
    /// How long those are that were read, in bytes.
    read: AtomicUsize,
    /// How much is held of them, in bytes.
    held: AtomicUsize,
}

/// Events as they come.
pub struct FleetLines<'c> {
    client: &'c FleetClient,
    lines: Lines,
}

impl FleetClient {
    /// The daemon at `server`, for which all answers together may take `timeout` from now on. It is not
    /// asked anything yet.
    ///
    /// # Errors
    /// The words name no daemon, or a file of TLS cannot be read.
    pub fn new(server: &Server, timeout: Duration) -> Result<Self, SourceError> {
        let access = server.access(|name| std::env::var(name).ok())?;
        let http = access.client()?.within(LONGEST, HELD);
        let (deadline, read, held) =
            (Deadline::after(timeout), AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self { what: server.called(), access, http, deadline, read, held })
    }

    /// The JSON that `path` answers, with `query` behind it.
    ///
    /// # Errors
    /// There is no daemon, it is of no fleet, all answers together take longer than the timeout or are too
    /// much to be held, or this one is: that is [`SourceErrorKind::Garbled`].
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, SourceError> {
        let path = with_query(path, query);
        let ask = async {
            let asked = self.http.bytes(&path).await;
            asked.map_err(|error| source_error(&self.what, &error, &self.access))
        };
        let answer = self.deadline.hold(|| self.what.clone(), ask).await?;
        let before = self.read.fetch_add(answer.bytes().len(), Ordering::Relaxed);
        if before.saturating_add(answer.bytes().len()) > LONGEST_OF_ALL {
            return Err(self.too_much(LONGEST_OF_ALL));
        }
        let before = self.held.load(Ordering::Relaxed);
        match Http::read_json(&answer, HELD.saturating_sub(before)) {
            Ok((value, bytes)) => {
                self.held.fetch_add(bytes, Ordering::Relaxed);
                Ok(value)
            }
            // What is too much by itself the caller may ask for in parts.
            Err(error) if before > SMALL && error.is_too_much() => Err(self.too_much(HELD)),
            Err(error) => Err(source_error(&self.what, &error, &self.access)),
        }
    }

    fn too_much(&self, most: usize) -> SourceError {
        let why = format!("its answers are more than {} MiB together", most >> 20);
        SourceError::new(SourceErrorKind::Unusable, self.what.clone(), why).hint(
            "name a bridge to ask for a part of it, or with ls a --filter; \
             GET /v1/fleet/attachments?host=HOST of that daemon has the rows of one host",
        )
    }

    /// The events that come from now on.
    ///
    /// # Errors
    /// As [`FleetClient::get`].
    pub async fn events(&self) -> Result<FleetLines<'_>, SourceError> {
        let ask = async {
            let asked = self.http.lines("/v1/fleet/events").await;
            asked.map_err(|error| source_error(&self.what, &error, &self.access))
        };
        let lines = self.deadline.hold(|| self.what.clone(), ask).await?;
        Ok(FleetLines { client: self, lines })
    }
}

impl FleetLines<'_> {
    /// The JSON of the next event; none where the daemon says that some were not sent.
    ///
    /// # Errors
    /// The connection broke, or the daemon has ended it.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        let client = self.client;
        loop {
            let line = self.lines.next().await;
            let line = line.map_err(|error| source_error(&client.what, &error, &client.access))?;
            let Some(line) = line else {
                let kind = SourceErrorKind::Gone;
                let files = client.access.files();
                let why = ended(files.is_some_and(|files| files.token.is_some()));
                return Err(SourceError::new(kind, client.what.clone(), why));
            };
            match told(&line) {
                StreamLine::Reset => return Ok(None),
                StreamLine::Event(json) => return Ok(Some(json.to_vec())),
                StreamLine::Nothing => {}
            }
        }
    }
}

/// Why a daemon ends a stream.
fn ended(has_token: bool) -> &'static str {
    if has_token {
        "the stream has ended: the daemon has, or has read another token"
    } else {
        "it has ended"
    }
}

/// What a line of the stream says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StreamLine<'l> {
    /// Some events were not sent.
    Reset,
    /// The JSON of an event.
    Event(&'l [u8]),
    /// Nothing that is of use here.
    Nothing,
}

pub(crate) fn told(line: &[u8]) -> StreamLine<'_> {
    // What follows a reset is empty.
    match line.strip_prefix(DATA).filter(|json| *json != b"{}") {
        Some(json) => StreamLine::Event(json),
        None if line == RESET => StreamLine::Reset,
        None => StreamLine::Nothing,
    }
}

fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = query.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value)));
    let pairs: Vec<_> = pairs.collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A word as a part of a path.
pub(crate) fn part(word: &str) -> String {
    utf8_percent_encode(word, NON_ALPHANUMERIC).to_string()
}

impl FleetClient {
    /// The JSON of what `what` belongs to, on all hosts.
    ///
    /// # Errors
    /// As [`FleetClient::get`].
    pub async fn who<T: DeserializeOwned>(&self, what: &str) -> Result<T, SourceError> {
        self.get(&format!("/v1/fleet/who/{}", part(what)), &[]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_asked_for_whatever_is_in_them() {
        assert_eq!(with_query("/v1", &[]), "/v1");
        assert_eq!(with_query("/v1", &[("host", "a&b/c")]), "/v1?host=a%26b%2Fc");
        assert_eq!(part("br0:3/\u{e9}"), "br0%3A3%2F%C3%A9");
    }
}

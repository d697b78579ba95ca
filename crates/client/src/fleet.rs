//! Asks a daemon for what it knows of all hosts of its fleet.

use std::time::Duration;

use host::deadline::Deadline;
use host::transport::{Http, Lines};
use model::SourceError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use crate::failure::source_error;
use crate::server::{Access, Server};

/// What an event is after on its line.
const DATA: &[u8] = b"data: ";
/// The line before an event that says that others were not sent.
const RESET: &[u8] = b"event: reset";

/// A daemon that is of a fleet.
pub struct FleetClient {
    what: String,
    access: Access,
    http: Http,
    timeout: Duration,
}

/// Events as they come.
pub struct FleetLines<'c> {
    client: &'c FleetClient,
    lines: Lines,
}

impl FleetClient {
    /// The daemon at `server`, for which each answer may take `timeout`. Making one does no I/O.
    ///
    /// # Errors
    /// The words name no daemon, or a file of TLS cannot be read.
    pub fn new(server: &Server, timeout: Duration) -> Result<Self, SourceError> {
        let access = server.access(|name| std::env::var(name).ok())?;
        let http = access.client()?;
        Ok(Self { what: server.called(), access, http, timeout })
    }

    /// The JSON that `path` answers, with `query` behind it.
    ///
    /// # Errors
    /// There is no daemon, it is of no fleet, or it is silent for longer than the timeout.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, SourceError> {
        let path = with_query(path, query);
        let ask = async {
            let asked = self.http.get(&path).await;
            asked.map_err(|error| source_error(&self.what, &error, &self.access))
        };
        Deadline::after(self.timeout).hold(|| self.what.clone(), ask).await
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
        let lines = Deadline::after(self.timeout).hold(|| self.what.clone(), ask).await?;
        Ok(FleetLines { client: self, lines })
    }
}

impl FleetLines<'_> {
    /// The JSON of the next event; none where the daemon says that some were not sent.
    ///
    /// # Errors
    /// The connection broke, or the daemon has ended.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        let client = self.client;
        loop {
            let line = self.lines.next().await;
            let line = line.map_err(|error| source_error(&client.what, &error, &client.access))?;
            let Some(line) = line else {
                let kind = model::SourceErrorKind::Gone;
                return Err(SourceError::new(kind, client.what.clone(), "it has ended"));
            };
            match told(&line) {
                Told::Reset => return Ok(None),
                Told::Event(json) => return Ok(Some(json.to_vec())),
                Told::Nothing => {}
            }
        }
    }
}

/// What a line of the stream says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told<'l> {
    /// Some events were not sent.
    Reset,
    /// The JSON of an event.
    Event(&'l [u8]),
    /// Nothing that is of use here.
    Nothing,
}

pub(crate) fn told(line: &[u8]) -> Told<'_> {
    // What follows a reset is empty.
    match line.strip_prefix(DATA).filter(|json| *json != b"{}") {
        Some(json) => Told::Event(json),
        None if line == RESET => Told::Reset,
        None => Told::Nothing,
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

//! Server-sent events, as a client reads them.
#![allow(clippy::missing_panics_doc, reason = "what goes wrong here fails the test")]

use std::io::{self, BufRead, BufReader};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::container::Container;

/// An open stream of events.
#[derive(Debug)]
pub struct Events(BufReader<UnixStream>);

/// One of them; `name` is empty for an ordinary one.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    /// Its type.
    pub name: String,
    /// By which a client that comes again says what it has seen.
    pub id: String,
    /// Its JSON.
    pub data: Value,
}

impl Event {
    /// Whether it tells of an interface of this container that has a number.
    pub fn is_about(&self, container: &Container) -> bool {
        let row = &self.data["Attachment"];
        row["Container"] == container.name() && row["OFPort"].is_number()
    }
}

impl Events {
    /// Those that come where a request for them was sent.
    pub fn of(stream: UnixStream) -> Self {
        Self(BufReader::new(stream))
    }

    /// The next event with data, heartbeats and chunk sizes left out.
    #[allow(clippy::should_implement_trait, reason = "a stream that has ended fails the test")]
    pub fn next(&mut self) -> Event {
        let mut event = Event::default();
        loop {
            let line = self.line().unwrap();
            assert!(!line.is_empty(), "the stream has ended");
            match line.trim_end().split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("data", data)) => {
                    event.data = serde_json::from_str(data).unwrap();
                    return event;
                }
                _ => {}
            }
        }
    }

    /// The first event for which `wanted` holds.
    pub fn find(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next();
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Reads to the end, which must come.
    pub fn ends(&mut self) {
        while !self.line().unwrap().is_empty() {}
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).map(|_| line)
    }
}

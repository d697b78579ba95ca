//! The events of the recent past, for clients that were away for a while.

use std::collections::VecDeque;
use std::sync::Arc;

/// So many events are remembered,
pub(super) const MAX_EVENTS: usize = 10_000;
/// unless they are longer than this, in bytes of JSON.
pub(super) const MAX_EVENT_BYTES: usize = 2 << 20;

/// An event for clients.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The name of a server-sent event that is not an ordinary one.
    pub(crate) name: Option<&'static str>,
    /// Its v1 JSON.
    pub(crate) json: Arc<str>,
}

/// The same with its number.
#[derive(Clone, Debug)]
pub(crate) struct NumberedEvent {
    pub(crate) number: u64,
    pub(crate) event: Event,
}

/// The last events, oldest first.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    events: VecDeque<NumberedEvent>,
    bytes: usize,
}

impl EventLog {
    /// Adds an event, and forgets the oldest where there are too many or too long ones.
    pub(super) fn push(&mut self, numbered: NumberedEvent) {
        self.bytes += numbered.event.json.len();
        self.events.push_back(numbered);
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_EVENT_BYTES {
            let forgotten = self.events.pop_front();
            self.bytes -= forgotten.map_or(0, |numbered| numbered.event.json.len());
        }
    }

    /// At most `most` of the events after number `after` up to `last`; none if that is forgotten
    /// or never was.
    pub(super) fn since(&self, after: u64, last: u64, most: usize) -> Option<Vec<NumberedEvent>> {
        let forgotten = self.events.front().map_or(last, |event| event.number - 1);
        if after < forgotten || after > last {
            return None;
        }
        let skipped = usize::try_from(after - forgotten).unwrap_or(usize::MAX);
        let known = self.events.iter().skip(skipped).take_while(|event| event.number <= last);
        Some(known.take(most).cloned().collect())
    }
}

//! The events of the recent past, for clients that were away for a while.

use std::collections::VecDeque;

use axum::body::Bytes;

/// So many events are remembered,
pub(super) const MAX_EVENTS: usize = 10_000;
/// unless they are longer than this, in bytes as they are sent.
pub(super) const MAX_EVENT_BYTES: usize = 2 << 20;

/// An event for clients.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The name of a server-sent event that is not an ordinary one.
    pub(crate) name: Option<&'static str>,
    /// Its v1 JSON.
    pub(crate) json: String,
}

/// The same with its number, as it is sent: written once, however many clients get it.
#[derive(Clone, Debug)]
pub(crate) struct NumberedEvent {
    pub(crate) number: u64,
    pub(crate) text: Bytes,
}

impl NumberedEvent {
    /// Event `number` of the run `boot`, by the name and with the data that it has.
    pub(crate) fn new(boot: &str, number: u64, event: &Event) -> Self {
        let Event { name, json } = event;
        let head = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
        let text = format!("{head}id: {boot}-{number}\ndata: {json}\n\n");
        // Without the room to grow.
        Self { number, text: Bytes::from(text.into_boxed_str().into_boxed_bytes()) }
    }
}

/// What comes after an event that a client has.
#[derive(Clone, Debug)]
pub(crate) enum NextEvent {
    /// This one.
    Known(NumberedEvent),
    /// None yet.
    NoneYet,
    /// That is forgotten, or the client's event never was.
    Forgotten,
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
        self.bytes += numbered.text.len();
        self.events.push_back(numbered);
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_EVENT_BYTES {
            let forgotten = self.events.pop_front();
            self.bytes -= forgotten.map_or(0, |numbered| numbered.text.len());
        }
    }

    /// The event after number `after`, where `last` is the last one that is told.
    pub(super) fn after(&self, after: u64, last: u64) -> NextEvent {
        let forgotten = self.events.front().map_or(last, |event| event.number - 1);
        if after < forgotten || after > last {
            return NextEvent::Forgotten;
        }
        let skipped = usize::try_from(after - forgotten).unwrap_or(usize::MAX);
        let next = self.events.get(skipped).filter(|event| event.number <= last);
        next.map_or(NextEvent::NoneYet, |event| NextEvent::Known(event.clone()))
    }
}

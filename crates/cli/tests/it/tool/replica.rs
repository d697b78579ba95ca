//! What a client of the stream knows: `reset` and what follows, applied in order, and compared with
//! what the daemon answers.

use std::collections::BTreeMap;

use lab::http::{Answer, ask, head};
use serde_json::Value;

use super::picture::text;
use super::{Event, Events, Served};

/// A link: its namespace and its index there.
pub(crate) type Link = (String, u64);

/// What a client knows that only listens.
#[derive(Debug, Default)]
pub(crate) struct Replica {
    /// By namespace and index.
    pub(crate) rows: BTreeMap<Link, Value>,
    /// By bridge and port.
    pub(crate) orphans: BTreeMap<(String, String), Value>,
    sources: Value,
    /// The last event.
    id: String,
}

impl Replica {
    fn apply(&mut self, event: &Event) {
        let Event { name, id, data } = event;
        // What has none is no change.
        if !id.is_empty() {
            id.clone_into(&mut self.id);
        }
        let (now, port) = (&data["Attachment"], &data["Port"]);
        match (name.as_str(), text(data, "Action")) {
            ("reset", _) => *self = Self::of(data, id),
            ("sources", _) => self.sources = data.clone(),
            // Of a namespace without a container, which no list has.
            ("namespace", _) => assert_eq!(now["ID"], "", "{event:?}"),
            (_, "appeared" | "changed") => {
                let before = self.rows.insert(link(now), row(now));
                let told = Some(row(&data["Before"])).filter(|_| data["Before"].is_object());
                assert_eq!(before, told, "what was before is what was told: {event:?}");
            }
            (_, "vanished") => {
                assert_eq!(self.rows.remove(&link(now)), Some(row(now)), "{event:?}");
            }
            (_, "orphaned") => {
                let before = self.orphans.insert(seat(port), row(port));
                assert_ne!(before, Some(row(port)), "{event:?}");
            }
            (_, "cleared") => {
                assert_eq!(self.orphans.remove(&seat(port)), Some(row(port)), "{event:?}");
            }
            _ => assert_eq!(name, "owed", "{event:?}"),
        }
    }

    /// Of what `/v1/wiring` answers.
    fn of(wiring: &Value, id: &str) -> Self {
        let rows = |name: &str| wiring[name].as_array().unwrap().iter();
        let living = rows("Attachments").filter(|found| found["Ifindex"].is_number());
        // A row for each container of a namespace; events tell of the first.
        let first = living.filter(|found| found["ID"] == found["Tenants"][0]["ID"]);
        let orphans = rows("Ports").filter(|port| port["Occupant"] == "orphaned");
        Self {
            rows: first.map(|found| (link(found), row(found))).collect(),
            orphans: orphans.map(|port| (seat(port), row(port))).collect(),
            sources: wiring["Sources"].clone(),
            id: id.to_owned(),
        }
    }

    fn number(&self) -> u64 {
        number_of(&self.id)
    }
}

fn number_of(id: &str) -> u64 {
    id.rsplit_once('-').unwrap().1.parse().unwrap()
}

pub(crate) fn link(found: &Value) -> Link {
    (text(found, "Netns").to_owned(), found["Ifindex"].as_u64().unwrap())
}

fn seat(port: &Value) -> (String, String) {
    (text(port, "Bridge").to_owned(), text(port, "Port").to_owned())
}

/// All that is told of, without the notes that no event tells alone (docs/serve.md).
pub(crate) fn row(found: &Value) -> Value {
    let mut row = found.clone();
    if let Some(notes) = row["Notes"].as_array_mut() {
        let passes = |note: &str| PASSING.iter().any(|begins| note.starts_with(begins));
        notes.retain(|note| !note.as_str().is_some_and(passes));
    }
    row
}

/// What notes begin with that come and go with each look.
const PASSING: [&str; 4] =
    ["stale:", "not opened:", "it may be on other ports too", "OVS knows the link as ifindex"];

/// A stream and what it makes known, which is compared with the daemon's answer after each event.
pub(crate) struct Follower {
    events: Events,
    pub(crate) replica: Replica,
    /// How often it was compared.
    pub(crate) compared: usize,
}

impl Follower {
    pub(crate) fn new(daemon: &Served) -> Self {
        let mut follower =
            Self { events: daemon.events(None), replica: Replica::default(), compared: 0 };
        follower.take();
        follower
    }

    pub(crate) fn take(&mut self) -> Event {
        let event = self.events.next();
        self.replica.apply(&event);
        event
    }

    /// Takes events until the daemon's answer is of the last one, and compares.
    pub(crate) fn catch_up(&mut self, daemon: &Served) {
        loop {
            let (wiring, id) = answer(daemon, "/v1/wiring");
            while self.replica.number() < number_of(&id) {
                self.take();
            }
            if self.replica.id != id {
                // More was told meanwhile than the answer has.
                continue;
            }
            let told = Replica::of(&wiring, &id);
            assert_eq!(self.replica.rows, told.rows, "after event {id}");
            assert_eq!(self.replica.orphans, told.orphans, "after event {id}");
            assert_eq!(self.replica.sources, told.sources, "after event {id}");
            self.compared += 1;
            return;
        }
    }

    /// Takes events until one is what is waited for; compares after each that the answer is still of.
    pub(crate) fn find(&mut self, daemon: &Served, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.take();
            let (list, id) = answer(daemon, "/v1/attachments");
            if id == self.replica.id {
                let list = list.as_array().unwrap().iter();
                let first = list.filter(|found| found["ID"] == found["Tenants"][0]["ID"]);
                let list: BTreeMap<_, _> = first.map(|found| (link(found), row(found))).collect();
                assert_eq!(self.replica.rows, list, "after {event:?}");
            }
            if wanted(&event) {
                return event;
            }
        }
    }
}

/// An answer, and the event that led to it.
fn answer(daemon: &Served, path: &str) -> (Value, String) {
    let Answer { status, head, body } =
        ask(daemon.connect(), &head("GET", path, &["Host: localhost"]));
    assert_eq!(status, 200, "{path}: {body}");
    let id = head.lines().find_map(|line| line.strip_prefix("last-event-id: ")).unwrap();
    (serde_json::from_str(&body).unwrap(), id.to_owned())
}

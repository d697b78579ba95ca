//! A daemon on the real kernel, in namespaces of the test's own, with an engine and a database of the tests'.
#![allow(clippy::disallowed_methods, reason = "a test that has no thread to be had fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use host::Origin;
use lab::{Event, Events};
use model::plan::Connect;
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::fake_database::FakeDatabase;
use crate::fake_engine::FakeEngine;
use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::{Process, is_inside};
use crate::rows::host;
use crate::running::Running;

/// The number that the fake vswitchd gives to the first interface.
const OFPORT: u16 = 32768;

/// What a client of the stream knows.
struct Replica {
    /// None while the next event is read.
    events: Option<Events>,
    /// By the index of the link.
    rows: BTreeMap<u64, Value>,
    sources: Value,
    /// Of the last event.
    id: String,
}

impl Replica {
    /// One that has seen the first event.
    async fn begin(daemon: &Running) -> Self {
        let events = Some(daemon.events());
        let mut replica =
            Self { events, rows: BTreeMap::new(), sources: Value::Null, id: String::new() };
        assert_eq!(replica.take().await.name, "reset");
        replica
    }

    /// The next event. What the test plays goes on meanwhile.
    async fn take(&mut self) -> Event {
        let mut events = self.events.take().unwrap();
        let read = move || {
            let event = events.next();
            (events, event)
        };
        let (events, event) = spawn_blocking(read).await.unwrap();
        self.events = Some(events);
        self.apply(&event);
        event
    }

    async fn find(&mut self, wanted: impl Fn(&Event) -> bool) {
        while !wanted(&self.take().await) {}
    }

    fn apply(&mut self, event: &Event) {
        if !event.id.is_empty() {
            event.id.clone_into(&mut self.id);
        }
        let now = &event.data["Attachment"];
        match (event.name.as_str(), event.data["Action"].as_str()) {
            ("reset", _) => (self.rows, self.sources) = told(&event.data),
            ("sources", _) => self.sources = event.data.clone(),
            ("", Some("appeared" | "changed")) => drop(self.rows.insert(ifindex(now), row(now))),
            ("", Some("vanished")) => drop(self.rows.remove(&ifindex(now))),
            _ => {}
        }
    }

    /// Takes events until what is answered is of the last one, and compares.
    async fn agrees_with(&mut self, daemon: &Running) {
        loop {
            let answer = daemon.get("/v1/wiring").await;
            let id = answer.head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
            let id = id.unwrap();
            while number(&self.id) < number(id) {
                self.take().await;
            }
            // Or else more was told meanwhile than the answer has.
            if self.id == id {
                let (rows, sources) = told(&serde_json::from_str(&answer.body).unwrap());
                assert_eq!(self.rows, rows, "after event {id}");
                assert_eq!(self.sources, sources, "after event {id}");
                return;
            }
        }
    }
}

fn number(id: &str) -> u64 {
    id.rsplit_once('-').unwrap().1.parse().unwrap()
}

fn ifindex(found: &Value) -> u64 {
    found["Ifindex"].as_u64().unwrap()
}

/// A row without its notes: some of them come and go with each look, and no event tells of them alone.
fn row(found: &Value) -> Value {
    let mut row = found.clone();
    row["Notes"].take();
    row
}

/// The interfaces of containers that are there, and the sources.
fn told(wiring: &Value) -> (BTreeMap<u64, Value>, Value) {
    let rows = wiring["Attachments"].as_array().unwrap().iter();
    let rows = rows.filter(|found| found["Ifindex"].is_number());
    (rows.map(|found| (ifindex(found), row(found))).collect(), wiring["Sources"].clone())
}

#[tokio::test]
async fn a_stream_is_a_replica_of_what_is_answered() {
    if !is_inside("live::a_stream_is_a_replica_of_what_is_answered") {
        return;
    }
    let process = Process::start();
    let engine = FakeEngine::new("docker", vec![process.container("d1", "web")]);
    let (host, folder) = host(vec![Arc::clone(&engine) as _]);
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[]);
    let _vswitchd = FakeVswitchd::start(folder.path());
    let daemon = Running::start(Origin::Live(host.clone())).await;
    let mut replica = Replica::begin(&daemon).await;
    assert!(replica.rows.is_empty(), "{:#?}", replica.rows);
    replica.agrees_with(&daemon).await;
    let request =
        Connect { bridge: "br0".to_owned(), container: "web".to_owned(), ..Connect::default() };
    host.connect(&request).await.unwrap();
    replica.find(|event| event.data["Attachment"]["OFPort"] == OFPORT).await;
    replica.agrees_with(&daemon).await;
    let rows = daemon.json("/v1/attachments/web").await;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(rows[0]["Bridge"], "br0", "{rows}");
    assert_eq!(rows[0]["OFPort"], OFPORT, "{rows}");
    database.end().await;
    let stale = |row: &Value| row["Source"] == "ovsdb" && row["State"] == "stale";
    let is_stale = |event: &Event| event.data.as_array().is_some_and(|all| all.iter().any(stale));
    replica.find(is_stale).await;
    replica.agrees_with(&daemon).await;
    assert_eq!(daemon.json("/healthz").await["Status"], "degraded");
    assert_eq!(replica.rows.len(), 1, "what was known is kept");
    daemon.stop().await;
}

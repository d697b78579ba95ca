//! An engine that the tests are: it answers what it was told to, late, or not at all.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use host::engine::{Engine, EngineContainer, Event, Events, Peer};
use model::snapshot::{Container, EngineName};
use model::{SourceError, SourceErrorKind};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::rows::kind;

/// What the engine does now.
#[derive(Default)]
struct Now {
    containers: Vec<EngineContainer>,
    /// Nothing listens where it should.
    down: bool,
    /// No answer to anything comes any more.
    hangs: bool,
    /// Inspections of these wait until they have started.
    starting: BTreeSet<String>,
    /// What is answered to inspections of the one of this id: an error.
    refused: Option<(String, SourceErrorKind)>,
    /// What is said of the container of this id, instead of what is said by name.
    again: Option<EngineContainer>,
    asked: Vec<String>,
    events: Option<UnboundedSender<Event>>,
}

pub(crate) struct FakeEngine {
    name: &'static str,
    now: Mutex<Now>,
    started: Notify,
}

impl FakeEngine {
    pub(crate) fn new(name: &'static str, containers: Vec<EngineContainer>) -> Arc<Self> {
        let now = Mutex::new(Now { containers, ..Now::default() });
        Arc::new(Self { name, now, started: Notify::new() })
    }

    pub(crate) fn set(&self, containers: Vec<EngineContainer>) {
        self.now.lock().unwrap().containers = containers;
    }

    pub(crate) fn go_down(&self) {
        let mut now = self.now.lock().unwrap();
        (now.down, now.events) = (true, None);
    }

    pub(crate) fn come_up(&self) {
        self.now.lock().unwrap().down = false;
    }

    pub(crate) fn hang(&self, hangs: bool) {
        self.now.lock().unwrap().hangs = hangs;
    }

    /// While a container starts, inspections of it block.
    pub(crate) fn starts(&self, id: &str, starts: bool) {
        let starting = &mut self.now.lock().unwrap().starting;
        if starts {
            starting.insert(id.to_owned())
        } else {
            starting.remove(id)
        };
    }

    /// Inspections of this one fail so, of no other.
    pub(crate) fn refuses(&self, id: &str, kind: SourceErrorKind) {
        self.now.lock().unwrap().refused = Some((id.to_owned(), kind));
    }

    /// What is said when it is asked again, by id.
    pub(crate) fn says_again(&self, found: EngineContainer) {
        self.now.lock().unwrap().again = Some(found);
    }

    pub(crate) fn tell(&self, event: Event) {
        let now = self.now.lock().unwrap();
        now.events.as_ref().expect("its events are followed").send(event).unwrap();
    }

    /// How often it was asked this.
    pub(crate) fn count(&self, asked: &str) -> usize {
        self.now.lock().unwrap().asked.iter().filter(|one| *one == asked).count()
    }

    fn source_error(&self) -> SourceError {
        SourceError::new(SourceErrorKind::Unreachable, self.what(), "there is no such socket")
    }

    /// Notes what is asked; fails or hangs where the engine does.
    async fn ask(&self, what: String) -> Result<(), SourceError> {
        let (down, hangs) = {
            let mut now = self.now.lock().unwrap();
            now.asked.push(what);
            (now.down, now.hangs)
        };
        if hangs {
            return pending().await;
        }
        if down { Err(self.source_error()) } else { Ok(()) }
    }
}

impl Engine for FakeEngine {
    fn kind(&self) -> EngineName {
        kind(self.name)
    }

    fn address(&self) -> String {
        "nowhere".to_owned()
    }

    fn what(&self) -> String {
        format!("{} at nowhere", self.name)
    }

    fn peer(&self) -> Peer {
        Peer::Process(std::process::id())
    }

    /// It calls itself nothing.
    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        let hangs = self.now.lock().unwrap().hangs;
        async move { if hangs { pending().await } else { Ok(None) } }.boxed()
    }

    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async { self.ask("version".to_owned()).await.map(|()| "1.0".to_owned()) }.boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        async move {
            self.ask(format!("inspect {wanted}")).await?;
            while self.now.lock().unwrap().starting.contains(wanted) {
                self.started.notified().await;
            }
            let now = self.now.lock().unwrap();
            if let Some((_, kind)) = now.refused.as_ref().filter(|(id, _)| *id == *wanted) {
                return Err(SourceError::new(
                    *kind,
                    self.what(),
                    "stat: no such file or directory",
                ));
            }
            let named =
                |found: &&EngineContainer| *found.row.id.0 == *wanted || *found.row.name == *wanted;
            let found = now.containers.iter().find(named).cloned();
            let again = now.again.clone();
            let again = again.filter(|again| *again.row.id.0 == *wanted);
            Ok(again.or(found))
        }
        .boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        async {
            self.ask("list".to_owned()).await?;
            let now = self.now.lock().unwrap();
            let without_process = |found: &EngineContainer| {
                let row = Container { pid: None, ..found.row.clone() };
                EngineContainer { row, sandbox: None }
            };
            Ok(now.containers.iter().map(without_process).collect())
        }
        .boxed()
    }

    fn may_have_a_process(&self, row: &Container) -> bool {
        row.state == "running"
    }

    fn relatives<'a>(
        &'a self,
        row: &'a Container,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        async move {
            self.ask("relatives".to_owned()).await?;
            let now = self.now.lock().unwrap();
            let joined = format!("container:{}", row.id.0);
            let joins = |found: &&EngineContainer| found.row.network_mode == joined;
            Ok(now.containers.iter().filter(joins).cloned().collect())
        }
        .boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        async {
            self.ask("events".to_owned()).await?;
            let (send, receive) = unbounded_channel();
            self.now.lock().unwrap().events = Some(send);
            let next = async |mut receive: UnboundedReceiver<Event>| {
                receive.recv().await.map(|event| (Ok(event), receive))
            };
            Ok(stream::unfold(receive, next).boxed())
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.ask("ping".to_owned()).boxed()
    }
}

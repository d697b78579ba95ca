//! A daemon in a thread of the test, and its clients.
#![allow(clippy::disallowed_methods, reason = "a test that has no thread to be had fails")]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use docker_ovs_daemon::{Build, Settings, serve};
use host::Origin;
use lab::http::{Answer, ask, head};
use lab::{Events, patience};
use model::SourceError;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// A signal is its process's: it ends all daemons that are in one.
static ONE: Mutex<()> = Mutex::const_new(());

/// As large as that of a program's first thread.
const STACK: usize = 8 << 20;

pub(crate) struct Running {
    thread: JoinHandle<Result<(), SourceError>>,
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Running {
    /// One that has looked once. It changes nothing and keeps nothing.
    pub(crate) async fn start(origin: Origin) -> Self {
        let (alone, folder) = (ONE.lock().await, tempfile::tempdir().unwrap());
        let settings = Settings {
            socket: folder.path().join("d.sock"),
            listen: Vec::new(),
            restore: false,
            tls: None,
            fleet: None,
            history: None,
            build: Build { version: "1.2.3", commit: "unknown", date: "unknown" },
        };
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(Box::pin(serve(origin, &settings)))
        };
        let thread = Builder::new().stack_size(STACK).spawn(run).unwrap();
        let running = Self { thread, folder, _alone: alone };
        timeout(patience(), running.looks()).await.expect("it looks in time");
        running
    }

    /// Waits until it listens, and then until it has looked.
    async fn looks(&self) {
        while UnixStream::connect(self.socket()).is_err()
            || self.asked("GET", "/healthz").await.status != 200
        {
            assert!(!self.thread.is_finished(), "it ended");
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("d.sock")
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(patience())).unwrap();
        stream
    }

    /// What is answered. What the test plays goes on meanwhile.
    pub(crate) async fn asked(&self, method: &str, path: &str) -> Answer {
        let (stream, request) = (self.connect(), head(method, path, &["Host: localhost"]));
        spawn_blocking(move || ask(stream, &request)).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.asked("GET", path).await
    }

    /// The JSON that is there.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.head.contains("content-type: application/json"), "{path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The stream of events from its beginning.
    pub(crate) fn events(&self) -> Events {
        let mut stream = self.connect();
        let request = head("GET", "/v1/events", &["Host: localhost"]);
        stream.write_all(request.as_bytes()).unwrap();
        Events::of(stream)
    }

    /// Ends it as a service manager does. It leaves no file.
    pub(crate) async fn stop(self) {
        let socket = self.socket();
        assert!(socket.exists());
        kill_process(getpid(), Signal::TERM).unwrap();
        let thread = self.thread;
        spawn_blocking(move || thread.join().unwrap()).await.unwrap().unwrap();
        assert!(!socket.exists(), "the socket's file is left");
        drop(self.folder);
    }
}

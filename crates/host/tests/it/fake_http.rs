//! An HTTP server that the tests are, on a unix socket: it answers each path as it was told to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use host::transport::Endpoint;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// What a path answers: bytes of HTTP as they are sent, then the connection is closed or kept.
#[derive(Clone)]
struct Answer {
    bytes: Vec<u8>,
    closes: bool,
}

#[derive(Default)]
struct Now {
    answers: BTreeMap<String, Answer>,
    connections: usize,
    asked: Vec<String>,
}

pub(crate) struct FakeHttp {
    now: Arc<Mutex<Now>>,
    socket: PathBuf,
    _folder: TempDir,
    server: JoinHandle<()>,
}

impl FakeHttp {
    pub(crate) fn listen() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("http.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let now = Arc::new(Mutex::new(Now::default()));
        let shared = Arc::clone(&now);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { now, socket, _folder: folder, server }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.socket.clone())
    }

    /// From now on `path` answers with this status and body.
    pub(crate) fn says(&self, path: &str, status: u16, body: &str) {
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n", body.len());
        self.sends(path, (head + body).as_bytes(), false);
    }

    /// From now on `path` answers with these lines, as a stream that ends with the connection.
    pub(crate) fn tells(&self, path: &str, lines: &str) {
        self.sends(path, format!("HTTP/1.1 200 OK\r\n\r\n{lines}").as_bytes(), true);
    }

    /// From now on `path` answers with these bytes, and the connection is closed if `closes`.
    pub(crate) fn sends(&self, path: &str, bytes: &[u8], closes: bool) {
        let answer = Answer { bytes: bytes.to_owned(), closes };
        self.now.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    pub(crate) fn connections(&self) -> usize {
        self.now.lock().unwrap().connections
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.now.lock().unwrap().asked.clone()
    }
}

impl Drop for FakeHttp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: UnixStream, now: Arc<Mutex<Now>>) {
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
        if !bytes.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut bytes)).unwrap();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = {
            let mut now = now.lock().unwrap();
            now.asked.push(path.clone());
            now.answers.get(&path).cloned()
        };
        let missing = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}".to_vec();
        let answer = answer.unwrap_or(Answer { bytes: missing, closes: false });
        if stream.write_all(&answer.bytes).await.is_err() || answer.closes {
            return;
        }
    }
}

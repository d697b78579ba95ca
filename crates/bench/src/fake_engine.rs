//! A Docker Engine only as far as a daemon asks it: more containers than an engine could run on a small machine.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// Running containers, in whose network namespaces these processes are.
struct FakeEngine {
    pids: Vec<u32>,
    /// Which of them has an id.
    by_id: HashMap<String, usize>,
    root: PathBuf,
    /// Where the namespace of container `n` is mounted under that name.
    mounts: PathBuf,
}

/// The id of container `n`: 64 hexadecimal digits, of which the first ones differ already.
pub(crate) fn id(n: usize) -> String {
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    format!("{:016x}", n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4)
}

/// Answers at a socket in `folder`, until this program ends.
pub(crate) fn serve(folder: &Path, pids: Vec<u32>, mounts: &Path) -> PathBuf {
    let socket = folder.join("docker.sock");
    let listener = UnixListener::bind(&socket).expect("a socket can be made there");
    let by_id = (0..pids.len()).map(|n| (id(n), n)).collect();
    let (root, mounts) = (folder.to_owned(), mounts.to_owned());
    let engine = Arc::new(FakeEngine { pids, by_id, root, mounts });
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let engine = engine.clone();
            thread::spawn(move || engine.answer(stream));
        }
    });
    socket
}

impl FakeEngine {
    /// Answers one request after the other, until the client closes.
    fn answer(&self, stream: UnixStream) {
        let mut stream = BufReader::new(stream);
        while let Some(path) = asked(&mut stream) {
            let answer = match self.body(&path) {
                // Nothing ever happens.
                _ if path == "/events" => {
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
                }
                Some(body) => with_length("200 OK", &body),
                None => with_length("404 Not Found", "{}"),
            };
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn body(&self, path: &str) -> Option<String> {
        Some(match path {
            "/_ping" => "OK".to_owned(),
            "/version" => r#"{"Version":"20.10","ApiVersion":"1.41"}"#.to_owned(),
            "/info" => format!(r#"{{"ID":"ABCD:EFGH","DockerRootDir":"{}"}}"#, self.root.display()),
            "/networks" => "[]".to_owned(),
            "/containers/json" => {
                let rows: Vec<_> = (0..self.pids.len()).map(listed).collect();
                format!("[{}]", rows.join(","))
            }
            _ => {
                let word = path.strip_prefix("/containers/")?.split('/').next()?;
                let n = *self.by_id.get(word)?;
                inspected(n, self.pids[n], &self.mounts.join(n.to_string()))
            }
        })
    }
}

fn listed(n: usize) -> String {
    format!(
        r#"{{"Id":"{}","Names":["/container{n}"],"State":"running","HostConfig":{{"NetworkMode":"none"}},"Labels":{{"tier":"web"}}}}"#,
        id(n)
    )
}

fn inspected(n: usize, pid: u32, netns: &Path) -> String {
    let state = format!(r#""State":{{"Status":"running","Pid":{pid}}}"#);
    let config = r#""HostConfig":{"NetworkMode":"none"},"Config":{"Labels":{"tier":"web"}}"#;
    let network = format!(r#""NetworkSettings":{{"SandboxKey":"{}"}}"#, netns.display());
    format!(r#"{{"Id":"{}","Name":"/container{n}",{state},{config},{network}}}"#, id(n))
}

fn with_length(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The path of the next request, without what is asked of it; none once the client has closed.
fn asked(stream: &mut impl BufRead) -> Option<String> {
    let (mut first, mut line) = (String::new(), String::new());
    stream.read_line(&mut first).ok().filter(|count| *count > 0)?;
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
    }
    first.split(' ').nth(1)?.split('?').next().map(str::to_owned)
}

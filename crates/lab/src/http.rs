//! HTTP byte by byte, so that nothing of it is hidden.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::run::patience;

/// The head of a request; the connection is to end with it.
pub fn head(method: &str, path: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code; 0 if there is none.
    pub status: u16,
    /// Status line and header lines, in lower case.
    pub head: String,
    /// All after the head, as it came.
    pub body: String,
}

/// Sends `request` and reads until the end.
///
/// # Panics
/// When no answer comes, or one that is not HTTP.
pub fn ask(stream: impl Read + Write, request: &str) -> Answer {
    let (head, body) = ask_bytes(stream, request);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status: status.unwrap_or(0), head, body: String::from_utf8(body).unwrap() }
}

/// The same of an answer whose body need not be text: its head in lower case, and its body.
///
/// # Panics
/// When no answer comes, or one that is not HTTP.
pub fn ask_bytes(mut stream: impl Read + Write, request: &str) -> (String, Vec<u8>) {
    // A server that has heard enough may close before the last byte of a bad request.
    let _ = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    assert!(read.is_ok() || !bytes.is_empty(), "no answer: {read:?}");
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head: {:?}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head.to_ascii_lowercase(), bytes[end + 4..].to_vec())
}

/// A connection to `ADDRESS:PORT` that answers within the test's [`patience`].
///
/// # Panics
/// When there is none.
pub fn tcp(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(patience())).unwrap();
    stream
}

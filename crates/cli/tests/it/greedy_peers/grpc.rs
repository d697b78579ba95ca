//! gRPC byte by byte (RFC 9113; grpc.io, PROTOCOL-HTTP2.md): a containerd and a member of etcd that answer
//! every call with the same.

use std::collections::BTreeMap;
use std::io::{Read, Result, Write};
use std::net::TcpListener;
use std::thread;

use super::{Peer, TO_THE_END, is_bounded};

/// What a client says first (RFC 9113, section 3.4).
const PREFACE: usize = 24;

/// Types of frames (section 6), and what they are sent with.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// The setting that says how much of a new stream may be on its way.
const INITIAL_WINDOW_SIZE: u16 = 4;

/// The longest frame that a client takes where it says nothing else.
const FRAME: usize = 16_384;

/// What of a call is sent, and how much more of it the client takes.
struct Call {
    sent: usize,
    window: i64,
}

struct Server<'m, S> {
    stream: S,
    /// What each call is answered with: messages with their lengths before them, over and over if it `is_endless`.
    messages: &'m [u8],
    is_endless: bool,
    window: i64,
    initial: i64,
    calls: BTreeMap<u32, Call>,
}

fn serve(stream: impl Read + Write, messages: &[u8], is_endless: bool) -> Result<()> {
    let (window, calls) = (65_535, BTreeMap::new());
    let mut server = Server { stream, messages, is_endless, window, initial: window, calls };
    let mut preface = [0; PREFACE];
    server.stream.read_exact(&mut preface)?;
    server.frame(SETTINGS, 0, 0, &[])?;
    while server.hear()? {
        let ids: Vec<_> = server.calls.keys().copied().collect();
        for id in ids {
            server.answer(id)?;
        }
    }
    Ok(())
}

impl<S: Read + Write> Server<'_, S> {
    fn frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) -> Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &id.to_be_bytes()].concat();
        self.stream.write_all(&[&head[..], payload].concat())
    }

    /// Reads a frame; whether there are more.
    fn hear(&mut self) -> Result<bool> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let [high, middle, low, kind, flags, id @ ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload)?;
        let id = u32::from_be_bytes(id);
        match kind {
            HEADERS => {
                self.calls.insert(id, Call { sent: 0, window: self.initial });
                // `:status: 200`, and `content-type` by its place in the static table (RFC 7541, appendix A).
                let answer = [&[0x88_u8, 0x0f, 0x10, 16][..], b"application/grpc"].concat();
                self.frame(HEADERS, END_HEADERS, id, &answer)?;
            }
            SETTINGS if flags & ACK == 0 => {
                for setting in payload.chunks_exact(6) {
                    if u16::from_be_bytes([setting[0], setting[1]]) == INITIAL_WINDOW_SIZE {
                        let size = number(&setting[2..]);
                        let more = size - self.initial;
                        self.initial = size;
                        self.calls.values_mut().for_each(|call| call.window += more);
                    }
                }
                self.frame(SETTINGS, ACK, 0, &[])?;
            }
            PING if flags & ACK == 0 => self.frame(PING, ACK, 0, &payload)?,
            WINDOW_UPDATE if id == 0 => self.window += number(&payload),
            WINDOW_UPDATE => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.window += number(&payload);
                }
            }
            RST_STREAM => {
                self.calls.remove(&id);
            }
            GOAWAY => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    /// Sends as much of a call's answer as is taken.
    fn answer(&mut self, id: u32) -> Result<()> {
        let messages = self.messages;
        while let Some(Call { sent, window }) = self.calls.get_mut(&id) {
            let Ok(room) = usize::try_from(self.window.min(*window)) else { return Ok(()) };
            let left = &messages[*sent..];
            let part = &left[..left.len().min(room).min(FRAME)];
            if part.is_empty() && !left.is_empty() {
                return Ok(());
            }
            *sent += part.len();
            let taken = i64::try_from(part.len()).unwrap();
            *window -= taken;
            self.window -= taken;
            let is_over = *sent == messages.len();
            if is_over && self.is_endless {
                *sent = 0;
            }
            self.frame(DATA, 0, id, part)?;
            if is_over && !self.is_endless {
                self.calls.remove(&id);
                // `grpc-status: 0`, by a name that is written out.
                let end = [&[0_u8, 11][..], b"grpc-status", &[1], b"0"].concat();
                self.frame(HEADERS, END_HEADERS | END_STREAM, id, &end)?;
            }
        }
        Ok(())
    }
}

/// Four bytes of a frame as a number of 31 bits.
fn number(bytes: &[u8]) -> i64 {
    let bytes: [u8; 4] = bytes.try_into().unwrap();
    i64::from(u32::from_be_bytes(bytes) & 0x7fff_ffff)
}

/// A number as protobuf writes it.
fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// A field of this number that has bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[(number << 3) | 2], &varint(bytes.len())[..], bytes].concat()
}

/// A message with its length before it.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// Answers, each less than the 16 MiB that a message may be long, and whether they go on for ever.
fn answers() -> Vec<(&'static str, Vec<u8>, bool)> {
    let empty = [field(1, b""), field(2, b"")].concat().repeat(3_000_000);
    // As a namespace it has a name, as a container an id and labels.
    let labels = (0..400_000).map(|n: u32| field(2, &field(1, format!("{n:x}").as_bytes())));
    let labelled = field(1, &[field(1, b"x"), labels.flatten().collect()].concat());
    let some = b"x".repeat(1 << 16);
    vec![
        ("many empty items", framed(&empty), false),
        ("many labels", framed(&labelled.repeat(3)), false),
        ("messages without end", framed(&field(1, &some)), true),
        ("a message of 4 GiB", [&[0, 0xff, 0xff, 0xff, 0xff], &some[..]].concat(), true),
    ]
}

/// For what goes on for ever: time for some hundred megabytes.
const FOR_A_MOMENT: &str = "3s";

fn timeout(is_endless: bool) -> &'static str {
    if is_endless { FOR_A_MOMENT } else { TO_THE_END }
}

#[test]
fn what_containerd_tells_is_bounded() {
    for (what, messages, is_endless) in answers() {
        assert!(messages.len() < 16 << 20, "{what} is short enough to be read");
        let peer = Peer::serving(move |stream| serve(stream, &messages, is_endless));
        let engine = format!("containerd={}", peer.at());
        for verb in [&["ls"][..], &["explain", "x"], &["doctor"]] {
            let sources = ["--engine", &engine, "--db", "unix:/nonexistent/db.sock"];
            let words = [&sources[..], &["--timeout", timeout(is_endless)], verb].concat();
            is_bounded(&format!("containerd, {what}: {}", verb[0]), &words);
        }
        assert!(peer.asked() >= 3, "{what}: each verb asks it");
    }
}

#[test]
fn what_etcd_tells_is_bounded() {
    for (what, messages, is_endless) in answers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let messages = messages.clone();
                thread::spawn(move || drop(serve(stream, &messages, is_endless)));
            }
        });
        for verb in [&["mesh", "blocks"][..], &["mesh", "rm", "m"]] {
            let words = [verb, &["--etcd", &url, "--timeout", timeout(is_endless)]].concat();
            let ran = is_bounded(&format!("etcd, {what}: {}", verb[1]), &words);
            assert_eq!(ran.code, 2, "{what}: {}", ran.stderr);
        }
    }
}

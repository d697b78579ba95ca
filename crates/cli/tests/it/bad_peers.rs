//! An engine and a database that answer with too much, too little or nonsense: a clear error,
//! nothing on stdout, in bounded time and memory.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;

use crate::tool::refuses;
use lab::{Bridge, Netns, Plug, Plugged};

/// What the peers that say too much say: more than any reply may be long, in bytes.
const TOO_MUCH: usize = 100 << 20;

/// A server that answers every request with the same, then hangs up.
struct Peer {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Peer {
    fn saying(say: impl Fn(&mut UnixStream) -> std::io::Result<()> + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peer.sock");
        let listener = UnixListener::bind(&path).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &say);
            }
        });
        Self { _folder: folder, path }
    }

    fn engine(&self) -> String {
        format!("unix://{}", self.path.display())
    }

    fn database(&self) -> String {
        format!("unix:{}", self.path.display())
    }
}

/// A client that has read enough hangs up: no error of the peer's.
fn answer<S: Read + Write>(mut stream: S, say: &impl Fn(&mut S) -> std::io::Result<()>) {
    let mut request = [0; 4096];
    if stream.read(&mut request).is_ok_and(|length| length > 0) {
        let _ = say(&mut stream);
    }
}

fn engine_says(text: &'static str) -> String {
    let peer = Peer::saying(|stream| stream.write_all(text.as_bytes()));
    refuses(&["-H", &peer.engine(), "--timeout", "5s", "port", "web"])
}

/// Where a daemon says to ask is not asked: not with the question, and still less with a token.
#[test]
fn a_redirect_is_an_error_and_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let at = elsewhere.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let daemon = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", daemon.local_addr().unwrap());
        let reply = format!(
            "HTTP/1.1 {status} Elsewhere\r\nLocation: http://{at}/v1/snapshot\r\nContent-Length: 0\r\n\r\n"
        );
        thread::spawn(move || {
            for stream in daemon.incoming().flatten() {
                answer(stream, &|stream| stream.write_all(reply.as_bytes()));
            }
        });
        let complaint = refuses(&["--server", &url, "ls"]);
        assert!(complaint.contains(&format!("status {status}")), "{complaint}");
        let asked = elsewhere.accept();
        assert!(
            asked.is_err_and(|none| none.kind() == ErrorKind::WouldBlock),
            "{status}: it was asked"
        );
    }
}

fn endless(stream: &mut UnixStream, head: &str) -> std::io::Result<()> {
    stream.write_all(head.as_bytes())?;
    let piece = vec![b' '; 1 << 20];
    (0..TOO_MUCH >> 20).try_for_each(|_| stream.write_all(&piece))
}

#[test]
fn an_engine_that_speaks_something_else_is_named() {
    let complaint = engine_says("SSH-2.0-OpenSSH_9.2\r\n");
    assert!(complaint.contains("not an answer in HTTP"), "{complaint}");
}

#[test]
fn an_engine_that_stops_in_the_middle_is_an_error() {
    let complaint = engine_says("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Id\":");
    assert!(complaint.contains("Docker at unix://"), "{complaint}");
    assert!(complaint.contains("closed the connection"), "{complaint}");
}

/// As many clients wait as the server lets wait, and it takes none of them.
#[test]
fn a_peer_without_a_place_for_one_more_client_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peer.sock");
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let _waiting = UnixStream::connect(&path).unwrap();
    let (url, remote) = (format!("unix://{}", path.display()), format!("unix:{}", path.display()));
    for [option, peer, verb, what] in [
        ["-H", &url, "port", "web"],
        ["--server", &url, "port", "web"],
        ["--db", &remote, "ports", "br0"],
    ] {
        let complaint = refuses(&["--timeout", "1s", option, peer, verb, what]);
        assert!(complaint.contains("no answer within 1s"), "{option}: {complaint}");
    }
}

/// Each byte is a sign of life, and all of them together are none.
#[test]
fn an_engine_that_drips_its_answer_is_given_up_in_time() {
    let peer = Peer::saying(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[")?;
        loop {
            stream.write_all(b" ")?;
            thread::sleep(std::time::Duration::from_millis(50));
        }
    });
    let complaint = refuses(&["-H", &peer.engine(), "--timeout", "2s", "port", "web"]);
    assert!(complaint.contains("peer.sock"), "{complaint}");
}

#[test]
fn a_socket_of_another_kind_of_engine_is_told_with_what_to_do() {
    lab::need!(Docker);
    let complaint = refuses(&["--engine", "podman=/var/run/docker.sock", "ls"]);
    assert!(complaint.contains("Podman at unix:///var/run/docker.sock"), "{complaint}");
    assert!(complaint.contains("another kind of engine may listen there"), "{complaint}");
}

#[test]
fn json_of_an_engine_that_is_broken_or_of_another_shape_is_an_error() {
    for body in ["{\"Id\"", "[1,2,3]", "\"\u{202e}\"", "{\"Id\":7}"] {
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let complaint = engine_says(reply.leak());
        assert!(complaint.contains("not the JSON of an engine"), "{body}: {complaint}");
    }
}

#[test]
fn an_engine_that_says_too_much_is_cut_off() {
    let peer = Peer::saying(|stream| {
        endless(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: {TOO_MUCH}\r\n\r\n"))
    });
    let complaint = refuses(&["-H", &peer.engine(), "port", "web"]);
    assert!(complaint.contains("an answer of more than 64 MiB"), "{complaint}");
}

#[test]
fn control_characters_of_an_engine_are_escaped() {
    let said = "{\"message\":\"\\u001b[31mno\\u0007\"}";
    let reply = format!("HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{said}", said.len());
    let complaint = engine_says(reply.leak());
    assert!(complaint.contains("status 500"), "{complaint}");
    assert!(!complaint.contains(['\u{1b}', '\u{7}']), "{complaint:?}");
}

#[test]
fn a_database_that_says_too_much_too_little_or_nonsense_is_an_error() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let _plugged = Plugged::new(&netns, "eth0", &bridge, Plug::default());
    let asked = format!("netns:{}", netns.name());
    // Too much takes a while to be read.
    let complaint =
        |peer: &Peer| refuses(&["--timeout", "100", "--db", &peer.database(), "port", &asked]);
    let too_much = Peer::saying(|stream| endless(stream, "{\"id\":0,\"error\":null,\"result\":["));
    let said = complaint(&too_much);
    assert!(said.contains("OVSDB at unix:") && said.contains("longer than"), "{said}");
    let too_little = Peer::saying(|stream| stream.write_all(b"{\"id\":0,\"result\":["));
    assert!(complaint(&too_little).contains("OVSDB at unix:"));
    let nonsense = Peer::saying(|stream| stream.write_all(b"\xff\xfe}{ nonsense"));
    assert!(complaint(&nonsense).contains("OVSDB at unix:"));
}

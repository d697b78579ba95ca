//! The process of `docker ovs serve`: its signals, its keys, its socket, from its start to its end.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::tool::behind::{Behind, TOKEN, locks, write_secret};
use crate::tool::{Served, command, docker_ovs, refuses};
use lab::Authority;
use lab::http::{ask, head};
use rustix::process::Signal;

#[test]
fn certificate_key_and_token_are_read_anew_at_sighup() {
    lab::need!(Lab);
    let behind = Behind::named(&["127.0.0.1"]);
    let listed =
        |words: &[&str]| docker_ovs(&[&["ports", "--server", &behind.url], words].concat());
    let keys = behind.keys();
    let keys = [&*keys[2], &*keys[3], &*keys[4], &*keys[5]];
    assert_eq!(listed(&keys).code, 0);
    // What is of no use changes nothing, and is told.
    write_secret(&behind.token, "short");
    behind.daemon.signal(Signal::HUP);
    behind.daemon.hears("stay as they were");
    let old = behind.authority.write("old", TOKEN);
    assert_eq!(listed(&[keys[0], keys[1], "--token-file", &old]).code, 0);
    // Another certificate, of another authority, and another token.
    let other = Authority::new();
    let signed = other.sign(&["127.0.0.1"]);
    std::fs::copy(&signed.cert, &behind.signed.cert).unwrap();
    std::fs::copy(&signed.key, &behind.signed.key).unwrap();
    write_secret(&behind.token, "fedcba9876543210");
    behind.daemon.signal(Signal::HUP);
    behind.daemon.hears("were read anew");
    assert_eq!(listed(&keys).code, 2, "the old authority signed it no more");
    let ca = other.cert();
    let complaint = listed(&["--tls-ca", &ca, "--token-file", &old]);
    assert!(complaint.stderr.contains("does not accept the token"), "{complaint:?}");
    assert_eq!(listed(&["--tls-ca", &ca, "--token-file", &behind.token]).code, 0);
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (signed, token) = (authority.sign(&["127.0.0.1"]), authority.write("token", TOKEN));
    let socket = folder.path().join("s");
    let locks = locks(&signed, &token, "127.0.0.1:0");
    let words = [&["serve", "--socket", socket.to_str().unwrap()][..], &locks].concat();
    for (path, what) in [(&token, "the token in"), (&signed.key, "the private key")] {
        for mode in [0o644, 0o640, 0o660] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            let complaint = refuses(&words);
            let why = format!("{path}: its mode is {mode:04o}");
            assert!(complaint.contains(what) && complaint.contains(&why), "{complaint}");
            assert!(complaint.contains("chmod 600"), "{complaint}");
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was half done");
}

#[test]
fn a_file_without_a_certificate_is_refused_as_such() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (signed, token) = (authority.sign(&["127.0.0.1"]), authority.write("token", TOKEN));
    let socket = folder.path().join("s");
    let locks = locks(&signed, &token, "127.0.0.1:0");
    let words = [&["serve", "--socket", socket.to_str().unwrap()][..], &locks].concat();
    let key = std::fs::read(&signed.key).unwrap();
    for text in [&b""[..], b"a certificate\n", &key] {
        std::fs::write(&signed.cert, text).unwrap();
        let complaint = refuses(&words);
        let why = format!("the certificate {}: there is none in it", signed.cert);
        assert!(complaint.contains(&why), "{complaint}");
    }
}

#[test]
fn no_signal_that_ends_the_daemon_leaves_its_socket() {
    lab::need!(Lab);
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2] {
        let mut daemon = Served::start(&[]);
        daemon.signal(Signal::HUP);
        daemon.hears("nothing to be read anew");
        daemon.signal(signal);
        assert_eq!(daemon.ends(), Some(0), "{signal:?}");
        let left: Vec<_> = std::fs::read_dir(daemon.socket().parent().unwrap()).unwrap().collect();
        assert!(left.is_empty(), "{signal:?}: {left:?}");
    }
}

/// A source that answers nothing keeps the first look from ending; a listener that accepts no
/// connection stands where the socket is to be.
#[test]
fn sigterm_ends_a_daemon_that_is_starting() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let _silent = std::os::unix::net::UnixListener::bind(file("docker.sock")).unwrap();
    let (socket, engine) = (file("d.sock"), format!("unix://{}", file("docker.sock").display()));
    let words = ["serve", "--socket", socket.to_str().unwrap(), "--listen", "none", "-H", &engine];
    let mut child =
        command("docker-ovs", &[&words[..], &["--timeout", "0"]].concat()).spawn().unwrap();
    lab::wait_until("it listens", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    lab::wait_until("it ends", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn of_several_daemons_that_start_at_once_over_a_dead_socket_one_lives() {
    lab::need!(Lab);
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("d.sock");
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        let words = ["serve", "--restore=off", "--listen", "none", "--socket"];
        let words = [&words[..], &[socket.to_str().unwrap()]].concat();
        let start = |_| {
            let mut command = command("docker-ovs", &words);
            command.stderr(Stdio::null()).spawn().unwrap()
        };
        let mut all: Vec<_> = (0..4).map(start).collect();
        lab::wait_until("three have ended", || {
            let ended =
                all.iter_mut().map(|child| usize::from(child.try_wait().unwrap().is_some()));
            ended.sum::<usize>() == 3
        });
        let healthz = head("GET", "/healthz", &["Host: x"]);
        let stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
        assert_ne!(ask(stream, &healthz).status, 0);
        for mut child in all {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn serve_stops_cleanly_with_clients_connected() {
    lab::need!(Lab);
    let mut daemon = Served::start(&[]);
    let mut events = daemon.events(None);
    assert_eq!(events.next().name, "reset");
    let idle = daemon.connect();
    let socket = daemon.socket();
    let second = ["serve", "--socket", socket.to_str().unwrap(), "--listen", "none"];
    let complaint = refuses(&second);
    assert!(complaint.contains("another process is listening there already"), "{complaint}");
    assert_eq!(daemon.stop(), Some(0));
    events.ends();
    assert!(!daemon.socket().exists(), "the socket's file is left");
    drop(idle);
}

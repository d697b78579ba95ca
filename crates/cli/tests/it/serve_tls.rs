//! Asking a daemon by https: whom it is, whether it lets us in, and what is said when not.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::tool::behind::{Behind, TOKEN, locks};
use crate::tool::{Ran, Served, command, docker_ovs, refuses, says};
use lab::{Authority, Bridge, Container, Home, Netns, Plug, Plugged, Signed, run};

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// A server on loopback that answers one guest.
fn peer(answer: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || answer(listener.accept().unwrap().0));
    address
}

#[test]
fn the_answer_is_that_of_the_unix_socket() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let behind = Behind::named(&["127.0.0.1", "localhost"]);
    let keys = behind.keys();
    let (name, switch) = (container.name(), bridge.name());
    let query = format!("{switch}:{}", plug.ofport());
    for words in [
        &["port", name][..],
        &["port", name, switch, "--format", "csv"],
        &["port", "nobody"],
        &["port", name, "--source", "appctl"],
        &["ls", "--bridge", switch, "--format", "json"],
        &["ports", switch],
        &["who", &query],
        &["graph", "--bridge", switch],
    ] {
        let by_socket = || docker_ovs(&[words, &["--server", &behind.daemon.url()]].concat());
        let by_tls = || docker_ovs(&[words, &strs(&keys)].concat());
        // Other bridges of this host may come and go between the two.
        lab::wait_until(&format!("{words:?} say the same"), || {
            let (tls, socket) = (by_tls(), by_socket());
            (tls.code, tls.stdout) == (socket.code, socket.stdout)
        });
    }
    let port = says(&[&["port", name, switch, "-q"], &strs(&keys)[..]].concat());
    assert_eq!(port.trim_end(), plug.ofport().to_string());
    let by_name = behind.url.replace("127.0.0.1", "localhost");
    let keys = keys.map(|word| if word == behind.url { by_name.clone() } else { word });
    assert_eq!(says(&[&["port", name, switch, "-q"], &strs(&keys)[..]].concat()), port);
}

#[test]
fn token_and_authority_may_be_set_for_good() {
    lab::need!(Lab);
    let behind = Behind::named(&["127.0.0.1"]);
    let run = |server: &str| -> Ran {
        let mut command = command("docker-ovs", &["ports", "--server", server]);
        command.env("DOCKER_OVS_TOKEN_FILE", &behind.token);
        command.env("DOCKER_OVS_TLS_CA", behind.authority.cert()).output().unwrap().into()
    };
    for server in [&behind.url, &behind.daemon.url()] {
        let ran = run(server);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn beyond_loopback_it_is_the_same() {
    lab::need!(Lab);
    let netns = Netns::new();
    netns.ip(&["link", "set", "lo", "up"]);
    netns.ip(&["address", "add", "192.0.2.1/32", "dev", "lo"]);
    let authority = Authority::new();
    let token = authority.write("token", TOKEN);
    let signed = authority.sign(&["192.0.2.1"]);
    let locks = locks(&signed, &token, "192.0.2.1:9653");
    let daemon = Served::start_in(&netns, &locks);
    daemon.hears("listening on https://192.0.2.1:9653");
    let inside = |words: &[&str]| -> Ran {
        let asks = command("docker-ovs", words);
        let mut within = netns.enter();
        within.arg(asks.get_program()).args(asks.get_args()).output().unwrap().into()
    };
    let keys = ["--tls-ca", &authority.cert(), "--token-file", &token];
    let ran = inside(&[&["ports", "--server", "https://192.0.2.1"][..], &keys].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = inside(&["ports", "--server", "http://192.0.2.1", "--token-file", &token]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("it is for https:// only"), "{ran:?}");
}

#[test]
fn a_missing_or_wrong_token_is_refused_with_the_reason() {
    lab::need!(Lab);
    let behind = Behind::named(&["127.0.0.1"]);
    let complaint = behind.says_to(&[]);
    assert!(complaint.contains(&format!("the daemon at {}: it wants a token\n", behind.url)));
    assert!(complaint.contains("--token-file FILE has it"), "{complaint}");
    let wrong = behind.authority.write("wrong", "fedcba9876543210");
    let complaint = behind.says_to(&["--token-file", &wrong]);
    assert!(complaint.contains(&format!("does not accept the token in {wrong}")), "{complaint}");
    assert!(complaint.contains("a copy of its --token-file"), "{complaint}");
    assert!(!complaint.contains("fedcba"), "{complaint}");
    let none = behind.authority.file("none");
    let complaint = behind.says_to(&["--token-file", &none]);
    assert!(complaint.contains(&format!("the token in {none}: No such file")), "{complaint}");
    let short = behind.authority.write("short", "short");
    assert!(behind.says_to(&["--token-file", &short]).contains("16 to 4096"));
}

#[test]
fn a_certificate_of_an_untrusted_authority_is_refused() {
    lab::need!(Lab);
    let behind = Behind::named(&["127.0.0.1"]);
    let ask = |ca: &[&str]| refuses(&[&["ls", "--server", &behind.url], ca].concat());
    // Of the same name, as when the daemon's files were made anew.
    let other = Authority::new();
    let complaint = ask(&["--tls-ca", &other.cert()]);
    let said = format!("none of the authorities in {} signed its certificate", other.cert());
    assert!(complaint.contains(&said), "{complaint}");
    assert!(complaint.contains("--tls-ca FILE names"), "{complaint}");
    // The system's own, if it has any.
    let complaint = ask(&[]);
    assert!(complaint.contains("the authorities of this system"), "{complaint}");
    assert!(complaint.contains("--tls-ca FILE names"), "{complaint}");
    let missing = other.file("missing");
    let complaint = ask(&["--tls-ca", &missing]);
    assert!(complaint.contains(&format!("the authorities in {missing}: ")), "{complaint}");
    let empty = other.write("empty", "");
    let complaint = ask(&["--tls-ca", &empty]);
    assert!(complaint.contains("no certificate in it that can be used"), "{complaint}");
}

#[test]
fn a_daemon_that_signed_itself_is_trusted_by_its_own_certificate() {
    lab::need!(Lab);
    // As docs/serve.md makes it.
    let made = |authority: &Authority, constraints: &str| {
        let (cert, key) = (authority.file("own.pem"), authority.file("own.key"));
        let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=docker-ovs"];
        let more = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", constraints];
        run("openssl", &[&words[..], &more, &["-keyout", &key, "-out", &cert]].concat());
        Signed { cert, key }
    };
    let asks = |behind: &Behind| {
        let own = behind.authority.file("own.pem");
        let keys = ["--tls-ca", &own, "--token-file", &behind.token];
        docker_ovs(&[&["ports", "--server", &behind.url][..], &keys].concat())
    };
    let ran = asks(&Behind::showing(|us| made(us, "basicConstraints=critical,CA:FALSE")));
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = asks(&Behind::showing(|us| made(us, "basicConstraints=critical,CA:TRUE")));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("a server's has basicConstraints=CA:FALSE"), "{ran:?}");
}

#[test]
fn an_expired_certificate_is_refused() {
    lab::need!(Lab);
    let behind = Behind::showing(|authority| authority.sign_expired(&["127.0.0.1"]));
    let complaint = behind.says_to(&["--token-file", &behind.token]);
    assert!(complaint.contains("its certificate has expired"), "{complaint}");
    assert!(complaint.contains("--tls-cert"), "{complaint}");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    lab::need!(Lab);
    let behind = Behind::named(&["switch.example", "192.0.2.9"]);
    let complaint = behind.says_to(&["--token-file", &behind.token]);
    for said in ["not valid for name \"127.0.0.1\"", "switch.example", "192.0.2.9"] {
        assert!(complaint.contains(said), "{complaint}");
    }
    assert!(complaint.contains("--tls-server-name"), "{complaint}");
    let keys = behind.keys();
    let right = ["ports", "--tls-server-name", "switch.example"];
    let ran = docker_ovs(&[&right[..], &strs(&keys)].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let wrong = ["--token-file", &behind.token, "--tls-server-name", "other.example"];
    assert!(behind.says_to(&wrong).contains("not valid for name \"other.example\""));
}

#[test]
fn the_wrong_scheme_is_noticed() {
    lab::need!(Lab);
    let plain = Served::start(&[]);
    let at = plain.tcp();
    let complaint = refuses(&["ls", "--server", &format!("https://{at}")]);
    assert!(complaint.contains("what it speaks is not TLS"), "{complaint}");
    assert!(complaint.contains("--tls-cert"), "{complaint}");
    let behind = Behind::named(&["127.0.0.1"]);
    let complaint = refuses(&["ls", "--server", &behind.url.replace("https", "http")]);
    assert!(complaint.contains("does it want https://?"), "{complaint}");
}

#[test]
fn peers_that_are_no_daemon_are_named() {
    let ask = |at: &str| refuses(&["ls", "--server", &format!("https://{at}")]);
    let complaint = ask("127.0.0.1:1");
    assert!(complaint.contains("https://127.0.0.1:1: connection refused"), "{complaint}");
    assert!(complaint.contains("is the daemon running?"), "{complaint}");
    let banner = peer(|mut guest| {
        let _ = guest.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        let _ = guest.read_to_end(&mut Vec::new());
    });
    assert!(ask(&banner).contains("what it speaks is not TLS"));
    let closes = peer(|mut guest| {
        let _ = guest.read(&mut [0; 4096]);
    });
    let complaint = ask(&closes);
    assert!(complaint.contains("it closed the connection"), "{complaint}");
    assert!(complaint.contains("does docker ovs serve listen on this port"), "{complaint}");
    // It takes everything, and says nothing.
    let hangs = peer(|mut guest| {
        let _ = guest.read_to_end(&mut Vec::new());
    });
    let complaint = refuses(&["ls", "--timeout", "500ms", "--server", &format!("https://{hangs}")]);
    assert!(complaint.contains("no answer within 500ms"), "{complaint}");
    assert!(complaint.contains("--timeout SECONDS waits longer"), "{complaint}");
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    for option in ["--token-file", "--tls-ca", "--tls-server-name"] {
        for url in ["unix:///run/d.sock", "http://127.0.0.1:1", "http://192.0.2.1:1"] {
            let complaint = refuses(&["ls", "--server", url, option, "x"]);
            let said = format!("{option} with --server {url}: it is for https:// only");
            assert!(complaint.contains(&said), "{complaint}");
        }
        let complaint = refuses(&[option, "x", "ls"]);
        assert!(complaint.contains("it goes with --server https://"), "{complaint}");
    }
    let complaint = refuses(&["ls", "--server", "https://switch.example"]);
    assert!(complaint.contains("not looked up"), "{complaint}");
    // serve takes it for the token that it wants, which goes with a certificate only.
    let complaint = refuses(&["serve", "--token-file", "x"]);
    assert!(complaint.contains("--tls-cert"), "{complaint}");
}

#[test]
fn a_token_that_is_set_for_good_does_not_leave_in_the_open() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let at = peer(move |mut guest| {
        let mut request = [0; 4096];
        let length = guest.read(&mut request).unwrap();
        tell.send(String::from_utf8_lossy(&request[..length]).into_owned()).unwrap();
    });
    let mut asks = command("docker-ovs", &["ls", "--server", &format!("http://{at}")]);
    let ran: Ran = asks.env("DOCKER_OVS_TOKEN_FILE", &token).output().unwrap().into();
    assert_eq!(ran.code, 2, "{ran:?}");
    let request = told.recv().unwrap();
    assert!(request.starts_with("GET /v1/snapshot"), "{request}");
    assert!(!request.contains(TOKEN) && !request.to_lowercase().contains("authorization"));
}

//! Every verb that takes what a peer says, those that go on among them.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::time::Duration;

use super::{Peer, TO_THE_END, was_bounded, watched};
use crate::tool::command;

/// How long a verb is left alone that does not end by itself.
const A_MOMENT: Duration = Duration::from_secs(5);

/// Those that end by themselves, of the whole host. None of them changes anything.
const OF_ALL: [&[&str]; 6] = [
    &["ls"],
    &["graph"],
    &["snapshot"],
    &["doctor"],
    &["restore", "--all", "--dry-run"],
    &["prune", "--dry-run"],
];

/// The same of one container.
const OF_ONE: [&[&str]; 4] = [
    &["port", "web"],
    &["explain", "web"],
    &["connect", "br0", "web", "--dry-run"],
    &["restore", "web", "--dry-run"],
];

/// Those that go on.
const GO_ON: [&[&str]; 3] =
    [&["events", "--initial", "--filter", "label=a"], &["wait", "web"], &["serve"]];

/// Each of these verbs, with `sources` before it, holds little, and has asked the peer.
fn are_bounded(what: &str, peer: &Peer, sources: &[&str], verbs: &[&[&str]], go_on: &[&[&str]]) {
    let all = [sources, &["--timeout", TO_THE_END]].concat();
    for (verb, goes_on) in
        verbs.iter().map(|verb| (verb, false)).chain(go_on.iter().map(|verb| (verb, true)))
    {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("d.sock");
        let of_serve = ["--listen", "none", "--restore=off", "--history-dir", "none", "--socket"];
        let mut words = [&all[..], *verb].concat();
        if verb[0] == "serve" {
            words.extend(of_serve);
            words.push(socket.to_str().unwrap());
        }
        let before = peer.asked();
        let ran = watched(command("docker-ovs", &words), |since| {
            let is_asked = peer.asked() > before || since > lab::patience();
            goes_on && since > A_MOMENT && is_asked
        });
        was_bounded(&format!("{what}: {}", verb[0]), ran);
        assert!(peer.asked() > before, "{what}: {} did not ask it", verb[0]);
    }
}

/// A list of eight containers, and each of them, whatever it is called, with many labels.
fn with_labels(id: &'static str) -> Peer {
    let one = |n: usize| format!("{{\"Id\":\"{n:064x}\",\"State\":\"running\"}}");
    let list = format!("[{}]", (0..8).map(one).collect::<Vec<_>>().join(","));
    let mut labels = "\"a\":\"\"".to_owned();
    for n in 0..200_000 {
        let _ = write!(labels, ",\"{n:x}x\":\"\"");
    }
    Peer::engine(move |path| {
        let path = path.split('?').next().unwrap_or_default();
        let wanted = path.strip_suffix("/json").and_then(|path| path.rsplit_once("/containers/"));
        match wanted {
            Some((_, wanted)) => {
                let id = if wanted.len() == 64 { wanted } else { id };
                let config = format!("{{\"Labels\":{{{labels}}}}}");
                (200, format!("{{\"Id\":\"{id}\",\"Name\":\"/web\",\"Config\":{config}}}"))
            }
            None if path.ends_with("/containers/json") => (200, list.clone()),
            None => (404, "{}".to_owned()),
        }
    })
}

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn a_docker_with_many_labels_is_bounded_whichever_verb_asks() {
    let peer = with_labels(ID);
    let host = format!("unix://{}", peer.at());
    let sources = ["-H", &host, "--db", "unix:/nonexistent/db.sock"];
    are_bounded("Docker", &peer, &sources, &[&OF_ALL[..], &OF_ONE].concat(), &GO_ON);
}

#[test]
fn a_podman_with_many_labels_or_containers_is_bounded_whichever_verb_asks() {
    let peer = with_labels(ID);
    let engine = format!("podman={}", peer.at());
    let sources = ["--engine", &engine, "--db", "unix:/nonexistent/db.sock"];
    are_bounded("Podman", &peer, &sources, &[&OF_ALL[..], &OF_ONE].concat(), &GO_ON);
    let all = format!("[{}{{\"Id\":\"z\"}}]", "{\"Id\":\"a\"},".repeat(1_000_000));
    let peer = Peer::engine(move |_| (200, all.clone()));
    let engine = format!("podman={}", peer.at());
    let sources = ["--engine", &engine, "--db", "unix:/nonexistent/db.sock"];
    are_bounded("a crowd of Podman's", &peer, &sources, &OF_ALL, &GO_ON[..1]);
}

#[test]
fn updates_of_a_database_without_end_are_bounded_whichever_verb_asks() {
    let params = "p".repeat(1 << 20);
    let update = format!("{{\"id\":null,\"params\":[\"{params}\"],\"method\":\"update\"}}");
    of_database("long updates", &Peer::saying_for_ever(update));
}

#[test]
fn rows_of_a_database_without_end_are_bounded_whichever_verb_asks() {
    let mut text = String::from("{\"id\":0,\"error\":null,\"result\":{\"Interface\":{");
    for n in 0..400_000 {
        let comma = if n == 0 { "" } else { "," };
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        let _ = write!(text, "{comma}\"{id}\":{{\"new\":{{\"name\":\"a\",\"ofport\":1}}}}");
    }
    text += "}}}";
    of_database(
        "tiny rows",
        &Peer::serving(move |mut stream| {
            let mut asked = [0; 8192];
            let _ = stream.read(&mut asked)?;
            stream.write_all(text.as_bytes())?;
            let _ = stream.read(&mut asked)?;
            Ok(())
        }),
    );
}

fn of_database(what: &str, peer: &Peer) {
    let db = format!("unix:{}", peer.at());
    let sources = ["-H", "unix:///nonexistent/docker.sock", "--db", &db];
    are_bounded(what, peer, &sources, &OF_ALL, &[&["events"], &["serve"]]);
}

//! What is said on a terminal only: that an answer is empty.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use clap::ArgAction;
use docker_ovs::args::Cli;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// What it prints on stdout, a pipe, and on stderr, a terminal.
fn on_a_terminal(words: &[&str]) -> (String, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_docker-ovs"))
        .args(["--from", "tests/scenes/article.json"])
        .args(words)
        .stderr(terminal)
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let (mut shown, mut bytes) = (Vec::new(), [0; 1024]);
    // Once no process has the terminal open, reading what the controller has left ends in EIO.
    let mut controller = File::from(controller);
    while let Ok(length @ 1..) = controller.read(&mut bytes) {
        shown.extend_from_slice(&bytes[..length]);
    }
    let text = |bytes| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    (text(output.stdout), text(shown))
}

#[test]
fn an_empty_answer_says_so() {
    for (words, said) in [
        (&["prune", "--dry-run"][..], "nothing to remove"),
        (&["ls", "--bridge", "kiwipycon"], "no interface to list: none fits --bridge and --filter"),
        (
            &["ls", "-q", "--filter", "vlan=7"],
            "no interface to list: none fits --bridge and --filter",
        ),
        (&["port", "firewall_ext", "kiwipycon"], "no interface of firewall_ext is on kiwipycon"),
    ] {
        let (stdout, stderr) = on_a_terminal(words);
        assert_eq!(stderr, format!("docker-ovs: {said}\n"), "{words:?}");
        assert!(stdout.lines().count() <= 1, "{stdout}");
    }
}

/// Each option that takes a value, and a word that is no verb: what clap says of it passes the filter too.
#[test]
fn a_mistake_obeys_no_word_of_the_command_line() {
    let odd = "\u{1b}[31m\u{7}\u{202e}\u{2028}no";
    let mut lines = vec![vec![odd.to_owned()], vec!["ls".to_owned(), odd.to_owned()]];
    let command = Cli::documented();
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "serve") {
        let takes =
            |arg: &&clap::Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        for option in verb.get_arguments().filter(takes).filter_map(clap::Arg::get_long) {
            let verb = verb.get_name().to_owned();
            lines.push(vec![verb, format!("--{option}"), odd.to_owned(), "--no-such".to_owned()]);
        }
    }
    assert!(lines.len() > 50, "{}", lines.len());
    for words in lines {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let (_, told) = on_a_terminal(&words);
        let is_odd = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!told.is_empty() && !told.contains(is_odd), "{words:?}: {told:?}");
    }
}

#[test]
fn what_is_there_needs_no_words() {
    let (stdout, stderr) = on_a_terminal(&["port", "firewall_ext", "-q"]);
    assert_eq!((stdout.as_str(), stderr.as_str()), ("3\n", ""));
}

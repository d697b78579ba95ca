//! What is said on a terminal only: that an answer is empty, and colours.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use clap::ArgAction;
use docker_ovs::args::Cli;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal, and what controls it.
fn terminal() -> (File, File) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
    (terminal, File::from(controller))
}

/// What a terminal shows that no process has open any more.
fn shown(mut controller: File) -> String {
    let (mut shown, mut bytes) = (Vec::new(), [0; 1024]);
    // Reading what the controller has left ends in EIO.
    while let Ok(length @ 1..) = controller.read(&mut bytes) {
        shown.extend_from_slice(&bytes[..length]);
    }
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

/// The program on the recorded host, to be started.
fn recorded(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docker-ovs"));
    command.args(["--from", "tests/scenes/article.json"]).args(words);
    command
}

/// What it prints on stdout, a pipe, and on stderr, a terminal.
fn on_a_terminal(words: &[&str]) -> (String, String) {
    let (terminal, controller) = terminal();
    let output = recorded(words).stderr(terminal).stdout(Stdio::piped()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), shown(controller))
}

/// Labels are in colours on a terminal, and on nothing else: what reads a pipe gets them plain.
#[test]
fn labels_are_in_colours_on_a_terminal_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows");
    std::fs::write(&file, "in_port=3,actions=output:4\n").unwrap();
    let text = || File::open(&file).unwrap();
    for (more, plain, coloured) in [
        (
            &[] as &[&str],
            "in_port=3<firewall_ext:eth0>,actions=output:4<webserver:eth0>\n",
            "in_port=3\u{1b}[36m<firewall_ext:eth0>\u{1b}[0m,actions=output:4\u{1b}[36m<webserver:eth0>\u{1b}[0m\n",
        ),
        (
            &["--replace"],
            "in_port=firewall_ext:eth0,actions=output:webserver:eth0\n",
            "in_port=\u{1b}[36mfirewall_ext:eth0\u{1b}[0m,actions=output:\u{1b}[36mwebserver:eth0\u{1b}[0m\n",
        ),
    ] {
        let words = [&["annotate", "vlanswitch"][..], more].concat();
        let (terminal, controller) = terminal();
        assert!(recorded(&words).stdin(text()).stdout(terminal).status().unwrap().success());
        assert_eq!(shown(controller), coloured);
        // That stderr is a terminal changes nothing.
        let (terminal, _controller) = self::terminal();
        let ran = recorded(&words).stdin(text()).stderr(terminal).output().unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), plain);
    }
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

//! Every option with a value, at the ends of every range: an answer or a mistake, never an abort.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use clap::{Arg, ArgAction};
use docker_ovs::args::Cli;

use crate::tool::{Ran, docker_ovs};

/// The ends of ranges, of what can be written down, and what is no number.
const EXTREMES: [&str; 22] = [
    "0",
    "-0",
    "1",
    "-1",
    "255",
    "256",
    "4095",
    "4096",
    "65535",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "1e308",
    "1e-308",
    "NaN",
];

/// What a number is written within, by options that take more than one.
const AROUND: [&str; 14] = [
    "{}",
    "{}s",
    "{}ms",
    "{}m",
    "0-{}",
    "{}-{}",
    "1,{}",
    "until={}",
    "until={}h",
    "vlan={}",
    "192.0.2.1/{}",
    "2001:db8::1/{}",
    "127.0.0.1:{}",
    "br0=tcp:127.0.0.1:{}",
];

/// Words without which a verb does not begin.
fn operands(verb: &str) -> &'static [&'static str] {
    match verb {
        "port" | "explain" | "wait" => &["firewall_ext"],
        "connect" | "disconnect" => &["vlanswitch", "firewall_ext", "--dry-run"],
        "restore" => &["--all", "--dry-run"],
        "prune" => &["--dry-run"],
        "who" => &["vlanswitch:3"],
        "completion" => &["bash"],
        _ => &[],
    }
}

fn numbers() -> Vec<String> {
    EXTREMES.iter().map(|number| (*number).to_owned()).chain(["9".repeat(1000)]).collect()
}

/// Of an option that takes any word all numbers are alike.
fn values(accepts: impl Fn(&str) -> bool) -> Vec<String> {
    if accepts("any word") {
        return vec!["18446744073709551616".to_owned(), "9".repeat(1000)];
    }
    let written = numbers().into_iter();
    let written = written.flat_map(|number| AROUND.map(|around| around.replace("{}", &number)));
    written.filter(|value| accepts(value)).collect()
}

fn takes_a_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn ends_in_order(words: &[&str], ran: &Ran) {
    assert!((0..=2).contains(&ran.code), "{words:?}: {ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{words:?}: {ran:?}");
}

/// An option that makes a verb go on for ever, or read and write elsewhere, is only parsed.
fn is_only_parsed(verb: &str, option: &str) -> bool {
    verb == "serve" || verb == "wait" || verb == "events" || option == "from" || option == "server"
}

#[test]
fn no_value_of_an_option_aborts_anything() {
    let command = Cli::documented();
    for verb in command.get_subcommands() {
        let name = verb.get_name();
        if name == "ovs" || name == "help" {
            continue;
        }
        for arg in verb.get_arguments().filter(|arg| takes_a_value(arg)) {
            let Some(option) = arg.get_long() else { continue };
            let global = arg.is_global_set();
            // What every verb takes is tried with one of them.
            if global && name != "ls" {
                continue;
            }
            let scene = ["--from", "tests/scenes/article.json"];
            let nowhere = ["-H", "unix:///nonexistent", "--db", "unix:/nonexistent"];
            let where_to_look: &[&str] = match option {
                "timeout" | "log-level" | "log-format" => &nowhere,
                "host" | "db" | "context" | "openflow" | "server" => &[],
                _ => &scene,
            };
            let with = |value: &str| {
                let words = [where_to_look, &[name], operands(name)].concat();
                let words = words.into_iter().map(str::to_owned);
                words.chain([format!("--{option}={value}")]).collect::<Vec<_>>()
            };
            for value in values(|value| is_parsed(&with(value))) {
                if !is_only_parsed(name, option) {
                    let words = with(&value);
                    let words: Vec<_> = words.iter().map(String::as_str).collect();
                    ends_in_order(&words, &docker_ovs(&words));
                }
            }
        }
    }
}

/// What clap refuses is refused here already.
fn is_parsed(words: &[String]) -> bool {
    let all = std::iter::once("docker-ovs").chain(words.iter().map(String::as_str));
    <Cli as clap::Parser>::try_parse_from(all).is_ok()
}

#[test]
fn no_word_that_names_something_aborts_anything() {
    let scene = ["--from", "tests/scenes/article.json"];
    for value in numbers() {
        for prefix in ["", "pid:", "netns:", "ifindex:", "vlanswitch:", ":", "docker:"] {
            let word = format!("{prefix}{value}");
            if word.starts_with('-') {
                continue;
            }
            for verb in ["port", "who", "explain"] {
                let words = [&scene[..], &[verb, &word]].concat();
                if prefix.is_empty() || verb != "explain" {
                    ends_in_order(&words, &docker_ovs(&words));
                }
            }
        }
    }
}

#[test]
fn options_that_do_not_go_together_are_refused_before_anything_is_asked() {
    for words in [
        &["ls", "--fleet", "--partial"][..],
        &["who", "3", "--fleet", "--partial"],
        &["top", "--no-trunc"],
        &["hosts", "--remove", "h", "--etcd", "http://127.0.0.1:9", "--format", "json"],
        &["hosts", "--remove", "h", "--etcd", "http://127.0.0.1:9", "-q"],
        &["hosts", "-q", "--format", "json"],
        &["mesh", "ls", "-q", "--format", "json"],
        &["hosts", "--remove", "h", "--etcd", "http://127.0.0.1:9", "--server", "unix:///x"],
    ] {
        let ran = docker_ovs(words);
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        assert!(!ran.stderr.contains("cannot connect"), "{words:?}: {ran:?}");
    }
}

/// A verb that tells of nothing but the present says so, whichever option names something else; and it
/// names that option.
#[test]
fn what_tells_of_the_present_takes_neither_a_recording_nor_a_time() {
    let verbs = [
        "events",
        "wait web",
        "driver --socket /nonexistent/x",
        "top --batch -n 1",
        "trace a b",
        "flows br0 --watch",
        "hosts",
        "ls --fleet",
        "who 10.0.0.1 --fleet",
        "ports --fleet",
        "events --fleet",
        "graph --fleet",
        "mesh ls",
        "mesh check",
        "mesh blocks blue",
        "mesh join blue br0",
        "mesh leave blue",
        "mesh create blue --etcd http://127.0.0.1:9",
        "version",
        "completion bash",
    ];
    for verb in verbs {
        for (option, value) in [("--from", "/dev/null"), ("--at", "2h")] {
            let words: Vec<_> = verb.split(' ').chain([option, value]).collect();
            let ran = docker_ovs(&words);
            assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
            assert!(ran.stderr.contains(&format!("takes no {option}")), "{words:?}: {ran:?}");
        }
    }
    // And a daemon tells nothing of what is this host's own.
    for verb in [
        "history",
        "driver --socket /nonexistent/x",
        "mesh leave blue",
        "mesh join blue br0",
        "version",
        "completion bash",
    ] {
        let words: Vec<_> = verb.split(' ').chain(["--server", "unix:///nonexistent"]).collect();
        let ran = docker_ovs(&words);
        assert!(ran.code == 2 && ran.stderr.contains("takes no --server"), "{words:?}: {ran:?}");
    }
    // The fleet is told of by daemons, and what was by the journal, whatever sources this host has.
    for verb in [
        "ls --fleet",
        "who 3 --fleet",
        "ports --fleet",
        "graph --fleet",
        "events --fleet",
        "hosts",
        "mesh ls",
        "mesh create blue --etcd http://127.0.0.1:9",
        "history",
        "ls --at 2h",
        "who 3 --at 2h",
        "diff before.json after.json",
        "version",
        "completion bash",
    ] {
        for (option, value) in [
            ("--host", "unix:///nonexistent"),
            ("--context", "other"),
            ("--engine", "podman"),
            ("--db", "unix:/nonexistent"),
            ("--openflow", "br0=tcp:127.0.0.1:9"),
        ] {
            // Docker's client hands its own options on.
            let is_dockers = matches!(option, "--host" | "--context");
            if is_dockers && !verb.contains("--fleet") && verb != "hosts" {
                continue;
            }
            let words: Vec<_> = verb.split(' ').chain([option, value]).collect();
            let ran = docker_ovs(&words);
            assert!(
                ran.code == 2 && ran.stderr.contains(&format!("takes no {option}")),
                "{words:?}: {ran:?}"
            );
        }
        if verb.ends_with("--fleet") && !verb.starts_with("events") {
            let words: Vec<_> = verb.split(' ').chain(["--source", "appctl"]).collect();
            let ran = docker_ovs(&words);
            assert!(ran.code == 2 && ran.stderr.contains("--source"), "{words:?}: {ran:?}");
        }
    }
    for verb in ["history", "flows br0", "fdb br0"] {
        let words: Vec<_> = verb.split(' ').chain(["--at", "2h"]).collect();
        let ran = docker_ovs(&words);
        assert!(ran.code == 2 && ran.stderr.contains("takes no --at"), "{words:?}: {ran:?}");
    }
}

#[test]
fn stdin_is_read_by_one() {
    for words in [
        &["--from", "-", "annotate"][..],
        &["annotate", "br0", "--from", "-"],
        &["diff", "-", "-"],
        &["diff", "-", "--from", "-"],
    ] {
        let ran = docker_ovs(words);
        assert!(ran.code == 2 && ran.stderr.contains("stdin is read once"), "{words:?}: {ran:?}");
    }
}

/// A recording is of the sources that it was made of.
#[test]
fn no_source_of_a_live_host_is_named_beside_a_recording() {
    for (option, value) in [
        ("--engine", "none"),
        ("--host", "unix:///nonexistent"),
        ("--context", "default"),
        ("--db", "unix:/nonexistent"),
        ("--openflow", "br0=unix:/nonexistent"),
    ] {
        let ran = docker_ovs(&["ls", "--from", "tests/scenes/article.json", option, value]);
        let told = ran.stderr.contains("cannot be used with") && ran.stderr.contains("--from");
        assert!(ran.code == 2 && told, "{option}: {ran:?}");
    }
}

/// A fleet would take what was recorded for this host as it is now.
#[test]
fn a_recording_is_no_host_of_a_fleet() {
    let from = ["--from", "tests/scenes/article.json"];
    let serve = ["serve", "--listen", "none", "--socket", "/nonexistent/ovs.sock"];
    let ran = docker_ovs(&[&serve[..], &from, &["--etcd", "http://127.0.0.1:1"]].concat());
    let told = ran.stderr.contains("--etcd") && ran.stderr.contains("--from");
    assert!(ran.code == 2 && told, "{ran:?}");
}

/// What says more of a fleet means nothing where there is none.
#[test]
fn options_of_a_fleet_need_etcd() {
    for words in [
        ["serve", "--fleet", "blue"],
        ["serve", "--fleet-host", "h1"],
        ["serve", "--fleet-mirror", "off"],
        ["hosts", "--fleet", "blue"],
        ["doctor", "--fleet", "blue"],
    ] {
        let ran = docker_ovs(&words);
        assert!(ran.stderr.contains("--etcd <URLS>"), "{words:?}: {}", ran.stderr);
    }
}

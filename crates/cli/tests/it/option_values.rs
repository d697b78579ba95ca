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

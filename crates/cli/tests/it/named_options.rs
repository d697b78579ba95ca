//! Options that messages and hints name are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use docker_ovs::args::Cli;

/// Options of other programs, by the crate that names them.
const FOREIGN: [(&str, &[&str]); 3] = [
    ("cli", &["auto-compaction-retention"]),
    (
        "driver",
        &[
            "aux-address",
            "config-from",
            "config-only",
            "ip-range",
            "ipam-driver",
            "ipam-opt",
            "ipv6",
            "scope",
        ],
    ),
    (
        "host",
        &[
            "ct-next",
            "directory",
            "image",
            "machine",
            "names",
            "net",
            "now",
            "offload",
            "pid",
            "sysctl",
            "target",
        ],
    ),
];

/// Crates that know of no engine and no switch, and so of no option that every verb takes.
const OF_SERVE: [&str; 2] = ["etcd", "fleet"];

fn longs(command: &Command, into: &mut BTreeSet<String>) {
    let arguments = command.get_arguments();
    into.extend(
        arguments
            .flat_map(|of| of.get_long_and_visible_aliases().unwrap_or_default())
            .map(str::to_owned),
    );
    command.get_subcommands().for_each(|of| longs(of, into));
}

fn options_of_all() -> BTreeSet<String> {
    let mut command = Cli::command();
    command.build();
    let mut all = BTreeSet::new();
    longs(&command, &mut all);
    all
}

/// Those of `serve` that are not every verb's.
fn options_of_serve() -> BTreeSet<String> {
    let command = Cli::command();
    let every: BTreeSet<_> = command.get_arguments().filter_map(|of| of.get_long()).collect();
    let serve = command.find_subcommand("serve").unwrap();
    let own = serve.get_arguments().filter_map(|of| of.get_long());
    own.filter(|long| !every.contains(long)).map(str::to_owned).collect()
}

/// What looks like an option in the product's code, which has it in texts alone.
fn named(code: &str) -> BTreeSet<String> {
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut named = BTreeSet::new();
    for line in lines {
        for (at, _) in line.match_indices("--") {
            let (before, word) = (&line[..at], &line[at + 2..]);
            let word = word.split(|c| !is_of_word(c)).next().unwrap_or_default();
            if !before.ends_with(is_of_word) && word.starts_with(|c: char| c.is_ascii_lowercase()) {
                named.insert(word.trim_end_matches('-').to_owned());
            }
        }
    }
    named
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            into.push(path);
        }
    }
}

#[test]
fn options_that_are_named_are_there() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (all, of_serve) = (options_of_all(), options_of_serve());
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for folder in fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        // They are no part of the product, and start other programs.
        if ["lab", "bench"].contains(&name) || !folder.join("src").is_dir() {
            continue;
        }
        let known = if OF_SERVE.contains(&name) { &of_serve } else { &all };
        let foreign =
            FOREIGN.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, words)| words);
        let mut files = Vec::new();
        sources(&folder.join("src"), &mut files);
        for file in files {
            for option in named(&fs::read_to_string(&file).unwrap()) {
                seen += 1;
                if !known.contains(&option) && !foreign.contains(&&*option) {
                    wrong.push(format!("{}: --{option}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 60, "options are found: {seen}");
}

#[test]
fn options_that_are_not_there_are_found() {
    let code = "/// --doc\nlet x = \"use --one, (--two-three) or --four=5 --\";\n a--b\n#[cfg(test)]\nmod tests { \"--six\" }";
    assert_eq!(named(code), ["four", "one", "two-three"].map(str::to_owned).into());
    let (all, of_serve) = (options_of_all(), options_of_serve());
    for (option, is_any, is_of_serve) in [
        ("host", true, false),
        ("fleet-host", true, true),
        ("etcd", true, true),
        ("timeout", true, false),
        ("local-ip", true, false),
        ("host-name", false, false),
    ] {
        let is = (all.contains(option), of_serve.contains(option));
        assert_eq!(is, (is_any, is_of_serve), "{option}");
    }
}

//! What a command line that is refused is told. clap guesses by likeness alone, which leads from `inspect` to
//! `disconnect`: here stands what Docker's and Open vSwitch's words are called instead.

mod words;

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use words::{AN_ARGUMENT, ANY, CHANGES, CHANGING, Hint, READING};

/// The same error with what the word is called here, or else with what there is, and without guesses that are none.
/// `command` is the whole command line.
pub(super) fn with_hint(
    mut error: clap::Error,
    words: &[OsString],
    mut command: clap::Command,
) -> clap::Error {
    command.build();
    let (verb, at) = innermost(&command, words);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let Some(word) = string(&error, ContextKind::InvalidSubcommand) else { return error };
            error.remove(ContextKind::SuggestedSubcommand);
            error.remove(ContextKind::Suggested);
            // What stands behind it may be called as a verb is: `network ls`.
            let before = words.split(|typed| *typed == *word).next().unwrap_or_default();
            let (group, at) = innermost(&command, before);
            let group: &[&str] = if group == "mesh" { &["mesh"] } else { &[] };
            let at = if at.has_subcommands() { at } else { &command };
            match known(group, &word) {
                Some(hint) => tell(&mut error, hint),
                None => guess_verb(&mut error, at, &word),
            }
        }
        ErrorKind::UnknownArgument => {
            let Some(word) = string(&error, ContextKind::InvalidArg) else { return error };
            // No word of ours that is not an option begins so.
            error.remove(ContextKind::Suggested);
            let guess = string(&error, ContextKind::SuggestedArg);
            if guess.is_some_and(|guess| !is_near(&word, &guess)) {
                error.remove(ContextKind::SuggestedArg);
                let usage = ContextValue::StyledStr(at.clone().render_usage());
                error.insert(ContextKind::Usage, usage);
            }
            let asked = if word.starts_with('-') { option_of(&word) } else { AN_ARGUMENT };
            if let Some(hint) = known(&[verb.as_str()], asked) {
                tell(&mut error, hint);
            }
        }
        ErrorKind::InvalidValue => {
            let mut typed = words.iter().filter_map(|word| word.to_str());
            let is_short = typed.any(|word| word.starts_with('-') && option_of(word) == "-l");
            let about = string(&error, ContextKind::InvalidArg);
            let is_level = is_short && about.is_some_and(|about| about.starts_with("--log-level"));
            if let Some(hint) = known(&[verb.as_str()], "-l").filter(|_| is_level) {
                tell(&mut error, hint);
            }
        }
        _ => {}
    }
    error
}

/// The hint for a word: one of the verb comes before one of any.
fn known(verbs: &[&str], word: &str) -> Option<&'static str> {
    let all = || READING.iter().chain(CHANGING).filter(|hint| hint.words.contains(&word));
    let of_verb = |hint: &&Hint| match verbs {
        [] => hint.verbs.is_empty(),
        verbs => hint.verbs.iter().any(|verb| verbs.contains(verb)),
    };
    let of_any = |hint: &&Hint| !verbs.is_empty() && hint.verbs == ANY;
    let found = all().find(of_verb).or_else(|| all().find(of_any));
    found.map(|found| found.told)
}

/// A verb that is a letter or two away and only reads, else all that there are.
fn guess_verb(error: &mut clap::Error, command: &clap::Command, word: &str) {
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let names: Vec<_> = shown.map(clap::Command::get_name).collect();
    let is_guess = |name: &&str| !CHANGES.contains(name) && is_near(word, name);
    let near: Vec<_> = names.iter().copied().filter(is_guess).map(str::to_owned).collect();
    if near.is_empty() {
        return tell(error, &format!("the verbs are {}", names.join(", ")));
    }
    error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(near));
}

/// Whether a word is another one mistyped: by one letter, or two of a long one.
fn is_near(word: &str, other: &str) -> bool {
    let allowed = if other.trim_start_matches('-').chars().count() > 4 { 2 } else { 1 };
    strsim::levenshtein(option_of(word), other) <= allowed
}

fn tell(error: &mut clap::Error, hint: &str) {
    let hint = ContextValue::StyledStrs(vec![StyledStr::from(hint.to_owned())]);
    error.insert(ContextKind::Suggested, hint);
}

fn string(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// An option without its value: `--columns` of `--columns=name`, `-O` of `-OOpenFlow13`.
fn option_of(word: &str) -> &str {
    if word.starts_with("--") {
        return word.split('=').next().unwrap_or(word);
    }
    let short = word.char_indices().nth(2).filter(|_| word.starts_with('-'));
    short.and_then(|(end, _)| word.get(..end)).unwrap_or(word)
}

/// The verb that words name, with the group that it is in, and its command; the tool itself where they name none.
fn innermost<'c>(command: &'c clap::Command, words: &[OsString]) -> (String, &'c clap::Command) {
    let mut at = command;
    let mut named = Vec::new();
    for word in words.iter().skip(1) {
        let Some(found) = at.find_subcommand(word) else { continue };
        at = found;
        if found.get_name() != "ovs" {
            named.push(found.get_name());
        }
        if !found.has_subcommands() {
            break;
        }
    }
    (named.join(" "), at)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    fn said(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Cli::read(&words).unwrap_err().to_string()
    }

    /// The verbs that a hint names, behind `docker ovs`.
    fn named(hint: &str) -> impl Iterator<Item = &str> {
        hint.split("docker ovs ").skip(1).map(|rest| {
            let end = rest.find([' ', ';', ',', ':']).unwrap_or(rest.len());
            &rest[..end]
        })
    }

    #[test]
    fn hints_name_verbs_that_there_are_and_reading_words_lead_to_none_that_changes() {
        let tool = Cli::command();
        let is_verb = |name: &str| tool.find_subcommand(name).is_some();
        for hint in READING.iter().chain(CHANGING) {
            let strange =
                |name: &&str| !is_verb(name) && !name.starts_with("--") && *name != "VERB";
            let strange: Vec<_> = named(hint.told).filter(strange).collect();
            assert!(strange.is_empty(), "{strange:?}: {}", hint.told);
        }
        for hint in READING {
            let changes: Vec<_> = named(hint.told).filter(|name| CHANGES.contains(name)).collect();
            assert!(changes.is_empty(), "{:?}: {}", hint.words, hint.told);
        }
    }

    #[test]
    fn no_hint_is_for_what_is_taken() {
        let tool = Cli::documented();
        for hint in READING.iter().chain(CHANGING).filter(|hint| hint.verbs.is_empty()) {
            for word in hint.words {
                assert!(tool.find_subcommand(word).is_none(), "{word} is a verb");
                let said = said(&format!("docker-ovs {word} web"));
                assert!(said.contains(&format!("tip: {}", hint.told)), "{word}: {said}");
            }
        }
        for hint in READING.iter().chain(CHANGING).filter(|hint| hint.verbs != ANY) {
            for verb in hint.verbs {
                let words: Vec<_> = verb.split(' ').map(OsString::from).collect();
                let words = [&[OsString::from("docker-ovs")][..], &words].concat();
                assert_eq!(innermost(&tool, &words).0, *verb);
            }
        }
    }

    #[test]
    fn a_guess_is_a_letter_or_two_away_and_changes_nothing() {
        assert!(said("docker-ovs prt web").contains("'port'"));
        assert!(said("docker-ovs xplain web").contains("'explain'"));
        for line in ["docker-ovs conn br0 web", "docker-ovs qwerty", "docker-ovs mesh qwerty"] {
            let said = said(line);
            assert!(said.contains("tip: the verbs are "), "{said}");
            assert!(!said.contains("similar"), "{said}");
        }
        let options = said("docker-ovs ports --filter vlan=20");
        assert!(options.contains("docker ovs ls has --filter"), "{options}");
        assert!(!options.contains("similar") && !options.contains("--fleet"), "{options}");
        assert!(said("docker-ovs ls --filtr x").contains("'--filter'"));
    }

    #[test]
    fn a_word_is_told_of_whatever_stands_behind_it() {
        for (line, alone) in [
            ("docker-ovs network ls", "docker-ovs network"),
            ("docker-ovs ovs container ls", "docker-ovs ovs container"),
            ("docker-ovs qwerty ports", "docker-ovs qwerty"),
            ("docker-ovs inspect top", "docker-ovs inspect"),
            ("docker-ovs show mesh ls", "docker-ovs show"),
            ("docker-ovs delete port web", "docker-ovs delete"),
            ("docker-ovs mesh list ports", "docker-ovs mesh list"),
        ] {
            let tip = |line: &str| {
                let said = said(line);
                said.lines().find(|told| told.contains("tip: ")).unwrap_or_default().to_owned()
            };
            assert!(!tip(line).trim_end().ends_with("are"), "{line}: {}", tip(line));
            assert_eq!(tip(line), tip(alone), "{line}");
        }
    }

    #[test]
    fn a_listing_of_the_fleet_takes_the_option_that_others_need_for_it() {
        let read = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            Cli::read(&words).unwrap()
        };
        let fleet = |line: &str| match read(line).verb() {
            crate::args::Verb::Hosts(args) => args.etcd.fleet.clone(),
            verb => panic!("{verb:?}"),
        };
        assert_eq!(fleet("docker-ovs hosts"), "");
        assert_eq!(fleet("docker-ovs hosts --fleet"), "");
        assert_eq!(fleet("docker-ovs hosts --fleet --format json"), "");
        assert_eq!(fleet("docker-ovs hosts --remove h3 --etcd http://h:2379"), "default");
        assert_eq!(fleet("docker-ovs hosts --remove h3 --etcd http://h:2379 --fleet lab"), "lab");
        read("docker-ovs mesh ls --fleet");
        read("docker-ovs mesh ls blue --fleet");
    }

    #[test]
    fn an_option_that_is_right_is_not_told_of() {
        let said = said("docker-ovs hosts --etcd http://h:2379 --fleet lab --format");
        assert!(said.contains("--format") && !said.contains("without that option"), "{said}");
    }

    #[test]
    fn what_dockers_and_open_vswitchs_users_type_is_told_of() {
        for (line, hint) in [
            ("docker-ovs inspect web", "docker ovs explain CONTAINER"),
            ("docker-ovs ovs inspect web", "docker ovs explain CONTAINER"),
            ("docker-ovs add-port br0 eth1 web", "docker ovs connect BRIDGE CONTAINER"),
            ("docker-ovs mesh list", "docker ovs mesh ls"),
            ("docker-ovs ls br0", "--bridge BRIDGE"),
            ("docker-ovs ps -n 5", "--filter container=NAME"),
            ("docker-ovs ls -l", "--filter container=NAME"),
            ("docker-ovs ls -lq", "--filter container=NAME"),
            ("docker-ovs ports -l", "-l is --log-level"),
            ("docker-ovs events --since 1h", "docker ovs history"),
            ("docker-ovs flows br0 -O OpenFlow13", "chosen without it"),
            ("docker-ovs port web -f x", "--format has no short form"),
            ("docker-ovs snapshot host.json", "docker ovs snapshot > FILE"),
            ("docker-ovs annotate br0 flows.txt", "docker ovs annotate BRIDGE < FILE"),
            ("docker-ovs mesh check --fleet", "without that option"),
            ("docker-ovs ports -q", "--format '{{.Field}}'"),
        ] {
            let said = said(line);
            assert!(said.contains(hint), "{line}: {said}");
            assert!(!said.contains(" -- "), "{line}: {said}");
        }
    }
}

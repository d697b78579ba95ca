//! Commands that pages show can be typed.

use clap::CommandFactory;
use docker_ovs::args::Cli;

use super::{pages, read, split};

/// The words of a command as a shell takes them apart, up to the first thing that is the shell's own.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '&' | ';' | '>' | '<') => {
                // The number of a descriptor that is sent elsewhere.
                word.take_if(|word| c == '>' && word.chars().all(|digit| digit.is_ascii_digit()));
                break;
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    // What a page leaves open cannot be typed.
    let open = |word: &String| word.contains('…') || word.contains("...") || word == "\\";
    (quote.is_none() && !words.iter().any(open)).then_some(words)
}

/// The command lines of ours in a line of code.
fn ours(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches(['$', '#']).trim_start();
    let rest = line.strip_prefix("docker ovs ").or_else(|| line.strip_prefix("docker-ovs "))?;
    let words = words(rest)?;
    Some([vec!["docker-ovs".to_owned()], words].concat())
}

/// Why clap refuses a command line.
fn refused(words: &[String]) -> Option<String> {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    let error = Cli::command().try_get_matches_from(words).err()?;
    let is_answer = matches!(error.kind(), DisplayHelp | DisplayVersion);
    (!is_answer).then(|| format!("{}: {error}", words.join(" ")))
}

#[test]
fn commands_of_pages_can_be_typed() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        let text = read(&page);
        let (_, code) = split(&text);
        for words in code.into_iter().filter_map(ours) {
            seen += 1;
            wrong.extend(refused(&words).map(|why| format!("{page}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 40, "commands are found: {seen}");
}

#[test]
fn commands_that_cannot_be_typed_are_found() {
    for (line, fine) in [
        ("$ docker ovs port web br0 --format '{{.OFPort}}'", true),
        ("docker ovs serve &", true),
        ("docker ovs events    # what changes", true),
        ("$ docker ovs nmae web", false),
        ("# docker-ovs ls --nothing", false),
        ("docker ovs port", false),
    ] {
        assert_eq!(refused(&ours(line).unwrap()).is_none(), fine, "{line}");
    }
    for line in ["docker ovs port … | x", "docker network create -d ovs lan", "ovs-vsctl show"] {
        assert_eq!(ours(line), None, "{line}");
    }
}

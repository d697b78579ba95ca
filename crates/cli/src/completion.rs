//! TAB: what Docker asks its plugins when a user presses it, and scripts for shells.
//!
//! `docker-ovs __complete ovs WORD… PREFIX` is cobra's protocol (cobra, `completions.go`): a
//! candidate on each line, a tab before its description, and a last line `:N` with what the
//! shell is to do. Errors are silent: a prompt is no place for them.

mod candidates;
mod line;
#[doc(hidden)]
pub mod parsing;

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::CommandFactory;
use clap::Parser;
use clap_complete::Shell as Script;
use host::EngineOptions;
use report::v1;

use crate::args::Cli;
use crate::args::{CompletionArgs, Shell};
use crate::block_on;
use crate::outcome::{CliError, Outcome};
use crate::verbs;
use crate::writer::Text;
use candidates::{Asks, FleetNames, Sources};
use line::{Line, Slot};

/// The words Docker asks with; the second one for a shell that shows no descriptions.
pub const REQUESTS: [&str; 2] = ["__complete", "__completeNoDesc"];

/// Cobra's `ShellCompDirectiveNoSpace`: a candidate is only the beginning of a word.
const NO_SPACE: u8 = 2;
/// Cobra's `ShellCompDirectiveNoFileComp`: names of files are no candidates.
const NO_FILES: u8 = 4;

/// A prompt does not wait longer for names.
const COMPLETION_TIMEOUT: Duration = Duration::from_millis(800);

/// One word that may stand where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    word: String,
    about: String,
}

/// The line of `words`, of which the last one is being typed.
fn typed(words: &[String]) -> Line {
    let words = match words {
        [first, rest @ ..] if first == "ovs" => rest,
        words => words,
    };
    let (prefix, before) = words.split_last().map_or(("", words), |(last, rest)| (&**last, rest));
    Line::read(&Cli::command(), before, prefix)
}

/// What cobra's protocol wants printed for `words`, of which the last one is being typed.
pub fn answer(words: &[String], described: bool) -> String {
    let line = typed(words);
    if line.slot == Slot::File {
        return ":0\n".to_owned();
    }
    let asks = Asks {
        host: &|| sources(&line),
        fleet: &|which| of_fleet(&line, which),
        contexts: &|| contexts(&line),
    };
    let found = candidates::of(&line, &asks);
    let fits = found.iter().filter(|candidate| candidate.word.starts_with(&line.prefix));
    let row = |candidate: &Candidate| match candidate.about.as_str() {
        "" => format!("{}\n", candidate.word),
        _ if !described => format!("{}\n", candidate.word),
        about => format!("{}\t{about}\n", candidate.word),
    };
    let rows: Vec<String> = fits.map(row).collect();
    let begun = |row: &String| row.trim_end().split('\t').next().is_some_and(|w| w.ends_with('='));
    let space = if !rows.is_empty() && rows.iter().all(begun) { NO_SPACE } else { 0 };
    format!("{}:{}\n", rows.concat(), NO_FILES | space)
}

/// The most arguments that a verb must have.
const MOST_ARGUMENTS: usize = 3;

/// The line with just so many arguments that its verb is whole: which sources count depends on the verb too,
/// for a daemon that is named by the environment is asked by some alone.
fn whole(line: &Line) -> Option<Cli> {
    let with = |arguments: usize| {
        let words = std::iter::once("docker-ovs").chain(line.global.iter().map(String::as_str));
        let words = words.chain(line.verb.iter().map(String::as_str));
        Cli::try_parse_from(words.chain(std::iter::repeat_n("x", arguments))).ok()
    };
    (0..=MOST_ARGUMENTS).find_map(with)
}

/// What the sources tell that the options of the line name; nothing where they fail or are slow, or can be
/// read only once, as what is typed or comes by a pipe: it is the verb's.
fn sources(line: &Line) -> Sources {
    let cli = whole(line).filter(|cli| cli.sources.can_be_read_again());
    let Some(cli) = cli else { return Sources::default() };
    within_a_moment(move || names(&cli))
}

/// What is told within a moment; nothing where that is longer. It is asked on a thread of its own, which ends with
/// the program: a file may be as slow as a peer, and what is in it as long.
fn within_a_moment<T: Default + Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    let ask = move || drop(tell.send(ask()));
    match thread::Builder::new().name("names".to_owned()).spawn(ask) {
        Ok(_) => told.recv_timeout(COMPLETION_TIMEOUT).unwrap_or_default(),
        Err(_) => T::default(),
    }
}

/// What the daemon knows of its fleet, which is asked of no etcd here: where one is named, too, the daemon of this
/// host is mostly of the same fleet. Nothing where there is none.
fn of_fleet(line: &Line, which: FleetNames) -> Vec<Candidate> {
    let Some(cli) = whole(line) else { return Vec::new() };
    within_a_moment(move || block_on(ask_fleet(&cli, which)).unwrap_or_default())
}

async fn ask_fleet(cli: &Cli, which: FleetNames) -> Result<Vec<Candidate>, CliError> {
    let client = verbs::fleet::client(&cli.sources)?;
    match which {
        FleetNames::Hosts => {
            let hosts: Vec<v1::FleetHost> = client.get("/v1/fleet/hosts", &[]).await?;
            Ok(candidates::hosts(&hosts))
        }
        FleetNames::Meshes => {
            let meshes: Vec<v1::Mesh> = client.get("/v1/fleet/meshes", &[]).await?;
            Ok(candidates::meshes(&meshes))
        }
    }
}

/// The contexts of Docker in the folder that the line names, or in the usual one.
fn contexts(line: &Line) -> Vec<Candidate> {
    let mut config = None;
    let mut words = line.global.iter();
    while let Some(word) = words.next() {
        if word == "--config" {
            config = words.next().map(PathBuf::from);
        } else if let Some(folder) = word.strip_prefix("--config=") {
            config = Some(folder.into());
        }
    }
    let options = EngineOptions { config, ..EngineOptions::default() };
    let names = within_a_moment(move || options.contexts(|name| std::env::var(name).ok()));
    candidates::plain(&names)
}

fn names(cli: &Cli) -> Sources {
    let look = async {
        let origin = cli.sources.open_for_names(cli.verb()).await?;
        Ok(host::Observe::observe(&origin, &host::Question::default()).await)
    };
    block_on(look).map(|snapshot| Sources::of(&snapshot)).unwrap_or_default()
}

/// Answers `docker ovs completion`: a script for a shell that completes `docker-ovs`.
///
/// # Errors
/// None.
pub fn script(args: &CompletionArgs) -> Result<Outcome, CliError> {
    let script = match args.shell {
        Shell::Bash => Script::Bash,
        Shell::Zsh => Script::Zsh,
        Shell::Fish => Script::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(script, &mut Cli::command(), "docker-ovs", &mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if script == Script::Bash {
        text = with_one_name(&text);
    }
    Ok(Outcome { text: Text::lines(&text), ..Outcome::default() })
}

/// clap_complete makes one name of the tool's and its verb's, and a hyphen in it becomes what separates the
/// two in the labels of the branches, but not where the name is set: then no branch is ever taken.
fn with_one_name(bash: &str) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix("docker__subcmd__ovs") {
        Some(rest) => format!("        docker__ovs{rest}\n"),
        None => format!("{line}\n"),
    };
    bash.lines().map(line).collect()
}

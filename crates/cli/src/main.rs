//! `docker-ovs VERB …`, and `docker ovs VERB …` as a Docker CLI plugin; called `ovs`, a plugin of
//! netavark.

use std::ffi::OsString;
use std::process::ExitCode;

use docker_ovs::outcome::print_text;
use docker_ovs::writer::{Text, print};
use docker_ovs::{args::Cli, completion, netavark, plugin, run};

const PROGRAM: &str = "docker-ovs";

fn main() -> ExitCode {
    if netavark::is_called() {
        return netavark::run();
    }
    let first = std::env::args_os().nth(1);
    match first.as_ref().and_then(|word| word.to_str()) {
        Some(plugin::METADATA) => print_text(PROGRAM, &Text::json(plugin::metadata() + "\n"), 0),
        Some(word) if completion::REQUESTS.contains(&word) => {
            let lossy = |word: OsString| word.to_string_lossy().into_owned();
            let words: Vec<_> = std::env::args_os().skip(2).map(lossy).collect();
            let described = completion::REQUESTS.first() == Some(&word);
            // A shell that has gone away needs no answer.
            let _ = print(&Text::lines(&completion::answer(&words, described)));
            ExitCode::SUCCESS
        }
        _ => match Cli::from_words() {
            Ok(cli) => run(&cli),
            Err(said) => said,
        },
    }
}

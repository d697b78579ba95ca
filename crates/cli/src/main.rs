//! `docker-ovs VERB …`, and `docker ovs VERB …` as a Docker CLI plugin.

use std::io::Write;
use std::process::ExitCode;

use docker_ovs::{args::Cli, completion, plugin, run};

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1);
    match first.as_ref().and_then(|word| word.to_str()) {
        Some(plugin::METADATA) => {
            println!("{}", plugin::metadata());
            ExitCode::SUCCESS
        }
        Some(word) if completion::REQUESTS.contains(&word) => {
            let lossy = |word: std::ffi::OsString| word.to_string_lossy().into_owned();
            let words: Vec<_> = std::env::args_os().skip(2).map(lossy).collect();
            let answer = completion::answer(&words, word == completion::REQUESTS[0]);
            // A shell that has gone away needs no answer.
            let _ = std::io::stdout().write_all(answer.as_bytes());
            ExitCode::SUCCESS
        }
        _ => run(&Cli::from_words()),
    }
}

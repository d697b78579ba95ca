//! `docker-ovs VERB …`, and `docker ovs VERB …` as a Docker CLI plugin.

use std::process::ExitCode;

use docker_ovs::{args::Cli, plugin, run};

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == plugin::METADATA) {
        println!("{}", plugin::metadata());
        return ExitCode::SUCCESS;
    }
    run(&Cli::from_words())
}

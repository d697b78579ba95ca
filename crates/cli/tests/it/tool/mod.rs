//! Running the two binaries as a user would.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

pub(crate) mod behind;
pub(crate) mod dice;
pub(crate) mod live;
pub(crate) mod picture;
pub(crate) mod replica;
mod served;
pub(crate) mod switch;

use std::path::Path;
use std::process::{Command, Output};

pub(crate) use lab::{Event, Events};
pub(crate) use served::Served;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn docker_ovs(words: &[&str]) -> Ran {
    command("docker-ovs", words).output().unwrap().into()
}

/// The same of one engine alone, as `--engine` names it.
pub(crate) fn by(engine: &str, words: &[&str]) -> Ran {
    docker_ovs(&[&["--engine", engine], words].concat())
}

pub(crate) fn drop_in(words: &[&str]) -> Ran {
    command("docker-ovs-port", words).output().unwrap().into()
}

/// What a variable of the environment says, or what is usual.
pub(crate) fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A command that sees nothing of the user's own settings, but the engine and the switch that the
/// tests use.
pub(crate) fn command(program: &str, words: &[&str]) -> Command {
    let path = match program {
        "docker-ovs-port" => env!("CARGO_BIN_EXE_docker-ovs-port"),
        _ => env!("CARGO_BIN_EXE_docker-ovs"),
    };
    let mut command = Command::new(path);
    let docker = ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"];
    let ours = ["DOCKER_OVS_SERVER", "DOCKER_OVS_TOKEN_FILE", "DOCKER_OVS_TLS_CA"];
    for name in docker.iter().chain(&ours) {
        command.env_remove(name);
    }
    // The usual socket is left unnamed, for what is named must be there.
    let engine = lab::engine();
    if engine != Path::new(lab::USUAL_ENGINE) {
        command.env("DOCKER_HOST", format!("unix://{}", engine.display()));
    }
    // What daemons of tests see is kept only where a test asks for it.
    command.env("DOCKER_OVS_HISTORY_DIR", "none");
    command.args(words);
    command
}

/// What it prints when all is well.
pub(crate) fn says(words: &[&str]) -> String {
    let ran = docker_ovs(words);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "docker-ovs {words:?}: {ran:?}");
    ran.stdout
}

/// What that prints, as [`says`] has it.
pub(crate) fn says_by(engine: &str, words: &[&str]) -> String {
    says(&[&["--engine", engine], words].concat())
}

/// What a look at the whole host prints. What it complains of may concern another test: a bridge
/// that is deleted while it is read, a container that is long in starting.
pub(crate) fn lists(words: &[&str]) -> String {
    let partial = matches!(words.first(), Some(&"ls" | &"who")).then_some("--partial");
    let words: Vec<_> = words.iter().copied().chain(partial).collect();
    let words = words.as_slice();
    let ran = docker_ovs(words);
    assert_eq!(ran.code, 0, "docker-ovs {words:?}: {ran:?}");
    ran.stdout
}

/// Its complaint; nothing may be on stdout.
pub(crate) fn refuses(words: &[&str]) -> String {
    let ran = docker_ovs(words);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "docker-ovs {words:?}: {ran:?}");
    ran.stderr
}

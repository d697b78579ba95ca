//! `docker-ovs-port CONTAINER OVS_BRIDGE`: the 2014 script, drop-in.

use std::ffi::OsString;
use std::process::ExitCode;

use docker_ovs::args::{DROP_IN, Operand, Operands};
use docker_ovs::outcome::{CliError, Outcome, print, print_text};
use docker_ovs::release::LINE;
use docker_ovs::swapped::with_swap_hint;
use docker_ovs::writer::{Text, tell_line};
use docker_ovs::{block_on, verbs};
use host::{Host, Origin, Settings};

const PROGRAM: &str = "docker-ovs-port";
const USAGE: &str = "Usage: docker-ovs-port CONTAINER OVS_BRIDGE";

fn main() -> ExitCode {
    let words: Result<Vec<String>, _> =
        std::env::args_os().skip(1).map(OsString::into_string).collect();
    match words.as_deref().unwrap_or_default() {
        [container, bridge] => print(PROGRAM, block_on(answer(container, bridge))),
        [word] if word == "--help" || word == "-h" => {
            print_text(PROGRAM, &Text::lines(&format!("{USAGE}\n\n{DROP_IN}\n")), 0)
        }
        [word] if word == "--version" => {
            print_text(PROGRAM, &Text::lines(&format!("{PROGRAM} {LINE}\n")), 0)
        }
        _ => {
            tell_line(USAGE);
            ExitCode::from(2)
        }
    }
}

async fn answer(container: &str, bridge: &str) -> Result<Outcome, CliError> {
    let origin = Origin::Live(Host::open(&Settings::from_env())?);
    // The script always ended well when it had found the container.
    match verbs::port::drop_in(&origin, container, bridge).await {
        Err(cli_error) => {
            let words =
                vec![Operand::Container(container.to_owned()), Operand::Bridge(bridge.to_owned())];
            let called = PROGRAM.to_owned();
            let operands = Operands { verb: String::new(), called, words };
            Err(with_swap_hint(&origin, &operands, cli_error).await)
        }
        outcome => outcome,
    }
}

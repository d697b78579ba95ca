//! The command line. Verbs and options follow Docker's and Open vSwitch's own: `verb` has the
//! verbs; `read`, `follow` and `change` the options of those that read, go on, and change
//! something; `sources` those that every verb takes.

mod change;
mod fleet;
mod follow;
mod help;
mod operand;
mod read;
mod sources;
mod traffic;
mod verb;

use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::release::LINE;
use crate::writer;

pub use change::{ConnectArgs, DisconnectArgs, PruneArgs, RestoreArgs, Until, Vlans};
pub use fleet::{
    EtcdArgs, HostsArgs, MeshArgs, MeshBlocksArgs, MeshCommand, MeshCreateArgs, MeshJoinArgs,
    MeshLeaveArgs, MeshLsArgs, MeshReleaseArgs, MeshRmArgs, TunnelKind,
};
pub use follow::{DEFAULT_SOCKET, DriverArgs, EventsArgs, ServeArgs, Toggle, WaitArgs};
pub use operand::Operand;
pub use read::{
    CaptureArgs, CompletionArgs, DiffArgs, DoctorArgs, ExplainArgs, GraphArgs, HistoryArgs, LsArgs,
    Picture, PortArgs, PortsArgs, Shell, SnapshotArgs, SourceArg, VersionArgs, WhoArgs,
};
pub use sources::SourceOptions;
pub use traffic::{AnnotateArgs, FdbArgs, FlowsArgs, SortKey, TopArgs, TraceArgs};
pub use verb::Verb;

/// Which OpenFlow port of which Open vSwitch bridge is this container's interface on?
#[derive(Debug, Parser)]
#[command(name = "docker-ovs", version = LINE)]
pub struct Cli {
    /// Where to look.
    #[command(flatten)]
    pub sources: SourceOptions,
    #[command(subcommand)]
    command: Command,
}

/// Docker calls its plugins with their own name as a first word. Of all verbs only the options of the
/// one that is called are made: those of all take a third as long as a lookup does.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    #[command(flatten)]
    Direct(Verb),
    #[command(hide = true, version = LINE, display_name = "docker-ovs")]
    #[command(about = "Open vSwitch ports of containers")]
    Ovs {
        #[command(subcommand)]
        verb: Verb,
    },
}

impl Cli {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// The exit code where there is nothing to be done: help was asked for, and is printed, or there
    /// is a mistake, which is told on stderr.
    pub fn from_words() -> Result<Self, ExitCode> {
        let as_plugin = std::env::args_os().any(|word| word == "ovs");
        let name = if as_plugin { "docker" } else { "docker-ovs" };
        let command = || Self::command().bin_name(name);
        let matches = command().try_get_matches().or_else(|error| match error.kind() {
            // Only now, for it takes longer than a lookup does.
            ErrorKind::DisplayHelp => own_options_only(command()).try_get_matches(),
            _ => Err(error),
        });
        matches
            .and_then(|matches| Self::from_arg_matches(&matches))
            .map_err(|said| print_clap(&said))
    }

    /// The command line as help and manual pages tell it: the options that every verb takes stand
    /// in those of the tool itself only.
    pub fn documented() -> clap::Command {
        own_options_only(Self::command())
    }

    /// The verb, whichever way the program was called.
    pub fn verb(&self) -> &Verb {
        match &self.command {
            Command::Direct(verb) | Command::Ovs { verb } => verb,
        }
    }
}

/// What clap has to say: help and version on stdout, mistakes on stderr.
fn print_clap(said: &clap::Error) -> ExitCode {
    let code = u8::try_from(said.exit_code()).unwrap_or(2);
    match said.print() {
        Err(error) if !said.use_stderr() && error.kind() != io::ErrorKind::BrokenPipe => {
            writer::tell("docker-ovs", &format!("cannot write: {error}"));
            ExitCode::from(2)
        }
        _ => ExitCode::from(code),
    }
}

/// What `serve` does with the option that tells other verbs which token a daemon wants.
const TOKEN_OF_THE_DAEMON: &str = "File with the token that clients must show by TCP";
/// Behind what a verb has of its own, and before `--help`, which clap gives 999.
const BEFORE_HELP: usize = 998;

/// The options that every verb takes are in the help of the tool itself only: they would be
/// most of the help of each verb.
fn own_options_only(mut command: clap::Command) -> clap::Command {
    command.build();
    command.mut_subcommands(|verb| match verb.get_name() {
        // It is the tool itself, as Docker calls it.
        "ovs" => verb.mut_subcommands(without_global),
        _ => without_global(verb),
    })
}

fn without_global(verb: clap::Command) -> clap::Command {
    let serves = verb.get_name() == "serve";
    verb.mut_args(|arg| {
        if serves && arg.get_id() == "token_file" {
            return arg.help(TOKEN_OF_THE_DAEMON).help_heading(None).display_order(BEFORE_HELP);
        }
        let everywhere = arg.is_global_set();
        arg.hide(everywhere)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_each_verb_has_examples_and_exit_codes() {
        let command = own_options_only(Cli::command());
        for mut verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned() {
            let name = verb.get_name().to_owned();
            let help = verb.render_help().to_string();
            assert!(!help.starts_with('`'), "{name} is told by its options: {help}");
            if name != "help" {
                assert!(help.contains("Examples:\n  docker ovs "), "{name}: {help}");
                assert!(help.contains("Exit codes: 0 "), "{name}: {help}");
                assert!(!help.contains("Where to look"), "{name}: {help}");
            }
        }
    }

    #[test]
    fn docker_may_call_with_its_own_options_and_our_name_first() {
        let words = ["docker-ovs", "-D", "-H", "unix:///x", "ovs", "port", "ovs", "br0", "-q"];
        let cli = Cli::try_parse_from(words).unwrap();
        let Verb::Port(args) = cli.verb() else { panic!("{cli:?}") };
        assert_eq!((args.container.as_str(), args.bridge.as_deref()), ("ovs", Some("br0")));
        assert_eq!(cli.sources.host.as_deref(), Some("unix:///x"));
    }
}

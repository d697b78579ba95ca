//! The command line. Verbs and options follow Docker's and Open vSwitch's own: `verb` has the
//! verbs; `read`, `follow` and `change` the options of those that read, go on, and change
//! something.

mod change;
mod follow;
mod help;
mod operand;
mod read;
mod traffic;
mod verb;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use host::{EngineOptions, Settings};

use crate::logging::{self, Level, LogFormat};
use crate::release::LINE;
use crate::server::ServerArgs;
use crate::writer;

pub use change::{ConnectArgs, DisconnectArgs, PruneArgs, RestoreArgs, Until, Vlans};
pub use follow::{DEFAULT_SOCKET, DriverArgs, EventsArgs, ServeArgs, Toggle, WaitArgs};
pub use operand::Operand;
pub use read::{
    CompletionArgs, DiffArgs, DoctorArgs, ExplainArgs, GraphArgs, LsArgs, Picture, PortArgs,
    PortsArgs, Shell, SnapshotArgs, SourceArg, VersionArgs, WhoArgs,
};
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

/// Where the sources are. The same options for every verb, before or after it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to look")]
pub struct SourceOptions {
    /// Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]
    #[arg(short = 'H', long, global = true, value_name = "HOST")]
    host: Option<String>,
    /// Docker context [env: DOCKER_CONTEXT]
    #[arg(short, long, global = true, value_name = "NAME", conflicts_with = "host")]
    context: Option<String>,
    /// Docker's configuration folder [env: DOCKER_CONFIG]
    #[arg(long, global = true, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it
    /// all that are found on this host
    #[arg(long = "engine", global = true, value_name = "KIND[=ADDRESS]")]
    engines: Vec<String>,
    /// OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]
    #[arg(long, global = true, value_name = "REMOTE")]
    db: Option<String>,
    /// Private key for ssl:
    #[arg(short, long, global = true, value_name = "FILE", requires_all = ["certificate", "ca_cert"])]
    private_key: Option<PathBuf>,
    /// Certificate for ssl:
    #[arg(long, global = true, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Certificate of the authority that signed the server's
    #[arg(short = 'C', long, global = true, value_name = "FILE")]
    ca_cert: Option<PathBuf>,
    /// Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated
    #[arg(long, global = true, value_name = "BRIDGE=REMOTE")]
    openflow: Vec<String>,
    /// Read a saved snapshot (- for stdin) instead of the host
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Whom to ask instead
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes
    #[arg(short, long, global = true, value_name = "TIME", default_value = "10", value_parser = duration)]
    timeout: Duration,
    /// What is told on stderr
    #[command(flatten)]
    logging: Logging,
}

/// What is told on stderr; Docker has the first two.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is told on stderr")]
struct Logging {
    /// The same as --log-level debug
    #[arg(short = 'D', long, global = true)]
    debug: bool,
    #[arg(short, long, global = true, value_name = "LEVEL", hide_possible_values = true, help = LEVELS)]
    log_level: Option<Level>,
    /// How it is told
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

const LEVELS: &str =
    "Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none";

impl SourceOptions {
    /// Tells on stderr what was asked for; what `serve` tells, it tells unless asked for less.
    pub fn start_logging(&self, serves: bool) {
        let usual = serves.then_some(Level::Info);
        let level = if self.logging.debug { Some(Level::Debug) } else { self.logging.log_level };
        if let Some(level) = level.or(usual) {
            logging::start(level, self.logging.log_format);
        }
    }

    /// How long all waiting together may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The file with the token that a daemon wants.
    pub fn token_file(&self) -> Option<&Path> {
        self.server.token_file()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            engines: self.engines.clone(),
            engine: EngineOptions {
                host: self.host.clone(),
                context: self.context.clone(),
                config: self.config.clone(),
            },
            db: self.db.clone(),
            private_key: self.private_key.clone(),
            certificate: self.certificate.clone(),
            ca_cert: self.ca_cert.clone(),
            openflow: self.openflow.clone(),
            timeout: self.timeout,
            ..Settings::from_env()
        }
    }
}

/// What `--timeout 0` means, as it does with ovs-vsctl, and more than that: longer than any command is
/// waited for, and short enough to be added to any moment.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Seconds, or a number with a unit; zero is for ever.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        _ => return Err("use a number of seconds, or one with ms, s or m".to_owned()),
    };
    let number = text.strip_suffix(unit).unwrap_or(text);
    let number: f64 = number.parse().map_err(|_| "not a number")?;
    let span = Duration::try_from_secs_f64((number * seconds).min(FOREVER.as_secs_f64()));
    let span = span.map_err(|error| error.to_string())?;
    Ok(if span.is_zero() { FOREVER } else { span.min(FOREVER) })
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

    #[test]
    fn durations_are_seconds_unless_said() {
        assert_eq!(duration("10"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0"), Ok(FOREVER));
        assert_eq!(duration("0ms"), Ok(FOREVER));
        for long in ["9223372036854775807", "18446744073709551616m", "31536001", &"9".repeat(999)] {
            assert_eq!(duration(long), Ok(FOREVER), "{long}");
        }
        for bad in ["", "s", "-1", "1h", "1e999", "nan", "."] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}

//! The command line. Verbs and options follow Docker's and Open vSwitch's own: `verb` has the
//! verbs; `read`, `follow` and `change` the options of those that read, go on, and change
//! something; `sources` those that every verb takes.

mod change;
mod fleet;
mod follow;
mod help;
mod hints;
mod operand;
mod read;
mod rows;
mod sources;
mod traffic;
mod verb;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use report::printable;

use crate::release::LINE;
use crate::writer;

pub use change::{ConnectArgs, DisconnectArgs, PruneArgs, RestoreArgs, Until};
pub use fleet::{
    EtcdArgs, HostsArgs, MeshArgs, MeshBlocksArgs, MeshCheckArgs, MeshCommand, MeshCreateArgs,
    MeshJoinArgs, MeshLeaveArgs, MeshLsArgs, MeshReleaseArgs, MeshRmArgs, TunnelKind,
};
pub use follow::{DEFAULT_SOCKET, DriverArgs, EventsArgs, ServeArgs, Toggle, WaitArgs};
pub use help::DROP_IN;
pub use operand::{Operand, Operands};
pub use read::{
    CaptureArgs, CompletionArgs, DiffArgs, DoctorArgs, ExplainArgs, GraphArgs, HistoryArgs, LsArgs,
    Picture, PortArgs, PortsArgs, Shell, SnapshotArgs, SourceArg, VersionArgs, WhoArgs,
};
pub use sources::SourceOptions;
pub(crate) use sources::is_stdin;
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
    #[arg(skip)]
    operands: Operands,
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
        let words: Vec<_> = std::env::args_os().collect();
        Self::read(&words).map_err(|said| print_clap(&said, &words))
    }

    fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let name = || if is_plugin(words) { "docker" } else { "docker-ovs" };
        let command = || Self::command().bin_name(name());
        // What it refuses, the whole command line tells of, with everything that there is.
        let of_one_verb =
            with_one_verb(words).and_then(|verb| verb.try_get_matches_from(words).ok());
        let matches = of_one_verb.map_or_else(|| command().try_get_matches_from(words), Ok);
        let matches = matches.or_else(|error| match error.kind() {
            // Only now, for it takes longer than a lookup does.
            ErrorKind::DisplayHelp => own_options_only(command()).try_get_matches_from(words),
            _ => Err(hints::with_hint(error, words, command())),
        });
        let matches = matches?;
        Ok(Self { operands: Operands::of(&matches), ..Self::from_arg_matches(&matches)? })
    }

    /// The command line as help and manual pages tell it: the options that every verb takes stand
    /// in those of the tool itself only.
    pub fn documented() -> clap::Command {
        own_options_only(Self::command())
    }

    /// The verb, and its words that name a container or a bridge.
    pub fn operands(&self) -> &Operands {
        &self.operands
    }

    /// Whether a verb, as [`Operands::verb`] calls it, takes a bridge, and then a container.
    pub fn takes_container_after_bridge(verb: &str) -> bool {
        let mut tool = Self::command();
        tool.build();
        let mut names = verb.split(' ');
        let found = names.try_fold(&tool, |at, name| at.find_subcommand(name));
        found.is_some_and(operand::takes_container_after_bridge)
    }

    /// The verb, whichever way the program was called.
    pub fn verb(&self) -> &Verb {
        match &self.command {
            Command::Direct(verb) | Command::Ovs { verb } => verb,
        }
    }
}

/// Whether Docker may have called, for which `ovs` is the verb. Behind another one it is a name.
fn is_plugin(words: &[OsString]) -> bool {
    let verbs = Verb::augment_subcommands(clap::Command::new("verbs"));
    has_ovs_first(words, &verbs)
}

fn has_ovs_first(words: &[OsString], verbs: &clap::Command) -> bool {
    let is_verb = |word: &&OsString| *word == "ovs" || verbs.find_subcommand(word).is_some();
    words.iter().skip(1).find(is_verb).is_some_and(|verb| verb == "ovs")
}

/// The command line with one verb, the first one that any word names. It takes no words that the whole
/// one does not take, nor any in another sense; where the word is no verb but the value of an option, it
/// takes none. The whole one holds the options that every verb takes once for each verb, and to make them
/// all takes a quarter as long as a lookup does.
fn with_one_verb(words: &[OsString]) -> Option<clap::Command> {
    let verbs = Verb::augment_subcommands(clap::Command::new("verbs"));
    let mut known = words.iter().skip(1).filter_map(|word| verbs.find_subcommand(word));
    let verb = known.next()?;
    let above = |name: &'static str| {
        let command = clap::Command::new(name).subcommand_required(true);
        command.disable_help_subcommand(true).subcommand(verb.clone())
    };
    let command = SourceOptions::augment_args(above("docker-ovs"));
    Some(if has_ovs_first(words, &verbs) { command.subcommand(above("ovs")) } else { command })
}

/// What clap has to say: help and version on stdout, mistakes on stderr. Help is our own words, and keeps its
/// styles; a mistake quotes words that may come from any program.
fn print_clap(said: &clap::Error, words: &[OsString]) -> ExitCode {
    let code = u8::try_from(said.exit_code()).unwrap_or(2);
    let is_help = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if said.use_stderr() && said.kind() != is_help {
        writer::tell_lines(&in_lines(said.render().to_string(), words));
        return ExitCode::from(code);
    }
    match said.print() {
        Err(error) if !said.use_stderr() && error.kind() != io::ErrorKind::BrokenPipe => {
            writer::tell("docker-ovs", &format!("cannot write: {error}"));
            ExitCode::from(2)
        }
        _ => ExitCode::from(code),
    }
}

/// What is said of the words of a command line, in which no word has a line of its own.
fn in_lines(mut said: String, words: &[OsString]) -> String {
    for word in words.iter().map(|word| word.to_string_lossy()) {
        // A value may stand behind its option, and in a list.
        for part in word.split(['=', ',']).chain([&*word]) {
            if part.contains(['\n', '\t']) && !part.trim().is_empty() {
                said = said.replace(part, &printable(part));
            }
        }
    }
    said
}

/// What `serve` does with the option that tells other verbs which token a daemon wants.
const TOKEN_OF_THE_DAEMON: &str = "File with the token that clients must show by TCP";
/// What it does with the option that tells other verbs where a fleet is known.
const ETCD_OF_THE_DAEMON: &str = "Members of etcd, with commas between, as etcdctl's --endpoints takes them: \
     makes this host one of a fleet";
/// Behind what a verb has of its own, and before `--help`, which clap gives 999.
const BEFORE_HELP: usize = 998;

/// The options that every verb takes are in the help of the tool itself only: they would be
/// most of the help of each verb.
fn own_options_only(mut command: clap::Command) -> clap::Command {
    command.build();
    command.mut_subcommands(|verb| match verb.get_name() {
        // It is the tool itself, as Docker calls it.
        "ovs" => verb.mut_subcommands(|verb| without_global(verb, &[])),
        _ => without_global(verb, &[]),
    })
}

/// The same of a verb, and of what stands behind it, as behind `mesh`.
fn without_global(verb: clap::Command, group: &[&str]) -> clap::Command {
    let name = verb.get_name().to_owned();
    let path = [group, &[name.as_str()]].concat();
    let verb = match verb.get_after_help().map(ToString::to_string) {
        Some(help) => verb.after_help(format!("{help}\n{}", help::where_to_look(&path))),
        None => verb,
    };
    let serves = verb.get_name() == "serve";
    let verb = verb.mut_args(|arg| {
        if serves && arg.get_id() == "token_file" {
            return arg.help(TOKEN_OF_THE_DAEMON).help_heading(None).display_order(BEFORE_HELP);
        }
        if serves && arg.get_id() == "etcd" {
            return arg.help(ETCD_OF_THE_DAEMON);
        }
        let everywhere = arg.is_global_set();
        arg.hide(everywhere)
    });
    verb.mut_subcommands(|below| without_global(below, &path))
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
        for mut verb in every(&command).filter(|verb| !verb.is_hide_set()) {
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

    /// All verbs, and what stands behind them.
    fn every(command: &clap::Command) -> impl Iterator<Item = clap::Command> {
        let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "ovs");
        // Behind `help` stand all verbs once more.
        let behind = |verb: &clap::Command| -> Vec<clap::Command> {
            let is_help = verb.get_name() == "help";
            verb.get_subcommands().filter(|_| !is_help).cloned().collect()
        };
        let all = verbs.flat_map(|verb| std::iter::once(verb.clone()).chain(behind(verb)));
        all.collect::<Vec<_>>().into_iter()
    }

    /// An argument of a verb that has the id of an option which every verb takes is taken for that one.
    #[test]
    fn no_verb_calls_an_argument_as_what_every_verb_takes() {
        let everywhere = SourceOptions::augment_args(clap::Command::new("every verb"));
        let ids: Vec<_> = everywhere.get_arguments().map(|arg| arg.get_id().clone()).collect();
        for verb in every(&Cli::command()) {
            let mut own = verb.get_arguments().filter(|arg| !arg.is_global_set());
            let same = own.find(|arg| ids.contains(arg.get_id()));
            assert!(same.is_none(), "{}: {same:?}", verb.get_name());
        }
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    /// Of a line that both take, and of lines that are taken for what they are not.
    #[test]
    fn one_verb_reads_what_the_whole_command_line_reads() {
        let taken = [
            "docker-ovs port web br0",
            "docker-ovs port ls ps --timeout 3s",
            "docker-ovs --timeout 3s ps -q --filter vlan=20",
            "docker-ovs ovs ls",
            "docker-ovs -D -H unix:///x ovs port ovs br0 -q",
            "docker-ovs ovs port --server http://127.0.0.1:1 web",
            "docker-ovs ovs mesh join blue br0",
            "docker-ovs connect br0 web --ip 10.0.0.1/24 --trunk 10-20",
        ];
        for line in taken {
            let words = words(line);
            let of_one = with_one_verb(&words).unwrap().try_get_matches_from(&words);
            let of_one = Cli::from_arg_matches(&of_one.unwrap()).unwrap();
            let of_all = Cli::try_parse_from(&words).unwrap();
            assert_eq!(format!("{of_one:?}"), format!("{of_all:?}"), "{line}");
        }
        for line in
            ["docker-ovs --host port ls", "docker-ovs --context ls ps", "docker-ovs -D ls -q"]
        {
            let words = words(line);
            let read = Cli::read(&words).unwrap();
            let of_all = Cli::try_parse_from(&words).unwrap();
            let of_all = Cli { operands: read.operands.clone(), ..of_all };
            assert_eq!(format!("{read:?}"), format!("{of_all:?}"), "{line}");
        }
    }

    #[test]
    fn of_each_verb_the_words_for_containers_and_bridges_are_known() {
        let bridge = |word: &str| Operand::Bridge(word.to_owned());
        let container = |word: &str| Operand::Container(word.to_owned());
        for (line, verb, expected) in [
            ("docker-ovs port web br0", "port", vec![container("web"), bridge("br0")]),
            ("docker-ovs ovs flows br0 web", "flows", vec![bridge("br0"), container("web")]),
            (
                "docker-ovs connect -i eth1 br0 web",
                "connect",
                vec![bridge("br0"), container("web")],
            ),
            ("docker-ovs restore a b", "restore", vec![container("a"), container("b")]),
            ("docker-ovs mesh join blue br0", "mesh join", vec![bridge("br0")]),
            ("docker-ovs ls", "ls", Vec::new()),
            ("docker-ovs version", "version", Vec::new()),
        ] {
            let read = Cli::read(&words(line)).unwrap();
            let Operands { verb: own, words, .. } = read.operands();
            assert_eq!((own.as_str(), words), (verb, &expected), "{line}");
        }
        for (verb, takes) in [("flows", true), ("connect", true), ("port", false), ("fdb", false)] {
            assert_eq!(Cli::takes_container_after_bridge(verb), takes, "{verb}");
        }
    }

    #[test]
    fn what_one_verb_refuses_the_whole_command_line_tells_of() {
        let refused = [
            "docker-ovs",
            "docker-ovs --version",
            "docker-ovs --version port",
            "docker-ovs help port",
            "docker-ovs ls --no-such",
            "docker-ovs prt web",
            "docker-ovs ovs",
            "docker-ovs ovs --version",
            "docker-ovs port",
            "docker-ovs ls --server http://127.0.0.1:1 --db x",
        ];
        for line in refused {
            let words = words(line);
            let ours = Cli::read(&words).unwrap_err();
            let name = if line.contains(" ovs") { "docker" } else { "docker-ovs" };
            let of_all = Cli::command().bin_name(name).try_get_matches_from(&words).unwrap_err();
            assert_eq!(ours.kind(), of_all.kind(), "{line}");
            let has_hint =
                matches!(ours.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument);
            if ours.kind() != ErrorKind::DisplayHelp && !has_hint {
                assert_eq!(ours.to_string(), of_all.to_string(), "{line}");
            }
        }
    }

    #[test]
    fn no_word_of_a_command_line_has_a_line_of_its_own() {
        let words: Vec<_> =
            ["docker-ovs", "ls", "--filter", "status=on\nerror: no"].map(OsString::from).into();
        let said = Cli::read(&words).unwrap_err().render().to_string();
        assert!(said.contains("on\nerror: no"), "{said}");
        let said = in_lines(said, &words);
        assert!(said.contains("on\\u{a}error: no") && !said.contains("on\nerror"), "{said}");
    }

    #[test]
    fn a_container_that_is_called_ovs_is_no_verb() {
        let usage = |line: &str| Cli::read(&words(line)).unwrap_err().to_string();
        let own = usage("docker-ovs port ovs --nope");
        assert!(own.contains("Usage: docker-ovs port "), "{own}");
        let as_plugin = usage("docker-ovs -D ovs port ovs --nope");
        assert!(as_plugin.contains("Usage: docker ovs port "), "{as_plugin}");
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

//! The verbs.

use std::path::PathBuf;

use clap::Subcommand;
use model::filter::Filter;
use model::switch::SwitchSource;

use super::change::{ConnectArgs, DisconnectArgs, PruneArgs, RestoreArgs};
use super::fleet::{HostsArgs, MeshArgs};
use super::follow::{DriverArgs, EventsArgs, ServeArgs, WaitArgs};
use super::read::{
    CaptureArgs, CompletionArgs, DiffArgs, DoctorArgs, ExplainArgs, GraphArgs, HistoryArgs, LsArgs,
    PortArgs, PortsArgs, SnapshotArgs, VersionArgs, WhoArgs,
};
use super::sources::is_stdin;
use super::traffic::{AnnotateArgs, FdbArgs, FlowsArgs, TopArgs, TraceArgs};

const SAME_EVERYWHERE: &str = "it is the same on every host";

/// The two kinds of ports exclude each other: a usage that shows only the one that was given
/// would not say so.
const CONNECT_USAGE: &str =
    "docker ovs connect [OPTIONS] [--vlan <TAG>] [--trunk <TAGS>] <BRIDGE> <CONTAINER>";

/// What to do. The options of a verb have no doc comment as a whole: they are made after the verb, and
/// it would be told in place of what stands here.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Verb {
    /// Show the OpenFlow ports of a container's interfaces
    #[command(after_help = super::help::PORT)]
    Port(PortArgs),
    /// List every container's interfaces and where they are on the switch
    #[command(visible_alias = "ps", after_help = super::help::LS)]
    Ls(LsArgs),
    /// List the ports of a bridge, or of all, and who is on them
    #[command(after_help = super::help::PORTS)]
    Ports(PortsArgs),
    /// Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is
    #[command(after_help = super::help::WHO)]
    Who(WhoArgs),
    /// Show how the answer comes about, step by step, and what each source says
    #[command(after_help = super::help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Draw the bridges and who is plugged into them
    #[command(after_help = super::help::GRAPH)]
    Graph(GraphArgs),
    /// Name the containers in what Open vSwitch's programs print: a filter
    #[command(after_help = super::help::ANNOTATE)]
    Annotate(AnnotateArgs),
    /// Show the flows of a bridge with who is on their ports
    #[command(after_help = super::help::FLOWS)]
    Flows(FlowsArgs),
    /// Show the MAC table of a bridge with whose each address is
    #[command(after_help = super::help::FDB)]
    Fdb(FdbArgs),
    /// Tell whether a packet would get from one container to another, and why
    #[command(after_help = super::help::TRACE)]
    Trace(TraceArgs),
    /// Watch ports by traffic, with who is on them
    #[command(after_help = super::help::TOP)]
    Top(TopArgs),
    /// Tell whenever an interface appears, changes or vanishes, or a port is orphaned
    #[command(after_help = super::help::EVENTS)]
    Events(EventsArgs),
    /// Wait until a container has an OpenFlow port, and show it
    #[command(after_help = super::help::WAIT)]
    Wait(WaitArgs),
    /// Save everything there is to see, to be read again with --from
    #[command(after_help = super::help::SNAPSHOT)]
    Snapshot(SnapshotArgs),
    /// Save what a report needs: everything there is to see, and the switch's database
    #[command(after_help = super::help::CAPTURE)]
    Capture(CaptureArgs),
    /// Tell what is different between two snapshots, or between one and now
    #[command(after_help = super::help::DIFF)]
    Diff(DiffArgs),
    /// Tell what happened to a container, port or address, of what serve has kept
    #[command(after_help = super::help::HISTORY)]
    History(HistoryArgs),
    /// Keep looking, and answer programs and browsers: HTTP, events, metrics
    #[command(after_help = super::help::SERVE)]
    Serve(ServeArgs),
    /// Make the networks of docker network create -d ovs, when Docker asks for it
    #[command(after_help = super::help::DRIVER)]
    Driver(DriverArgs),
    /// List the hosts of the fleet, and which of them are heard of
    #[command(after_help = super::help::HOSTS)]
    Hosts(HostsArgs),
    /// Join bridges of several hosts to one network, by tunnels
    #[command(after_help = super::help::mesh::MESH)]
    Mesh(MeshArgs),
    /// Check what can be reached, and say what to do about the rest
    #[command(after_help = super::help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Give a running container an interface, and the interface an OpenFlow port
    #[command(after_help = super::help::CONNECT, override_usage = CONNECT_USAGE)]
    Connect(ConnectArgs),
    /// Take an interface from a container, and its port from the bridge
    #[command(after_help = super::help::DISCONNECT)]
    Disconnect(DisconnectArgs),
    /// Make interfaces again that restarted containers lost, on the same OpenFlow ports
    #[command(after_help = super::help::RESTORE)]
    Restore(RestoreArgs),
    /// Remove orphaned ports: those whose link is gone
    #[command(after_help = super::help::PRUNE)]
    Prune(PruneArgs),
    /// Tell which build of docker-ovs this is
    #[command(after_help = super::help::VERSION)]
    Version(VersionArgs),
    /// Write a script that makes a shell complete docker-ovs
    #[command(after_help = super::help::COMPLETION)]
    Completion(CompletionArgs),
}

impl Verb {
    /// What of it is read from stdin.
    pub fn stdin(&self) -> Vec<&'static str> {
        match self {
            Self::Annotate(_) => vec!["the text to annotate"],
            Self::Diff(args) => {
                let files = [("BEFORE", Some(&args.before)), ("AFTER", args.after.as_ref())];
                let reads =
                    |path: Option<&PathBuf>| path.is_some_and(|path| is_stdin(&path.as_path()));
                files.into_iter().filter(|(_, path)| reads(*path)).map(|(word, _)| word).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The filters that it was given.
    pub fn filters(&self) -> &[Filter] {
        match self {
            Self::Ls(args) => &args.filter,
            _ => &[],
        }
    }

    /// Why it answers of nothing but the host as it is now, if it does: then neither a recording nor a time
    /// of the past can be asked.
    pub fn only_now(&self) -> Option<&'static str> {
        match self {
            _ if self.asks_fleet() => {
                Some("a fleet is told of as it is now, and a snapshot is of one host")
            }
            Self::Events(_)
            | Self::Wait(_)
            | Self::Driver(_)
            | Self::Mesh(_)
            | Self::Flows(FlowsArgs { watch: true, .. }) => Some("a snapshot does not change"),
            Self::Top(_) | Self::Trace(_) => {
                Some("no recording has the answer, for which vswitchd is asked")
            }
            Self::Version(_) | Self::Completion(_) => Some(SAME_EVERYWHERE),
            _ => None,
        }
    }

    /// Whether it is answered by the fleet, and by no source of this host.
    pub fn asks_fleet(&self) -> bool {
        match self {
            Self::Events(args) => args.fleet,
            Self::Ls(LsArgs { look, .. })
            | Self::Who(WhoArgs { look, .. })
            | Self::Ports(PortsArgs { look, .. })
            | Self::Graph(GraphArgs { look, .. }) => look.fleet,
            Self::Hosts(_) => true,
            _ => false,
        }
    }

    /// Why no source of this host is asked for it, if none is.
    pub fn no_source(&self) -> Option<&'static str> {
        match self {
            _ if self.asks_fleet() => Some("a fleet is told of by the daemons of its hosts"),
            Self::Mesh(args) if args.command.asks_fleet() => Some("a mesh is the fleet's"),
            Self::History(_) => Some("what was is told by what serve has kept"),
            Self::Diff(DiffArgs { after: Some(_), .. }) => {
                Some("of two files nothing else is asked")
            }
            Self::Version(_) | Self::Completion(_) => Some(SAME_EVERYWHERE),
            _ => None,
        }
    }

    /// Why it takes no time of the past, where it takes recordings.
    pub fn no_time(&self) -> Option<&'static str> {
        match self {
            Self::History(_) => Some("--since and --until are the times of a history"),
            Self::Flows(_) | Self::Fdb(_) => Some("the history has no flows and MAC tables"),
            _ => None,
        }
    }

    /// Why no daemon is asked for it, if none is, and what does it instead.
    pub fn no_server(&self) -> Option<(&'static str, &'static str)> {
        let why = self.untold_by_a_daemon()?;
        let instead = match self {
            Self::History(_) => "GET /v1/history of that daemon, or docker ovs history on its host",
            Self::Trace(_) => "GET /v1/trace of that daemon, or docker ovs trace on its host",
            Self::Top(_) => "GET /v1/rates of that daemon, or docker ovs top on its host",
            Self::Events(_) => "GET /v1/events of that daemon, or docker ovs events on its host",
            Self::Wait(_) => "GET /v1/events of that daemon, or docker ovs wait on its host",
            Self::Doctor(_) => {
                "GET /healthz of that daemon tells of its sources; or docker ovs doctor on its host"
            }
            Self::Version(_) | Self::Completion(_) | Self::Serve(_) => "leave --server out",
            _ => "the same on the host of that daemon, without --server",
        };
        Some((why, instead))
    }

    fn untold_by_a_daemon(&self) -> Option<&'static str> {
        match self {
            Self::Flows(_) => Some("a daemon has no flows to tell"),
            Self::Fdb(_) => Some("a daemon has no MAC tables to tell"),
            Self::Trace(_) => Some("vswitchd is asked about a packet"),
            Self::Top(_) => Some("vswitchd is asked again and again"),
            Self::Doctor(_) => Some("what this host reaches is checked"),
            Self::Wait(_) | Self::Events(EventsArgs { fleet: false, .. }) => {
                Some("this host is followed")
            }
            Self::Serve(_) => Some("it is a daemon itself"),
            Self::Connect(_) | Self::Disconnect(_) | Self::Restore(_) | Self::Prune(_) => {
                Some("this host is changed, and no daemon changes another one for a client")
            }
            Self::History(_) => {
                Some("the journal of this host is read; a daemon tells its own by /v1/history")
            }
            Self::Driver(_) => Some("the driver is of this host"),
            Self::Version(_) => {
                Some("it tells its own version; a daemon's is in its metrics, as build_info")
            }
            Self::Completion(_) => Some("a script is the same wherever it runs"),
            Self::Hosts(HostsArgs { remove: Some(_), .. }) => {
                Some("etcd is asked to forget a host")
            }
            Self::Mesh(args) => {
                args.command.is_of_this_host().then_some("this host is changed, or etcd")
            }
            _ => None,
        }
    }

    /// The switch sources that it takes, if it is one whose answer a daemon can give.
    pub fn sources(&self) -> Option<Vec<SwitchSource>> {
        let every = || SwitchSource::ALL.to_vec();
        match self {
            Self::Port(args) => Some(vec![args.source.into()]),
            Self::Ls(LsArgs { look, .. })
            | Self::Graph(GraphArgs { look, .. })
            | Self::Who(WhoArgs { look, .. }) => Some(vec![look.source.into()]),
            Self::Ports(args) => Some(vec![args.look.source.into(), SwitchSource::Appctl]),
            Self::Explain(args) => {
                Some(args.source.map_or_else(every, |source| vec![source.into()]))
            }
            Self::Annotate(_) => Some(vec![SwitchSource::Ovsdb, SwitchSource::Appctl]),
            Self::Snapshot(_) | Self::Capture(_) => Some(every()),
            Self::Diff(_) => Some(vec![SwitchSource::Ovsdb]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::args::Cli;

    /// Each verb as it is called with as few words as it takes.
    fn every() -> impl Iterator<Item = (String, Cli)> {
        let tool = Cli::command();
        let shown = tool.get_subcommands().filter(|verb| !verb.is_hide_set());
        let names: Vec<_> = shown.map(|verb| verb.get_name().to_owned()).collect();
        names.into_iter().filter(|name| name != "mesh").map(|name| {
            let with = |words: usize| {
                let word = if name == "completion" { "bash" } else { "x" };
                let line = ["docker-ovs", &name].into_iter();
                Cli::try_parse_from(line.chain(std::iter::repeat_n(word, words))).ok()
            };
            let cli = (0..3).find_map(with).unwrap();
            (name, cli)
        })
    }

    #[test]
    fn a_daemon_is_asked_for_a_verb_or_it_is_said_why_not() {
        for (name, cli) in every() {
            let verb = cli.verb();
            let is_told = verb.sources().is_some() || verb.asks_fleet();
            assert_ne!(is_told, verb.no_server().is_some(), "{name}");
        }
    }
}

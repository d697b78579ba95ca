//! The verbs and their own words.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use model::filter::Filter;
use model::switch::Via;
use report::Format;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the OpenFlow ports of a container's interfaces
    Port(PortArgs),
    /// List every container's interfaces and where they are on the switch
    #[command(visible_alias = "ps")]
    Ls(LsArgs),
    /// List the ports of a bridge, or of all, and who is on them
    Ports(PortsArgs),
    /// Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is
    Who(WhoArgs),
    /// Show how the answer comes about, step by step, and what each source says
    Explain(ExplainArgs),
    /// Draw the bridges and who is plugged into them
    Graph(GraphArgs),
    /// Save everything there is to see, to be read again with --from
    Snapshot(SnapshotArgs),
    /// Keep looking, and answer programs and browsers: HTTP, events, metrics
    Serve(ServeArgs),
    /// Check what can be reached, and say what to do about the rest
    Doctor(DoctorArgs),
}

impl Verb {
    /// The roads to the switch that it takes, if it is one whose answer a daemon can give.
    pub fn roads(&self) -> Option<Vec<Via>> {
        let every = || vec![Via::Ovsdb, Via::OpenFlow, Via::Dpif];
        match self {
            Self::Port(PortArgs { via, .. })
            | Self::Ls(LsArgs { via, .. })
            | Self::Who(WhoArgs { via, .. }) => Some(vec![(*via).into()]),
            Self::Ports(args) => Some(vec![args.via.into(), Via::Dpif]),
            Self::Graph(args) => Some(vec![args.via.into()]),
            Self::Explain(args) => Some(args.via.map_or_else(every, |via| vec![via.into()])),
            Self::Snapshot(_) => Some(every()),
            Self::Serve(_) | Self::Doctor(_) => None,
        }
    }
}

/// `docker ovs port`.
#[derive(Debug, Args)]
pub struct PortArgs {
    /// Name, id, or unambiguous beginning of the id; pid:N; netns:NAME or netns:PATH
    pub container: String,
    /// Answer for this bridge only
    pub bridge: Option<String>,
    /// Print OpenFlow port numbers only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// table, csv, json, or a Go template such as '{{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// Which road to the switch to take
    #[arg(long, value_name = "ROAD", default_value = "ovsdb")]
    pub via: Road,
}

/// `docker ovs ls`.
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Only what is on this bridge
    #[arg(long)]
    pub bridge: Option<String>,
    /// container=, bridge=, vlan=, status= or label=; may be repeated
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub filter: Vec<Filter>,
    /// Also show ports that containers left behind
    #[arg(short, long)]
    pub all: bool,
    /// Print container ids only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Print full container ids
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.Container}} {{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// Which road to the switch to take
    #[arg(long, value_name = "ROAD", default_value = "ovsdb")]
    pub via: Road,
}

/// `docker ovs ports`.
#[derive(Debug, Args)]
pub struct PortsArgs {
    /// Only the ports of this bridge
    pub bridge: Option<String>,
    /// table, csv, json, or a Go template such as '{{.OFPort}} {{.Who}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// Which road to the switch to take; datapath ports are always asked of appctl
    #[arg(long, value_name = "ROAD", default_value = "ovsdb")]
    pub via: Road,
}

/// `docker ovs who`.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// BRIDGE:3, 3, a MAC, an IP address, a host interface, ifindex:28
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// Print container names only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// table, csv, json, or a Go template such as '{{.Container}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// Which road to the switch to take
    #[arg(long, value_name = "ROAD", default_value = "ovsdb")]
    pub via: Road,
}

/// `docker ovs explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Name, id, or unambiguous beginning of the id; pid:N; netns:NAME or netns:PATH
    pub container: String,
    /// Exit 1 if none of its interfaces is on this bridge
    pub bridge: Option<String>,
    /// table, json, or a Go template
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// Take one road to the switch instead of all three
    #[arg(long, value_name = "ROAD")]
    pub via: Option<Road>,
}

/// `docker ovs graph`.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// Only this bridge
    #[arg(long)]
    pub bridge: Option<String>,
    /// What to draw it in
    #[arg(long, value_name = "FORMAT", default_value = "svg")]
    pub format: Picture,
    /// Which road to the switch to take
    #[arg(long, value_name = "ROAD", default_value = "ovsdb")]
    pub via: Road,
}

/// The notations of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Picture {
    /// A picture for browsers and documents
    Svg,
    /// A graph for Graphviz
    Dot,
    /// A flowchart for Markdown
    Mermaid,
}

/// `docker ovs snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Keep the structure, hide names, addresses and labels
    #[arg(long, visible_alias = "anonymize")]
    pub anonymise: bool,
}

/// `docker ovs serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Unix socket to listen on; root and its group may use it
    #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    pub socket: PathBuf,
    /// TCP address to listen on, for reading; may be repeated; none for no TCP
    #[arg(long, value_name = "IP:PORT", default_value = DEFAULT_LISTEN)]
    pub listen: Vec<String>,
    /// Certificate for TCP, PEM; needed beyond loopback, with the next two
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "token_file"])]
    pub tls_cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires_all = ["tls_cert", "token_file"])]
    pub tls_key: Option<PathBuf>,
    /// File with the token that clients must show by TCP
    #[arg(long, value_name = "FILE", requires_all = ["tls_cert", "tls_key"])]
    pub token_file: Option<PathBuf>,
}

/// Where the daemon listens unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/docker-ovs.sock";
const DEFAULT_LISTEN: &str = "127.0.0.1:9653";

/// The roads to a port number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Road {
    /// The database: what ovs-vsctl answers
    Ovsdb,
    /// Port descriptions: what ovs-ofctl show prints
    Openflow,
    /// dpif/show on vswitchd's control socket
    Appctl,
}

impl From<Road> for Via {
    fn from(road: Road) -> Self {
        match road {
            Road::Ovsdb => Self::Ovsdb,
            Road::Openflow => Self::OpenFlow,
            Road::Appctl => Self::Dpif,
        }
    }
}

/// `docker ovs doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// table, csv, json, or a Go template such as '{{.Verdict}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

//! Verbs that look once.
#![allow(
    missing_docs,
    reason = "clap would tell a doc comment of a verb's options as what the verb does"
)]

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use model::NamedInterface;
use model::filter::Filter;
use model::switch::SwitchSource;
use report::Format;

// What is looked at: this host in one of three ways, or what is known of its fleet.
#[derive(Debug, Args)]
pub struct LookArgs {
    /// Of all hosts of the fleet, as the daemon of this host knows them
    #[arg(long)]
    pub fleet: bool,
    /// How the switch is asked
    #[arg(
        long,
        alias = "via",
        value_name = "SOURCE",
        default_value = "ovsdb",
        conflicts_with = "fleet"
    )]
    pub source: SourceArg,
}

// `docker ovs port`
#[derive(Debug, Args)]
pub struct PortArgs {
    /// Name, id, or unambiguous beginning of the id; pid:N; netns:NAME or netns:PATH; :INTERFACE may
    /// stand behind it
    #[arg(value_parser = super::operand::container)]
    pub container: String,
    /// Answer for this bridge only
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// Only this interface of it; the same as CONTAINER:INTERFACE
    #[arg(short, long, value_name = "NAME")]
    pub interface: Option<String>,
    /// Print OpenFlow port numbers only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// How the switch is asked
    #[arg(long, alias = "via", value_name = "SOURCE", default_value = "ovsdb")]
    pub source: SourceArg,
}

impl PortArgs {
    /// The container, and the interface of it that is named.
    pub fn words(&self) -> NamedInterface<'_> {
        NamedInterface { container: &self.container, interface: self.interface.as_deref() }
    }
}

// `docker ovs ls`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct LsArgs {
    /// Only what is on this bridge
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub filter: Vec<Filter>,
    /// Also show orphaned ports: those whose link is gone, and of which a container is known
    #[arg(short, long)]
    pub all: bool,
    /// Print container ids only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Print full container ids, and cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// List what was seen although a source or a container could not be read
    #[arg(long, conflicts_with = "fleet")]
    pub partial: bool,
    /// table, csv, json, or a Go template such as '{{.Container}} {{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    #[command(flatten)]
    pub look: LookArgs,
}

// `docker ovs ports`
#[derive(Debug, Args)]
pub struct PortsArgs {
    /// Only the ports of this bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.OFPort}} {{.Who}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    #[command(flatten)]
    pub look: LookArgs,
}

// `docker ovs who`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct WhoArgs {
    /// BRIDGE:3, BRIDGE:NAME, 3, in_port=3, a MAC, an IP address, a host interface, ifindex:28,
    /// CONTAINER:INTERFACE
    #[arg(value_name = "WHAT", value_parser = NonEmptyStringValueParser::new())]
    pub what: String,
    /// Print container names only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Answer from what was seen although a container could not be read
    #[arg(long, conflicts_with = "fleet")]
    pub partial: bool,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.Container}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    #[command(flatten)]
    pub look: LookArgs,
}

/// Steps are no rows of columns.
fn without_csv(text: &str) -> Result<Format, String> {
    match text {
        "csv" => Err("steps are told as table, json, or by a Go template".to_owned()),
        _ => text.parse().map_err(|error: report::FormatError| error.to_string()),
    }
}

// `docker ovs explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Name, id, or unambiguous beginning of the id; pid:N; netns:NAME or netns:PATH; :INTERFACE may
    /// stand behind it
    #[arg(value_parser = super::operand::container)]
    pub container: String,
    /// Exit 1 if none of its interfaces is on this bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// Only this interface of it; the same as CONTAINER:INTERFACE
    #[arg(short, long, value_name = "NAME")]
    pub interface: Option<String>,
    /// table, json, or a Go template
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = without_csv)]
    pub format: Format,
    /// Ask the switch in one way instead of all three
    #[arg(long, alias = "via", value_name = "SOURCE")]
    pub source: Option<SourceArg>,
}

impl ExplainArgs {
    /// The container, and the interface of it that is named.
    pub fn words(&self) -> NamedInterface<'_> {
        NamedInterface { container: &self.container, interface: self.interface.as_deref() }
    }
}

// `docker ovs graph`
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// Only this bridge
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// What to draw it in
    #[arg(long, value_name = "FORMAT", default_value = "svg")]
    pub format: Picture,
    #[command(flatten)]
    pub look: LookArgs,
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

// `docker ovs snapshot`
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Keep the structure, hide names, addresses and labels
    #[arg(long, visible_alias = "anonymize")]
    pub anonymise: bool,
}

// `docker ovs capture`
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// The file to write, a tar archive; - for stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Keep the structure, hide names, addresses and labels; database, flows and MACs are left out
    #[arg(long, visible_alias = "anonymize")]
    pub anonymise: bool,
}

// `docker ovs diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What docker ovs snapshot saved; - for stdin
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The same, later; unless there is one, how it is now
    #[arg(value_name = "AFTER", conflicts_with_all = ["from", "server", "at"])]
    pub after: Option<PathBuf>,
    /// table, csv, json, or a Go template such as '{{.Action}} {{.Container}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

// `docker ovs history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// A container, BRIDGE:3, a MAC, an IP address, a host interface; everything without it
    #[arg(value_name = "WHAT", value_parser = NonEmptyStringValueParser::new())]
    pub what: Option<String>,
    /// From then on: 02:10, 'yesterday 02:10', 2026-11-26T02:10:00Z, or 2h for two hours ago
    #[arg(long, value_name = "TIME", value_parser = crate::moment::parse)]
    pub since: Option<u64>,
    /// Until then
    #[arg(long, value_name = "TIME", value_parser = crate::moment::parse)]
    pub until: Option<u64>,
    /// table, json, csv, or a Go template such as '{{.Time}} {{.Action}} {{.Container}}'
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    pub format: Format,
}

// `docker ovs version`
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// table, csv, json, or a Go template such as '{{.Commit}}'
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

// `docker ovs completion`
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    pub shell: Shell,
}

/// The shells there are scripts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash(1)
    Bash,
    /// zsh(1)
    Zsh,
    /// fish(1)
    Fish,
}

/// The switch sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SourceArg {
    /// The database: what ovs-vsctl answers
    Ovsdb,
    /// Port descriptions: what ovs-ofctl show prints
    Openflow,
    /// dpif/show on vswitchd's control socket
    Appctl,
}

impl From<SourceArg> for SwitchSource {
    fn from(source: SourceArg) -> Self {
        match source {
            SourceArg::Ovsdb => Self::Ovsdb,
            SourceArg::Openflow => Self::OpenFlow,
            SourceArg::Appctl => Self::Appctl,
        }
    }
}

// `docker ovs doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub etcd: super::fleet::EtcdArgs,
    /// Name of this host in its fleet; its host name if none is given
    #[arg(long, value_name = "NAME", requires = "etcd")]
    pub fleet_host: Option<String>,
    /// table, csv, json, or a Go template such as '{{.Verdict}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

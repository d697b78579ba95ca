//! Verbs that go on.
#![allow(
    missing_docs,
    reason = "clap would tell a doc comment of a verb's options as what the verb does"
)]

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
pub use daemon::DEFAULT_SOCKET;
use driver::docker::DEFAULT_SOCKET as DRIVER_SOCKET;
use model::NamedInterface;
use model::filter::Filter;
use report::Format;

use super::fleet::EtcdArgs;

// `docker ovs events`
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub filter: Vec<Filter>,
    /// Begin with what is there already
    #[arg(long)]
    pub initial: bool,
    /// Of all hosts of the fleet, as the daemon of this host knows them
    #[arg(long)]
    pub fleet: bool,
    /// table, json, csv, or a Go template such as '{{.Action}} {{.Container}} {{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    pub format: Format,
}

// `docker ovs wait`
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Name, id, or unambiguous beginning of the id; it need not be there yet; :INTERFACE may stand
    /// behind it
    #[arg(value_parser = super::operand::container)]
    pub container: String,
    /// Wait for a port of this bridge
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
}

impl WaitArgs {
    /// The container, and the interface of it that is named.
    pub fn words(&self) -> NamedInterface<'_> {
        NamedInterface { container: &self.container, interface: self.interface.as_deref() }
    }
}

// `docker ovs serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Unix socket to listen on; root and its group may use it
    #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    pub socket: PathBuf,
    /// TCP address to listen on, for reading; may be repeated; none for no TCP
    #[arg(long, value_name = "IP:PORT", default_value = DEFAULT_LISTEN)]
    pub listen: Vec<String>,
    /// Make the interfaces of a container again, on the same numbers, whenever it starts
    #[arg(long, value_name = "WHEN", default_value = "on", num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pub restore: Toggle,
    /// How long what changed is kept, in days
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=36_500))]
    pub history_days: u64,
    /// How much of it is kept, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(4..=1_048_576))]
    pub history_size: u64,
    /// Certificate for TCP, PEM; needed beyond loopback, with the next two
    // The token is the option that every verb has.
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "token_file"])]
    pub tls_cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires_all = ["tls_cert", "token_file"])]
    pub tls_key: Option<PathBuf>,
    #[command(flatten)]
    pub etcd: EtcdArgs,
    /// Name of this host in its fleet; its host name if none is given
    #[arg(long, value_name = "NAME", requires = "etcd")]
    pub fleet_host: Option<String>,
    /// Whether to keep the attachments of other hosts, for --fleet; a few daemons of a large fleet do
    #[arg(long, value_name = "WHEN", default_value = "on", requires = "etcd")]
    pub fleet_mirror: Toggle,
}

// `docker ovs driver`.
#[derive(Debug, Args)]
pub struct DriverArgs {
    /// Unix socket to listen on, where the service manager passes none on; its name is the driver's
    #[arg(long, value_name = "PATH", default_value = DRIVER_SOCKET)]
    pub socket: PathBuf,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Toggle {
    /// It does
    On,
    /// It does not
    Off,
}

const DEFAULT_LISTEN: &str = "127.0.0.1:9653";

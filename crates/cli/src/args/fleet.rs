//! Verbs about many hosts.
#![allow(
    missing_docs,
    reason = "clap would tell a doc comment of a verb's options as what the verb does"
)]

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{ArgPredicate, NonEmptyStringValueParser, Resettable};
use clap::{Arg, Args, Id, Subcommand, ValueEnum};
use report::Format;

// Where etcd is, and how this host is known to it. No doc comment: it would be told in place of the
// verb's.
#[derive(Debug, Args)]
pub struct EtcdArgs {
    /// Members of etcd, with commas between, as etcdctl's --endpoints takes them
    #[arg(long, value_name = "URLS", value_delimiter = ',')]
    pub etcd: Vec<String>,
    /// Name of the fleet
    #[arg(long, value_name = "NAME", default_value = "default", requires = "etcd")]
    pub fleet: String,
    /// Certificate of the authority that signed the members'
    #[arg(long, value_name = "FILE", requires = "etcd")]
    pub etcd_ca: Option<PathBuf>,
    /// Certificate that this host shows; its common name is the user of etcd
    #[arg(long, value_name = "FILE", requires_all = ["etcd", "etcd_key"])]
    pub etcd_cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires_all = ["etcd", "etcd_cert"])]
    pub etcd_key: Option<PathBuf>,
}

// `docker ovs hosts`
#[derive(Debug, Args)]
#[command(mut_arg("fleet", fleet_of_hosts))]
pub struct HostsArgs {
    /// Take a host that is no more out of the fleet, so that the others remove their tunnels to it;
    /// needs --etcd
    #[arg(long, value_name = "HOST", requires = "etcd", conflicts_with_all = ["quiet", "no_trunc", "format"])]
    pub remove: Option<String>,
    #[command(flatten)]
    pub etcd: EtcdArgs,
    /// Print names of hosts only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.Host}} {{.Liveness}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `--fleet` of a verb that tells of the fleet anyway: without a name it says no more than that, as it does with
/// `ls`. A name goes with `--remove`, which asks etcd; the empty one is none.
fn fleet_of_hosts(fleet: Arg) -> Arg {
    fleet
        .help("Name of the fleet that a host is taken out of [default: default]; none where hosts are listed")
        .requires(Resettable::<Id>::Reset)
        .num_args(0..=1)
        .default_missing_value("")
        .default_value("")
        .default_value_if("remove", ArgPredicate::IsPresent, "default")
        .hide_default_value(true)
}

// `docker ovs mesh`
#[derive(Debug, Args)]
pub struct MeshArgs {
    #[command(subcommand)]
    pub command: MeshCommand,
}

// What is done with a mesh.
#[derive(Debug, Subcommand)]
pub enum MeshCommand {
    /// Make a mesh known to the fleet; hosts join it then
    #[command(after_help = super::help::mesh::CREATE)]
    Create(MeshCreateArgs),
    /// Make a bridge of this host a member
    #[command(after_help = super::help::mesh::JOIN)]
    Join(MeshJoinArgs),
    /// Take a bridge of this host out of its mesh
    #[command(after_help = super::help::mesh::LEAVE)]
    Leave(MeshLeaveArgs),
    /// List meshes and their members
    #[command(after_help = super::help::mesh::LS)]
    Ls(MeshLsArgs),
    /// Forget a mesh that has no members
    #[command(after_help = super::help::mesh::RM)]
    Rm(MeshRmArgs),
    /// Check the tunnels of this host
    #[command(after_help = super::help::mesh::CHECK)]
    Check(MeshCheckArgs),
    /// List the blocks of addresses, and the host that has each
    #[command(after_help = super::help::mesh::BLOCKS)]
    Blocks(MeshBlocksArgs),
    /// Give back the blocks of addresses of a host that is no more; prints how many
    #[command(after_help = super::help::mesh::RELEASE)]
    Release(MeshReleaseArgs),
}

impl MeshCommand {
    /// Whether the daemon or etcd is asked for it, and nothing else.
    pub fn asks_fleet(&self) -> bool {
        !matches!(self, Self::Join(_) | Self::Leave(_) | Self::Check(_))
    }

    /// Whether no daemon is asked for it.
    pub fn is_of_this_host(&self) -> bool {
        !matches!(self, Self::Ls(_) | Self::Check(_))
    }
}

#[derive(Debug, Args)]
pub struct MeshCreateArgs {
    /// Name of the mesh
    pub mesh: String,
    /// What its tunnels are
    #[arg(long = "type", value_name = "TYPE", default_value = "geneve")]
    pub kind: TunnelKind,
    /// UDP port of its tunnels; that of its type if none is given: 6081 or 4789
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Largest MTU in bytes of interfaces on it; what the members' underlays leave if none is given
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(68..=65535))]
    pub mtu: Option<u32>,
    #[command(flatten)]
    pub etcd: EtcdArgs,
}

#[derive(Debug, Args)]
pub struct MeshJoinArgs {
    /// Name of the mesh
    pub mesh: String,
    /// The OVS bridge: that of the containers
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: String,
    /// Address of this host that tunnels lead to; that of its default route if none is given
    #[arg(long, value_name = "IP")]
    pub local_ip: Option<IpAddr>,
    /// Join although the bridge has an uplink and another member has one: they lead to networks apart
    #[arg(long)]
    pub allow_uplink: bool,
}

#[derive(Debug, Args)]
pub struct MeshLeaveArgs {
    /// Name of the mesh
    pub mesh: String,
}

#[derive(Debug, Args)]
pub struct MeshLsArgs {
    /// Only this mesh
    pub mesh: Option<String>,
    /// Of the fleet, as they are anyway
    #[arg(long, hide = true)]
    pub fleet: bool,
    /// Print names of meshes only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.Mesh}} {{.MTU}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct MeshCheckArgs {
    /// Only this mesh
    pub mesh: Option<String>,
    /// table, csv, json, or a Go template such as '{{.Check}} {{.Verdict}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct MeshRmArgs {
    /// Name of the mesh
    pub mesh: String,
    #[command(flatten)]
    pub etcd: EtcdArgs,
}

#[derive(Debug, Args)]
pub struct MeshBlocksArgs {
    /// Name of the mesh; all if none is given
    pub mesh: Option<String>,
    #[command(flatten)]
    pub etcd: EtcdArgs,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.Block}} {{.Host}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct MeshReleaseArgs {
    /// Name of the mesh
    pub mesh: String,
    /// The host, whose containers are known to run no more
    // --host, which every verb takes, is where Docker listens.
    #[arg(id = "released_host", value_name = "HOST")]
    pub host: String,
    #[command(flatten)]
    pub etcd: EtcdArgs,
}

/// The kinds of tunnels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TunnelKind {
    /// RFC 8926
    Geneve,
    /// RFC 7348
    Vxlan,
}

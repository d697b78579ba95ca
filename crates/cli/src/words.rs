//! The verbs and their own words.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use model::filter::Filter;
use model::ids::{Mac, OfPort};
use model::plan::{LAST, Wanted};
use model::snapshot::Cidr;
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
    /// Tell whenever an interface appears, changes or vanishes, or a port is left behind
    Events(EventsArgs),
    /// Wait until a container has an OpenFlow port, and show it
    Wait(WaitArgs),
    /// Save everything there is to see, to be read again with --from
    Snapshot(SnapshotArgs),
    /// Keep looking, and answer programs and browsers: HTTP, events, metrics
    Serve(ServeArgs),
    /// Check what can be reached, and say what to do about the rest
    Doctor(DoctorArgs),
    /// Give a running container an interface, and the interface an OpenFlow port
    Connect(ConnectArgs),
    /// Take an interface from a container, and its port from the bridge
    Disconnect(DisconnectArgs),
    /// Make interfaces again that restarted containers lost, on the same OpenFlow ports
    Restore(RestoreArgs),
    /// Remove ports that containers left behind
    Prune(PruneArgs),
}

impl Verb {
    /// The roads to the switch that it takes, if it is one whose answer a daemon can give.
    pub fn roads(&self) -> Option<Vec<Via>> {
        let every = || vec![Via::Ovsdb, Via::OpenFlow, Via::Dpif];
        match self {
            Self::Port(PortArgs { via, .. })
            | Self::Ls(LsArgs { via, .. })
            | Self::Graph(GraphArgs { via, .. })
            | Self::Who(WhoArgs { via, .. }) => Some(vec![(*via).into()]),
            Self::Ports(args) => Some(vec![args.via.into(), Via::Dpif]),
            Self::Explain(args) => Some(args.via.map_or_else(every, |via| vec![via.into()])),
            Self::Snapshot(_) => Some(every()),
            _ => None,
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

/// `docker ovs events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// container=, bridge=, vlan=, status= or label=; may be repeated
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub filter: Vec<Filter>,
    /// Begin with what is there already
    #[arg(long)]
    pub initial: bool,
    /// json, csv, or a Go template such as '{{.Action}} {{.Container}} {{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    pub format: Format,
}

/// `docker ovs wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Name, id, or unambiguous beginning of the id; it need not be there yet
    pub container: String,
    /// Wait for a port of this bridge
    pub bridge: Option<String>,
    /// Print OpenFlow port numbers only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// table, csv, json, or a Go template such as '{{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
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
    /// Make the interfaces of a container again, on the same numbers, whenever it starts
    #[arg(long, value_name = "WHEN", default_value = "on", num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pub restore: Switch,
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

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is
    On,
    /// It is not
    Off,
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

/// `docker ovs connect`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The OVS bridge
    pub bridge: String,
    /// Name, id, or unambiguous beginning of the id
    pub container: String,
    /// Name of the interface in the container; the next free ethN if none is given
    #[arg(short, long, value_name = "NAME")]
    pub interface: Option<String>,
    /// OpenFlow port, or auto to take what OVS gives; a free one from 32768 on if none is given
    #[arg(long, value_name = "N", value_parser = ofport)]
    pub ofport: Option<Wanted>,
    /// Address with prefix length, such as 192.0.2.7/24; may be repeated
    #[arg(long, value_name = "CIDR")]
    pub ip: Vec<Cidr>,
    /// Gateway of a default route; may be repeated
    #[arg(long, value_name = "IP")]
    pub gateway: Vec<IpAddr>,
    /// Hardware address of the interface
    #[arg(long, value_name = "MAC", value_parser = mac)]
    pub mac: Option<Mac>,
    /// MTU in bytes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(68..=65535))]
    pub mtu: Option<u32>,
    /// Access VLAN
    #[arg(long, value_name = "TAG", value_parser = clap::value_parser!(u16).range(0..=4095))]
    pub vlan: Option<u16>,
    /// VLANs that it is a trunk for, such as 10,20
    #[arg(long, value_name = "TAGS", value_delimiter = ',', conflicts_with = "vlan", value_parser = clap::value_parser!(u16).range(0..=4095))]
    pub trunk: Vec<u16>,
    /// Name of the interface on the host, and of the port
    #[arg(long, value_name = "NAME")]
    pub host_interface: Option<String>,
    /// Show what would be done, and the row that would come of it
    #[arg(long)]
    pub dry_run: bool,
    /// Print the OpenFlow port number only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// table, csv, json, or a Go template such as '{{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `docker ovs disconnect`.
#[derive(Debug, Args)]
pub struct DisconnectArgs {
    /// The OVS bridge
    pub bridge: String,
    /// Name, id, or beginning of the id; the container may be gone
    pub container: String,
    /// Name of the interface in the container; may be left out where there is only one
    #[arg(short, long, value_name = "NAME")]
    pub interface: Option<String>,
    /// Also what neither docker-ovs nor ovs-docker made
    #[arg(short, long)]
    pub force: bool,
    /// Show what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// `docker ovs restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Name, id, or unambiguous beginning of the id
    #[arg(required_unless_present = "all")]
    pub container: Vec<String>,
    /// Those of all containers
    #[arg(short, long, conflicts_with = "container")]
    pub all: bool,
    /// Show what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// table, csv, json, or a Go template such as '{{.Container}} {{.Result}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `docker ovs prune`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct PruneArgs {
    /// Only on this bridge
    #[arg(long)]
    pub bridge: Option<String>,
    /// until=TIME: what was made before; 24h, 1h30m, or seconds since 1970
    #[arg(long, value_name = "until=TIME")]
    pub filter: Option<Until>,
    /// Also ports that others made and whose device is gone
    #[arg(short, long)]
    pub all: bool,
    /// Also ports of stopped containers
    #[arg(long)]
    pub stopped: bool,
    /// Show what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub force: bool,
    /// table, csv, json, or a Go template such as '{{.Bridge}} {{.Port}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `until=TIME`, as `docker network prune` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// So many seconds ago.
    Ago(u64),
    /// At this second since the Unix epoch.
    At(u64),
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "use until=TIME, such as until=24h or until=1700000000";
        let time = text.strip_prefix("until=").filter(|time| !time.is_empty()).ok_or(wrong)?;
        if let Ok(second) = time.parse() {
            return Ok(Self::At(second));
        }
        let (mut seconds, mut rest) = (0_u64, time);
        while !rest.is_empty() {
            let at = rest.find(|c: char| !c.is_ascii_digit()).ok_or(wrong)?;
            let number: u64 = rest[..at].parse().map_err(|_| wrong)?;
            let unit = match rest[at..].chars().next() {
                Some('h') => 3600,
                Some('m') => 60,
                Some('s') => 1,
                _ => return Err(wrong.to_owned()),
            };
            let more = number.checked_mul(unit).and_then(|more| seconds.checked_add(more));
            seconds = more.ok_or(wrong)?;
            rest = &rest[at + 1..];
        }
        Ok(Self::Ago(seconds))
    }
}

fn ofport(text: &str) -> Result<Wanted, String> {
    let number = text.parse().ok().filter(|n| (1..=LAST).contains(n));
    match (text, number) {
        ("auto", _) => Ok(Wanted::Auto),
        (_, Some(number)) => Ok(Wanted::Exactly(OfPort(number))),
        (_, None) => Err(format!("it takes 1 to {LAST}, or auto")),
    }
}

fn mac(text: &str) -> Result<Mac, String> {
    text.parse().map_err(|error: model::ids::NotAMac| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spans_or_moments() {
        assert_eq!("until=24h".parse(), Ok(Until::Ago(86_400)));
        assert_eq!("until=1h30m5s".parse(), Ok(Until::Ago(5405)));
        assert_eq!("until=1700000000".parse(), Ok(Until::At(1_700_000_000)));
        for bad in
            ["", "until=", "24h", "until=h", "until=1d", "until=-1h", "until=9999999999999999h"]
        {
            assert!(bad.parse::<Until>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_is_one_that_may_be_asked_for() {
        assert_eq!(ofport("auto"), Ok(Wanted::Auto));
        assert_eq!(ofport("65279"), Ok(Wanted::Exactly(OfPort(65279))));
        for bad in ["0", "65280", "LOCAL", "-1", ""] {
            assert!(ofport(bad).is_err(), "{bad}");
        }
    }
}

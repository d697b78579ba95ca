//! Verbs that tell what the switch does with packets.
#![allow(
    missing_docs,
    reason = "clap would tell a doc comment of a verb's options as what the verb does"
)]

use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use flowtext::Pattern;
use model::NamedInterface;
use report::Format;
use traffic::PacketKind;

// `docker ovs annotate`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct AnnotateArgs {
    /// The OVS bridge whose ports the numbers are; may be left out where there is only one
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// Put the container in the place of the port, not after it
    #[arg(long)]
    pub replace: bool,
    /// Also name the owners of MACs
    #[arg(long)]
    pub macs: bool,
    /// Also name the owners of IP addresses
    #[arg(long)]
    pub ips: bool,
    /// Regular expression whose first group, or the group called port, is an OpenFlow port; may be
    /// repeated
    #[arg(long, value_name = "REGEX")]
    pub pattern: Vec<Pattern>,
}

// `docker ovs flows`
#[derive(Debug, Args)]
pub struct FlowsArgs {
    /// The OVS bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: String,
    /// Only flows that can touch the ports, MACs or addresses of this container, or of its interface
    /// CONTAINER:INTERFACE
    #[arg(value_parser = super::operand::container)]
    pub container: Option<String>,
    /// Only this interface of it; the same as CONTAINER:INTERFACE
    #[arg(short, long, value_name = "NAME", requires = "container")]
    pub interface: Option<String>,
    /// Tell what changes, with packets and bytes a second
    #[arg(short, long)]
    pub watch: bool,
    /// Only flows that name a port that nothing is on, or that another interface has since
    #[arg(long, conflicts_with = "watch")]
    pub stale: bool,
    /// table, csv, json, or a Go template such as '{{.Table}} {{.Text}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

impl FlowsArgs {
    /// The container, and the interface of it that is named; none where all flows are asked for.
    pub fn words(&self) -> Option<NamedInterface<'_>> {
        let container = self.container.as_deref()?;
        Some(NamedInterface { container, interface: self.interface.as_deref() })
    }
}

// `docker ovs fdb`
#[derive(Debug, Args)]
pub struct FdbArgs {
    /// The OVS bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: String,
    /// Only addresses that came from elsewhere than their owner's port
    #[arg(long)]
    pub misplaced: bool,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.MAC}} {{.Owner}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

// `docker ovs trace`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct TraceArgs {
    /// Where the packet comes from: CONTAINER, CONTAINER:INTERFACE, an IP address, or BRIDGE:PORT
    #[arg(value_name = "SRC", value_parser = NonEmptyStringValueParser::new())]
    pub source: String,
    /// Where it is to go: the same
    #[arg(value_name = "DST", value_parser = NonEmptyStringValueParser::new())]
    pub destination: String,
    /// The first packet of a TCP connection to this port
    #[arg(long, value_name = "PORT", group = "packet")]
    pub tcp: Option<u16>,
    /// A UDP datagram to this port
    #[arg(long, value_name = "PORT", group = "packet")]
    pub udp: Option<u16>,
    /// An echo request, as ping sends it; this is usual
    #[arg(long, group = "packet")]
    pub icmp: bool,
    /// The question who has the address; of IPv6 a neighbour solicitation
    #[arg(long, group = "packet")]
    pub arp: bool,
    /// The packet as ovs-fields(7) writes it, such as 'tcp,nw_dst=192.0.2.7,tcp_dst=80'
    #[arg(long, value_name = "FLOW", group = "packet")]
    pub raw: Option<String>,
    /// Also the answer, from DST to SRC
    #[arg(long, conflicts_with = "raw")]
    pub both: bool,
    /// Also the packet, and what vswitchd says
    #[arg(short, long)]
    pub verbose: bool,
    /// table (a sentence), csv, json, or a Go template such as '{{.Outcome}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

impl TraceArgs {
    /// The kind of packet.
    pub fn kind(&self) -> PacketKind {
        match (self.tcp, self.udp, self.arp, &self.raw) {
            (Some(port), ..) => PacketKind::Tcp(port),
            (_, Some(port), ..) => PacketKind::Udp(port),
            (_, _, true, _) => PacketKind::Arp,
            (_, _, _, Some(words)) => PacketKind::Raw(words.clone()),
            _ => PacketKind::Icmp,
        }
    }
}

// `docker ovs top`
#[derive(Debug, Args)]
pub struct TopArgs {
    /// Only the ports of this OVS bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// Print rows instead of a live view
    #[arg(short, long)]
    pub batch: bool,
    /// So many times, with --batch; for ever if none is given
    #[arg(short = 'n', long, value_name = "N", requires = "batch")]
    pub iterations: Option<u64>,
    /// How long rates are measured: 1, 2.5s, 500ms
    #[arg(short, long, value_name = "TIME", default_value = "1", value_parser = delay)]
    pub delay: Duration,
    /// What comes first
    #[arg(long, value_name = "KEY", default_value = "traffic")]
    pub sort: SortKey,
    /// Print cells of a table as long as they are; with --batch
    #[arg(long, requires = "batch")]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.Who}} {{.RxBytesPerSecond}}'; with --batch
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    /// Bytes a second, both ways
    Traffic,
    /// Packets a second, both ways
    Packets,
    /// Packets dropped
    Drops,
    /// Errors
    Errors,
    /// Who is on it
    Name,
    /// Bridge and number
    Port,
}

impl SortKey {
    /// As it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Packets => "packets",
            Self::Drops => "drops",
            Self::Errors => "errors",
            Self::Name => "name",
            Self::Port => "port",
        }
    }
}

/// No bridge is asked more than ten times a second.
fn delay(text: &str) -> Result<Duration, String> {
    let delay = super::sources::duration(text)?;
    // Zero, which is for ever where something is waited for.
    if delay < Duration::from_millis(100) || delay == super::sources::FOREVER {
        return Err("at least 100ms".to_owned());
    }
    Ok(delay)
}

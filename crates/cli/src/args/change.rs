//! Verbs that change something.
#![allow(
    missing_docs,
    reason = "clap would tell a doc comment of a verb's options as what the verb does"
)]

use std::net::IpAddr;
use std::str::FromStr;
use std::time::UNIX_EPOCH;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use humantime::{parse_duration, parse_rfc3339_weak};
use model::ids::{Mac, OfPort};
use model::plan::{LAST, OfPortChoice, VlanMode};
use model::snapshot::Cidr;
use model::vlan_range::VlanRange;
use report::Format;

// `docker ovs connect`
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The OVS bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: String,
    /// Name, id, or unambiguous beginning of the id
    #[arg(value_parser = super::operand::connectable)]
    pub container: String,
    /// Name of the interface in the container; the next free ethN if none is given
    #[arg(short, long, value_name = "NAME")]
    pub interface: Option<String>,
    /// OpenFlow port, or auto to take what OVS gives; a free one from 32768 on if none is given
    #[arg(long, value_name = "N", value_parser = ofport)]
    pub ofport: Option<OfPortChoice>,
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
    /// Access VLAN, or native VLAN of a trunk
    #[arg(long, value_name = "TAG", value_parser = clap::value_parser!(u16).range(0..=4095))]
    pub vlan: Option<u16>,
    /// VLANs that it is a trunk for, such as 10-20,30; with --vlan, that one is its native VLAN
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    pub trunk: Vec<VlanRange>,
    /// access, trunk, native-tagged or native-untagged; what follows from the two if none is given
    #[arg(long, value_name = "MODE")]
    pub vlan_mode: Option<VlanMode>,
    /// Name of the interface on the host, and of the port
    #[arg(long, value_name = "NAME")]
    pub host_interface: Option<String>,
    /// Show what would be done, and the row that would come of it
    #[arg(long)]
    pub dry_run: bool,
    /// Print the OpenFlow port number only
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
    /// table, csv, json, or a Go template such as '{{.OFPort}}'
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

// `docker ovs disconnect`
#[derive(Debug, Args)]
pub struct DisconnectArgs {
    /// The OVS bridge
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub bridge: String,
    /// Name, id, or beginning of the id; the container may be gone
    #[arg(value_parser = super::operand::connectable)]
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

// `docker ovs restore`
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Name, id, or unambiguous beginning of the id
    #[arg(required_unless_present = "all", value_parser = super::operand::connectable)]
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

// `docker ovs prune`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct PruneArgs {
    /// Only on this bridge
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub bridge: Option<String>,
    /// until=TIME: what was made before; 24h, 1h30m, 2026-01-31T12:00:00 (UTC), or seconds since 1970
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
    /// Print cells of a table as long as they are
    #[arg(long)]
    pub no_trunc: bool,
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
        let wrong =
            "use until=TIME, such as until=24h, until=2026-01-31T12:00:00 or until=1700000000";
        let time = text.strip_prefix("until=").filter(|time| !time.is_empty()).ok_or(wrong)?;
        let second = || time.parse().ok().map(Self::At);
        let span = || parse_duration(time).ok().map(|span| Self::Ago(span.as_secs()));
        second().or_else(span).or_else(|| moment(time).map(Self::At)).ok_or(wrong.to_owned())
    }
}

/// A date, or a date and a time (RFC 3339), of UTC whether it says so or not; in seconds since the
/// Unix epoch.
fn moment(text: &str) -> Option<u64> {
    let midnight = || parse_rfc3339_weak(&format!("{text}T00:00:00")).ok();
    let moment = parse_rfc3339_weak(text).ok().or_else(midnight)?;
    moment.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

fn ofport(text: &str) -> Result<OfPortChoice, String> {
    let number = text.parse().ok().filter(|n| (1..=LAST).contains(n));
    match (text, number) {
        ("auto", _) => Ok(OfPortChoice::Auto),
        (_, Some(number)) => Ok(OfPortChoice::Exactly(OfPort(number))),
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
        for moment in
            ["1700000000", "2023-11-14T22:13:20", "2023-11-14 22:13:20", "2023-11-14T22:13:20Z"]
        {
            assert_eq!(format!("until={moment}").parse(), Ok(Until::At(1_700_000_000)), "{moment}");
        }
        assert_eq!("until=1970-01-02".parse(), Ok(Until::At(86_400)));
        for bad in ["", "until=", "24h", "until=h", "until=-1h", "until=9999999999999999h"] {
            assert!(bad.parse::<Until>().is_err(), "{bad}");
        }
        assert!("until=2026-13-01".parse::<Until>().is_err());
    }

    #[test]
    fn a_number_is_one_that_may_be_asked_for() {
        assert_eq!(ofport("auto"), Ok(OfPortChoice::Auto));
        assert_eq!(ofport("65279"), Ok(OfPortChoice::Exactly(OfPort(65279))));
        for bad in ["0", "65280", "LOCAL", "-1", ""] {
            assert!(ofport(bad).is_err(), "{bad}");
        }
    }
}

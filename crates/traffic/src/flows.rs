//! Flows, told of containers: the ports they name, whose packets they touch, and which are stale.

use std::time::Duration;

use flowtext::{Action, Actual, Flow, covers, field};
use model::Wiring;
use model::ids::OfPort;
use model::port_record::PortRecord;
use model::wiring::{Attachment, Occupant, SwitchPort};

/// As much of a port's name as OpenFlow tells, in bytes (`OFP_MAX_PORT_NAME_LEN` less the NUL).
const ON_WIRE: usize = 15;

/// The fields that have an Ethernet destination (ovs-fields(7)).
const MAC_DST: [&str; 2] = ["dl_dst", "eth_dst"];
/// Those that have an IP destination, or the address that is asked for.
const IP_DST: [&str; 6] = ["nw_dst", "ip_dst", "ipv6_dst", "arp_tpa", "nd_target", "ct_nw_dst"];
/// Those that have an Ethernet source.
const MAC_SRC: [&str; 3] = ["dl_src", "eth_src", "arp_sha"];
/// Those that have an IP source.
const IP_SRC: [&str; 4] = ["nw_src", "ip_src", "ipv6_src", "arp_spa"];

/// Where a flow names a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortIn {
    /// In its match: what comes in by it.
    Match,
    /// In its actions: what is sent to it.
    Actions,
}

/// A port that a flow names.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPort<'a> {
    /// Where.
    pub place: PortIn,
    /// As the flow writes it.
    pub written: String,
    /// Its number, where it is one.
    pub number: Option<OfPort>,
    /// The port, where there is one.
    pub port: Option<&'a SwitchPort>,
}

/// The ports that a flow of `bridge` names, each once for each place.
pub fn named_ports<'a>(
    wiring: &'a Wiring,
    bridge: &str,
    flow: &Flow<'_>,
    actions: &[Action],
) -> Vec<NamedPort<'a>> {
    let fields = flow.fields();
    let matched = ["in_port", "in_port_oxm", "actset_output"]
        .into_iter()
        .filter_map(|name| field(&fields, name));
    let matched = matched.map(|port| (PortIn::Match, port.to_owned()));
    let done =
        actions.iter().flat_map(Action::ports).map(|port| (PortIn::Actions, port.to_owned()));
    let mut all: Vec<NamedPort<'a>> = Vec::new();
    for (place, written) in matched.chain(done) {
        if all.iter().any(|one| one.place == place && one.written == written) {
            continue;
        }
        let number = number(&written);
        let mut on_bridge = wiring.ports.iter().filter(|row| *row.bridge == *bridge);
        let port = match number {
            Some(number) => on_bridge.find(|row| row.port.ofport.assigned() == Some(number)),
            None => on_bridge.find(|row| is_named(row, &written)),
        };
        all.push(NamedPort { place, written, number, port });
    }
    all
}

/// Whether a port's name is this one, or begins with as much of it as OpenFlow tells.
fn is_named(row: &SwitchPort, written: &str) -> bool {
    let name = &*row.port.iface;
    *name == *written || (written.len() == ON_WIRE && name.starts_with(written))
}

fn number(written: &str) -> Option<OfPort> {
    match written.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok().map(OfPort),
        None if written == "LOCAL" => Some(OfPort::LOCAL),
        None => written.parse().ok().map(OfPort),
    }
}

/// Why a flow concerns an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// It may match what the interface sends.
    From,
    /// It names the interface's MAC or address as a destination.
    To,
    /// It sends to the interface's port.
    Output,
}

/// Whether a flow can touch the port, the MAC or the addresses of an interface: it sends to the port,
/// names the destination, or may match what comes from it.
pub fn touches(flow: &Flow<'_>, actions: &[Action], found: &Attachment) -> Option<Touched> {
    let port = found.port.ofport()?;
    let fields = flow.fields();
    let is_port = |written: &str| {
        number(written) == Some(port) || found.port.port().is_some_and(|at| *at.iface == *written)
    };
    if actions.iter().flat_map(Action::ports).any(is_port) {
        return Some(Touched::Output);
    }
    let passes = |names: &[&str], actual: &[Actual]| -> Option<bool> {
        let value = names.iter().find_map(|name| field(&fields, name))?;
        Some(actual.iter().any(|actual| covers(value, actual).unwrap_or(false)))
    };
    let macs: Vec<_> = found.link.mac.map(|mac| Actual::Mac(mac.0)).into_iter().collect();
    let ips: Vec<_> = found.link.addresses.iter().map(|address| Actual::Ip(address.ip)).collect();
    let to = [passes(&MAC_DST, &macs), passes(&IP_DST, &ips)];
    if to.contains(&Some(true)) && !to.contains(&Some(false)) {
        return Some(Touched::To);
    }
    let by_port = field(&fields, "in_port").map(is_port);
    let from = [by_port, passes(&MAC_SRC, &macs), passes(&IP_SRC, &ips)];
    (!from.contains(&Some(false))).then_some(Touched::From)
}

/// Why a flow is stale: it names a port that has no interface any more, or another one than when the
/// flow was made. `now` is in seconds since the Unix epoch. What is unknown is not stale.
pub fn stale(flow: &Flow<'_>, named: &[NamedPort<'_>], now: u64) -> Option<String> {
    named.iter().find_map(|one| {
        let Some(row) = one.port else {
            return Some(format!("no port is {}", one.written));
        };
        match &row.occupant {
            Occupant::Orphaned { last: Some(last) } => {
                Some(format!("port {} was {last}, whose link is gone", one.written))
            }
            Occupant::Orphaned { last: None } => {
                Some(format!("the link of port {} is gone", one.written))
            }
            Occupant::Plugged { .. } => younger(flow, row, now).map(|age| {
                format!(
                    "port {} is {} only for {}; the flow is older",
                    one.written,
                    row.occupant,
                    words(age)
                )
            }),
            _ => None,
        }
    })
}

/// How long a port has been there, where it was made after the flow. Its record tells; of a port
/// without one it is not known. The record counts whole seconds, as a flow's duration does.
fn younger(flow: &Flow<'_>, row: &SwitchPort, now: u64) -> Option<Duration> {
    let made = PortRecord::of(&row.port)?.created?;
    let age = Duration::from_secs(now.checked_sub(made)?);
    (flow.duration? > age + Duration::from_secs(2)).then_some(age)
}

fn words(age: Duration) -> String {
    let seconds = age.as_secs();
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}

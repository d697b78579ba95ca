//! Flows, told of containers: the ports they name, whose packets they touch, and which are stale.

use std::time::Duration;

use flowtext::{Action, Actual, Flow, covers, field, is_reserved, may_write};
use model::endpoint_record::EndpointRecord;
use model::ids::{Ifindex, Name, OfPort};
use model::port_record::PortRecord;
use model::snapshot::{Link, Namespace, Snapshot};
use model::wiring::{Attachment, Occupant, SwitchPort};
use model::{Look, Wiring, numbers, openflow_name};

use crate::flow_parts::FlowParts;
use crate::port_word::PortWord;
use crate::rewritten::Rewritten;

/// The fields that have an Ethernet destination (ovs-fields(7)).
const MAC_DST: [&str; 4] = ["dl_dst", "eth_dst", "arp_tha", "nd_tll"];
/// Those that have an IP destination, or the address that is asked for.
const IP_DST: [&str; 7] =
    ["nw_dst", "ip_dst", "ipv6_dst", "arp_tpa", "nd_target", "ct_nw_dst", "ct_ipv6_dst"];
/// Those that have an Ethernet source.
const MAC_SRC: [&str; 4] = ["dl_src", "eth_src", "arp_sha", "nd_sll"];
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
    /// Whether it is sure that there is none: all ports are known.
    pub is_missing: bool,
}

/// The ports that a flow of `bridge` names, each once for each place.
pub fn named_ports<'a>(
    wiring: &'a Wiring,
    bridge: &str,
    flow: &FlowParts<'_>,
) -> Vec<NamedPort<'a>> {
    let fields = flow.fields();
    let matched = ["in_port", "in_port_oxm", "actset_output"]
        .into_iter()
        .filter_map(|name| field(fields, name));
    let matched = matched.map(|port| (PortIn::Match, port.to_owned()));
    let done = flow
        .actions()
        .iter()
        .flat_map(Action::ports)
        .map(|port| (PortIn::Actions, port.to_owned()));
    let mut all: Vec<NamedPort<'a>> = Vec::new();
    for (place, written) in matched.chain(done).filter(|(_, written)| may_be_port(written)) {
        if all.iter().any(|one| one.place == place && one.written == written) {
            continue;
        }
        let number = PortWord::of_openflow(&written).ofport();
        let mut on_bridge = wiring.ports.iter().filter(|row| *row.bridge == *bridge);
        let port =
            on_bridge.find(|row| is_written(&written, row.port.ofport.assigned(), &row.port.iface));
        let is_missing = port.is_none() && !wiring.unseen.ports;
        all.push(NamedPort { place, written, number, port, is_missing });
    }
    all
}

/// Whether a port is written so: by number, or by name, whole or as much of it as OpenFlow tells.
fn is_written(written: &str, ofport: Option<OfPort>, name: &Name) -> bool {
    match PortWord::of_openflow(written) {
        PortWord::Name(word) => {
            *word == **name || openflow_name(name).is_some_and(|cut| cut == word)
        }
        number @ PortWord::Number(_) => ofport.is_some() && number.ofport() == ofport,
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

/// Whether a word of a flow can be a port that comes and goes: a number that ports are given, or a name. 0 and
/// those from 0xff00 on mean something else, and so do some words (ovs-fields(7), `in_port`).
fn may_be_port(written: &str) -> bool {
    const FIRST_RESERVED: u16 = 0xff00;
    match PortWord::of_openflow(written) {
        number @ PortWord::Number(_) => number.ofport().is_some_and(|number| {
            number == OfPort::LOCAL || (1..FIRST_RESERVED).contains(&number.0)
        }),
        PortWord::Name(_) => !is_reserved(written) && !written.starts_with("0x"),
    }
}

/// An interface, and which packets may pass it: those from and to every address of its network namespace, whichever
/// link has that, and what the namespace forwards.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSubject {
    found: Attachment,
    macs: Vec<Actual>,
    ips: Vec<Actual>,
    /// Whether it may send what came from elsewhere, whose IP source is any.
    forwards: bool,
    /// Whether it may send frames from elsewhere, whose Ethernet source is any.
    bridges: bool,
    /// What rules make of where its packets come from.
    rewritten: Rewritten,
}

impl FlowSubject {
    /// The interface `found` of `snapshot`.
    pub fn new(snapshot: &Snapshot, found: &Attachment) -> Self {
        let space = snapshot.namespace(found.netns);
        let links = || space.into_iter().flat_map(|space| &space.links).chain([&found.link]);
        let macs = links().filter_map(|link| link.mac).filter(|mac| mac.identifies());
        let ips = links().flat_map(|link| &link.addresses).map(|address| address.ip);
        // Linux sends nothing from those, and takes nothing to them.
        let ips = ips.filter(|ip| !ip.is_loopback());
        Self {
            macs: macs.map(|mac| Actual::Mac(mac.0)).collect(),
            ips: ips.map(Actual::Ip).collect(),
            forwards: space.is_none_or(|space| may_forward(space, &found.link)),
            bridges: is_bridged(space, &found.link),
            found: found.clone(),
            rewritten: Rewritten::default(),
        }
    }

    /// Whether it is on the same ports as another one, with the same addresses, and passes the same on: whatever its
    /// namespace and its links are.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let at = |one: &Self| -> Vec<_> {
            let ports = one.found.ports().iter();
            ports.map(|port| (port.bridge.clone(), port.iface.clone(), port.ofport)).collect()
        };
        let same = |one: &[Actual], other: &[Actual]| {
            one.iter().all(|actual| other.contains(actual))
                && other.iter().all(|actual| one.contains(actual))
        };
        at(self) == at(other)
            && same(&self.macs, &other.macs)
            && same(&self.ips, &other.ips)
            && (self.forwards, self.bridges) == (other.forwards, other.bridges)
    }

    /// Where it is: `web:eth0 is on port 3 (veth1) of br0, with 02:42:ac:11:00:03 and 10.0.0.3`; its MAC and addresses
    /// alone, up to eight, not those of other links.
    pub(crate) fn place(&self) -> String {
        const TOLD: usize = 8;
        let ports = self.found.ports().iter();
        let ports = ports.map(|at| format!("port {} ({}) of {}", at.ofport, at.iface, at.bridge));
        let link = &self.found.link;
        let addresses = link.addresses.iter().map(|address| address.ip.to_string());
        let with: Vec<_> =
            link.mac.iter().map(ToString::to_string).chain(addresses).take(TOLD).collect();
        let with = match &*with {
            [] => String::new(),
            [one] => format!(", with {one}"),
            [most @ .., last] => format!(", with {} and {last}", most.join(", ")),
        };
        let ports = ports.collect::<Vec<_>>().join(" and ");
        format!("{} is on {ports}{with}", self.found.label())
    }

    /// The same interface, with what the flows of its bridge make of where its packets come from, one after the other.
    pub fn follow(&mut self, flows: &[FlowParts<'_>]) {
        let flows: Vec<_> = flows.iter().filter(|flow| flow.may_rewrite()).collect();
        self.rewritten = Rewritten::default();
        loop {
            let mut next = self.rewritten.clone();
            for parts in &flows {
                let table = parts.flow.table;
                if self.may_meet(table, parts.fields()) {
                    next.add(table, parts.actions());
                }
            }
            if next == self.rewritten {
                return;
            }
            self.rewritten = next;
        }
    }

    /// Whether a packet that it sends may match these fields of a flow, by where it comes from.
    fn may_meet(&self, table: u8, fields: &[(String, Option<String>)]) -> bool {
        match field(fields, "in_port") {
            // Whatever it says it is, it came from there.
            Some(written) if self.is_port(written) => true,
            Some(written) => {
                self.rewritten.is_met_in(table)
                    && self.rewritten.has_port(written)
                    && self.may_send(table, fields)
            }
            None => self.may_send(table, fields),
        }
    }

    /// Whether its port is written so, or one of several.
    fn is_port(&self, written: &str) -> bool {
        let mut ports = self.found.port.ports().iter();
        ports.any(|at| is_written(written, at.ofport.assigned(), &at.iface))
    }

    /// Whether packets that it sends may have the source of these fields in a table.
    fn may_send(&self, table: u8, fields: &[(String, Option<String>)]) -> bool {
        // Who has no address yet sends from none.
        let none = [Actual::Ip([0; 4].into()), Actual::Ip([0; 16].into())];
        let no_writes = Rewritten::default();
        let written = if self.rewritten.is_met_in(table) { &self.rewritten } else { &no_writes };
        let ips = [&self.ips[..], &none, &written.ips].concat();
        let macs = [&self.macs[..], &written.macs].concat();
        let is_other =
            |names: &[&str], own: &[Actual]| coverage(fields, names, own).contains(&Coverage::None);
        (self.bridges || written.is_any_mac || !is_other(&MAC_SRC, &macs))
            && (self.forwards || written.is_any_ip || !is_other(&IP_SRC, &ips))
    }
}

/// Whether a namespace may send by `link` what came in by another one. Where its links were not read that is not
/// known, and so it may.
fn may_forward(space: &Namespace, link: &Link) -> bool {
    // In every namespace (include/net/flow.h of the kernel).
    const LOOPBACK: Ifindex = Ifindex(1);
    let is_other = |other: &Link| other.up && ![LOOPBACK, link.ifindex].contains(&other.ifindex);
    !space.is_read() || space.links.iter().any(|other| is_other(other))
}

/// Whether a link sends the frames of others: it is enslaved to a bridge, or to what is not known. Those of a bond
/// have the bond's own source.
pub(crate) fn is_bridged(space: Option<&Namespace>, link: &Link) -> bool {
    const OWN_SOURCE: [&str; 3] = ["bond", "team", "vrf"];
    let Some(master) = link.master else { return false };
    let links = space.into_iter().flat_map(|space| &space.links);
    let master = { links }.find(|other| other.ifindex == master);
    let kind = master.and_then(|master| master.kind.as_deref());
    !kind.is_some_and(|kind| OWN_SOURCE.contains(&kind))
}

/// Whether a flow can touch the port of an interface, or one of several, or a MAC or address of its namespace: it sends to the port,
/// to a group, to all or where addresses tell, names the destination, or may match what comes from it.
pub fn touches(parts: &FlowParts<'_>, subject: &FlowSubject) -> Option<Touched> {
    let (fields, actions) = (parts.fields(), parts.actions());
    let is_port = |written: &str| subject.is_port(written);
    if actions.iter().any(to_many) || actions.iter().flat_map(Action::ports).any(is_port) {
        return Some(Touched::Output);
    }
    let to = [coverage(fields, &MAC_DST, &subject.macs), coverage(fields, &IP_DST, &subject.ips)]
        .concat();
    let is_named = to.contains(&Coverage::Exact);
    let is_covered = to.contains(&Coverage::Masked) && !to.contains(&Coverage::None);
    let mut own = subject.macs.iter().chain(&subject.ips);
    if is_named || is_covered || own.any(|own| may_write(actions, own)) {
        return Some(Touched::To);
    }
    subject.may_meet(parts.flow.table, fields).then_some(Touched::From)
}

/// How the values of those fields that a match has fit an interface.
fn coverage(fields: &[(String, Option<String>)], names: &[&str], own: &[Actual]) -> Vec<Coverage> {
    let values = names.iter().filter_map(|name| field(fields, name));
    values.map(|value| Coverage::of(value, own)).collect()
}

/// How a field of a match fits an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coverage {
    /// It names just this one.
    Exact,
    /// By its mask, this one and others.
    Masked,
    /// It names others.
    None,
}

impl Coverage {
    fn of(value: &str, actual: &[Actual]) -> Self {
        let passes = actual.iter().any(|actual| covers(value, actual).unwrap_or(false));
        match passes {
            true if value.contains('/') => Self::Masked,
            true => Self::Exact,
            false => Self::None,
        }
    }
}

/// Whether an action sends to ports that it does not name: a group's, all, the one where the switch learnt the
/// destination, or the one whose number a field of the packet has.
fn to_many(action: &Action) -> bool {
    let by_field = action.name == "output" && action.port.is_none();
    let kinds = ["group", "flood", "all", "normal"];
    by_field
        || kinds.iter().any(|kind| action.name.eq_ignore_ascii_case(kind))
        || action.actions.iter().any(to_many)
}

/// Why a flow is stale: it names a port that has no interface any more, or another one than when the
/// flow was made. `now` is when the flow's duration was told, in seconds since the Unix epoch; where that is
/// not known nothing is told of ages. What is unknown is not stale.
pub fn stale(
    look: &Look,
    flow: &Flow<'_>,
    named: &[NamedPort<'_>],
    now: Option<u64>,
) -> Option<String> {
    named.iter().find_map(|one| {
        let Some(row) = one.port else {
            return one.is_missing.then(|| format!("no port is {}", one.written));
        };
        match &row.occupant {
            Occupant::Orphaned { last: Some(last) } => {
                Some(format!("port {} was {last}, whose link is gone", one.written))
            }
            Occupant::Orphaned { last: None } => {
                Some(format!("the link of port {} is gone", one.written))
            }
            Occupant::Plugged { .. } => younger(look, flow, row, now?).map(|age| {
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

/// How long a port has been whose it is, where that began after the flow. Its record tells; of a port
/// without one it is not known. The record counts whole seconds, as a flow's duration does.
fn younger(look: &Look, flow: &Flow<'_>, row: &SwitchPort, now: u64) -> Option<Duration> {
    let record = PortRecord::of(&row.port).and_then(|record| record.has_number_since());
    let made = record.or_else(|| taken_over(look, row))?;
    let age = Duration::from_secs(now.checked_sub(made)?);
    (flow.duration? > age + Duration::from_secs(2)).then_some(age)
}

/// Since when a port that a network driver made has the number of another container. It is made anew whenever its
/// own container starts, and then it has the number that flows name.
fn taken_over(look: &Look, row: &SwitchPort) -> Option<u64> {
    let name = EndpointRecord::of(&row.port)?.name?;
    let bridge = look.snapshot.bridges().find(|bridge| bridge.name == row.bridge)?;
    numbers::taken_over(bridge, row.port.ofport.assigned()?, &name)
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

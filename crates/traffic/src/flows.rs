//! Flows, told of containers: the ports that they name, and which are stale.

use std::time::Duration;

use flowtext::{Action, Flow, field, is_reserved};
use model::endpoint_record::EndpointRecord;
use model::ids::{Name, OfPort};
use model::port_record::PortRecord;
use model::wiring::{Occupant, SwitchPort};
use model::{Look, Wiring, numbers, openflow_name};

use crate::flow_parts::FlowParts;
use crate::port_word::PortWord;

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
pub(crate) fn is_written(written: &str, ofport: Option<OfPort>, name: &Name) -> bool {
    match PortWord::of_openflow(written) {
        PortWord::Name(word) => {
            *word == **name || openflow_name(name).is_some_and(|cut| cut == word)
        }
        number @ PortWord::Number(_) => ofport.is_some() && number.ofport() == ofport,
    }
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

//! Whose packets a flow touches: an interface, what it may send, and what is for it.

use flowtext::{Action, Actual, covers, field, may_write};
use model::ids::Ifindex;
use model::snapshot::{Link, Namespace, Snapshot};
use model::wiring::Attachment;

use crate::flow_parts::FlowParts;
use crate::flows::is_written;
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

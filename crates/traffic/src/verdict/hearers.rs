//! Who gets a question for a MAC, by where its copies arrive.

use std::net::IpAddr;
use std::sync::Arc;

use flowtext::{Output, Trace};
use model::Look;
use model::snapshot::{Link, Namespace};
use model::wiring::{Attachment, Occupant, PortRef, SwitchPort};

use super::Judged;
use super::port_output::{is_port, port_of, same_datapath};
use super::way::PacketPath;
use crate::beneath::Beneath;
use crate::end::End;
use crate::flow_subject::is_bridged;
use crate::host_links::{is_internal, links_of_host};
use crate::packet::{Packet, PacketKind};
use crate::port_word::PortWord;

/// Who has the address that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The link that gets the question.
    Link,
    /// Another link of its namespace.
    Namespace,
    /// Neither.
    Neither,
}

/// A link that gets a question for a MAC.
#[derive(Clone, Debug)]
pub struct Hearer {
    /// The link.
    pub end: End,
    /// Who has the address there.
    pub holder: Holder,
    /// Whether it is the one that was thought of.
    pub is_asked: bool,
    /// Whether it gets the question for certain.
    pub is_sure: bool,
}

/// All that get a question for a MAC.
#[derive(Clone, Debug, Default)]
pub struct Hearers {
    /// Links that are known; none of the sender's own namespace, which asks.
    pub links: Vec<Hearer>,
    /// Whether others may get it, of which nothing is known: what is outside of this host, or behind a bridge.
    pub has_unseen: bool,
    /// Whether it leaves by a port of neither end, or with other tags than the one takes that was thought of: a look at
    /// the two ends alone does not know who is there. The sender's bridge itself is told apart.
    pub goes_beside: bool,
    /// What is known of those that get it by the LOCAL port of the sender's bridge, where that is neither end.
    pub by_local: ByLocal,
}

/// What is known of those that get a copy by the LOCAL port of the sender's bridge: the kernel of the switch's namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ByLocal {
    /// No copy goes there.
    #[default]
    Nothing,
    /// They are among the links, in a look at the whole host.
    Known,
    /// More may be there.
    Unseen,
}

impl ByLocal {
    fn add(&mut self, has_unseen: bool) {
        let told = if has_unseen { Self::Unseen } else { Self::Known };
        *self = told.max(*self);
    }
}

/// Who gets the question `packet` of `from` for the MAC that `next` is thought to have, for `target`.
pub fn hearers(
    look: &Look,
    packet: &Packet,
    (from, next): (&End, &End),
    target: IpAddr,
    trace: &Trace,
) -> Hearers {
    let way = PacketPath::of(packet, trace);
    let has_unseen = way.controller || !way.untold.is_empty();
    let mut all = Hearers { has_unseen, ..Hearers::default() };
    for output in &way.outputs {
        let is_at = |end: &End| {
            let port = end.port.as_ref();
            port.is_some_and(|port| is_port(output, port) && same_datapath(look, from, port))
        };
        let is_next = is_at(next);
        let tags = output.header.vlans.iter().map(|tag| tag.vid).filter(|vid| *vid != 0);
        let is_known = is_at(from) || (is_next && tags.eq(next.tags.iter().copied()));
        let is_local = !is_known && !is_next && is_local(look, from, output);
        all.goes_beside |= !is_known && !is_local;
        let row = port_of(look, from, output);
        let Found { mut ends, has_unseen } = match row {
            Some(row) => on_port(look, row),
            None => Found { ends: Vec::new(), has_unseen: !is_next },
        };
        if is_local {
            all.by_local.add(has_unseen);
        } else {
            all.has_unseen |= has_unseen;
        }
        if is_next {
            ends.retain(|end| !is_same(end, next));
            ends.push(next.clone());
        }
        // A namespace answers none of its own questions, unless it is asked through two of its links.
        let is_another = |end: &End| end.netns.is_none() || end.netns != from.netns;
        for end in ends.into_iter().filter(|end| is_another(end) || is_same(end, next)) {
            let kind = &PacketKind::Arp;
            let judged = Judged { look, kind, packet, from, to: &end, trace, way: &way };
            let refusal = judged.refusal(output);
            if refusal.as_ref().is_some_and(|why| why.certain) {
                continue;
            }
            let is_sure = refusal.is_none() && end.doubts.is_empty();
            let is_asked = is_same(&end, next);
            all.add(Hearer { holder: holder(&end, target, is_asked), end, is_asked, is_sure });
        }
    }
    all
}

impl Hearers {
    fn add(&mut self, hearer: Hearer) {
        match self.links.iter_mut().find(|known| is_same(&known.end, &hearer.end)) {
            Some(known) => known.is_sure |= hearer.is_sure,
            None => self.links.push(hearer),
        }
    }
}

fn is_same(one: &End, other: &End) -> bool {
    let link = |end: &End| end.link.as_ref().map(|link| link.ifindex);
    let port = |end: &End| end.port.as_ref().map(|at| (at.bridge.clone(), at.port.iface.clone()));
    match (link(one), link(other)) {
        (Some(near), Some(far)) => near == far && one.netns == other.netns,
        _ => port(one).is_some() && port(one) == port(other),
    }
}

/// By ARP Linux answers for every address of the namespace (`arp_ignore`, ip-sysctl), by neighbour discovery for those of
/// the link that gets the question, unless they are tentative.
fn holder(end: &End, target: IpAddr, is_asked: bool) -> Holder {
    let on_link = |link: &Arc<Link>| link.local_addresses().any(|ip| ip == target);
    let is_told = || end.addresses.iter().any(|address| address.ip == target);
    let is_of_link = end.link.as_ref().map_or_else(is_told, on_link);
    if end.tentative.contains(&target) && !is_asked {
        Holder::Neither
    } else if is_of_link {
        Holder::Link
    } else if target.is_ipv4() && (end.local.contains(&target) || (is_asked && is_told())) {
        Holder::Namespace
    } else {
        Holder::Neither
    }
}

/// What is on a port.
#[derive(Default)]
struct Found {
    ends: Vec<End>,
    /// Whether more may be there.
    has_unseen: bool,
}

fn on_port(look: &Look, row: &SwitchPort) -> Found {
    let is_it = |at: &PortRef| at.bridge == row.bridge && at.iface == row.port.iface;
    let attachments = look.wiring.attachments.iter();
    let mut found = Found::default();
    let mut is_moved = false;
    for one in attachments.filter(|one| one.ports().iter().any(is_it)) {
        // An internal port whose link was moved ends where that is.
        is_moved |= one.candidates.is_empty() && !one.link.has_parent() && is_internal(row);
        // What is enslaved hands all it gets to its master, which is on the port too if that does not bridge.
        if is_bridged(look.snapshot.namespace(one.netns), &one.link) {
            found.has_unseen = true;
        } else if !is_member(look, one) {
            let mut end = End::of_attachment(look, one);
            if !one.candidates.is_empty() {
                end.doubts.push(format!("{} may be on another port", end.called));
            }
            found.ends.push(end);
        }
    }
    match &row.occupant {
        Occupant::Orphaned { .. } => {}
        Occupant::Plugged { .. } if !is_internal(row) => {}
        Occupant::Plugged { .. } | Occupant::Local | Occupant::Host { .. } => {
            match links_of_host(look, row) {
                Some((home, links)) => found.add_host(look, row, (home, &links)),
                None => found.has_unseen |= !is_moved,
            }
        }
        Occupant::Patch { .. } | Occupant::Tunnel { .. } | Occupant::Unknown { .. } => {
            found.has_unseen = true;
        }
    }
    found
}

impl Found {
    /// The link of the host that gets what is sent to `row`, and whatever stands on it: a VLAN link gets what bears its
    /// tag, a macvlan or an ipvlan what is for all.
    fn add_host(
        &mut self,
        look: &Look,
        row: &SwitchPort,
        (home, links): (&Namespace, &[&Arc<Link>]),
    ) {
        for (at, one) in links.iter().enumerate() {
            // A tap hands all that it gets to a program, and a master takes what its members get.
            let goes_on = matches!(one.kind.as_deref(), Some("macvtap" | "ipvtap" | "macsec"));
            if goes_on || one.master.is_some() {
                self.has_unseen = true;
                continue;
            }
            let bare = End::bare(look, row);
            let Beneath { tags, down, doubts } = Beneath::new(look, home, one, row);
            let is_down = (!one.up).then(|| format!("{} is down", one.name));
            let broken = bare.broken.clone().or(is_down).or(down);
            let called = if at == 0 { bare.called.clone() } else { one.name.to_string() };
            let (mac, addresses) = (one.mac, one.addresses.clone());
            let link = Some(Arc::clone(one));
            let doubts = bare.doubts.iter().cloned().chain(doubts).collect();
            self.ends.push(End { called, link, mac, addresses, tags, doubts, broken, ..bare });
        }
    }
}

/// Whether a copy leaves by the LOCAL port of the sender's bridge, which is called as the bridge is.
fn is_local(look: &Look, from: &End, output: &Output) -> bool {
    let Some(bridge) = from.bridge() else { return false };
    let word = PortWord::of_datapath(&output.port);
    let rows = look.snapshot.bridges().filter(|row| row.name == *bridge);
    let mut local = rows.flat_map(|row| &row.ports).filter(|port| port.iface == *bridge);
    matches!(&word, PortWord::Name(name) if *name == **bridge)
        || local.any(|port| word.is_datapath(port))
}

/// Whether it is a member of a bond, whose packets come in by that. What is in a VRF gets its own.
fn is_member(look: &Look, found: &Attachment) -> bool {
    let Some(master) = found.link.master else { return false };
    let links = look.snapshot.namespace(found.netns).into_iter().flat_map(|space| &space.links);
    let master = { links }.find(|other| other.ifindex == master);
    master.is_none_or(|master| master.kind.as_deref() != Some("vrf"))
}

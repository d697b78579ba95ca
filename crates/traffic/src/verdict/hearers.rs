//! Who gets a question for a MAC, by where its copies arrive, and whether the kernel there answers it.

use std::net::IpAddr;
use std::sync::Arc;

use flowtext::Trace;
use model::ids::Ifindex;
use model::route::AnswerSettings;
use model::snapshot::Link;
use model::wiring::{Attachment, Occupant, PortRef, SwitchPort};
use model::{Look, PortLinks};

use super::Judged;
use super::port_output::{is_port, port_of, same_datapath};
use super::way::PacketPath;
use crate::end::End;
use crate::flows::is_bridged;
use crate::packet::{Packet, PacketKind};

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
    /// the two ends alone does not know who is there.
    pub goes_beside: bool,
}

/// Whether a kernel answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// It does not.
    No,
    /// It may.
    May,
    /// It does.
    Surely,
    /// It may for all that is known, as anything may that is not seen.
    Unknown,
}

impl Hearer {
    /// Whether its kernel, which is set so, answers a question of `asker` for `target`; `out_by` tells by which link it
    /// sends to an address, from another one if that is told (`arp_process` of net/ipv4/arp.c, `ndisc_recv_ns` of
    /// net/ipv6/ndisc.c).
    pub fn answering(
        &self,
        settings: Option<AnswerSettings>,
        (asker, target): (Option<IpAddr>, IpAddr),
        out_by: impl Fn(IpAddr, Option<IpAddr>) -> Option<Ifindex>,
    ) -> Answering {
        let surely = if self.is_sure { Answering::Surely } else { Answering::May };
        let own = self.end.link.as_ref().map(|link| link.ifindex);
        let is_by_arp = target.is_ipv4();
        let Some(settings) = settings else {
            return if self.holder == Holder::Neither { Answering::Unknown } else { surely };
        };
        if self.holder == Holder::Neither {
            return for_others(settings, is_by_arp, own, || out_by(target, None));
        }
        // Neighbour discovery has none of these settings.
        if !is_by_arp {
            return surely;
        }
        let is_near = |asker: IpAddr| {
            let links = self.end.link.iter().flat_map(|link| &link.addresses);
            { links }.any(|address| address.ip == target && address.holds(asker))
        };
        let is_of_link = self.holder == Holder::Link;
        let is_ignored = match settings.arp_ignore {
            1 => !is_of_link,
            2 => !is_of_link || !asker.is_none_or(is_near),
            8 => true,
            _ => false,
        };
        if is_ignored {
            return Answering::No;
        }
        if let Some(asker) = asker.filter(|_| settings.by_route) {
            match out_by(asker, Some(target)) {
                back if back.is_some() && back == own => {}
                // What a kernel does with packets of the one that was named is not told by these.
                Some(_) if !self.is_asked => return Answering::No,
                _ => return Answering::May,
            }
        }
        // Which scope an address has is not known.
        if settings.arp_ignore == 3 && !is_of_link { Answering::May } else { surely }
    }
}

/// Whether a kernel answers for an address that it has not, which it sends to by the link that is `routed`. An entry of
/// `ip neighbour add proxy`, which discovery needs besides, is not looked for.
fn for_others(
    settings: AnswerSettings,
    is_by_arp: bool,
    own: Option<Ifindex>,
    routed: impl Fn() -> Option<Ifindex>,
) -> Answering {
    let AnswerSettings { proxies_between, proxies_within, .. } = settings;
    if !proxies_between && !proxies_within {
        return Answering::No;
    }
    match routed().filter(|_| is_by_arp) {
        None => Answering::Unknown,
        Some(link) if Some(link) == own && proxies_within => Answering::May,
        Some(link) if Some(link) != own && proxies_between => Answering::May,
        Some(_) => Answering::No,
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
    let mut all = Hearers { has_unseen: way.controller, ..Hearers::default() };
    for output in &way.outputs {
        let is_at = |end: &End| {
            let port = end.port.as_ref();
            port.is_some_and(|port| is_port(output, port) && same_datapath(look, from, port))
        };
        let is_next = is_at(next);
        let tags = output.header.vlans.iter().map(|tag| tag.vid).filter(|vid| *vid != 0);
        let is_known = is_at(from) || (is_next && tags.eq(next.tags.iter().copied()));
        all.goes_beside |= !is_known;
        let row = port_of(look, from, output);
        let Found { mut ends, has_unseen } = match row {
            Some(row) => on_port(look, row),
            None => Found { ends: Vec::new(), has_unseen: !is_next },
        };
        all.has_unseen |= has_unseen;
        if is_next {
            ends.retain(|end| !is_same(end, next));
            ends.push(next.clone());
        }
        for end in ends.into_iter().filter(|end| end.netns.is_none() || end.netns != from.netns) {
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
    for one in attachments.filter(|one| one.ports().iter().any(is_it)) {
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
            match kernel_behind(look, row) {
                Some(end) => found.ends.push(end),
                None => found.has_unseen = true,
            }
        }
        Occupant::Patch { .. } | Occupant::Tunnel { .. } | Occupant::Unknown { .. } => {
            found.has_unseen = true;
        }
    }
    found
}

/// Whether it is a member of a bond, whose packets come in by that. What is in a VRF gets its own.
fn is_member(look: &Look, found: &Attachment) -> bool {
    let Some(master) = found.link.master else { return false };
    let links = look.snapshot.namespace(found.netns).into_iter().flat_map(|space| &space.links);
    let master = { links }.find(|other| other.ifindex == master);
    master.is_none_or(|master| master.kind.as_deref() != Some("vrf"))
}

fn is_internal(row: &SwitchPort) -> bool {
    matches!(row.occupant, Occupant::Local) || row.port.kind == "internal"
}

/// The link of the host that gets what is sent to a port of it: that of the port itself, or the other end of a pair.
/// None where it goes on from there, or it is not known where it goes.
fn kernel_behind(look: &Look, row: &SwitchPort) -> Option<End> {
    let home = look.snapshot.switch_namespace()?;
    let own = PortLinks::new(&look.snapshot).of(row)?;
    let link = if is_internal(row) {
        own
    } else {
        let peer = own.peer.filter(|peer| own.is_paired() && peer.nsid.is_none())?;
        home.links.iter().find(|link| link.ifindex == peer.ifindex)?
    };
    if link.master.is_some() {
        return None;
    }
    let bare = End::bare(look, row);
    let down = || format!("{} is down", link.name);
    let broken = bare.broken.clone().or_else(|| (!link.up).then(down));
    let (mac, addresses) = (link.mac, link.addresses.clone());
    Some(End { link: Some(Arc::clone(link)), mac, addresses, broken, ..bare })
}

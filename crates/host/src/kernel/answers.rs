//! How the kernel of a namespace answers questions for MACs, of its own addresses and of others'.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use model::Snapshot;
use model::ids::NetnsId;
use model::route::{AnswerSettings, KeptBy, Route, RouteQuestion};
use model::snapshot::Link;
use netns::{Error, RouteSocket};

use super::routes::route;
use super::rows::{self as links, id};
use super::uses::upper_elsewhere;
use crate::Host;

/// A link that gets questions for MACs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskedLink<'a> {
    /// Its network namespace.
    pub netns: NetnsId,
    /// Its name there.
    pub name: &'a str,
    /// Whether a link of its namespace has the address that is asked for: otherwise only what it answers for others, and
    /// by a route of type `local`, matters.
    pub has_address: bool,
}

impl Host {
    /// How kernels answer questions for the MAC of `target` that they get by these links, each in a namespace of
    /// `snapshot`; one for each, in the order given, and none where that cannot be read. Each namespace is entered once,
    /// all by one thread.
    pub fn answer_settings(
        &self,
        snapshot: &Snapshot,
        links: &[AskedLink<'_>],
        target: IpAddr,
    ) -> Vec<Option<AnswerSettings>> {
        let ids: BTreeSet<_> = links.iter().map(|link| link.netns).collect();
        let opened = ids.into_iter().filter_map(|id| Some((id, self.namespace_of(snapshot, id)?)));
        let opened: Vec<_> = opened.collect();
        let spaces: Vec<_> = opened.iter().map(|(_, space)| space).collect();
        // /proc/sys/net is that of the thread's namespace.
        let told = netns::visit(&spaces, |at, socket| {
            let here = opened.get(at).map(|(id, _)| *id);
            let there = links.iter().filter(|link| Some(link.netns) == here);
            Ok(there.map(|link| (*link, settings(socket, link, target))).collect::<Vec<_>>())
        });
        let told: BTreeMap<_, _> = told.into_iter().flat_map(Result::unwrap_or_default).collect();
        links.iter().map(|link| told.get(link).copied().flatten()).collect()
    }

    /// Whether no kernel answers a question for the MAC of `target` that leaves by `name`, the LOCAL port of a bridge: its
    /// link in the switch's namespace is down; or that namespace has not the address, is not set to answer for it there,
    /// and nothing stands on the link, in whatever namespace. False where any of that cannot be read.
    pub fn is_silent(&self, snapshot: &Snapshot, name: &str, target: IpAddr) -> bool {
        let space = snapshot.switch_netns.and_then(|netns| self.namespace_of(snapshot, netns));
        let Some(space) = space else { return false };
        let read = netns::visit(&[&space], |_, socket| by_link(socket, name, target));
        match read.into_iter().next() {
            Some(Ok(ByLink::Down)) => true,
            Some(Ok(ByLink::Alone(index))) => {
                let known = BTreeSet::from([id(&space)]);
                matches!(upper_elsewhere(&space, &BTreeSet::from([index]), &known), Ok(None))
            }
            Some(Ok(ByLink::MayAnswer) | Err(_)) | None => false,
        }
    }
}

/// What becomes of a question that leaves by a link of the switch's namespace.
enum ByLink {
    /// Nothing takes it.
    Down,
    /// The link of this index gets it, does not answer, and nothing else in its namespace gets it.
    Alone(u32),
    /// There may be an answer.
    MayAnswer,
}

fn by_link(socket: &RouteSocket, name: &str, target: IpAddr) -> Result<ByLink, Error> {
    let made_by_the_switch = |link: &netns::Link| {
        // In the userspace datapath it is a tap.
        matches!(link.kind.as_deref(), Some("openvswitch" | "tun"))
    };
    let Some(link) = socket.link_named(name)?.filter(made_by_the_switch) else {
        return Ok(ByLink::MayAnswer);
    };
    if !link.up {
        return Ok(ByLink::Down);
    }
    let asked = RouteQuestion { to: target, from: None, by: None, transport: None };
    if link.master.is_some() || route(socket, &asked)? == Route::Local {
        return Ok(ByLink::MayAnswer);
    }
    let is_mute = |told: AnswerSettings| !told.proxies_between && !told.proxies_within;
    if !proxies(&link.name, target.is_ipv4()).is_some_and(is_mute) {
        return Ok(ByLink::MayAnswer);
    }
    for kind in Link::KINDS_WITH_PARENT {
        let mut uppers = socket.links_of_kind(kind)?.into_iter().map(links::row);
        let is_beneath = |upper: &Link| upper.peer.is_some_and(|one| one.ifindex.0 == link.ifindex);
        if uppers.any(|upper| is_beneath(&upper)) {
            return Ok(ByLink::MayAnswer);
        }
    }
    Ok(ByLink::Alone(link.ifindex))
}

/// The settings of a link of this thread's namespace; none where they cannot be read. What does not forward answers for
/// itself alone (`arp_process` of net/ipv4/arp.c, `ndisc_recv_ns` of net/ipv6/ndisc.c).
fn settings(socket: &RouteSocket, link: &AskedLink<'_>, target: IpAddr) -> Option<AnswerSettings> {
    let by_ipv4 = target.is_ipv4();
    let proxies = proxies(link.name, by_ipv4)?;
    if !by_ipv4 {
        return Some(proxies);
    }
    // By ARP a kernel answers for all that its routes say is its own, by neighbour discovery for addresses of the link.
    let kept_by = if link.has_address {
        KeptBy::Address
    } else if is_local(socket, target)? {
        KeptBy::Route
    } else {
        return Some(proxies);
    };
    let most = |setting: &str| most(folder(by_ipv4), link.name, setting);
    Some(AnswerSettings {
        arp_ignore: most("arp_ignore")?,
        by_route: most("arp_filter")? != 0 || most("rp_filter")? == 1,
        kept_by,
        ..proxies
    })
}

/// Whether this thread's namespace keeps what is for an address; none where that cannot be told.
fn is_local(socket: &RouteSocket, target: IpAddr) -> Option<bool> {
    let asked = RouteQuestion { to: target, from: None, by: None, transport: None };
    Some(route(socket, &asked).ok()? == Route::Local)
}

/// For what else than its own addresses it answers. Of what does not forward nothing else is read.
fn proxies(link: &str, by_ipv4: bool) -> Option<AnswerSettings> {
    let folder = folder(by_ipv4);
    if number(folder, link, "forwarding")? == 0 {
        return Some(AnswerSettings::default());
    }
    let is_set = |setting: &str| Some(most(folder, link, setting)? != 0);
    let [between, within] =
        if by_ipv4 { ["proxy_arp", "proxy_arp_pvlan"] } else { ["proxy_ndp", "proxy_ndp"] };
    let proxies_between = is_set(between)?;
    let proxies_within = is_set(within)?;
    Some(AnswerSettings { proxies_between, proxies_within, ..AnswerSettings::default() })
}

fn folder(by_ipv4: bool) -> &'static Path {
    Path::new(if by_ipv4 { "/proc/sys/net/ipv4/conf" } else { "/proc/sys/net/ipv6/conf" })
}

/// A setting that is that of the link or of all, whichever is more, as most are.
fn most(folder: &Path, link: &str, setting: &str) -> Option<u8> {
    Some(number(folder, link, setting)?.max(number(folder, "all", setting)?))
}

fn number(folder: &Path, of: &str, setting: &str) -> Option<u8> {
    files::read_text(&folder.join(of).join(setting)).ok()?.trim().parse().ok()
}

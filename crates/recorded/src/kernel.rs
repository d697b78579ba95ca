//! The kernel's part of a recording: links by namespace, and whether these are all there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::ids::{Name, NetnsId, Nsid};
use model::snapshot::{Link, Namespace, Observed};

use crate::absence::{missing, partial};
use crate::gather::{Gathered, LinksText, named};
use crate::links::{is_whole, links, named_namespaces, parts};

/// Device numbers of namespaces that a recording does not tell: nsfs has none of them.
const MADE_UP: u64 = u64::MAX - 1;
/// The kinds of links whose MAC may follow from those of their members, and change with them: a bridge's own link is an
/// internal port of the kernel's datapath, and of the userspace datapath a TAP device.
const FOLLOWING: [&str; 5] = ["bond", "bridge", "openvswitch", "team", "tun"];
/// The index of lo, which each namespace has.
const LO: u32 = 1;
/// The namespace that the host's own links are in.
pub(crate) const OF_THE_HOST: NetnsId = NetnsId { dev: MADE_UP, ino: 1 };

/// What was recorded of the kernel.
pub(crate) struct Kernel {
    /// The namespaces, the host's first.
    pub(crate) namespaces: Vec<Namespace>,
    /// Which texts are of other namespaces than their names tell, and are left out.
    pub(crate) left_out: Vec<String>,
}

/// The namespaces that were recorded.
pub(crate) fn kernel(gathered: &Gathered) -> Kernel {
    let texts = || gathered.links.iter().chain(gathered.namespaces.values().flatten());
    let linked: BTreeSet<String> = texts().flat_map(|own| named_namespaces(&own.text)).collect();
    let all: BTreeSet<_> =
        gathered.namespaces.keys().chain(gathered.nsids.keys()).chain(&linked).collect();
    let known: BTreeMap<&String, NumberedNetns> =
        all.into_iter().zip((2..).map(NumberedNetns::numbered)).collect();
    let own = |name: &String| gathered.nsids.get(name).copied().flatten();
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    let nsid = |name: &String| own(name).or_else(|| Some(known.get(name)?.nsid));
    let host = merged(&gathered.links, nsid, &mut left_out);
    if !host.is_empty() {
        let nsids = known.iter().filter_map(|(name, known)| Some((nsid(name)?, known.id)));
        all.push(Namespace { nsids: nsids.collect(), ..namespace(OF_THE_HOST, host) });
    }
    for (name, texts) in &gathered.namespaces {
        let Some(this) = known.get(name) else { continue };
        let linked: BTreeSet<String> =
            texts.iter().flat_map(|own| named_namespaces(&own.text)).collect();
        let nsids = linked.iter().filter_map(|name| known.get(name)).map(|to| (to.nsid, to.id));
        let links = merged(texts, |name| Some(known.get(name)?.nsid), &mut left_out);
        let names = vec![name.clone()];
        all.push(Namespace { names, nsids: nsids.collect(), ..namespace(this.id, links) });
    }
    Kernel { namespaces: all, left_out }
}

/// A namespace with a name, and what a namespace calls it whose own number for it is not told.
struct NumberedNetns {
    id: NetnsId,
    nsid: Nsid,
}

impl NumberedNetns {
    fn numbered(number: u32) -> Self {
        /// Above all that a kernel gives by itself.
        const FIRST: u32 = 1 << 24;
        let id = NetnsId { dev: MADE_UP, ino: u64::from(number) };
        Self { id, nsid: Nsid(i32::try_from(FIRST + number).unwrap_or(i32::MAX)) }
    }
}

fn namespace(id: NetnsId, links: Vec<Arc<Link>>) -> Namespace {
    Namespace { links, ..Namespace::empty(id, Vec::new()) }
}

/// The links that several texts tell of, each with what any of them tells. What cannot be of one namespace with those
/// before is left out, and told in `left_out`.
fn merged(
    texts: &[LinksText],
    nsid: impl Fn(&String) -> Option<Nsid>,
    left_out: &mut Vec<String>,
) -> Vec<Arc<Link>> {
    let mut all = Merged::default();
    let mut first = None;
    for own in texts {
        for part in parts(&own.text) {
            let rows = links(part, &nsid);
            // Of one family alone, as `ip -6 address`, only the links are told that have such an address, and none
            // with its MAC.
            let tells_all = |link: &Arc<Link>| link.mac.is_some() || link.addresses.is_empty();
            let has_all = is_whole(part) && rows.iter().any(tells_all);
            if let Some(why) = all.contradiction(&rows, has_all) {
                let called = named(&own.called, "a text of links");
                let other = first.filter(|first| *first != own.called);
                let other = other.map_or("what stands before it", |first| named(first, "another"));
                left_out.push(format!(
                    "{called}: it is left out from where it tells of another namespace than {other}: {why}"
                ));
                break;
            }
            all.has_all |= has_all;
            for link in rows {
                all.take(link);
            }
        }
        first = first.or(Some(own.called.as_str()));
    }
    all.links.into_values().map(Arc::new).collect()
}

/// What texts of one namespace tell of its links.
#[derive(Default)]
struct Merged {
    /// By index.
    links: BTreeMap<u32, Link>,
    /// Their indexes by name.
    indexes: BTreeMap<Name, u32>,
    /// Whether one of the texts has all links of a moment.
    has_all: bool,
}

impl Merged {
    fn take(&mut self, link: Arc<Link>) {
        let link = Arc::unwrap_or_clone(link);
        self.indexes.insert(link.name.clone(), link.ifindex.0);
        match self.links.get_mut(&link.ifindex.0) {
            Some(known) => fill(known, link),
            None => drop(self.links.insert(link.ifindex.0, link)),
        }
    }

    /// Why these are links of another namespace; `has_all` is whether they are all there. Links may come and go
    /// between two commands; they keep index, name and address.
    fn contradiction(&self, rows: &[Arc<Link>], has_all: bool) -> Option<String> {
        let mut own = Self::default();
        for link in rows {
            if let Some(why) = self.otherwise(link).or_else(|| own.otherwise(link)) {
                return Some(why);
            }
            own.take(Arc::clone(link));
        }
        let others = || rows.iter().filter(|link| link.ifindex.0 != LO);
        let has_others = self.links.keys().any(|index| *index != LO) && others().next().is_some();
        let has_none = !others().any(|link| self.links.contains_key(&link.ifindex.0));
        let is_other = self.has_all && has_all && has_others && has_none;
        is_other.then(|| "it has none of those links but lo".to_owned())
    }

    /// In what this link is another than one that is known.
    fn otherwise(&self, link: &Link) -> Option<String> {
        let (index, name) = (link.ifindex.0, &link.name);
        if let Some(other) = self.indexes.get(name).filter(|other| **other != index) {
            return Some(format!("its {name} is link {index}, and not {other}"));
        }
        let known = self.links.get(&index)?;
        let follows =
            |link: &Link| link.kind.as_deref().is_some_and(|kind| FOLLOWING.contains(&kind));
        let end = |link: &Link| link.peer.map(|peer| peer.ifindex);
        if known.name != *name {
            let other = &known.name;
            Some(format!("its link {index} is {name}, and not {other}"))
        } else if !follows(known) && !follows(link) && differ(known.mac, link.mac) {
            Some(format!("its link {index}, {name}, has another MAC"))
        } else if differ(end(known), end(link)) {
            Some(format!("its link {index}, {name}, has another peer"))
        } else {
            None
        }
    }
}

/// Whether both are told, and are not the same.
fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

fn fill(known: &mut Link, other: Link) {
    known.kind = known.kind.take().or(other.kind);
    known.peer = known.peer.or(other.peer);
    known.master = known.master.or(other.master);
    known.vlan = known.vlan.or(other.vlan);
    known.alias = known.alias.take().or(other.alias);
    for address in other.addresses {
        if !known.addresses.contains(&address) {
            known.addresses.push(address);
        }
    }
}

/// The kernel's links, as far as texts have them all.
pub(crate) fn links_of(kernel: Kernel, gathered: &Gathered) -> Observed<Namespace> {
    const WHAT: &str = "the kernel's links";
    let Kernel { namespaces, left_out } = kernel;
    if namespaces.is_empty() {
        return Observed::Absent { why: missing(WHAT) };
    }
    let rows = namespaces.into();
    match left_out.into_iter().next().or_else(|| links_missing(gathered)) {
        None => Observed::Fresh { rows },
        Some(why) => Observed::Partial { rows, why: partial(WHAT, why) },
    }
}

/// Why there may be more links or namespaces than these texts tell of.
fn links_missing(gathered: &Gathered) -> Option<String> {
    if gathered.links.is_empty() {
        return Some("the recording has nothing of the host's own links".to_owned());
    }
    let is_part = |texts: &[LinksText]| !texts.iter().any(|own| is_whole(&own.text));
    let of = |whose: &str| {
        let why = "no text begins with its first link, lo: they may tell of some links only";
        format!("of {whose}, {why}")
    };
    if is_part(&gathered.links) {
        return Some(of("the host"));
    }
    if let Some((name, _)) = gathered.namespaces.iter().find(|(_, texts)| is_part(texts)) {
        return Some(of(&format!("the namespace {name}")));
    }
    let unread = gathered.nsids.keys().find(|name| !gathered.namespaces.contains_key(*name));
    unread.map(|name| format!("the recording has nothing of the links in the namespace {name}"))
}

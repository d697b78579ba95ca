//! The kernel's part of a recording: links by namespace, and whether these are all there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::ids::{NetnsId, Nsid};
use model::snapshot::{Link, Namespace, Observed};

use crate::assemble::{missing, partial};
use crate::gather::Gathered;
use crate::links::{is_whole, links, named_namespaces};

/// Device numbers of namespaces that a recording does not tell: nsfs has none of them.
const MADE_UP: u64 = u64::MAX - 1;
/// The namespace that the host's own links are in.
pub(crate) const OF_THE_HOST: NetnsId = NetnsId { dev: MADE_UP, ino: 1 };

/// The namespaces that were recorded, the host's first.
pub(crate) fn kernel(gathered: &Gathered) -> Vec<Namespace> {
    let texts = || gathered.links.iter().chain(gathered.namespaces.values().flatten());
    let linked: BTreeSet<String> = texts().flat_map(|text| named_namespaces(text)).collect();
    let all: BTreeSet<_> =
        gathered.namespaces.keys().chain(gathered.nsids.keys()).chain(&linked).collect();
    let known: BTreeMap<&String, NumberedNetns> =
        all.into_iter().zip((2..).map(NumberedNetns::numbered)).collect();
    let own = |name: &String| gathered.nsids.get(name).copied().flatten();
    let mut all = Vec::new();
    let nsid = |name: &String| own(name).or_else(|| Some(known.get(name)?.nsid));
    let host = merged(&gathered.links, nsid);
    if !host.is_empty() {
        let nsids = known.iter().filter_map(|(name, known)| Some((nsid(name)?, known.id)));
        all.push(Namespace { nsids: nsids.collect(), ..namespace(OF_THE_HOST, host) });
    }
    for (name, texts) in &gathered.namespaces {
        let Some(this) = known.get(name) else { continue };
        let linked: BTreeSet<String> =
            texts.iter().flat_map(|text| named_namespaces(text)).collect();
        let nsids = linked.iter().filter_map(|name| known.get(name)).map(|to| (to.nsid, to.id));
        let links = merged(texts, |name| Some(known.get(name)?.nsid));
        let names = vec![name.clone()];
        all.push(Namespace { names, nsids: nsids.collect(), ..namespace(this.id, links) });
    }
    all
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

/// The links that several texts tell of, each with what any of them tells.
fn merged(texts: &[String], nsid: impl Fn(&String) -> Option<Nsid>) -> Vec<Arc<Link>> {
    let mut all: BTreeMap<u32, Link> = BTreeMap::new();
    for link in texts.iter().flat_map(|text| links(text, &nsid)) {
        let link = Arc::unwrap_or_clone(link);
        match all.get_mut(&link.ifindex.0) {
            Some(known) if known.name == link.name => fill(known, link),
            Some(_) => {}
            None => drop(all.insert(link.ifindex.0, link)),
        }
    }
    all.into_values().map(Arc::new).collect()
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
pub(crate) fn links_of(kernel: Vec<Namespace>, gathered: &Gathered) -> Observed<Namespace> {
    const WHAT: &str = "the kernel's links";
    if kernel.is_empty() {
        return Observed::Absent { why: missing(WHAT) };
    }
    let rows = kernel.into();
    match links_missing(gathered) {
        None => Observed::Fresh { rows },
        Some(why) => Observed::Partial { rows, why: partial(WHAT, why) },
    }
}

/// Why there may be more links or namespaces than these texts tell of.
fn links_missing(gathered: &Gathered) -> Option<String> {
    if gathered.links.is_empty() {
        return Some("the recording has nothing of the host's own links".to_owned());
    }
    let is_part = |texts: &[String]| !texts.iter().any(|text| is_whole(text));
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

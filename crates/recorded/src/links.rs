//! What ip(8) prints of links and addresses: `ip -d link`, `ip -d address`, `ip netns`.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::ids::{Ifindex, Nsid, name};
use model::snapshot::{Cidr, Link, Peer};

/// Whether it is a text of `ip link` or `ip address`.
pub(crate) fn is_links(text: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| head(line).is_some())
}

/// `5: veth0@if4: <BROADCAST,UP> mtu 1500 …`: index, name, what stands behind `@`, and the rest.
fn head(line: &str) -> Option<(u32, &str, Option<&str>, &str)> {
    let (index, rest) = line.split_once(": ")?;
    let (called, rest) = rest.split_once(": <")?;
    let index = index.parse().ok()?;
    let (called, other) = match called.split_once('@') {
        Some((called, other)) => (called, Some(other)),
        None => (called, None),
    };
    let is_name = !called.is_empty() && !called.contains(char::is_whitespace);
    is_name.then_some((index, called, other, rest))
}

/// Whether it tells of all links of a namespace: of each the first is `lo`, which a text of some links seldom has.
pub(crate) fn is_whole(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).and_then(head);
    first.is_some_and(|(index, called, ..)| (index, called) == (1, "lo"))
}

/// A text in parts that each tell of all links, where it has several: of several commands, or of several namespaces.
pub(crate) fn parts(text: &str) -> Vec<&str> {
    let offset = |line: &str| line.as_ptr() as usize - text.as_ptr() as usize;
    let firsts = text.lines().filter(|line| is_whole(line)).map(offset);
    let begins =
        firsts.filter(|at| text.get(..*at).is_some_and(|before| !before.trim().is_empty()));
    let begins: Vec<_> = std::iter::once(0).chain(begins).collect();
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    begins.iter().zip(ends).filter_map(|(begin, end)| text.get(*begin..end)).collect()
}

/// The namespaces that other ends are in, by name, as iproute2 6 tells where it knows one.
pub(crate) fn named_namespaces(text: &str) -> impl Iterator<Item = String> {
    let details = text.lines().filter(|line| line.trim_start().starts_with("link/"));
    details.filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        after(&words, "link-netns").map(str::to_owned)
    })
}

/// The links of one namespace, which calls others as `nsid` tells.
pub(crate) fn links(text: &str, nsid: impl Fn(&String) -> Option<Nsid>) -> Vec<Arc<Link>> {
    let mut all: Vec<(Link, Relations)> = Vec::new();
    for line in text.lines() {
        if let Some((index, called, other, rest)) = head(line) {
            all.push(begin(index, called, other, rest));
        } else if let Some((link, relations)) = all.last_mut() {
            detail(line.trim(), link, relations, &nsid);
        }
    }
    let indexes: BTreeMap<String, Ifindex> =
        all.iter().map(|(link, _)| (link.name.to_string(), link.ifindex)).collect();
    let done = all.into_iter().map(|(mut link, relations)| {
        link.master = relations.master.and_then(|name| indexes.get(&name).copied());
        link.peer = relations.peer.and_then(|peer| {
            let other = peer.strip_prefix("if").and_then(|index| index.parse().ok()).map(Ifindex);
            let ifindex = indexes.get(&peer).copied().or(other)?;
            // Where its namespace is not told, the other end may be here or anywhere.
            let here = indexes.contains_key(&peer);
            (here || relations.nsid.is_some()).then_some(Peer { ifindex, nsid: relations.nsid })
        });
        Arc::new(link)
    });
    done.collect()
}

/// What a link is to others, by their names.
#[derive(Debug, Default)]
struct Relations {
    master: Option<String>,
    peer: Option<String>,
    nsid: Option<Nsid>,
}

fn begin(index: u32, called: &str, other: Option<&str>, rest: &str) -> (Link, Relations) {
    let (flags, rest) = rest.split_once('>').unwrap_or((rest, ""));
    let words: Vec<_> = rest.split_whitespace().collect();
    let after = |word: &str| after(&words, word);
    let link = Link {
        ifindex: Ifindex(index),
        name: name(called),
        mtu: after("mtu").and_then(|mtu| mtu.parse().ok()).unwrap_or_default(),
        up: flags.split(',').any(|flag| flag == "UP"),
        no_arp: flags.split(',').any(|flag| flag == "NOARP"),
        ..Link::default()
    };
    let master = after("master").map(str::to_owned);
    let peer = other.filter(|other| *other != "NONE").map(str::to_owned);
    (link, Relations { master, peer, nsid: None })
}

fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    let at = words.iter().position(|one| *one == word)?;
    words.get(at + 1).copied()
}

/// The kinds that matter, as `ip -d link` begins the line that tells of one.
const KINDS: [&str; 22] = [
    "bareudp",
    "bond",
    "bridge",
    "dummy",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "ifb",
    "ipvlan",
    "ipvtap",
    "macvlan",
    "macvtap",
    "netkit",
    "openvswitch",
    "team",
    "tun",
    "veth",
    "vlan",
    "vrf",
    "vxlan",
    "wireguard",
];

fn detail(
    text: &str,
    link: &mut Link,
    relations: &mut Relations,
    named: impl Fn(&String) -> Option<Nsid>,
) {
    let words: Vec<_> = text.split_whitespace().collect();
    let Some(first) = words.first().copied() else { return };
    if let Some(kind) = first.strip_prefix("link/") {
        link.ethernet = kind == "ether";
        link.mac = words.get(1).and_then(|mac| mac.parse().ok()).filter(|_| link.ethernet);
        let number = after(&words, "link-netnsid").and_then(|id| id.parse().ok()).map(Nsid);
        let by_name = || named(&after(&words, "link-netns")?.to_owned());
        relations.nsid = number.or_else(by_name);
        return;
    }
    match first {
        "alias" => link.alias = text.strip_prefix("alias ").map(str::to_owned),
        "altname" => link.altnames.extend(words.get(1).map(|word| name(word))),
        "inet" | "inet6" => {
            let address = words.get(1).and_then(|address| address.parse::<Cidr>().ok());
            link.addresses.extend(address);
            let has = |flag: &str| words.contains(&flag);
            if has("dadfailed") || (has("tentative") && !has("optimistic")) {
                link.tentative.extend(address.map(|address| address.ip));
            }
        }
        _ if link.kind.is_none() && KINDS.contains(&first) => {
            link.kind = Some(first.to_owned());
            if first == "vlan" {
                link.vlan = after(&words, "id").and_then(|id| id.parse().ok());
                link.vlan_protocol = after(&words, "protocol").and_then(ethertype);
            }
            if first == "bridge" {
                link.vlan_filtering = after(&words, "vlan_filtering").map(|told| told != "0");
            }
        }
        _ => {}
    }
}

/// The EtherType of a VLAN link's tags.
fn ethertype(told: &str) -> Option<u16> {
    match told {
        "802.1Q" => Some(0x8100),
        "802.1ad" => Some(0x88a8),
        _ => None,
    }
}

/// What a namespace calls others, by `ip netns`: `web (id: 3)`; and the names without an id.
pub(crate) fn namespaces(text: &str) -> BTreeMap<String, Option<Nsid>> {
    let named = |line: &str| {
        let (called, rest) = line.split_once(" (id: ").unwrap_or((line, ""));
        let id = rest.strip_suffix(')').and_then(|id| id.parse().ok()).map(Nsid);
        let called = called.trim();
        (!called.is_empty() && !called.contains(' ')).then(|| (called.to_owned(), id))
    };
    text.lines().filter_map(named).collect()
}

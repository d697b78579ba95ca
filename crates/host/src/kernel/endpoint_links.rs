//! Which link an endpoint's port is, by identity: a link keeps its alias when it is renamed, is given
//! another name beside its own, or goes to another namespace, and a link that takes its name has no such
//! alias.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use model::SourceError;
use model::endpoint_record::{EndpointRecord, alias_beginning};
use model::port_record::ALIAS;
use model::switch::Port;
use netns::{Error, Link, Netns, RouteSocket};

use super::between::others_than;
use super::rows::id;
use crate::failure;

/// The index that the loopback link has in each namespace, see [`super::rows`].
const LOOPBACK: u32 = 1;

/// What is known of an endpoint's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointLink {
    /// The switch's namespace has it.
    Here {
        /// Whether its making came to its end: it is given its alias last.
        is_finished: bool,
        /// Whether its other end is in the same namespace, so in no container.
        other_end_is_here: bool,
    },
    /// No link is it.
    Gone,
    /// It may be there, and why that cannot be told, or where it is.
    Unknown(String),
}

/// The links of the switch's namespace, read once; those of others where they are asked about.
pub(crate) struct EndpointLinks {
    here: Vec<Link>,
    elsewhere: OnceLock<Result<BTreeSet<String>, String>>,
}

impl EndpointLinks {
    /// Reads those of the socket's namespace.
    pub(super) fn read(socket: &RouteSocket) -> Result<Self, SourceError> {
        let failed = |error: Error| {
            failure::of_chain(
                "the links of the switch's namespace".to_owned(),
                &error,
                "run as root",
            )
        };
        let here = socket.links().map_err(failed)?;
        if here.iter().all(|link| link.ifindex != LOOPBACK) {
            return Err(failed(Error::Malformed(
                "it has no loopback link, and each namespace has one",
            )));
        }
        Ok(Self { here, elsewhere: OnceLock::new() })
    }

    /// The link of this port; `switch` is the namespace that was read.
    pub(crate) fn of(&self, port: &Port, switch: &Netns) -> EndpointLink {
        let Some(record) = EndpointRecord::made_for(port) else {
            return EndpointLink::Unknown("it is no endpoint's port".to_owned());
        };
        let alias = alias_beginning(&record.network, &record.endpoint);
        found(&self.here, port, &alias, || {
            let aliases = self.elsewhere.get_or_init(|| aliases_elsewhere(switch));
            let aliases = aliases.as_ref().map_err(String::clone)?;
            Ok(aliases.iter().any(|other| other.starts_with(&alias)))
        })
    }
}

/// Which link a port's is: by what the links of the switch's namespace tell, and `is_elsewhere`, whether one of
/// another namespace bears its alias, where they do not tell.
fn found(
    links: &[Link],
    port: &Port,
    beginning: &str,
    is_elsewhere: impl Fn() -> Result<bool, String>,
) -> EndpointLink {
    let (link, why) = match found_here(links, port, beginning) {
        FoundHere::Known(link) => return link,
        // The link itself may have been moved, and this one bear a copy of its alias.
        FoundHere::ByAlias(link) => (link, "a link of another network namespace has its alias too"),
        FoundHere::Nothing => (EndpointLink::Gone, "its link is in another network namespace"),
    };
    match is_elsewhere() {
        Ok(false) => link,
        Ok(true) => EndpointLink::Unknown(why.to_owned()),
        Err(why) => EndpointLink::Unknown(why),
    }
}

/// What the links of the switch's namespace tell of a port's.
enum FoundHere {
    /// Which one it is, or that it may be one of them.
    Known(EndpointLink),
    /// One bears its alias, under another name and index.
    ByAlias(EndpointLink),
    /// None of them can be it.
    Nothing,
}

fn found_here(links: &[Link], port: &Port, beginning: &str) -> FoundHere {
    let has_alias =
        |link: &&Link| link.alias.as_ref().is_some_and(|alias| alias.starts_with(beginning));
    let held = port.ifindex.filter(|index| index.0 != 0);
    // An alias is copied as easily as any word: of several that bear it, the name and then the index tell.
    let own: Vec<&Link> = links.iter().filter(has_alias).collect();
    let by_name = own.iter().find(|link| link.name == *port.iface);
    let by_index = || own.iter().find(|link| held.is_some_and(|index| index.0 == link.ifindex));
    if let Some(link) = by_name.or_else(by_index) {
        return FoundHere::Known(here(link, true));
    }
    match own.as_slice() {
        [] => {}
        [only] => return FoundHere::ByAlias(here(only, true)),
        [first, ..] => {
            let why = format!("several links have its alias, {} is one of them", first.name);
            return FoundHere::Known(EndpointLink::Unknown(why));
        }
    }
    // A link of another endpoint is none of this one's, whatever index or name it has got.
    let of_another =
        |link: &&Link| link.alias.as_ref().is_some_and(|alias| alias.starts_with(ALIAS));
    let names: BTreeMap<&str, &Link> = links.iter().flat_map(names_of).collect();
    let called = names.get(&*port.iface).copied();
    let held = held.and_then(|index| links.iter().find(|link| link.ifindex == index.0));
    // What a driver that was killed has left.
    let is_unfinished =
        |link: &&Link| link.alias.is_none() && link.name == *port.iface && is_veth(link);
    if let Some(unfinished) = called.filter(is_unfinished) {
        return FoundHere::Known(here(unfinished, false));
    }
    match called.into_iter().chain(held).find(|link| !of_another(link)) {
        Some(may_be) => {
            let name = &may_be.name;
            let why = format!("the link {name} may be its own: it has its name, or its index");
            FoundHere::Known(EndpointLink::Unknown(why))
        }
        None => FoundHere::Nothing,
    }
}

fn here(link: &Link, is_finished: bool) -> EndpointLink {
    let other_end_is_here = link.link.is_some() && link.link_nsid.is_none();
    EndpointLink::Here { is_finished, other_end_is_here }
}

fn is_veth(link: &Link) -> bool {
    link.kind.as_deref() == Some("veth")
}

fn names_of(link: &Link) -> impl Iterator<Item = (&str, &Link)> {
    let all = std::iter::once(&link.name).chain(&link.altnames);
    all.map(move |name| (name.as_str(), link))
}

/// The aliases of our own links in all other namespaces that a process is in, or that have a name or a
/// file.
pub(super) fn aliases_elsewhere(switch: &Netns) -> Result<BTreeSet<String>, String> {
    let others = others_than(&BTreeSet::from([id(switch)]));
    let others = others.map_err(|error| {
        format!("its link may be in a network namespace that cannot be found: {error}")
    })?;
    let others: Vec<&Netns> = others.iter().collect();
    let mut aliases = BTreeSet::new();
    for read in netns::visit(&others, |_, socket| socket.links()) {
        let links = read.map_err(|error| {
            format!("its link may be in a network namespace that cannot be read: {error}")
        })?;
        let found = links.into_iter().filter_map(|link| link.alias);
        aliases.extend(found.filter(|alias| alias.starts_with(ALIAS)));
    }
    Ok(aliases)
}

#[cfg(test)]
mod tests {
    use model::ids::Ifindex;

    use super::*;

    fn link(ifindex: u32, name: &str, alias: Option<&str>) -> Link {
        Link {
            ifindex,
            name: name.to_owned(),
            kind: Some("veth".to_owned()),
            ethernet: true,
            mac: None,
            mtu: 1500,
            up: true,
            no_arp: false,
            link: Some(ifindex + 1),
            link_nsid: Some(0),
            underlays: Vec::new(),
            master: None,
            vlan: None,
            vlan_protocol: None,
            vlan_filtering: None,
            alias: alias.map(str::to_owned),
            altnames: Vec::new(),
        }
    }

    /// What is found of the port `dov-1`, which vswitchd holds by the index 7; `is_elsewhere` is what other
    /// namespaces tell.
    fn found_with(links: &[Link], is_elsewhere: Result<bool, &str>) -> EndpointLink {
        let port = Port { iface: "dov-1".into(), ifindex: Some(Ifindex(7)), ..Port::default() };
        found(links, &port, "docker-ovs e1/n1 ", || is_elsewhere.map_err(str::to_owned))
    }

    fn found_alone(links: &[Link]) -> EndpointLink {
        found_with(links, Ok(false))
    }

    #[test]
    fn a_link_is_known_by_its_alias_whatever_it_is_called() {
        let own = Some("docker-ovs e1/n1 on br0 of x");
        let here = EndpointLink::Here { is_finished: true, other_end_is_here: false };
        assert_eq!(found_alone(&[link(7, "dov-1", own)]), here);
        assert_eq!(found_alone(&[link(7, "renamed", own)]), here);
        assert_eq!(found_alone(&[link(9, "renamed", own), link(7, "dov-1", None)]), here);
        let back = Link { link_nsid: None, ..link(7, "renamed", own) };
        let loose = EndpointLink::Here { is_finished: true, other_end_is_here: true };
        assert_eq!(found_alone(&[back]), loose);
    }

    #[test]
    fn a_copy_of_its_alias_is_another_link() {
        let own = Some("docker-ovs e1/n1 on br0 of x");
        let here = EndpointLink::Here { is_finished: true, other_end_is_here: false };
        let copy = Link { link_nsid: None, ..link(3, "copy", own) };
        assert_eq!(found_alone(&[copy.clone(), link(9, "dov-1", own)]), here);
        assert_eq!(found_alone(&[copy.clone(), link(7, "renamed", own)]), here);
        let unknown = found_alone(&[copy, link(9, "renamed", own)]);
        assert!(matches!(unknown, EndpointLink::Unknown(_)), "{unknown:?}");
    }

    /// Its own link may be the one of another namespace, and the one that is here a copy.
    #[test]
    fn an_alias_alone_tells_of_no_link_while_another_namespace_may_have_it_too() {
        let own = Some("docker-ovs e1/n1 on br0 of x");
        let copy = [Link { link_nsid: None, ..link(3, "copy", own) }];
        for elsewhere in [Ok(true), Err("a namespace cannot be read")] {
            let unknown = found_with(&copy, elsewhere);
            assert!(matches!(unknown, EndpointLink::Unknown(_)), "{unknown:?}");
            let unknown = found_with(&[], elsewhere);
            assert!(matches!(unknown, EndpointLink::Unknown(_)), "{unknown:?}");
        }
        let loose = EndpointLink::Here { is_finished: true, other_end_is_here: true };
        assert_eq!(found_alone(&copy), loose);
    }

    #[test]
    fn what_has_its_name_or_its_index_may_be_it() {
        let is_unknown = |links: &[Link]| matches!(found_alone(links), EndpointLink::Unknown(_));
        let dummy = Link { kind: Some("dummy".to_owned()), ..link(9, "dov-1", None) };
        assert!(is_unknown(&[dummy]));
        assert!(is_unknown(&[link(7, "renamed", None)]));
        assert!(is_unknown(&[link(7, "renamed", Some("uplink"))]));
        let other_name = Link { altnames: vec!["dov-1".to_owned()], ..link(9, "x", None) };
        assert!(is_unknown(&[other_name]));
    }

    #[test]
    fn a_veth_that_was_never_finished_is_not_whole() {
        let half = EndpointLink::Here { is_finished: false, other_end_is_here: false };
        assert_eq!(found_alone(&[link(9, "dov-1", None)]), half);
    }

    #[test]
    fn a_link_of_another_endpoint_is_not_it() {
        let other = Some("docker-ovs e2/n1 on br0 of x");
        let gone = EndpointLink::Gone;
        assert_eq!(found_alone(&[link(7, "dov-2", other), link(9, "dov-1", other)]), gone);
        assert_eq!(found_alone(&[link(1, "lo", None)]), gone);
    }
}

//! The veth that goes with an endpoint: by its port, or by what is left of a driver that was killed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::endpoint_record::{EndpointRecord, alias_beginning};
use model::ids::{Ifindex, Name};
use model::plan::KernelStep;
use model::port_record::{is_marked_in, short_system};
use model::switch::{Bridge, Port};
use netns::{Error, Link, RouteSocket};

use super::veth::is_veth;

/// The host's end of a veth with the alias of an endpoint, as it was seen: another link that has taken its name
/// or its alias since is not deleted in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointVeth {
    name: Name,
    /// Its alternative names.
    altnames: Vec<Name>,
    ifindex: Ifindex,
    alias: String,
    /// Index of its other end.
    peer: Option<Ifindex>,
    /// Whether another link takes what arrives at it, or it has an address: it is in use for something else. The
    /// datapath is no such link: it lets go of a port some time after the database has.
    is_used: bool,
}

impl EndpointVeth {
    /// The one that is an endpoint's port: called as it is, or held by vswitchd, and with its alias. One
    /// that has the alias alone may be a copy.
    pub(super) fn of(port: &Port, switch: &RouteSocket) -> Result<Option<Self>, Error> {
        let Some(record) = EndpointRecord::made_for(port) else { return Ok(None) };
        let mark = alias_beginning(&record.network, &record.endpoint);
        let is_own = |link: &Link| Self::bears(link, &mark);
        let named = switch.link_named(&port.iface)?.filter(|link| link.name == *port.iface);
        if let Some(own) = named.filter(is_own) {
            return Ok(Self::seen(&own, false));
        }
        let Some(index) = port.ifindex.filter(|index| index.0 != 0) else { return Ok(None) };
        let held = switch.link(index.0)?.filter(is_own);
        Ok(held.and_then(|link| Self::seen(&link, false)))
    }

    /// All that bear this beginning of an alias, whatever they are called.
    pub(super) fn marked(mark: &str, switch: &RouteSocket) -> Result<Vec<Self>, Error> {
        let links = switch.links()?;
        let marked = links.iter().filter(|link| Self::bears(link, mark));
        let seen = marked.map(|link| -> Result<Option<Self>, Error> {
            let addresses = switch.addresses_of(link.ifindex)?;
            let master = link.master.map(|index| switch.link(index)).transpose()?.flatten();
            let is_enslaved = master.is_some_and(|master| !is_datapath(&master));
            let is_used = is_enslaved || addresses.iter().any(|of| !is_link_local(of.ip));
            Ok(Self::seen(link, is_used))
        });
        seen.filter_map(Result::transpose).collect()
    }

    fn bears(link: &Link, mark: &str) -> bool {
        is_veth(link) && link.alias.as_ref().is_some_and(|alias| alias.starts_with(mark))
    }

    fn seen(link: &Link, is_used: bool) -> Option<Self> {
        Some(Self {
            name: link.name.as_str().into(),
            altnames: link.altnames.iter().map(|name| name.as_str().into()).collect(),
            ifindex: Ifindex(link.ifindex),
            alias: link.alias.clone()?,
            peer: link.link.map(Ifindex),
            is_used,
        })
    }

    /// Deletes this very link.
    pub fn deletion(&self) -> KernelStep {
        KernelStep::DeleteLink {
            name: self.name.clone(),
            ifindex: self.ifindex,
            alias: Some(self.alias.clone()),
            peer: self.peer,
        }
    }

    /// The one of those that bear an endpoint's mark which is left of it: the one that is called as its
    /// `host_end`, else the only one. `bridges` are all of the database, with all of their ports, and `system` is
    /// what it calls itself.
    ///
    /// # Errors
    /// Why none of them is known to be it, in words: an alias is copied as easily as a name.
    pub fn left<'a>(
        marked: &'a [Self],
        host_end: &str,
        bridges: &[Bridge],
        system: Option<&str>,
    ) -> Result<Option<&'a Self>, String> {
        let system = system.map(short_system);
        let has_bridge = |name: &str| bridges.iter().any(|bridge| *bridge.name == *name);
        let of_database = |veth: &&Self| is_marked_in(&veth.alias, system.as_deref(), has_bridge);
        let own: Vec<_> = marked.iter().filter(of_database).collect();
        // No two links have one name: a copy of the alias is another link, and what has the name is in the way of
        // the next one that is made for the endpoint.
        let by_name = own.iter().copied().find(|veth| *veth.name == *host_end);
        let only = || own.first().copied().filter(|_| own.len() == 1);
        let Some(veth) = by_name.or_else(only) else {
            let links: BTreeSet<_> = own.iter().map(|veth| &*veth.name).collect();
            let links: Vec<_> = links.into_iter().collect();
            let several = || format!("{} bear the mark of one endpoint", links.join(", "));
            return if own.is_empty() { Ok(None) } else { Err(several()) };
        };
        if bridges.iter().flat_map(|bridge| &bridge.ports).any(|port| veth.is(port)) {
            return Err(format!(
                "{} bears the mark of an endpoint, and is another port",
                veth.name
            ));
        }
        if veth.is_used && by_name.is_none() {
            return Err(format!("{} bears the mark of an endpoint, and is in use", veth.name));
        }
        Ok(Some(veth))
    }

    /// Whether it is the link of a port, by any of its names or by the index that vswitchd holds.
    fn is(&self, port: &Port) -> bool {
        let mut names = std::iter::once(&self.name).chain(&self.altnames);
        names.any(|name| *name == port.iface) || port.ifindex == Some(self.ifindex)
    }
}

/// Whether a link is a datapath of Open vSwitch's module, `ovs-system`.
fn is_datapath(link: &Link) -> bool {
    link.kind.as_deref() == Some("openvswitch")
}

/// The kernel gives such a one by itself, where it could not be told to leave that.
fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const SYSTEM: &str = "0ef0ad27-60b7-45c0-b4ee-e0590285d115";

    fn record() -> EndpointRecord {
        EndpointRecord {
            network: "d".repeat(64),
            endpoint: "e".repeat(64),
            system: Some(SYSTEM.to_owned()),
            ..EndpointRecord::default()
        }
    }

    fn veth(name: &str, ifindex: u32, bridge: &str) -> EndpointVeth {
        EndpointVeth {
            name: name.into(),
            altnames: Vec::new(),
            ifindex: Ifindex(ifindex),
            alias: record().alias(bridge),
            peer: Some(Ifindex(2)),
            is_used: false,
        }
    }

    fn bridge(ports: &[(&str, u32)]) -> Bridge {
        let ports = ports.iter().map(|(iface, index)| {
            let (iface, ifindex) = ((*iface).into(), Some(Ifindex(*index)));
            Arc::new(Port { iface, ifindex, kind: "system".to_owned(), ..Port::default() })
        });
        Bridge { name: "br0".into(), ports: ports.collect(), ..Bridge::default() }
    }

    #[test]
    fn what_is_left_of_an_endpoint_is_one_link_that_is_no_port() {
        let all = [bridge(&[("hx", 9)])];
        let left = |marked: &[EndpointVeth]| {
            EndpointVeth::left(marked, "dov-00000001", &all, Some(SYSTEM))
                .map(Option::<&EndpointVeth>::cloned)
        };
        let own = veth("dov-00000001", 7, "br0");
        assert_eq!(left(std::slice::from_ref(&own)), Ok(Some(own.clone())));
        assert_eq!(left(&[]), Ok(None));
        // The port of another container, by its name, by an alternative one, and by its index.
        for port in [
            veth("hx", 7, "br0"),
            EndpointVeth { altnames: vec!["hx".into()], ..veth("x", 7, "br0") },
            veth("x", 9, "br0"),
        ] {
            assert!(
                left(std::slice::from_ref(&port)).unwrap_err().contains("is another port"),
                "{port:?}"
            );
        }
        // A copy of the alias has another name.
        assert_eq!(left(&[veth("copy", 8, "br0"), own.clone()]), Ok(Some(own.clone())));
        let twice = left(&[veth("other", 7, "br0"), veth("copy", 8, "br0")]).unwrap_err();
        assert_eq!(twice, "copy, other bear the mark of one endpoint");
        let used = |veth: EndpointVeth| EndpointVeth { is_used: true, ..veth };
        assert!(left(&[used(veth("other", 7, "br0"))]).unwrap_err().ends_with("is in use"));
        assert_eq!(
            left(&[used(own.clone())]),
            Ok(Some(used(own.clone()))),
            "none else is called so"
        );
        // Its bridge went before it.
        let orphan = veth("dov-00000001", 7, "br7");
        assert_eq!(left(std::slice::from_ref(&orphan)), Ok(Some(orphan.clone())));
        // Of another database.
        for system in [Some("another"), None] {
            let marked = std::slice::from_ref(&own);
            assert_eq!(EndpointVeth::left(marked, "dov-00000001", &all, system), Ok(None));
        }
    }
}

//! Which ports of this host are published for an endpoint, and whether its network can.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use host::link_with_address;
use model::endpoint_record::EndpointRecord;
use model::ids::short_if_id;
use model::published::PublishedPort;
use model::snapshot::Cidr;
use tracing::warn;

use super::View;
use super::attach::{Endpoint, gateways};
use super::published_once::{ByHostPort, Elsewhere, require_one_each, without_held};
use crate::DriverError;
use crate::listening::Listeners;
use crate::network::NetworkRecord;
use crate::options::{Gateway, NetworkOptions};

/// The ports of the host that an endpoint gets, and what is left out of those that were asked for. Docker gives
/// the same ports to each network of a container, whichever it connects first: what this one cannot serve another
/// one may, so it is no cause to refuse the container.
pub(super) struct Publication {
    /// The endpoint with the ports that it gets.
    pub(super) endpoint: Endpoint,
    left_out: BTreeMap<IpAddr, LeftOut>,
    elsewhere: Option<Elsewhere>,
}

/// What is left out at one address of the host.
#[derive(Debug, PartialEq, Eq)]
struct LeftOut {
    first: PublishedPort,
    why: &'static str,
}

impl Publication {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let (published, left_out) = reachable(&endpoint.published, &endpoint.addresses);
        Self { endpoint: Endpoint { published, ..endpoint.clone() }, left_out, elsewhere: None }
    }

    /// The same without the ports that its container has by another network: a port of the host leads to one place,
    /// and Podman, which says whose an endpoint is, gives all of a container's to each of its networks.
    pub(super) fn beside(self, view: &View, network: &NetworkRecord) -> Self {
        let Some(owner) = &self.endpoint.owner else { return self };
        let is_own = |record: &EndpointRecord| {
            (record.engine.as_str(), record.container.as_deref())
                == (network.engine.as_str(), Some(owner.container.as_str()))
                && record.network != network.id
        };
        let others = view.endpoint_ports();
        let own = others.filter(|(_, port, record)| is_own(record) && !view.has_ended(port));
        let own: Vec<_> = own.map(|(.., record)| record).collect();
        let (published, elsewhere) = without_held(&self.endpoint.published, &own);
        Self { endpoint: Endpoint { published, ..self.endpoint }, elsewhere, ..self }
    }

    /// Tells of the ports to which nothing comes, or not yet: once the endpoint is made.
    pub(super) fn warn(&self, network: &NetworkRecord) {
        let what = short_if_id(&self.endpoint.id);
        for (ip, LeftOut { first, why }) in &self.left_out {
            warn!("endpoint {what}: what is published at {ip} (-p {first}) is left out: {why}");
        }
        if let Some(Elsewhere { first, holder }) = &self.elsewhere {
            warn!("endpoint {what}: -p {first} is left out: the port of the host is for {holder}");
        }
        let named: BTreeMap<_, _> =
            self.endpoint.published.iter().filter_map(|port| Some((port.host_ip?, port))).collect();
        // The gateway's may not have been given to its link yet.
        let own = gateways(network);
        for (ip, port) in named.iter().filter(|(ip, _)| !ip.is_unspecified() && !own.contains(ip)) {
            match link_with_address(*ip) {
                Ok(Some(_)) => {}
                Ok(None) => warn!("endpoint {what}: -p {port}: this host has no address {ip} yet"),
                Err(error) => {
                    warn!(
                        "endpoint {what}: -p {port}: whether the host has it is not known: {error}"
                    );
                }
            }
        }
    }
}

/// The ports that something can come to, those of all addresses of both families as of all addresses; and what is
/// left out, by the address of the host.
fn reachable(
    wanted: &[PublishedPort],
    addresses: &[Cidr],
) -> (Vec<PublishedPort>, BTreeMap<IpAddr, LeftOut>) {
    let asked: HashSet<PublishedPort> = wanted.iter().copied().collect();
    let is_asked = |port: &PublishedPort, ip: IpAddr| {
        asked.contains(&PublishedPort { host_ip: Some(ip), ..*port })
    };
    let is_of_both = |port: &PublishedPort| {
        is_asked(port, Ipv4Addr::UNSPECIFIED.into()) && is_asked(port, Ipv6Addr::UNSPECIFIED.into())
    };
    let (mut published, mut left_out) = (Vec::new(), BTreeMap::new());
    for port in wanted {
        let Some(ip) = port.host_ip else {
            published.push(*port);
            continue;
        };
        if ip.is_unspecified() && is_of_both(port) {
            if ip.is_ipv4() {
                published.push(PublishedPort { host_ip: None, ..*port });
            }
            continue;
        }
        // By the other family something can come.
        if ip.is_unspecified() && !has_family_of(ip, addresses) {
            published.push(PublishedPort { host_ip: None, ..*port });
            continue;
        }
        match why_unreachable(ip, addresses) {
            Some(why) => {
                left_out.entry(ip).or_insert(LeftOut { first: *port, why });
            }
            None => published.push(*port),
        }
    }
    (published, left_out)
}

/// Why nothing can come to a port that is published at this address of the host.
fn why_unreachable(host: IpAddr, addresses: &[Cidr]) -> Option<&'static str> {
    if host.is_loopback() {
        return Some("what goes to a loopback address stays in the host");
    }
    let has_family = has_family_of(host, addresses);
    (!has_family).then_some("the container has no address of that family on this network")
}

fn has_family_of(host: IpAddr, addresses: &[Cidr]) -> bool {
    addresses.iter().any(|cidr| cidr.ip.is_ipv4() == host.is_ipv4())
}

/// Makes sure that ports can be published on a network.
///
/// # Errors
/// They cannot.
pub(super) fn require_published(
    view: &View,
    network: &NetworkRecord,
    options: &NetworkOptions,
    publication: &Publication,
) -> Result<(), DriverError> {
    let published = &publication.endpoint.published;
    let is_none_wanted = published.is_empty() && publication.left_out.is_empty();
    if is_none_wanted && publication.elsewhere.is_none() {
        return Ok(());
    }
    if options.gateway != Gateway::Host || network.internal {
        return Err(DriverError::new(
            "published ports (-p) need a gateway, and this network is a switch: leave -p out, make the \
             network with gateway=host, or connect the container to a network of the engine's own too",
        ));
    }
    require_one_each(published)?;
    let others: Vec<_> = view.endpoint_ports().map(|(_, port, record)| (port, record)).collect();
    let of_others = others.iter().flat_map(|(port, record)| {
        record.published.iter().map(move |published| (*published, (*port, record)))
    });
    let of_others = ByHostPort::of(of_others);
    let listeners = Listeners::of(published)?;
    for wanted in published {
        if wanted.host_port == 0 || wanted.port == 0 {
            let why = "-p: the host's port must be named, as in -p 8080:80: Docker would not show which \
                       one was chosen";
            return Err(DriverError::new(why));
        }
        let mut in_the_way = of_others.in_the_way_of(*wanted);
        if let Some((_, (_, holder))) = in_the_way.find(|(_, (port, _))| !view.has_ended(port)) {
            let why = format!("-p {wanted}: the port of the host is for {holder} already");
            return Err(DriverError::new(why));
        }
        if listeners.are_at(wanted) {
            let why = format!("-p {wanted}: a program of this host listens at that port already");
            return Err(DriverError::new(why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is published, and at which addresses nothing is.
    fn published(wanted: &[&str], addresses: &[&str]) -> (Vec<String>, Vec<String>) {
        let wanted: Vec<PublishedPort> = wanted.iter().map(|text| text.parse().unwrap()).collect();
        let addresses: Vec<Cidr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let (published, left_out) = reachable(&wanted, &addresses);
        let published = published.iter().map(ToString::to_string).collect();
        (published, left_out.keys().map(ToString::to_string).collect())
    }

    #[test]
    fn what_nothing_can_come_to_is_left_out_and_nothing_is_refused_for_it() {
        let none: &[&str] = &[];
        let v4 = |wanted: &[&str], is: &[&str], without: &[&str]| {
            let (published, left_out) = published(wanted, &["10.1.0.2/24"]);
            assert_eq!((&published[..], &left_out[..]), (&owned(is)[..], &owned(without)[..]));
        };
        for text in ["8080:80/tcp", "0.0.0.0:8080:80/tcp", "192.0.2.1:1:80/tcp", "10.1.0.1:1:1/udp"]
        {
            v4(&[text], &[text], none);
        }
        // The host may have it later.
        v4(&["192.0.2.99:1:80/tcp"], &["192.0.2.99:1:80/tcp"], none);
        v4(&["127.0.0.1:8080:80/tcp"], none, &["127.0.0.1"]);
        v4(&["127.0.0.5:1:1/tcp", "127.0.0.5:2:2/tcp", "8:8/tcp"], &["8:8/tcp"], &["127.0.0.5"]);
        v4(&["[::1]:8080:80/tcp"], none, &["::1"]);
        v4(&["[::]:8080:80/tcp"], &["8080:80/tcp"], none);
        v4(&["[2001:db8::1]:8080:80/tcp"], none, &["2001:db8::1"]);
    }

    #[test]
    fn all_addresses_of_both_families_are_all_addresses() {
        let both = ["0.0.0.0:8080:80/tcp", "[::]:8080:80/tcp"];
        for addresses in
            [&["10.1.0.2/24"][..], &["2001:db8::2/64"], &["10.1.0.2/24", "2001:db8::2/64"]]
        {
            assert_eq!(published(&both, addresses), (owned(&["8080:80/tcp"]), owned(&[])));
        }
        // Of two ports.
        let two = ["0.0.0.0:8080:80/tcp", "[::]:8081:80/tcp"];
        let (published, left_out) = published(&two, &["2001:db8::2/64"]);
        assert_eq!(published, owned(&["8080:80/tcp", "[::]:8081:80/tcp"]));
        assert_eq!(left_out, owned(&[]));
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

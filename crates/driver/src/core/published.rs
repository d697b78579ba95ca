//! Whether ports of this host can be published on a network.

use std::net::IpAddr;

use host::link_with_address;
use model::SourceError;
use model::ids::Name;
use model::published::PublishedPort;
use model::snapshot::Cidr;

use super::View;
use super::attach::{Endpoint, gateways};
use crate::DriverError;
use crate::listening::Listeners;
use crate::network::NetworkRecord;
use crate::options::{Gateway, NetworkOptions};

/// Makes sure that ports can be published on a network.
///
/// # Errors
/// They cannot.
pub(super) fn require_published(
    view: &View,
    network: &NetworkRecord,
    options: &NetworkOptions,
    endpoint: &Endpoint,
) -> Result<(), DriverError> {
    let published = &endpoint.published;
    if published.is_empty() {
        return Ok(());
    }
    if options.gateway != Gateway::Host || network.internal {
        return Err(DriverError::new(
            "published ports (-p) need a gateway, and this network is a switch: leave -p out, make the \
             network with gateway=host, or connect the container to a network of the engine's own too",
        ));
    }
    let others: Vec<_> = view.endpoint_ports().map(|(_, port, record)| (port, record)).collect();
    let listeners = Listeners::of(published)?;
    for wanted in published {
        if wanted.host_port == 0 || wanted.port == 0 {
            let why = "-p: the host's port must be named, as in -p 8080:80: Docker would not show which \
                       one was chosen";
            return Err(DriverError::new(why));
        }
        if let Some(why) =
            why_unreachable(wanted, network, &endpoint.addresses, &link_with_address)?
        {
            return Err(DriverError::new(format!("-p {wanted}: {why}")));
        }
        let is = |published: &PublishedPort| published.is_in_the_way_of(wanted);
        let holder = others
            .iter()
            .find(|(port, record)| record.published.iter().any(is) && !view.has_ended(port));
        if let Some((_, holder)) = holder {
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

/// The link that has an address in the network namespace of the switch; none where no link has.
type LinkWith<'a> = &'a dyn Fn(IpAddr) -> Result<Option<Name>, SourceError>;

/// Why nothing could reach a published port at the address of the host that it names, with the cure; none where
/// something can. The port would be taken, and shown, all the same.
fn why_unreachable(
    wanted: &PublishedPort,
    network: &NetworkRecord,
    addresses: &[Cidr],
    link_with: LinkWith<'_>,
) -> Result<Option<String>, DriverError> {
    let Some(host) = wanted.host_ip else { return Ok(None) };
    if host.is_loopback() {
        let why = "what goes to a loopback address stays in the host, and the container gets none of it: leave the \
                   address out, or name one that this host has on a network";
        return Ok(Some(why.to_owned()));
    }
    if !addresses.iter().any(|cidr| cidr.ip.is_ipv4() == host.is_ipv4()) {
        let (family, other) = if host.is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
        return Ok(Some(format!(
            "the container has no address of {family} on this network: leave the address out, or name one of {other}"
        )));
    }
    // The gateway's may not have been given to its link yet.
    let is_own = host.is_unspecified() || gateways(network).contains(&host);
    if is_own || link_with(host)?.is_some() {
        return Ok(None);
    }
    let why = "this host has no such address: leave it out, or name one that the host has";
    Ok(Some(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Subnet;

    #[test]
    fn a_port_is_published_where_something_can_reach_it() {
        let options = [("bridge", "br0"), ("gateway", "host")];
        let network = NetworkRecord {
            options: options.map(|(key, value)| (key.into(), value.into())).into(),
            subnets: vec![Subnet {
                pool: "10.1.0.0/24".parse().unwrap(),
                gateway: "10.1.0.1".parse().ok(),
                own_pool: false,
            }],
            ..NetworkRecord::default()
        };
        let here = |ip: IpAddr| -> Result<Option<Name>, SourceError> {
            Ok((ip.to_string() == "192.0.2.1").then(|| "eth0".into()))
        };
        let why = |text: &str, address: &str| {
            let (wanted, address) = (text.parse().unwrap(), address.parse().unwrap());
            why_unreachable(&wanted, &network, &[address], &here).unwrap()
        };
        let v4 = |text: &str| why(text, "10.1.0.2/24");
        for text in ["8080:80/tcp", "0.0.0.0:8080:80/tcp", "192.0.2.1:1:80/tcp", "10.1.0.1:1:1/udp"]
        {
            assert_eq!(v4(text), None, "{text}");
        }
        for text in ["127.0.0.1:8080:80/tcp", "127.0.0.5:8080:80/tcp", "[::1]:8080:80/tcp"] {
            assert!(v4(text).unwrap().contains("leave the address out"), "{text}");
        }
        assert!(v4("192.0.2.99:8080:80/tcp").unwrap().contains("this host has no such address"));
        for text in ["[::]:8080:80/tcp", "[2001:db8::1]:8080:80/tcp"] {
            assert!(v4(text).unwrap().contains("no address of IPv6"), "{text}");
        }
        let v6 = |text: &str| why(text, "2001:db8::2/64");
        assert_eq!(v6("[::]:8080:80/tcp"), None);
        assert!(v6("0.0.0.0:8080:80/tcp").unwrap().contains("no address of IPv4"));
    }
}

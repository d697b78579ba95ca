//! What can be seen to be wrong with networks and endpoints without looking at anything: what the kernel would refuse
//! half way or only once a container starts, and what it takes although no packet could pass by it.

use std::net::IpAddr;

use ipnet::IpNet;
use model::ids::short_id;
use model::plan::{
    PlanError, require_usable_addresses, require_usable_mac, require_usable_mtu, why_not_a_name,
};
use model::snapshot::Cidr;

use super::attach::{Endpoint, gateways};
use crate::DriverError;
use crate::network::{NetworkRecord, Subnet};
use crate::options::{Gateway, NetworkOptions};
use crate::subnet::overlap;

impl Endpoint {
    /// Makes sure that its interface can have the name, the hardware address and the addresses that it is to have.
    ///
    /// # Errors
    /// The first that it cannot.
    pub(super) fn require_usable(&self) -> Result<(), DriverError> {
        if let Some((name, why)) =
            self.interface.as_ref().and_then(|name| Some((name, why_not_a_name(name)?)))
        {
            return Err(PlanError::NotAName { name: name.clone(), why }.into());
        }
        require_usable_mac(self.mac)?;
        Ok(require_usable_addresses(&self.addresses)?)
    }

    /// Makes sure that it has no address that its network's gateway has.
    ///
    /// # Errors
    /// It has one.
    pub(super) fn require_beside_gateway(
        &self,
        network: &NetworkRecord,
    ) -> Result<(), DriverError> {
        let gateways = gateways(network);
        match self.addresses.iter().find(|cidr| gateways.contains(&cidr.ip)) {
            None => Ok(()),
            Some(cidr) => {
                Err(DriverError::new(format!("the address {} is the network's gateway's", cidr.ip)))
            }
        }
    }
}

impl NetworkRecord {
    /// Makes sure that interfaces can have addresses of its ranges, beside its MTU, and this host those of its
    /// gateways.
    ///
    /// # Errors
    /// The first that cannot be.
    pub(crate) fn require_usable(&self, options: &NetworkOptions) -> Result<(), DriverError> {
        let has_ipv6 = self.subnets.iter().any(|subnet| subnet.pool.addr().is_ipv6());
        require_usable_mtu(options.mtu, has_ipv6)?;
        for subnet in &self.subnets {
            let pool = subnet.pool;
            // The first of them has the kind of all.
            if let Some(ip) = pool.hosts().next().filter(|_| pool.prefix_len() > 0) {
                require_usable_addresses(&[Cidr { ip, prefix: pool.prefix_len() }])?;
            }
            if let Some(gateway) = subnet.gateway.filter(|_| options.gateway == Gateway::Host) {
                require_usable_gateway(subnet, gateway)?;
            }
        }
        Ok(())
    }

    /// Makes sure that this host can be the gateway of its ranges beside those of the `others`: of two that overlap
    /// the narrower one takes what is sent to the wider one. Networks that are one, as of two engines, have one range.
    ///
    /// # Errors
    /// It cannot.
    pub(super) fn require_apart(
        &self,
        others: impl Iterator<Item = NetworkRecord>,
    ) -> Result<(), DriverError> {
        if !self.is_gateway_here() {
            return Ok(());
        }
        for other in others.filter(|other| other.id != self.id && other.is_gateway_here()) {
            let of_other = |pool: IpNet| {
                let all = other.subnets.iter().map(|subnet| subnet.pool);
                let mut differ = all.filter(|its| its.trunc() != pool.trunc());
                differ.find(|its| overlap(its, &pool)).map(|its| (pool, its))
            };
            if let Some((pool, its)) = self.subnets.iter().find_map(|subnet| of_other(subnet.pool))
            {
                let name = other.name.as_deref().unwrap_or(short_id(&other.id));
                return Err(DriverError::new(format!(
                    "{pool} overlaps {its} of network {name}, and this host is the gateway of both"
                )));
            }
        }
        Ok(())
    }
}

/// Containers reach a gateway that is one of their range, as each of them is.
fn require_usable_gateway(subnet: &Subnet, gateway: IpAddr) -> Result<(), DriverError> {
    let pool: IpNet = subnet.pool;
    if !pool.contains(&gateway) {
        return Err(DriverError::new(format!("the gateway {gateway} is not in {pool}")));
    }
    Ok(require_usable_addresses(&[Cidr { ip: gateway, prefix: pool.prefix_len() }])?)
}

#[cfg(test)]
mod tests {
    use std::iter::once;

    use super::*;

    fn endpoint(addresses: &[&str], mac: Option<&str>, interface: Option<&str>) -> Endpoint {
        Endpoint {
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            mac: mac.map(|text| text.parse().unwrap()),
            interface: interface.map(str::to_owned),
            ..Endpoint::default()
        }
    }

    fn refusal(of: &Endpoint) -> Option<String> {
        of.require_usable().err().map(|error| error.to_string())
    }

    fn network(subnets: &[(&str, Option<&str>)], options: &[(&str, &str)]) -> NetworkRecord {
        let subnets = subnets.iter().map(|(pool, gateway)| Subnet {
            pool: pool.parse().unwrap(),
            gateway: gateway.map(|text| text.parse().unwrap()),
            own_pool: false,
        });
        let with_bridge = [("bridge", "br0")].into_iter().chain(options.iter().copied());
        NetworkRecord {
            subnets: subnets.collect(),
            options: with_bridge.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ..NetworkRecord::default()
        }
    }

    fn refused(network: &NetworkRecord) -> Option<String> {
        let options = network.read_options().unwrap();
        network.require_usable(&options).err().map(|error| error.to_string())
    }

    #[test]
    fn an_endpoint_has_what_an_interface_can_have() {
        for fine in [
            endpoint(&[], None, None),
            endpoint(&["192.0.2.7/24", "2001:db8::7/64"], Some("02:00:00:00:00:07"), Some("eth0")),
            endpoint(&["192.0.2.0/31"], None, Some("é")),
        ] {
            assert_eq!(refusal(&fine), None);
        }
        for (bad, word) in [
            (endpoint(&["192.0.2.0/24"], None, None), "192.0.2.0/24 cannot be"),
            (endpoint(&["192.0.2.255/24"], None, None), "broadcast"),
            (endpoint(&["192.0.2.7/24", "192.0.2.7/24"], None, None), "given twice"),
            (endpoint(&["127.0.0.2/8"], None, None), "loopback"),
            (endpoint(&[], Some("00:00:00:00:00:00"), None), "zero"),
            (endpoint(&[], Some("ff:ff:ff:ff:ff:ff"), None), "multicast"),
            (endpoint(&[], None, Some("a/b")), "cannot be the name"),
            (endpoint(&[], None, Some("default")), "the kernel means all links"),
            (endpoint(&[], None, Some("a\0")), "cannot be the name"),
        ] {
            let why = refusal(&bad).unwrap_or_default();
            assert!(why.contains(word), "{bad:?}: {why}");
        }
    }

    #[test]
    fn no_endpoint_has_the_address_of_its_gateway() {
        let of = endpoint(&["192.0.2.1/24"], None, None);
        let subnets = [("192.0.2.0/24", Some("192.0.2.1"))];
        let why = of.require_beside_gateway(&network(&subnets, &[("gateway", "host")]));
        assert!(why.unwrap_err().to_string().contains("192.0.2.1 is the network's gateway's"));
        // A switch has no gateway.
        assert!(of.require_beside_gateway(&network(&subnets, &[])).is_ok());
    }

    #[test]
    fn the_ranges_of_two_gateways_are_one_or_apart() {
        let of = |id: &str, pool: &str, options: &[(&str, &str)]| NetworkRecord {
            id: id.to_owned(),
            ..network(&[(pool, None)], options)
        };
        let host = [("gateway", "host")];
        let wide = of("a", "10.1.0.0/16", &host);
        let apart = |other: &NetworkRecord| wide.require_apart(once(other.clone()));
        for fine in [
            of("b", "10.2.0.0/16", &host),
            of("b", "10.1.0.7/16", &host),
            of("b", "2001:db8::/64", &host),
            of("b", "10.1.3.0/24", &[]),
            of("a", "10.1.3.0/24", &host),
        ] {
            assert!(apart(&fine).is_ok(), "{fine:?}");
        }
        for pool in ["10.1.3.0/24", "10.0.0.0/8"] {
            let why = apart(&of("b", pool, &host)).unwrap_err().to_string();
            assert!(why.contains(&format!("10.1.0.0/16 overlaps {pool} of network b")), "{why}");
        }
        let switch = of("c", "10.1.0.0/16", &[]);
        assert!(switch.require_apart(once(of("b", "10.1.3.0/24", &host))).is_ok());
    }

    #[test]
    fn a_network_that_no_interface_could_be_on_is_refused() {
        let host = [("gateway", "host")];
        let ipv6 = [("192.0.2.0/24", None), ("2001:db8::/64", None)];
        let ipv4 = |pool, gateway| [(pool, Some(gateway))];
        for fine in [
            network(&[], &[]),
            network(&[("0.0.0.0/0", None), ("10.1.0.7/24", None), ("fe80::/64", None)], &[]),
            network(&[("192.0.2.7/32", None), ("192.0.2.8/31", None)], &[("mtu", "68")]),
            network(&ipv6, &[("mtu", "1280")]),
            network(&ipv4("192.0.2.0/24", "192.0.2.1"), &host),
            // None that this host is to have.
            network(&ipv4("192.0.2.0/24", "10.9.0.1"), &[]),
        ] {
            assert_eq!(refused(&fine), None, "{fine:?}");
        }
        for (bad, word) in [
            (network(&ipv6, &[("mtu", "1279")]), "too small for IPv6"),
            (network(&[("224.1.0.0/24", None)], &[]), "multicast"),
            (network(&[("ff02::/64", None)], &[]), "multicast"),
            (network(&[("127.0.0.0/24", None)], &[]), "loopback"),
            (network(&ipv4("192.0.2.0/24", "10.9.0.1"), &host), "is not in 192.0.2.0/24"),
            (network(&ipv4("192.0.2.0/24", "2001:db8::1"), &host), "is not in 192.0.2.0/24"),
            (network(&ipv4("192.0.2.0/24", "192.0.2.0"), &host), "its network itself"),
            (network(&ipv4("192.0.2.0/24", "192.0.2.255"), &host), "broadcast"),
        ] {
            let why = refused(&bad).unwrap_or_default();
            assert!(why.contains(word), "{bad:?}: {why}");
        }
    }
}

//! What can be seen to be wrong with a request without looking at anything: what the kernel would refuse
//! half way, and what it takes although no packet could pass by it.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::ids::Mac;
use crate::port_record::PortRecord;
use crate::snapshot::Cidr;
use crate::switch::Port;

use super::{Connect, PlanError};

/// The least MTU of an interface that has IPv6, in bytes (RFC 8200, section 5).
const LEAST_MTU_OF_IPV6: u32 = 1280;

/// Makes sure that hardware address, addresses, gateways and MTU are some that an interface can have
/// together.
///
/// # Errors
/// A [`PlanError`] for the first that is not.
pub(super) fn require_usable(request: &Connect) -> Result<(), PlanError> {
    require_usable_mac(request.mac)?;
    require_usable_addresses(&request.addresses)?;
    check_gateways(request)?;
    require_usable_mtu(request.mtu, has_ipv6(&request.addresses))
}

fn has_ipv6(addresses: &[Cidr]) -> bool {
    addresses.iter().any(|cidr| cidr.ip.is_ipv6())
}

/// Makes sure that an interface can have this MTU, in bytes, beside its addresses.
///
/// # Errors
/// [`PlanError::SmallMtu`].
pub fn require_usable_mtu(mtu: Option<u32>, has_ipv6: bool) -> Result<(), PlanError> {
    match mtu.filter(|mtu| has_ipv6 && *mtu < LEAST_MTU_OF_IPV6) {
        Some(mtu) => Err(PlanError::SmallMtu { mtu, least: LEAST_MTU_OF_IPV6 }),
        None => Ok(()),
    }
}

/// Makes sure that an interface can be made again as its port records it. Other programs write to the database too:
/// the kernel takes addresses by which no packet passes, and what cannot be read would be missing afterwards.
///
/// # Errors
/// A [`PlanError`] for the first value that no interface can have, or that cannot be read.
pub(super) fn require_usable_record(port: &Port, record: &PortRecord) -> Result<(), PlanError> {
    if let Some(what) = PortRecord::unread(&port.external_ids) {
        return Err(PlanError::BadRecord { what });
    }
    require_usable_mac(record.mac)?;
    let mut addresses = record.addresses.iter();
    let bad = addresses.find_map(|cidr| Some((cidr.to_string(), unusable(*cidr)?)));
    if let Some((address, why)) = bad {
        return Err(PlanError::BadAddress { address, why });
    }
    check_record_gateways(record)?;
    require_usable_mtu(record.mtu, has_ipv6(&record.addresses))
}

/// As the kernel takes them: one that is near by its link alone is near.
fn check_record_gateways(record: &PortRecord) -> Result<(), PlanError> {
    let is_near = |gateway: IpAddr| match gateway {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => true,
        gateway => record.addresses.iter().any(|cidr| cidr.holds(gateway)),
    };
    let mut gateways = record.gateways.iter().copied();
    match gateways.find(|gateway| !is_near(*gateway)) {
        Some(gateway) => Err(PlanError::FarGateway { gateway }),
        None => Ok(()),
    }
}

/// Makes sure that an interface can have this hardware address (`is_valid_ether_addr`, linux/etherdevice.h).
///
/// # Errors
/// [`PlanError::BadMac`].
pub fn require_usable_mac(mac: Option<Mac>) -> Result<(), PlanError> {
    let Some(mac) = mac else { return Ok(()) };
    let why = match mac.0 {
        [0, 0, 0, 0, 0, 0] => "zero",
        [first, ..] if first & 1 == 1 => "a multicast address",
        _ => return Ok(()),
    };
    Err(PlanError::BadMac { mac, why })
}

/// Makes sure that an interface that others reach can have these addresses together.
///
/// # Errors
/// [`PlanError::BadAddress`] for the first that it cannot.
pub fn require_usable_addresses(addresses: &[Cidr]) -> Result<(), PlanError> {
    for (at, cidr) in addresses.iter().enumerate() {
        let is_double = addresses.iter().take(at).any(|before| before.ip == cidr.ip);
        let why = if is_double { Some("it is given twice") } else { unusable(*cidr) };
        if let Some(why) = why {
            return Err(PlanError::BadAddress { address: cidr.to_string(), why });
        }
    }
    Ok(())
}

/// Why no interface that others reach can have an address.
fn unusable(cidr: Cidr) -> Option<&'static str> {
    let longest = if cidr.ip.is_ipv4() { 32 } else { 128 };
    match cidr.ip {
        _ if cidr.prefix > longest => Some("its prefix is too long"),
        ip if ip.is_multicast() => Some("it is a multicast address"),
        ip if ip.is_unspecified() => Some("it is zero"),
        ip if ip.is_loopback() => Some("it is a loopback address"),
        IpAddr::V4(ip) if ip.is_broadcast() => Some("it is the broadcast address of all networks"),
        // RFC 1122, section 3.2.1.3: "this network", before a host knows its own.
        IpAddr::V4(ip) if ip.octets().first() == Some(&0) => Some("0.0.0.0/8 is no network"),
        ip => of_network(cidr, ip),
    }
}

/// Why an address of a network of IPv4 is no host's. One of two addresses has only hosts (RFC 3021).
fn of_network(cidr: Cidr, ip: IpAddr) -> Option<&'static str> {
    let network = IpNet::new(cidr.ip, cidr.prefix).ok()?;
    let is_shared = ip.is_ipv4() && cidr.prefix < 31;
    match ip {
        _ if !is_shared => None,
        ip if ip == network.network() => Some("it is the address of its network itself"),
        ip if ip == network.broadcast() => Some("it is the broadcast address of its network"),
        _ => None,
    }
}

fn check_gateways(request: &Connect) -> Result<(), PlanError> {
    for (at, gateway) in request.gateways.iter().enumerate() {
        let gateway = *gateway;
        let mut near = request.addresses.iter().filter(|cidr| cidr.holds(gateway));
        let Some(cidr) = near.next() else { return Err(PlanError::FarGateway { gateway }) };
        let is_of_family = |other: &&IpAddr| other.is_ipv4() == gateway.is_ipv4();
        let why = if request.gateways.iter().take(at).any(|other| is_of_family(&other)) {
            Some("there is one default route of IPv4, and one of IPv6")
        } else if request.addresses.iter().any(|own| own.ip == gateway) {
            Some("it is the interface's own address")
        } else {
            of_network(*cidr, gateway)
        };
        if let Some(why) = why {
            return Err(PlanError::BadGateway { gateway, why });
        }
    }
    Ok(())
}

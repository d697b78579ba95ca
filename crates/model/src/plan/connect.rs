//! A new interface in a container, and a port for it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::{Mac, Name, OfPort};
use crate::mark::Mark;
use crate::query;
use crate::snapshot::{Cidr, Snapshot};
use crate::switch::Port;
use crate::wiring::Wiring;

use super::place::{Place, delete, home_of};
use super::{Luck, Plan, Refusal};

/// `docker ovs connect BRIDGE CONTAINER`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// The bridge.
    pub bridge: String,
    /// The container, by name, id or beginning of the id.
    pub container: String,
    /// Name of the interface inside; the next free `ethN` if none.
    pub interface: Option<String>,
    /// The OpenFlow port.
    pub ofport: Wanted,
    /// Addresses of the interface.
    pub addresses: Vec<Cidr>,
    /// Gateways of default routes.
    pub gateways: Vec<IpAddr>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Its MTU in bytes.
    pub mtu: Option<u32>,
    /// The access VLAN.
    pub vlan: Option<u16>,
    /// The trunked VLANs.
    pub trunks: Vec<u16>,
    /// Name of the host's end.
    pub host_interface: Option<String>,
}

/// Which OpenFlow port is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// A free one from [`FIRST_FREE`](super::FIRST_FREE) on, which OVS never hands out by itself.
    #[default]
    Free,
    /// Whatever OVS gives.
    Auto,
    /// This one.
    Exactly(OfPort),
}

/// Plans it.
///
/// # Errors
/// A [`Refusal`].
pub fn connect(
    snapshot: &Snapshot,
    wiring: &Wiring,
    wish: &Connect,
    luck: &Luck,
) -> Result<Plan, Refusal> {
    let container = query::container(snapshot, &wish.container)?;
    let bridge = query::bridge(snapshot, &wish.bridge)?;
    let netns = home_of(snapshot, container)?;
    check(wish)?;
    let place = Place { snapshot, wiring, bridge, container, netns };
    let debris = place.debris();
    let interface = place.interface(wish.interface.as_deref(), &debris)?;
    let host_end: Name = wish.host_interface.as_deref().unwrap_or(&luck.host_end).into();
    place.check_host_end(&host_end)?;
    let mark = place.mark(wish, &interface, luck);
    let old = place.predecessor(&interface);
    let port = Arc::new(Port {
        iface: host_end.clone(),
        ofport_request: place.number(wish.ofport, old.as_deref())?,
        kind: "system".to_owned(),
        tag: wish.vlan,
        trunks: wish.trunks.clone(),
        external_ids: mark.external_ids(),
        ..Port::default()
    });
    let sweep = debris.iter().map(|link| delete(link));
    let steps = sweep.chain(place.steps(&mark, port, old, false)).collect();
    Ok(Plan { container: place.who(), interface, bridge: bridge.name.clone(), steps })
}

impl Place<'_> {
    fn mark(&self, wish: &Connect, interface: &str, luck: &Luck) -> Mark {
        let mark = Mark {
            interface: interface.to_owned(),
            mac: Some(wish.mac.unwrap_or(luck.mac)),
            addresses: wish.addresses.clone(),
            gateways: wish.gateways.clone(),
            mtu: wish.mtu,
            created: Some(luck.now),
            ..Mark::default()
        };
        mark.bound_to(self.container)
    }
}

/// What can be seen to be wrong without looking at anything.
fn check(wish: &Connect) -> Result<(), Refusal> {
    if let Some(mac) = wish.mac {
        let why = match mac.0 {
            [0, 0, 0, 0, 0, 0] => Some("zero"),
            [first, ..] if first & 1 == 1 => Some("a multicast address"),
            _ => None,
        };
        why.map_or(Ok(()), |why| Err(Refusal::BadMac { mac, why }))?;
    }
    wish.addresses.iter().try_for_each(|cidr| {
        let longest = if cidr.ip.is_ipv4() { 32 } else { 128 };
        let why = match cidr.ip {
            _ if cidr.prefix > longest => "its prefix is too long",
            ip if ip.is_multicast() => "it is a multicast address",
            ip if ip.is_unspecified() => "it is zero",
            _ => return Ok(()),
        };
        Err(Refusal::BadAddress { address: cidr.to_string(), why })
    })?;
    let near = |gateway: &IpAddr| wish.addresses.iter().any(|cidr| cidr.holds(*gateway));
    match wish.gateways.iter().find(|gateway| !near(gateway)) {
        Some(gateway) => Err(Refusal::FarGateway { gateway: *gateway }),
        None => Ok(()),
    }
}

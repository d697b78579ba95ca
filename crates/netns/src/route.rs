//! Routes: read and added, in the main table (rtnetlink(7), linux/rtnetlink.h).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::io::Errno;

use crate::change::{AF_INET, AF_INET6, family, octets};
use crate::message::{NLM_F_CREATE_NEW, attributes, u16_at, u32_at};
use crate::netlink::refusal;
use crate::rows::ip;
use crate::{Error, RouteSocket};

const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RTMSG: usize = 12;
/// Next to `struct rtnexthop`.
const RTNEXTHOP: usize = 8;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_MULTIPATH: u16 = 9;
const RTA_VIA: u16 = 18;

/// A unicast route of the main table. One over several links is several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Whether it is one of IPv4, or of IPv6: of a default route neither the destination tells, nor the next hop.
    pub is_ipv4: bool,
    /// Where it leads, with the prefix length in bits; none for a default route.
    pub destination: Option<(IpAddr, u8)>,
    /// The next hop; none where the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// The link it goes out by.
    pub ifindex: u32,
    /// Which program made it (`rtm_protocol`): 2 the kernel, 3 ip-route(8), 4 an administrator.
    pub protocol: u8,
}

impl RouteSocket {
    /// The unicast routes of the main table, of IPv4 and IPv6.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn routes(&self) -> Result<Vec<Route>, Error> {
        let read = |body: &[u8]| routes(body);
        let found = self.0.dump(RTM_GETROUTE, &[0; RTMSG], &[], RTM_NEWROUTE, read)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Adds a default route, for the gateway's family; well if it is there already.
    ///
    /// # Errors
    /// As [`RouteSocket::add_route`].
    pub fn add_default_route(&self, gateway: IpAddr, ifindex: u32) -> Result<(), Error> {
        let anywhere = match gateway {
            IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        match self.add_route((anywhere, 0), Some(gateway), ifindex) {
            Err(error) if error.errno() == Some(Errno::EXIST.raw_os_error()) => {
                let same = |route: &Route| {
                    let leads = (route.destination, route.gateway, route.ifindex);
                    leads == (None, Some(gateway), ifindex)
                };
                if self.routes()?.iter().any(same) { Ok(()) } else { Err(error) }
            }
            other => other,
        }
    }

    /// Adds a route by way of a link that is up, of protocol `static` and the kernel's usual
    /// metric. A destination has no bits set after its prefix.
    ///
    /// # Errors
    /// [`Error::Change`]; `EEXIST` where there is a route of that metric to that destination
    /// already, whatever its gateway, `ENETUNREACH` or `EHOSTUNREACH` where the gateway is not
    /// on the link, `EAFNOSUPPORT` where it is of another family than the destination.
    pub fn add_route(
        &self,
        destination: (IpAddr, u8),
        gateway: Option<IpAddr>,
        ifindex: u32,
    ) -> Result<(), Error> {
        let (to, prefix) = destination;
        let via = gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
        let to_it =
            if prefix == 0 { "default route".into() } else { format!("route to {to}/{prefix}") };
        let what = format_args!("add a {to_it}{via} by link {ifindex}");
        // The kernel would take the first four bytes of a longer gateway.
        if gateway.is_some_and(|gateway| gateway.is_ipv4() != to.is_ipv4()) {
            return Err(refusal(what, Errno::AFNOSUPPORT.into()));
        }
        let to = octets(to);
        let link = ifindex.to_ne_bytes();
        let via = gateway.map(octets);
        let mut attributes = vec![(RTA_DST, &to[..]), (RTA_OIF, &link[..])];
        attributes.extend(via.as_ref().map(|via| (RTA_GATEWAY, &via[..])));
        let header = header(destination, gateway.is_some());
        self.change_of(ifindex, what, RTM_NEWROUTE, NLM_F_CREATE_NEW, &header, &attributes)
    }
}

/// `struct rtmsg` of a route to be added.
fn header((to, prefix): (IpAddr, u8), beyond: bool) -> [u8; RTMSG] {
    let mut header = [0; RTMSG];
    let scope = if beyond { RT_SCOPE_UNIVERSE } else { RT_SCOPE_LINK };
    header[..2].copy_from_slice(&[family(to), prefix]);
    header[4..8].copy_from_slice(&[RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST]);
    header
}

/// Reads the body of an RTM_NEWROUTE message: one route for each way out, and none where it
/// is of another family, table or type.
pub(crate) fn routes(body: &[u8]) -> Option<Vec<Route>> {
    let (header, attached) = body.split_first_chunk::<RTMSG>()?;
    let wanted = [AF_INET, AF_INET6].contains(&header[0])
        && (header[4], header[7]) == (RT_TABLE_MAIN, RTN_UNICAST);
    if !wanted {
        return Some(Vec::new());
    }
    let mut to = None;
    let mut hops = vec![hop(attached)];
    for (kind, value) in attributes(attached) {
        match kind {
            RTA_DST => to = ip(value).map(|ip| (ip, header[1])),
            RTA_MULTIPATH => hops.extend(next_hops(value)),
            _ => {}
        }
    }
    let leads = |(link, gateway): (Option<u32>, _)| {
        let is_ipv4 = header[0] == AF_INET;
        Some(Route { is_ipv4, destination: to, gateway, ifindex: link?, protocol: header[5] })
    };
    Some(hops.into_iter().filter_map(leads).collect())
}

/// The link and the gateway among attributes.
fn hop(bytes: &[u8]) -> (Option<u32>, Option<IpAddr>) {
    let mut link = None;
    let mut gateway = None;
    for (kind, value) in attributes(bytes) {
        match kind {
            RTA_OIF => link = u32_at(value, 0),
            RTA_GATEWAY => gateway = ip(value),
            // An IPv6 gateway of an IPv4 route; its family comes first.
            RTA_VIA => gateway = value.get(2..).and_then(ip),
            _ => {}
        }
    }
    (link, gateway)
}

/// Each `struct rtnexthop`: its length, then its link, then attributes.
fn next_hops(mut bytes: &[u8]) -> impl Iterator<Item = (Option<u32>, Option<IpAddr>)> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let (_, gateway) = hop(bytes.get(RTNEXTHOP..length)?);
        let link = u32_at(bytes, 4);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((link, gateway))
    })
}

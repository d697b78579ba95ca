//! What the kernel does with a packet: the route by all rules and tables, and the neighbour
//! (rtnetlink(7), linux/rtnetlink.h, linux/neighbour.h).

use std::net::IpAddr;

use rustix::io::Errno;

use crate::change::{AF_INET, AF_INET6, family, octets};
use crate::message::{attributes, u16_at, u32_at};
use crate::rows::ip;
use crate::{Error, RouteSocket};

const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWNEIGH: u16 = 28;
const RTM_GETNEIGH: u16 = 30;
const RTM_NEWRULE: u16 = 32;
const RTM_GETRULE: u16 = 34;
const RTMSG: usize = 12;
/// `struct fib_rule_hdr` of linux/fib_rules.h.
const RULE: usize = 12;
const NDMSG: usize = 12;
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_IIF: u16 = 3;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_VIA: u16 = 18;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_IP_PROTO: u16 = 27;
const RTA_SPORT: u16 = 28;
const RTA_DPORT: u16 = 29;
/// Metrics of a route, which have numbers of 32 bits: how many routers may be passed, and what it can do.
const RTAX_HOPLIMIT: u16 = 10;
const RTAX_FEATURES: u16 = 12;
const RTAX_FEATURE_ECN: u32 = 1;
const FRA_UID_RANGE: u16 = 20;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
/// States in which the kernel sends to the address it has: reachable, stale, delay, probe, noarp, permanent
/// (`NUD_VALID` of net/neighbour.h).
const NUD_VALID: u16 = 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80;

/// What becomes of a packet (`rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteType {
    /// It leaves by a link, for one.
    Unicast,
    /// It is for this namespace itself.
    Local,
    /// It leaves by a link, for all on it.
    Broadcast,
    /// It leaves by a link, for a group.
    Multicast,
    /// It is dropped, silently.
    Blackhole,
    /// It is refused: `EHOSTUNREACH`.
    Unreachable,
    /// It is refused: `EACCES`.
    Prohibit,
    /// Another one, by its number.
    Other(u8),
}

/// The route that the kernel takes for a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTaken {
    /// What becomes of the packet.
    pub kind: RouteType,
    /// The link that it leaves by.
    pub ifindex: Option<u32>,
    /// The next hop; none where the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// The address that it is sent from, unless the sender binds to one.
    pub source: Option<IpAddr>,
    /// How many routers it may pass, where the route says so (`hoplimit` of ip-route(8)).
    pub hops: Option<u8>,
    /// Whether the route has connections begin with ECN (`features ecn` of ip-route(8)).
    pub ecn: bool,
    /// Whether the route puts it into another packet (`encap` of ip-route(8)).
    pub encap: bool,
}

impl RouteTaken {
    fn read_metrics(&mut self, metrics: &[u8]) {
        for (metric, value) in attributes(metrics) {
            let number = u32_at(value, 0).unwrap_or_default();
            match metric {
                // 0 stands for what is set for all routes.
                RTAX_HOPLIMIT => {
                    self.hops = u8::try_from(number).ok().filter(|hops| *hops != 0);
                }
                RTAX_FEATURES => self.ecn = number & RTAX_FEATURE_ECN != 0,
                _ => {}
            }
        }
    }
}

/// What is in a packet, which rules of ip-rule(8) may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The protocol, by its number.
    pub protocol: u8,
    /// The ports, from and to.
    pub ports: Option<(u16, u16)>,
}

/// What rules of ip-rule(8) look at besides addresses, links and protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleKeys {
    /// The port that a packet comes from.
    pub port_src: bool,
    /// The port that it goes to.
    pub port_dst: bool,
    /// Who sends it.
    pub user: bool,
}

impl RouteSocket {
    /// What the rules of IPv4, or of IPv6, look at.
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn rule_keys(&self, is_ipv4: bool) -> Result<RuleKeys, Error> {
        let mut header = [0; RULE];
        header[0] = if is_ipv4 { AF_INET } else { AF_INET6 };
        match self.0.dump(RTM_GETRULE, &header, &[], RTM_NEWRULE, |body| Some(keys(body))) {
            Ok(rules) => Ok(rules.into_iter().fold(RuleKeys::default(), |all, one| RuleKeys {
                port_src: all.port_src || one.port_src,
                port_dst: all.port_dst || one.port_dst,
                user: all.user || one.user,
            })),
            // A kernel may have no rules at all.
            Err(Error::Socket(error)) if is(&error, &[Errno::OPNOTSUPP, Errno::AFNOSUPPORT]) => {
                Ok(RuleKeys::default())
            }
            Err(error) => Err(error),
        }
    }

    /// As [`RouteSocket::route_taken`], for a packet with this in it. Before Linux 4.18 the kernel does not look at
    /// that, and some protocols it is not asked about: then the route is that of any packet.
    ///
    /// # Errors
    /// As [`RouteSocket::route_taken`].
    pub fn route_taken_by(
        &self,
        to: IpAddr,
        from: Option<IpAddr>,
        by: Option<u32>,
        transport: Transport,
    ) -> Result<Option<RouteTaken>, Error> {
        let protocol = [transport.protocol];
        let ports = transport.ports.map(|(from, to)| (from.to_be_bytes(), to.to_be_bytes()));
        let mut more = vec![(RTA_IP_PROTO, &protocol[..])];
        if let Some((from, to)) = &ports {
            more.extend([(RTA_SPORT, &from[..]), (RTA_DPORT, &to[..])]);
        }
        match self.route_with(to, from, by, &more) {
            Err(Error::Socket(error)) if is(&error, &[Errno::OPNOTSUPP]) => {
                self.route_taken(to, from, by)
            }
            told => told,
        }
    }

    /// The route that the kernel takes for a packet to `to`, by all rules and tables (`ip route get` of
    /// ip-route(8)): from the address `from` and by the link `by`, where the sender binds to them.
    ///
    /// # Errors
    /// [`Error::Socket`] with what the kernel would tell the sender: `ENETUNREACH` where there is no route,
    /// `EHOSTUNREACH`, `EACCES` or `EINVAL` where there is one of type unreachable, prohibit or blackhole.
    /// Else as the conversation fails.
    pub fn route_taken(
        &self,
        to: IpAddr,
        from: Option<IpAddr>,
        by: Option<u32>,
    ) -> Result<Option<RouteTaken>, Error> {
        self.route_with(to, from, by, &[])
    }

    /// What the kernel does with a packet from `from` to `to` that comes in by the link `by` (`ip route get … iif` of
    /// ip-route(8)), by all rules and tables and, of IPv4, by what `rp_filter` and its own addresses let come from there.
    ///
    /// # Errors
    /// [`Error::Socket`] with why it takes no such packet, as `EINVAL` for one from an address of its own and `EXDEV` by
    /// `rp_filter`. Else as the conversation fails.
    pub fn route_in(&self, to: IpAddr, from: IpAddr, by: u32) -> Result<Option<RouteTaken>, Error> {
        self.route_with(to, Some(from), None, &[(RTA_IIF, &by.to_ne_bytes()[..])])
    }

    fn route_with(
        &self,
        to: IpAddr,
        from: Option<IpAddr>,
        by: Option<u32>,
        more: &[(u16, &[u8])],
    ) -> Result<Option<RouteTaken>, Error> {
        let bits = |ip: IpAddr| if family(ip) == AF_INET { 32 } else { 128 };
        let mut header = [0; RTMSG];
        header[..3].copy_from_slice(&[family(to), bits(to), from.map_or(0, bits)]);
        let (to, from, by) = (octets(to), from.map(octets), by.map(u32::to_ne_bytes));
        let mut wanted = vec![(RTA_DST, &to[..])];
        wanted.extend(from.as_ref().map(|from| (RTA_SRC, &from[..])));
        wanted.extend(by.as_ref().map(|by| (RTA_OIF, &by[..])));
        wanted.extend(more);
        let found = self.0.ask(RTM_GETROUTE, 0, &header, &wanted, RTM_NEWROUTE, taken)?;
        Ok(found.into_iter().next())
    }

    /// The hardware address that the kernel sends to for a neighbour on a link, and whether it was set to
    /// stay; none where it would ask first, or does not tell (before Linux 5.0).
    ///
    /// # Errors
    /// As the conversation fails.
    pub fn neighbor(&self, ip: IpAddr, ifindex: u32) -> Result<Option<[u8; 6]>, Error> {
        let mut header = [0; NDMSG];
        header[0] = family(ip);
        header[4..8].copy_from_slice(&ifindex.to_ne_bytes());
        let ip = octets(ip);
        let wanted = [(NDA_DST, &ip[..])];
        let read = |body: &[u8]| Some(neighbor(body));
        match self.0.ask(RTM_GETNEIGH, 0, &header, &wanted, RTM_NEWNEIGH, read) {
            Ok(found) => Ok(found.into_iter().flatten().next()),
            Err(Error::Socket(error)) => {
                let unknown = [Errno::NOENT, Errno::OPNOTSUPP, Errno::INVAL];
                if is(&error, &unknown) { Ok(None) } else { Err(Error::Socket(error)) }
            }
            Err(error) => Err(error),
        }
    }
}

fn is(error: &std::io::Error, errnos: &[Errno]) -> bool {
    errnos.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Reads the body of an RTM_NEWRULE message.
fn keys(body: &[u8]) -> RuleKeys {
    let mut keys = RuleKeys::default();
    for (attribute, _) in attributes(body.get(RULE..).unwrap_or_default()) {
        match attribute {
            FRA_SPORT_RANGE => keys.port_src = true,
            FRA_DPORT_RANGE => keys.port_dst = true,
            FRA_UID_RANGE => keys.user = true,
            _ => {}
        }
    }
    keys
}

/// Reads the body of an RTM_NEWROUTE message that answers for one packet.
pub(crate) fn taken(body: &[u8]) -> Option<RouteTaken> {
    let (header, attached) = body.split_first_chunk::<RTMSG>()?;
    // linux/rtnetlink.h, RTN_UNICAST and those after it.
    let kind = match header[7] {
        1 => RouteType::Unicast,
        2 => RouteType::Local,
        3 => RouteType::Broadcast,
        5 => RouteType::Multicast,
        6 => RouteType::Blackhole,
        7 => RouteType::Unreachable,
        8 => RouteType::Prohibit,
        other => RouteType::Other(other),
    };
    let mut taken = RouteTaken {
        kind,
        ifindex: None,
        gateway: None,
        source: None,
        hops: None,
        ecn: false,
        encap: false,
    };
    for (attribute, value) in attributes(attached) {
        match attribute {
            RTA_OIF => taken.ifindex = u32_at(value, 0),
            RTA_GATEWAY => taken.gateway = ip(value),
            // An IPv6 gateway of an IPv4 route; its family comes first.
            RTA_VIA => taken.gateway = value.get(2..).and_then(ip),
            RTA_PREFSRC => taken.source = ip(value),
            RTA_METRICS => taken.read_metrics(value),
            RTA_ENCAP_TYPE => taken.encap = true,
            _ => {}
        }
    }
    Some(taken)
}

/// Reads the body of an RTM_NEWNEIGH message; none where the kernel does not send to that neighbour.
pub(crate) fn neighbor(body: &[u8]) -> Option<[u8; 6]> {
    let state = u16_at(body, 8)?;
    let (_, address) = attributes(body.get(NDMSG..)?).find(|(kind, _)| *kind == NDA_LLADDR)?;
    address.try_into().ok().filter(|_| state & NUD_VALID != 0)
}

//! What the kernel of a namespace writes into the packets that it sends, where the route does not say.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use model::route::{Asking, Cast, RouteOut, RouteQuestion, SendSettings};
use netns::{Error, RouteSocket};

/// /proc/sys/net is that of the thread's namespace.
const IPV4: &str = "/proc/sys/net/ipv4";
const IPV6: &str = "/proc/sys/net/ipv6";
/// The number of TCP (IANA).
const TCP: u8 = 6;
/// The values of `tcp_ecn` by which no connection is begun with ECN: none at all, and ECN or Accurate ECN where the other
/// side asks for it (`enum tcp_ecn_mode` of net/tcp_ecn.h, since Linux 6.18).
const ASKS_NO_ECN: [u8; 3] = [0, 2, 5];

/// The settings of this thread's namespace for what is asked about and leaves by `out`. What cannot be read is as it is
/// usually set.
pub(super) fn sending(
    socket: &RouteSocket,
    asked: &RouteQuestion,
    out: &RouteOut,
) -> Result<SendSettings, Error> {
    let by_route = out.sending;
    let is_ipv4 = asked.to.is_ipv4();
    let is_tcp = asked.transport.is_some_and(|transport| transport.protocol == TCP);
    // The name of the link is looked for where a setting of its own matters: the MAC is asked for, or the hops are IPv6's.
    let asks = out.cast == Cast::Unicast && out.neighbor.is_none();
    let link = if asks || (!is_ipv4 && by_route.hops.is_none()) {
        socket.link(out.ifindex.0)?.map(|link| link.name)
    } else {
        None
    };
    let of_link = |setting: &str| number(&setting_of(asked.to, link.as_deref()?, setting));
    let of_all = |setting: &str| number(&setting_of(asked.to, "all", setting));
    let by_default = || match asked.to {
        IpAddr::V4(_) => number(&Path::new(IPV4).join("ip_default_ttl")),
        IpAddr::V6(_) => of_link("hop_limit"),
    };
    let ecn = || number(&Path::new(IPV4).join("tcp_ecn"));
    let announces =
        || [of_link("arp_announce"), of_all("arp_announce")].into_iter().flatten().max();
    let hop = out.gateway.unwrap_or(asked.to);
    // Where both are 0 the kernel drops the packet (`__neigh_event_send` of net/core/neighbour.c).
    let solicits = |setting: &str| number(&neighbors_of(hop, link.as_deref()?, setting));
    let asking = if !asks {
        Asking::AsSender
    } else if ["mcast_solicit", "app_solicit"].into_iter().all(|name| solicits(name) == Some(0)) {
        Asking::Never
    } else if is_ipv4 && announces().is_some_and(|level| level != 0) {
        Asking::MaybeAsAnother
    } else {
        Asking::AsSender
    };
    Ok(SendSettings {
        hops: by_route.hops.or_else(by_default),
        asks_ecn: by_route.asks_ecn || (is_tcp && ecn().is_some_and(asks_ecn)),
        asking,
        wraps: by_route.wraps,
    })
}

/// Whether a value of `tcp_ecn` may have a connection begin with ECN, or Accurate ECN: also one that a later kernel adds.
fn asks_ecn(value: u8) -> bool {
    !ASKS_NO_ECN.contains(&value)
}

fn setting_of(to: IpAddr, link: &str, setting: &str) -> PathBuf {
    let folder = if to.is_ipv4() { IPV4 } else { IPV6 };
    Path::new(folder).join("conf").join(link).join(setting)
}

fn neighbors_of(to: IpAddr, link: &str, setting: &str) -> PathBuf {
    let folder = if to.is_ipv4() { IPV4 } else { IPV6 };
    Path::new(folder).join("neigh").join(link).join(setting)
}

fn number(file: &Path) -> Option<u8> {
    files::read_text(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecn_is_asked_for_but_by_a_kernel_that_has_none_or_only_answers() {
        let asks = [false, true, false, true, true, false, true];
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(asks_ecn), asks);
    }

    #[test]
    fn a_link_has_settings_of_its_own() {
        let file = |to: &str| setting_of(to.parse().unwrap(), "eth0", "x");
        assert_eq!(file("10.0.0.1"), Path::new("/proc/sys/net/ipv4/conf/eth0/x"));
        assert_eq!(file("2001:db8::1"), Path::new("/proc/sys/net/ipv6/conf/eth0/x"));
        let asked = neighbors_of("10.0.0.1".parse().unwrap(), "eth0", "x");
        assert_eq!(asked, Path::new("/proc/sys/net/ipv4/neigh/eth0/x"));
    }
}

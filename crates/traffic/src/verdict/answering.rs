//! Whether the kernel that gets a question for a MAC answers it.

use std::net::IpAddr;

use model::ids::Ifindex;
use model::route::{AnswerSettings, KeptBy};

use super::hearers::{Hearer, Holder};

/// Whether a kernel answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// It does not.
    No,
    /// It may.
    May,
    /// It does.
    Surely,
    /// It may for all that is known, as anything may that is not seen.
    Unknown,
}

impl Hearer {
    /// Whether its kernel, which is set so, answers a question of `asker` for `target`; `out_by` tells by which link it
    /// sends to an address, from another one if that is told (`arp_process` of net/ipv4/arp.c, `ndisc_recv_ns` of
    /// net/ipv6/ndisc.c).
    pub fn answering(
        &self,
        settings: Option<AnswerSettings>,
        (asker, target): (Option<IpAddr>, IpAddr),
        out_by: impl Fn(IpAddr, Option<IpAddr>) -> Option<Ifindex>,
    ) -> Answering {
        let surely = if self.is_sure { Answering::Surely } else { Answering::May };
        let own = self.end.link.as_ref().map(|link| link.ifindex);
        let is_by_arp = target.is_ipv4();
        let Some(settings) = settings else {
            return if self.holder == Holder::Neither { Answering::Unknown } else { surely };
        };
        if self.holder == Holder::Neither {
            if settings.kept_by == KeptBy::Route {
                return by_local_route(settings);
            }
            return for_others(settings, is_by_arp, own, || out_by(target, None));
        }
        // Neighbour discovery has none of these settings.
        if !is_by_arp {
            return surely;
        }
        let is_near = |asker: IpAddr| {
            let links = self.end.link.iter().flat_map(|link| &link.addresses);
            { links }.any(|address| address.ip == target && address.holds(asker))
        };
        let is_of_link = self.holder == Holder::Link;
        let is_ignored = match settings.arp_ignore {
            1 => !is_of_link,
            2 => !is_of_link || !asker.is_none_or(is_near),
            8 => true,
            _ => false,
        };
        if is_ignored {
            return Answering::No;
        }
        if let Some(asker) = asker.filter(|_| settings.by_route) {
            match out_by(asker, Some(target)) {
                back if back.is_some() && back == own => {}
                // What a kernel does with packets of the one that was named is not told by these.
                Some(_) if !self.is_asked => return Answering::No,
                _ => return Answering::May,
            }
        }
        // Which scope an address has is not known.
        if settings.arp_ignore == 3 && !is_of_link { Answering::May } else { surely }
    }
}

/// Whether a kernel answers for an address that a route alone makes its own: rules of `ip rule` may take what comes in to
/// other routes than what is sent. `arp_ignore` wants a link to have the address (`inet_confirm_addr` of
/// net/ipv4/devinet.c).
fn by_local_route(settings: AnswerSettings) -> Answering {
    if matches!(settings.arp_ignore, 1..=3 | 8) { Answering::No } else { Answering::May }
}

/// Whether a kernel answers for an address that it has not, which it sends to by the link that is `routed`. An entry of
/// `ip neighbour add proxy`, which discovery needs besides, is not looked for.
fn for_others(
    settings: AnswerSettings,
    is_by_arp: bool,
    own: Option<Ifindex>,
    routed: impl Fn() -> Option<Ifindex>,
) -> Answering {
    let AnswerSettings { proxies_between, proxies_within, .. } = settings;
    if !proxies_between && !proxies_within {
        return Answering::No;
    }
    match routed().filter(|_| is_by_arp) {
        None => Answering::Unknown,
        Some(link) if Some(link) == own && proxies_within => Answering::May,
        Some(link) if Some(link) != own && proxies_between => Answering::May,
        Some(_) => Answering::No,
    }
}

//! How the kernel of a namespace answers questions for MACs, of its own addresses and of others'.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::Snapshot;
use model::ids::NetnsId;
use model::route::AnswerSettings;

use crate::Host;

impl Host {
    /// How kernels answer questions that they get by these links, each in a namespace of `snapshot`, by IPv4 or by IPv6;
    /// one for each, in the order given, and none where that cannot be read. Each namespace is entered once, all by one
    /// thread.
    pub fn answer_settings(
        &self,
        snapshot: &Snapshot,
        links: &[(NetnsId, &str)],
        by_ipv4: bool,
    ) -> Vec<Option<AnswerSettings>> {
        let ids: BTreeSet<_> = links.iter().map(|(netns, _)| *netns).collect();
        let opened = ids.into_iter().filter_map(|id| Some((id, self.namespace_of(snapshot, id)?)));
        let opened: Vec<_> = opened.collect();
        let spaces: Vec<_> = opened.iter().map(|(_, space)| space).collect();
        // /proc/sys/net is that of the thread's namespace.
        let told = netns::visit(&spaces, |at, _| {
            let here = opened.get(at).map(|(id, _)| *id);
            let there = links.iter().filter(|(netns, _)| Some(*netns) == here);
            Ok(there.map(|(_, link)| (*link, settings(link, by_ipv4))).collect::<Vec<_>>())
        });
        let told: BTreeMap<_, _> = opened
            .iter()
            .zip(told)
            .flat_map(|((id, _), told)| {
                told.unwrap_or_default().into_iter().map(|(link, told)| ((*id, link), told))
            })
            .collect();
        links.iter().map(|link| told.get(link).copied().flatten()).collect()
    }
}

/// The settings of a link of this thread's namespace; none where they cannot be read. What does not forward answers for
/// itself alone (`arp_process` of net/ipv4/arp.c, `ndisc_recv_ns` of net/ipv6/ndisc.c).
fn settings(link: &str, by_ipv4: bool) -> Option<AnswerSettings> {
    let folder =
        Path::new(if by_ipv4 { "/proc/sys/net/ipv4/conf" } else { "/proc/sys/net/ipv6/conf" });
    of_folder(folder, link, by_ipv4)
}

fn of_folder(folder: &Path, link: &str, by_ipv4: bool) -> Option<AnswerSettings> {
    let number = |of: &str, setting: &str| -> Option<u8> {
        files::read_text(&folder.join(of).join(setting)).ok()?.trim().parse().ok()
    };
    // Most settings are those of the link or of all, whichever is more.
    let most = |setting: &str| Some(number(link, setting)?.max(number("all", setting)?));
    let forwards = number(link, "forwarding")? != 0;
    let proxies = |setting: &str| Some(forwards && most(setting)? != 0);
    if !by_ipv4 {
        let proxies = proxies("proxy_ndp")?;
        return Some(AnswerSettings {
            proxies_between: proxies,
            proxies_within: proxies,
            ..AnswerSettings::default()
        });
    }
    Some(AnswerSettings {
        arp_ignore: most("arp_ignore")?,
        by_route: most("arp_filter")? != 0 || most("rp_filter")? == 1,
        proxies_between: proxies("proxy_arp")?,
        proxies_within: proxies("proxy_arp_pvlan")?,
    })
}

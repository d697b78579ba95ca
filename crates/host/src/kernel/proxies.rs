//! Whether the kernel of a namespace answers for addresses that it has not.

use std::fs;
use std::path::Path;

use model::Snapshot;
use model::ids::NetnsId;

use crate::Host;

/// Settings of a link by which Linux answers ARP for others (ip-sysctl of the kernel's documentation).
const BY_ARP: [&str; 2] = ["proxy_arp", "proxy_arp_pvlan"];
/// That by which it answers neighbour solicitations for others.
const BY_DISCOVERY: [&str; 1] = ["proxy_ndp"];

impl Host {
    /// Whether the kernel may answer, in a namespace of `snapshot`, a question for the MAC of an address that the
    /// namespace has not, by IPv4 or by IPv6. Where that cannot be read it may.
    pub fn answers_for_others(&self, snapshot: &Snapshot, netns: NetnsId, by_ipv4: bool) -> bool {
        let Some(space) = self.namespace_of(snapshot, netns) else { return true };
        // /proc/sys/net is that of the thread's namespace.
        let (folder, settings) = if by_ipv4 {
            (Path::new("/proc/sys/net/ipv4/conf"), &BY_ARP[..])
        } else {
            (Path::new("/proc/sys/net/ipv6/conf"), &BY_DISCOVERY[..])
        };
        let told = netns::visit(&[&space], |_, _| Ok(is_any_set(folder, settings)));
        let is_set = told.into_iter().next().and_then(Result::ok).flatten();
        is_set.unwrap_or(true)
    }
}

/// Whether one of these settings is on for any link that forwards, by itself or by `all`: what does not forward answers
/// for itself alone (`arp_process` of net/ipv4/arp.c, `ndisc_recv_ns` of net/ipv6/ndisc.c). None where that cannot be
/// read.
fn is_any_set(folder: &Path, settings: &[&str]) -> Option<bool> {
    let is_on = |link: &Path, setting: &str| {
        files::read_text(&link.join(setting)).ok().map(|text| text.trim() != "0")
    };
    for link in fs::read_dir(folder).ok()? {
        let link = link.ok()?;
        // These are no links.
        if link.file_name() == "all" || link.file_name() == "default" {
            continue;
        }
        if !is_on(&link.path(), "forwarding")? {
            continue;
        }
        for setting in settings {
            if is_on(&link.path(), setting)? || is_on(&folder.join("all"), setting)? {
                return Some(true);
            }
        }
    }
    Some(false)
}

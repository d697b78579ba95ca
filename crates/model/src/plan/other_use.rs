//! What a host's end is in use for beside the switch: by itself it has neither master, address nor listener.

use std::net::IpAddr;

use crate::ids::LinkKey;
use crate::snapshot::{Cidr, Link, Snapshot};

use super::planner::Planner;
use super::upper_links::{Upper, foreign_upper};

/// Whether it may have packets of its own: connect gives a host's end no address, another program has.
pub(super) fn has_address(link: &Link) -> bool {
    let is_own =
        |address: &Cidr| !matches!(address.ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    link.up && link.addresses.iter().any(is_own)
}

/// Whether a program other than vswitchd listens to it, as another switch does; as a word of why that is
/// not known where the sockets were not read.
fn listener(snapshot: &Snapshot, link: &Link) -> Option<&'static str> {
    let here = snapshot.switch_namespace()?;
    let is_own =
        here.vswitchd_sockets.as_ref().is_some_and(|own| own.links.contains(&link.ifindex));
    match &here.packet_sockets {
        None => Some("which programs listen to it was not read"),
        Some(all) if all.contains(&link.ifindex) && !is_own => {
            Some("a program listens to it by a packet socket, as another switch does")
        }
        Some(_) => None,
    }
}

impl Planner<'_> {
    /// Why a host's end that is no port any more, and leads into this container, may be in use otherwise
    /// by now; none where it waits for its switch.
    pub(super) fn other_use(&self, link: &Link) -> Option<String> {
        if let Some(master) = link.master {
            let name = self.here().find(|one| one.ifindex == master).map(|one| &*one.name);
            return Some(format!("it is a member of {}", name.unwrap_or("another link")));
        }
        if let Some(why) = listener(self.snapshot, link) {
            return Some(why.to_owned());
        }
        if has_address(link) {
            return Some("it has an address on this host, and may be in use".to_owned());
        }
        let end = LinkKey { netns: self.snapshot.switch_netns?, ifindex: link.ifindex };
        match foreign_upper(self.snapshot, &[end], self.netns) {
            Some(Upper::Foreign(upper)) => Some(format!("{upper} stands on it")),
            // Nothing is taken away: what was not seen goes on as before.
            Some(Upper::Unknown(_)) | None => None,
        }
    }
}

//! What stands between a link and its port: the links beneath it, in whatever namespaces, and Linux bridges.

use std::sync::Arc;

use flowtext::VlanTag;
use model::snapshot::{Link, Namespace};
use model::wiring::SwitchPort;
use model::{Look, PortLinks};

/// So many links are followed.
const DEEPEST: usize = 16;

/// What stands between a link and its port.
#[derive(Debug, Default)]
pub(crate) struct Beneath {
    /// The VLANs whose tags packets bear at the port, the outer one last.
    pub(crate) tags: Vec<u16>,
    /// Which of the links there is down: then nothing passes.
    pub(crate) down: Option<String>,
    /// Why packets may bear other tags.
    pub(crate) doubts: Vec<String>,
}

impl Beneath {
    /// From `link` of `space` down to `port`. What the link of the port is, the switch does not see.
    pub(crate) fn new(look: &Look, space: &Namespace, link: &Link, port: &SwitchPort) -> Self {
        let end = PortLinks::new(&look.snapshot).of(port);
        let home = look.snapshot.switch_namespace().map(|home| home.id);
        let is_end = |space: &Namespace, link: &Link| {
            Some(space.id) == home && end.is_some_and(|end| end.ifindex == link.ifindex)
        };
        let mut all = Self::default();
        let (mut space, mut link) = (space, link);
        for _ in 0..DEEPEST {
            let is_paired = link.is_paired();
            if is_end(space, link) {
                break;
            }
            all.by_members(space, link);
            if !(link.has_parent() || is_paired) {
                break;
            }
            all.tag(link);
            let Some((there, next)) = other_end(look, space, link) else {
                if !is_paired {
                    all.doubts.push(format!("the link beneath {} was not read", link.name));
                }
                break;
            };
            if !is_end(there, next) {
                let what = if is_paired {
                    format!("the other end of {}", link.name)
                } else {
                    "the link beneath it".to_owned()
                };
                all.may_be_down(next, &what);
            }
            all.over_bridge(there, next);
            // What comes out of a pair goes on by what its end is enslaved to.
            if is_paired {
                break;
            }
            (space, link) = (there, next);
        }
        if all.tags.len() > 1 {
            let tags: Vec<_> = all.tags.iter().map(ToString::to_string).collect();
            all.doubts.push(format!("packets bear the tags of several VLANs: {}", tags.join(", ")));
        }
        all
    }

    /// What a VLAN link writes. A packet is traced with tags of 802.1Q alone.
    fn tag(&mut self, link: &Link) {
        self.tags.extend(link.vlan.filter(|_| is_vlan(link)));
        let other = link.vlan_protocol.filter(|told| is_vlan(link) && *told != VlanTag::DOT1Q);
        self.doubts.extend(other.map(|told| {
            format!("packets bear the tags of {}, which have EtherType {told:#06x}", link.name)
        }));
    }

    /// By the members of a bond or team: by which of them packets pass is not known.
    fn by_members(&mut self, space: &Namespace, link: &Link) {
        if !matches!(link.kind.as_deref(), Some("bond" | "team")) {
            return;
        }
        let members = space.links.iter().filter(|other| other.master == Some(link.ifindex));
        let (up, down): (Vec<_>, Vec<_>) = members.partition(|member| member.up);
        let Some(first) = down.first() else { return };
        if up.is_empty() {
            self.down.get_or_insert_with(|| format!("all members of {} are down", link.name));
        } else {
            self.doubts.push(format!("{}, a member of {}, is down", first.name, link.name));
        }
    }

    fn may_be_down(&mut self, link: &Link, what: &str) {
        if !link.up {
            self.down.get_or_insert_with(|| format!("{}, {what}, is down", link.name));
        }
    }

    /// A Linux bridge that `link` is, or is on: it may lead to the port by a VLAN link.
    fn over_bridge(&mut self, space: &Namespace, link: &Link) {
        let is_bridge = |link: &&Arc<Link>| link.kind.as_deref() == Some("bridge");
        let is_it =
            |other: &&Arc<Link>| [link.master, Some(link.ifindex)].contains(&Some(other.ifindex));
        let Some(bridge) = space.links.iter().filter(is_it).find(is_bridge) else { return };
        self.may_be_down(bridge, "the Linux bridge on the way");
        if bridge.vlan_filtering == Some(true) {
            self.doubts.push(format!(
                "the Linux bridge {} filters by VLAN, and which it passes was not read",
                bridge.name
            ));
        }
        let mut members = space.links.iter().filter(|other| other.master == Some(bridge.ifindex));
        self.doubts.extend(members.find(|member| is_vlan(member)).map(|member| {
            format!(
                "{} is on the Linux bridge {}: what leaves by it bears the tag of a VLAN",
                member.name, bridge.name
            )
        }));
    }
}

fn is_vlan(link: &Link) -> bool {
    link.kind.as_deref() == Some("vlan")
}

/// The other end of a pair, or the link beneath; none where that was not read.
fn other_end<'a>(
    look: &'a Look,
    space: &'a Namespace,
    link: &Link,
) -> Option<(&'a Namespace, &'a Link)> {
    let peer = link.peer?;
    let there = match peer.nsid {
        None => space,
        Some(nsid) => look.snapshot.namespace(*space.nsids.get(&nsid)?)?,
    };
    let next = there.links.iter().find(|other| other.ifindex == peer.ifindex)?;
    Some((there, next))
}

//! What is uncertain about a port itself.

use crate::evidence::{Evidence, Note};
use crate::ids::{Mac, NetnsId, is_full_id, short_if_id};
use crate::port_record::PREFIX;
use crate::snapshot::{Link, Namespace};

use super::entries::PortEntry;
use super::index::{Index, Tenant};
use super::not_receiving::NotReceiving;
use super::port_link::FoundBy;

/// Everything that is uncertain about one port.
pub(super) fn port_notes(index: &Index<'_>, entry: &PortEntry<'_>) -> Vec<Note> {
    let stale = index.old_switch().map(|why| Note::Stale { why: why.to_string() });
    let unheard = entry.unheard.map(|why| match why {
        NotReceiving::Deaf => Note::Deaf,
        NotReceiving::NotOpened => Note::NotOpened,
    });
    let mut notes = Vec::new();
    let found = [conflict(entry), not_as_requested(entry), old_ifindex(entry), renamed(entry)];
    notes.extend(found.into_iter().chain([unheard, stale]).flatten());
    notes
}

fn conflict(entry: &PortEntry<'_>) -> Option<Note> {
    let mut numbers = entry.ofports.iter().filter_map(|(_, ofport)| ofport.assigned());
    let disagree = numbers.next().is_some_and(|first| numbers.any(|other| other != first));
    disagree.then(|| Note::Conflict { says: entry.ofports.iter().collect() })
}

fn not_as_requested(entry: &PortEntry<'_>) -> Option<Note> {
    let requested = entry.port.ofport_request?;
    let given = entry.port.ofport.assigned()?;
    (given != requested).then_some(Note::NotAsRequested { requested: requested.0 })
}

/// A port whose link is known by its index alone.
fn renamed(entry: &PortEntry<'_>) -> Option<Note> {
    let by_index = entry.of_link.found_by == Some(FoundBy::Ifindex);
    let link = entry.link.filter(|_| by_index)?.name.clone();
    Some(Note::Renamed { iface: entry.port.iface.clone(), link })
}

fn old_ifindex(entry: &PortEntry<'_>) -> Option<Note> {
    let ovs = entry.port.ifindex.filter(|ovs| ovs.0 != 0)?;
    let kernel = entry.link?.ifindex;
    (ovs != kernel).then_some(Note::OldIfindex { ovs, kernel })
}

/// Whether the row of a port names, by its full id, a container that has not got `link`, or another
/// interface of one that has. What we wrote is a full id, of whatever form its engine's are. `named_home` is the
/// namespace of the container that it names, where that was seen.
///
/// A look at one container sees not all that share its namespace: there the address decides, which a
/// swapped link has not got.
pub(super) fn names_another(
    index: &Index<'_>,
    entry: &PortEntry<'_>,
    home: &Namespace,
    link: &Link,
    tenants: &[Tenant<'_>],
    named_home: Option<NetnsId>,
) -> Option<Note> {
    let ids = &entry.port.external_ids;
    let text = |key: &str| ids.get(key).map(String::as_str).filter(|text| !text.is_empty());
    let is_ours = ids.keys().any(|key| key.starts_with(PREFIX));
    let container = text("container_id").filter(|id| is_ours || is_full_id(id))?;
    let mark = text("docker-ovs.engine").zip(text("docker-ovs.engine-id"));
    let is_tenant = tenants
        .iter()
        .any(|(who, row)| *row.id.0 == *container && index.may_be_marked(mark, (&who.engine, row)));
    let interface = text("container_iface");
    let is_there = |name: &str| home.links.iter().any(|other| *other.name == *name);
    let is_own = match (is_tenant, named_home) {
        (true, _) => interface.is_none_or(|name| *link.name == *name || !is_there(name)),
        (false, Some(named)) => named == home.id,
        (false, None) => {
            let made_with = text("docker-ovs.mac").and_then(|mac| mac.parse::<Mac>().ok());
            made_with.is_none_or(|mac| link.mac == Some(mac))
        }
    };
    if is_own {
        return None;
    }
    let name = text("docker-ovs.name").unwrap_or_else(|| short_if_id(container));
    let owner = interface.map_or_else(|| name.to_owned(), |link| format!("{name}:{link}"));
    Some(Note::NamesAnother { port: entry.label(), owner })
}

/// Whether a link of `home`, which was followed so, stands on one outside of the switch's namespace that `is_it`: as a
/// macvlan or a VLAN on that, or as a Linux bridge over it.
pub(super) fn stands_on(
    index: &Index<'_>,
    home: &Namespace,
    way: &[Evidence],
    is_it: impl Fn(&Namespace, &Link) -> bool,
) -> bool {
    let mut space = home;
    for step in way {
        let name: &str = match step {
            Evidence::Lower { netns, name, elsewhere: true } => {
                let Some(below) = index.namespace(*netns) else { return false };
                space = below;
                name
            }
            Evidence::LinuxBridge { through, .. } if Some(space.id) != index.switch_netns => {
                through
            }
            // Beyond a veth it is on another link.
            _ => return false,
        };
        let lower = space.links.iter().find(|link| *link.name == *name);
        if lower.is_some_and(|lower| is_it(space, lower)) {
            return true;
        }
    }
    false
}

//! Which links of the host get what is sent to a port.

use std::sync::Arc;

use model::ids::Ifindex;
use model::snapshot::{Link, Namespace};
use model::wiring::{Occupant, SwitchPort};
use model::{Look, PortLinks};

/// The links of the switch's namespace, which is told as well, that get what is sent to a port: one, and whatever stands on
/// it. None where it goes on from there, or it is not known where it goes.
pub(crate) fn links_of_host<'a>(
    look: &'a Look,
    row: &SwitchPort,
) -> Option<(&'a Namespace, Vec<&'a Arc<Link>>)> {
    let home = look.snapshot.switch_namespace()?;
    let link = kernel_behind(look, home, row)?;
    Some((home, [link].into_iter().chain(uppers(home, link.ifindex)).collect()))
}

/// What stands on a link of a namespace in that very namespace, also on what stands there itself.
fn uppers(home: &Namespace, lower: Ifindex) -> Vec<&Arc<Link>> {
    let mut found: Vec<&Arc<Link>> = Vec::new();
    let mut open = vec![lower];
    while let Some(lower) = open.pop() {
        let stands_on = |one: &&Arc<Link>| {
            let beneath = one.peer.filter(|peer| one.has_parent() && peer.nsid.is_none());
            beneath.is_some_and(|peer| peer.ifindex == lower)
        };
        let is_new = |one: &&Arc<Link>| !found.iter().any(|known| known.ifindex == one.ifindex);
        let more: Vec<_> = home.links.iter().filter(stands_on).filter(is_new).collect();
        open.extend(more.iter().map(|one| one.ifindex));
        found.extend(more);
    }
    found
}

/// Whether what is sent to a port is the link's of that very port.
pub(crate) fn is_internal(row: &SwitchPort) -> bool {
    matches!(row.occupant, Occupant::Local) || row.port.kind == "internal"
}

/// The link of the host that gets what is sent to a port of it: that of the port itself, or the other end of a pair.
fn kernel_behind<'a>(
    look: &'a Look,
    home: &'a Namespace,
    row: &SwitchPort,
) -> Option<&'a Arc<Link>> {
    let own = PortLinks::new(&look.snapshot).of(row)?;
    if is_internal(row) {
        return Some(own);
    }
    let peer = own.peer.filter(|peer| own.is_paired() && peer.nsid.is_none())?;
    home.links.iter().find(|link| link.ifindex == peer.ifindex)
}

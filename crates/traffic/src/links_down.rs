//! Links that are down, on either side of a port: nothing passes there, whatever the switch does.

use std::sync::Arc;

use model::snapshot::{Link, Namespace};
use model::wiring::SwitchPort;
use model::{Look, PortLinks};

/// Why nothing passes the link of a port in the switch's namespace.
pub(crate) fn port_link_down(look: &Look, port: &SwitchPort) -> Option<String> {
    let link = PortLinks::new(&look.snapshot).of(port).filter(|link| !link.up)?;
    Some(format!("the link of port {} is down{}", port.port.iface, called_now(link, port)))
}

/// What a port's link is called, where that is not what the port is.
fn called_now(link: &Link, port: &SwitchPort) -> String {
    if link.name == port.port.iface { String::new() } else { format!(" ({})", link.name) }
}

/// Which of the links beneath one, in its namespace, is down: then that sends nothing.
pub(crate) fn parent_down(space: Option<&Namespace>, link: &Link) -> Option<String> {
    const DEEPEST: usize = 8;
    let space = space?;
    let beneath = |link: &Link| {
        let peer = link.peer.filter(|peer| link.has_parent() && peer.nsid.is_none())?;
        space.links.iter().find(|other| other.ifindex == peer.ifindex).map(Arc::as_ref)
    };
    let mut parents = std::iter::successors(beneath(link), |link| beneath(link)).take(DEEPEST);
    let down = parents.find(|link| !link.up)?;
    Some(format!("{}, the link beneath it, is down", down.name))
}

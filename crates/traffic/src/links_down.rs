//! Links of ports that are down: nothing passes there, whatever the switch does.

use model::snapshot::Link;
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

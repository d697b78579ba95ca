//! Whether ports of this host can be published on a network.

use model::published::PublishedPort;

use super::View;
use crate::DriverError;
use crate::listening::Listeners;
use crate::network::NetworkRecord;
use crate::options::{Gateway, NetworkOptions};

/// Makes sure that ports can be published on a network.
///
/// # Errors
/// They cannot.
pub(super) fn require_published(
    view: &View,
    network: &NetworkRecord,
    options: &NetworkOptions,
    published: &[PublishedPort],
) -> Result<(), DriverError> {
    if published.is_empty() {
        return Ok(());
    }
    if options.gateway != Gateway::Host || network.internal {
        return Err(DriverError::new(
            "published ports (-p) need a gateway, and this network is a switch: leave -p out, make the \
             network with gateway=host, or connect the container to a network of the engine's own too",
        ));
    }
    let others: Vec<_> = view.endpoint_ports().map(|(_, port, record)| (port, record)).collect();
    let listeners = Listeners::of(published)?;
    for wanted in published {
        if wanted.host_port == 0 || wanted.port == 0 {
            let why = "-p: the host's port must be named, as in -p 8080:80: Docker would not show which \
                       one was chosen";
            return Err(DriverError::new(why));
        }
        let is = |published: &PublishedPort| published.is_in_the_way_of(wanted);
        let holder = others
            .iter()
            .find(|(port, record)| record.published.iter().any(is) && !view.has_ended(port));
        if let Some((_, holder)) = holder {
            let why = format!("-p {wanted}: the port of the host is for {holder} already");
            return Err(DriverError::new(why));
        }
        if listeners.are_at(wanted) {
            let why = format!("-p {wanted}: a program of this host listens at that port already");
            return Err(DriverError::new(why));
        }
    }
    Ok(())
}

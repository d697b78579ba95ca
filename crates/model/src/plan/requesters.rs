//! Which interfaces ask for an OpenFlow port number (`ofport_request`).

use crate::switch::Port;
use crate::wiring::Wiring;

use super::OfPortRequests;

/// Which interfaces ask for the number of one of these ports, as far as was seen.
pub(super) fn requesters(wiring: &Wiring, ports: [Option<&Port>; 2]) -> OfPortRequests {
    let wanted = ports.map(|port| port.and_then(|port| port.ofport_request));
    let all = wiring.ports.iter().map(|row| &row.port);
    let requests = all.filter_map(|port| Some((port.iface.clone(), port.ofport_request?)));
    requests.filter(|(_, ofport)| wanted.contains(&Some(*ofport))).collect()
}

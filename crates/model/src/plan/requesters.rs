//! Which interfaces ask for an OpenFlow port number (`ofport_request`).

use crate::ids::OfPort;
use crate::switch::{Bridge, Port};
use crate::wiring::Wiring;

use super::OfPortRequests;

/// Which interfaces ask for the number of one of these ports, as far as was seen.
pub(super) fn requesters(wiring: &Wiring, ports: [Option<&Port>; 2]) -> OfPortRequests {
    let wanted = ports.map(|port| port.and_then(|port| port.ofport_request));
    let all = wiring.ports.iter().map(|row| &row.port);
    let requests = all.filter_map(|port| Some((port.iface.clone(), port.ofport_request?)));
    requests.filter(|(_, ofport)| wanted.contains(&Some(*ofport))).collect()
}

/// Which interfaces, of all bridges, were seen to ask for this number.
pub(super) fn requesters_on(bridges: &[Bridge], ofport: Option<OfPort>) -> OfPortRequests {
    let Some(ofport) = ofport else { return OfPortRequests::new() };
    let ports = bridges.iter().flat_map(|bridge| &bridge.ports);
    let ports = ports.filter(|port| port.ofport_request == Some(ofport));
    ports.map(|port| (port.iface.clone(), ofport)).collect()
}

//! What `ovs-ofctl show` and `ovs-ofctl dump-ports-desc` print: the ports of one bridge, which its LOCAL
//! port is called after.

use std::sync::Arc;

use model::ids::{DatapathId, OfPort, name};
use model::switch::{Bridge, OfPortState, Port};

/// Whether it is such a text.
pub(crate) fn is_ports(text: &str) -> bool {
    text.contains("OFPT_FEATURES_REPLY") || text.contains("OFPST_PORT_DESC")
}

/// The bridges of a text, in which the outputs for several may follow on each other. A bridge's name is that of
/// its LOCAL port; where there is but one, it may be `called` otherwise. One whose name is not known is none.
pub(crate) fn bridges(text: &str, called: Option<&str>) -> Vec<Bridge> {
    let begins =
        |line: &str| line.starts_with("OFPT_FEATURES_REPLY") || line.starts_with("OFPST_PORT_DESC");
    let mut parts: Vec<String> = Vec::new();
    for line in text.lines() {
        if begins(line) {
            parts.push(String::new());
        }
        // What comes before the first is of none.
        if let Some(part) = parts.last_mut() {
            part.extend([line, "\n"]);
        }
    }
    let called = called.filter(|_| parts.len() == 1);
    parts.iter().filter_map(|part| bridge(part, called)).collect()
}

fn bridge(text: &str, called: Option<&str>) -> Option<Bridge> {
    let dpid = text.split_once("dpid:").and_then(|(_, rest)| rest.split_whitespace().next());
    let datapath_id = dpid.and_then(|dpid| u64::from_str_radix(dpid, 16).ok()).map(DatapathId);
    let ports: Vec<_> = text.lines().filter_map(port).map(Arc::new).collect();
    let is_local = |port: &&Arc<Port>| port.ofport == OfPortState::Assigned(OfPort::LOCAL);
    let local = ports.iter().find(is_local).map(|port| port.iface.clone());
    let name = local.or_else(|| called.map(name))?;
    Some(Bridge { name, datapath_id, ports, ..Bridge::default() })
}

/// ` 1(veth0): addr:aa:55:aa:55:00:01`; with the names of other ports on it, a number may be quoted.
fn port(line: &str) -> Option<Port> {
    let (number, rest) = line.trim_start().split_once('(')?;
    let (called, rest) = rest.split_once("): addr:")?;
    let number = match number {
        "LOCAL" => OfPort::LOCAL,
        digits => OfPort(digits.parse().ok().filter(|number| *number != 0)?),
    };
    let mac = rest.split_whitespace().next().and_then(|mac| mac.parse().ok());
    let ofport = OfPortState::Assigned(number);
    Some(Port { iface: name(called.trim_matches('"')), ofport, mac, ..Port::default() })
}

//! Ports that come with a network and go with it: its uplink, and that of its gateway in a VLAN.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::dialects::{Owner, claims_of};
use model::endpoint_record::EndpointRecord;
use model::ids::{Name, OfPort};
use model::memory::MemoryChange;
use model::plan::endpoint::host_port;
use model::plan::{ReplacePort, Step, SwitchStep};
use model::port_record::PortRecord;
use model::switch::{Bridge, Port};

use super::View;
use crate::DriverError;
use crate::network::{self, NetworkRecord};
use crate::options::{Gateway, NetworkOptions, Uplink};

/// The key of such a port: the network's id.
const CAME_WITH: &str = "docker-ovs.uplink-of";

impl View {
    /// The ports that a network needs and that are not there; `bridge` may be one that is made first.
    /// Numbers that calls which are under way have chosen are `reserved`.
    ///
    /// # Errors
    /// The uplink cannot be one, or a number is not free.
    pub(super) fn plan_host_ports(
        &self,
        bridge: &Bridge,
        network: &NetworkRecord,
        options: &NetworkOptions,
        reserved: &BTreeSet<OfPort>,
    ) -> Result<Vec<Step>, DriverError> {
        let mut chosen = reserved.clone();
        let mut steps = Vec::new();
        let uplink = options.uplink.as_ref().map(|uplink| self.uplink(bridge, uplink));
        let ports = [uplink.transpose()?.flatten(), gateway(bridge, network, options)];
        for mut port in ports.into_iter().flatten() {
            port.external_ids = BTreeMap::from([(CAME_WITH.to_owned(), network.id.clone())]);
            let (ofport, put_on) = host_port(&self.bridges, bridge, port, &chosen)?;
            chosen.insert(ofport);
            steps.extend(put_on);
        }
        Ok(steps)
    }

    /// The port of a link of the host; none where it is there.
    fn uplink(&self, bridge: &Bridge, uplink: &Uplink) -> Result<Option<Port>, DriverError> {
        let Uplink { interface, ofport } = uplink;
        let known = self.bridges.iter().find_map(|other| {
            let port = other.ports.iter().find(|port| *port.iface == **interface)?;
            Some((&other.name, port))
        });
        // Patch ports and tunnels have none.
        let needs_link = known.is_none_or(|(_, port)| port.kind == "system");
        let link = if needs_link { self.endpoints.kind_of_link(interface)? } else { None };
        let of_container = known.and_then(|(_, port)| container_of(port));
        let why = match known {
            Some((name, _)) if *name != bridge.name => format!("is a port of {name}"),
            _ if needs_link && link.is_none() => {
                "is not there: the switch's host has no such link".to_owned()
            }
            _ if of_container.is_some() => {
                let who = of_container.unwrap_or_default();
                format!("is the port of {who}, and leads to no other network")
            }
            _ if link.as_deref() == Some("bridge") => {
                "is a Linux bridge: the switch would take what the host is to receive by it; a veth that has one \
                 end on each joins the two"
                    .to_owned()
            }
            Some((name, port)) => match (*ofport, port.ofport.assigned()) {
                (Some(wanted), Some(has)) if wanted != has => {
                    format!("is OpenFlow port {has} of {name} already")
                }
                _ => return Ok(None),
            },
            None => return Ok(Some(system_port(interface, *ofport))),
        };
        Err(DriverError::new(format!("the uplink {interface} {why}")))
    }
}

/// Whose port it is, where that is recorded.
fn container_of(port: &Port) -> Option<String> {
    if let Some(record) = EndpointRecord::of(port) {
        return Some(record.to_string());
    }
    if let Some(record) = PortRecord::of(port) {
        return Some(format!("{}:{}", record.owner_name(), record.interface));
    }
    claims_of(port).iter().find_map(|claim| match claim.owner? {
        Owner::Container(name) => Some(format!("the container {name}")),
        Owner::Pid(pid) => Some(format!("the process {pid}")),
        Owner::Netns(path) => Some(format!("the network namespace {path}")),
    })
}

fn system_port(interface: &str, ofport_request: Option<OfPort>) -> Port {
    let (iface, kind) = (interface.into(), "system".to_owned());
    Port { iface, kind, ofport_request, ..Port::default() }
}

/// The port of a network's own VLAN for its gateway; none where that is the bridge's own, or is there.
fn gateway(bridge: &Bridge, network: &NetworkRecord, options: &NetworkOptions) -> Option<Port> {
    options.vlans.tag.filter(|_| options.gateway == Gateway::Host)?;
    let iface = network.gateway_link(options);
    if bridge.ports.iter().any(|port| port.iface == iface) {
        return None;
    }
    let (kind, tag) = ("internal".to_owned(), options.vlans.tag);
    Some(Port { iface, kind, tag, ..Port::default() })
}

/// The ports that came with a network.
pub(super) fn of<'a>(
    bridge: &'a Bridge,
    network: &'a NetworkRecord,
) -> impl Iterator<Item = &'a Arc<Port>> {
    let came_with = |port: &&Arc<Port>| port.external_ids.get(CAME_WITH) == Some(&network.id);
    bridge.ports.iter().filter(came_with)
}

/// Takes them away with it; but an uplink that another network asks for as well is that one's from now on.
pub(super) fn plan_removal(bridge: &Bridge, network: &NetworkRecord) -> Vec<Step> {
    let others: Vec<_> = network::of(bridge).filter(|other| other.id != network.id).collect();
    let steps = of(bridge, network).map(|port| {
        let heir = others.iter().find(|other| other.has_uplink(&port.iface));
        heir.map_or_else(|| remove(bridge, port), |heir| pass_on(bridge, port, heir))
    });
    steps.collect()
}

/// Takes the port of its gateway away; its uplink stays.
pub(super) fn plan_leaving(bridge: &Bridge, network: &NetworkRecord) -> Option<Step> {
    let gateway = of(bridge, network).find(|port| port.kind == "internal");
    gateway.map(|port| remove(bridge, port))
}

fn remove(bridge: &Bridge, port: &Arc<Port>) -> Step {
    let (bridge, remove) = (bridge.name.clone(), Some(Arc::clone(port)));
    ReplacePort { bridge, remove, ..ReplacePort::default() }.into()
}

fn pass_on(bridge: &Bridge, port: &Arc<Port>, heir: &NetworkRecord) -> Step {
    let mut external_ids = port.external_ids.clone();
    external_ids.insert(CAME_WITH.to_owned(), heir.id.clone());
    Step::from(SwitchStep::Rewrite {
        bridge: bridge.name.clone(),
        port: Arc::clone(port),
        external_ids,
        ofport_request: None,
        expected_requesters: BTreeMap::default(),
        memory: MemoryChange::default(),
    })
}

impl NetworkRecord {
    fn has_uplink(&self, link: &Name) -> bool {
        let options = self.read_options().ok();
        options.and_then(|options| options.uplink).is_some_and(|uplink| *uplink.interface == **link)
    }
}

//! Ports that come with a network and go with it: its uplink, and that of its gateway in a VLAN.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use host::HostLink;
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
/// The type of what has a link of its own, which goes with the port.
pub(super) const INTERNAL: &str = "internal";

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
        let interface = &uplink.interface;
        let called = ports(&self.bridges).find(|(_, port)| *port.iface == **interface);
        // Patch ports and tunnels have none.
        let needs_link = called.is_none_or(|(_, port)| port.kind == "system");
        let held = called.and_then(|(_, port)| port.ifindex);
        let link = if needs_link { self.endpoints.host_link(interface, held)? } else { None };
        match judge(&self.bridges, bridge, uplink, link.as_ref().ok_or(needs_link)) {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some(system_port(interface, uplink.ofport))),
            Err(why) => Err(DriverError::new(format!("the uplink {interface} {why}"))),
        }
    }
}

fn ports(bridges: &[Bridge]) -> impl Iterator<Item = (&Name, &Arc<Port>)> {
    bridges.iter().flat_map(|bridge| bridge.ports.iter().map(move |port| (&bridge.name, port)))
}

/// Whether an uplink is a port of the bridge already, or why it cannot be one. Of its `link` it is told, where
/// there is none, whether it needs one. A link is the same whichever of its names is given.
fn judge(
    bridges: &[Bridge],
    bridge: &Bridge,
    uplink: &Uplink,
    link: Result<&HostLink, bool>,
) -> Result<bool, String> {
    let is_it =
        |port: &Port| *port.iface == *uplink.interface || link.is_ok_and(|link| link.is_of(port));
    let known: Vec<_> = ports(bridges).filter(|(_, port)| is_it(port)).collect();
    if let Some((name, _)) = known.iter().find(|(name, _)| **name != bridge.name) {
        return Err(format!("is a port of {name}"));
    }
    if link == Err(true) {
        return Err("is not there: the switch's host has no such link".to_owned());
    }
    if let Some(who) = known.iter().find_map(|(_, port)| container_of(port)) {
        return Err(format!("is the port of {who}, and leads to no other network"));
    }
    if link.is_ok_and(|link| link.kind == "bridge") {
        let why = "is a Linux bridge: the switch would take what the host is to receive by it; a veth that has \
                   one end on each joins the two";
        return Err(why.to_owned());
    }
    if let Some(why) = link.ok().filter(|_| known.is_empty()).and_then(taken_by_another) {
        return Err(why);
    }
    if let Some((name, port)) = known.iter().find(|(_, port)| *port.iface != *uplink.interface) {
        let why = format!("is the link of the port {} of {name} already", port.iface);
        return Err(format!("{why}; uplink={} names it", port.iface));
    }
    let Some((name, port)) = known.first() else { return Ok(false) };
    match (uplink.ofport, port.ofport.assigned()) {
        (Some(wanted), Some(has)) if wanted != has => {
            Err(format!("is OpenFlow port {has} of {name} already"))
        }
        _ => Ok(true),
    }
}

/// Why what arrives at a link is for another one that it is enslaved to: the kernel lets one alone take it. The
/// datapath's own is that of the switch, whose ports are known.
fn taken_by_another(link: &HostLink) -> Option<String> {
    let (master, kind) = link.master.as_ref().filter(|(_, kind)| kind != "openvswitch")?;
    let kind = if kind.is_empty() { "link" } else { kind };
    Some(format!("is enslaved to the {kind} {master}, which takes what arrives at it"))
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
    let (kind, tag) = (INTERNAL.to_owned(), options.vlans.tag);
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

/// Takes them away with it, but for those to be `kept`; an uplink that another network asks for as well is
/// that one's from now on.
pub(super) fn plan_removal(
    bridge: &Bridge,
    network: &NetworkRecord,
    kept: &BTreeSet<Name>,
) -> Vec<Step> {
    let others: Vec<_> = network::of(bridge).filter(|other| other.id != network.id).collect();
    let going = of(bridge, network).filter(|port| !kept.contains(&port.iface));
    let steps = going.map(|port| {
        let heir = others.iter().find(|other| other.has_uplink(&port.iface));
        heir.map_or_else(|| remove(bridge, port), |heir| pass_on(bridge, port, heir))
    });
    steps.collect()
}

/// Takes the port of its gateway away; its uplink stays.
pub(super) fn plan_leaving(
    bridge: &Bridge,
    network: &NetworkRecord,
    kept: &BTreeSet<Name>,
) -> Option<Step> {
    let mut going = of(bridge, network).filter(|port| !kept.contains(&port.iface));
    let gateway = going.find(|port| port.kind == INTERNAL);
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

#[cfg(test)]
mod tests {
    use model::ids::Ifindex;

    use super::*;

    fn port(iface: &str, kind: &str, ifindex: Option<u32>) -> Port {
        let (iface, kind, ifindex) = (iface.into(), kind.to_owned(), ifindex.map(Ifindex));
        Port { iface, kind, ifindex, ..Port::default() }
    }

    fn bridge(name: &str, ports: Vec<Port>) -> Bridge {
        let ports = ports.into_iter().map(Arc::new).collect();
        Bridge { name: name.into(), ports, ..Bridge::default() }
    }

    fn link(ifindex: u32, kind: &str, names: &[&str]) -> HostLink {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        HostLink { ifindex: Ifindex(ifindex), kind: kind.to_owned(), names, master: None }
    }

    fn enslaved(link: HostLink, master: &str, kind: &str) -> HostLink {
        HostLink { master: Some((master.to_owned(), kind.to_owned())), ..link }
    }

    /// What becomes of an uplink of br9, beside which there is br8.
    fn judged(interface: &str, link: &HostLink) -> Result<bool, String> {
        let ids = [("container_id", "web"), ("container_iface", "eth1")];
        let ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let web = Port { external_ids: ids.into(), ..port("vethweb", "system", Some(21)) };
        let own = vec![
            port("br9", "internal", Some(9)),
            port("eno1", "system", Some(11)),
            port("vx0", "vxlan", None),
            web,
        ];
        let all = [bridge("br8", vec![port("eno2", "system", Some(12))]), bridge("br9", own)];
        let uplink = Uplink { interface: interface.to_owned(), ofport: None };
        judge(&all, &all[1], &uplink, Ok(link))
    }

    #[test]
    fn an_uplink_is_its_link_by_whichever_name_it_is_given() {
        let refused = |interface: &str, link: &HostLink, word: &str| {
            let why = judged(interface, link).unwrap_err();
            assert!(why.contains(word), "{interface}: {why}");
        };
        // An alternative name; and one that it was given since vswitchd opened it.
        for names in [&["eno2", "wan"][..], &["wan"]] {
            refused("wan", &link(12, "", names), "is a port of br8");
        }
        for names in [&["vethweb", "cable"][..], &["cable"]] {
            refused("cable", &link(21, "veth", names), "is the port of web:eth1");
        }
        refused("self", &link(9, "openvswitch", &["br9", "self"]), "the port br9 of br9");
        refused("wan", &link(11, "", &["eno1", "wan"]), "uplink=eno1 names it");
        refused("lan", &link(30, "bridge", &["br-lan", "lan"]), "is a Linux bridge");
        for (kind, master) in [("bridge", "br-lan"), ("bond", "bond0"), ("team", "team0")] {
            let of_another = enslaved(link(13, "", &["eno3"]), master, kind);
            refused("eno3", &of_another, &format!("is enslaved to the {kind} {master}"));
        }
        for (index, name, is_port) in [(11, "eno1", true), (13, "eno3", false)] {
            let own = enslaved(link(index, "", &[name]), "ovs-system", "openvswitch");
            assert_eq!(judged(name, &own), Ok(is_port));
        }
        assert_eq!(judged("eno1", &link(11, "", &["eno1", "wan"])), Ok(true));
        assert_eq!(judged("eno1", &link(11, "", &["wan"])), Ok(true), "renamed");
        assert_eq!(judged("eno3", &link(13, "", &["eno3", "dmz"])), Ok(false));
        assert_eq!(judged("dmz", &link(13, "", &["eno3", "dmz"])), Ok(false));
    }

    #[test]
    fn what_needs_a_link_has_to_have_one() {
        let all = [bridge("br9", vec![port("vx0", "vxlan", None)])];
        let judged = |interface: &str, link| {
            let uplink = Uplink { interface: interface.to_owned(), ofport: None };
            judge(&all, &all[0], &uplink, link)
        };
        assert!(judged("eno1", Err(true)).unwrap_err().contains("no such link"));
        assert_eq!(judged("vx0", Err(false)), Ok(true));
    }
}

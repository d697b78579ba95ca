//! The ends of a way: where a packet comes from, and where it is to go.

mod find;

pub use find::EndError;

use std::net::IpAddr;
use std::sync::Arc;

use model::evidence::Note;
use model::ids::{Ifindex, Mac, Name, NetnsId, OfPort};
use model::snapshot::{Cidr, Link, Namespace, Observed};
use model::switch::Port;
use model::wiring::{Attachment, Occupant, SwitchPort};
use model::{Look, PortLinks};

use crate::beneath::Beneath;
use crate::links_down::port_link_down;
use crate::port_word::PortWord;

/// An interface at a port, a port alone, or an address that no port is known for.
#[derive(Clone, Debug)]
pub struct End {
    /// How it is called: `web:eth0`, `br0:3`, `192.0.2.7`.
    pub called: String,
    /// Its port.
    pub port: Option<SwitchPort>,
    /// The link that packets come from and go to.
    pub link: Option<Arc<Link>>,
    /// Its Ethernet address.
    pub mac: Option<Mac>,
    /// Its addresses; the one that was asked for alone, if one was.
    pub addresses: Vec<Cidr>,
    /// The network namespace of the link.
    pub netns: Option<NetnsId>,
    /// Whether the interface or the port was named: then what it sends leaves by that, as with `ping -I`, even
    /// where its kernel would take another one.
    pub is_bound: bool,
    /// The address that was named: then what it sends comes from that.
    pub bound_to: Option<IpAddr>,
    /// Every address of that namespace: Linux keeps what is sent to one of them (ip-route(8), table local).
    pub local: Vec<IpAddr>,
    /// Those of them that it may not take packets for yet, or never: see [`Link::tentative`].
    pub tentative: Vec<IpAddr>,
    /// The VLANs whose tags its packets bear at the port, of VLAN links on the way there; the outer one last.
    pub tags: Vec<u16>,
    /// Why packets may not pass between the link and the port.
    pub doubts: Vec<String>,
    /// Why no packet passes there.
    pub broken: Option<String>,
    /// Why TCP and UDP that it sends do not arrive, if they do not.
    pub checksums: Option<String>,
}

impl End {
    /// The same end as one that answers: whatever it was named by, its answer goes where its routes lead.
    #[must_use]
    pub fn unbound(mut self) -> Self {
        self.is_bound = false;
        self
    }

    /// The same end by this address alone: what it sends comes from that.
    #[must_use]
    pub fn with_address(mut self, ip: IpAddr) -> Self {
        self.bound_to = Some(ip);
        self.addresses.retain(|address| address.ip == ip);
        if self.addresses.is_empty() {
            self.addresses.push(Cidr { ip, prefix: if ip.is_ipv4() { 32 } else { 128 } });
        }
        self
    }

    pub(crate) fn of_attachment(look: &Look, found: &Attachment) -> Self {
        let at = found.port.port();
        let port = at.and_then(|at| {
            look.wiring
                .ports
                .iter()
                .find(|row| row.bridge == at.bridge && row.port.iface == at.iface)
        });
        let several = found.port.several();
        let mut doubts: Vec<_> =
            several.into_iter().map(|why| format!("{}: {why}", found.label())).collect();
        let mut broken = (!found.link.up).then(|| format!("{} is down", found.label()));
        let mut checksums = None;
        for note in &found.notes {
            match note {
                Note::ChecksumOffload { .. } => checksums = Some(note.to_string()),
                Note::Deaf | Note::NotOpened => broken = Some(format!("{}: {note}", found.label())),
                Note::NotAsRequested { .. }
                | Note::FitsElsewhere { .. }
                | Note::FalseClaim { .. }
                | Note::Renamed { .. }
                | Note::TwoNamespaces { .. } => {}
                _ => doubts.push(format!("{}: {note}", found.label())),
            }
        }
        let space = look.snapshot.namespace(found.netns);
        let beneath =
            space.zip(port).map(|(space, port)| Beneath::new(look, space, &found.link, port));
        let Beneath { tags, down, doubts: more } = beneath.unwrap_or_default();
        doubts.extend(more.into_iter().map(|why| format!("{}: {why}", found.label())));
        broken = broken.or_else(|| port.and_then(|port| port_link_down(look, port)));
        broken = broken.or_else(|| Some(format!("{}: {}", found.label(), down?)));
        Self {
            called: found.label(),
            port: port.cloned(),
            link: Some(Arc::clone(&found.link)),
            mac: found.link.mac,
            addresses: found.link.addresses.clone(),
            netns: Some(found.netns),
            is_bound: false,
            bound_to: None,
            local: local_addresses(space),
            tentative: tentative(space),
            tags,
            doubts,
            broken,
            checksums,
        }
    }

    /// A port that no link in a container is on.
    pub(crate) fn bare(look: &Look, port: &SwitchPort) -> Self {
        // The links of the host that are ports: a bridge's own, and hardware.
        let link = PortLinks::new(&look.snapshot).of(port).cloned();
        let host = look.snapshot.switch_namespace().filter(|_| link.is_some());
        let broken = match &port.occupant {
            Occupant::Orphaned { .. } => {
                Some(format!("the link of port {} is gone", port.port.iface))
            }
            _ => port_link_down(look, port),
        };
        let doubts = match &port.occupant {
            Occupant::Unknown { why } => {
                vec![format!("who is on port {} is unknown: {why}", port.port.iface)]
            }
            _ => Vec::new(),
        };
        Self {
            called: format!("{}:{}", port.bridge, number(port)),
            mac: link.as_ref().and_then(|link| link.mac).or(port.port.mac),
            addresses: link.as_ref().map(|link| link.addresses.clone()).unwrap_or_default(),
            netns: host.map(|space| space.id),
            is_bound: false,
            bound_to: None,
            local: local_addresses(host),
            tentative: tentative(host),
            port: Some(port.clone()),
            link,
            tags: Vec::new(),
            doubts,
            broken,
            checksums: None,
        }
    }

    /// What is on no port that is known.
    pub fn nowhere(called: &str) -> Self {
        Self {
            called: called.to_owned(),
            port: None,
            link: None,
            mac: None,
            addresses: Vec::new(),
            netns: None,
            is_bound: false,
            bound_to: None,
            local: Vec::new(),
            tentative: Vec::new(),
            tags: Vec::new(),
            doubts: Vec::new(),
            broken: None,
            checksums: None,
        }
    }

    /// The same end with the datapath port that another look was told; none where it was told of no such port.
    #[must_use]
    pub fn with_datapath_port(mut self, look: &Look) -> Option<Self> {
        let at = self.port.as_mut()?;
        let told = look.snapshot.switch.values().flat_map(Observed::rows);
        let told = told.filter(|bridge| bridge.name == at.bridge).flat_map(|bridge| &bridge.ports);
        let same = |port: &&Arc<Port>| port.iface == at.port.iface && port.dp_port.is_some();
        let dp_port = { told }.find(same)?.dp_port;
        at.port = Arc::new(Port { dp_port, ..Port::clone(&at.port) });
        Some(self)
    }

    /// Why it is on no one port, where it is on several.
    pub fn several(look: &Look, netns: Option<NetnsId>, ifindex: Ifindex) -> Option<String> {
        let is_it =
            |found: &&Attachment| Some(found.netns) == netns && found.link.ifindex == ifindex;
        look.wiring.attachments.iter().find(is_it)?.port.several()
    }

    /// Whether `word` is its port, by number or by name, as Open vSwitch's programs tell it.
    pub fn is_port(&self, word: &str) -> bool {
        self.port.as_ref().is_some_and(|at| PortWord::of_openflow(word).is(&at.port))
    }

    /// The bridge that it is on.
    pub fn bridge(&self) -> Option<&Name> {
        self.port.as_ref().map(|port| &port.bridge)
    }

    /// Its OpenFlow port.
    pub fn ofport(&self) -> Option<OfPort> {
        self.port.as_ref()?.port.ofport.assigned()
    }

    /// The same container by another one of its interfaces; none where that is on no port.
    #[must_use]
    pub fn by_interface(&self, look: &Look, ifindex: Ifindex) -> Option<Self> {
        let is_it =
            |found: &&Attachment| Some(found.netns) == self.netns && found.link.ifindex == ifindex;
        let found = look.wiring.attachments.iter().find(is_it)?;
        let end = Self::of_attachment(look, found);
        let Self { addresses, bound_to, .. } = self.clone();
        // What was bound to an address comes from that, whichever link it leaves by.
        let addresses = if bound_to.is_some() { addresses } else { end.addresses };
        end.port.is_some().then_some(Self { addresses, bound_to, ..end })
    }
}

/// The addresses that a namespace has itself.
fn local_addresses(space: Option<&Namespace>) -> Vec<IpAddr> {
    space.into_iter().flat_map(Namespace::local_addresses).collect()
}

fn tentative(space: Option<&Namespace>) -> Vec<IpAddr> {
    let links = space.into_iter().flat_map(|space| &space.links);
    links.flat_map(|link| &link.tentative).copied().collect()
}

/// As ovs-ofctl names it.
pub(crate) fn number(port: &SwitchPort) -> String {
    match port.port.ofport.assigned() {
        Some(OfPort::LOCAL) => "LOCAL".to_owned(),
        Some(OfPort(number)) => number.to_string(),
        None => port.port.iface.to_string(),
    }
}

//! The MAC table, told of containers: who each address is, and whether it belongs where it was seen.

use flowtext::{Age, FdbEntry};
use model::Look;
use model::ids::{Mac, OfPort};
use model::wiring::{Attachment, Occupant, SwitchPort};

use crate::passed_on::passes_on;
use crate::port_word::PortWord;

/// An address of the MAC table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMac {
    /// The address.
    pub mac: Mac,
    /// Its VLAN; 0 for none.
    pub vlan: u16,
    /// Since when nothing came from it, in seconds; none for one that was put in by hand.
    pub age: Option<u32>,
    /// The OpenFlow port that it came from.
    pub ofport: Option<OfPort>,
    /// The name of its interface, where there is such a port.
    pub port: Option<String>,
    /// Who is on that port.
    pub who: Option<String>,
    /// Whose address it is, where that is known.
    pub owner: Option<String>,
    /// Whether it came from elsewhere than its owner's port.
    pub misplaced: bool,
    /// What is odd about it.
    pub notes: Vec<String>,
}

/// The rows of `bridge`'s table, joined with who is where.
pub fn seen_macs(look: &Look, bridge: &str, rows: &[FdbEntry]) -> Vec<SeenMac> {
    rows.iter().map(|row| seen(look, bridge, row)).collect()
}

fn seen(look: &Look, bridge: &str, row: &FdbEntry) -> SeenMac {
    let wiring = &look.wiring;
    let mac = Mac(row.mac);
    let written = PortWord::of_openflow(&row.port);
    let mut on_bridge = wiring.ports.iter().filter(|port| *port.bridge == *bridge);
    let port = on_bridge.find(|port| written.is(&port.port));
    let owners: Vec<_> =
        wiring.attachments.iter().filter(|found| found.link.mac == Some(mac)).collect();
    let mut told = SeenMac {
        mac,
        vlan: row.vlan,
        age: match row.age {
            Age::Seconds(seconds) => Some(seconds),
            Age::Static => None,
        },
        ofport: port.and_then(|port| port.port.ofport.assigned()).or_else(|| written.ofport()),
        port: port.map(|port| port.port.iface.to_string()),
        who: port.map(|port| port.occupant.to_string()),
        owner: None,
        misplaced: false,
        notes: Vec::new(),
    };
    // Where not all ports are known it may be one of the others.
    if port.is_none() && !wiring.unseen.ports {
        told.notes.push("no port has this number any more".to_owned());
    }
    told.judge(look, bridge, port, &owners);
    told
}

/// Whether what an interface sends comes to the VLAN by its own port.
fn is_in_vlan(look: &Look, found: &Attachment, bridge: &str, vlan: u16) -> bool {
    let Some(at) = found.port.port().filter(|at| *at.bridge == *bridge) else { return false };
    let mut ports = look.wiring.ports.iter();
    let port = ports.find(|row| row.bridge == at.bridge && row.port.iface == at.iface);
    port.is_none_or(|row| row.port.vlans().carry(vlan))
}

impl SeenMac {
    fn judge(
        &mut self,
        look: &Look,
        bridge: &str,
        port: Option<&SwitchPort>,
        owners: &[&Attachment],
    ) {
        let at_port = |found: &Attachment| {
            port.is_some_and(|port| {
                let own = found.port.port();
                own.is_some_and(|at| at.bridge == port.bridge && at.iface == port.port.iface)
                    || is_plugged(port, found)
            })
        };
        // A port of the host's own with that address; `port` itself first.
        let is_own = |row: &SwitchPort| {
            row.port.mac == Some(self.mac)
                && self.mac.identifies()
                && matches!(row.occupant, Occupant::Local | Occupant::Host { .. })
        };
        let mut on_bridge = look.wiring.ports.iter().filter(|row| *row.bridge == *bridge);
        let own = port.filter(|row| is_own(row)).or_else(|| on_bridge.find(|row| is_own(row)));
        let (here, elsewhere): (Vec<&Attachment>, Vec<&Attachment>) =
            owners.iter().copied().partition(|found| at_port(found));
        let owner = here.first().or(elsewhere.first());
        self.owner = owner.map(|found| found.label());
        if !here.is_empty() {
            let others =
                elsewhere.iter().filter(|found| !same_container(here.first().copied(), found));
            self.notes.extend(others.map(|other| format!("{} has the same address", place(other))));
            self.notes.extend(own.map(|own| format!("{} has the same address", own_place(own))));
            return;
        }
        let is_here =
            |own: &&SwitchPort| port.is_some_and(|port| port.port.iface == own.port.iface);
        if let Some(own) = own.filter(|own| elsewhere.is_empty() || is_here(own)) {
            self.judge_own(look, port, own);
            let others = elsewhere.iter();
            self.notes.extend(others.map(|other| format!("{} has the same address", place(other))));
            return;
        }
        for found in &elsewhere {
            let on_this = found.port.port().is_some_and(|at| *at.bridge == *bridge);
            let container =
                port.is_some_and(|port| matches!(port.occupant, Occupant::Plugged { .. }));
            // What a container's bridge takes from one VLAN to another is where it should be; in the owner's own
            // VLAN it is not.
            let passer = port.filter(|port| {
                !is_in_vlan(look, found, bridge, self.vlan) && passes_on(look, port)
            });
            if let Some(passer) = passer {
                self.notes.push(format!(
                    "it belongs to {}, and is passed on by {}",
                    place(found),
                    passer.occupant
                ));
            } else if on_this || container {
                self.misplaced = true;
                self.notes.push(format!("it belongs to {}", place(found)));
            }
        }
        self.notes.extend(own.map(|own| format!("{} has the same address", own_place(own))));
        let foreign = port.filter(|port| matches!(port.occupant, Occupant::Plugged { .. }));
        if let Some(port) = foreign.filter(|_| elsewhere.is_empty()) {
            self.notes.push(format!("no interface of {} has it", port.occupant));
        }
    }
}

impl SeenMac {
    /// The same of an address that the port `own` has: the bridge itself, or a link of the host.
    fn judge_own(&mut self, look: &Look, port: Option<&SwitchPort>, own: &SwitchPort) {
        let is_there = port.is_some_and(|port| port.port.iface == own.port.iface);
        self.owner = Some(own.occupant.to_string());
        let Some(port) = port.filter(|_| !is_there) else { return };
        if passes_on(look, port) {
            let (own, by) = (own_place(own), &port.occupant);
            self.notes.push(format!("it belongs to {own}, and is passed on by {by}"));
        } else {
            // By an uplink or a tunnel it may have come back.
            self.misplaced = matches!(port.occupant, Occupant::Plugged { .. });
            self.notes.push(format!("it belongs to {}", own_place(own)));
        }
    }
}

/// `the bridge itself, port LOCAL of br0`, `host, port gw0 of br0`
fn own_place(own: &SwitchPort) -> String {
    let port = match own.occupant {
        Occupant::Local => "LOCAL",
        _ => &*own.port.iface,
    };
    format!("{}, port {port} of {}", own.occupant, own.bridge)
}

fn is_plugged(port: &SwitchPort, found: &Attachment) -> bool {
    match &port.occupant {
        Occupant::Plugged { plugs } => plugs.iter().any(|plug| plug.netns == found.netns),
        _ => false,
    }
}

/// Links of one namespace may share an address, as a VLAN link does with the one beneath.
fn same_container(one: Option<&Attachment>, other: &Attachment) -> bool {
    one.is_some_and(|one| one.netns == other.netns)
}

fn place(found: &Attachment) -> String {
    match (found.port.port(), found.port.ofport()) {
        (Some(port), Some(number)) => {
            format!("{} on port {number} of {}", found.label(), port.bridge)
        }
        _ => found.label(),
    }
}

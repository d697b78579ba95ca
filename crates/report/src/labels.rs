//! Who is on a port, in the few words that fit into a line of Open vSwitch's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowtext::{Labels, number, of_port_number, unquoted};
use model::ids::{Mac, Name, OfPort};
use model::wiring::{Attachment, Occupant, SwitchPort};
use model::{Look, OPENFLOW_NAME};

use crate::cell::printable;

/// So many are named of those who have the same address.
const NAMED: usize = 3;

/// Why numbers of ports can mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// No bridge was named, and there are several.
    SeveralBridges,
    /// The same of datapaths.
    SeveralDatapaths,
}

/// The labels of all ports of a look, for texts about one of its bridges.
#[derive(Clone, Debug, Default)]
pub struct PortLabels {
    /// By bridge, then by number.
    of_ports: BTreeMap<Name, BTreeMap<u16, String>>,
    /// Those of the bridge that the text is about, by number: a text has millions of them.
    here: Vec<Option<Box<str>>>,
    /// By datapath, then by number.
    dp_ports: BTreeMap<String, BTreeMap<u32, String>>,
    names: BTreeMap<Vec<u8>, String>,
    macs: BTreeMap<[u8; 6], String>,
    ips: BTreeMap<IpAddr, String>,
    bridge: Option<Name>,
    datapath: Option<String>,
}

impl PortLabels {
    /// Those of `look`; `bridge` is the one that the text is about. Where none is named it is the
    /// only one there is.
    pub fn new(look: &Look, bridge: Option<&str>) -> Self {
        let named = bridge.and_then(|bridge| look.bridge(bridge).ok());
        // Each source of the switch has a row of its own of a bridge.
        let bridges: BTreeSet<_> = look.snapshot.bridges().map(|row| &row.name).collect();
        let only = || bridges.first().copied().filter(|_| bridges.len() == 1);
        let bridge = named.map(|named| &named.bridge.name).or_else(only).cloned();
        let datapath_of = |name: &Name| {
            let mut rows = look.snapshot.bridges().filter(|row| row.name == *name);
            rows.find_map(|row| row.datapath.clone().filter(|kind| !kind.is_empty()))
        };
        let mut labels =
            Self { datapath: bridge.as_ref().and_then(datapath_of), bridge, ..Self::default() };
        for row in &look.wiring.ports {
            labels.port(row, datapath_of(&row.bridge));
        }
        if labels.datapath.is_none() && labels.dp_ports.len() == 1 {
            labels.datapath = labels.dp_ports.keys().next().cloned();
        }
        labels.addresses(&look.wiring.attachments);
        let here = labels.bridge.as_ref().and_then(|bridge| labels.of_ports.get(bridge));
        for (number, label) in here.into_iter().flatten() {
            let number = usize::from(*number);
            if labels.here.len() <= number {
                labels.here.resize(number + 1, None);
            }
            if let Some(slot) = labels.here.get_mut(number) {
                *slot = Some(label.as_str().into());
            }
        }
        labels
    }

    /// Which numbers of a text these labels cannot explain.
    pub fn unplaced(&self) -> Vec<Unplaced> {
        let bridges =
            (self.bridge.is_none() && self.of_ports.len() > 1).then_some(Unplaced::SeveralBridges);
        let datapaths = (self.datapath.is_none() && self.dp_ports.len() > 1)
            .then_some(Unplaced::SeveralDatapaths);
        bridges.into_iter().chain(datapaths).collect()
    }

    fn port(&mut self, row: &SwitchPort, datapath: Option<String>) {
        let label = label(row);
        let of_ports = self.of_ports.entry(row.bridge.clone()).or_default();
        if let Some(OfPort(number)) = row.port.ofport.assigned() {
            of_ports.insert(number, label.clone());
        }
        if let (Some(port), Some(datapath)) = (row.port.dp_port, datapath) {
            // Tunnels share a datapath port.
            add(self.dp_ports.entry(datapath).or_default().entry(port.0).or_default(), &label);
        }
        let name = row.port.iface.as_bytes();
        self.names.insert(name.to_vec(), label.clone());
        if let Some(cut) = name.get(..OPENFLOW_NAME).filter(|_| name.len() > OPENFLOW_NAME) {
            add(self.names.entry(cut.to_vec()).or_default(), &label);
        }
    }

    /// Those of links that are on a port come before others: addresses may be used twice.
    fn addresses(&mut self, attachments: &[Attachment]) {
        for placed in [true, false] {
            let (mut macs, mut ips) = (BTreeMap::new(), BTreeMap::new());
            for found in attachments.iter().filter(|found| found.port.port().is_some() == placed) {
                let label = clean(&found.label());
                if let Some(mac) = found.link.mac.filter(|mac| Mac::identifies(*mac)) {
                    add(macs.entry(mac.0).or_default(), &label);
                }
                for address in &found.link.addresses {
                    add(ips.entry(address.ip).or_default(), &label);
                }
            }
            // What is there already is of a link on a port.
            macs.append(&mut self.macs);
            ips.append(&mut self.ips);
            (self.macs, self.ips) = (macs, ips);
        }
    }
}

impl Labels for PortLabels {
    fn of_port(&self, bridge: Option<&str>, port: &[u8]) -> Option<&str> {
        let Some(number) = of_port_number(port) else { return self.port_name(port) };
        match bridge {
            None => self.here.get(usize::try_from(number).ok()?)?.as_deref(),
            Some(bridge) => {
                let number = u16::try_from(number).ok()?;
                self.of_ports.get(bridge)?.get(&number).map(String::as_str)
            }
        }
    }

    fn dp_port(&self, datapath: Option<&str>, port: &[u8]) -> Option<&str> {
        let Some(number) = number(port) else { return self.port_name(port) };
        let kind = match datapath {
            Some(told) => kind_of(told)?,
            None => self.datapath.as_deref()?,
        };
        self.dp_ports.get(kind)?.get(&u32::try_from(number).ok()?).map(String::as_str)
    }

    fn port_name(&self, name: &[u8]) -> Option<&str> {
        self.names.get(&*unquoted(name)).map(String::as_str)
    }

    fn mac(&self, mac: [u8; 6]) -> Option<&str> {
        self.macs.get(&mac).map(String::as_str)
    }

    fn ip(&self, ip: IpAddr) -> Option<&str> {
        self.ips.get(&ip).map(String::as_str)
    }
}

/// The kind of a datapath that bridges have: vswitchd has one of each, `KIND@ovs-KIND` (`dpif_backer` of
/// ofproto/ofproto-dpif.c). Others are no bridge's.
fn kind_of(datapath: &str) -> Option<&str> {
    let (kind, name) = datapath.split_once('@')?;
    (name.strip_prefix("ovs-") == Some(kind)).then_some(kind)
}

/// Who is on a port; of one without a container what it is.
fn label(row: &SwitchPort) -> String {
    let iface = &row.port.iface;
    clean(&match &row.occupant {
        Occupant::Plugged { .. } | Occupant::Patch { .. } | Occupant::Tunnel { .. } => {
            row.occupant.to_string()
        }
        Occupant::Local => row.bridge.to_string(),
        Occupant::Host { .. } => format!("{iface}, host"),
        Occupant::Orphaned { .. } => format!("{iface}, {}", row.occupant),
        Occupant::Unknown { .. } => format!("{iface}, unknown"),
    })
}

/// Without what a terminal obeys, and without the brackets that labels stand in: interfaces of
/// containers may be called as those please.
fn clean(label: &str) -> String {
    printable(label).replace('<', "\\u{3c}").replace('>', "\\u{3e}")
}

/// Another one who has the same.
fn add(all: &mut String, one: &str) {
    let named: BTreeSet<&str> = all.split(" | ").filter(|name| !name.is_empty()).collect();
    if named.contains(one) || named.contains("…") {
        return;
    }
    let one = if named.len() < NAMED { one } else { "…" };
    if !all.is_empty() {
        all.push_str(" | ");
    }
    all.push_str(one);
}

//! A Snapshot that can be shown to strangers: the structure stays, the words go.
//!
//! Every name, id and address is replaced by a made-up one, the same everywhere it occurs,
//! so that the same Wiring follows. Numbers that matter (ports, indexes, VLANs) stay.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::ids::{ContainerId, DatapathId, Mac};
use crate::snapshot::{Cidr, Container, Link, Namespace, Observed, Snapshot};
use crate::source_error::SourceError;
use crate::switch::{Bridge, Port};

/// Hides names, addresses and labels.
pub fn anonymise(snapshot: &Snapshot) -> Snapshot {
    let mut masks = Masks::default();
    let mut hidden = snapshot.clone();
    hidden.host = "host".to_owned();
    // Ids first: words in `external_ids` are recognised by them.
    for rows in hidden.engines.values_mut() {
        rows.rows_mut().iter_mut().for_each(|row| masks.container(row));
        hide_trouble(rows);
    }
    hidden.other_engines.clear();
    hidden.kernel.rows_mut().iter_mut().for_each(|row| masks.namespace(row));
    hide_trouble(&mut hidden.kernel);
    for rows in hidden.switch.values_mut() {
        rows.rows_mut().iter_mut().for_each(|row| masks.bridge(row));
        hide_trouble(rows);
    }
    hidden
}

#[derive(Default)]
struct Masks {
    names: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
    macs: BTreeMap<Mac, Mac>,
    ips: BTreeMap<IpAddr, IpAddr>,
    datapaths: BTreeMap<DatapathId, DatapathId>,
}

impl Masks {
    fn container(&mut self, row: &mut Container) {
        row.id = ContainerId(self.id(&row.id.0).into());
        row.name = self.name(&row.name, "container").into();
        if let Some(other) = row.network_mode.strip_prefix("container:") {
            row.network_mode = format!("container:{}", self.id(other));
        } else if !matches!(row.network_mode.as_str(), "host" | "none" | "bridge" | "default") {
            row.network_mode = self.name(&row.network_mode, "network");
        }
        row.labels = std::mem::take(&mut row.labels)
            .keys()
            .enumerate()
            .map(|(i, _)| (format!("label{i}"), String::new()))
            .collect();
        row.netns_error.iter_mut().for_each(mask_trouble);
    }

    fn namespace(&mut self, row: &mut Namespace) {
        row.names.iter_mut().for_each(|name| *name = self.name(name, "netns"));
        row.links.iter_mut().for_each(|link| self.link(Arc::make_mut(link)));
        row.source_error.iter_mut().for_each(mask_trouble);
    }

    fn link(&mut self, link: &mut Link) {
        link.name = self.interface(&link.name).into();
        link.alias = None;
        link.mac = link.mac.map(|mac| self.mac(mac));
        link.addresses.iter_mut().for_each(|cidr| *cidr = self.cidr(*cidr));
    }

    fn bridge(&mut self, row: &mut Bridge) {
        row.name = self.interface(&row.name).into();
        row.datapath_id = row.datapath_id.map(|id| self.datapath(id));
        row.external_ids.clear();
        row.ports.iter_mut().for_each(|port| self.port(Arc::make_mut(port)));
    }

    fn port(&mut self, port: &mut Port) {
        port.iface = self.interface(&port.iface).into();
        port.mac = port.mac.map(|mac| self.mac(mac));
        port.bond = port.bond.take().map(|name| self.interface(&name));
        port.error = port.error.take().map(|_| "hidden".to_owned());
        for words in [&mut port.options, &mut port.external_ids, &mut port.port_external_ids] {
            for word in words.values_mut() {
                *word = self.word(word);
            }
        }
    }

    /// `lo` and `eth0` identify no host, and help to read the result.
    fn interface(&mut self, name: &str) -> String {
        let number = name.strip_prefix("eth").unwrap_or(name);
        let harmless =
            name == "lo" || (number != name && number.bytes().all(|b| b.is_ascii_digit()));
        if harmless { name.to_owned() } else { self.name(name, "link") }
    }

    fn name(&mut self, name: &str, kind: &str) -> String {
        let next = self.names.len();
        self.names.entry(name.to_owned()).or_insert_with(|| format!("{kind}{next}")).clone()
    }

    fn id(&mut self, id: &str) -> String {
        let next = self.ids.len();
        self.ids.entry(id.to_owned()).or_insert_with(|| format!("{next:012x}{:052x}", 0)).clone()
    }

    fn mac(&mut self, mac: Mac) -> Mac {
        let next = u32::try_from(self.macs.len()).unwrap_or(u32::MAX).to_be_bytes();
        *self.macs.entry(mac).or_insert(Mac([2, 0, next[0], next[1], next[2], next[3]]))
    }

    /// From the ranges kept for documentation and benchmarks (RFC 2544, RFC 3849).
    fn cidr(&mut self, cidr: Cidr) -> Cidr {
        Cidr { ip: self.ip(cidr.ip), ..cidr }
    }

    fn ip(&mut self, ip: IpAddr) -> IpAddr {
        let next = u16::try_from(self.ips.len() + 1).unwrap_or(u16::MAX);
        let [high, low] = next.to_be_bytes();
        *self.ips.entry(ip).or_insert(match ip {
            IpAddr::V4(_) => Ipv4Addr::new(198, 18, high, low).into(),
            IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, next).into(),
        })
    }

    fn datapath(&mut self, id: DatapathId) -> DatapathId {
        let next = DatapathId(self.datapaths.len() as u64 + 1);
        *self.datapaths.entry(id).or_insert(next)
    }

    /// A word that another program wrote: whatever is known of it is replaced alike.
    fn word(&mut self, word: &str) -> String {
        if let Some(known) = self.names.get(word).or_else(|| self.ids.get(word)) {
            return known.clone();
        }
        if let Some(path) = word.rsplit_once('/').and_then(|(_, name)| self.names.get(name)) {
            return format!("/run/netns/{path}");
        }
        if let Ok(mac) = word.parse() {
            return self.mac(mac).to_string();
        }
        if let Ok(ip) = word.parse() {
            return self.ip(ip).to_string();
        }
        let mut fits = self.ids.range(word.to_owned()..).take_while(|(id, _)| id.starts_with(word));
        if let Some((_, mask)) = fits.next().filter(|_| word.len() >= 4) {
            return mask.get(..word.len()).unwrap_or(mask).to_owned();
        }
        // A process id, or another number.
        if word.parse::<u32>().is_ok() {
            return word.to_owned();
        }
        if word.len() == 64 { self.id(word) } else { self.interface(word) }
    }
}

fn hide_trouble<T>(rows: &mut Observed<T>) {
    match rows {
        Observed::Fresh { .. } => {}
        Observed::Stale { why, .. } | Observed::Absent { why } => mask_trouble(why),
    }
}

fn mask_trouble(source_error: &mut SourceError) {
    source_error.what = "hidden".to_owned();
    source_error.why = "hidden".to_owned();
    source_error.hint = String::new();
}

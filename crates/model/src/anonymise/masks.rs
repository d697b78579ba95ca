//! Made-up words, the same for the same word wherever it occurs.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dialects::NetnsPath;
use crate::identity::UNKNOWN_STORE;
use crate::ids::{DatapathId, Mac, is_local_id};
use crate::port_record::Alias;
use crate::resolve::{OPENFLOW_NAME, openflow_name};
use crate::snapshot::{Cidr, EngineName};

use super::words::{is_engine_kind, is_number};

/// Steps of paths that name no host.
const FOLDERS: [&str; 7] = ["", "var", "run", "netns", "proc", "ns", "net"];
#[derive(Default)]
pub(super) struct Masks {
    engines: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
    engine_ids: BTreeMap<String, String>,
    macs: BTreeMap<Mac, Mac>,
    ips: BTreeMap<IpAddr, IpAddr>,
    datapaths: BTreeMap<DatapathId, DatapathId>,
}

impl Masks {
    /// Kinds are words of programs, and that a user runs an engine decides what counts of what it says.
    pub(super) fn engine(&mut self, engine: &EngineName) -> EngineName {
        let kind = Some(engine.kind()).filter(|kind| is_engine_kind(kind));
        if kind.is_some_and(|kind| *kind == *engine.0) {
            return engine.clone();
        }
        let next = self.engines.len();
        // No two users are one, and none is root.
        let place = match engine.user() {
            Some(0) => "0".to_owned(),
            Some(_) => (next + 1).to_string(),
            None => format!("/{next}"),
        };
        let mask = || kind.map_or(format!("engine{next}"), |kind| format!("{kind}@{place}"));
        let masked = self.engines.entry(engine.to_string());
        EngineName(masked.or_insert_with(mask).as_str().into())
    }

    /// The kind of an engine, as records have it.
    pub(super) fn engine_kind(&mut self, kind: &str) -> String {
        self.engine(&EngineName(kind.into())).to_string()
    }

    /// `lo` and `eth0` identify no host, and help to read the result.
    pub(super) fn interface(&mut self, name: &str) -> String {
        let number = name.strip_prefix("eth").unwrap_or(name);
        let index = number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit());
        let harmless = name == "lo" || (number != name && index);
        if harmless { name.to_owned() } else { self.name(name, "link") }
    }

    /// A name that OpenFlow cuts has a mask that it cuts alike.
    pub(super) fn name(&mut self, name: &str, kind: &str) -> String {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let cut = openflow_name(name).map(|cut| self.name(&cut, kind));
        let next = self.names.len();
        let masked = match cut {
            Some(cut) => format!("{cut:x<OPENFLOW_NAME$}{next}"),
            None if name.len() >= OPENFLOW_NAME => {
                format!("{:x<OPENFLOW_NAME$}", format!("{kind}{next}"))
            }
            None => format!("{kind}{next}"),
        };
        self.names.insert(name.to_owned(), masked.clone());
        masked
    }

    pub(super) fn id(&mut self, id: &str) -> String {
        let next = self.ids.len();
        // That it is unique in its engine only decides whose a record is.
        let at = if is_local_id(id) { "@engine" } else { "" };
        let mask = || format!("{next:012x}{:052x}{at}", 0);
        self.ids.entry(id.to_owned()).or_insert_with(mask).clone()
    }

    /// What an engine calls itself: how much of it two have in common tells whether they may be one.
    pub(super) fn engine_id(&mut self, id: &str) -> String {
        let (id, unknown) = match id.strip_suffix(UNKNOWN_STORE) {
            Some(id) => (id, UNKNOWN_STORE),
            None => (id, ""),
        };
        let Some((own, place)) = id.split_once(":/") else {
            return format!("{}{unknown}", self.own_engine_id(id));
        };
        let (path, mark) = place.split_once('@').unwrap_or((place, ""));
        let path = self.name(path, "store");
        let at = if mark.is_empty() { String::new() } else { format!("@{}", self.name(mark, "")) };
        format!("{}:/{path}{at}{unknown}", self.own_engine_id(own))
    }

    /// In the form of Docker's own.
    fn own_engine_id(&mut self, id: &str) -> String {
        if is_engine_kind(id) {
            return id.to_owned();
        }
        let next = self.engine_ids.len();
        let mask = || format!("{next:08x}-0000-0000-0000-000000000000");
        self.engine_ids.entry(id.to_owned()).or_insert_with(mask).clone()
    }

    pub(super) fn mac(&mut self, mac: Mac) -> Mac {
        // One that tells no link from another tells nothing of the host either.
        if !mac.identifies() {
            return mac;
        }
        let next = u32::try_from(self.macs.len()).unwrap_or(u32::MAX).to_be_bytes();
        *self.macs.entry(mac).or_insert(Mac([2, 0, next[0], next[1], next[2], next[3]]))
    }

    /// From the ranges kept for documentation and benchmarks (RFC 2544, RFC 3849).
    pub(super) fn cidr(&mut self, cidr: Cidr) -> Cidr {
        Cidr { ip: self.ip(cidr.ip), ..cidr }
    }

    pub(super) fn ip(&mut self, ip: IpAddr) -> IpAddr {
        let next = u16::try_from(self.ips.len() + 1).unwrap_or(u16::MAX);
        let [high, low] = next.to_be_bytes();
        *self.ips.entry(ip).or_insert(match ip {
            IpAddr::V4(_) => Ipv4Addr::new(198, 18, high, low).into(),
            IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, next).into(),
        })
    }

    pub(super) fn datapath(&mut self, id: DatapathId) -> DatapathId {
        let next = DatapathId(self.datapaths.len() as u64 + 1);
        *self.datapaths.entry(id).or_insert(next)
    }

    /// An alias of ours says what a link was made for; another one is the host's.
    pub(super) fn alias(&mut self, alias: &str) -> Option<String> {
        let Alias { container, interface, bridge, system, leaving } = Alias::read(alias)?;
        let interface = self.interface(interface);
        let bridge = self.interface(bridge);
        let masked = Alias {
            container: &self.word(container),
            interface: &interface,
            bridge: &bridge,
            system: system.map(|id| self.id(&id)),
            leaving,
        };
        Some(masked.to_string())
    }

    /// Names that are joined, as in kube-ovn's `POD.NAMESPACE`: how many there are tells which
    /// interface is meant.
    pub(super) fn parts(&mut self, word: &str) -> String {
        let mut masked = String::new();
        for part in word.split_inclusive(['.', '_']) {
            let name = part.trim_end_matches(['.', '_']);
            masked += &self.interface(name);
            masked += &part[name.len()..];
        }
        masked
    }

    /// What a program wrote: whatever is known of it is replaced alike.
    pub(super) fn word(&mut self, word: &str) -> String {
        match (self.names.get(word), self.ids.get(word)) {
            // A name that looks like the beginning of another one's id fits neither.
            (Some(_), None) if word.len() >= 12 && self.short_id(word).is_some() => {
                return "ambiguous".to_owned();
            }
            (_, Some(known)) | (Some(known), None) => return known.clone(),
            (None, None) => {}
        }
        if word.contains(',') {
            return word.split(',').map(|part| self.word(part)).collect::<Vec<_>>().join(",");
        }
        self.address(word).or_else(|| self.short_id(word)).unwrap_or_else(|| self.text(word))
    }

    fn address(&mut self, word: &str) -> Option<String> {
        let mac = word.parse().ok().map(|mac| self.mac(mac).to_string());
        let cidr = || word.contains('/').then(|| word.parse().ok()).flatten();
        mac.or_else(|| word.parse().ok().map(|ip| self.ip(ip).to_string()))
            .or_else(|| cidr().map(|cidr| self.cidr(cidr).to_string()))
    }

    fn short_id(&self, word: &str) -> Option<String> {
        let mut fits = self.ids.range(word.to_owned()..).take_while(|(id, _)| id.starts_with(word));
        let (_, mask) = fits.next().filter(|_| word.len() >= 4)?;
        Some(mask.get(..word.len()).unwrap_or(mask).to_owned())
    }

    fn text(&mut self, word: &str) -> String {
        match word {
            // A flow that decides; nothing.
            "" | "flow" | "true" | "false" | "True" | "False" => word.to_owned(),
            _ if matches!(NetnsPath::of(word), NetnsPath::Inode(_)) => word.to_owned(),
            _ if word.contains('/') => self.path(word),
            _ if word.len() == 64 => self.id(word),
            _ => self.interface(word),
        }
    }

    fn path(&mut self, path: &str) -> String {
        // That of a process has its id.
        let is_process = matches!(NetnsPath::of(path), NetnsPath::Process(_));
        let steps = path.split('/').map(|step| match step {
            _ if FOLDERS.contains(&step) || (is_process && is_number(step)) => step.to_owned(),
            _ => self.names.get(step).cloned().unwrap_or_else(|| self.name(step, "netns")),
        });
        steps.collect::<Vec<_>>().join("/")
    }
}

//! The rows of all hosts, found by address without reading all of them.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use model::ids::Mac;
use model::who::WhoQuery;
use report::v1::{Attachment, FleetAttachment, FromHost};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::row::decode;

/// A row as it was told, and whose.
#[derive(Clone, Debug)]
pub struct RawRow {
    /// Which host's.
    pub host: Arc<str>,
    /// Its JSON; it was read once, so that it can be.
    pub text: Arc<str>,
    /// See [`cost`].
    pub(crate) cost: usize,
    /// Of which list of all it was last.
    pub(crate) generation: u32,
}

impl RawRow {
    /// The row, read.
    pub fn read(&self, from: FromHost) -> Option<FleetAttachment> {
        let attachment = decode(self.text.as_bytes()).ok()?;
        Some(FleetAttachment { from, attachment })
    }
}

/// What a row costs in bytes, in memory and in an answer: its JSON, its places in lists and indices, and
/// what its JSON becomes, as a few ranges are thousands of VLANs.
pub(crate) fn cost(text: &[u8], row: &Attachment) -> usize {
    /// A slot, a key and the heads of texts.
    const ROW: usize = 256;
    /// An entry of the index.
    const ADDRESS: usize = 64;
    /// Up to four digits, a comma, and the number itself.
    const VLAN: usize = 7;
    let lists = row.addresses.len() * ADDRESS + row.trunks.len() * VLAN;
    text.len() + ROW + lists
}

/// Rows by slots, whose numbers are used again.
#[derive(Debug, Default)]
pub(crate) struct RowSlots {
    slots: Vec<Option<RawRow>>,
    free: Vec<u32>,
    /// Which rows have an address, by a hash whose keys are random.
    index: FxHashMap<u64, SmallVec<[u32; 2]>>,
    hasher: RandomState,
    cost: usize,
}

impl RowSlots {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// What they [`cost`] together.
    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&RawRow> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut RawRow> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Keeps a row, which was read as `row`; its slot.
    pub(crate) fn insert(&mut self, raw: RawRow, row: &Attachment) -> Option<u32> {
        let slot = self.free.pop().or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).ok()
        })?;
        for hash in self.hashes(row) {
            self.index.entry(hash).or_default().push(slot);
        }
        self.cost += raw.cost;
        *self.slots.get_mut(slot as usize)? = Some(raw);
        Some(slot)
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<RawRow> {
        let raw = self.slots.get_mut(slot as usize)?.take()?;
        self.cost -= raw.cost;
        let row = decode(raw.text.as_bytes()).ok();
        for hash in row.iter().flat_map(|row| self.hashes(row)).collect::<Vec<_>>() {
            if let Some(slots) = self.index.get_mut(&hash) {
                slots.retain(|of| *of != slot);
                if slots.is_empty() {
                    self.index.remove(&hash);
                }
            }
        }
        self.free.push(slot);
        Some(raw)
    }

    /// The rows that may fit a query: by an address only those that have it; otherwise those in which
    /// the words stand.
    pub(crate) fn candidates(&self, query: &WhoQuery) -> Vec<RawRow> {
        let indexed = |hash: u64| {
            let slots = self.index.get(&hash).into_iter().flatten();
            slots.filter_map(|slot| self.get(*slot)).cloned().collect()
        };
        let standing = |words: &str| {
            let rows = self.slots.iter().flatten();
            rows.filter(|row| row.text.contains(words)).cloned().collect()
        };
        match query {
            WhoQuery::Ip(ip) => indexed(self.hash_of_ip(*ip)),
            WhoQuery::Mac(mac) => indexed(self.hash_of_mac(*mac)),
            WhoQuery::Ifindex(_) => Vec::new(),
            WhoQuery::Number(number) => standing(&format!("\"OFPort\":{number}")),
            WhoQuery::OfPort { ofport, .. } | WhoQuery::PortOf { ofport, .. } => {
                standing(&format!("\"OFPort\":{}", ofport.0))
            }
            WhoQuery::Name(name) => {
                // What stands behind a colon, of a bridge or a container, has a field of its own.
                let last = name.rsplit_once(':').map_or(name.as_str(), |(_, last)| last);
                let whole = standing(&serde_json::to_string(name).unwrap_or_default());
                let words = serde_json::to_string(last).unwrap_or_default();
                if last == name || !whole.is_empty() { whole } else { standing(&words) }
            }
        }
    }

    /// The hashes of a row's addresses, each once.
    fn hashes(&self, row: &Attachment) -> Vec<u64> {
        let ips = row.addresses.iter().filter_map(|cidr| cidr.split('/').next()?.parse().ok());
        let macs = row.mac.iter().filter_map(|mac| mac.parse().ok());
        let ips = ips.map(|ip: IpAddr| self.hash_of_ip(ip));
        let mut hashes: Vec<_> = ips.chain(macs.map(|mac: Mac| self.hash_of_mac(mac))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    fn hash_of_ip(&self, ip: IpAddr) -> u64 {
        self.hasher.hash_one((0_u8, ip))
    }

    fn hash_of_mac(&self, mac: Mac) -> u64 {
        self.hasher.hash_one((1_u8, mac.to_string()))
    }
}

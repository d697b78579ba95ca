//! How much is held of a database: of the rows of each table, and of what is made of them.
//!
//! A bound on what is read at once is none on what becomes of it: updates add rows without end, and
//! each Interface of a Port is told with all that the Port's row says.

use std::fmt;

use ovsdb::{Map, Optional, Set, Uuid};

use super::{BridgeRow, Ids, InterfaceRow, OpenVSwitchRow, PortRow};

/// The rows of one table, in bytes: as much as is read of one at once.
pub(crate) const TABLE: usize = 32 << 20;

/// What the Interfaces of bonds have of their Ports' own columns, in bytes.
const COPIES: usize = 16 << 20;

/// What an allocation takes beyond what is asked for, in bytes.
const ALLOCATION: usize = 16;

/// More than is held of a database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMuch {
    pub(crate) what: &'static str,
    pub(crate) limit: usize,
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than the {} bytes that are held of {}", self.limit, self.what)
    }
}

impl std::error::Error for TooMuch {}

/// What the Interfaces of bonds have of their Ports, counted.
#[derive(Debug, Default)]
pub(crate) struct Copies(usize);

impl Copies {
    pub(crate) fn count(&mut self, bytes: usize) -> Result<(), TooMuch> {
        self.0 = self.0.saturating_add(bytes);
        if self.0 > COPIES {
            return Err(TooMuch { what: "the Ports of bonds, with each Interface", limit: COPIES });
        }
        Ok(())
    }

    /// What was counted and is held no longer.
    pub(crate) fn forget(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }
}

/// A row of which is known how much it takes: not more than was counted when it was read.
pub(crate) trait Held {
    /// In bytes: itself, its texts and entries, and a little for each allocation.
    fn held(&self) -> usize;
}

impl Held for InterfaceRow {
    fn held(&self) -> usize {
        let Self {
            id: _,
            name,
            ofport: _,
            ofport_request: _,
            ifindex: _,
            mac_in_use,
            mac,
            kind,
            options,
            external_ids,
            error,
            bfd,
        } = self;
        let texts = [mac_in_use, mac, error].into_iter().map(optional).sum::<usize>();
        let ids = [options, external_ids, bfd].into_iter().map(ids).sum::<usize>();
        size_of::<Self>() + text(name) + kind.as_deref().map_or(0, text) + texts + ids
    }
}

impl Held for PortRow {
    fn held(&self) -> usize {
        size_of::<Self>() + text(&self.name) + set::<Uuid>(&self.interfaces) + self.shared()
    }
}

impl Held for BridgeRow {
    fn held(&self) -> usize {
        let Self { name, ports, external_ids, datapath_id, datapath_type, fail_mode } = self;
        let texts = optional(datapath_id) + optional(fail_mode);
        let texts = texts + text(name) + datapath_type.as_deref().map_or(0, text);
        size_of::<Self>() + texts + set::<Uuid>(ports) + ids(external_ids)
    }
}

impl Held for OpenVSwitchRow {
    fn held(&self) -> usize {
        let Self { id: _, other_config, external_ids } = self;
        size_of::<Self>() + ids(other_config) + ids(external_ids)
    }
}

impl PortRow {
    /// What each of its Interfaces is told with, in bytes.
    fn shared(&self) -> usize {
        let Self {
            id: _,
            name: _,
            interfaces: _,
            tag: _,
            trunks,
            vlan_mode,
            cvlans,
            fake_bridge: _,
            external_ids,
            protected: _,
        } = self;
        set::<u16>(trunks) + optional(vlan_mode) + set::<u16>(cvlans) + ids(external_ids)
    }

    /// What this many Interfaces of it have of it, beyond the first.
    pub(crate) fn copied(&self, interfaces: usize) -> usize {
        self.shared().saturating_mul(interfaces.saturating_sub(1))
    }
}

fn text(text: &str) -> usize {
    text.len() + ALLOCATION
}

fn optional(of: &Optional<String>) -> usize {
    of.0.as_deref().map_or(0, text)
}

fn set<T>(of: &Set<T>) -> usize {
    size_of_val::<[T]>(of)
}

fn ids(Map(of): &Ids) -> usize {
    let entry = |(key, value): (&String, &String)| text(key) + text(value);
    of.iter().map(entry).sum::<usize>() + of.len() * 2 * size_of::<String>()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::super::{BridgeRow, InterfaceRow, OpenVSwitchRow, PortRow, TableRows};
    use super::{COPIES, Held};

    const TEXT: &str = "5b0b71c3-31de-4cb9-af21-53243316fec3";

    /// Read into fewer bytes than it takes it would have been refused.
    fn takes_no_more_than_was_counted<T: DeserializeOwned + Held>(row: &serde_json::Value) {
        let text = row.to_string();
        let held = bounded::from_str::<Vec<T>>(&text, 1 << 20).unwrap()[0].held();
        assert!(bounded::from_str::<Vec<T>>(&text, held - 1).is_err(), "{text}: {held}");
    }

    #[test]
    fn a_row_takes_no_more_than_was_counted_when_it_was_read() {
        let ids = json!(["map", [["a", ""], ["b", "c"], ["d", "x".repeat(100)]]]);
        let uuids = json!(["set", [["uuid", TEXT], ["uuid", TEXT], ["uuid", TEXT]]]);
        takes_no_more_than_was_counted::<InterfaceRow>(&json!([{
            "name": "a", "mac_in_use": "aa", "mac": "bb", "type": "", "error": "no", "options": ids,
            "external_ids": ids, "bfd": ids, "ofport": 1,
        }]));
        let vlans: Vec<u16> = (1..4000).collect();
        takes_no_more_than_was_counted::<PortRow>(&json!([{
            "name": "a", "interfaces": uuids, "trunks": ["set", vlans], "cvlans": ["set", vlans],
            "vlan_mode": "trunk", "external_ids": ids,
        }]));
        takes_no_more_than_was_counted::<BridgeRow>(&json!([{
            "name": "a", "ports": uuids, "datapath_id": "00", "datapath_type": "netdev",
            "fail_mode": "secure", "external_ids": ids,
        }]));
        let settings = json!([{ "other_config": ids, "external_ids": ids }]);
        takes_no_more_than_was_counted::<OpenVSwitchRow>(&settings);
    }

    /// A bridge with one Port of this many Interfaces, whose row has these columns.
    fn bond(interfaces: u32, mut columns: serde_json::Value) -> TableRows {
        let uuid = |n: u32| format!("{n:08x}-0000-4000-8000-000000000000");
        let ids: Vec<_> = (0..interfaces).map(|n| json!(["uuid", uuid(n)])).collect();
        columns["name"] = json!("bond");
        columns["interfaces"] = json!(["set", ids]);
        let port: PortRow = serde_json::from_value(columns).unwrap();
        let row = json!({ "name": "br0", "ports": ["uuid", TEXT] });
        let bridge: BridgeRow = serde_json::from_value(row).unwrap();
        let row = |n: u32| serde_json::from_value(json!({ "name": format!("eth{n}") })).unwrap();
        TableRows {
            interfaces: (0..interfaces).map(|n| (uuid(n).parse().unwrap(), row(n))).collect(),
            ports: HashMap::from([(TEXT.parse().unwrap(), port)]),
            bridges: vec![bridge],
            ..TableRows::default()
        }
    }

    #[test]
    fn what_each_interface_has_of_its_port_is_bounded_all_together() {
        let all: Vec<u16> = (0..4096).collect();
        let long = "x".repeat(COPIES / 100);
        for columns in [
            json!({ "external_ids": ["map", [["a", long]]] }),
            json!({ "trunks": ["set", all.repeat(20)] }),
            json!({ "cvlans": ["set", all.repeat(20)] }),
            json!({ "vlan_mode": long }),
        ] {
            let error = bond(200, columns.clone()).into_bridges().unwrap_err();
            assert!(error.to_string().starts_with("more than the "), "{error}");
            for fits in [1, 2, 8] {
                let bridges = bond(fits, columns.clone()).into_bridges().unwrap();
                assert_eq!(bridges[0].ports.len(), usize::try_from(fits).unwrap());
            }
        }
        // The name of a bond is no longer than one is told.
        assert!(bond(200, json!({})).into_bridges().is_ok());
    }

    #[test]
    fn a_port_is_on_two_bridges_at_most_however_many_name_it() {
        let mut rows = bond(1, json!({}));
        let named = json!(["set", [["uuid", TEXT], ["uuid", TEXT]]]);
        let more = |n: u32| {
            let row = json!({ "name": format!("br{n}"), "ports": named });
            serde_json::from_value::<BridgeRow>(row).unwrap()
        };
        rows.bridges.extend((1..5).map(more));
        let bridges = rows.into_bridges().unwrap();
        let ports: Vec<_> = bridges.iter().map(|bridge| bridge.ports.len()).collect();
        assert_eq!(ports, [1, 1, 0, 0, 0]);
    }
}

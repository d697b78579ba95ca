//! The tables of a database that is followed, as they are now, and the bridges that they are.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use model::switch::{Bridge, FakeBridge, Port};
use ovsdb::{Changes, Tables, Uuid};
use serde::de::DeserializeOwned;

use super::rows::{
    BRIDGES, BridgeRow, Copies, DatabaseRow, Held, InterfaceRow, OpenVSwitchRow, PortRow, TABLE,
    TooMuch,
};

/// The tables as they are now.
pub(super) struct FollowedTables {
    interfaces: Table<InterfaceRow>,
    ports: Table<PortRow>,
    bridges: Table<BridgeRow>,
    settings: Table<OpenVSwitchRow>,
    /// What was made of the rows of each Port, as long as they are the same.
    made: HashMap<Uuid, Made>,
    /// The Interfaces that are of one of these: no other Port has them.
    taken: HashSet<Uuid>,
    copies: Copies,
}

/// Why rows were not taken as they were told.
#[derive(Debug)]
pub(super) enum Untaken {
    Unread(ovsdb::Error),
    TooMuch(TooMuch),
}

impl fmt::Display for Untaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => error.fmt(f),
            Self::TooMuch(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Untaken {}

impl From<ovsdb::Error> for Untaken {
    fn from(error: ovsdb::Error) -> Self {
        Self::Unread(error)
    }
}

impl From<TooMuch> for Untaken {
    fn from(error: TooMuch) -> Self {
        Self::TooMuch(error)
    }
}

/// What a row of Port is to its bridge.
struct Made {
    ports: Vec<Arc<Port>>,
    fake: Option<FakeBridge>,
    /// The Interfaces that it has.
    interfaces: Vec<Uuid>,
    /// Whether another Port has one that it names: it may have it once that is changed.
    lacks: bool,
    /// What was counted for it.
    copied: usize,
}

impl FollowedTables {
    pub(super) fn read(tables: &Tables) -> Result<Self, Untaken> {
        Ok(Self {
            interfaces: Table::read("Interface", tables)?,
            ports: Table::read("Port", tables)?,
            bridges: Table::read("Bridge", tables)?,
            settings: Table::read("Open_vSwitch", tables)?,
            made: HashMap::new(),
            taken: HashSet::new(),
            copies: Copies::default(),
        })
    }

    /// What the database calls itself.
    pub(super) fn database(&self) -> Option<DatabaseRow> {
        self.settings.rows.iter().next().map(|(id, row)| DatabaseRow::of(*id, row))
    }

    /// Every bridge with every port: each Port on [`BRIDGES`] at most, each Interface of one Port,
    /// however many name it.
    pub(super) fn bridges(&mut self) -> Result<Vec<Bridge>, TooMuch> {
        for (id, port) in self.ports.in_order(|id| !self.made.contains_key(id)) {
            let made = Made::of(port, &self.interfaces.rows, &mut self.taken, &mut self.copies)?;
            self.made.insert(id, made);
        }
        let userspace_tso = self.settings.rows.values().next().map(OpenVSwitchRow::userspace_tso);
        // Each with how many bridges it is on.
        let mut all: HashMap<&Uuid, (&Made, usize)> =
            self.made.iter().map(|(id, made)| (id, (made, 0))).collect();
        let with_ports = |(_, row): (Uuid, &BridgeRow)| {
            let (mut ports, mut fakes, mut named) = (Vec::new(), Vec::new(), HashSet::new());
            for id in row.ports.iter().filter(|id| named.insert(**id)) {
                let Some((made, bridges)) = all.get_mut(id) else { continue };
                *bridges += 1;
                ports.extend(made.ports.iter().filter(|_| *bridges <= BRIDGES).cloned());
                fakes.extend(made.fake.clone().filter(|_| *bridges == 1));
            }
            row.with(ports, fakes, userspace_tso)
        };
        Ok(self.bridges.in_order(|_| true).into_iter().map(with_ports).collect())
    }

    pub(super) fn take(&mut self, changes: &Changes) -> Result<(), Untaken> {
        let interfaces = self.interfaces.merge(changes)?;
        let ports = self.ports.merge(changes)?;
        self.bridges.merge(changes)?;
        self.settings.merge(changes)?;
        let Self { ports: Table { rows, .. }, made, taken, copies, .. } = self;
        let has_changed = |id: &Uuid| match rows.get(id) {
            Some(row) => row.interfaces.iter().any(|id| interfaces.contains(id)),
            None => true,
        };
        made.retain(|id, made| {
            let stays = !made.lacks && !ports.contains(id) && !has_changed(id);
            if !stays {
                for id in &made.interfaces {
                    taken.remove(id);
                }
                copies.forget(made.copied);
            }
            stays
        });
        Ok(())
    }
}

impl Made {
    fn of(
        port: &PortRow,
        interfaces: &HashMap<Uuid, InterfaceRow>,
        taken: &mut HashSet<Uuid>,
        copies: &mut Copies,
    ) -> Result<Self, TooMuch> {
        let mut own = Vec::new();
        let mut rows = Vec::new();
        for id in port.interfaces.iter() {
            if let Some(row) = interfaces.get(id).filter(|_| taken.insert(*id)) {
                own.push(*id);
                rows.push(row.clone());
            }
        }
        Ok(Self {
            lacks: own.len() < port.interfaces.len(),
            copied: port.copied(own.len()),
            interfaces: own,
            fake: port.fake_bridge(),
            ports: port.members(rows, copies)?,
        })
    }
}

/// The rows of a table, and how much they take.
struct Table<T> {
    name: &'static str,
    rows: HashMap<Uuid, T>,
    held: usize,
}

impl<T: DeserializeOwned + Held> Table<T> {
    fn read(name: &'static str, tables: &Tables) -> Result<Self, Untaken> {
        let mut table = Self { name, rows: HashMap::new(), held: 0 };
        for (id, row) in tables.rows(name)? {
            table.set(id, Some(row))?;
        }
        Ok(table)
    }

    /// The rows that changed.
    fn merge(&mut self, changes: &Changes) -> Result<HashSet<Uuid>, Untaken> {
        let updated = changes.rows(self.name)?;
        let ids = updated.iter().map(|(id, _)| *id).collect();
        for (id, row) in updated {
            self.set(id, row)?;
        }
        Ok(ids)
    }

    fn set(&mut self, id: Uuid, row: Option<T>) -> Result<(), TooMuch> {
        let size = |row: &T| row.held().saturating_add(size_of::<Uuid>());
        self.held = self.held.saturating_add(row.as_ref().map_or(0, size));
        let before = match row {
            Some(row) => self.rows.insert(id, row),
            None => self.rows.remove(&id),
        };
        self.held = self.held.saturating_sub(before.as_ref().map_or(0, size));
        if self.held > TABLE {
            return Err(TooMuch { what: self.name, limit: TABLE });
        }
        Ok(())
    }

    /// Those that are `wanted`, in an order that does not depend on which came first.
    fn in_order(&self, wanted: impl Fn(&Uuid) -> bool) -> Vec<(Uuid, &T)> {
        let rows = self.rows.iter().filter(|(id, _)| wanted(id));
        let mut rows: Vec<_> = rows.map(|(id, row)| (*id, row)).collect();
        rows.sort_unstable_by_key(|(id, _)| *id);
        rows
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{FollowedTables, TABLE, Untaken};

    fn uuid(kind: u32, n: u32) -> String {
        format!("{kind:08x}-0000-4000-8000-{n:012x}")
    }

    fn uuids(kind: u32, all: impl IntoIterator<Item = u32>) -> Value {
        let all: Vec<_> = all.into_iter().map(|n| json!(["uuid", uuid(kind, n)])).collect();
        json!(["set", all])
    }

    /// Interfaces are of kind 1, Ports of kind 2, Bridges of kind 3.
    fn followed(tables: &Value) -> FollowedTables {
        FollowedTables::read(&serde_json::from_str(&tables.to_string()).unwrap()).unwrap()
    }

    fn take(followed: &mut FollowedTables, update: &Value) -> Result<(), Untaken> {
        followed.take(&serde_json::from_str(&update.to_string()).unwrap())
    }

    /// The interfaces of each bridge, in order.
    fn told(followed: &mut FollowedTables) -> Vec<Vec<String>> {
        let bridges = followed.bridges().unwrap();
        let names = |ports: &[std::sync::Arc<model::switch::Port>]| {
            let mut names: Vec<_> = ports.iter().map(|port| port.iface.to_string()).collect();
            names.sort();
            names
        };
        bridges.iter().map(|bridge| names(&bridge.ports)).collect()
    }

    fn row(row: &Value) -> Value {
        json!({ "new": row })
    }

    #[test]
    fn an_interface_is_of_one_port_and_a_port_on_two_bridges_whatever_names_them() {
        let port = |n: u32| {
            let repeated = (0..3).chain(0..3);
            (uuid(2, n), row(&json!({ "name": format!("p{n}"), "interfaces": uuids(1, repeated) })))
        };
        let bridge = |n: u32| {
            let repeated = (0..50).chain(0..50);
            (uuid(3, n), row(&json!({ "name": format!("br{n}"), "ports": uuids(2, repeated) })))
        };
        let interface = |n: u32| (uuid(1, n), row(&json!({ "name": format!("eth{n}") })));
        let mut followed = followed(&json!({
            "Interface": (0..3).map(interface).collect::<serde_json::Map<_, _>>(),
            "Port": (0..50).map(port).collect::<serde_json::Map<_, _>>(),
            "Bridge": (0..20).map(bridge).collect::<serde_json::Map<_, _>>(),
        }));
        let all = ["eth0", "eth1", "eth2"].map(str::to_owned).to_vec();
        let mut bridges = told(&mut followed);
        assert_eq!(bridges.drain(..2).collect::<Vec<_>>(), [all.clone(), all.clone()]);
        assert!(bridges.iter().all(Vec::is_empty), "{bridges:?}");
        // Another Port that named them has them once the first is gone, and on the next bridge too.
        take(&mut followed, &json!({ "Port": { uuid(2, 0): {} } })).unwrap();
        assert_eq!(told(&mut followed).remove(0), all);
        take(&mut followed, &json!({ "Bridge": { uuid(3, 0): {} } })).unwrap();
        assert_eq!(told(&mut followed).remove(0), all);
        // As does one that is changed to name it alone.
        let alone = json!({ "name": "p1", "interfaces": ["uuid", uuid(1, 1)] });
        take(&mut followed, &json!({ "Port": { uuid(2, 1): { "new": alone } } })).unwrap();
        assert_eq!(told(&mut followed).remove(0), all);
    }

    #[test]
    fn rows_that_updates_add_are_bounded_all_together() {
        let large = "x".repeat(TABLE / 20);
        for (table, kind) in [("Interface", 1), ("Port", 2), ("Bridge", 3), ("Open_vSwitch", 4)] {
            let ids = json!(["map", [["a", large]]]);
            let update = |n: u32| {
                let row = json!({ "name": format!("a{n}"), "external_ids": ids });
                json!({ table: { uuid(kind, n): { "new": row } } })
            };
            let mut followed = followed(&json!({}));
            // What takes the place of another row, or comes and goes, is no more.
            for n in (0..25).map(|n| n % 5) {
                take(&mut followed, &update(n)).unwrap();
            }
            for n in 0..5 {
                take(&mut followed, &json!({ table: { uuid(kind, n): {} } })).unwrap();
            }
            let fits = (0..200).take_while(|n| take(&mut followed, &update(*n)).is_ok()).count();
            assert_eq!(fits, 19, "{table}");
            let why = take(&mut followed, &update(200)).unwrap_err().to_string();
            assert!(why.starts_with("more than the ") && why.ends_with(table), "{why}");
        }
    }

    #[test]
    fn what_is_made_of_bonds_is_bounded_however_they_come_to_be() {
        let interface = |n: u32| (uuid(1, n), row(&json!({ "name": format!("eth{n}") })));
        let mut followed = followed(&json!({
            "Interface": (0..200).map(interface).collect::<serde_json::Map<_, _>>(),
        }));
        let bond = |members: u32| {
            let ids = json!(["map", [["a", "x".repeat(TABLE / 100)]]]);
            let row =
                json!({ "name": "b", "interfaces": uuids(1, 0..members), "external_ids": ids });
            json!({ "Port": { uuid(2, 0): { "new": row } } })
        };
        // Made anew each time, and counted once.
        for _ in 0..20 {
            take(&mut followed, &bond(8)).unwrap();
            followed.bridges().unwrap();
        }
        take(&mut followed, &bond(200)).unwrap();
        let why = followed.bridges().unwrap_err().to_string();
        assert!(why.starts_with("more than the "), "{why}");
    }
}

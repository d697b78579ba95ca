//! Bridges: made, and taken away again (ovs-vswitchd.conf.db(5), Bridge; as `ovs-vsctl add-br` and
//! `del-br` do it).

use std::collections::BTreeSet;

use model::SourceError;
use model::ids::Name;
use model::plan::NewBridge;
use ovsdb::{Map, Mutator, Operation, Row, RowSelector, Select, Set, Uuid, VSWITCH, Value};
use serde::Deserialize;

use super::configured::bump_next_cfg;
use super::port_rows::guard;
use super::read::Database;
use super::rows::remembered;
use super::transaction::{LOCK, changed, map};

/// A bridge as it is.
#[derive(Deserialize)]
struct BridgeRow {
    #[serde(rename = "_uuid")]
    id: Uuid,
    ports: Set<Uuid>,
    external_ids: Map<String, String>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "_uuid")]
    id: Uuid,
    name: String,
}

impl Database {
    /// Makes a bridge with its own port; fails if there is one of that name.
    pub(crate) async fn make_bridge(
        &mut self,
        new: &NewBridge,
        locked: bool,
    ) -> Result<(), SourceError> {
        let comment = format!("docker-ovs: the bridge {}", new.name);
        let none =
            guard(RowSelector::all("Bridge").equal("name", &*new.name), &["name"], Vec::new());
        let mut operations = vec![Operation::Comment(&comment), none];
        operations.extend(locked.then_some(Operation::Assert(LOCK)));
        let names = controller_names(new.controllers.len());
        operations.extend(new.controllers.iter().zip(&names).map(|(target, name)| {
            Operation::Insert { table: "Controller", row: vec![("target", target.into())], name }
        }));
        operations.extend(rows(new, &names));
        operations.push(Operation::Mutate {
            which: RowSelector::all("Open_vSwitch"),
            column: "bridges",
            mutator: Mutator::Insert,
            value: Value::NamedUuid("bridge"),
        });
        self.commit(&new.name, Some(&new.name), &operations).await
    }

    /// Takes a bridge away that has just these ports, and whose row says of ours what it was seen to.
    pub(crate) async fn remove_bridge(
        &mut self,
        bridge: &NewBridge,
        ports: &[Name],
        locked: bool,
    ) -> Result<(), SourceError> {
        let selects = [
            Select::new("Bridge", &["_uuid", "ports", "external_ids"]).equal("name", &*bridge.name),
            Select::new("Port", &["_uuid", "name"]),
        ];
        let read = self.client.transact(VSWITCH, &selects).await;
        let rows = read.and_then(|answer| Ok((answer.rows(0)?, answer.rows(1)?)));
        let (known, all): (Vec<BridgeRow>, Vec<Named>) = rows.map_err(|e| self.source_error(&e))?;
        let Some(known) = known.into_iter().next() else { return Ok(()) };
        let on_it = all.iter().filter(|port| known.ports.contains(&port.id));
        let names: BTreeSet<&str> = on_it.map(|port| &*port.name).collect();
        let expected: BTreeSet<&str> = ports.iter().map(|name| &**name).collect();
        if names != expected || remembered(&known.external_ids) != bridge.external_ids {
            return Err(changed(&bridge.name));
        }
        let comment = format!("docker-ovs: no bridge {}", bridge.name);
        let ids = || known.ports.iter().map(|id| Value::Uuid(*id)).collect();
        let which = RowSelector::all("Bridge").equal("_uuid", known.id);
        let seen = vec![("ports", Value::Set(ids())), ("external_ids", map(&known.external_ids))];
        let same = guard(which, &["ports", "external_ids"], vec![seen]);
        let mut operations = vec![Operation::Comment(&comment), same];
        operations.extend(locked.then_some(Operation::Assert(LOCK)));
        operations.push(Operation::Mutate {
            which: RowSelector::all("Open_vSwitch"),
            column: "bridges",
            mutator: Mutator::Delete,
            value: known.id.into(),
        });
        operations.push(bump_next_cfg());
        self.commit(&bridge.name, None, &operations).await
    }
}

fn controller_names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("controller{n}")).collect()
}

/// Interface, Port and Bridge.
fn rows<'a>(new: &'a NewBridge, controllers: &'a [String]) -> [Operation<'a>; 3] {
    let name = || Value::from(&*new.name);
    let interface: Row<'a> = vec![("name", name()), ("type", "internal".into())];
    let port: Row<'a> = vec![("name", name()), ("interfaces", Value::NamedUuid("interface"))];
    let words = |words: &'a [String]| Value::Set(words.iter().map(Value::from).collect());
    let controllers = controllers.iter().map(|name| Value::NamedUuid(name)).collect();
    let fail_mode = new.fail_mode.iter().map(|mode| Value::from(mode.as_str())).collect();
    let dpid = new.dpid.iter().map(|dpid| ("datapath-id", dpid.as_str())).collect();
    let mut bridge: Row<'a> = vec![
        ("name", name()),
        ("ports", Value::NamedUuid("port")),
        ("datapath_type", new.datapath_type.as_str().into()),
        ("fail_mode", Value::Set(fail_mode)),
        ("protocols", words(&new.protocols)),
        ("controller", Value::Set(controllers)),
        ("other_config", Value::Map(dpid)),
        ("external_ids", map(&new.external_ids)),
    ];
    bridge.retain(|(_, value)| !value.is_empty());
    [
        Operation::Insert { table: "Interface", row: interface, name: "interface" },
        Operation::Insert { table: "Port", row: port, name: "port" },
        Operation::Insert { table: "Bridge", row: bridge, name: "bridge" },
    ]
}

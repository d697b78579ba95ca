//! Changing the database: ports come and go in one transaction each, under a lock that all
//! docker-ovs share.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::ids::{Ifindex, Name};
use model::memory::MemoryChange;
use model::plan::ReplacePort;
use model::switch::{OfPortState, Port};
use model::{SourceError, SourceErrorKind};
use ovsdb::{Map, Mutation, Opaque, Operation, Optional, Row, Select, Set, Until, Uuid};
use ovsdb::{VSWITCH, Value, Which};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::read::Database;

/// One of us at a time. The server gives it to the next when its holder is gone.
const LOCK: &str = "docker_ovs";

/// What an administrator may have set of an Interface, beyond what a plan knows of.
const INTERFACE_SETTINGS: &[&str] = &[
    "bfd",
    "cfm_mpid",
    "external_ids",
    "ingress_policing_burst",
    "ingress_policing_kpkts_burst",
    "ingress_policing_kpkts_rate",
    "ingress_policing_rate",
    "lldp",
    "mac",
    "mtu_request",
    "options",
    "other_config",
];
/// The same of a Port.
const PORT_SETTINGS: &[&str] =
    &["cvlans", "external_ids", "mac", "other_config", "protected", "qos", "vlan_mode"];

type Columns = BTreeMap<String, Opaque>;

/// All columns of ports that were taken away, by the interface's name: for their successors,
/// and for bringing them back.
#[derive(Debug, Default)]
pub(crate) struct SavedColumns(HashMap<Name, (Columns, Columns)>);

/// The rows of a port as they were read: an Interface, and the Port that holds it.
struct Old {
    interface: Uuid,
    port: Uuid,
    /// How many Interfaces the Port holds.
    members: usize,
    /// Of the Interface, what tells it from another one that came in its place.
    identity: Vec<(&'static str, Opaque)>,
    /// The Interfaces of the Port.
    interfaces: Opaque,
}

/// What tells an Interface from another one that came in its place: beside its id, whose it is,
/// and which link it has.
const IDENTITY: [&str; 4] = ["name", "external_ids", "ofport", "ifindex"];

#[derive(Deserialize)]
struct Known {
    #[serde(rename = "_uuid")]
    id: Uuid,
    external_ids: Map<String, String>,
    ofport: Optional<i64>,
    ifindex: Optional<u32>,
}

impl Known {
    /// Whether it is as a look saw it.
    fn is(&self, port: &Port) -> bool {
        let ifindex = self.ifindex.0.filter(|index| *index != 0).map(Ifindex);
        self.external_ids.0 == port.external_ids
            && OfPortState::from_column(self.ofport.0) == port.ofport
            // vswitchd may take a moment to notice that the link is gone.
            && (ifindex.is_none() || ifindex == port.ifindex)
    }
}

#[derive(Deserialize)]
struct Holder {
    #[serde(rename = "_uuid")]
    id: Uuid,
    interfaces: Set<Uuid>,
}

impl Database {
    /// Waits until no other docker-ovs changes anything.
    pub(crate) async fn lock(&mut self) -> Result<(), SourceError> {
        let locked = self.client.lock(LOCK).await;
        locked.map_err(|error| self.source_error(&error))
    }

    pub(crate) async fn unlock(&mut self) -> Result<(), SourceError> {
        let unlocked = self.client.unlock(LOCK).await;
        unlocked.map_err(|error| self.source_error(&error))
    }

    /// Replaces ports in one transaction, which fails if what it rests on has changed.
    pub(crate) async fn replace_port(
        &mut self,
        ports: &ReplacePort,
        saved: &mut SavedColumns,
        locked: bool,
    ) -> Result<(), SourceError> {
        let old = match &ports.remove {
            Some(port) => {
                let (old, columns) = self.find(port, ports.is_undo).await?;
                saved.0.insert(port.iface.clone(), columns);
                Some(old.single(port)?)
            }
            None => None,
        };
        let base = ports.add.as_ref().filter(|_| ports.keep_settings).and_then(|port| {
            let predecessor = || saved.0.get(&ports.remove.as_ref()?.iface);
            saved.0.get(&port.iface).or_else(predecessor)
        });
        let comment = comment(ports);
        let mut operations = guards(ports, &comment, old.as_ref());
        if locked {
            operations.push(Operation::Assert(LOCK));
        }
        let bridge = || Which::all("Bridge").equal("name", &*ports.bridge);
        operations.extend(old.as_ref().map(|old| old.removal(&ports.bridge)));
        if let Some(port) = &ports.add {
            operations.extend(additions(port, base));
            let (how, value) = (Mutation::Insert, Value::Named("port"));
            operations.push(Operation::Mutate { which: bridge(), column: "ports", how, value });
            operations.extend(old.iter().flat_map(|old| mirrored(old.port)));
        }
        operations.extend(remembering(&ports.bridge, &ports.memory));
        match self.client.transact(VSWITCH, &operations).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let name = ports.add.as_ref().map(|port| &*port.iface);
                Err(self.why_not(&ports.bridge, name, error).await)
            }
        }
    }

    /// Takes an interface out of its bond; the last one takes the bond with it.
    pub(crate) async fn remove_member(
        &mut self,
        bridge: &str,
        port: &Port,
        locked: bool,
    ) -> Result<(), SourceError> {
        let (old, _) = self.find(port, false).await?;
        let comment = format!("docker-ovs: {bridge}: nothing for {}", port.iface);
        let mut operations = vec![Operation::Comment(&comment)];
        operations.extend(old.guards(bridge));
        operations.extend(locked.then_some(Operation::Assert(LOCK)));
        let which = Which::all("Port").equal("_uuid", old.port);
        let (how, value) = (Mutation::Delete, old.interface.into());
        operations.push(if old.members > 1 {
            Operation::Mutate { which, column: "interfaces", how, value }
        } else {
            old.removal(bridge)
        });
        let removed = self.client.transact(VSWITCH, &operations).await;
        match removed {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not(bridge, None, error).await),
        }
    }

    /// Writes the record of a port anew, if it still is the one that was seen.
    pub(crate) async fn rewrite(
        &mut self,
        bridge: &str,
        (port, external_ids, memory): (&Port, &BTreeMap<String, String>, &MemoryChange),
        locked: bool,
    ) -> Result<(), SourceError> {
        let (old, _) = self.find(port, false).await?;
        let comment = format!("docker-ovs: {bridge}: the record of {}", port.iface);
        let mut operations = vec![Operation::Comment(&comment)];
        operations.extend(old.guards(bridge));
        operations.extend(locked.then_some(Operation::Assert(LOCK)));
        let which = Which::all("Interface").equal("_uuid", old.interface);
        operations
            .push(Operation::Update { which, row: vec![("external_ids", map(external_ids))] });
        operations.extend(remembering(bridge, memory));
        let written = self.client.transact(VSWITCH, &operations).await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not(bridge, None, error).await),
        }
    }

    /// Finds the rows of a port as it was seen, with all their columns. What this very plan made
    /// need not be as the plan says: it has got a number since.
    async fn find(
        &mut self,
        port: &Port,
        is_own: bool,
    ) -> Result<(Old, (Columns, Columns)), SourceError> {
        let name: &str = &port.iface;
        let read = self.rows_of(name).await;
        let found = read.map_err(|error| self.source_error(&error))?;
        let (whole, known, (columns, holder)) = found.ok_or_else(|| gone(name, "it is gone"))?;
        let same = known.is(port) || (is_own && known.external_ids.0 == port.external_ids);
        let identity = IDENTITY.map(|column| Some((column, whole.get(column)?.clone())));
        let identity: Option<Vec<_>> = identity.into_iter().collect();
        let interfaces = columns.get("interfaces").cloned();
        let (Some(identity), Some(interfaces), true) = (identity, interfaces, same) else {
            return Err(gone(name, "it changed meanwhile"));
        };
        let members = holder.interfaces.len();
        let (interface, port) = (known.id, holder.id);
        Ok((Old { interface, port, members, identity, interfaces }, (whole, columns)))
    }

    async fn rows_of(
        &mut self,
        name: &str,
    ) -> Result<Option<(Columns, Known, (Columns, Holder))>, ovsdb::Error> {
        let known = ["_uuid", "external_ids", "ofport", "ifindex"];
        let selects = [
            Select::new("Interface", &[]).equal("name", name),
            Select::new("Interface", &known).equal("name", name),
        ];
        let answer = self.client.transact(VSWITCH, &selects).await?;
        let (whole, known): (Vec<Columns>, Vec<Known>) = (answer.rows(0)?, answer.rows(1)?);
        let Some((whole, known)) = whole.into_iter().zip(known).next() else { return Ok(None) };
        let holding = |columns| Select::new("Port", columns).includes("interfaces", known.id);
        let selects = [holding(&[]), holding(&["_uuid", "interfaces"])];
        let answer = self.client.transact(VSWITCH, &selects).await?;
        let (ports, holders): (Vec<Columns>, Vec<Holder>) = (answer.rows(0)?, answer.rows(1)?);
        Ok(ports.into_iter().zip(holders).next().map(|holder| (whole, known, holder)))
    }

    /// Why a transaction failed, by the error's own word (RFC 7047 section 3) and by what the
    /// database has now; its details are for people.
    async fn why_not(
        &mut self,
        bridge: &str,
        new: Option<&str>,
        error: ovsdb::Error,
    ) -> SourceError {
        let changed = |why: String| {
            SourceError::new(SourceErrorKind::Gone, format!("bridge {bridge}"), why)
                .hint("ask again")
        };
        let ovsdb::Error::Operation { error: word, .. } = &error else {
            return self.source_error(&error);
        };
        if word == "timed out" {
            return changed("its ports changed meanwhile; nothing was done".to_owned());
        }
        match new.filter(|_| word == "constraint violation") {
            Some(name) if self.has_port(name).await => {
                changed(format!("there is a port called {name} already"))
            }
            _ => self.source_error(&error),
        }
    }

    /// Whether a port or an interface has this name, as only one of each may.
    async fn has_port(&mut self, name: &str) -> bool {
        let named = |table| Select::new(table, &["name"]).equal("name", name);
        let answer = self.client.transact(VSWITCH, &[named("Port"), named("Interface")]).await;
        answer.is_ok_and(|answer| {
            let rows = |operation| answer.rows::<IgnoredAny>(operation).unwrap_or_default();
            !rows(0).is_empty() || !rows(1).is_empty()
        })
    }
}

fn comment(ports: &ReplacePort) -> String {
    let name =
        |port: Option<&Arc<Port>>| port.map_or("nothing".to_owned(), |p| p.iface.to_string());
    format!(
        "docker-ovs: {}: {} for {}",
        ports.bridge,
        name(ports.add.as_ref()),
        name(ports.remove.as_ref())
    )
}

fn gone(name: &str, why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Gone, format!("port {name}"), why).hint("ask again")
}

/// The rows `which` must be just these now.
fn is<'a>(which: Which<'a>, columns: &'a [&'a str], rows: Vec<Row<'a>>) -> Operation<'a> {
    Operation::Wait { which, columns, until: Until::Are, rows, timeout: 0 }
}

impl Old {
    /// The same, if the Port holds nothing else.
    fn single(self, port: &Port) -> Result<Self, SourceError> {
        if self.members == 1 {
            Ok(self)
        } else {
            Err(gone(&port.iface, "it is a member of a bond now"))
        }
    }

    /// It must still be the row that was read, on the bridge where it was seen.
    fn guards<'a>(&'a self, bridge: &'a str) -> [Operation<'a>; 3] {
        let same = self.identity.iter().map(|(column, value)| (*column, Value::Same(value)));
        let holder = vec![("interfaces", Value::Same(&self.interfaces))];
        let on = Which::all("Bridge").equal("name", bridge).includes("ports", self.port);
        [
            is(
                Which::all("Interface").equal("_uuid", self.interface),
                &IDENTITY,
                vec![same.collect()],
            ),
            is(Which::all("Port").equal("_uuid", self.port), &["interfaces"], vec![holder]),
            is(on, &["name"], vec![vec![("name", Value::from(bridge))]]),
        ]
    }

    fn removal<'a>(&self, bridge: &'a str) -> Operation<'a> {
        Operation::Mutate {
            which: Which::all("Bridge").equal("name", bridge),
            column: "ports",
            how: Mutation::Delete,
            value: self.port.into(),
        }
    }
}

/// What must still be as it was seen.
fn guards<'a>(
    ports: &'a ReplacePort,
    comment: &'a str,
    old: Option<&'a Old>,
) -> Vec<Operation<'a>> {
    let name = |name: &'a str| vec![("name", Value::from(name))];
    let bridge = Which::all("Bridge").equal("name", &*ports.bridge);
    let mut guards =
        vec![Operation::Comment(comment), is(bridge, &["name"], vec![name(&ports.bridge)])];
    guards.extend(old.into_iter().flat_map(|old| old.guards(&ports.bridge)));
    let wanted = ports.add.as_ref().and_then(|port| port.ofport_request);
    guards.extend(wanted.map(|wanted| {
        let which = Which::all("Interface").equal("ofport_request", i64::from(wanted.0));
        let requesters = ports.expected_requesters.iter().filter(|(_, asked)| **asked == wanted);
        is(which, &["name"], requesters.map(|(iface, _)| name(iface)).collect())
    }));
    guards
}

/// What the bridge remembers of attachments afterwards ([`model::memory`]).
pub(super) fn remembering<'a>(
    bridge: &'a str,
    memory: &'a MemoryChange,
) -> impl Iterator<Item = Operation<'a>> {
    let mutate = move |how, value| Operation::Mutate {
        which: Which::all("Bridge").equal("name", bridge),
        column: "external_ids",
        how,
        value,
    };
    let keys = memory.forget.keys().map(|key| Value::from(&**key));
    let forget =
        (!memory.forget.is_empty()).then(|| mutate(Mutation::Delete, Value::Set(keys.collect())));
    let remember =
        (!memory.remember.is_empty()).then(|| mutate(Mutation::Insert, map(&memory.remember)));
    forget.into_iter().chain(remember)
}

/// The two rows of a new port.
fn additions<'a>(port: &'a Port, base: Option<&'a (Columns, Columns)>) -> [Operation<'a>; 2] {
    let mut interface: Row<'a> = vec![
        ("name", (&*port.iface).into()),
        ("type", if port.kind == "system" { "" } else { port.kind.as_str() }.into()),
        ("ofport_request", optional(port.ofport_request.map(|ofport| ofport.0))),
        ("external_ids", map(&port.external_ids)),
    ];
    let trunks = port.trunks.iter().map(|tag| Value::Integer((*tag).into())).collect();
    let mut outer: Row<'a> = vec![
        ("name", (&*port.iface).into()),
        ("interfaces", Value::Named("interface")),
        ("tag", optional(port.tag)),
        ("trunks", Value::Set(trunks)),
        ("external_ids", map(&port.port_external_ids)),
    ];
    outer.extend(port.vlan_mode.as_deref().map(|mode| ("vlan_mode", Value::from(mode))));
    if let Some((of_interface, of_port)) = base {
        keep_settings(&mut interface, of_interface, INTERFACE_SETTINGS);
        keep_settings(&mut outer, of_port, PORT_SETTINGS);
    }
    // What is empty is so by default, and an old schema may not have its column.
    interface.retain(|(_, value)| !value.is_empty());
    outer.retain(|(_, value)| !value.is_empty());
    [
        Operation::Insert { table: "Interface", row: interface, name: "interface" },
        Operation::Insert { table: "Port", row: outer, name: "port" },
    ]
}

/// Mirrors go on with the port that comes in the place of this one: the database forgets in them
/// what is gone.
fn mirrored(old: Uuid) -> [Operation<'static>; 3] {
    let on = |column| Which::all("Mirror").includes(column, old);
    let new = || Value::Named("port");
    let also = |column| Operation::Mutate {
        which: on(column),
        column,
        how: Mutation::Insert,
        value: new(),
    };
    let out = Operation::Update { which: on("output_port"), row: vec![("output_port", new())] };
    [also("select_src_port"), also("select_dst_port"), out]
}

/// Adds settings that the row does not say otherwise.
fn keep_settings<'a>(row: &mut Row<'a>, from: &'a Columns, settings: &[&'a str]) {
    for setting in settings {
        let said = row.iter().any(|(column, _)| column == setting);
        row.extend(from.get(*setting).filter(|_| !said).map(|v| (*setting, Value::Same(v))));
    }
}

fn optional(number: Option<u16>) -> Value<'static> {
    Value::Set(number.map(|number| Value::Integer(number.into())).into_iter().collect())
}

fn map(ids: &BTreeMap<String, String>) -> Value<'_> {
    Value::Map(ids.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect())
}

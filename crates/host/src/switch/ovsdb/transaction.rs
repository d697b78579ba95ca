//! Changing the database: ports come and go in one transaction each, under a lock that all
//! docker-ovs share.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::ids::{Name, OfPort};
use model::memory::MemoryChange;
use model::plan::{OfPortRequests, ReplacePort};
use model::port_record::MAC;
use model::switch::Port;
use model::{SourceError, SourceErrorKind};
use ovsdb::{Mutator, Operation, Row, Select, Uuid};
use ovsdb::{RowSelector, VSWITCH, Value};
use serde::de::IgnoredAny;

use super::configured::bump_next_cfg;
use super::port_rows::{Columns, ExistingPort, guard};
use super::read::Database;

/// One docker-ovs at a time. The server gives the lock to the next when its holder is gone.
pub(super) const LOCK: &str = "docker_ovs";

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

/// All columns of ports that were taken away, by the interface's name: for their successors,
/// and for bringing them back.
#[derive(Debug, Default)]
pub(crate) struct SavedColumns(HashMap<Name, (Columns, Columns)>);

impl Database {
    /// Waits for a lock of the database.
    pub(crate) async fn lock(&mut self, name: &str) -> Result<(), SourceError> {
        let locked = self.client.lock(name).await;
        locked.map_err(|error| self.source_error(&error))
    }

    /// Lets others change something.
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
        let bridge = || RowSelector::all("Bridge").equal("name", &*ports.bridge);
        if let Some(old) = &old {
            operations.extend([old.removal(&ports.bridge), bump_next_cfg()]);
        }
        if let Some(port) = &ports.add {
            operations.extend(additions(port, base));
            let mutator = Mutator::Insert;
            let value = Value::NamedUuid("port");
            operations.push(Operation::Mutate { which: bridge(), column: "ports", mutator, value });
            operations.extend(old.iter().flat_map(|old| mirrored(old.port)));
        }
        operations.extend(remembering(&ports.bridge, &ports.memory));
        let name = ports.add.as_ref().map(|port| &*port.iface);
        self.commit(&ports.bridge, name, &operations).await
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
        let mut operations = beginning(&old, bridge, &comment, locked);
        let which = RowSelector::all("Port").equal("_uuid", old.port);
        let mutator = Mutator::Delete;
        let value = old.interface.into();
        operations.push(if old.members > 1 {
            Operation::Mutate { which, column: "interfaces", mutator, value }
        } else {
            old.removal(bridge)
        });
        operations.push(bump_next_cfg());
        self.commit(bridge, None, &operations).await
    }

    /// Writes the record of a port anew, if it still is the one that was seen, and asks for another
    /// number where that is wanted.
    pub(crate) async fn rewrite(
        &mut self,
        bridge: &str,
        (port, external_ids, memory): (&Port, &BTreeMap<String, String>, &MemoryChange),
        (ofport, requesters): (Option<OfPort>, &OfPortRequests),
        locked: bool,
    ) -> Result<(), SourceError> {
        let (old, _) = self.find(port, false).await?;
        let comment = format!("docker-ovs: {bridge}: the record of {}", port.iface);
        let mut operations = beginning(&old, bridge, &comment, locked);
        operations.extend(ofport.map(|wanted| unclaimed(wanted, requesters)));
        let which = RowSelector::all("Interface").equal("_uuid", old.interface);
        let mut row = vec![("external_ids", map(external_ids))];
        row.extend(ofport.map(|wanted| ("ofport_request", optional(Some(wanted.0)))));
        operations.push(Operation::Update { which, row });
        operations.extend(remembering(bridge, memory));
        self.commit(bridge, None, &operations).await
    }

    /// Does it all or nothing; `new` is the name of the port that is added.
    pub(super) async fn commit(
        &mut self,
        bridge: &str,
        new: Option<&str>,
        operations: &[Operation<'_>],
    ) -> Result<(), SourceError> {
        // It stays so where this is dropped meanwhile.
        self.is_committing = true;
        let done = self.client.transact(VSWITCH, operations).await;
        // Nor has what a server that is stopped leaves without an answer.
        let is_sent = !self.client.is_unsent();
        self.is_committing = is_sent && done.as_ref().is_err_and(|error| !error.is_refusal());
        match done {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not(bridge, new, error).await),
        }
    }

    /// Why a transaction failed, by the error's own word (RFC 7047 section 3) and by what the
    /// database has now; its details are for people.
    async fn why_not(
        &mut self,
        bridge: &str,
        new: Option<&str>,
        error: ovsdb::Error,
    ) -> SourceError {
        let ovsdb::Error::Operation { error: word, .. } = &error else {
            return self.source_error(&error);
        };
        if word == "timed out" {
            return changed(bridge);
        }
        match new.filter(|_| word == "constraint violation") {
            Some(name) if self.has_port(name).await => {
                gone(bridge, format!("there is a port called {name} already"))
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

/// What a transaction rests on has changed.
pub(super) fn changed(bridge: &str) -> SourceError {
    gone(bridge, "its ports changed meanwhile; nothing was done".to_owned())
}

fn gone(bridge: &str, why: String) -> SourceError {
    SourceError::new(SourceErrorKind::Gone, format!("bridge {bridge}"), why).hint("ask again")
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

/// What comes before any change of the rows of one port.
fn beginning<'a>(
    old: &'a ExistingPort,
    bridge: &'a str,
    comment: &'a str,
    locked: bool,
) -> Vec<Operation<'a>> {
    let mut operations = vec![Operation::Comment(comment)];
    operations.extend(old.guards(bridge));
    operations.extend(locked.then_some(Operation::Assert(LOCK)));
    operations
}

/// What must still be as it was seen.
fn guards<'a>(
    ports: &'a ReplacePort,
    comment: &'a str,
    old: Option<&'a ExistingPort>,
) -> Vec<Operation<'a>> {
    let name = |name: &'a str| vec![("name", Value::from(name))];
    let mut bridge = RowSelector::all("Bridge").equal("name", &*ports.bridge);
    if !ports.expected_ids.is_empty() {
        bridge = bridge.includes("external_ids", map(&ports.expected_ids));
    }
    let mut guards =
        vec![Operation::Comment(comment), guard(bridge, &["name"], vec![name(&ports.bridge)])];
    guards.extend(old.into_iter().flat_map(|old| old.guards(&ports.bridge)));
    let wanted = ports.add.as_ref().and_then(|port| port.ofport_request);
    guards.extend(wanted.map(|wanted| unclaimed(wanted, &ports.expected_requesters)));
    guards.extend(mac_unclaimed(ports));
    guards
}

/// No other interfaces record the new one's hardware address than were seen to.
fn mac_unclaimed(ports: &ReplacePort) -> Option<Operation<'_>> {
    let holders = ports.expected_mac_holders.as_ref()?;
    let mac = ports.add.as_ref()?.external_ids.get(MAC)?;
    let recorded = Value::Map(vec![(MAC, mac.as_str())]);
    let which = RowSelector::all("Interface").includes("external_ids", recorded);
    let rows = holders.iter().map(|iface| vec![("name", Value::from(&**iface))]).collect();
    Some(guard(which, &["name"], rows))
}

/// No other interfaces ask for the number than were seen to.
fn unclaimed(wanted: OfPort, requesters: &OfPortRequests) -> Operation<'_> {
    let which = RowSelector::all("Interface").equal("ofport_request", i64::from(wanted.0));
    let requesters = requesters.iter().filter(|(_, asked)| **asked == wanted);
    let rows = requesters.map(|(iface, _)| vec![("name", Value::from(&**iface))]).collect();
    guard(which, &["name"], rows)
}

/// What the bridge remembers of attachments afterwards ([`model::memory`]).
pub(super) fn remembering<'a>(
    bridge: &'a str,
    memory: &'a MemoryChange,
) -> impl Iterator<Item = Operation<'a>> {
    let mutate = move |mutator, value| Operation::Mutate {
        which: RowSelector::all("Bridge").equal("name", bridge),
        column: "external_ids",
        mutator,
        value,
    };
    let keys = memory.forget.keys().map(|key| Value::from(&**key));
    let forget =
        (!memory.forget.is_empty()).then(|| mutate(Mutator::Delete, Value::Set(keys.collect())));
    let remember =
        (!memory.remember.is_empty()).then(|| mutate(Mutator::Insert, map(&memory.remember)));
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
        ("interfaces", Value::NamedUuid("interface")),
        ("tag", optional(port.tag)),
        ("trunks", Value::Set(trunks)),
        ("external_ids", map(&port.port_external_ids)),
    ];
    outer.extend(port.vlan_mode.as_deref().map(|mode| ("vlan_mode", Value::from(mode))));
    let cvlans = || port.cvlans.iter().map(|tag| Value::Integer((*tag).into())).collect();
    outer.extend((!port.cvlans.is_empty()).then(|| ("cvlans", Value::Set(cvlans()))));
    outer.extend(port.protected.then(|| ("protected", true.into())));
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
    let on = |column| RowSelector::all("Mirror").includes(column, old);
    let new = || Value::NamedUuid("port");
    let also = |column| Operation::Mutate {
        which: on(column),
        column,
        mutator: Mutator::Insert,
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

pub(super) fn map(ids: &BTreeMap<String, String>) -> Value<'_> {
    Value::Map(ids.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect())
}

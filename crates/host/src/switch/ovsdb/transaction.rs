//! Changing the database: ports come and go in one transaction each, under a lock that all
//! docker-ovs share.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::ids::Name;
use model::plan::ReplacePort;
use model::switch::Port;
use model::{SourceError, SourceErrorKind};
use ovsdb::{Map, Mutation, Opaque, Operation, Row, Select, Set, Until, Uuid};
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

/// A row to be taken away.
struct Old {
    interface: Uuid,
    port: Uuid,
    external_ids: Opaque,
}

#[derive(Deserialize)]
struct Known {
    #[serde(rename = "_uuid")]
    id: Uuid,
    external_ids: Map<String, String>,
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
            Some(port) => Some(self.find(port, saved).await?),
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
        operations.extend(old.as_ref().map(|old| Operation::Mutate {
            which: bridge(),
            column: "ports",
            how: Mutation::Delete,
            value: old.port.into(),
        }));
        if let Some(port) = &ports.add {
            operations.extend(additions(port, base));
            let (how, value) = (Mutation::Insert, Value::Named("port"));
            operations.push(Operation::Mutate { which: bridge(), column: "ports", how, value });
            operations.extend(old.iter().flat_map(|old| mirrored(old.port)));
        }
        match self.client.transact(VSWITCH, &operations).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not(ports, error).await),
        }
    }

    /// Finds the row of a port as it was seen, and remembers all of it.
    async fn find(&mut self, port: &Port, saved: &mut SavedColumns) -> Result<Old, SourceError> {
        let name: &str = &port.iface;
        let read = async {
            let whole = Select::new("Interface", &[]).equal("name", name);
            let known = Select::new("Interface", &["_uuid", "external_ids"]).equal("name", name);
            let answer = self.client.transact(VSWITCH, &[whole, known]).await?;
            let (whole, known): (Vec<Columns>, Vec<Known>) = (answer.rows(0)?, answer.rows(1)?);
            let Some((whole, known)) = whole.into_iter().zip(known).next() else {
                return Ok(None);
            };
            let holding = |columns| Select::new("Port", columns).includes("interfaces", known.id);
            let selects = [holding(&[]), holding(&["_uuid", "interfaces"])];
            let answer = self.client.transact(VSWITCH, &selects).await?;
            let (ports, holders): (Vec<Columns>, Vec<Holder>) = (answer.rows(0)?, answer.rows(1)?);
            Ok(ports.into_iter().zip(holders).next().map(|holder| (whole, known, holder)))
        };
        let read: Result<_, ovsdb::Error> = read.await;
        let gone = |why: &str| {
            SourceError::new(SourceErrorKind::Gone, format!("port {name}"), why).hint("ask again")
        };
        let found = read.map_err(|error| self.source_error(&error))?;
        let (whole, known, (columns, holder)) = found.ok_or_else(|| gone("it is gone"))?;
        let external_ids = whole.get("external_ids").cloned();
        let external_ids = external_ids
            .filter(|_| known.external_ids.0 == port.external_ids)
            .ok_or_else(|| gone("it changed meanwhile"))?;
        if holder.interfaces.len() != 1 {
            return Err(gone("it is a member of a bond now"));
        }
        saved.0.insert(port.iface.clone(), (whole, columns));
        Ok(Old { interface: known.id, port: holder.id, external_ids })
    }

    /// Why a transaction failed, by the error's own word (RFC 7047 section 3) and by what the
    /// database has now; its details are for people.
    async fn why_not(&mut self, ports: &ReplacePort, error: ovsdb::Error) -> SourceError {
        let changed = |why: String| {
            SourceError::new(SourceErrorKind::Gone, format!("bridge {}", ports.bridge), why)
                .hint("ask again")
        };
        let ovsdb::Error::Operation { error: word, .. } = &error else {
            return self.source_error(&error);
        };
        if word == "timed out" {
            return changed("its ports changed meanwhile; nothing was done".to_owned());
        }
        let name = ports.add.as_ref().map(|port| &*port.iface);
        match name.filter(|_| word == "constraint violation") {
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

/// What must still be as it was seen.
fn guards<'a>(
    ports: &'a ReplacePort,
    comment: &'a str,
    old: Option<&'a Old>,
) -> Vec<Operation<'a>> {
    let is = |which, columns, rows| Operation::Wait {
        which,
        columns,
        until: Until::Are,
        rows,
        timeout: 0,
    };
    let name = |name: &'a str| vec![("name", Value::from(name))];
    let bridge = Which::all("Bridge").equal("name", &*ports.bridge);
    let mut guards =
        vec![Operation::Comment(comment), is(bridge, &["name"], vec![name(&ports.bridge)])];
    guards.extend(old.map(|old| {
        let which = Which::all("Interface").equal("_uuid", old.interface);
        is(which, &["external_ids"], vec![vec![("external_ids", Value::Same(&old.external_ids))]])
    }));
    let wanted = ports.add.as_ref().and_then(|port| port.ofport_request);
    guards.extend(wanted.map(|wanted| {
        let which = Which::all("Interface").equal("ofport_request", i64::from(wanted.0));
        let requesters = ports.expected_requesters.iter().filter(|(_, asked)| **asked == wanted);
        is(which, &["name"], requesters.map(|(iface, _)| name(iface)).collect())
    }));
    guards
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
    if let Some((of_interface, of_port)) = base {
        keep_settings(&mut interface, of_interface, INTERFACE_SETTINGS);
        keep_settings(&mut outer, of_port, PORT_SETTINGS);
    }
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
